#include "histogram.h"

#include "base/time.h"

/* 16 buckets per power of two; below 16 us each microsecond has its own. */
static unsigned bucket_of(fsock_time ns)
{
    uint64_t us = (uint64_t)ns / 1000;
    unsigned shift = 0;
    while (us >> shift >= 32)
        shift++;
    unsigned i = shift * 16 + (unsigned)(us >> shift);
    return i < HISTOGRAM_BUCKETS ? i : HISTOGRAM_BUCKETS - 1;
}

/* The longest time that falls into the bucket. */
static fsock_time bucket_end(unsigned i)
{
    unsigned shift = i < 32 ? 0 : i / 16 - 1;
    uint64_t us = ((uint64_t)(i - shift * 16 + 1) << shift) - 1;
    return (fsock_time)us * 1000;
}

void histogram_add(struct histogram *h, fsock_time took)
{
    took = took > 0 ? took : 0;
    h->count++;
    h->bucket[bucket_of(took)]++;
    h->longest = took > h->longest ? took : h->longest;
}

fsock_time histogram_percentile(const struct histogram *h, unsigned percent)
{
    uint64_t want = (h->count * percent + 99) / 100, seen = 0;
    for (unsigned i = 0; h->count && i < HISTOGRAM_BUCKETS; i++) {
        seen += h->bucket[i];
        if (seen >= want)
            return fsk_time_min(bucket_end(i), h->longest);
    }
    return 0;
}

void histogram_print(const struct histogram *h, struct out *o)
{
    static const unsigned percents[] = {50, 95, 99};
    if (!h->count)
        return;
    for (size_t i = 0; i < sizeof percents / sizeof *percents; i++) {
        out_str(o, i ? ", p" : "times: p");
        out_u64(o, percents[i]);
        out_char(o, ' ');
        out_interval(o, histogram_percentile(h, percents[i]));
    }
    out_char(o, '\n');
}

void rate_print(uint64_t count, fsock_time took, struct out *o)
{
    double rate = (double)count / ((double)(took > 0 ? took : 1) / 1e9);
    out_u64(o, (uint64_t)rate);
    if (rate < 100) {
        out_char(o, '.');
        out_u64(o, (uint64_t)(rate * 10) % 10);
    }
    out_str(o, "/s");
}
