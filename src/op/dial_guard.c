#include "op/dial_guard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fault.h"
#include "wire/addrkind.h"
#include "wire/hostlist.h"

/* ---- Reading the options --------------------------------------------------------------------- */

static enum fsock_err copy_list(char **copy, const char *list, const char *name,
                                struct fsock_fault *fault)
{
    struct fsk_span bad;
    if (!list)
        return FSOCK_OK;
    if (!fsk_hostlist_is_sound(fsk_span_str(list), &bad))
        return fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0,
                             "%s: \"%.*s\" is no host in ASCII, no address and no block of them",
                             name, bad.n < 80 ? (int)bad.n : 80, bad.p);
    *copy = strdup(list);
    return *copy ? FSOCK_OK
                 : fsk_fault_set(fault, FSOCK_ERR_MEMORY, FSOCK_STAGE_NONE, ENOMEM,
                                 "%s: out of memory", name);
}

enum fsock_err fsk_guard_init(struct fsk_guard *g, const struct fsock_options *o,
                              struct fsock_fault *fault)
{
    *g = (struct fsk_guard){.public_only = o->public_only != 0};
    enum fsock_err err = copy_list(&g->allow, o->allow_hosts, "the hosts allowed", fault);
    return err == FSOCK_OK ? copy_list(&g->deny, o->deny_hosts, "the hosts denied", fault) : err;
}

void fsk_guard_fini(struct fsk_guard *g)
{
    free(g->allow);
    free(g->deny);
    *g = (struct fsk_guard){.allow = NULL};
}

/* ---- Judging --------------------------------------------------------------------------------- */

/* Denied, as itself or as the IPv4 address inside. */
static bool is_denied(const struct fsk_guard *g, const struct fsk_addr *addr)
{
    struct fsk_addr inner;
    if (!g->deny)
        return false;
    struct fsk_span list = fsk_span_str(g->deny);
    return fsk_hostlist_has_addr(list, addr) ||
           (fsk_addr_embedded(addr, &inner) && fsk_hostlist_has_addr(list, &inner));
}

bool fsk_guard_addr(const struct fsk_guard *g, const struct fsk_addr *addr, char why[FSK_GUARD_WHY])
{
    char text[FSK_ADDR_TEXT];
    bool denied = is_denied(g, addr);
    const char *special = g->public_only ? fsk_addr_special(addr) : NULL;
    if (!denied && !special)
        return true;
    fsk_addr_format_port(addr, text);
    if (denied)
        snprintf(why, FSK_GUARD_WHY, "%s is among the hosts denied", text);
    else
        snprintf(why, FSK_GUARD_WHY, "%s is %s, and only public ones are allowed", text, special);
    return false;
}

/* A host that is an address is judged as one, too: nobody else may look at it, behind a proxy. */
static bool literal_fits(const struct fsk_guard *g, struct fsk_span host, uint16_t port,
                         char why[FSK_GUARD_WHY])
{
    struct fsk_addr addr;
    struct fsk_span zone;
    if (!fsk_addr_parse(host, &addr, &zone) &&
        !(fsk_addr_looks_numeric(host) && fsk_addr_parse_loose(host, &addr)))
        return true;
    addr.port = port;
    return fsk_guard_addr(g, &addr, why);
}

bool fsk_guard_host(const struct fsk_guard *g, struct fsk_span host, uint16_t port,
                    char why[FSK_GUARD_WHY])
{
    if (g->deny && fsk_hostlist_has(fsk_span_str(g->deny), host, port))
        snprintf(why, FSK_GUARD_WHY, "the host is among those denied");
    else if (g->allow && !fsk_hostlist_has(fsk_span_str(g->allow), host, port))
        snprintf(why, FSK_GUARD_WHY, "the host is not among those allowed");
    else
        return literal_fits(g, host, port, why);
    return false;
}
