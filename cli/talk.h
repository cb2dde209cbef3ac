/*
 * talk.h - the verb `talk`: open a socket to anything, and talk.
 */
#ifndef FSOCK_CLI_TALK_H
#define FSOCK_CLI_TALK_H

/* argv[0] is the verb. Returns the exit code. */
int talk_main(int argc, char **argv);

#endif
