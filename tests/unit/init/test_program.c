/* PROGRAM: where PATH leads, and what is said when it does not start. */
#include "init/program.h"
#include "unit.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <sys/wait.h>

static char *const empty[] = {NULL};

/*
 * A folder of programs:
 *   one/    app (x bit), data (none), sub/ (a folder), both (none)
 *   two/    app (x bit), both (x bit), only (none), sub (x bit), round -> round
 *   plain   a file, where PATH may expect a folder
 */
static char *one;
static char *two;
static char *path;

static int make_programs(void **state) {
    (void)state;
    one = in_folder("one");
    two = in_folder("two");
    if (mkdir(one, 0755) < 0 || mkdir(two, 0755) < 0 || mkdir(in_folder("one/sub"), 0755) < 0 ||
        symlink("round", in_folder("two/round")) < 0 ||
        symlink("../one/app", in_folder("two/link")) < 0 ||
        symlink("nowhere", in_folder("two/dangling")) < 0 ||
        mkfifo(in_folder("two/fifo"), 0755) < 0) {
        return -1;
    }
    (void)write_file("one/app", "#!/bin/sh\nexit 41\n", 0755);
    (void)write_file("one/data", "data\n", 0644);
    (void)write_file("one/both", "#!/bin/sh\nexit 42\n", 0644);
    (void)write_file("two/app", "#!/bin/sh\nexit 43\n", 0755);
    (void)write_file("two/both", "#!/bin/sh\nexit \"$#\"\n", 0755);
    (void)write_file("two/only", "only\n", 0644);
    (void)write_file("two/sub", "#!/bin/sh\nexit 45\n", 0755);
    (void)write_file("two/text", "no program\n", 0755);
    (void)write_file("two/lost", "#!/no/such/interpreter -x\n", 0755);
    (void)write_file("two/windows", "#!/bin/sh\r\necho\r\n", 0755);
    (void)write_file("two/marked", "\xef\xbb\xbf#!/bin/sh\necho\n", 0755);
    (void)write_file("two/group", "#!/bin/sh\n", 0610);
    (void)write_file("plain", "", 0644);
    path = print("%s:%s", one, two);
    return 0;
}

/* Finds name by PATH, and expects that error and that file. */
static void expect_found(const char *name, const char *by, int error, const char *wanted) {
    char file[PATH_MAX];
    int found = program_find(name, by, file);
    expect(found == error, "%s in %s: %s", name, by, strerror(found));
    expect(strcmp(file, wanted) == 0, "%s in %s: %s", name, by, file);
}

static void expect_in_folder(const char *name, int error) {
    expect_found(in_folder(name), "/nowhere", error, in_folder(name));
}

TEST(a_name_with_a_slash_means_itself_alone) {
    expect_in_folder("one/app", 0);
    expect_in_folder("two/link", 0);
    expect_in_folder("two/group", 0);
    expect_in_folder("one/data", EACCES);
    expect_in_folder("two/fifo", EACCES);
    expect_in_folder("one", EISDIR);
    expect_in_folder("one/missing", ENOENT);
    expect_in_folder("two/dangling", ENOENT);
    expect_in_folder("missing/app", ENOENT);
    expect_in_folder("plain/app", ENOTDIR);
    expect_in_folder("one/app/", ENOTDIR);
    expect_in_folder("two/round", ELOOP);
    expect_found("/dev/null", path, EACCES, "/dev/null");
    expect_found("/", path, EISDIR, "/");
    expect_found("./no/such/app", path, ENOENT, "./no/such/app");
}

TEST(a_name_without_a_slash_is_looked_for_in_path) {
    expect_found("app", path, 0, in_folder("one/app"));
    expect_found("app", print("%s:%s", two, one), 0, in_folder("two/app"));
    expect_found("app", print("/nowhere:%s", two), 0, in_folder("two/app"));
    expect_found("app", print("%s:%s", in_folder("plain"), two), 0, in_folder("two/app"));
    expect_found("app", print("%s/", two), 0, print("%s//app", two));
    expect_found("link", path, 0, in_folder("two/link"));
}

TEST(a_file_without_an_x_bit_gives_way_to_one_with_it) {
    expect_found("both", path, 0, in_folder("two/both"));
    expect_found("sub", path, 0, in_folder("two/sub"));
}

TEST(if_none_can_be_executed_it_is_the_first_that_is_there) {
    expect_found("data", path, EACCES, in_folder("one/data"));
    expect_found("only", path, EACCES, in_folder("two/only"));
    expect_found("both", one, EACCES, in_folder("one/both"));
    expect_found("sub", one, EISDIR, in_folder("one/sub"));
    expect_found("round", path, ELOOP, in_folder("two/round"));
}

TEST(what_is_nowhere_in_path_is_not_found) {
    expect_found("missing", path, ENOENT, "missing");
    expect_found("app", "/nowhere", ENOENT, "app");
    expect_found("app", in_folder("plain"), ENOENT, "app");
    expect_found("", path, ENOENT, "");
    expect_found("dangling", path, ENOENT, "dangling");
}

TEST(an_empty_entry_of_path_is_the_working_directory) {
    char before[PATH_MAX];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(two), 0);
    expect_found("app", "", 0, "app");
    expect_found("app", ":/nowhere", 0, "app");
    expect_found("app", "/nowhere:", 0, "app");
    expect_found("app", print("/nowhere::%s", one), 0, "app");
    expect_found("./app", "/nowhere", 0, "./app");
    expect_found("app", "/nowhere", ENOENT, "app");
    expect_found("app", ".", 0, "./app");
    assert_int_equal(chdir(before), 0);
}

TEST(without_path_the_usual_folders_are_searched) {
    char file[PATH_MAX];
    assert_int_equal(program_find("sh", NULL, file), 0);
    assert_true(strcmp(file, "/usr/local/bin/sh") == 0 || strcmp(file, "/bin/sh") == 0);
    assert_int_equal(program_find("no-such-program-at-all", NULL, file), ENOENT);
}

TEST(what_is_too_long_leads_nowhere) {
    char file[PATH_MAX];
    char *huge = repeat('x', 100000);
    expect_found("app", print("/%s:%s", huge, two), 0, in_folder("two/app"));
    expect_found("app", print("/%s", huge), ENOENT, "app");
    /* One byte too many for a path with its end. */
    char *edge = print("/%s", repeat('/', PATH_MAX - 6));
    expect_found("app", print("%s:%s", edge, two), 0, in_folder("two/app"));
    assert_int_not_equal(program_find(huge, path, file), 0);
    assert_true(strlen(file) < PATH_MAX);
    assert_int_not_equal(program_find(print("/%s", huge), path, file), 0);
    assert_true(strlen(file) < PATH_MAX);
    /* Cut by one byte it would be a program. */
    assert_int_equal(program_find(print("%sbin/sh", repeat('/', PATH_MAX - 7)), path, file), 0);
    assert_int_not_equal(program_find(print("%sbin/shx", repeat('/', PATH_MAX - 7)), path, file),
                         0);
    expect_found("shx", print("%sbin", repeat('/', PATH_MAX - 7)), ENOENT, "shx");
}

/* Becoming it. */

static int exec_by(const char *by, const char *name) {
    char *program[] = {(char *)name, (char *)"a", (char *)"b", NULL};
    char *environment[] = {print("PATH=%s", by), NULL};
    return program_exec(program, environment);
}

/* The exit code of a child that becomes name. */
static int run(const char *by, const char *name) {
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)exec_by(by, name);
        _exit(99);
    }
    assert_true(waitpid(child, &status, 0) == child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

TEST(the_program_runs_that_was_found) {
    assert_int_equal(run(path, "app"), 41);
    assert_int_equal(run(print("%s:%s", two, one), "app"), 43);
    assert_int_equal(run("/nowhere", in_folder("two/app")), 43);
    assert_int_equal(run(print("/nowhere:%s:%s", in_folder("plain"), two), "app"), 43);
}

TEST(a_candidate_that_cannot_be_executed_is_passed_over) {
    assert_int_equal(run(path, "sub"), 45);
    assert_int_equal(run(path, "both"), 2); /* its arguments */
}

TEST(the_environment_is_the_one_that_was_given) {
    char *program[] = {write_file("two/show", "#!/bin/sh\nexit \"$CODE\"\n", 0755), NULL};
    char *environment[] = {(char *)"CODE=77", NULL};
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)program_exec(program, environment);
        _exit(99);
    }
    assert_true(waitpid(child, &status, 0) == child);
    assert_int_equal(WEXITSTATUS(status), 77);
}

TEST(a_failure_to_become_it_is_the_kernels) {
    assert_int_equal(exec_by(path, "missing"), ENOENT);
    assert_int_equal(exec_by(path, ""), ENOENT);
    assert_int_equal(exec_by(in_folder("plain"), "app"), ENOENT);
    assert_int_equal(exec_by(path, in_folder("plain/app")), ENOTDIR);
    assert_int_equal(exec_by(path, in_folder("missing/app")), ENOENT);
    assert_int_equal(exec_by(path, "data"), EACCES);
    assert_int_equal(exec_by(path, in_folder("one")), EACCES);
    assert_int_equal(exec_by(path, "round"), ELOOP);
    assert_int_equal(exec_by(path, "lost"), ENOENT);
}

TEST(a_file_that_is_no_program_is_not_given_to_a_shell) {
    assert_int_equal(exec_by(path, "text"), ENOEXEC);
    assert_int_equal(exec_by(path, in_folder("two/text")), ENOEXEC);
}

TEST(arguments_that_are_too_large_are_told_from_a_missing_file) {
    char *program[] = {in_folder("two/app"), repeat('x', 1000000), NULL};
    assert_int_equal(program_exec(program, empty), E2BIG);
}

/* 0 when all is as it is for a user who may not enter one/locked, which comes before two. */
static int try_locked(void) {
    char file[PATH_MAX];
    char *locked = in_folder("one/locked");
    char *by = print("%s:%s", locked, two);
    if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0) {
        return 1;
    }
    if (program_find("app", by, file) != 0 || strcmp(file, in_folder("two/app")) != 0) {
        return 2;
    }
    if (program_find("app", locked, file) != ENOENT || exec_by(locked, "app") != ENOENT) {
        return 3;
    }
    if (program_find(in_folder("one/locked/app"), by, file) != EACCES ||
        exec_by(by, in_folder("one/locked/app")) != EACCES) {
        return 4;
    }
    (void)exec_by(by, "app");
    return 5;
}

TEST(in_a_folder_of_path_that_the_app_may_not_enter_there_is_nothing_for_it) {
    int status;
    assert_int_equal(mkdir(in_folder("one/locked"), 0755), 0);
    (void)write_file("one/locked/app", "#!/bin/sh\nexit 44\n", 0755);
    assert_int_equal(chmod(in_folder("one/locked"), 0), 0);
    assert_int_equal(chmod(folder(), 0755), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        _exit(try_locked());
    }
    assert_true(waitpid(child, &status, 0) == child);
    assert_int_equal(chmod(in_folder("one/locked"), 0755), 0);
    assert_int_equal(chmod(folder(), 0700), 0);
    assert_int_equal(WEXITSTATUS(status), 43); /* two/app */
}

/* Saying why. */

static struct messages messages;

/* Explains an error; expects that code, these words in the one error, and a hint. */
static void expect_words(const char *name, const char *by, int error, int code, const char *words) {
    messages_all(&messages);
    int given = program_explain(name, by, error, &messages);
    expect(given == code, "%s: %d", name, given);
    expect(errors(&messages) == 1, "%s: %.*s", name, SAID(&messages));
    expect(said(&messages, words) == 1, "%s: %.*s", name, SAID(&messages));
    expect(hints(&messages) == 1, "%s: %.*s", name, SAID(&messages));
}

static void expect_explained(const char *name, int error, int code, const char *words) {
    expect_words(name, path, error, code, words);
}

TEST(a_program_that_is_nowhere_is_127_and_path_is_named) {
    expect_explained("missing", ENOENT, 127, "shim: error: \"missing\" was not found");
    assert_int_equal(said(&messages, print("PATH=%.200s", path)), 1);
    assert_int_equal(said(&messages, "./NAME"), 1);
    expect_words("missing", "", ENOENT, 127, "\"missing\" was not found");
    expect_words("dll", "", ENOENT, 127, "\"dll\" was not found");
}

TEST(without_path_the_folders_that_were_searched_are_named) {
    expect_words("missing", NULL, ENOENT, 127, "\"missing\" was not found");
    assert_int_equal(said(&messages, "/usr/local/bin:/bin:/usr/bin"), 1);
}

TEST(a_relative_name_that_is_not_there_is_127_and_the_working_directory_is_named) {
    char before[PATH_MAX];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(folder()), 0);
    char here[PATH_MAX];
    assert_non_null(getcwd(here, sizeof here));
    expect_explained("./aspnetapp", ENOENT, 127, "\"./aspnetapp\" was not found");
    assert_int_equal(said(&messages, here), 1);
    assert_int_equal(chdir(before), 0);
}

TEST(an_absolute_name_that_is_not_there_is_127) {
    expect_explained("/no/such/app", ENOENT, 127, "\"/no/such/app\" was not found");
    expect_explained(in_folder("plain/app"), ENOTDIR, 127, "/plain/app\" was not found");
}

TEST(a_whole_command_for_a_name_is_told_from_a_program_that_is_not_there) {
    expect_explained("./aspnetapp --urls http://*:80", ENOENT, 127, "was not found");
    assert_int_equal(said(&messages, "words of their own: [\"/shim\", \"./app\", \"--urls\""), 1);
    expect_explained("dotnet aspnetapp.dll", ENOENT, 127, "was not found");
    assert_int_equal(said(&messages, "words of their own"), 1);
}

TEST(a_dll_is_for_dotnet_to_start) {
    static const char hint[] = "[\"/shim\", \"dotnet\", \"app.dll\"]";
    (void)write_bytes("two/app.dll", "MZ", 2, 0644);
    expect_explained(in_folder("two/app.dll"), EACCES, 126, "app.dll\" cannot be executed");
    assert_int_equal(said(&messages, hint), 1);
    assert_int_equal(said(&messages, "x bit"), 0);
    expect_explained("aspnetapp.dll", ENOENT, 127, "\"aspnetapp.dll\" was not found");
    assert_int_equal(said(&messages, hint), 1);
}

TEST(a_missing_interpreter_is_127_and_is_named) {
    expect_explained("lost", ENOENT, 127, "its interpreter \"/no/such/interpreter\"");
    assert_int_equal(said(&messages, print("\"%s\" is there", in_folder("two/lost"))), 1);
    expect_explained(in_folder("two/lost"), ENOENT, 127, "\"/no/such/interpreter\"");
    assert_int_equal(said(&messages, "libc"), 0);
    assert_int_equal(said(&messages, "Windows"), 0);
    /* A file that names none, or is not to be read. */
    expect_explained("text", ENOENT, 127, "its interpreter was not found");
}

/* The kernel gives up on them as well. */
TEST(scripts_for_each_other_are_not_followed_for_ever) {
    (void)write_file("two/egg", print("#!%s\n", in_folder("two/hen")), 0755);
    (void)write_file("two/hen", print("#!%s\n", in_folder("two/egg")), 0755);
    expect_explained("egg", ENOENT, 127, "two/hen\" is there, but its interpreter");
    expect_explained("egg", EACCES, 126, "two/egg\" cannot be executed: Permission denied");
}

TEST(line_ends_of_windows_are_shown_and_told) {
    expect_explained("windows", ENOENT, 127, "\"/bin/sh\\x0d\"");
    assert_int_equal(said(&messages, "end as on Windows (CR LF)"), 1);
    assert_int_equal(said(&messages, "libc"), 0);
}

/* A program of that loader, as far as its file's head says. */
static void expect_loader(const char *loader, const char *words) {
    struct {
        ElfW(Ehdr) header;
        ElfW(Phdr) segment;
        char path[64];
    } file;
    memset(&file, 0, sizeof file);
    memcpy(file.header.e_ident, ELFMAG, SELFMAG);
    file.header.e_ident[EI_CLASS] = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32;
    file.header.e_phoff = offsetof(__typeof__(file), segment);
    file.header.e_phnum = 1;
    file.segment.p_type = PT_INTERP;
    file.segment.p_offset = offsetof(__typeof__(file), path);
    file.segment.p_filesz = strlen(loader) + 1;
    (void)snprintf(file.path, sizeof file.path, "%s", loader);
    (void)write_bytes("two/loaded", (const char *)&file, sizeof file, 0755);
    expect_explained("loaded", ENOENT, 127, print("its interpreter \"%s\" was not found", loader));
    expect(said(&messages, words) == 1, "%s: %.*s", loader, SAID(&messages));
    expect(said(&messages, "#!") == 0, "%s: %.*s", loader, SAID(&messages));
}

TEST(a_missing_loader_tells_the_libc_that_is_missing) {
    expect_loader("/lib/ld-musl-x86_64.so.1", "built for musl");
    expect_loader("/lib/ld-musl-aarch64.so.1", "built for musl");
    expect_loader("/lib64/ld-linux-x86-64.so.2", "built for glibc");
    expect_loader("/lib/ld-linux-aarch64.so.1", "built for glibc");
    expect_loader("/lib/ld.so", "the libc and the architecture");
}

TEST(a_file_of_the_wrong_format_is_126) {
    expect_explained("text", ENOEXEC, 126,
                     print("\"%s\" cannot be executed", in_folder("two/text")));
    assert_int_equal(said(&messages, "#!/bin/sh"), 1);
    assert_int_equal(said(&messages, "dotnet"), 2);
}

TEST(a_byte_order_mark_is_told) {
    expect_explained("marked", ENOEXEC, 126, "cannot be executed");
    assert_int_equal(said(&messages, "byte-order mark"), 1);
    assert_int_equal(hints(&messages), 1);
}

TEST(a_program_for_another_machine_is_126_and_that_is_said) {
    static const char elf[] = "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\377\377";
    (void)write_bytes("two/foreign", elf, sizeof elf, 0755);
    expect_explained("foreign", ENOEXEC, 126, "cannot be executed");
    assert_int_equal(said(&messages, "another machine"), 1);
}

TEST(a_file_that_may_not_be_executed_is_126) {
    expect_explained("data", EACCES, 126,
                     print("\"%s\" cannot be executed", in_folder("one/data")));
    assert_int_equal(said(&messages, "chmod 0755"), 1);
    expect_explained("round", ELOOP, 126, "cannot be executed");
}

TEST(a_folder_is_126_and_that_is_said) {
    expect_explained(in_folder("one"), EACCES, 126, "is a folder");
    expect_explained(in_folder("one"), EISDIR, 126, "is a folder");
}

TEST(any_other_failure_is_125) {
    expect_explained("app", E2BIG, 125, "could not be started");
    assert_int_equal(said(&messages, "too large"), 1);
    expect_explained("app", ENOMEM, 125, "could not be started");
    assert_int_equal(said(&messages, "short of memory"), 1);
    expect_explained("app", EAGAIN, 125, "could not be started");
    assert_int_equal(said(&messages, "short of memory"), 1);
    expect_explained("app", EPERM, 125, "could not be started");
    expect_explained("app", EIO, 125, "could not be started");
    expect_explained("app", ETXTBSY, 125, "could not be started");
}

TEST(a_name_that_is_too_long_is_125_and_memory_has_no_part_in_it) {
    expect_explained(repeat('x', 1000), ENAMETOOLONG, 125, "could not be started");
    assert_int_equal(said(&messages, "memory"), 0);
}

TEST(each_failure_that_execve_gives_has_the_code_that_find_foretells) {
    static const char *const names[] = {"data", "only", "sub-missing", "round", "missing"};
    for (size_t i = 0; i < LENGTH(names); i++) {
        char file[PATH_MAX];
        messages_all(&messages);
        int foretold =
            program_explain(names[i], path, program_find(names[i], path, file), &messages);
        int given = program_explain(names[i], path, exec_by(path, names[i]), &messages);
        expect(foretold == given, "%s: %d and %d", names[i], foretold, given);
    }
}

TEST(no_name_gets_to_the_terminal_as_it_is) {
    static const int failures[] = {ENOENT, ENOTDIR, ENOEXEC, EACCES, EISDIR, ELOOP, EIO};
    for (size_t i = 0; i < LENGTH(failures); i++) {
        messages_all(&messages);
        (void)program_explain("\x1b[2J\n", "\x9b:\r", failures[i], &messages);
        expect(said(&messages, "\\x1b[2J\\x0a") >= 1, "%s", strerror(failures[i]));
        for (size_t j = 0; j < messages.length; j++) {
            expect(messages.text[j] == '\n' || (messages.text[j] >= ' ' && messages.text[j] <= '~'),
                   "%s: byte %zu", strerror(failures[i]), j);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_with_a_slash_means_itself_alone),
        cmocka_unit_test(a_name_without_a_slash_is_looked_for_in_path),
        cmocka_unit_test(a_file_without_an_x_bit_gives_way_to_one_with_it),
        cmocka_unit_test(if_none_can_be_executed_it_is_the_first_that_is_there),
        cmocka_unit_test(what_is_nowhere_in_path_is_not_found),
        cmocka_unit_test(an_empty_entry_of_path_is_the_working_directory),
        cmocka_unit_test(without_path_the_usual_folders_are_searched),
        cmocka_unit_test(what_is_too_long_leads_nowhere),
        cmocka_unit_test(the_program_runs_that_was_found),
        cmocka_unit_test(a_candidate_that_cannot_be_executed_is_passed_over),
        cmocka_unit_test(the_environment_is_the_one_that_was_given),
        cmocka_unit_test(a_failure_to_become_it_is_the_kernels),
        cmocka_unit_test(a_file_that_is_no_program_is_not_given_to_a_shell),
        cmocka_unit_test(arguments_that_are_too_large_are_told_from_a_missing_file),
        cmocka_unit_test(in_a_folder_of_path_that_the_app_may_not_enter_there_is_nothing_for_it),
        cmocka_unit_test(a_program_that_is_nowhere_is_127_and_path_is_named),
        cmocka_unit_test(without_path_the_folders_that_were_searched_are_named),
        cmocka_unit_test(
            a_relative_name_that_is_not_there_is_127_and_the_working_directory_is_named),
        cmocka_unit_test(an_absolute_name_that_is_not_there_is_127),
        cmocka_unit_test(a_whole_command_for_a_name_is_told_from_a_program_that_is_not_there),
        cmocka_unit_test(a_dll_is_for_dotnet_to_start),
        cmocka_unit_test(a_missing_interpreter_is_127_and_is_named),
        cmocka_unit_test(scripts_for_each_other_are_not_followed_for_ever),
        cmocka_unit_test(line_ends_of_windows_are_shown_and_told),
        cmocka_unit_test(a_missing_loader_tells_the_libc_that_is_missing),
        cmocka_unit_test(a_byte_order_mark_is_told),
        cmocka_unit_test(a_file_of_the_wrong_format_is_126),
        cmocka_unit_test(a_program_for_another_machine_is_126_and_that_is_said),
        cmocka_unit_test(a_file_that_may_not_be_executed_is_126),
        cmocka_unit_test(a_folder_is_126_and_that_is_said),
        cmocka_unit_test(any_other_failure_is_125),
        cmocka_unit_test(a_name_that_is_too_long_is_125_and_memory_has_no_part_in_it),
        cmocka_unit_test(each_failure_that_execve_gives_has_the_code_that_find_foretells),
        cmocka_unit_test(no_name_gets_to_the_terminal_as_it_is),
    };
    return cmocka_run_group_tests_name("program", tests, make_programs, remove_folder);
}
