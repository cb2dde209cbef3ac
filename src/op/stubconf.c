#include "op/stubconf.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/time.h"

#define CONF_MAX ((size_t)1024 * 1024) /* bytes of a resolv.conf */

unsigned fsk_stub_ports_max(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < 64)
        return 1;
    return limit.rlim_cur < 512 ? FSK_PORTS_FEW : FSK_PORTS_MAX / 2;
}

/* ---- the caller's words ---------------------------------------------------------------------- */

static enum fsock_err refuse(struct fsock_fault *fault, struct fsk_span entry, const char *why)
{
    return fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0, "name server \"%.*s\": %s",
                         (int)(entry.n < 200 ? entry.n : 200), entry.p, why);
}

/* One whose host is an IP address. FSOCK_AGAIN: it is a name. */
static enum fsock_err add_address(struct fsk_stub *stub, const struct fsk_nameserver_text *ns,
                                  struct fsk_span entry, struct fsock_fault *fault)
{
    struct fsk_addr addr;
    struct fsk_span zone;
    if (!fsk_addr_parse(ns->host, &addr, &zone))
        return FSOCK_AGAIN;
    if (zone.n && !addr.scope && !(addr.scope = fsk_sock_interface(zone)))
        return refuse(fault, entry, "there is no interface of that name here");
    addr.port = ns->port;
    if (!fsk_servers_add(&stub->servers, &addr, ns->transport, ns->verify))
        return fsk_fault_set(fault, FSOCK_ERR_MEMORY, FSOCK_STAGE_NONE, 0, "out of memory");
    return FSOCK_OK;
}

static enum fsock_err need_tls(struct fsk_stub *stub, const struct fsock_options *options,
                               struct fsock_fault *fault)
{
    if (!stub->channels.tls)
        stub->channels.tls = fsk_tls_config_new(options, FSK_SPAN(""), fault);
    return stub->channels.tls ? FSOCK_OK : fault->err;
}

enum fsock_err fsk_stub_add(struct fsk_stub *stub, const char *list,
                            const struct fsock_options *options,
                            enum fsock_err (*find)(void *arg, const struct fsk_nameserver_text *),
                            void *arg, struct fsock_fault *fault)
{
    for (const char *end; *list; list = *end ? end + 1 : end) {
        struct fsk_nameserver_text ns;
        end = list + strcspn(list, ",\n");
        struct fsk_span entry = fsk_span_trim(fsk_span(list, (size_t)(end - list)));
        const char *why = fsk_nameserver_parse(&ns, entry);
        if (why)
            return refuse(fault, entry, why);
        enum fsock_err err = FSOCK_OK;
        if (ns.transport == FSK_BY_TLS)
            err = need_tls(stub, options, fault);
        if (err == FSOCK_OK)
            err = add_address(stub, &ns, entry, fault);
        if (err == FSOCK_AGAIN && find)
            err = find(arg, &ns);
        else if (err == FSOCK_AGAIN)
            err = refuse(fault, entry,
                         "it is not an IP address, or one with a port (192.0.2.1:53, [::1]:53)");
        if (err != FSOCK_OK)
            return err;
    }
    if (!stub->servers.n)
        return fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0,
                             "the list of name servers is empty");
    return FSOCK_OK;
}

/* ---- resolv.conf ----------------------------------------------------------------------------- */

void fsk_stub_read_conf(struct fsk_resolvconf *conf, const char *path)
{
    struct fsk_buf file;
    char name[256];
    fsk_buf_init(&file, CONF_MAX);
    bool readable = fsk_buf_read_file(&file, path);
    fsk_resolvconf_parse(conf, readable ? fsk_buf_span(&file) : FSK_SPAN(""));
    fsk_buf_fini(&file);
    const char *domain = getenv("LOCALDOMAIN"), *options = getenv("RES_OPTIONS");
    if (domain)
        fsk_resolvconf_search(conf, fsk_span_str(domain));
    if (options)
        fsk_resolvconf_options(conf, fsk_span_str(options));
    if (!conf->has_search && gethostname(name, sizeof name - 1) == 0) {
        name[sizeof name - 1] = '\0';
        fsk_resolvconf_hostname(conf, fsk_span_str(name));
    }
}

bool fsk_stub_apply_conf(struct fsk_stub *stub, const struct fsk_resolvconf *conf)
{
    struct fsk_servers *servers = &stub->servers;
    servers->patience = conf->timeout * conf->attempts * FSOCK_SECOND;
    servers->try_max = fsk_time_min(FSK_QUERY_TRY_MAX, conf->timeout * FSOCK_SECOND);
    servers->rotate = conf->rotate;
    servers->use_tcp |= conf->use_vc;
    if (servers->n)
        return true;
    for (unsigned i = 0; i < conf->servers; i++) {
        struct fsk_addr addr = conf->server[i].addr;
        if (conf->server[i].zone[0])
            addr.scope = fsk_sock_interface(fsk_span_str(conf->server[i].zone));
        fsk_servers_add(servers, &addr, FSK_BY_UDP, fsk_span(NULL, 0));
    }
    return servers->n > 0;
}
