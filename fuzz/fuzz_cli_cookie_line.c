/*
 * A line of a cookie file. Invariants: the texts fit their room; what was read, written and read
 * again is the same; a jar takes it or not, and then has it as it was.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cookie_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_line(struct fsk_buf *text, const struct fsock_cookie *c)
{
    static struct out out;
    out_init_buf(&out, text);
    cookie_line_write(&out, c);
    out_flush(&out);
    assert(!out.sys_errno);
    out_fini(&out);
}

static void put(const struct fsock_cookie *c)
{
    struct fsock_cookie kept;
    fsock_jar *jar = fsock_jar_new();
    if (!jar)
        abort();
    bool good = fsock_jar_put(jar, c, NULL) == FSOCK_OK;
    fsock_cookies *all = fsock_jar_cookies(jar);
    fsock_cookie_init(&kept);
    if (fsock_cookies_next(all, &kept)) {
        assert(good && strcmp(kept.name, c->name) == 0 && strcmp(kept.value, c->value) == 0);
        assert(strcmp(kept.path, c->path) == 0 && kept.expires == c->expires);
    }
    fsock_cookies_free(all);
    fsock_jar_free(jar);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fsock_cookie c, again;
    struct fsk_buf text;
    if (size > 10000 || memchr(data, '\n', size))
        return 0;
    char *room = malloc(size + 1), *more = malloc(size + 16);
    if (!room || !more)
        abort();
    if (cookie_line_read(fsk_span((const char *)data, size), &c, room) == COOKIE_LINE_COOKIE) {
        fsk_buf_init(&text, 1 << 20);
        write_line(&text, &c);
        struct fsk_span line = fsk_buf_span(&text);
        line.n--;
        assert(line.n < size + 15);
        bool cr = line.p[line.n - 1] == '\r'; /* that of the value is taken for the line's */
        if (!cr) {
            assert(cookie_line_read(line, &again, more) == COOKIE_LINE_COOKIE);
            assert(strcmp(c.domain, again.domain) == 0 && strcmp(c.path, again.path) == 0);
            assert(strcmp(c.name, again.name) == 0 && strcmp(c.value, again.value) == 0);
            assert(c.expires == again.expires && c.others_too == again.others_too);
            assert(c.secure == again.secure && c.http_only == again.http_only);
        }
        fsk_buf_fini(&text);
        put(&c);
    }
    free(room);
    free(more);
    return 0;
}
