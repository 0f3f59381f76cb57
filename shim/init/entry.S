/*
 * The first instructions of the process: block every signal, then go on to libc's start-up.
 * PID 1 would lose a signal that comes before main(), and any other process would die of it.
 * rt_sigprocmask(SIG_BLOCK, all, &entry_mask, 8); entry_masked = true; see mask.c.
 */
#if defined(__x86_64__)

    .text
    .globl shim_entry
    .type shim_entry, @function
shim_entry:
    mov $14, %eax
    xor %edi, %edi
    lea entry_all(%rip), %rsi
    lea entry_mask(%rip), %rdx
    mov $8, %r10d
    syscall
    movb $1, entry_masked(%rip)
    xor %edx, %edx
    jmp _start
    .size shim_entry, . - shim_entry

#elif defined(__aarch64__)

    .text
    .globl shim_entry
    .type shim_entry, %function
shim_entry:
    mov x8, #135
    mov x0, #0
    adrp x1, entry_all
    add x1, x1, :lo12:entry_all
    adrp x2, entry_mask
    add x2, x2, :lo12:entry_mask
    mov x3, #8
    svc #0
    mov w1, #1
    adrp x2, entry_masked
    strb w1, [x2, :lo12:entry_masked]
    mov x0, #0
    b _start
    .size shim_entry, . - shim_entry

#elif defined(__arm__)

    .text
    .arm
    .globl shim_entry
    .type shim_entry, %function
shim_entry:
    mov r7, #175
    mov r0, #0
    ldr r1, .Lall
.Lall_base:
    add r1, pc, r1
    ldr r2, .Lmask
.Lmask_base:
    add r2, pc, r2
    mov r3, #8
    svc #0
    ldr r2, .Lmasked
.Lmasked_base:
    add r2, pc, r2
    mov r1, #1
    strb r1, [r2]
    mov r0, #0
    b _start
    .align 2
.Lall:
    .word entry_all - .Lall_base - 8
.Lmask:
    .word entry_mask - .Lmask_base - 8
.Lmasked:
    .word entry_masked - .Lmasked_base - 8
    .size shim_entry, . - shim_entry

#elif defined(__riscv) && __riscv_xlen == 64

    .text
    .globl shim_entry
    .type shim_entry, @function
    .option push
    .option norelax /* the linker's short form goes by gp, which _start has not set yet */
shim_entry:
    li a7, 135
    li a0, 0
    lla a1, entry_all
    lla a2, entry_mask
    li a3, 8
    ecall
    li t0, 1
    lla t1, entry_masked
    sb t0, 0(t1)
    li a0, 0
    tail _start
    .option pop
    .size shim_entry, . - shim_entry

#elif defined(__s390x__)

    .text
    .globl shim_entry
    .type shim_entry, @function
shim_entry:
    lghi %r2, 0
    larl %r3, entry_all
    larl %r4, entry_mask
    lghi %r5, 8
    svc 175
    larl %r1, entry_masked
    mvi 0(%r1), 1
    lghi %r2, 0
    jg _start
    .size shim_entry, . - shim_entry

#elif defined(__powerpc64__) && _CALL_ELF == 2

    .text
    .globl shim_entry
    .type shim_entry, @function
shim_entry:
    addis 2, 12, .TOC. - shim_entry@ha
    addi 2, 2, .TOC. - shim_entry@l
    li 0, 174
    li 3, 0
    addis 4, 2, entry_all@toc@ha
    addi 4, 4, entry_all@toc@l
    addis 5, 2, entry_mask@toc@ha
    addi 5, 5, entry_mask@toc@l
    li 6, 8
    sc
    li 3, 1
    addis 4, 2, entry_masked@toc@ha
    stb 3, entry_masked@toc@l(4)
    li 3, 0
    addis 12, 2, _start@toc@ha /* which finds itself by r12 */
    addi 12, 12, _start@toc@l
    mtctr 12
    bctr
    .size shim_entry, . - shim_entry

#endif

    .section .rodata
    .balign 8
entry_all:
    .quad 0xffffffffffffffff

    .section .note.GNU-stack, "", %progbits
