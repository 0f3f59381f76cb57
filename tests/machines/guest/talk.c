/*
 * The line to the host. A request: a step a line, a space after each word, and an empty line at the
 * end. In a word %XX is a byte.
 */
#include "machine.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static unsigned digit(char letter) {
    static const char digits[] = "0123456789abcdef";
    const char *found = letter == '\0' ? NULL : strchr(digits, letter);
    if (found == NULL) {
        errx(EXIT_FAILURE, "not a hexadecimal digit: %d", letter);
    }
    return (unsigned)(found - digits);
}

/* In place: what is decoded is never longer. */
static void decode(char *word) {
    char *end = word;
    for (const char *next = word; *next != '\0'; end++) {
        if (*next == '%') {
            *end = (char)(digit(next[1]) << 4 | digit(next[2]));
            next += 3;
        } else {
            *end = *next++;
        }
    }
    *end = '\0';
}

void read_request(FILE *line, struct request *request) {
    static char text[TEXT_MAX];
    static char *words[WORDS_MAX];
    char *next = text;
    size_t count = 0;
    size_t steps = 0;
    for (;;) {
        if (fgets(next, (int)(text + sizeof text - next), line) == NULL) {
            errx(EXIT_FAILURE, "the host is gone");
        }
        char *end = next + strlen(next);
        if (end == next || end[-1] != '\n' || steps == STEPS_MAX) {
            errx(EXIT_FAILURE, "a request that is too long");
        }
        if (*next == '\n') {
            break;
        }
        request->steps[steps++] = words + count;
        for (char *space; (space = strchr(next, ' ')) != NULL; next = space + 1) {
            if (count >= WORDS_MAX - 2) {
                errx(EXIT_FAILURE, "a request of too many words");
            }
            *space = '\0';
            decode(next);
            words[count++] = next;
        }
        words[count++] = NULL;
        next = end;
    }
    request->steps[steps] = NULL;
}

/* Bytes, not characters: \u00e9 is the byte 0xe9. */
static void write_stream(FILE *line, const char *name, const struct stream *stream) {
    fprintf(line, "\"%s\": \"", name);
    for (size_t i = 0; i < stream->length; i++) {
        unsigned char byte = (unsigned char)stream->text[i];
        bool plain = byte >= ' ' && byte <= '~' && byte != '"' && byte != '\\';
        fprintf(line, plain ? "%c" : "\\u%04x", byte);
    }
    fputs("\", ", line);
}

void write_outcome(FILE *line, const struct outcome *outcome) {
    int status = outcome->status;
    fputc('{', line);
    write_stream(line, "stdout", &outcome->output);
    write_stream(line, "stderr", &outcome->errors);
    write_stream(line, "failure", &outcome->failure);
    fprintf(line, "\"timeout\": %s, ", outcome->timeout ? "true" : "false");
    fprintf(line, "\"exit_code\": %d}\n",
            WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
    if (fflush(line) != 0) {
        err(EXIT_FAILURE, "cannot answer");
    }
}
