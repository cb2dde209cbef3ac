/*
 * sockwords.h - the numbers of socket calls in words, for traces: "SOCK_STREAM|SOCK_CLOEXEC".
 *
 * What has no word is given as a number, in hex where it is a set of flags.
 */
#ifndef FSK_SOCKWORDS_H
#define FSK_SOCKWORDS_H

#define FSK_WORDS 192 /* room for any of them, all flags set, with its NUL */

/* Each returns `room`, or a word that lives for ever. */
const char *fsk_word_family(int family, char room[FSK_WORDS]);
const char *fsk_word_socket_type(int type, char room[FSK_WORDS]);
const char *fsk_word_protocol(int family, int protocol, char room[FSK_WORDS]);
const char *fsk_word_message_flags(int flags, char room[FSK_WORDS]);
const char *fsk_word_level(int level, char room[FSK_WORDS]);
const char *fsk_word_option(int level, int option, char room[FSK_WORDS]);
const char *fsk_word_shut(int how, char room[FSK_WORDS]);

#endif
