/*
 * dns.h - the verb `dns`. dns.c is where to begin; nothing of the verb includes this header.
 */
#ifndef FSOCK_CLI_DNS_H
#define FSOCK_CLI_DNS_H

/* argv[0] is the verb. Returns the exit code. */
int dns_main(int argc, char **argv);

#endif
