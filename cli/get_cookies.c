#include "get_cookies.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "cookie_line.h"
#include "file.h"
#include "outcome.h"

enum { FILE_MAX = 32 << 20 };

static bool is_pair(const char *value)
{
    return strchr(value, '=') != NULL;
}

static int no_memory(char *why, size_t cap)
{
    snprintf(why, cap, "out of memory");
    return EXIT_MEMORY;
}

/* "a=1; b=2" of several -b. False: out of memory. */
static bool join(char **own, const struct option_list *list)
{
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++)
        n += strlen(list->item[i].value) + 2;
    char *end = *own = malloc(n + 1);
    for (size_t i = 0; end && i < list->n; i++) {
        if (is_pair(list->item[i].value))
            end = stpcpy(stpcpy(end, end == *own ? "" : "; "), list->item[i].value);
    }
    if (end)
        *end = '\0';
    return end != NULL;
}

/* ---- Reading --------------------------------------------------------------------------------- */

/* A file's text into the jar; cookies that no server could have set are passed over. */
static int read_lines(struct get_cookies *c, const struct get_options *o, struct fsk_span text,
                      const char *name, char *why, size_t cap)
{
    struct fsock_cookie cookie;
    char *room = malloc(text.n + 1);
    int code = room ? 0 : no_memory(why, cap);
    for (size_t number = 1; !code && text.n; number++) {
        const char *end = memchr(text.p, '\n', text.n);
        struct fsk_span line = fsk_span(text.p, end ? (size_t)(end - text.p) : text.n);
        size_t gone = end ? line.n + 1 : line.n;
        enum cookie_line kind = cookie_line_read(line, &cookie, room);
        text = fsk_span(text.p + gone, text.n - gone);
        if (kind == COOKIE_LINE_BAD) {
            snprintf(why, cap,
                     "-b %s, line %zu: no cookie, which has seven fields parted by tabs "
                     "(a Netscape cookie file)",
                     name, number);
            code = EXIT_READ;
        }
        if (kind != COOKIE_LINE_COOKIE || (o->junk_session && !cookie.expires))
            continue;
        if (fsock_jar_put(c->jar, &cookie, NULL) == FSOCK_ERR_MEMORY)
            code = no_memory(why, cap);
    }
    free(room);
    return code;
}

static int read_file(struct get_cookies *c, const struct get_options *o, const char *name,
                     char *why, size_t cap)
{
    struct fsk_buf text;
    fsk_buf_init(&text, FILE_MAX);
    int sys_errno = file_append(&text, name), code = 0;
    if (sys_errno && !(sys_errno == ENOENT && o->cookie_jar)) {
        snprintf(why, cap, "-b takes NAME=VALUE or a file of cookies; can't read %s: %s", name,
                 fsk_errno_text(sys_errno));
        code = EXIT_READ;
    }
    if (!sys_errno)
        code = read_lines(c, o, fsk_buf_span(&text), name, why, cap);
    fsk_buf_fini(&text);
    return code;
}

/* What would make all that is fetched be for nothing. */
static int check_jar(const char *name, char *why, size_t cap)
{
    int sys_errno = get_is_dash(name) ? 0 : file_replaceable(name);
    if (!sys_errno)
        return 0;
    snprintf(why, cap, "can't write the cookies to %s: %s", name, fsk_errno_text(sys_errno));
    return EXIT_WRITE;
}

int get_cookies_open(struct get_cookies *c, const struct get_options *o, char *why, size_t cap)
{
    const struct option_list *list = &o->cookies;
    size_t pairs = 0;
    *c = (struct get_cookies){.jar = NULL};
    for (size_t i = 0; i < list->n; i++)
        pairs += is_pair(list->item[i].value);
    if (pairs && !join(&c->own, list))
        return no_memory(why, cap);
    if (pairs == list->n && !o->cookie_jar && !o->submit)
        return 0;
    c->jar = fsock_jar_new();
    int code = c->jar ? 0 : no_memory(why, cap);
    if (!code && o->cookie_jar)
        code = check_jar(o->cookie_jar, why, cap);
    for (size_t i = 0; !code && i < list->n; i++)
        if (list->item[i].value[0] && !is_pair(list->item[i].value))
            code = read_file(c, o, list->item[i].value, why, cap);
    return code;
}

/* ---- Writing --------------------------------------------------------------------------------- */

static void write_lines(fsock_cookies *all, struct out *out)
{
    struct fsock_cookie cookie;
    fsock_cookie_init(&cookie);
    out_str(out, COOKIE_LINE_FIRST "# Written by fsock get -c; it is replaced as a whole.\n\n");
    while (fsock_cookies_next(all, &cookie))
        cookie_line_write(out, &cookie);
    out_flush(out);
}

int get_cookies_save(const struct get_cookies *c, const struct get_options *o, struct out *out,
                     char *why, size_t cap)
{
    if (!o->cookie_jar)
        return 0;
    fsock_cookies *all = fsock_jar_cookies(c->jar);
    if (!all)
        return no_memory(why, cap);
    int sys_errno = 0;
    if (get_is_dash(o->cookie_jar)) {
        write_lines(all, out);
        sys_errno = out->sys_errno;
    } else {
        struct out file;
        struct fsk_buf text;
        fsk_buf_init(&text, FILE_MAX);
        out_init_buf(&file, &text);
        write_lines(all, &file);
        sys_errno = file.sys_errno ? ENOMEM : file_replace(o->cookie_jar, fsk_buf_span(&text));
        out_fini(&file);
        fsk_buf_fini(&text);
    }
    fsock_cookies_free(all);
    if (!sys_errno)
        return 0;
    snprintf(why, cap, "can't write the cookies to %s: %s", o->cookie_jar,
             fsk_errno_text(sys_errno));
    return EXIT_WRITE;
}

void get_cookies_fini(struct get_cookies *c)
{
    fsock_jar_free(c->jar);
    free(c->own);
}
