#include "fault.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAULTS_MAX = 4 };

static struct fault faults[FAULTS_MAX];
static size_t fault_count;

static size_t read_hex(const char *text, unsigned char *bytes) {
    size_t length = 0;
    unsigned byte;
    while (length < BYTES_MAX && sscanf(text + 2 * length, "%2x", &byte) == 1) {
        bytes[length++] = (unsigned char)byte;
    }
    return length;
}

static void read_step(struct fault *fault, const char *text) {
    struct step *step = &fault->steps[fault->step_count];
    unsigned long long value;
    int end = 0;
    if (strcmp(text, "skip") == 0) {
        fault->skips = true;
        return;
    }
    if (sscanf(text, "=%ld", &fault->result) == 1) {
        fault->has_result = true;
        return;
    }
    if (fault->step_count == STEPS_MAX) {
        errx(1, "more than %d steps", STEPS_MAX);
    }
    fault->step_count++;
    step->what = text[0];
    if (sscanf(text, "m%255[^>]>%255s", step->from, step->to) == 2) {
        return;
    }
    if (sscanf(text, "a%u=%llu", &step->argument, &value) == 2) {
        step->value = value;
    } else if (sscanf(text + 1, "%u+%u=%n", &step->argument, &step->offset, &end) == 2 &&
               (text[0] == 'i' || text[0] == 'o')) {
        step->length = read_hex(text + 1 + end, step->bytes);
    } else {
        errx(1, "not a step: %s", text);
    }
    if (step->argument >= ARGUMENTS_MAX) {
        errx(1, "no such argument: %s", text);
    }
}

void fault_add(const char *text) {
    struct fault *fault = &faults[fault_count];
    char who;
    int end = 0;
    if (fault_count == FAULTS_MAX ||
        sscanf(text, "%c:%u:%u:%n", &who, &fault->call, &fault->count, &end) != 3 || end == 0) {
        errx(1, "not a fault, or too many: %s", text);
    }
    fault_count++;
    fault->who = who == 's' ? SHIM : CHILD;
    char *steps = strdup(text + end);
    for (char *step = strtok(steps, ","); step != NULL; step = strtok(NULL, ",")) {
        read_step(fault, step);
    }
    free(steps);
}

struct fault *fault_find(enum who who, unsigned call, unsigned count) {
    for (size_t i = 0; i < fault_count; i++) {
        if (faults[i].who == who && faults[i].call == call && faults[i].count == count) {
            return &faults[i];
        }
    }
    return NULL;
}

bool fault_all_happened(void) {
    bool all = true;
    for (size_t i = 0; i < fault_count; i++) {
        all = all && faults[i].happened;
    }
    return all;
}
