#include "http.h"
#include "ports.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD_CEILING (100 * 1024)

const struct page *const page_tables[] = {
    pages_index, pages_good,     pages_coded,    pages_moved, pages_slow,
    pages_big,   pages_bad_head, pages_bad_body, pages_again, NULL,
};

static uint64_t counts[9][64];

uint64_t page_count(size_t table, size_t page)
{
    return counts[table][page];
}

void page_counts_reset(void)
{
    memset(counts, 0, sizeof counts);
}

static void count(const struct page *page)
{
    for (size_t t = 0; page_tables[t]; t++)
        for (size_t i = 0; page_tables[t][i].path; i++)
            if (page == &page_tables[t][i])
                counts[t][i]++;
}

static const char *reason(int status)
{
    static const struct {
        int status;
        const char *words;
    } reasons[] = {
        {100, "Continue"                     },
        {103, "Early Hints"                  },
        {200, "OK"                           },
        {204, "No Content"                   },
        {206, "Partial Content"              },
        {301, "Moved Permanently"            },
        {302, "Found"                        },
        {303, "See Other"                    },
        {304, "Not Modified"                 },
        {307, "Temporary Redirect"           },
        {308, "Permanent Redirect"           },
        {400, "Bad Request"                  },
        {401, "Unauthorized"                 },
        {403, "Forbidden"                    },
        {404, "Not Found"                    },
        {407, "Proxy Authentication Required"},
        {413, "Content Too Large"            },
        {416, "Range Not Satisfiable"        },
        {417, "Expectation Failed"           },
        {429, "Too Many Requests"            },
        {500, "Server Error"                 },
        {502, "Bad Gateway"                  },
        {503, "Service Unavailable"          },
    };
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status)
            return reasons[i].words;
    return "Status";
}

void reply_head(struct conn *c, const struct request *r, int status, const char *headers,
                int64_t length)
{
    say(c, "HTTP/1.1 %d %s\r\nServer: fsock-site\r\n", status, reason(status));
    say_bytes(c, headers, strlen(headers));
    if (length >= 0)
        say(c, "Content-Length: %lld\r\n", (long long)length);
    if (!r->keep)
        say(c, "Connection: close\r\n");
    else if (r->minor == 0)
        say(c, "Connection: keep-alive\r\n");
    say(c, "\r\n");
    c->muted = strcmp(r->method, "HEAD") == 0;
}

void reply(struct conn *c, const struct request *r, int status, const char *headers,
           const void *body, size_t len)
{
    bool none = status < 200 || status == 204 || status == 304;
    reply_head(c, r, status, headers, none ? -1 : (int64_t)len);
    if (!none)
        say_bytes(c, body, len);
}

void reply_text(struct conn *c, const struct request *r, int status, const char *fmt, ...)
{
    char text[4096];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof text)
        die("reply_text: too long");
    reply(c, r, status, "Content-Type: text/plain\r\n", text, (size_t)n);
}

uint64_t arg_number(const char **arg)
{
    char *end;
    uint64_t n = strtoull(*arg, &end, 10);
    *arg = *end == '/' ? end + 1 : end;
    return n;
}

/* The page, and what is behind its path. */
static const struct page *find(const char *path, const char **arg)
{
    for (size_t t = 0; page_tables[t]; t++) {
        for (const struct page *p = page_tables[t]; p->path; p++) {
            size_t len = strlen(p->path);
            bool takes = len > 1 && p->path[len - 1] == '/';
            if (takes ? strncmp(path, p->path, len) == 0 : strcmp(path, p->path) == 0) {
                *arg = path + len;
                return p;
            }
        }
    }
    return NULL;
}

void http_answer(struct conn *c, struct request *r)
{
    const char *arg;
    const struct page *p = find(r->path, &arg);
    if (!r->done)
        r->keep = false; /* the rest of the body is still on its way */
    count(p);
    if (p)
        p->answer(c, r, arg);
    else
        reply_text(c, r, 404, "no such page: %.200s\n", r->path);
    c->muted = false;
    if (!r->keep)
        say_close(c);
}

static bool has_flag(const struct request *r, unsigned flags)
{
    const char *arg;
    const struct page *p = find(r->path, &arg);
    return p && p->flags & flags;
}

static void refuse(struct conn *c, const char *why)
{
    conn_eat(c, c->in_len);
    say(c, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s",
        strlen(why), why);
    say_close(c);
}

/* Reads a head: false if there is nothing to do yet. */
static bool read_head(struct conn *c)
{
    ssize_t n = request_parse(c->in, c->in_len, &c->req);
    if (n > 0) {
        conn_eat(c, (size_t)n);
        c->requests++;
        stats.requests++;
        return true;
    }
    if (n < 0 || c->in_len > HEAD_CEILING)
        refuse(c, "this is a plain HTTP server, and that was no HTTP/1 request\n");
    else if (c->eof)
        conn_close(c);
    return false;
}

void http_input(struct conn *c)
{
    while (!c->parts && !c->dead) {
        if (!c->req) {
            if (!read_head(c))
                return;
            if (c->req->expects && !c->req->done &&
                !has_flag(c->req, PAGE_EARLY | PAGE_NO_CONTINUE))
                say(c, "HTTP/1.1 100 Continue\r\n\r\n");
        }
        struct request *r = c->req;
        if (!r->done && !has_flag(r, PAGE_EARLY)) {
            ssize_t n = request_body(r, c->in, c->in_len);
            if (n < 0) {
                refuse(c, "bad chunked body\n");
                return;
            }
            conn_eat(c, (size_t)n);
            if (!r->done) {
                if (c->eof)
                    conn_close(c);
                return;
            }
        }
        c->req = NULL;
        http_answer(c, r);
        request_free(r);
    }
}

void accepted_http(struct conn *c)
{
    c->input = http_input;
}
