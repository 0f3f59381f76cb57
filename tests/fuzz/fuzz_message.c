/*
 * A messages of many lines: the first byte of each line of the input is what kind of line it is,
 * the rest the value in it. Errors are never crowded out by warnings.
 */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char first[] = "shim: error: the first of all\n";
    struct messages *messages = make_report();
    struct strings lines = take_strings(&data, &size);
    bool failed = false;
    for (size_t i = 0; i < lines.count; i++) {
        const char *line = lines.at[i];
        const struct text value = text_of(line[0] == '\0' ? line : line + 1);
        const struct quote shown = line[0] & 0x20 ? quote(value) : plain(value);
        switch (line[0] & 7) {
        case 0:
            if (!failed) {
                message_error(messages, "the first of all");
            }
            failed = true;
            break;
        case 1:
            if (failed) {
                message_error(messages, "%s, %s and %s", shown.text, shown.text, shown.text);
            }
            break;
        case 2:
            message_hint(messages, "%s", shown.text);
            break;
        case 3:
            message_info(messages, "%s", shown.text);
            break;
        case 4:
            message_debug(messages, "%s", shown.text);
            break;
        default:
            message_warn(messages, "%s %s", shown.text, shown.text);
        }
    }
    /* A hint alone goes with an error that there is not: the callers have none such. */
    if (failed) {
        check_report(messages);
        require(memmem(messages->text, messages->length, first, sizeof first - 1) != NULL);
        require(memmem(messages->log, messages->log_length, first, sizeof first - 1) != NULL);
    }
    free_strings(&lines);
    free(messages);
    return 0;
}
