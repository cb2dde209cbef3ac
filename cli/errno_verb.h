/*
 * errno_verb.h - the verb `errno`. (Not errno.h, which would stand before the C library's.)
 */
#ifndef FSOCK_CLI_ERRNO_VERB_H
#define FSOCK_CLI_ERRNO_VERB_H

/* argv[0] is the verb. Returns the exit code. */
int errno_main(int argc, char **argv);

#endif
