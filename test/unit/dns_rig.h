/*
 * dns_rig.h - the public calls for DNS, against servers of dns_server.h. Include it after
 * <cmocka.h>.
 */
#ifndef FSK_TEST_DNS_RIG_H
#define FSK_TEST_DNS_RIG_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>

#include <fsock.h>

#include "dns_server.h"

#define MS FSOCK_MILLISECOND

struct dns_rig {
    struct dns_server server[2];
    unsigned n_servers;
    struct fsock_options options;
    struct fsock_dns_options how;
    char servers[128], empty[32];
    struct fsock_answer *answer; /* of the last lookup */
    unsigned fds;
};

static struct dns_rig rig;

static inline unsigned open_fds(void)
{
    unsigned n = 0;
    DIR *d = opendir("/proc/self/fd");
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

static inline int rig_setup(void **state)
{
    (void)state;
    unsetenv("LOCALDOMAIN");
    unsetenv("RES_OPTIONS");
    rig = (struct dns_rig){.fds = open_fds()};
    strcpy(rig.empty, "/tmp/fsock-test-XXXXXX");
    close(mkstemp(rig.empty));
    fsock_options_init(&rig.options);
    fsock_dns_options_init(&rig.how);
    rig.options.dns_servers = rig.servers;
    rig.options.resolv_conf = rig.options.hosts = rig.empty;
    return 0;
}

static inline int rig_teardown(void **state)
{
    (void)state;
    fsock_answer_free(rig.answer);
    for (unsigned i = 0; i < rig.n_servers; i++)
        dns_stop(&rig.server[i]);
    unlink(rig.empty);
    return open_fds() == rig.fds ? 0 : -1;
}

/* One more server, which will be asked. */
static inline struct dns_server *rig_serve(enum dns_manner manner)
{
    struct dns_server *s = &rig.server[rig.n_servers++];
    size_t n = strlen(rig.servers);
    dns_start(s, manner);
    snprintf(rig.servers + n, sizeof rig.servers - n, "%s127.0.0.1:%u", n ? "," : "", s->port);
    return s;
}

/* Look one name up, within `limit`. */
static inline enum fsock_err rig_look(const char *name, unsigned type, fsock_time limit)
{
    fsock_answer_free(rig.answer);
    enum fsock_err err =
        fsock_lookup(&rig.answer, name, type, &rig.options, &rig.how, fsock_now() + limit);
    assert_non_null(rig.answer);
    if (rig.answer->fault) {
        assert_int_equal(rig.answer->fault->err, err);
        assert_true(rig.answer->fault->text[0] != '\0');
    }
    return err;
}

static inline fsock_dns *rig_new(void)
{
    struct fsock_fault fault;
    fsock_dns *d = fsock_dns_new(&rig.options, &rig.how, fsock_after(5), &fault);
    if (!d)
        fail_msg("%s", fault.text);
    return d;
}

/* The n-th record of the last lookup is this one. */
static inline void rig_record(unsigned n, const char *name, const char *type, uint32_t ttl,
                              const char *data)
{
    assert_true(n < rig.answer->count);
    const struct fsock_record *r = &rig.answer->records[n];
    assert_string_equal(r->name, name);
    assert_string_equal(r->type_name, type);
    assert_int_equal(r->type, fsock_dns_type(type, strlen(type)));
    assert_int_equal(r->ttl, ttl);
    assert_string_equal(r->data, data);
    assert_int_equal(r->data_len, strlen(data));
}

/* ---- more that a twist can do ---- */

/* Append a record of any owner to the answer section. */
static inline void rig_add(struct dns_reply *r, const char *owner, unsigned type, unsigned class,
                           unsigned ttl, const void *data, size_t n)
{
    r->end += dns_name(r->end, owner);
    r->end = dns_put16(dns_put16(r->end, type), class);
    r->end = dns_put16(dns_put16(dns_put16(r->end, 0), ttl), (unsigned)n);
    memcpy(r->end, data, n);
    r->end += n;
    r->answers++;
}

static inline void rig_add_name(struct dns_reply *r, const char *owner, unsigned type, unsigned ttl,
                                const char *target)
{
    uint8_t wire[256];
    rig_add(r, owner, type, 1, ttl, wire, dns_name(wire, target));
}

static inline void rig_add_a(struct dns_reply *r, const char *owner, unsigned ttl, uint8_t last)
{
    rig_add(r, owner, 1, 1, ttl, (uint8_t[]){192, 0, 2, last}, 4);
}

/* Begin the answer anew. */
static inline void rig_clear(struct dns_reply *r)
{
    r->end = r->at;
    r->answers = r->authorities = 0;
    r->flags = 0x8180;
    r->mute = false;
}

#endif
