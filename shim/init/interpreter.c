#include "interpreter.h"

#include "init/init.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { NATIVE_CLASS = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32 };

/* The dynamic loader: PT_INTERP of elf(5). A file for another machine does not get this far. */
static void read_elf(int fd, struct interpreter *found) {
    ElfW(Ehdr) header;
    ElfW(Phdr) segment;
    if (pread(fd, &header, sizeof header, 0) != (ssize_t)sizeof header) {
        return;
    }
    for (unsigned i = 0; i < header.e_phnum; i++) {
        off_t at = (off_t)header.e_phoff + (off_t)(i * sizeof segment);
        if (pread(fd, &segment, sizeof segment, at) != (ssize_t)sizeof segment) {
            return;
        }
        if (segment.p_type == PT_INTERP && segment.p_filesz < sizeof found->path) {
            /* What cannot be read stays empty, and is not named. */
            (void)pread(fd, found->path, segment.p_filesz, (off_t)segment.p_offset);
            return;
        }
    }
}

/*
 * The first word of a "#!" line, up to a blank or the line's end; a carriage return is part of
 * it.
 */
static void read_script(const char *line, struct interpreter *found) {
    line += strspn(line, " \t");
    size_t length = strcspn(line, " \t\n");
    memcpy(found->path, line, length);
    found->path[length] = '\0';
}

/* As Windows editors put it before a text: UTF-8, UTF-16. */
static bool has_mark(const char *head, ssize_t length) {
    return (length >= 3 && memcmp(head, "\xef\xbb\xbf", 3) == 0) ||
           (length >= 2 && (memcmp(head, "\xff\xfe", 2) == 0 || memcmp(head, "\xfe\xff", 2) == 0));
}

bool interpreter_read(const char *file, struct interpreter *interpreter) {
    char head[256];
    memset(interpreter, 0, sizeof *interpreter);
    int fd = openat(AT_FDCWD, file, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    ssize_t length = read(fd, head, sizeof head - 1);
    if (length >= EI_NIDENT && memcmp(head, ELFMAG, SELFMAG) == 0) {
        interpreter->is_elf = true;
        if (head[EI_CLASS] == NATIVE_CLASS) {
            read_elf(fd, interpreter);
        }
    } else if (length > 2 && memcmp(head, "#!", 2) == 0) {
        head[length] = '\0';
        read_script(head + 2, interpreter);
    } else {
        interpreter->has_mark = has_mark(head, length);
    }
    (void)close(fd); /* only read from */
    return length >= 0;
}

bool interpreter_follow(char file[PATH_MAX]) {
    struct interpreter interpreter;
    if (!interpreter_read(file, &interpreter) || interpreter.is_elf ||
        interpreter.path[0] == '\0') {
        return false;
    }
    (void)snprintf(file, PATH_MAX, "%s", interpreter.path);
    return true;
}

/* What a loader tells of the libc that a program was built for. */
static const char *advise_on_loader(const char *loader) {
    if (strstr(loader, "/ld-musl-") != NULL) {
        return "it was built for musl, as on Alpine, and this image has another libc: publish it "
               "for linux-x64 or linux-arm64, without musl";
    }
    if (strstr(loader, "/ld-linux") != NULL) {
        return "it was built for glibc, and this image has none, or one for another architecture: "
               "on Alpine publish it for linux-musl-x64 or linux-musl-arm64";
    }
    return "the image must have the libc and the architecture that the program was built for";
}

/* Reads what names what is not there: the file, or a script's interpreter, or that one's own. */
static bool read_last(char file[PATH_MAX], struct interpreter *interpreter) {
    bool known = interpreter_read(file, interpreter);
    for (int i = 0; i < INTERPRETERS_MAX && known && !interpreter->is_elf &&
                    access(interpreter->path, F_OK) == 0;
         i++) {
        (void)snprintf(file, PATH_MAX, "%s", interpreter->path);
        known = interpreter_read(file, interpreter);
    }
    return known && interpreter->path[0] != '\0';
}

int interpreter_explain_absence(const char *name, struct messages *messages) {
    struct interpreter interpreter;
    char file[PATH_MAX];
    (void)snprintf(file, sizeof file, "%s", name);
    if (!read_last(file, &interpreter)) {
        message_error(messages, "%s is there, but its interpreter was not found",
                      quote(text_of(file)).text);
        message_hint(messages, "a script needs the program of its #! line, and a program the libc "
                               "that it was built for");
        return EXIT_NOT_FOUND;
    }
    message_error(messages, "%s is there, but its interpreter %s was not found",
                  quote(text_of(file)).text, quote(text_of(interpreter.path)).text);
    if (interpreter.is_elf) {
        message_hint(messages, "%s", advise_on_loader(interpreter.path));
    } else if (interpreter.path[strlen(interpreter.path) - 1] == '\r') {
        message_hint(messages, "its lines end as on Windows (CR LF): save it with the line ends of "
                               "Linux; .gitattributes: *.sh text eol=lf");
    } else {
        message_hint(messages, "the program of its #! line is not in this image; an image without "
                               "a shell runs no scripts");
    }
    return EXIT_NOT_FOUND;
}
