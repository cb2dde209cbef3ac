/*
 * netrc.h - the file of users and passwords that ftp(1) and curl read. Pure.
 *
 *     machine mx.example.org login alice password "two words"
 *     default login anonymous password guest
 *
 * Words are parted by blanks and line ends; one in double quotes may hold blanks, and \" \\ \n \r
 * \t. A # at the start of a line, and what follows "macdef" up to an empty line, are passed over.
 */
#ifndef FSOCK_CLI_NETRC_H
#define FSOCK_CLI_NETRC_H

#include <stdbool.h>

#include "base/span.h"

#define NETRC_WORD (((size_t)8 << 10) + 1) /* bytes of a word, with a NUL: tokens are long */

struct netrc_entry {
    bool others; /* the default one, for all hosts that no other entry names */
    bool cut;    /* a word of it is too long, and only its beginning is here */
    char host[NETRC_WORD], login[NETRC_WORD], password[NETRC_WORD];
};

/* The next entry; *pos is 0 at first. False: there is none left. */
bool netrc_next(struct fsk_span text, size_t *pos, struct netrc_entry *entry);

/* Whether any entry is cut; *entry is of no use afterwards. */
bool netrc_is_cut(struct fsk_span text, struct netrc_entry *entry);

/*
 * The first entry for the host, or else the default one, wherever that stands; if `user` is not
 * empty, of that login. False: there is none.
 */
bool netrc_find(struct fsk_span text, struct fsk_span host, struct fsk_span user,
                struct netrc_entry *entry);

#endif
