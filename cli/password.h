/*
 * password.h - where a password comes from, if not from the command line, which others can read: a
 * file, the environment, the terminal, a netrc.
 *
 * Each appends it to a buffer, which is the caller's to wipe, and returns 0, or an exit code with a
 * sentence in `why`. They may take as long as who types likes: they are for what comes before a
 * run.
 */
#ifndef FSOCK_CLI_PASSWORD_H
#define FSOCK_CLI_PASSWORD_H

#include "base/buf.h"

#define PASSWORD_MAX ((size_t)8 << 10) /* bytes */

/* The first line of a file, without its end; "-" is standard input. */
int password_read(struct fsk_buf *into, const char *name, char *why, size_t cap);

/* An environment variable. */
int password_getenv(struct fsk_buf *into, const char *name, char *why, size_t cap);

/* Ask at the terminal; nobody sees what is typed. `sources` are options to be used instead. */
int password_ask(struct fsk_buf *into, const char *user, const char *sources, char *why,
                 size_t cap);

/*
 * All of a netrc (netrc.h), up to what fits; "" is ~/.netrc. As ssh does with keys, one of ours
 * that others may read is refused; and so is one whose words are too long to be told whole.
 */
int password_netrc(struct fsk_buf *into, const char *name, char *why, size_t cap);

/* Wipe and free the buffer. */
void password_fini(struct fsk_buf *b);

#endif
