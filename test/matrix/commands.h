/*
 * commands.h - the driver of `fsock talk`: each cell is a process of its own, as a shell would
 * start it. The program's path comes from the environment variable FSOCK.
 *
 * The cell's url is the command line behind "talk": words with blanks between them, nothing is
 * quoted. Its `which` says what limits it: -m (TOTAL), -w (CONNECT while it opens, READ for
 * silence), or `limit` in a script (OWN); on the command line it is 0.7. The exit code has to be
 * 28, and what is said has to name the option that raises this limit. Silence is measured from when
 * something was opened, which -v says then; all else from the start of the process.
 */
#ifndef MATRIX_COMMANDS_H
#define MATRIX_COMMANDS_H

#include "measure.h"

void run_talk(const unsigned *which, unsigned n, struct outcome *outcomes);

#endif
