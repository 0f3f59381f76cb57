/* What a file needs to run: the program of its "#!" line, or its dynamic loader. */
#include "init/interpreter.h"
#include "unit.h"

#include <elf.h>
#include <link.h>

/* What is read of a file with that content. */
static struct interpreter read_content(const char *content, size_t length) {
    struct interpreter interpreter;
    memset(&interpreter, 0xa5, sizeof interpreter);
    assert_true(interpreter_read(write_bytes("file", content, length, 0644), &interpreter));
    return interpreter;
}

TEST(a_script_names_its_interpreter) {
    static const char *const rows[][2] = {
        {"#!/bin/sh\n", "/bin/sh"},
        {"#!/bin/sh", "/bin/sh"},
        {"#! /bin/sh\necho\n", "/bin/sh"},
        {"#! \t /bin/sh -e\n", "/bin/sh"},
        {"#!/usr/bin/env dotnet\n", "/usr/bin/env"},
        {"#!/bin/sh\t-x\n", "/bin/sh"},
        {"#!/bin/sh\r\necho\r\n", "/bin/sh\r"},
        {"#!relative\n", "relative"},
        {"#!x", "x"},
        {"#!\n/bin/sh\n", ""},
        {"#!", ""},
        {"#! ", ""},
        {"#", ""},
        {"", ""},
        {"echo\n", ""},
        {" #!/bin/sh\n", ""},
        {"\n#!/bin/sh\n", ""},
        {"\xef\xbb\xbf#!/bin/sh\n", ""},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct interpreter interpreter = read_content(rows[i][0], strlen(rows[i][0]));
        expect(strcmp(interpreter.path, rows[i][1]) == 0, "row %zu: %s", i, interpreter.path);
        expect(!interpreter.is_elf, "row %zu", i);
        expect(interpreter.has_mark == (rows[i][0][0] == '\xef'), "row %zu", i);
    }
}

TEST(a_byte_order_mark_is_seen) {
    static const struct {
        const char *content;
        size_t length;
        bool marked;
    } rows[] = {
        {"\xef\xbb\xbf", 3, true},
        {"\xef\xbb\xbf#!/bin/sh\n", 13, true},
        {"\xff\xfe#\0!\0", 6, true},
        {"\xfe\xff\0#\0!", 6, true},
        {"\xff\xfe", 2, true},
        {"\xef\xbb", 2, false},
        {"\xff", 1, false},
        {"", 0, false},
        {"#!\xef\xbb\xbf/bin/sh\n", 13, false},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct interpreter interpreter = read_content(rows[i].content, rows[i].length);
        expect(interpreter.has_mark == rows[i].marked, "row %zu", i);
    }
}

TEST(a_long_line_is_cut) {
    char *line = print("#!/%s", repeat('x', 100000));
    struct interpreter interpreter = read_content(line, strlen(line));
    assert_memory_equal(interpreter.path, "/xxxx", 5);
    assert_true(strlen(interpreter.path) < 256);
}

TEST(a_nul_byte_ends_the_name) {
    struct interpreter interpreter = read_content("#!/bin/sh\0x\n", 12);
    assert_string_equal(interpreter.path, "/bin/sh");
}

TEST(this_program_names_its_loader) {
    struct interpreter interpreter;
    assert_true(interpreter_read("/proc/self/exe", &interpreter));
    assert_true(interpreter.is_elf);
    assert_int_equal(interpreter.path[0], '/');
    assert_int_equal(access(interpreter.path, X_OK), 0);
}

/* An ELF file with two segments, the second of which names a loader. */
struct image {
    ElfW(Ehdr) header;
    ElfW(Phdr) segments[2];
    char loader[32];
};

static struct image make_image(void) {
    struct image image;
    memset(&image, 0, sizeof image);
    memcpy(image.header.e_ident, ELFMAG, SELFMAG);
    image.header.e_ident[EI_CLASS] = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32;
    image.header.e_phoff = offsetof(struct image, segments);
    image.header.e_phnum = 2;
    image.segments[0].p_type = PT_LOAD;
    image.segments[1].p_type = PT_INTERP;
    image.segments[1].p_offset = offsetof(struct image, loader);
    image.segments[1].p_filesz = sizeof image.loader;
    strcpy(image.loader, "/lib/ld-musl-nowhere.so.1");
    return image;
}

static struct interpreter read_image(const struct image *image, size_t length) {
    struct interpreter interpreter = read_content((const char *)image, length);
    assert_true(interpreter.is_elf);
    return interpreter;
}

TEST(an_elf_file_names_its_loader) {
    struct image image = make_image();
    assert_string_equal(read_image(&image, sizeof image).path, "/lib/ld-musl-nowhere.so.1");
}

TEST(its_loader_may_come_first) {
    struct image image = make_image();
    image.segments[0] = image.segments[1];
    image.segments[1].p_type = PT_LOAD;
    assert_string_equal(read_image(&image, sizeof image).path, "/lib/ld-musl-nowhere.so.1");
}

TEST(a_static_elf_file_names_none) {
    struct image image = make_image();
    image.header.e_phnum = 1;
    assert_string_equal(read_image(&image, sizeof image).path, "");
    image.header.e_phnum = 0;
    assert_string_equal(read_image(&image, sizeof image).path, "");
}

TEST(a_broken_elf_file_names_none_and_breaks_nothing) {
    struct image image = make_image();
    for (size_t length = EI_NIDENT; length < offsetof(struct image, loader); length++) {
        assert_string_equal(read_image(&image, length).path, "");
    }
    image.segments[1].p_filesz = 1000000;
    assert_string_equal(read_image(&image, sizeof image).path, "");
    image.segments[1].p_filesz = PATH_MAX;
    assert_string_equal(read_image(&image, sizeof image).path, "");
    image.segments[1].p_filesz = 0;
    assert_string_equal(read_image(&image, sizeof image).path, "");

    image = make_image();
    image.segments[1].p_offset = (ElfW(Off)) - 1;
    assert_string_equal(read_image(&image, sizeof image).path, "");
    image = make_image();
    image.header.e_phoff = (ElfW(Off)) - 1;
    image.header.e_phnum = 65535;
    assert_string_equal(read_image(&image, sizeof image).path, "");
    image = make_image();
    image.header.e_ident[EI_CLASS] = sizeof(void *) == 8 ? ELFCLASS32 : ELFCLASS64;
    assert_string_equal(read_image(&image, sizeof image).path, "");
}

TEST(a_loader_without_its_end_is_still_a_string) {
    struct image image = make_image();
    memset(image.loader, 'x', sizeof image.loader);
    assert_string_equal(read_image(&image, sizeof image).path, repeat('x', sizeof image.loader));
}

TEST(what_cannot_be_read_says_so) {
    struct interpreter interpreter;
    assert_false(interpreter_read(in_folder("missing"), &interpreter));
    assert_false(interpreter_read(folder(), &interpreter));
    assert_false(interpreter_read("", &interpreter));
    char *fifo = in_folder("fifo");
    assert_int_equal(mkfifo(fifo, 0644), 0);
    assert_true(interpreter_read(fifo, &interpreter)); /* and it does not wait for a writer */
    assert_string_equal(interpreter.path, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_script_names_its_interpreter),
        cmocka_unit_test(a_byte_order_mark_is_seen),
        cmocka_unit_test(a_long_line_is_cut),
        cmocka_unit_test(a_nul_byte_ends_the_name),
        cmocka_unit_test(this_program_names_its_loader),
        cmocka_unit_test(an_elf_file_names_its_loader),
        cmocka_unit_test(its_loader_may_come_first),
        cmocka_unit_test(a_static_elf_file_names_none),
        cmocka_unit_test(a_broken_elf_file_names_none_and_breaks_nothing),
        cmocka_unit_test(a_loader_without_its_end_is_still_a_string),
        cmocka_unit_test(what_cannot_be_read_says_so),
    };
    return cmocka_run_group_tests_name("interpreter", tests, NULL, remove_folder);
}
