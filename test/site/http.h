/* http.h: the HTTP side of the site: reading requests, finding pages, and ways to answer.
 *
 * A page is a line in a table: its path, who answers, and what it is there for. The tables are the
 * documentation as well: `fsock-site --list` prints them.
 */
#ifndef SITE_HTTP_H
#define SITE_HTTP_H

#include "conn.h"
#include "request.h"

enum page_flags {
    PAGE_EARLY = 1,       /* answers without waiting for the request's body */
    PAGE_BAD = 2,         /* a bad manner: in /hostile.txt, not in /list.txt */
    PAGE_APART = 4,       /* in no list: huge, endless or about the connection itself */
    PAGE_NO_CONTINUE = 8, /* never says 100, but waits for the request's body */
};

struct page {
    const char *path;     /* with a '/' at its end it takes arguments behind it */
    const char *examples; /* arguments for the lists: words and ranges, "0-9 x"; "" is none */
    unsigned flags;
    void (*answer)(struct conn *c, struct request *r, const char *arg);
    const char *about;
};

/* Each ends with a page whose path is NULL. */
extern const struct page pages_good[], pages_coded[], pages_moved[], pages_slow[], pages_big[],
    pages_bad_head[], pages_bad_body[], pages_index[], pages_again[];

/* All of them; ends with NULL. */
extern const struct page *const page_tables[];

/* How often a page of page_tables[table] was asked for. */
uint64_t page_count(size_t table, size_t page);
void page_counts_reset(void);

/* The input of an HTTP connection, on any kind of transport. */
void http_input(struct conn *c);

/* Answers the request by its page; say_close follows if the connection must not go on. */
void http_answer(struct conn *c, struct request *r);

/* Status line, Server, the given header lines ("A: b\r\n" each, may be ""), Content-Length unless
 * length is -1, Connection, and the empty line. Mutes the connection if it answers HEAD. */
void reply_head(struct conn *c, const struct request *r, int status, const char *headers,
                int64_t length);

/* Head and a copy of the body. */
void reply(struct conn *c, const struct request *r, int status, const char *headers,
           const void *body, size_t len);

/* A small text/plain answer. */
void reply_text(struct conn *c, const struct request *r, int status, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* The argument as a number, and what is behind the next '/'. */
uint64_t arg_number(const char **arg);

#endif
