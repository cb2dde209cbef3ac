#include "transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fault.h"
#include "names.h"
#include "record.h"
#include "sink.h"
#include "writeout.h"

enum { KEPT_URL = 4096, CHUNK = 65536 };

/* A request of its own, to continue a file. */
struct resumption {
    struct fsock_request request;
    struct sink_rest rest;
};

struct transfer {
    struct transfer *next; /* among the spare */
    struct fsk_buf url;    /* with a NUL behind it */
    const char *list;      /* NULL: the command line */
    uint64_t line, number;
    bool started;      /* it had left the queue */
    bool stdout_asked; /* by -o - */
    int spool;         /* --include=decoded: the body until the header is known; or -1 */
    struct sink sink;
    struct resumption *resumed; /* -C; NULL: from the beginning */
    struct outcome *failure;    /* what went wrong here, not on the network; NULL: nothing */
};

/* ---- Making and freeing ---------------------------------------------------------------------- */

static struct transfer *transfer_new(struct get *g)
{
    struct transfer *t = g->spare;
    if (t) {
        g->spare = t->next;
        return t;
    }
    t = calloc(1, sizeof *t);
    if (t) {
        fsk_buf_init(&t->url, 1 << 28);
        sink_init(&t->sink);
        t->spool = -1;
    }
    return t;
}

void transfer_drop(struct get *g, struct transfer *t)
{
    sink_fini(&t->sink);
    if (t->spool >= 0)
        close(t->spool);
    free(t->resumed);
    free(t->failure);
    if (t->url.cap > KEPT_URL)
        fsk_buf_fini(&t->url);
    *t = (struct transfer){.next = g->spare, .url = t->url, .spool = -1};
    fsk_buf_clear(&t->url);
    sink_init(&t->sink);
    g->spare = t;
}

void transfer_free_spare(struct get *g)
{
    while (g->spare) {
        struct transfer *t = g->spare;
        g->spare = t->next;
        fsk_buf_fini(&t->url);
        free(t);
    }
}

/* The URL, with the data of -G in its query. */
static bool set_url(struct get *g, struct transfer *t, struct fsk_span url)
{
    const char *fragment = g->o.query ? memchr(url.p, '#', url.n) : NULL;
    size_t n = fragment ? (size_t)(fragment - url.p) : url.n;
    bool good = fsk_buf_append(&t->url, url.p, n) == FSOCK_OK;
    if (g->o.query) {
        const char *joint = memchr(url.p, '?', n) ? "&" : "?";
        struct fsk_span query = fsk_buf_span(&g->ask.body);
        good = good && fsk_buf_puts(&t->url, joint) == FSOCK_OK &&
               fsk_buf_append(&t->url, query.p, query.n) == FSOCK_OK;
    }
    return good && fsk_buf_terminate(&t->url) == FSOCK_OK;
}

static const char *url_text(const struct transfer *t)
{
    return t->url.mem + t->url.start;
}

/* -O, or nothing. */
static bool remote_name(struct get *g, struct transfer *t, bool marked)
{
    char name[NAME_SIZE];
    if (!g->o.remote_name)
        return true;
    names_of_url(fsk_buf_span(&t->url), marked, name);
    return sink_to_file(&t->sink, g->o.output_dir, name);
}

static struct transfer *made(struct get *g, struct transfer *t, bool good)
{
    if (good)
        return t;
    transfer_drop(g, t);
    return NULL;
}

struct transfer *transfer_of_argument(struct get *g, size_t index)
{
    struct transfer *t = transfer_new(g);
    if (!t)
        return NULL;
    t->number = g->numbered++;
    bool good = set_url(g, t, fsk_span_str(g->o.urls.item[index].value));
    if (index < g->o.outputs.n) {
        const char *name = g->o.outputs.item[index].value;
        t->stdout_asked = strcmp(name, "-") == 0;
        if (t->stdout_asked)
            sink_to_stdout(&t->sink);
        else
            good = good && sink_to_file(&t->sink, g->o.output_dir, name);
    } else if (g->o.remote_name) {
        good = good && remote_name(g, t, g->marked && g->marked[index]);
    } else if (g->single && !g->o.json) {
        sink_to_stdout(&t->sink);
    }
    return made(g, t, good);
}

struct transfer *transfer_of_line(struct get *g, const struct list_line *line)
{
    struct transfer *t = transfer_new(g);
    if (!t)
        return NULL;
    t->list = line->name;
    t->line = line->number;
    t->number = g->numbered++;
    return made(g, t, set_url(g, t, line->text) && (line->why || remote_name(g, t, true)));
}

/* -C: go on where an earlier run had to stop. */
static const struct fsock_request *resumption(struct get *g, struct transfer *t)
{
    if (!g->o.continue_at)
        return &g->ask.request;
    if (!t->resumed) {
        struct resumption *r = malloc(sizeof *r);
        if (!r || !sink_rest(&t->sink, url_text(t), &r->rest)) {
            free(r);
            return &g->ask.request;
        }
        r->request = g->ask.request;
        r->request.resume_from = r->rest.size;
        r->request.validator = r->rest.validator;
        t->resumed = r;
    }
    return &t->resumed->request;
}

enum fsock_err transfer_add(struct get *g, struct transfer *t)
{
    struct fsock_fault fault = {.err = FSOCK_OK};
    struct fsk_span url = fsk_buf_span(&t->url);
    enum fsock_err err = fsock_fetch_add(g->fetch, url.p, url.n, resumption(g, t), t, &fault);
    if (err == FSOCK_OK)
        g->open++;
    if (err == FSOCK_OK || err == FSOCK_AGAIN)
        return err;
    if (fault.err == FSOCK_OK)
        fsk_fault_set(&fault, err, FSOCK_STAGE_NONE, 0, "out of memory");
    struct fsock_event done = {.kind = FSOCK_EVENT_DONE,
                               .user = t,
                               .response = &record_no_response,
                               .err = err,
                               .fault = &fault};
    g->open++; /* as if it had begun */
    transfer_event(g, &done);
    return err;
}

/* ---- The record ------------------------------------------------------------------------------ */

/* One URL for a person: the body was all, or there is a sentence. */
static void tell(struct get *g)
{
    const struct outcome *o = &g->outcome;
    if (o->exitcode == EXIT_FINE || (g->o.silent && !g->o.show_error))
        return;
    if (o->exitcode == EXIT_WRITE && o->sys_errno == EPIPE)
        return; /* whoever read our output has had enough */
    get_say(g, o->text);
    if (o->hint[0])
        get_say(g, o->hint);
}

static void report(struct get *g, struct transfer *t, const struct fsock_response *response)
{
    struct record r = {
        .url = fsk_buf_span(&t->url),
        .list = t->list,
        .line = t->line,
        .number = t->number,
        .response = response,
        .outcome = &g->outcome,
        .file = g->outcome.exitcode == EXIT_FINE ? t->sink.name : NULL,
        .referer = g->o.referer,
    };
    summary_add(&g->summary, &r);
    if (g->single) {
        g->exitcode = g->outcome.exitcode;
        tell(g);
    }
    if (!g->single || g->o.json || g->o.write_out)
        progress_clear(&g->progress);
    if (g->o.json) {
        record_json(&g->out, &r);
    } else if (g->o.write_out) {
        writeout(&g->out, &g->err, g->o.write_out, &r);
        out_flush(&g->err);
    } else if (!g->single) {
        record_line(&g->out, &r, g->terminal, g->colour);
    }
}

void transfer_refuse(struct get *g, struct transfer *t, const char *why)
{
    outcome_fine(&g->outcome);
    outcome_fail(&g->outcome, EXIT_URL, fsock_err_name(FSOCK_ERR_INPUT), 0, "%s line %llu: %s",
                 t->list, (unsigned long long)t->line, why);
    report(g, t, &record_no_response);
    transfer_drop(g, t);
}

/* ---- Events ---------------------------------------------------------------------------------- */

/* g->outcome holds a failure of ours: end the transfer; its DONE event will find it. */
static void fail(struct get *g, struct transfer *t, uint64_t id)
{
    if (t->failure)
        return;
    t->failure = malloc(sizeof *t->failure);
    if (t->failure)
        *t->failure = g->outcome;
    fsock_fetch_cancel(g->fetch, id);
}

/* What If-Range may hold (RFC 9110 13.1.5): a strong ETag, or a Last-Modified before the Date. */
static struct fsk_span strong_validator(const struct fsock_response *r)
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

/* An unlinked file for a body that has to wait for its header. */
static bool open_spool(struct get *g, struct transfer *t)
{
    const char *dir = getenv("TMPDIR");
    t->spool = open(dir && *dir ? dir : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (t->spool < 0)
        outcome_fail(&g->outcome, EXIT_WRITE, "write", errno, "can't make a temporary file: %s",
                     fsk_errno_text(errno));
    return t->spool >= 0;
}

static bool dump_header(struct get *g, const struct fsock_response *r)
{
    int sys_errno = g->dump_fd >= 0 ? write_all(g->dump_fd, r->head, r->head_len) : 0;
    if (sys_errno)
        outcome_fail(&g->outcome, EXIT_WRITE, "write", sys_errno, "can't write %s: %s",
                     g->o.dump_header, fsk_errno_text(sys_errno));
    return !sys_errno;
}

/* A status that is a failure has no body for us. */
static bool has_body(const struct get *g, const struct transfer *t, const struct fsock_response *r)
{
    if ((g->ask.request.flags & FSOCK_FAIL_STATUS) && r->status >= 400)
        return false;
    return !(t->resumed && r->status == 416);
}

static void on_head(struct get *g, struct transfer *t, const struct fsock_event *e)
{
    const struct fsock_response *r = e->response;
    if (t->failure || !dump_header(g, r)) {
        fail(g, t, e->id);
        return;
    }
    if (!has_body(g, t, r) || t->sink.kind == SINK_NONE)
        return;
    if (g->single && r->content_length > 0)
        g->expected = (uint64_t)r->content_length;
    uint64_t from = r->resumed && t->resumed ? t->resumed->rest.size : 0;
    struct fsk_span validator =
        from ? fsk_span_str(t->resumed->rest.validator) : strong_validator(r);
    bool good = sink_open(&t->sink, from, validator, g->o.create_dirs, &g->outcome);
    if (good && g->o.include == INCLUDE_DECODED)
        good = open_spool(g, t);
    else if (good && (g->o.include == INCLUDE_RECEIVED || g->o.head))
        good = sink_write(&t->sink, url_text(t), r->head, r->head_len, &g->outcome);
    if (!good)
        fail(g, t, e->id);
}

/* Bytes that a terminal would take for commands are not for it, unless -o - says so. */
static bool harmless(struct get *g, const struct transfer *t, const struct fsock_event *e)
{
    if (t->sink.kind != SINK_STDOUT || !g->terminal || t->stdout_asked ||
        !memchr(e->data, '\0', e->len))
        return true;
    outcome_fail(&g->outcome, EXIT_WRITE, "write", 0,
                 "the body is binary and could garble the terminal; save it with -o FILE, or "
                 "print it all the same with -o -");
    return false;
}

static void on_data(struct get *g, struct transfer *t, const struct fsock_event *e)
{
    g->moved += e->len;
    if (t->failure || !has_body(g, t, e->response))
        return;
    bool good = harmless(g, t, e);
    if (good && t->sink.kind == SINK_STDOUT)
        progress_clear(&g->progress);
    if (good && t->spool >= 0) {
        int sys_errno = write_all(t->spool, e->data, e->len);
        if (sys_errno)
            outcome_fail(&g->outcome, EXIT_WRITE, "write", sys_errno,
                         "can't write the temporary file: %s", fsk_errno_text(sys_errno));
        good = !sys_errno;
    } else if (good) {
        good = sink_write(&t->sink, url_text(t), e->data, e->len, &g->outcome);
    }
    if (!good)
        fail(g, t, e->id);
}

/* --include=decoded: now that the header is whole, it and the body go where they belong. */
static bool unspool(struct get *g, struct transfer *t, const struct fsock_response *r)
{
    size_t len = fsock_response_decoded_head(r, NULL, 0), cap = len > CHUNK ? len : CHUNK;
    char *buf = malloc(cap);
    if (!buf) {
        outcome_fail(&g->outcome, EXIT_MEMORY, "memory", ENOMEM, "out of memory");
        return false;
    }
    ssize_t n = (ssize_t)fsock_response_decoded_head(r, buf, cap);
    bool good = true;
    for (lseek(t->spool, 0, SEEK_SET); good && n > 0; n = read(t->spool, buf, cap))
        good = sink_write(&t->sink, url_text(t), buf, (size_t)n, &g->outcome);
    free(buf);
    if (n < 0)
        outcome_fail(&g->outcome, EXIT_READ, "read", errno, "can't read the temporary file: %s",
                     fsk_errno_text(errno));
    return good && n == 0;
}

/* 416 to a continuation: if the file already has all bytes, then it is complete (RFC 9110 15.5.17).
 */
static bool already_whole(const struct transfer *t, const struct fsock_response *r)
{
    const char *value;
    size_t n;
    char want[48];
    if (!t->resumed || r->status != 416 || !fsock_response_header(r, "Content-Range", &value, &n))
        return false;
    int len =
        snprintf(want, sizeof want, "bytes */%llu", (unsigned long long)t->resumed->rest.size);
    return fsk_span_eq(fsk_span(value, n), fsk_span(want, (size_t)len));
}

/* The library is content; so must the sink be. */
static void finish(struct get *g, struct transfer *t, const struct fsock_response *r)
{
    if (!has_body(g, t, r))
        return;
    if (t->spool >= 0 && !unspool(g, t, r))
        return;
    sink_commit(&t->sink, &g->outcome);
}

static void on_done(struct get *g, struct transfer *t, const struct fsock_event *e)
{
    struct limits limits = {g->ask.options.total_timeout, g->o.ca_file};
    outcome_fine(&g->outcome);
    if (t->failure)
        g->outcome = *t->failure;
    else if (already_whole(t, e->response) &&
             sink_open(&t->sink, t->resumed->rest.size, fsk_span(NULL, 0), false, &g->outcome))
        sink_commit(&t->sink, &g->outcome);
    else if (e->fault && e->err != FSOCK_OK)
        outcome_fault(&g->outcome, e->fault, url_text(t), &limits);
    else
        finish(g, t, e->response);
    if (g->over && e->err == FSOCK_ERR_CANCELED && !t->failure) {
        g->outcome.exitcode = EXIT_TIMEOUT;
        g->outcome.err = fsock_err_name(FSOCK_ERR_TIMEOUT);
    }
    if (g->outcome.exitcode != EXIT_FINE)
        sink_abandon(&t->sink, url_text(t));
    if (t->sink.kind == SINK_NONE)
        g->moved += e->response->size_body;
}

void transfer_event(struct get *g, const struct fsock_event *e)
{
    struct transfer *t = e->user;
    outcome_fine(&g->outcome);
    switch (e->kind) {
    case FSOCK_EVENT_START:
        t->started = true;
        break;
    case FSOCK_EVENT_HEAD:
        on_head(g, t, e);
        break;
    case FSOCK_EVENT_DATA:
        on_data(g, t, e);
        break;
    case FSOCK_EVENT_DONE:
        on_done(g, t, e);
        g->open--;
        /* Those that were still in the queue when the run was ended have no record. */
        if (t->started || !g->stopping || g->single)
            report(g, t, e->response);
        transfer_drop(g, t);
        break;
    default:
        break;
    }
}
