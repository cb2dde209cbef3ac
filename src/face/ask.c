#include "face/ask.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/fault.h"
#include "base/time.h"
#include "base/trace.h"
#include "drive/run.h"
#include "op/resolve.h"
#include "op/stubconf.h"
#include "wire/idn.h"

#define NAME_MAX_GIVEN ((size_t)4096) /* bytes; the longest name, all of it escaped, has 1004 */

#define LINGER (100 * FSOCK_MILLISECOND) /* more questions are on their way to the ports */

enum { AXFR = 252, IXFR = 251 };

/* ---- servers --------------------------------------------------------------------------------- */

/* Looks up the names of name servers. */
struct finder {
    struct fsk_stub *stub;
    const struct fsock_options *options;
    struct fsock_fault *fault;
    fsock_time deadline;
};

static enum fsock_err find_with(struct finder *f, struct fsk_run *run,
                                struct fsk_resolver *resolver, const struct fsk_nameserver_text *ns)
{
    struct fsk_resolve r;
    fsk_resolve_init(&r, resolver, ns->host, ns->port, f->options->family, f->deadline, f->fault);
    enum fsock_err err = fsk_run(run, &r.op);
    struct fsk_span verify = ns->verify.n ? ns->verify : ns->host;
    if (err == FSOCK_OK && !fsk_servers_add(&f->stub->servers, &r.addr[0], ns->transport, verify))
        err = FSOCK_ERR_MEMORY;
    fsk_resolve_fini(&r);
    if (err != FSOCK_OK)
        fsk_fault_set(f->fault, err, FSOCK_STAGE_RESOLVE, 0, "out of memory");
    return err;
}

/* As fsk_stub_add() wants it. The system's own servers are asked for the names. */
static enum fsock_err find(void *arg, const struct fsk_nameserver_text *ns)
{
    struct finder *f = arg;
    struct fsock_options system = *f->options;
    struct fsk_run run;
    system.dns_servers = NULL;
    if (!fsk_run_init(&run, f->options->trace))
        return fsk_fault_set(f->fault, FSOCK_ERR_MEMORY, FSOCK_STAGE_NONE, 0, "out of memory");
    struct fsk_resolver *resolver = fsk_resolver_new(&system, &run.sched.driver, f->fault);
    enum fsock_err err = resolver ? find_with(f, &run, resolver, ns) : f->fault->err;
    fsk_resolver_free(resolver);
    fsk_run_fini(&run);
    return err;
}

static int64_t interval_of(uint32_t rate)
{
    return rate ? FSOCK_SECOND / rate + (FSOCK_SECOND % rate != 0) : 0;
}

enum fsock_err fsk_dns_setup_init(struct fsk_dns_setup *setup, struct fsk_driver *driver,
                                  const struct fsock_options *options,
                                  const struct fsock_dns_options *how, fsock_time deadline,
                                  struct fsock_fault *fault)
{
    struct fsk_stub *stub = &setup->stub;
    struct fsk_servers *servers = &stub->servers;
    struct fsk_resolvconf conf;
    struct finder finder = {stub, options, fault, deadline};
    enum fsock_err err = FSOCK_OK;
    setup->how = *how;
    setup->own_servers = options->dns_servers != NULL;
    fsk_stub_init(stub, driver, fsk_stub_ports_max());
    stub->ports.linger = LINGER;
    if (how->race > FSK_QUERY_SLOTS)
        return fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0,
                             "race: at most %d servers can be asked side by side", FSK_QUERY_SLOTS);
    servers->server_interval = interval_of(how->server_rate);
    fsk_stub_read_conf(&conf, options->resolv_conf ? options->resolv_conf : "/etc/resolv.conf");
    if (options->dns_servers)
        err = fsk_stub_add(stub, options->dns_servers, options, find, &finder, fault);
    if (!fsk_stub_apply_conf(stub, &conf) && err == FSOCK_OK)
        err = fsk_fault_set(fault, FSOCK_ERR_MEMORY, FSOCK_STAGE_NONE, 0, "out of memory");
    servers->rotate |= setup->own_servers;
    servers->try_max = FSK_QUERY_TRY_MAX;
    servers->use_tcp |= how->tcp;
    servers->no_recursion = how->no_recursion;
    servers->race = how->race;
    servers->rate =
        (struct fsk_pace){.interval = (double)interval_of(how->rate), .slack = FSOCK_MILLISECOND};
    return err;
}

void fsk_dns_setup_fini(struct fsk_dns_setup *setup)
{
    fsk_stub_fini(&setup->stub);
}

/* ---- the question ---------------------------------------------------------------------------- */

void fsk_ask_init(struct fsk_ask *ask)
{
    ask->query = (struct fsk_query){.stub = NULL};
    fsk_buf_init(&ask->kept, FSK_QUERY_KEPT);
    fsk_buf_init(&ask->given, NAME_MAX_GIVEN);
}

void fsk_ask_fini(struct fsk_ask *ask)
{
    fsk_query_fini(&ask->query);
    fsk_buf_fini(&ask->kept);
    fsk_buf_fini(&ask->given);
}

static enum fsock_err refuse(struct fsock_fault *fault, struct fsk_span name, const char *why)
{
    char shown[204];
    size_t n = name.n < 200 ? name.n : 200;
    for (size_t i = 0; i < n; i++)
        shown[i] = (unsigned char)name.p[i] < ' ' || name.p[i] == 0x7f ? '?' : name.p[i];
    snprintf(shown + n, 4, "%s", n < name.n ? "..." : "");
    return fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0, "\"%s\": %s", shown, why);
}

/* The IPv4 address that an IPv4-mapped one stands for. */
static void unmap(struct fsk_addr *a)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (a->family != 6 || memcmp(a->ip, mapped, sizeof mapped) != 0)
        return;
    struct fsk_addr four = {.family = 4};
    memcpy(four.ip, a->ip + 12, 4);
    *a = four;
}

/* The name as it goes into DNS. NULL, or why there is none. */
static const char *name_of(struct fsk_dname *qname, struct fsk_span name)
{
    char ascii[FSK_DNAME_TEXT];
    const char *why = NULL;
    if (fsk_idn_needed(name)) {
        name.n = fsk_idn_to_ascii(name, ascii, sizeof ascii, &why);
        name.p = ascii;
    }
    if (why)
        return why;
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] <= ' ' || name.p[i] == 0x7f)
            return "a name holds no blanks or control characters (written \\032 they may be)";
    enum fsk_dname_err err = fsk_dname_from_text(qname, name);
    return err == FSK_DNAME_OK ? NULL : fsk_dname_strerror(err);
}

/* What is to be asked for. NULL, or why it can't be. */
static const char *parse(struct fsk_ask *ask, struct fsk_span name, unsigned type)
{
    struct fsk_addr addr;
    struct fsk_span zone;
    if (type > 0xffff)
        return "there is no such type";
    if (type == AXFR || type == IXFR || type == FSK_DNS_OPT)
        return "AXFR, IXFR and OPT are no types of records";
    if ((type == 0 || type == FSK_DNS_PTR) && fsk_addr_parse(name, &addr, &zone)) {
        unmap(&addr);
        ask->type = FSK_DNS_PTR;
        fsk_dns_reverse(&ask->qname, &addr);
        return NULL;
    }
    ask->type = (uint16_t)(type ? type : FSK_DNS_A);
    return name_of(&ask->qname, name);
}

enum fsock_err fsk_ask_set(struct fsk_ask *ask, const char *name, size_t len, unsigned type,
                           struct fsock_fault *fault)
{
    struct fsk_span given = fsk_span(name, len);
    const char *why = len <= NAME_MAX_GIVEN / 2 ? parse(ask, given, type) : "it is far too long";
    if (why)
        return refuse(fault, given, why);
    fsk_buf_clear(&ask->kept);
    fsk_buf_clear(&ask->given);
    if (fsk_buf_append(&ask->given, name, len) != FSOCK_OK ||
        fsk_buf_terminate(&ask->given) != FSOCK_OK)
        return fsk_fault_set(fault, FSOCK_ERR_MEMORY, FSOCK_STAGE_NONE, 0, "out of memory");
    return FSOCK_OK;
}

static void mark_start(const struct fsk_ask *ask, fsock_trace *trace, uint64_t id)
{
    char name[FSK_DNAME_TEXT], type[FSK_DNS_WORD];
    fsk_dname_to_text(&ask->qname, name);
    fsk_mark(trace, FSOCK_MARK_START, id, -1, 0, 0, fsk_text("name", name),
             fsk_text("type", fsk_dns_type_name(ask->type, type)));
}

void fsk_ask_begin(struct fsk_ask *ask, struct fsk_dns_setup *setup, uint64_t id, fsock_time until)
{
    fsock_trace *trace = setup->stub.servers.driver->trace;
    if (trace)
        mark_start(ask, trace, id);
    fsk_query_init(&ask->query, &setup->stub, &ask->qname, ask->type, until);
    ask->query.kept = &ask->kept;
    ask->query.op.id = id;
}
