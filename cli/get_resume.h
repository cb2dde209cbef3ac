/*
 * get_resume.h - -C: the request that goes on where an earlier run had to stop.
 */
#ifndef FSOCK_CLI_GET_RESUME_H
#define FSOCK_CLI_GET_RESUME_H

#include <stdbool.h>

#include <fsock.h>

#include "get_sink.h"

struct resumption {
    struct fsock_request request;
    struct sink_rest rest;
};

/* Made of the usual request, whose texts are borrowed; to be freed by free(). NULL: there is
 * nothing to continue, or no memory. */
struct resumption *resumption_new(const struct sink *sink, const char *url,
                                  const struct fsock_request *usual);

/* 416 to a continuation: whether the file already has all bytes (RFC 9110 15.5.17). NULL is fine.
 */
bool resumption_is_whole(const struct resumption *r, const struct fsock_response *response);

/* What If-Range may hold (RFC 9110 13.1.5): a strong ETag, or a Last-Modified before the Date; else
 * empty. */
struct fsk_span resumption_validator(const struct fsock_response *response);

#endif
