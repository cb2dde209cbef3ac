/*
 * stubconf.h - which name servers a stub asks, and how: from the caller's words or resolv.conf.
 */
#ifndef FSK_STUBCONF_H
#define FSK_STUBCONF_H

#include "op/query.h"
#include "wire/nameserver.h"
#include "wire/resolvconf.h"

/* Sockets for each family: one, where descriptors are few. */
unsigned fsk_stub_ports_max(void);

/*
 * Add the servers of a list parted by commas or newlines (wire/nameserver.h). Those named by a host
 * name go to `find`, which puts them in, or sets the fault; NULL: they are refused. TLS is set up
 * as the options say, if any server needs it. FSOCK_OK, FSOCK_ERR_INPUT, FSOCK_ERR_MEMORY or what
 * `find` returned, with the fault filled in.
 */
enum fsock_err fsk_stub_add(struct fsk_stub *stub, const char *list,
                            const struct fsock_options *options,
                            enum fsock_err (*find)(void *arg, const struct fsk_nameserver_text *),
                            void *arg, struct fsock_fault *fault);

/* Read resolv.conf (a file that can't be read is an empty one) and what the environment adds. */
void fsk_stub_read_conf(struct fsk_resolvconf *conf, const char *path);

/* Ask as it says; put its servers in, unless there are some. False: out of memory, there is none.
 */
bool fsk_stub_apply_conf(struct fsk_stub *stub, const struct fsk_resolvconf *conf);

#endif
