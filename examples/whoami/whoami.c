/*
 * whoami: says over HTTP who it runs as and what it may do. It stands in for the sample app where
 * there is no .NET: one static binary that runs in an empty image and gives the same answers.
 *
 *   GET /             a greeting
 *   GET /healthz      "Healthy"
 *   GET /Environment  who we are, as JSON; what cannot be found out is null
 *
 * It listens on the ports in ASPNETCORE_HTTP_PORTS (80;8080), else on localhost:5000. It serves
 * one request at a time, and ends with 0 on SIGTERM or SIGINT, after the request in flight.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { MAX_LISTENERS = 16, MAX_REQUEST = 8192, MAX_STATUS = 16384, MAX_BODY = 32768 };

struct server {
    size_t count;
    struct pollfd listener[MAX_LISTENERS + 1]; /* one more: the signals, behind the last listener */
    char address[MAX_LISTENERS][32];
};

/* On failure errno says why. Listeners do not block: a client may be gone before we accept it. */
static bool add_listener(struct server *server, const char *host, in_port_t port) {
    const int on = 1;
    const int off = 0;
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    bool is_v6 = inet_pton(AF_INET6, host, &v6.sin6_addr) == 1;

    if (!is_v6 && inet_pton(AF_INET, host, &v4.sin_addr) != 1)
        errx(1, "'%s' is not an address", host);
    if (server->count == MAX_LISTENERS)
        errx(1, "more than %d addresses to listen on", MAX_LISTENERS);

    int fd = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        (is_v6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) < 0) ||
        (is_v6 && bind(fd, (struct sockaddr *)&v6, sizeof v6) < 0) ||
        (!is_v6 && bind(fd, (struct sockaddr *)&v4, sizeof v4) < 0) || listen(fd, SOMAXCONN) < 0) {
        int why = errno;
        if (fd >= 0)
            (void)close(fd);
        errno = why;
        return false;
    }

    char *address = server->address[server->count];
    (void)snprintf(address, sizeof server->address[0], is_v6 ? "http://[%s]:%u" : "http://%s:%u",
                   host, (unsigned)port);
    server->listener[server->count++] = (struct pollfd){.fd = fd, .events = POLLIN};
    if (printf("Now listening on: %s\n", address) < 0 || fflush(stdout) != 0)
        err(1, "cannot write to standard output");
    return true;
}

static void listen_on(struct server *server, const char *ports) {
    while (*(ports += strspn(ports, "; \t")) != '\0') {
        size_t length = strcspn(ports, "; \t");
        unsigned long port = strtoul(ports, NULL, 10);

        if (strspn(ports, "0123456789") != length || port < 1 || port > 65535)
            errx(1, "ASPNETCORE_HTTP_PORTS: '%.*s' is not a port, 1 to 65535", (int)length, ports);
        /* As Kestrel does: IPv6, which takes IPv4 too, and IPv4 alone where that fails. */
        if (!add_listener(server, "::", (in_port_t)port) &&
            (errno == EADDRINUSE || !add_listener(server, "0.0.0.0", (in_port_t)port)))
            err(1, "cannot listen on port %lu%s", port,
                errno == EACCES ? " without CAP_NET_BIND_SERVICE" : "");
        ports += length;
    }
    if (server->count == 0) {
        bool v4 = add_listener(server, "127.0.0.1", 5000);
        bool v6 = add_listener(server, "::1", 5000);
        if (!v4 && !v6)
            err(1, "cannot listen on localhost:5000");
    }
}

/* A field's value in the status, with all that follows it; NULL if there is no such field. */
static const char *find_field(const char *status, const char *name) {
    size_t length = strlen(name);

    for (const char *line = status; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, length) == 0 && line[length] == ':')
            return line + length + 1 + strspn(line + length + 1, " \t");
    }
    return NULL;
}

/* A JSON string, up to the end of the line. */
static void put_string(FILE *out, const char *before, const char *text) {
    (void)fprintf(out, "%s%s", before, text == NULL ? "null" : "\"");
    for (; text != NULL && *text != '\0' && *text != '\n'; text++)
        (void)fprintf(out, (unsigned char)*text < ' ' || strchr("\"\\", *text) ? "\\u%04x" : "%c",
                      (unsigned)*text);
    (void)fputs(text == NULL ? "" : "\"", out);
}

/* A JSON array of the numbers up to the end of the line. */
static void put_numbers(FILE *out, const char *before, const char *text) {
    (void)fprintf(out, "%s%s", before, text == NULL ? "null" : "[");
    for (const char *comma = ""; text != NULL && *text >= '0' && *text <= '9'; comma = ",") {
        (void)fprintf(out, "%s%lu", comma, strtoul(text, NULL, 10));
        text += strspn(text, "0123456789");
        text += strspn(text, " \t");
    }
    (void)fputs(text == NULL ? "" : "]", out);
}

static void put_environment(FILE *out, const struct server *server) {
    char status[MAX_STATUS] = "";
    FILE *file = fopen("/proc/self/status", "re");
    struct utsname system;
    bool named = uname(&system) == 0;
    const struct passwd *user = getpwuid(geteuid());

    if (file != NULL) {
        status[fread(status, 1, sizeof status - 1, file)] = '\0';
        (void)fclose(file);
    }
    const char *no_new_privs = find_field(status, "NoNewPrivs");

    put_string(out, "{\"runtime\":", "C, one static binary");
    put_string(out, ",\"os\":", named ? system.sysname : NULL);
    put_string(out, ",\"architecture\":", named ? system.machine : NULL);
    put_string(out, ",\"user\":", user != NULL ? user->pw_name : NULL);
    (void)fprintf(out, ",\"uid\":%u,\"gid\":%u", geteuid(), getegid());
    put_numbers(out, ",\"uids\":", find_field(status, "Uid"));
    put_numbers(out, ",\"gids\":", find_field(status, "Gid"));
    put_numbers(out, ",\"groups\":", find_field(status, "Groups"));
    put_string(out, ",\"capabilities\":{\"permitted\":", find_field(status, "CapPrm"));
    put_string(out, ",\"effective\":", find_field(status, "CapEff"));
    put_string(out, ",\"inheritable\":", find_field(status, "CapInh"));
    put_string(out, ",\"bounding\":", find_field(status, "CapBnd"));
    put_string(out, ",\"ambient\":", find_field(status, "CapAmb"));
    (void)fprintf(out, "},\"noNewPrivileges\":%s",
                  no_new_privs == NULL ? "null" : (*no_new_privs == '1' ? "true" : "false"));
    put_string(out, ",\"home\":", getenv("HOME"));
    for (size_t i = 0; i < server->count; i++)
        put_string(out, i == 0 ? ",\"addresses\":[" : ",", server->address[i]);
    (void)fprintf(out, "],\"processId\":%d}\n", getpid());
}

/* Reads up to the blank line that ends the head of a request. */
static bool receive(int fd, char request[MAX_REQUEST]) {
    size_t length = 0;
    ssize_t n;

    while ((n = recv(fd, request + length, MAX_REQUEST - 1 - length, 0)) > 0) {
        length += (size_t)n;
        request[length] = '\0';
        if (strstr(request, "\r\n\r\n") != NULL)
            return true;
    }
    return false;
}

static bool is_get(const char *request, const char *path) {
    size_t length = strlen(path);

    return strncmp(request, "GET ", 4) == 0 && strncasecmp(request + 4, path, length) == 0 &&
           (request[4 + length] == ' ' || request[4 + length] == '?');
}

static bool answer(int fd, const char *request, const struct server *server) {
    bool environment = is_get(request, "/Environment");
    bool healthy = is_get(request, "/healthz");
    bool found = environment || healthy || is_get(request, "/");
    char body[MAX_BODY];
    FILE *out = fmemopen(body, sizeof body, "w");

    if (out == NULL)
        return false;
    if (environment)
        put_environment(out, server);
    else if (healthy)
        (void)fputs("Healthy", out);
    else
        (void)fputs(found ? "Hello! Who runs this, and what it may do, is at /Environment.\n"
                          : "There is nothing here but /, /healthz and /Environment.\n",
                    out);
    if (fclose(out) != 0) /* too long for the buffer */
        return false;
    return dprintf(fd,
                   "HTTP/1.1 %s\r\nContent-Type: %s; charset=utf-8\r\nContent-Length: %zu\r\n"
                   "Connection: close\r\n\r\n%s",
                   found ? "200 OK" : "404 Not Found",
                   environment ? "application/json" : "text/plain", strlen(body), body) > 0;
}

static void serve(int listener, const struct server *server) {
    /* A client that says nothing holds up the others, and our end, for this long at most. */
    const struct timeval patience = {.tv_sec = 2};
    char request[MAX_REQUEST];
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

    if (fd < 0 && (errno == EAGAIN || errno == ECONNABORTED))
        return;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) < 0 ||
        (receive(fd, request) && !answer(fd, request, server)))
        warn("a request got no answer");
    if (fd >= 0)
        (void)close(fd);
}

/* Blocked, a signal waits for the request in flight; and PID 1 is not deaf to it. */
static int open_signals(void) {
    sigset_t stop;
    int fd = -1;

    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || sigemptyset(&stop) < 0 ||
        sigaddset(&stop, SIGTERM) < 0 || sigaddset(&stop, SIGINT) < 0 ||
        sigprocmask(SIG_BLOCK, &stop, NULL) < 0 || (fd = signalfd(-1, &stop, SFD_CLOEXEC)) < 0)
        err(1, "cannot take signals");
    return fd;
}

int main(void) {
    struct server server = {0};
    int signals = open_signals();
    const char *ports = getenv("ASPNETCORE_HTTP_PORTS");

    listen_on(&server, ports != NULL ? ports : "");
    server.listener[server.count] = (struct pollfd){.fd = signals, .events = POLLIN};

    while (server.listener[server.count].revents == 0) {
        if (poll(server.listener, server.count + 1, -1) < 0 && errno != EINTR)
            err(1, "poll");
        for (size_t i = 0; i < server.count; i++)
            if (server.listener[i].revents != 0)
                serve(server.listener[i].fd, &server);
    }
    return 0;
}
