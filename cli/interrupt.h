/*
 * interrupt.h - Ctrl-C and SIGTERM: the first is news on a descriptor, the second ends the program.
 *
 * A handler and a pipe rather than a signalfd, so that the second signal works even while a write
 * to a stuck standard output blocks. A signal that was ignored when we were started stays ignored.
 */
#ifndef FSOCK_CLI_INTERRUPT_H
#define FSOCK_CLI_INTERRUPT_H

/* Catch both signals, and ignore SIGPIPE. Returns a descriptor that becomes readable; -1: failed.
 */
int interrupt_catch(void);

/* After that: catch this one, too. */
void interrupt_catch_too(int number);

/* The signal that came first; 0: none yet. For any thread. */
int interrupt_signal(void);

#endif
