/*
 * The small readers on every word of up to LENGTH characters that matter to them, and on every name
 * of a signal, where a fuzzer only tries some: linked with fuzz_words.c, whose checks it uses.
 */
#include "fuzz.h"

enum { LENGTH = 4, OLD_SIGNALS = 31 };

int main(void) {
    static const char characters[] = "0129+-:;.xXfF[]% SIRT";
    const size_t count = sizeof characters - 1;
    size_t words = 0;
    for (size_t length = 0, most = 1; length <= LENGTH; length++, most *= count) {
        for (size_t number = 0; number < most; number++) {
            uint8_t word[LENGTH];
            for (size_t i = 0, rest = number; i < length; i++, rest /= count) {
                word[i] = (uint8_t)characters[rest % count];
            }
            (void)LLVMFuzzerTestOneInput(word, length);
            words++;
        }
    }
    for (int number = 1; number <= OLD_SIGNALS; number++, words++) {
        const char *name = sigabbrev_np(number);
        (void)LLVMFuzzerTestOneInput((const uint8_t *)name, strlen(name));
    }
    printf("  ok    exhaust: all %zu words\n", words);
    return 0;
}
