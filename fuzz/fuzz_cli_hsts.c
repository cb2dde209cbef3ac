/*
 * Hosts that want https: the input is taken for the value of Strict-Transport-Security, and for a
 * line of the file of --hsts. Invariants: what was read and is written anew is read as the same;
 * whatever host a line names, it is taken and known then, or refused.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fsock.h>

#include "hsts_line.h"
#include "wire/hsts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void field(struct fsk_span text)
{
    struct fsk_hsts said, again;
    char anew[80];
    if (!fsk_hsts_parse(text, &said))
        return;
    assert(said.max_age >= 0 && said.max_age <= FSK_HSTS_AGE_MAX);
    snprintf(anew, sizeof anew, "max-age=%lld%s", (long long)said.max_age,
             said.subdomains ? ";includesubdomains" : "");
    bool good = fsk_hsts_parse(fsk_span_str(anew), &again);
    assert(good && again.max_age == said.max_age && again.subdomains == said.subdomains);
}

static void put(const struct hsts_line *line)
{
    fsock_hsts *hsts = fsock_hsts_new();
    int64_t expires;
    int subdomains;
    if (!hsts)
        abort();
    bool good = fsock_hsts_put(hsts, line->host, INT64_MAX, line->subdomains) == FSOCK_OK;
    fsock_hsts_hosts *all = fsock_hsts_known(hsts);
    const char *host = fsock_hsts_next(all, &expires, &subdomains);
    assert(good == (host != NULL));
    assert(!host || (expires == INT64_MAX && subdomains == line->subdomains));
    fsock_hsts_hosts_free(all);
    fsock_hsts_free(hsts);
}

static void line_of_file(struct fsk_span text)
{
    struct hsts_line line, again;
    struct fsk_buf anew;
    static struct out out;
    if (hsts_line_read(text, &line) != HSTS_LINE_ONE)
        return;
    fsk_buf_init(&anew, 1024);
    out_init_buf(&out, &anew);
    hsts_line_write(&out, line.host, line.expires, line.subdomains);
    out_flush(&out);
    assert(!out.sys_errno);
    out_fini(&out);
    struct fsk_span written = fsk_buf_span(&anew);
    assert(hsts_line_read(fsk_span(written.p, written.n - 1), &again) == HSTS_LINE_ONE);
    assert(strcmp(line.host, again.host) == 0 && line.expires == again.expires);
    assert(line.subdomains == again.subdomains);
    fsk_buf_fini(&anew);
    put(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size + !size); /* of just this size, so that asan sees each step over */
    if (!copy)
        return 0;
    memcpy(copy, data, size);
    field(fsk_span(copy, size));
    if (!memchr(copy, '\n', size))
        line_of_file(fsk_span(copy, size));
    free(copy);
    return 0;
}
