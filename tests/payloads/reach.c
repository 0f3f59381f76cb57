/*
 * reach: prints, as one JSON object, what a process may write and what some files say to it, and
 * then becomes another program; what that one prints comes after it, on the same stdout.
 *
 *   reach [WORD]... -- PROGRAM [ARG]...
 *     write=PATH   in a folder: creates a file and takes it away again; else opens it for writing
 *     read=PATH    the content
 *     bind=PORT    a TCP port of all addresses, as a server would, and lets it go
 *
 * PATH `~` is HOME. Errors are errno numbers, 0 is success. Nothing that exists is changed.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *separator = "{";

static void print_string(const char *bytes, size_t length) {
    putchar('"');
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        printf(byte < ' ' || byte > '~' || byte == '"' || byte == '\\' ? "\\u%04x" : "%c", byte);
    }
    putchar('"');
}

static void print_key(const char *word) {
    fputs(separator, stdout);
    print_string(word, strlen(word));
    fputs(": ", stdout);
    separator = ",\n";
}

static int try_to_write(const char *path) {
    char file[PATH_MAX];
    struct stat status;
    if (stat(path, &status) < 0) {
        return errno;
    }
    if (S_ISDIR(status.st_mode)) {
        (void)snprintf(file, sizeof file, "%s/reach.%d", path, (int)getpid());
        int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0) {
            return errno;
        }
        (void)close(fd);
        return unlink(file) < 0 ? errno : 0;
    }
    int fd = open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return errno;
    }
    (void)close(fd);
    return 0;
}

static int try_to_bind(const char *port) {
    const int on = 1;
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((in_port_t)atoi(port))};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0) {
        err(1, "socket");
    }
    int error = bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 ? errno : 0;
    (void)close(fd);
    return error;
}

static void print_content(const char *path) {
    static char content[65536];
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        fputs("null", stdout);
        return;
    }
    print_string(content, fread(content, 1, sizeof content, file));
    (void)fclose(file);
}

static void look(const char *word) {
    const char *path = strchr(word, '=');
    if (path == NULL) {
        errx(2, "%s is not VERB=PATH", word);
    }
    path++;
    if (strcmp(path, "~") == 0) {
        const char *home = getenv("HOME");
        path = home != NULL ? home : "";
    }
    print_key(word);
    if (strncmp(word, "write=", 6) == 0) {
        printf("%d", try_to_write(path));
    } else if (strncmp(word, "read=", 5) == 0) {
        print_content(path);
    } else if (strncmp(word, "bind=", 5) == 0) {
        printf("%d", try_to_bind(path));
    } else {
        errx(2, "%s: write, read and bind are the verbs", word);
    }
}

int main(int argc, char **argv) {
    int word = 1;
    (void)argc;
    for (; argv[word] != NULL && strcmp(argv[word], "--") != 0; word++) {
        look(argv[word]);
    }
    if (argv[word] == NULL || argv[word + 1] == NULL) {
        errx(2, "usage: reach [VERB=PATH]... -- PROGRAM [ARG]...");
    }
    puts(word == 1 ? "{}" : "}");
    if (fflush(stdout) != 0) {
        err(1, "cannot write");
    }
    (void)execv(argv[word + 1], argv + word + 1);
    err(1, "%s", argv[word + 1]);
}
