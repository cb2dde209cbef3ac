#include "dns_summary.h"

enum { SHOWN_SERVERS = 3 };

static void put_count(struct out *o, const char *before, uint64_t count, const char *what)
{
    out_str(o, before);
    out_u64(o, count);
    out_str(o, what);
}

/* Which of two servers is the worse one: it lost a larger part of what it was asked. */
static bool worse(const struct fsock_dns_server *a, const struct fsock_dns_server *b)
{
    double lost_a = (double)a->lost / (double)(a->asked + 1);
    double lost_b = (double)b->lost / (double)(b->asked + 1);
    return lost_a > lost_b || (lost_a == lost_b && a->srtt > b->srtt);
}

/* Put a server among the worst so far, which stay sorted. */
static void rank(struct fsock_dns_server worst[SHOWN_SERVERS], unsigned *n,
                 const struct fsock_dns_server *s)
{
    unsigned at = *n;
    while (at && worse(s, &worst[at - 1]))
        at--;
    if (at == SHOWN_SERVERS)
        return;
    *n += *n < SHOWN_SERVERS;
    for (unsigned i = *n - 1; i > at; i--)
        worst[i] = worst[i - 1];
    worst[at] = *s;
}

static void put_servers(const fsock_dns *dns, struct out *o)
{
    struct fsock_dns_server worst[SHOWN_SERVERS], s;
    unsigned n = 0;
    size_t all = 0;
    while (fsock_dns_server(dns, all, &s)) {
        all++;
        if (s.asked)
            rank(worst, &n, &s);
    }
    for (unsigned i = 0; i < n; i++) {
        out_str(o, i ? "; " : all > 1 ? "worst servers: " : "server: ");
        out_str(o, worst[i].name);
        put_count(o, " asked ", worst[i].asked, "");
        put_count(o, ", lost ", worst[i].lost, "");
        if (worst[i].srtt) {
            out_str(o, ", ");
            out_interval(o, worst[i].srtt);
        } else if (!worst[i].answered) { /* by TCP round trips aren't measured */
            out_str(o, ", no answer");
        }
    }
    if (n)
        out_char(o, '\n');
}

void dns_summary_print(const struct dns_counts *c, const fsock_dns *dns, struct out *o,
                       fsock_time took)
{
    for (unsigned i = 0; i < DNS_STATUSES && c->status[i].count; i++) {
        put_count(o, i ? ", " : "", c->status[i].count, " ");
        out_str(o, c->status[i].name);
    }
    put_count(o, c->status[0].count ? "; " : "", c->fine + c->failed, " in ");
    out_interval(o, took);
    out_str(o, ", ");
    rate_print(c->answered, took, o);
    put_count(o, ", ", c->retries, c->retries == 1 ? " retry" : " retries");
    if (fsock_dns_dropped(dns))
        put_count(o, ", ", fsock_dns_dropped(dns), " answers to nothing dropped");
    out_char(o, '\n');
    histogram_print(&c->times, o);
    put_servers(dns, o);
    out_flush(o);
}
