#include "program.h"

#include "interpreter.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A walk through the files that a name may mean: execvp(3) without the shell. */
struct search {
    const char *name;
    struct text rest; /* the folders that are left, as in PATH */
};

/* Where execvp(3) of musl looks when nobody says where. */
static const char default_path[] = "/usr/local/bin:/bin:/usr/bin";

/* A name with a slash in it means itself alone. */
static bool is_path(const char *name) {
    return strchr(name, '/') != NULL;
}

/* path is the app's PATH, or NULL. An empty name means nothing. */
static struct search search_begin(const char *name, const char *path) {
    struct search search = {name, text_of(path != NULL ? path : default_path)};
    if (name[0] == '\0') {
        search.rest = (struct text){NULL, 0};
    } else if (is_path(name)) {
        search.rest = LITERAL(""); /* as if PATH were the working directory */
    }
    return search;
}

/* Writes the next candidate to file. Returns false when there are no more. */
static bool search_next(struct search *search, char file[PATH_MAX]) {
    struct text folder;
    while (text_next(&search->rest, ':', &folder)) {
        /* An empty entry is the working directory; one that is too long leads nowhere. */
        int length = folder.length >= PATH_MAX
                         ? PATH_MAX
                         : snprintf(file, PATH_MAX, "%.*s%s%s", (int)folder.length, folder.at,
                                    folder.length > 0 ? "/" : "", search->name);
        if (length < PATH_MAX) {
            return true;
        }
    }
    return false;
}

/* What execve(2) would say of a file, as far as its mode tells. */
static int judge(const char *file) {
    struct stat status;
    if (stat(file, &status) < 0) {
        return errno;
    }
    if (S_ISDIR(status.st_mode)) {
        return EISDIR;
    }
    return S_ISREG(status.st_mode) && (status.st_mode & 0111) != 0 ? 0 : EACCES;
}

/*
 * Whether a candidate that failed with error was not there at all. In a folder of PATH that the
 * app may not enter, nothing is there for it.
 */
static bool is_absent(const char *name, const char *file, int error) {
    struct stat status;
    return error == ENOENT || error == ENOTDIR ||
           (error == EACCES && !is_path(name) && stat(file, &status) < 0);
}

/* Whether the search ends at a candidate that failed with error: execvp(3). */
static bool is_last(const char *name, const char *file, int error) {
    return is_path(name) || (error != EACCES && error != EISDIR && !is_absent(name, file, error));
}

int program_find(const char *name, const char *path, char file[PATH_MAX]) {
    struct search search = search_begin(name, path);
    char candidate[PATH_MAX];
    int best = ENOENT;
    if (snprintf(file, PATH_MAX, "%s", name) >= PATH_MAX && is_path(name)) {
        return ENAMETOOLONG;
    }
    while (search_next(&search, candidate)) {
        int error = judge(candidate);
        bool last = error == 0 || is_last(name, candidate, error);
        if (last || (best == ENOENT && !is_absent(name, candidate, error))) {
            (void)snprintf(file, PATH_MAX, "%s", candidate);
            best = error;
        }
        if (last) {
            return error;
        }
    }
    return best;
}

/* Not inlined: a program that is named by its path does not need the room. */
__attribute__((noinline)) static int exec_from_path(char *const *program,
                                                    char *const *environment) {
    const char *name = program[0];
    struct search search = search_begin(name, environment_get(environment, "PATH"));
    char file[PATH_MAX];
    int failure = ENOENT;
    while (search_next(&search, file)) {
        (void)execve(file, program, environment);
        int error = errno;
        if (is_last(name, file, error)) {
            return error;
        }
        if (!is_absent(name, file, error)) {
            failure = error;
        }
    }
    return failure;
}

int program_exec(char *const *program, char *const *environment) {
    if (!is_path(program[0])) {
        return exec_from_path(program, environment);
    }
    (void)execve(program[0], program, environment);
    return errno;
}

static const char dll_hint[] = "a .dll is started by dotnet: [\"/shim\", \"dotnet\", \"app.dll\"]";

static bool is_dll(const char *name) {
    size_t length = strlen(name);
    return length > 4 && strcmp(name + length - 4, ".dll") == 0;
}

/* Whether it may be in a folder of PATH that the app's user may not enter, such as /root. */
static bool may_be_hidden(const char *name, const char *path) {
    struct search search = search_begin(name, path);
    char candidate[PATH_MAX];
    struct stat status;
    bool hidden = false;
    while (!hidden && search_next(&search, candidate)) {
        hidden = stat(candidate, &status) < 0 && errno == EACCES;
    }
    return hidden;
}

static int explain_absence(const char *name, const char *path, int error,
                           struct messages *messages) {
    char folder[PATH_MAX];
    message_error(messages, "%s was not found: %s", quote(text_of(name)).text, strerror(error));
    if (name[0] == '\0') {
        message_hint(messages, "the word after the shim is empty: a variable without a value?");
    } else if (strchr(name, ' ') != NULL) {
        message_hint(messages, "the program and each of its arguments are words of their own: "
                               "[\"/shim\", \"./app\", \"--urls\", \"http://*:8080\"]");
    } else if (is_dll(name)) {
        message_hint(messages, "%s", dll_hint);
    } else if (!is_path(name)) {
        message_hint(messages,
                     "it is in no folder of PATH=%s%s; a program in the working directory "
                     "is ./NAME",
                     plain(text_of(path != NULL ? path : default_path)).text,
                     may_be_hidden(name, path) ? " that the app's user may enter" : "");
    } else if (name[0] != '/' && getcwd(folder, sizeof folder) != NULL) {
        message_hint(messages, "the working directory is %s", quote(text_of(folder)).text);
    } else {
        message_hint(messages, "is it in the image, under just this path?");
    }
    return EXIT_NOT_FOUND;
}

/* What the kernel executes for a script: its interpreter, that one's own, and so on. */
static void find_executed(const char *file, char executed[PATH_MAX]) {
    enum { DEPTH_MAX = INTERPRETERS_MAX };
    (void)snprintf(executed, PATH_MAX, "%s", file);
    for (int depth = 0; depth < DEPTH_MAX; depth++) {
        if (!interpreter_follow(executed)) {
            return;
        }
    }
}

static int explain_format(const char *file, struct messages *messages) {
    struct interpreter interpreter;
    message_error(messages, "%s cannot be executed: %s", quote(text_of(file)).text,
                  strerror(ENOEXEC));
    bool known = interpreter_read(file, &interpreter);
    if (known && interpreter.is_elf) {
        message_hint(messages,
                     "it was built for another machine: publish it for this architecture");
    } else if (known && interpreter.has_mark) {
        message_hint(messages, "it begins with a byte-order mark, which hides its #! line: save it "
                               "as UTF-8 without one");
    } else if (known && interpreter.path[0] != '\0') {
        message_hint(messages, "the program of its #! line, %s, is none for this machine",
                     quote(text_of(interpreter.path)).text);
    } else {
        message_hint(messages, "a script begins with a line such as #!/bin/sh; %s", dll_hint);
    }
    return EXIT_CANNOT_EXECUTE;
}

/* Whether a script may be executed, and what is to execute it may not be: that is written down. */
static bool is_refused_its_interpreter(const char *file, char interpreter[PATH_MAX]) {
    (void)snprintf(interpreter, PATH_MAX, "%s", file);
    for (int depth = 0; depth < INTERPRETERS_MAX && access(interpreter, X_OK) == 0; depth++) {
        if (!interpreter_follow(interpreter)) {
            return judge(interpreter) == EISDIR;
        }
    }
    return strcmp(file, interpreter) != 0 && access(interpreter, X_OK) < 0;
}

static int explain_refusal(const char *file, int error, struct messages *messages) {
    char interpreter[PATH_MAX];
    if (judge(file) == EISDIR) {
        message_error(messages, "%s is a folder, not a program", quote(text_of(file)).text);
        message_hint(messages, "name the app's file in it");
    } else if (error == EACCES && is_refused_its_interpreter(file, interpreter)) {
        message_error(messages, "%s cannot be executed: its interpreter %s cannot: %s",
                      quote(text_of(file)).text, quote(text_of(interpreter)).text, strerror(error));
        message_hint(messages, "the program of a #! line needs an x bit that holds for the app's "
                               "user (chmod 0755), and folders that it may enter");
    } else {
        message_error(messages, "%s cannot be executed: %s", quote(text_of(file)).text,
                      strerror(error));
        message_hint(messages, "%s",
                     error == ELOOP ? "its symbolic links lead in a circle"
                     : is_dll(file) ? dll_hint
                                    : "it needs an x bit that holds for the app's user "
                                      "(chmod 0755), folders that it may enter, and no noexec "
                                      "mount");
    }
    return EXIT_CANNOT_EXECUTE;
}

int program_check_capabilities(const char *file, uint64_t limit, struct messages *messages) {
    char executed[PATH_MAX];
    struct file_capabilities capabilities;
    find_executed(file, executed);
    filecaps_read(executed, &capabilities);
    uint64_t uncovered = filecaps_uncovered(&capabilities, limit);
    if (uncovered == 0) {
        return 0;
    }
    struct quote name = quote(text_of(executed));
    message_error(messages,
                  "%s cannot be executed: it has file capabilities (%s), and the bounding set "
                  "lacks %s",
                  name.text, filecaps_show(&capabilities).text, capability_names(uncovered).text);
    message_hint(messages,
                 "take them off in the Dockerfile: RUN setcap -r %s; what a port below "
                 "1024 needs the shim hands on by itself",
                 name.text);
    message_hint(messages,
                 "or SHIM_BOUNDING_SET=keep, if the container itself has %s: then the "
                 "file starts, and gains nothing by them",
                 capability_names(uncovered).text);
    return EXIT_CANNOT_EXECUTE;
}

int program_explain(const char *name, const char *path, int error, struct messages *messages) {
    char file[PATH_MAX];
    int found = program_find(name, path, file);
    switch (error) {
    case ENOENT:
        return found == 0 ? interpreter_explain_absence(file, messages)
                          : explain_absence(name, path, error, messages);
    case ENOTDIR:
        return explain_absence(name, path, error, messages);
    case ENOEXEC:
        return explain_format(file, messages);
    case EACCES:
    case EISDIR:
    case ELOOP:
        return explain_refusal(file, error, messages);
    case EPERM:
        if (program_check_capabilities(file, UINT64_MAX, messages) != 0) {
            return EXIT_CANNOT_EXECUTE;
        }
        /* fall through */
    default:
        message_error(messages, "%s could not be started: %s", quote(text_of(file)).text,
                      strerror(error));
        if (error == E2BIG) {
            message_hint(messages, "its environment and arguments are too large");
        } else if (error == ENAMETOOLONG) {
            message_hint(messages, "no file can have a name of that length");
        } else if (error == ENOMEM || error == EAGAIN) {
            message_hint(messages, "the container is short of memory or processes");
        } else {
            message_hint(messages, "the system, or a security policy, does not let it start");
        }
        return EXIT_REFUSED;
    }
}
