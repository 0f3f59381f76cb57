/*
 * A report of many lines: the first byte of each line of the input is what kind of line it is, the
 * rest the value in it. Errors are never crowded out by warnings.
 */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char first[] = "shim: error: the first of all\n";
    struct report *report = make_report();
    struct strings lines = take_strings(&data, &size);
    bool failed = false;
    for (size_t i = 0; i < lines.count; i++) {
        const char *line = lines.at[i];
        const struct text value = text_of(line[0] == '\0' ? line : line + 1);
        const struct quote shown = line[0] & 0x20 ? quote(value) : plain(value);
        switch (line[0] & 7) {
        case 0:
            if (!failed) {
                report_error(report, "the first of all");
            }
            failed = true;
            break;
        case 1:
            if (failed) {
                report_error(report, "%s, %s and %s", shown.text, shown.text, shown.text);
            }
            break;
        case 2:
            report_hint(report, "%s", shown.text);
            break;
        case 3:
            report_info(report, "%s", shown.text);
            break;
        case 4:
            report_debug(report, "%s", shown.text);
            break;
        default:
            report_warn(report, "%s %s", shown.text, shown.text);
        }
    }
    /* A hint alone goes with an error that there is not: the callers have none such. */
    if (failed) {
        check_report(report);
        require(memmem(report->text, report->length, first, sizeof first - 1) != NULL);
        require(memmem(report->log, report->log_length, first, sizeof first - 1) != NULL);
    }
    free_strings(&lines);
    free(report);
    return 0;
}
