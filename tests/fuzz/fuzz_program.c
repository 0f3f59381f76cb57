/*
 * What PROGRAM is: PATH, a name, and the rest is a file that may say what its interpreter is. It
 * looks at files that are there, and at nothing in them.
 */
#include "fuzz.h"
#include "init/interpreter.h"
#include "init/program.h"

#include <errno.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const int errors[] = {ENOENT, ENOTDIR, ENOEXEC, EACCES, ELOOP, E2BIG, ENOMEM};
    struct interpreter interpreter;
    char found[PATH_MAX];
    const uint8_t *end = memmem(data, size, "\n--\n", 4);
    size_t head = end == NULL ? size : (size_t)(end - data);
    struct strings words = {0, {NULL}};
    const uint8_t *rest = data;
    size_t left = head;
    words = take_strings(&rest, &left);
    const char *path = words.count > 0 ? words.at[0] : NULL;
    const char *name = words.count > 1 ? words.at[1] : "";

    memset(found, 0xa5, sizeof found);
    int error = program_find(name, path, found);
    require(memchr(found, '\0', sizeof found) != NULL);
    require(error >= 0);
    struct messages *messages = make_report();
    int code =
        program_explain(name, path, errors[size % (sizeof errors / sizeof errors[0])], messages);
    require(code >= EXIT_REFUSED && code <= EXIT_NOT_FOUND);
    require(messages->errors);
    check_report(messages);

    size_t skipped = end == NULL ? size : head + 4;
    struct file file = make_file(data + skipped, size - skipped);
    memset(&interpreter, 0xa5, sizeof interpreter);
    require(interpreter_read(file.path, &interpreter));
    require(memchr(interpreter.path, '\0', sizeof interpreter.path) != NULL);
    (void)close(file.fd);
    free(messages);
    free_strings(&words);
    return 0;
}
