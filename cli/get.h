/*
 * get.h - the verb `get`. get.c is where to begin; nothing of the verb includes this header.
 */
#ifndef FSOCK_CLI_GET_H
#define FSOCK_CLI_GET_H

/* argv[0] is the verb. Returns the exit code. */
int get_main(int argc, char **argv);

#endif
