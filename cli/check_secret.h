/*
 * check_secret.h - where the password of `fsock check` comes from: a file, the environment, the
 * terminal, or netrc by host. Never from the command line, which others can read.
 */
#ifndef FSOCK_CLI_CHECK_SECRET_H
#define FSOCK_CLI_CHECK_SECRET_H

#include "check_options.h"
#include "netrc.h"

struct check_secret {
    const char *user;     /* NULL: none, or the target's own */
    const char *password; /* NULL: none */
    struct fsk_buf text;  /* the password, or all of netrc */
    bool netrc;
    struct netrc_entry entry;
};

/*
 * Get what there is to get; the terminal is asked if there is a user and no other source. 0, or an
 * exit code with a sentence in `why`. To be freed in every case.
 */
int check_secret_init(struct check_secret *s, const struct check_options *o, char *why, size_t cap);
void check_secret_fini(struct check_secret *s);

/* The user and password for this host and user, which may be empty: then they are in *s. */
void check_secret_choose(struct check_secret *s, struct fsk_span host, struct fsk_span user);

#endif
