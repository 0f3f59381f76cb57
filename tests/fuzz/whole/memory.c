/* Memory that the shim keeps to its end, which does not come here. */
#include "kernel.h"

enum { KEPT_MAX = 8192 };
static void *kept[KEPT_MAX];
static size_t kept_count;
static void *mapped;
static size_t mapped_length;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
char *__real_strndup(const char *string, size_t length);
void __real_free(void *memory);
void *__real_mmap(void *start, size_t length, int protection, int flags, int fd, off_t offset);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
char *__wrap_strndup(const char *string, size_t length);
void __wrap_free(void *memory);
void *__wrap_mmap(void *start, size_t length, int protection, int flags, int fd, off_t offset);

static void *keep(void *memory) {
    if (kernel.running && memory != NULL) {
        require(kept_count < KEPT_MAX);
        kept[kept_count++] = memory;
    }
    return memory;
}

static void forget(const void *memory) {
    for (size_t i = 0; kernel.running && i < kept_count; i++) {
        if (kept[i] == memory) {
            kept[i] = kept[--kept_count];
        }
    }
}

void *__wrap_malloc(size_t size) {
    return keep(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size) {
    return keep(__real_calloc(count, size));
}

void *__wrap_realloc(void *memory, size_t size) {
    forget(memory);
    return keep(__real_realloc(memory, size));
}

char *__wrap_strndup(const char *string, size_t length) {
    return keep(__real_strndup(string, length));
}

void __wrap_free(void *memory) {
    forget(memory);
    __real_free(memory);
}

void *__wrap_mmap(void *start, size_t length, int protection, int flags, int fd, off_t offset) {
    void *memory = __real_mmap(start, length, protection, flags, fd, offset);
    if (kernel.running) {
        require(mapped == NULL);
        mapped = memory;
        mapped_length = length;
    }
    return memory;
}

void memory_free_kept(void) {
    for (size_t i = 0; i < kept_count; i++) {
        __real_free(kept[i]);
    }
    kept_count = 0;
    if (mapped != NULL) {
        require(munmap(mapped, mapped_length) == 0);
        mapped = NULL;
    }
}
