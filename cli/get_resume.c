#include "get_resume.h"

#include <stdio.h>
#include <stdlib.h>

struct resumption *resumption_new(const struct sink *sink, const char *url,
                                  const struct fsock_request *usual)
{
    struct resumption *r = malloc(sizeof *r);
    if (!r || !sink_rest(sink, url, &r->rest)) {
        free(r);
        return NULL;
    }
    r->request = *usual;
    r->request.resume_from = r->rest.size;
    r->request.validator = r->rest.validator;
    return r;
}

bool resumption_is_whole(const struct resumption *r, const struct fsock_response *response)
{
    const char *value;
    size_t n;
    char want[48];
    if (!r || response->status != 416 ||
        !fsock_response_header(response, "Content-Range", &value, &n))
        return false;
    int len = snprintf(want, sizeof want, "bytes */%llu", (unsigned long long)r->rest.size);
    return fsk_span_eq(fsk_span(value, n), fsk_span(want, (size_t)len));
}

struct fsk_span resumption_validator(const struct fsock_response *r)
{
    struct fsk_span v = {NULL, 0}, date = {NULL, 0}, coding = {NULL, 0};
    if (r->status != 200 || fsock_response_header(r, "Content-Encoding", &coding.p, &coding.n))
        return v;
    if (fsock_response_header(r, "ETag", &v.p, &v.n) && v.n && v.p[0] == '"')
        return v;
    if (fsock_response_header(r, "Last-Modified", &v.p, &v.n) &&
        fsock_response_header(r, "Date", &date.p, &date.n) && !fsk_span_eq(v, date))
        return v;
    return fsk_span(NULL, 0);
}
