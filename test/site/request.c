#include "request.h"
#include "loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Where the head ends (after the empty line), 0 if it doesn't yet. */
static size_t head_end(const char *buf, size_t len)
{
    const char *p = buf;
    while ((p = memchr(p, '\n', len - (size_t)(p - buf)))) {
        size_t at = (size_t)(p - buf) + 1;
        if (at < len && buf[at] == '\n')
            return at + 1;
        if (at + 1 < len && buf[at] == '\r' && buf[at + 1] == '\n')
            return at + 2;
        p++;
        if (at >= len)
            break;
    }
    return 0;
}

static char *next_line(char **cursor)
{
    char *line = *cursor, *lf = strchr(line, '\n');
    if (!lf)
        return NULL;
    *lf = 0;
    if (lf > line && lf[-1] == '\r')
        lf[-1] = 0;
    *cursor = lf + 1;
    return line;
}

static bool parse_line(struct request *r, char *line)
{
    char *sp = strchr(line, ' '), *last = strrchr(line, ' ');
    if (!sp || sp == last || strncmp(last, " HTTP/1.", 8) != 0)
        return false;
    *sp = *last = 0;
    r->method = line;
    r->target = sp + 1;
    r->minor = atoi(last + 8);
    return true;
}

/* Splits the target, of which path and query need copies of their own: /echo shows the original. */
static void split_target(struct request *r)
{
    size_t len = strlen(r->target);
    char *copy = xzalloc(2 * len + 4), *path = copy, *scheme = strstr(r->target, "://");
    r->authority = copy + len + 2;
    if (strcmp(r->method, "CONNECT") == 0) {
        strcpy(r->authority, r->target);
    } else if (scheme && r->target[0] != '/') {
        const char *slash = scheme + 3 + strcspn(scheme + 3, "/?");
        memcpy(r->authority, scheme + 3, (size_t)(slash - scheme - 3));
        strcpy(path, *slash == '/' ? "" : "/");
        strcat(path, slash);
    } else {
        strcpy(path, r->target);
    }
    r->path = path;
    char *mark = strchr(path, '?');
    r->query = mark ? mark + 1 : path + strlen(path);
    if (mark)
        *mark = 0;
}

static void parse_headers(struct request *r, char *cursor)
{
    char *line;
    while ((line = next_line(&cursor)) && *line && r->header_count < REQUEST_HEADERS) {
        char *colon = strchr(line, ':');
        if (!colon)
            continue;
        *colon = 0;
        colon += 1 + strspn(colon + 1, " \t");
        r->headers[r->header_count].name = line;
        r->headers[r->header_count++].value = colon;
    }
    const char *te = request_header(r, "Transfer-Encoding"), *conn;
    const char *cl = request_header(r, "Content-Length"), *expect = request_header(r, "Expect");
    r->chunked = te && strcasestr(te, "chunked");
    r->left = !r->chunked && cl ? strtoull(cl, NULL, 10) : 0;
    r->done = !r->chunked && r->left == 0;
    r->expects = expect && strcasecmp(expect, "100-continue") == 0 && r->minor > 0;
    conn = request_header(r, "Connection");
    r->keep = r->minor > 0;
    if (conn && strcasestr(conn, "close"))
        r->keep = false;
    if (conn && strcasestr(conn, "keep-alive"))
        r->keep = true;
}

ssize_t request_parse(const char *buf, size_t len, struct request **out)
{
    size_t end = len ? head_end(buf, len) : 0;
    if (!end)
        return len && !strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ\r\n", buf[0]) ? -1 : 0;
    struct request *r = xzalloc(sizeof *r);
    r->head = xzalloc(end + 1);
    r->raw = xzalloc(end + 1);
    memcpy(r->head, buf, end);
    memcpy(r->raw, buf, end);
    char *cursor = r->head + strspn(r->head, "\r\n");
    char *line = next_line(&cursor);
    if (!line || !parse_line(r, line)) {
        request_free(r);
        return -1;
    }
    split_target(r);
    parse_headers(r, cursor);
    *out = r;
    return (ssize_t)end;
}

static void take(struct request *r, const char *buf, size_t len)
{
    if (!r->sha) {
        r->sha = EVP_MD_CTX_new();
        EVP_DigestInit_ex(r->sha, EVP_sha256(), NULL);
    }
    EVP_DigestUpdate(r->sha, buf, len);
    r->body_len += len;
    size_t keep = REQUEST_KEEP - r->kept_len;
    if (keep > len)
        keep = len;
    if (!keep)
        return;
    r->kept = xrealloc(r->kept, r->kept_len + keep);
    memcpy(r->kept + r->kept_len, buf, keep);
    r->kept_len += keep;
}

/* One line of the chunked framing: false if it makes no sense. */
static bool chunk_line(struct request *r, const char *line)
{
    if (r->chunk_step == 0) {
        char *end;
        r->left = strtoull(line, &end, 16);
        if (end == line)
            return false;
        r->chunk_step = r->left ? 1 : 3;
    } else if (r->chunk_step == 2) {
        r->chunk_step = 0;
        return *line == '\n' || *line == '\r';
    } else if (*line == '\n' || *line == '\r') {
        r->done = true;
    }
    return true;
}

ssize_t request_body(struct request *r, const char *buf, size_t len)
{
    size_t used = 0;
    while (!r->done && used < len) {
        if (!r->chunked || r->chunk_step == 1) {
            size_t n = len - used < r->left ? len - used : (size_t)r->left;
            take(r, buf + used, n);
            used += n;
            r->left -= n;
            if (r->left)
                break;
            if (!r->chunked)
                r->done = true;
            r->chunk_step = 2;
            continue;
        }
        const char *lf = memchr(buf + used, '\n', len - used);
        if (!lf)
            return len - used > 8192 ? -1 : (ssize_t)used;
        if (!chunk_line(r, buf + used))
            return -1;
        used = (size_t)(lf - buf) + 1;
    }
    return (ssize_t)used;
}

const char *request_header(const struct request *r, const char *name)
{
    for (size_t i = 0; i < r->header_count; i++)
        if (strcasecmp(r->headers[i].name, name) == 0)
            return r->headers[i].value;
    return NULL;
}

int64_t request_number(const struct request *r, const char *name, int64_t otherwise)
{
    size_t len = strlen(name);
    for (const char *p = r->query; p && *p; p = strchr(p, '&'), p = p ? p + 1 : NULL)
        if (strncmp(p, name, len) == 0 && p[len] == '=')
            return strtoll(p + len + 1, NULL, 10);
    return otherwise;
}

void request_sha(struct request *r, char hex[65])
{
    unsigned char sum[32];
    take(r, "", 0);
    EVP_DigestFinal_ex(r->sha, sum, NULL);
    for (int i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", sum[i]);
}

void request_free(struct request *r)
{
    if (!r)
        return;
    EVP_MD_CTX_free(r->sha);
    free(r->head);
    free(r->raw);
    free(r->path);
    free(r->kept);
    free(r);
}
