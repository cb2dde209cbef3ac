#include "shard.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/digits.h"
#include "base/fnv.h"
#include "wire/addr.h"
#include "wire/idn.h"
#include "wire/site.h"
#include "wire/url.h"

/* ---- A URL's site ---------------------------------------------------------------------------- */

/* An address in its one form; false: it is a name. */
static bool address(struct fsk_span host, char out[FSK_ADDR_TEXT])
{
    struct fsk_addr addr;
    struct fsk_span zone;
    if (!fsk_addr_parse(host, &addr, &zone) &&
        !(fsk_addr_looks_numeric(host) && fsk_addr_parse_loose(host, &addr)))
        return false;
    addr.scope = 0;
    fsk_addr_format(&addr, out);
    return true;
}

/* The name in ASCII, without dots at its end. Empty: it is no possible name. */
static struct fsk_span name_of(struct fsk_span host, char out[FSK_IDN_MAX])
{
    const char *why;
    size_t n = fsk_idn_to_ascii(host, out, FSK_IDN_MAX, &why);
    for (size_t i = 0; i < n; i++)
        out[i] = fsk_lower(out[i]);
    while (n && out[n - 1] == '.')
        n--;
    return fsk_span(out, n);
}

uint64_t shard_hash(struct fsk_span text)
{
    struct fsk_url url;
    char ip[FSK_ADDR_TEXT], ascii[FSK_IDN_MAX];
    if (fsk_url_parse(text, true, &url, NULL) != FSK_URL_OK)
        return fsk_fnv(FSK_FNV_START, text);
    if (address(url.host, ip))
        return fsk_fnv(FSK_FNV_START, fsk_span_str(ip));
    struct fsk_span name = name_of(url.host, ascii);
    return fsk_fnv(FSK_FNV_START, name.n ? fsk_site_of(name) : text);
}

bool shard_has(const struct shard *s, struct fsk_span url)
{
    if (s->count < 2)
        return true;
    uint64_t hash = shard_hash(url);
    return (uint32_t)(hash >> 32 ^ hash) % s->count == s->index - 1;
}

/* ---- Which one we are ------------------------------------------------------------------------ */

/* A variable that holds a number; false: it is not there, or holds something else. */
static bool number_in(const char *name, uint64_t *value)
{
    const char *text = getenv(name);
    return text && fsk_decimal_parse(fsk_span_str(text), UINT32_MAX, value);
}

/* One task of a Slurm job array: "--array=0-7", "--array=1-15:2". False: `why`. */
static bool from_slurm(struct shard *s, uint64_t id, uint64_t asked, char *why, size_t cap)
{
    uint64_t min, max, count, step;
    if (!number_in("SLURM_ARRAY_TASK_STEP", &step) || !step)
        step = 1;
    if (!number_in("SLURM_ARRAY_TASK_MIN", &min) || !number_in("SLURM_ARRAY_TASK_COUNT", &count) ||
        !number_in("SLURM_ARRAY_TASK_MAX", &max)) {
        snprintf(why, cap,
                 "--shard auto: SLURM_ARRAY_TASK_ID is set, but _MIN, _MAX or _COUNT isn't");
        return false;
    }
    if (id < min || id > max || (max - min) / step + 1 != count || (id - min) % step != 0 ||
        count > SHARDS_MAX) {
        snprintf(why, cap, "--shard auto: the job array has gaps, or too many tasks; say I/N");
        return false;
    }
    if (asked && asked != count) {
        snprintf(why, cap, "--shard auto/%llu: the job array has %llu tasks",
                 (unsigned long long)asked, (unsigned long long)count);
        return false;
    }
    *s = (struct shard){.index = (uint32_t)((id - min) / step) + 1, .count = (uint32_t)count};
    return true;
}

/* `asked`: the N of "auto/N", or 0. */
static bool from_environment(struct shard *s, uint64_t asked, char *why, size_t cap)
{
    uint64_t id;
    if (number_in("SLURM_ARRAY_TASK_ID", &id))
        return from_slurm(s, id, asked, why, cap);
    if (!number_in("JOB_COMPLETION_INDEX", &id)) {
        snprintf(why, cap,
                 "--shard auto: neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX is "
                 "a number");
        return false;
    }
    if (!asked) {
        snprintf(why, cap,
                 "--shard auto: JOB_COMPLETION_INDEX doesn't tell of how many; say "
                 "auto/N");
        return false;
    }
    if (id >= asked) {
        snprintf(why, cap, "--shard auto/%llu: JOB_COMPLETION_INDEX is %llu, and counts from 0",
                 (unsigned long long)asked, (unsigned long long)id);
        return false;
    }
    *s = (struct shard){.index = (uint32_t)id + 1, .count = (uint32_t)asked};
    return true;
}

bool shard_parse(struct shard *s, const char *text, char *why, size_t cap)
{
    uint64_t index = 0, count = 0;
    struct fsk_span which = fsk_span(text, strcspn(text, "/"));
    bool slash = text[which.n] == '/', automatic = fsk_span_eq(which, FSK_SPAN("auto"));
    *s = (struct shard){.count = 0};
    bool good =
        slash ? fsk_decimal_parse(fsk_span_str(text + which.n + 1), SHARDS_MAX, &count) : automatic;
    if (slash && !count)
        good = false;
    if (good && automatic)
        return from_environment(s, count, why, cap);
    if (!good || !fsk_decimal_parse(which, UINT32_MAX, &index)) {
        snprintf(why, cap, "--shard takes I/N, N up to %d, or auto, or auto/N", SHARDS_MAX);
        return false;
    }
    if (index < 1 || index > count) {
        snprintf(why, cap, "--shard %s: shards are counted from 1: 1/%llu to %llu/%llu", text,
                 (unsigned long long)count, (unsigned long long)count, (unsigned long long)count);
        return false;
    }
    *s = (struct shard){.index = (uint32_t)index, .count = (uint32_t)count};
    return true;
}
