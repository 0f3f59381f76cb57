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

#endif

    .section .rodata
    .balign 8
entry_all:
    .quad 0xffffffffffffffff

    .section .note.GNU-stack, "", %progbits
