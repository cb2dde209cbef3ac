/* request.h: one HTTP/1 request as the site hears it: its head in pieces, its body summed up.
 *
 * Lenient where it may be: the site is there to test clients, not to guard anything. The first
 * 64 KiB of the body are kept for /echo, all of it goes into a SHA-256 for /upload.
 */
#ifndef SITE_REQUEST_H
#define SITE_REQUEST_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define REQUEST_HEADERS 200
#define REQUEST_KEEP    (64 * 1024)

struct request {
    char *head; /* request line and headers, NUL-cut into the pieces below */
    char *raw;  /* the same bytes untouched, NUL-terminated */
    char *method;
    char *target;    /* as sent */
    char *path;      /* of the target: without scheme and authority, without the query */
    char *query;     /* after the '?'; "" if there is none */
    char *authority; /* of an absolute-form or CONNECT target; "" if there is none */
    int minor;       /* HTTP/1.minor */
    struct {
        char *name, *value;
    } headers[REQUEST_HEADERS];
    size_t header_count;
    bool keep;      /* the client lets the connection stay open */
    bool expects;   /* Expect: 100-continue */
    bool chunked;   /* the body's framing */
    uint64_t left;  /* bytes of the body, or of the current chunk, still to come */
    int chunk_step; /* 0 size line, 1 data, 2 line after the data, 3 trailers */
    bool done;      /* the body is complete */
    uint64_t body_len;
    char *kept; /* the first REQUEST_KEEP bytes of the body */
    size_t kept_len;
    EVP_MD_CTX *sha;
};

/* Parses a head: > 0 its length (*r is new), 0 not complete, -1 not HTTP. */
ssize_t request_parse(const char *buf, size_t len, struct request **r);

/* Takes in bytes of the body: how many were consumed, or -1 if the framing is bad. Sets done. */
ssize_t request_body(struct request *r, const char *buf, size_t len);

/* The value of the first header of that name, NULL if there is none. */
const char *request_header(const struct request *r, const char *name);

/* The number behind "name=" in the query, or the default. */
int64_t request_number(const struct request *r, const char *name, int64_t otherwise);

/* The SHA-256 of the body so far, in hex; call once. */
void request_sha(struct request *r, char hex[65]);

void request_free(struct request *r);

#endif
