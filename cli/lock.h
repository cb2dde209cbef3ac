/*
 * lock.h - a file that one run has at a time (flock).
 *
 * The lock goes with the descriptor: whatever ends a run, nothing is left behind that would have
 * to be removed.
 */
#ifndef FSOCK_CLI_LOCK_H
#define FSOCK_CLI_LOCK_H

/*
 * Open the file, which is made if it isn't there, and lock it. `flags` are open(2)'s. Returns the
 * descriptor; -1 with errno, which is EWOULDBLOCK if another run has it. It is the file that has
 * the name now, not one that was replaced meanwhile.
 */
int lock_open(const char *name, int flags);

#endif
