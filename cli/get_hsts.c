#include "get_hsts.h"

#include <errno.h>
#include <stdio.h>

#include "base/fault.h"
#include "file.h"
#include "hsts_line.h"
#include "outcome.h"

enum { FILE_MAX = 32 << 20 };

static int no_memory(char *why, size_t cap)
{
    snprintf(why, cap, "out of memory");
    return EXIT_MEMORY;
}

/* Addresses, and what can't be a host, are passed over. */
static int read_lines(fsock_hsts *hsts, struct fsk_span text, const char *name, char *why,
                      size_t cap)
{
    struct hsts_line line;
    for (size_t number = 1; text.n; number++) {
        const char *end = memchr(text.p, '\n', text.n);
        struct fsk_span one = fsk_span(text.p, end ? (size_t)(end - text.p) : text.n);
        size_t gone = end ? one.n + 1 : one.n;
        enum hsts_line_kind kind = hsts_line_read(one, &line);
        text = fsk_span(text.p + gone, text.n - gone);
        if (kind == HSTS_LINE_BAD) {
            snprintf(why, cap,
                     "--hsts %s, line %zu: it has to be HOST \"YYYYMMDD HH:MM:SS\", as curl writes "
                     "it",
                     name, number);
            return EXIT_READ;
        }
        if (kind == HSTS_LINE_ONE &&
            fsock_hsts_put(hsts, line.host, line.expires, line.subdomains) == FSOCK_ERR_MEMORY)
            return no_memory(why, cap);
    }
    return 0;
}

static int cannot(const char *what, const char *name, int sys_errno, char *why, size_t cap)
{
    snprintf(why, cap, "--hsts: can't %s %s: %s", what, name, fsk_errno_text(sys_errno));
    return what[0] == 'r' ? EXIT_READ : EXIT_WRITE;
}

int get_hsts_open(fsock_hsts **hsts, const struct get_options *o, char *why, size_t cap)
{
    struct fsk_buf text;
    *hsts = o->hsts ? fsock_hsts_new() : NULL;
    if (!o->hsts || (*hsts && !o->hsts[0]))
        return 0;
    if (!*hsts)
        return no_memory(why, cap);
    fsk_buf_init(&text, FILE_MAX);
    int sys_errno = file_append(&text, o->hsts), code = 0;
    if (sys_errno && sys_errno != ENOENT)
        code = cannot("read", o->hsts, sys_errno, why, cap);
    else if ((sys_errno = file_replaceable(o->hsts)) != 0)
        code = cannot("write", o->hsts, sys_errno, why, cap);
    else
        code = read_lines(*hsts, fsk_buf_span(&text), o->hsts, why, cap);
    fsk_buf_fini(&text);
    return code;
}

int get_hsts_save(fsock_hsts *hsts, const struct get_options *o, char *why, size_t cap)
{
    const char *host;
    int64_t expires;
    int subdomains;
    struct out file;
    struct fsk_buf text;
    if (!hsts || !o->hsts[0])
        return 0;
    fsock_hsts_hosts *all = fsock_hsts_known(hsts);
    if (!all)
        return no_memory(why, cap);
    fsk_buf_init(&text, FILE_MAX);
    out_init_buf(&file, &text);
    out_str(&file, "# Hosts that want https alone (HSTS).\n"
                   "# Written by fsock get --hsts; it is replaced as a whole.\n");
    while ((host = fsock_hsts_next(all, &expires, &subdomains)) != NULL)
        hsts_line_write(&file, host, expires, subdomains);
    out_flush(&file);
    int sys_errno = file.sys_errno ? ENOMEM : file_replace(o->hsts, fsk_buf_span(&text));
    out_fini(&file);
    fsk_buf_fini(&text);
    fsock_hsts_hosts_free(all);
    return sys_errno ? cannot("write", o->hsts, sys_errno, why, cap) : 0;
}
