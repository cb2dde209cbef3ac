/* site.h: fsock-site for the C tests: starts the program, finds its ports, stops it.
 *
 * The path comes from the environment variable FSOCK_SITE, or from the macro of the same name. The
 * program ends when this process does, however it ends: it watches the pipe that is its stdin.
 */
#ifndef TEST_SITE_H
#define TEST_SITE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

struct site {
    pid_t pid;
    int stdin_fd;
    char ports[4096]; /* the line of JSON */
};

/* 0 when it runs and is ready; -1 if not. cert_dir may be NULL; ca.pem is written there, and the
 * site is also on its unix socket site.sock. */
static inline int site_start(struct site *s, const char *cert_dir)
{
    int in[2], out[2];
    char sock[108];
    const char *path = getenv("FSOCK_SITE");
#ifdef FSOCK_SITE
    if (!path)
        path = FSOCK_SITE;
#endif
    if (!path || pipe(in) < 0 || pipe(out) < 0)
        return -1;
    s->pid = fork();
    if (s->pid == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        for (int fd = 3; fd < 256; fd++)
            close(fd);
        snprintf(sock, sizeof sock, "%s/site.sock", cert_dir ? cert_dir : "");
        if (cert_dir)
            execl(path, path, "--stdin", "--cert-dir", cert_dir, "--unix", sock, (char *)NULL);
        else
            execl(path, path, "--stdin", (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    s->stdin_fd = in[1];
    size_t len = 0;
    ssize_t n;
    while ((n = read(out[0], s->ports + len, sizeof s->ports - 1 - len)) > 0) {
        len += (size_t)n;
        if (s->ports[len - 1] == '\n')
            break;
    }
    s->ports[len] = 0;
    close(out[0]);
    return len > 2 ? 0 : -1;
}

/* The port of a service ("http", "tcp-mute", ...; fsock-site --list names them); 0: no such. */
static inline int site_port(const struct site *s, const char *service)
{
    char key[64];
    snprintf(key, sizeof key, "\"%s\": ", service);
    const char *at = strstr(s->ports, key);
    return at ? atoi(at + strlen(key)) : 0;
}

/* Ends it; its exit code, -1 if it didn't exit by itself. */
static inline int site_stop(struct site *s)
{
    int status;
    close(s->stdin_fd);
    if (waitpid(s->pid, &status, 0) < 0 || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

#endif
