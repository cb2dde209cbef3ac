/*
 * outcome.h - how one URL ended, as the user is told: exit code, class, sentence, hint.
 *
 * The library's faults know nothing of the command's options; what is added here is curl's exit
 * code and the name of the option that raises the limit that struck.
 */
#ifndef FSOCK_CLI_OUTCOME_H
#define FSOCK_CLI_OUTCOME_H

#include <stdbool.h>

#include <fsock.h>

/* curl's numbers, where they mean the same. */
enum {
    EXIT_FINE = 0,
    EXIT_SCHEME = 1,
    EXIT_USAGE = 2,
    EXIT_URL = 3,
    EXIT_PROXY_NAME = 5,
    EXIT_NAME = 6,
    EXIT_CONNECT = 7,
    EXIT_WEIRD = 8,
    EXIT_PARTIAL = 18,
    EXIT_STATUS = 22,
    EXIT_WRITE = 23,
    EXIT_READ = 26,
    EXIT_MEMORY = 27,
    EXIT_TIMEOUT = 28,
    EXIT_RANGE = 33,
    EXIT_TLS = 35,
    EXIT_CANCELED = 42,
    EXIT_INTERFACE = 45,
    EXIT_REDIRECTS = 47,
    EXIT_EMPTY = 52,
    EXIT_SEND = 55,
    EXIT_RECV = 56,
    EXIT_LOCAL_CERT = 58,
    EXIT_PEER_CERT = 60,
    EXIT_ENCODING = 61,
    EXIT_TOO_BIG = 63,
    EXIT_LOGIN = 67,
    EXIT_CA_FILE = 77,
    EXIT_PROXY = 97,
    EXIT_SOME_FAILED = 110,
    EXIT_ALL_FAILED = 111,
    EXIT_NOT_CACHED = 112,
    EXIT_FORBIDDEN = 113
};

struct outcome {
    int exitcode;
    const char *err;   /* the class: fsock_err_name(), or "write" */
    const char *stage; /* fsock_stage_name(), or "" */
    int sys_errno;
    const struct fsock_fault *fault; /* the addresses tried; NULL: none */
    char text[704];                  /* "" if all went well */
    char hint[352];
};

void outcome_fine(struct outcome *o);

/*
 * The end that `fault` describes. The fault must live as long as the outcome is used. `ca_file` is
 * that of --cacert, or NULL.
 */
void outcome_fault(struct outcome *o, const struct fsock_fault *fault, const char *url,
                   const char *ca_file);

/* An end of the command's own making. The first one stays. */
void outcome_fail(struct outcome *o, int exitcode, const char *err, int sys_errno,
                  const char *format, ...) __attribute__((format(printf, 5, 6)));

/* A fault's sentence and its hint in one, for what fails before there are records. */
void outcome_sentence(char *text, size_t cap, const struct fsock_fault *fault);

/* curl's number for a failure of the library's. */
int exitcode_of(enum fsock_err err, enum fsock_stage stage);

#endif
