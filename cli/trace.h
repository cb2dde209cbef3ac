/* trace.h - the verb `trace`: a trace shown, drawn or converted. */
#ifndef FSOCK_CLI_TRACE_H
#define FSOCK_CLI_TRACE_H

/* argv[0] is the verb. Returns the exit code. */
int trace_main(int argc, char **argv);

#endif
