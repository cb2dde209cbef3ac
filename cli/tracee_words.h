/*
 * tracee_words.h - what base/sockwords.h has no words for: the calls that are not of sockets.
 */
#ifndef FSOCK_CLI_TRACEE_WORDS_H
#define FSOCK_CLI_TRACEE_WORDS_H

#include <stdint.h>

#define TRACEE_WORDS 160 /* room for any of them, with its NUL */

/* Each returns `room`, or a word that lives for ever. */
const char *tracee_word_fcntl(int cmd, char room[TRACEE_WORDS]);
const char *tracee_word_open_flags(int flags, char room[TRACEE_WORDS]);
const char *tracee_word_epoll_op(int op, char room[TRACEE_WORDS]);
const char *tracee_word_epoll_events(uint32_t events, char room[TRACEE_WORDS]);
const char *tracee_word_epoll_flags(int flags, char room[TRACEE_WORDS]);
const char *tracee_word_splice_flags(unsigned flags, char room[TRACEE_WORDS]);

#endif
