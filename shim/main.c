/*
 * The shim: turns root, as which a container starts, into the app's user, proves it, and runs
 * the app. The story is design.md, section 4; the rooms that do it are the headers below.
 */
#include "check.h"
#include "environment.h"
#include "handover.h"
#include "identity.h"
#include "install.h"
#include "listen.h"
#include "mask.h"
#include "options.h"
#include "plan.h"
#include "privilege.h"
#include "probe.h"
#include "report.h"
#include "supervise.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What steps 1 to 4 find out, for the steps that act on it. */
struct run {
    struct report report;
    struct options options;
    struct held held;
    struct identity identity;
    struct listen listen;
    struct plan plan;
    struct launch launch;
};

/* Puts name=value into the app's environment; without a value it stays as it is. */
static bool set(struct run *run, const char *name, const char *value,
                void (*put)(char **, char *)) {
    char *entry = value == NULL ? NULL : environment_entry(name, text_of(value));
    if (value != NULL && entry == NULL) {
        report_error(&run->report, "no memory for the app's environment");
        return false;
    }
    if (entry != NULL) {
        put(run->launch.environment, entry);
    }
    return true;
}

/* Steps 1 to 4: looks at everything, changes nothing. False: it could not even look. */
static bool look(struct run *run, char *const *environment) {
    const char *ports = NULL;
    options_read_settings(environment, &run->options, &run->report);
    if (run->options.ports_from != NULL) {
        ports = run->options.ports_from_value;
    }
    run->launch.program = run->options.program;
    run->launch.environment = environment_copy(environment, 3);
    if (run->launch.environment == NULL) {
        report_error(&run->report, "no memory for the app's environment");
        return false;
    }
    if (!set(run, "ASPNETCORE_HTTP_PORTS", ports, environment_put_nocase) ||
        !privilege_read(&run->held, &run->report) ||
        !identity_gather(&run->options, run->held.setuid && run->held.setgid, &run->identity,
                         &run->report)) {
        return false;
    }
    listen_resolve(run->launch.environment, run->options.program, run->options.ports_from,
                   &run->listen, &run->report);
    plan_make(&run->options, &run->identity, &run->listen, &run->held,
              environment_get(environment, "HOME"), &run->plan, &run->report);
    return true;
}

/* Steps 5 to 8: from root to the app's user, and the proof. */
static bool become(struct run *run) {
    report_open_log(&run->report);
    if (run->plan.uid_changes) {
        handover_stdio(&run->plan, &run->report);
        if (!set(run, "HOME", run->plan.home, environment_put)) {
            return false;
        }
    }
    if (!privilege_drop(&run->plan, &run->report) || !probe_ports(&run->plan, &run->report) ||
        !privilege_verify(&run->plan, &run->report)) {
        return false;
    }
    check_summarize(&run->plan, &run->identity, &run->report);
    report_flush(&run->report);
    return true;
}

static int run_app(struct run *run, char *const *environment) {
    if (!look(run, environment)) {
        return EXIT_REFUSED;
    }
    if (run->options.verb == VERB_CHECK) {
        return check_print(&run->plan, &run->options, &run->identity,
                           environment_get(environment, "PATH"), &run->report);
    }
    if (run->plan.refused || !become(run)) {
        return EXIT_REFUSED;
    }
    return run->options.supervise
               ? supervise(&run->launch, &run->options, privilege_release, &run->report)
               : spawn_in_place(&run->launch, &run->report);
}

static int print(const char *text, struct report *report) {
    if (fputs(text, stdout) < 0 || fflush(stdout) != 0) {
        report_error(report, "cannot write to stdout: %s", strerror(errno));
        return EXIT_REFUSED;
    }
    return 0;
}

int main(int argc, char **argv, char **environment) {
    struct run run;
    memset(&run, 0, sizeof run);
    report_start(&run.report);
    if (!mask_take(&run.launch.signals) || !handover_fill_stdio(&run.report)) {
        return report_end(&run.report, EXIT_REFUSED);
    }
    if (!options_parse(argc, argv, &run.options, &run.report)) {
        report_flush(&run.report);
        (void)report_write(STDERR_FILENO, options_usage, strlen(options_usage));
        return EXIT_REFUSED;
    }
    int code = 0;
    switch (run.options.verb) {
    case VERB_HELP:
        code = print(options_usage, &run.report);
        break;
    case VERB_VERSION:
        code = print("shim " SHIM_VERSION "\n", &run.report);
        break;
    case VERB_INSTALL:
        code = install(run.options.destination, &run.report);
        break;
    case VERB_CHECK:
        code = run_app(&run, environment);
        break;
    case VERB_RUN:
        return report_end(&run.report, run_app(&run, environment));
    }
    report_flush(&run.report);
    return code;
}
