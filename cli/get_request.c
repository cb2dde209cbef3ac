#include "get_request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/fault.h"
#include "file.h"
#include "outcome.h"

enum { BODY_MAX = 1 << 30 };

/* ---- The body -------------------------------------------------------------------------------- */

/* Take out CR, LF and NUL from `from` on, as curl's -d @FILE does. */
static void join_lines(struct fsk_buf *b, size_t from)
{
    size_t to = b->start + from;
    for (size_t i = to; i < b->end; i++)
        if (b->mem[i] != '\r' && b->mem[i] != '\n' && b->mem[i] != '\0')
            b->mem[to++] = b->mem[i];
    b->end = to;
}

/* Percent-encode all that is not unreserved (RFC 3986 2.3). */
static int append_encoded(struct fsk_buf *b, struct fsk_span text)
{
    static const char hex[] = "0123456789ABCDEF";
    if (fsk_buf_reserve(b, text.n * 3) != FSOCK_OK)
        return ENOMEM;
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        bool plain =
            (c >= '0' && c <= '9') || (fsk_lower((char)c) >= 'a' && fsk_lower((char)c) <= 'z');
        if (plain || (c && strchr("-._~", c))) {
            b->mem[b->end++] = (char)c;
        } else {
            b->mem[b->end++] = '%';
            b->mem[b->end++] = hex[c >> 4];
            b->mem[b->end++] = hex[c & 15];
        }
    }
    return 0;
}

/* --data-urlencode: TEXT, =TEXT, NAME=TEXT, @FILE or NAME@FILE. */
static int append_urlencode(struct fsk_buf *b, const char *value)
{
    size_t name = strcspn(value, "=@");
    if (!value[name])
        return append_encoded(b, fsk_span_str(value));
    if (name && (fsk_buf_append(b, value, name) || fsk_buf_append(b, "=", 1)))
        return ENOMEM;
    const char *rest = value + name + 1;
    if (value[name] == '=')
        return append_encoded(b, fsk_span_str(rest));
    struct fsk_buf file;
    fsk_buf_init(&file, BODY_MAX / 4);
    int sys_errno = file_append(&file, rest);
    if (!sys_errno)
        sys_errno = append_encoded(b, fsk_buf_span(&file));
    fsk_buf_fini(&file);
    return sys_errno;
}

static int append_data(struct fsk_buf *b, const struct option_item *data)
{
    const char *value = data->value;
    if (data->tag == DATA_URLENCODE)
        return append_urlencode(b, value);
    if (value[0] != '@' || data->tag == DATA_RAW)
        return fsk_buf_puts(b, value) == FSOCK_OK ? 0 : ENOMEM;
    size_t from = fsk_buf_len(b);
    int sys_errno = file_append(b, value + 1);
    if (!sys_errno && data->tag == DATA_PLAIN)
        join_lines(b, from);
    return sys_errno;
}

static int make_body(struct get_request *r, const struct get_options *o, char *why, size_t cap)
{
    for (size_t i = 0; i < o->data.n; i++) {
        const char *value = o->data.item[i].value;
        int sys_errno = i && fsk_buf_append(&r->body, "&", 1) ? ENOMEM : 0;
        if (!sys_errno)
            sys_errno = append_data(&r->body, &o->data.item[i]);
        if (sys_errno) {
            const char *at = strchr(value, '@');
            snprintf(why, cap, "can't read %s: %s", at ? at + 1 : value, fsk_errno_text(sys_errno));
            return sys_errno == ENOMEM ? EXIT_MEMORY : EXIT_READ;
        }
    }
    if (o->query)
        return fsk_buf_terminate(&r->body) == FSOCK_OK ? 0 : EXIT_MEMORY;
    if (o->data.n) {
        r->request.body = fsk_buf_len(&r->body) ? r->body.mem + r->body.start : "";
        r->request.body_len = fsk_buf_len(&r->body);
    }
    return 0;
}

static int make_form(struct get_request *r, const struct get_options *o, char *why, size_t cap)
{
    int code = get_form_open(&r->form, o, why, cap);
    if (code || !r->form.body.n)
        return code;
    r->request.body = r->form.body.p;
    r->request.body_len = r->form.body.n;
    r->request.content_type = r->form.type;
    return 0;
}

/* ---- Headers, options ------------------------------------------------------------------------ */

/* Does one of the -H speak of this header? */
static bool given(const struct get_options *o, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < o->headers.n; i++) {
        const char *line = o->headers.item[i].value;
        if (strncasecmp(line, name, n) == 0 && (line[n] == ':' || line[n] == ';'))
            return true;
    }
    return false;
}

/* -H, and -A and -e where no -H says otherwise. False: out of memory. */
static bool make_headers(struct get_request *r, const struct get_options *o)
{
    const char *names[] = {"User-Agent", "Referer"};
    const char *values[] = {o->user_agent, o->referer};
    size_t n = 0;
    r->headers = calloc(o->headers.n + 3, sizeof *r->headers);
    if (!r->headers)
        return false;
    for (size_t i = 0; i < 2; i++) {
        if (!values[i] || given(o, names[i]))
            continue;
        if (asprintf(&r->added[i], values[i][0] ? "%s: %s" : "%s:", names[i], values[i]) < 0) {
            r->added[i] = NULL;
            return false;
        }
        r->headers[n++] = r->added[i];
    }
    for (size_t i = 0; i < o->headers.n; i++)
        r->headers[n++] = o->headers.item[i].value;
    r->request.headers = r->headers;
    return true;
}

static bool make_resolve(struct get_request *r, const struct get_options *o)
{
    r->resolve = calloc(o->resolve.n + 1, sizeof *r->resolve);
    for (size_t i = 0; r->resolve && i < o->resolve.n; i++)
        r->resolve[i] = o->resolve.item[i].value;
    r->options.resolve = r->resolve;
    return r->resolve != NULL;
}

/* Several lists become one; NULL of none. False: out of memory. */
static bool join(char **joined, const struct option_list *list)
{
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++)
        n += strlen(list->item[i].value) + 1;
    if (!n)
        return true;
    char *end = *joined = malloc(n);
    for (size_t i = 0; end && i < list->n; i++) {
        end = stpcpy(end, list->item[i].value);
        *end++ = i + 1 < list->n ? ',' : '\0';
    }
    return end != NULL;
}

static bool make_guard(struct get_request *r, const struct get_options *o)
{
    bool good = join(&r->allow, &o->allow) && join(&r->deny, &o->deny);
    r->options.allow_hosts = r->allow;
    r->options.deny_hosts = r->deny;
    r->options.public_only = o->public_only;
    return good;
}

static void make_options(struct fsock_options *f, const struct get_options *o)
{
    fsock_options_init(f);
    f->connect_timeout = o->connect_timeout;
    f->read_timeout = o->read_timeout;
    f->total_timeout = o->max_time >= 0 ? o->max_time : get_is_single(o) ? 0 : 60 * FSOCK_SECOND;
    f->family = o->family;
    f->bind = o->interface;
    f->dns_servers = o->dns_servers;
    f->unix_socket = o->unix_socket;
    f->fast_open = o->fast_open;
    f->proxy = o->proxy;
    f->proxy_user = o->proxy_user;
    f->no_proxy = o->no_proxy;
    f->proxy_auth = (enum fsock_auth)o->proxy_auth;
    f->proxy_from_environment = 1;
    f->ca_file = o->ca_file;
    f->cert_file = o->cert_file;
    f->key_file = o->key_file;
    f->insecure = o->insecure;
    f->tls_min = o->tls_min;
    f->tls_max = o->tls_max;
    f->keylog_file = getenv("SSLKEYLOGFILE");
    f->max_body = (uint64_t)o->max_body;
    f->max_ratio = (uint32_t)o->max_ratio;
    f->adaptive = o->adaptive > 0                        ? FSOCK_ADAPT_UP
                  : o->adaptive < 0 && !get_is_single(o) ? FSOCK_ADAPT_DOWN
                                                         : 0;
    f->http2 = o->http2;
    f->breaker = o->breaker < 0 ? !get_is_single(o) : o->breaker;
    f->host_rate = o->host_rate;
    f->host_bytes = (double)o->host_limit_rate;
    f->host_delay = o->delay;
    const char *format = o->write_out ? o->write_out : "";
    f->tcp_info = o->json || strstr(format, "%{tcp_") || strstr(format, "%{json}");
    f->own_files = get_saves(o) + (o->include == INCLUDE_DECODED);
}

/* What all of the run shares, if anything is. False: out of memory. */
static bool make_pacer(struct get_request *r, const struct get_options *o)
{
    if (o->rate <= 0 && !o->limit_rate)
        return true;
    r->options.pacer = fsock_pacer_new(o->rate, (double)o->limit_rate);
    return r->options.pacer != NULL;
}

/* Likewise. */
static bool make_allowance(struct get_request *r, const struct get_options *o)
{
    if (!o->max_requests && o->max_total <= 0)
        return true;
    r->options.allowance = fsock_allowance_new((uint64_t)o->max_requests,
                                               o->max_total > 0 ? (uint64_t)o->max_total : 0);
    return r->options.allowance != NULL;
}

static unsigned request_flags(const struct get_options *o)
{
    bool records = !get_is_single(o) || o->json;
    unsigned flags = 0;
    flags |= o->location ? FSOCK_FOLLOW : 0;
    flags |= records && !get_saves(o) && !get_page_reads(o) ? FSOCK_DISCARD : 0;
    flags |= o->raw ? FSOCK_NO_DECODE : 0;
    /* What is to be continued must be counted in bytes that the server knows. */
    flags |= !o->compressed || o->continue_at ? FSOCK_NO_COMPRESS : 0;
    flags |= o->fail || !get_is_single(o) ? FSOCK_FAIL_STATUS : 0;
    flags |= o->method ? FSOCK_KEEP_METHOD : 0;
    flags |= o->http10 ? FSOCK_HTTP10 : 0;
    flags |= o->no_wait ? FSOCK_NO_WAIT : 0;
    flags |= o->retry_all ? FSOCK_RETRY_ALL : 0;
    flags |= get_is_single(o) ? 0 : FSOCK_GIVE_BACK;
    return flags;
}

const char *get_request_agent(const struct get_options *o)
{
    const char *agent = o->user_agent ? o->user_agent : "fsock";
    for (size_t i = 0; i < o->headers.n; i++)
        if (strncasecmp(o->headers.item[i].value, "User-Agent:", 11) == 0)
            agent = o->headers.item[i].value + 11;
    return agent + strspn(agent, " \t");
}

/* Is it for the user's own site only, as it is in a redirect? */
static bool is_private(const char *line)
{
    static const char *const names[] = {"Authorization", "Cookie", "Host", "Proxy-Authorization"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t n = strlen(names[i]);
        if (strncasecmp(line, names[i], n) == 0 && (line[n] == ':' || line[n] == ';'))
            return true;
    }
    return false;
}

/* The requests to sites that the user has not named, and those for sitemaps and the like. */
static bool make_others(struct get_request *r)
{
    size_t n = 0, kept = 0;
    while (r->headers[n])
        n++;
    r->headers_abroad = calloc(n + 1, sizeof *r->headers_abroad);
    if (!r->headers_abroad)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!is_private(r->headers[i]))
            r->headers_abroad[kept++] = r->headers[i];
    r->abroad = r->errand = r->request;
    r->abroad.headers = r->headers_abroad;
    r->abroad.cookie = NULL;
    get_login_drop(&r->abroad);
    r->restarting = r->request;
    r->abroad_restarting = r->abroad;
    r->restarting.flags |= FSOCK_RESTART;
    r->abroad_restarting.flags |= FSOCK_RESTART;
    r->errand.method = r->errand.range = NULL;
    r->errand.body = NULL;
    r->errand.body_len = 0;
    r->errand.max_redirects = r->request.max_redirects > 5 ? r->request.max_redirects : 5;
    r->errand.flags &= FSOCK_NO_COMPRESS | FSOCK_HTTP10;
    r->errand.flags |= FSOCK_FOLLOW | FSOCK_FAIL_STATUS | FSOCK_FIRST;
    r->look = r->look_again = r->abroad;
    r->look.method = "HEAD";
    r->look.max_redirects = r->look_again.max_redirects = r->errand.max_redirects;
    r->look.flags |= FSOCK_FOLLOW | FSOCK_FAIL_STATUS | FSOCK_DISCARD;
    r->look_again.flags = (r->look.flags | FSOCK_FIRST) & ~(unsigned)FSOCK_GIVE_BACK;
    r->errand_abroad = r->errand;
    r->errand_abroad.headers = r->headers_abroad;
    r->errand_abroad.cookie = NULL;
    get_login_drop(&r->errand_abroad);
    return true;
}

int get_request_check(const struct fsock_request *request, char *why, size_t cap)
{
    struct fsock_fault fault;
    if (fsock_request_check(request, &fault) == FSOCK_OK)
        return 0;
    outcome_sentence(why, cap, &fault);
    return EXIT_USAGE;
}

int get_request_init(struct get_request *r, const struct get_options *o, char *why, size_t cap)
{
    *r = (struct get_request){.headers = NULL};
    fsk_buf_init(&r->body, BODY_MAX);
    fsock_request_init(&r->request);
    make_options(&r->options, o);
    r->request.flags = request_flags(o);
    r->request.method = o->method ? o->method : o->head ? "HEAD" : NULL;
    r->request.range = o->range;
    r->request.max_redirects = (int)o->max_redirects;
    r->request.retries = get_retries(o);
    if (o->retry_delay >= 0)
        r->request.retry_delay = o->retry_delay;
    if (!make_headers(r, o) || !make_resolve(r, o) || !make_guard(r, o) || !make_pacer(r, o) ||
        !make_allowance(r, o)) {
        snprintf(why, cap, "out of memory");
        return EXIT_MEMORY;
    }
    int code = get_cookies_open(&r->cookies, o, why, cap);
    if (!code)
        code = get_hsts_open(&r->options.hsts, o, why, cap);
    r->request.jar = r->cookies.jar;
    r->request.cookie = r->cookies.own;
    if (!code)
        code = get_login_open(&r->login, o, &r->request, why, cap);
    if (!code)
        code = make_body(r, o, why, cap);
    if (!code)
        code = make_form(r, o, why, cap);
    if (!code)
        code = get_request_check(&r->request, why, cap);
    if (code || make_others(r))
        return code;
    snprintf(why, cap, "out of memory");
    return EXIT_MEMORY;
}

void get_request_fini(struct get_request *r)
{
    for (size_t i = 0; i < sizeof r->added / sizeof *r->added; i++)
        free(r->added[i]);
    get_cookies_fini(&r->cookies);
    get_form_fini(&r->form);
    fsock_hsts_free(r->options.hsts);
    get_login_fini(&r->login);
    free(r->headers);
    free(r->headers_abroad);
    free(r->resolve);
    free(r->allow);
    free(r->deny);
    fsock_pacer_free(r->options.pacer);
    fsock_allowance_free(r->options.allowance);
    fsk_buf_fini(&r->body);
}
