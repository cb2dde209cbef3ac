#include "summary.h"

#include <string.h>

enum { SHOWN_HOSTS = 3 };

void summary_init(struct summary *s, fsock_time now)
{
    memset(s, 0, sizeof *s);
    s->started = now;
}

static void count_class(struct summary *s, const char *name)
{
    for (unsigned i = 0; i < SUMMARY_CLASSES; i++) {
        if (!s->classes[i].name)
            s->classes[i].name = name;
        if (strcmp(s->classes[i].name, name) == 0) {
            s->classes[i].count++;
            return;
        }
    }
}

/* The host's counter; if all are taken, that of the host with the least time. */
static struct summary_host *host_counter(struct summary *s, struct fsk_span name)
{
    struct summary_host *least = &s->host[0];
    for (unsigned i = 0; i < s->hosts; i++) {
        struct summary_host *h = &s->host[i];
        if (fsk_span_eq(fsk_span(h->name, h->len), name))
            return h;
        if (h->sum < least->sum)
            least = h;
    }
    if (s->hosts < SUMMARY_HOSTS)
        least = &s->host[s->hosts++];
    memcpy(least->name, name.p, name.n);
    least->len = name.n;
    least->count = 0;
    return least;
}

void summary_add(struct summary *s, const struct summary_entry *entry)
{
    fsock_time took = entry->took > 0 ? entry->took : 0;
    struct fsk_span host = entry->host;
    if (entry->failure) {
        s->failed++;
        count_class(s, entry->failure);
    } else {
        s->fine++;
    }
    s->bytes += entry->bytes;
    s->retries += entry->retries;
    histogram_add(&s->times, took);
    if (!host.n || !took)
        return;
    if (host.n > SUMMARY_NAME)
        host.n = SUMMARY_NAME;
    struct summary_host *h = host_counter(s, host);
    h->count++;
    h->sum = took > INT64_MAX - h->sum ? INT64_MAX : h->sum + took;
}

void summary_skip(struct summary *s, const char *why, uint64_t count)
{
    for (unsigned i = 0; i < SUMMARY_SKIPS; i++) {
        if (!s->skips[i].name)
            s->skips[i].name = why;
        if (strcmp(s->skips[i].name, why) == 0) {
            s->skips[i].count += count;
            return;
        }
    }
}

static void put_failures(const struct summary *s, struct out *o)
{
    for (unsigned i = 0; i < SUMMARY_CLASSES && s->classes[i].name; i++) {
        out_str(o, i ? ", " : " (");
        out_str(o, s->classes[i].name);
        out_char(o, ' ');
        out_u64(o, s->classes[i].count);
    }
    out_str(o, s->failed ? ")" : "");
}

static void put_skips(const struct summary *s, struct out *o)
{
    for (unsigned i = 0; i < SUMMARY_SKIPS && s->skips[i].name; i++) {
        out_str(o, i ? ", " : "passed over: ");
        out_u64(o, s->skips[i].count);
        out_char(o, ' ');
        out_str(o, s->skips[i].name);
    }
    if (s->skips[0].name)
        out_char(o, '\n');
}

static void put_hosts(const struct summary *s, struct out *o)
{
    bool shown[SUMMARY_HOSTS] = {false};
    for (unsigned n = 0; n < SHOWN_HOSTS && n < s->hosts; n++) {
        unsigned most = SUMMARY_HOSTS;
        for (unsigned i = 0; i < s->hosts; i++)
            if (!shown[i] && (most == SUMMARY_HOSTS || s->host[i].sum > s->host[most].sum))
                most = i;
        shown[most] = true;
        const struct summary_host *h = &s->host[most];
        out_str(o, n ? ", " : "slowest hosts: ");
        out_text(o, fsk_span(h->name, h->len));
        out_char(o, ' ');
        out_interval(o, h->sum / (fsock_time)h->count);
        out_str(o, " x ");
        out_u64(o, h->count);
    }
    out_char(o, '\n');
}

void summary_print(const struct summary *s, struct out *o, fsock_time now)
{
    fsock_time took = now > s->started ? now - s->started : 1;
    out_u64(o, s->fine);
    out_str(o, " ok, ");
    out_u64(o, s->failed);
    out_str(o, " failed");
    put_failures(s, o);
    out_str(o, "; ");
    out_size(o, s->bytes);
    out_str(o, " in ");
    out_interval(o, took);
    out_str(o, ", ");
    rate_print(s->fine + s->failed, took, o);
    if (s->retries) {
        out_str(o, ", ");
        out_u64(o, s->retries);
        out_str(o, s->retries == 1 ? " retry" : " retries");
    }
    out_char(o, '\n');
    put_skips(s, o);
    histogram_print(&s->times, o);
    if (s->hosts > 1)
        put_hosts(s, o);
    out_flush(o);
}
