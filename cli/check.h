/* check.h - the verb `check`. */
#ifndef FSOCK_CLI_CHECK_H
#define FSOCK_CLI_CHECK_H

/* argv[0] is "check". Returns the exit code. */
int check_main(int argc, char **argv);

#endif
