#include "get_tally.h"

void tally_add(struct tally *t, const struct record *r)
{
    if (!r->response->head_len)
        return;
    t->last[record_verdict(r->response)]++;
    if (!r->again)
        return;
    t->first[r->cache_before]++;
    histogram_add(&t->times, r->time_before);
}

/* "4990 HIT, 10 MISS", those that there are. */
static void put_counts(struct out *o, const uint64_t *count)
{
    bool some = false;
    for (int i = 1; i <= FSK_CACHE_VERDICTS; i++) {
        int v = i % FSK_CACHE_VERDICTS; /* unknown ones last */
        if (!count[v])
            continue;
        out_str(o, some ? ", " : "");
        out_u64(o, count[v]);
        out_char(o, ' ');
        out_str(o, fsk_cache_verdict_name((enum fsk_cache_verdict)v));
        some = true;
    }
    out_str(o, some ? "" : "no answers");
}

void tally_print(const struct tally *t, struct out *o)
{
    out_str(o, "cache: ");
    put_counts(o, t->last);
    if (t->times.count) {
        out_str(o, "; before: ");
        put_counts(o, t->first);
        out_str(o, "\nbefore, ");
        histogram_print(&t->times, o);
    } else {
        out_char(o, '\n');
    }
    out_flush(o);
}
