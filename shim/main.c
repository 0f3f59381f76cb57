/*
 * The shim: turns root, as which a container starts, into the app's user, proves it, and runs
 * the app. The story is DESIGN.md, One run in order; the rooms that do it are the headers below.
 */
#include "aspnet/aspnet.h"
#include "check.h"
#include "drop/drop.h"
#include "identity/identity.h"
#include "init/init.h"
#include "install.h"
#include "plan/plan.h"
#include "settings/settings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * What steps 1 to 4 find out, for the steps that act on it. What is needed as long as the app runs
 * comes first, and what is large last.
 */
struct run {
    struct options options;
    struct launch launch;
    struct held held;
    struct plan plan;
    struct messages messages;
    /* From here on it is given back: whole pages, and the first of these is hardly ever used. */
    char file[PATH_MAX]; /* what PROGRAM leads to, if it was looked for */
    struct identity identity;
    struct listen listen;
};

/*
 * The app's environment, with the port that SHIM_HTTP_PORTS_FROM asks for in it. Without memory
 * it is our own, to look at: nothing is started then.
 */
static void make_environment(struct run *run, char **environment) {
    const struct options *options = &run->options;
    char *ports = NULL;
    run->launch.program = options->program;
    run->launch.environment = environment_copy(environment, 3); /* the ports, HOME, LISTEN_PID */
    if (options->ports_from != NULL) {
        ports = environment_entry("ASPNETCORE_HTTP_PORTS", text_of(options->ports_from_value));
    }
    if (run->launch.environment == NULL || (options->ports_from != NULL && ports == NULL)) {
        message_error(&run->messages, "no memory for the app's environment");
        message_hint(&run->messages, "raise the container's memory limit");
        run->launch.environment = environment;
    } else if (ports != NULL) {
        environment_put_nocase(run->launch.environment, ports);
    }
}

/*
 * Steps 1 to 4: looks at everything, and changes nothing. All that is wrong is told at once, and
 * so is what could not be looked at. Returns the exit code of a start that would end here, or 0.
 */
static int look(struct run *run, char **environment) {
    options_read_settings(environment, &run->options, &run->messages);
    message_debug(&run->messages, "options: read");
    make_environment(run, environment);
    if (held_read(&run->held, &run->messages) &&
        identity_gather(&run->options, run->held.setuid && run->held.setgid, &run->identity,
                        &run->messages)) {
        message_debug(&run->messages,
                      "identity: started as uid %u, gid %u; the app will be uid %u, gid %u",
                      (unsigned)run->identity.euid, (unsigned)run->identity.egid,
                      (unsigned)run->identity.app_uid, (unsigned)run->identity.app_gid);
    }
    listen_resolve(run->launch.environment, run->options.program, run->options.ports_from,
                   &run->listen, &run->messages);
    message_debug(&run->messages, "listen: addresses found: %zu", run->listen.count);
    plan_make(&run->options, &run->identity, &run->listen, &run->held,
              environment_get(environment, "HOME"), &run->plan, &run->messages);
    message_debug(&run->messages, "decide: %s",
                  run->plan.refused     ? "refused"
                  : run->plan.kept != 0 ? "keep one capability"
                                        : "keep nothing");
    /* A start that is not refused finds the program as the app's user, by trying. */
    return run->plan.refused || run->options.verb == VERB_CHECK
               ? check_program(&run->plan, run->options.program[0],
                               environment_get(environment, "PATH"), run->file, &run->messages)
               : 0;
}

/* Steps 5 to 8: from root to the app's user, and the proof. */
static bool become_user(struct run *run) {
    bool root_is_locked;
    output_open_log(&run->messages);
    handover_stdio(&run->plan, &run->messages);
    if (!handover_home(&run->plan, run->launch.environment, &run->messages) ||
        !privilege_drop(&run->plan, &root_is_locked, &run->messages) ||
        !probe_ports(&run->plan, &run->messages) ||
        !verify(&run->plan, root_is_locked, &run->messages)) {
        return false;
    }
    check_summarize(&run->plan, &run->identity, run->options.program[0], &run->messages);
    output_flush(&run->messages);
    return true;
}

/* Steps 9 to 12: the app, and its init, which holds nothing once the app runs. */
static int run_under_init(struct run *run) {
    struct supervision supervision;
    run->launch.abort_hint = check_advise_on_abort(&run->plan, &run->held);
    if (!privilege_rehearse(&run->plan, &run->messages) ||
        !supervise_prepare(&supervision, &run->launch, &run->options, &run->messages)) {
        return EXIT_REFUSED;
    }
    int code = supervise_start(&supervision, &run->messages);
    if (code != 0) {
        return code;
    }
    if (!privilege_release(&run->plan, &run->messages) ||
        !supervise_settle(&supervision, &run->messages)) {
        return supervise_give_up(&supervision, &run->messages);
    }
    memory_give_back(run->file, run + 1);
    memory_give_back_stack();
    return supervise(&supervision, &run->messages);
}

/* The run itself, or what --check says of it. Returns the exit code. */
static int run_app(struct run *run, char **environment) {
    int code = look(run, environment);
    if (run->options.verb == VERB_CHECK) {
        return check_print(&run->plan, &run->options, &run->identity, run->file, code,
                           &run->messages);
    }
    if (code != 0 || !become_user(run)) {
        return EXIT_REFUSED;
    }
    return run->options.supervise ? run_under_init(run)
                                  : spawn_in_place(&run->launch, &run->messages);
}

static int print(const char *text, struct messages *messages) {
    (void)fputs(text, stdout); /* a failure stays to be seen */
    return output_flush_stdout(messages) ? 0 : EXIT_REFUSED;
}

/* A shim with lent rights copies itself nowhere. */
static int install_with_own_rights(struct run *run) {
    if (!identity_read_origin(&run->identity)) {
        message_error(&run->messages, "cannot read the shim's own ids: %s", strerror(errno));
        message_hint(&run->messages, "a sandbox or a seccomp profile may forbid it");
        return EXIT_REFUSED;
    }
    bool lends = run->options.verb == VERB_INSTALL_NET_BIND_SERVICE;
    return held_read(&run->held, &run->messages) &&
                   plan_check_origin(&run->identity, &run->held, &run->messages)
               ? install(run->options.destination, lends, &run->messages)
               : EXIT_REFUSED;
}

/* They are kept for the app; where there will be none, a hang must have an end. */
static bool take_signals(struct run *run) {
    struct inherited_signals *signals = &run->launch.signals;
    if (!mask_take(signals) || (run->options.verb != VERB_RUN && !mask_let_end(signals))) {
        message_error(&run->messages, "cannot set the signal mask: %s", strerror(errno));
        message_hint(&run->messages, "a sandbox or a seccomp profile may forbid it");
        return false;
    }
    return true;
}

static int run_verb(struct run *run, char **environment) {
    if (run->options.verb == VERB_RUN) {
        privilege_seal();
    }
    if (!take_signals(run) || !handover_fill_stdio(&run->messages)) {
        return EXIT_REFUSED;
    }
    switch (run->options.verb) {
    case VERB_HELP:
        return print(options_usage, &run->messages);
    case VERB_VERSION:
        return print(build_version, &run->messages);
    case VERB_INSTALL:
    case VERB_INSTALL_NET_BIND_SERVICE:
        return install_with_own_rights(run);
    case VERB_RUN:
    case VERB_CHECK:
        break;
    }
    return run_app(run, environment);
}

/* A wrong command line: what is wrong with it, and how it should look. */
static int explain_usage(struct messages *messages) {
    (void)handover_fill_stdio(messages); /* or the termination log might become our stderr */
    output_flush(messages);
    (void)output_write(STDERR_FILENO, options_usage, strlen(options_usage));
    return EXIT_REFUSED;
}

static int explain_memory(void) {
    struct messages messages;
    messages_start(&messages);
    message_error(&messages, "no memory to start with: %s", strerror(errno));
    message_hint(&messages, "raise the container's memory limit");
    (void)handover_fill_stdio(&messages);
    return output_end(&messages, EXIT_REFUSED);
}

/*
 * A run is not on the stack, which is touched page by page: most of it is room for what hardly
 * ever comes. The kernel zeroes what is used.
 */
int main(int argc, char **argv, char **environment) {
    struct run *run =
        mmap(NULL, sizeof *run, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (run == MAP_FAILED) {
        return explain_memory();
    }
    messages_start(&run->messages);
    int code = options_parse(argc, argv, &run->options, &run->messages)
                   ? run_verb(run, environment)
                   : explain_usage(&run->messages);
    if (run->options.verb == VERB_RUN) {
        return output_end(&run->messages, code);
    }
    output_flush(&run->messages);
    return code;
}
