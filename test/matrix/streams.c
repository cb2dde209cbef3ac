#include "streams.h"

#include <errno.h>
#include <fcntl.h>

#include "given.h"

#define DRIP_MS 100

struct trial {
    const struct cell *cell;
    struct outcome *outcome;
    struct given given;
    struct sleeper sleeper;
    fsock_time start, cpu;
    fsock_time deadline; /* of the call that is measured */
    fsock_stream *stream, *other;
    char buf[65536];
    size_t n;
};

/* ---- Measuring ------------------------------------------------------------------------------- */

/* The clock runs from here. The stream (it may be NULL) gets its own limit, if the cell says so. */
static void begin(struct trial *t, fsock_stream *s)
{
    t->start = fsock_now();
    t->cpu = cpu_used();
    sleeper_start(&t->sleeper, t->start + LIMIT);
    t->deadline = t->cell->which == TOTAL ? t->start + LIMIT : t->start + FAR;
    if (t->cell->err == FSOCK_AGAIN)
        t->deadline = FSOCK_NOW;
    if (t->cell->which == OWN)
        fsock_set_deadline(s, t->start + LIMIT);
}

/* The call has returned, as `fault` (it may be NULL) says. */
static void end(struct trial *t, enum fsock_err err, const struct fsock_fault *fault)
{
    struct outcome *o = t->outcome;
    o->took = o->total = fsock_now() - t->start;
    o->cpu = cpu_used() - t->cpu;
    o->err = err;
    if (fault)
        o->fault = *fault;
    o->lag = sleeper_lag(&t->sleeper);
}

void run_stream(const unsigned *which, unsigned n, struct outcome *outcomes)
{
    static struct trial t;
    (void)n;
    t.cell = &stream_cells[which[0]];
    t.outcome = &outcomes[which[0]];
    give(&t.given, t.cell);
    int fds = open_fds();
    t.cell->act(&t);
    fsock_close(t.stream);
    fsock_close(t.other);
    t.outcome->fds_left = open_fds() - fds;
    t.outcome->ended = 1;
}

/* What a cell needs before it can begin. */
static void need(enum fsock_err err, const struct fsock_fault *fault)
{
    if (err == FSOCK_OK)
        return;
    printf("# can't begin: %s\n", fault->text);
    exit(1);
}

static fsock_stream *open_target(struct trial *t, const char *target)
{
    struct fsock_fault fault = {.text = "/dev/zero"};
    enum fsock_err err;
    if (strcmp(target, "pair") == 0) {
        fsock_stream *pair[2];
        need(fsock_open_pair(pair, &fault), &fault);
        fsock_set_silence(pair[0], t->given.options.read_timeout);
        t->stream = pair[0];
        t->other = pair[1];
    } else if (strcmp(target, "zero") == 0) {
        err = fsock_open_fd(&t->stream, open("/dev/zero", O_RDWR | O_CLOEXEC), 1, &fault);
        need(err, &fault);
    } else {
        err = fsock_open(&t->stream, target, 0, &t->given.options, fsock_now() + FAR, &fault);
        need(err, &fault);
    }
    return t->stream;
}

static fsock_stream *opened(struct trial *t)
{
    return open_target(t, t->given.url);
}

/* ---- Opening --------------------------------------------------------------------------------- */

void act_fsockopen(struct trial *t)
{
    struct fsock_fault fault;
    begin(t, NULL);
    FILE *file = fsockopen(t->given.url, 0, &fault, LIMIT / 1e9);
    end(t, fault.err, &fault);
    if (file)
        fclose(file);
}

void act_open(struct trial *t)
{
    struct fsock_fault fault;
    begin(t, NULL);
    enum fsock_err err =
        fsock_open(&t->stream, t->given.url, 0, &t->given.options, t->deadline, &fault);
    end(t, err, &fault);
}

void act_pool_open(struct trial *t)
{
    struct fsock_fault fault;
    fsock_pool *pool = fsock_pool_new(0, 0);
    begin(t, NULL);
    enum fsock_err err = fsock_pool_open(pool, &t->stream, t->given.url, 0, &t->given.options,
                                         t->deadline, NULL, &fault);
    end(t, err, &fault);
    fsock_pool_free(pool);
}

void act_bind(struct trial *t)
{
    struct fsock_fault fault;
    begin(t, NULL);
    enum fsock_err err =
        fsock_bind(&t->stream, t->given.url, 0, &t->given.options, t->deadline, &fault);
    end(t, err, &fault);
}

void act_listen(struct trial *t)
{
    struct fsock_fault fault;
    fsock_listener *listener;
    begin(t, NULL);
    enum fsock_err err =
        fsock_listen(&listener, t->given.url, 0, &t->given.options, t->deadline, &fault);
    end(t, err, &fault);
    fsock_listener_close(listener);
}

void act_start_tls(struct trial *t)
{
    fsock_stream *s = opened(t);
    begin(t, s);
    enum fsock_err err = fsock_start_tls(s, "localhost", &t->given.options, t->deadline);
    end(t, err, fsock_last_fault(s));
}

/* ---- Reading --------------------------------------------------------------------------------- */

static void read_on(struct trial *t, fsock_stream *s)
{
    enum fsock_err err;
    begin(t, s);
    do
        err = fsock_read(s, t->buf, sizeof t->buf, &t->n, t->deadline);
    while (err == FSOCK_OK);
    end(t, err, fsock_last_fault(s));
}

void act_read(struct trial *t)
{
    read_on(t, opened(t));
}

void act_read_answer(struct trial *t)
{
    fsock_stream *s = opened(t);
    need(fsock_write(s, "?", 1, NULL, fsock_now() + FAR), fsock_last_fault(s));
    read_on(t, s);
}

void act_read_exact(struct trial *t)
{
    fsock_stream *s = opened(t);
    enum fsock_err err;
    begin(t, s);
    do
        err = fsock_read_exact(s, t->buf, sizeof t->buf, &t->n, t->deadline);
    while (err == FSOCK_OK);
    end(t, err, fsock_last_fault(s));
}

void act_read_line(struct trial *t)
{
    fsock_stream *s = opened(t);
    enum fsock_err err;
    begin(t, s);
    do
        err = fsock_read_line(s, t->buf, sizeof t->buf, &t->n, t->deadline);
    while (err == FSOCK_OK);
    end(t, err, fsock_last_fault(s));
}

void act_recv_from(struct trial *t)
{
    struct fsock_fault fault;
    struct fsock_address from;
    need(fsock_bind(&t->stream, t->given.url, 0, &t->given.options, FSOCK_NEVER, &fault), &fault);
    begin(t, t->stream);
    enum fsock_err err =
        fsock_recv_from(t->stream, t->buf, sizeof t->buf, &t->n, &from, t->deadline);
    end(t, err, fsock_last_fault(t->stream));
}

void act_wait(struct trial *t)
{
    struct fsock_wait_item item = {.stream = opened(t), .fd = -1, .events = FSOCK_READABLE};
    begin(t, item.stream);
    enum fsock_err err = fsock_wait(&item, 1, t->deadline);
    end(t, err, NULL);
}

/* ---- Writing --------------------------------------------------------------------------------- */

/* As much as there is room for now. False: there was none. */
static bool stuff(struct trial *t, fsock_stream *s)
{
    bool any = false;
    while (fsock_write(s, upload_bytes(), UPLOAD, &t->n, FSOCK_NOW) == FSOCK_OK)
        any = true;
    return any;
}

/* The stream, with all buffers on the way full: there was no room, and none for a while. */
static fsock_stream *stuck(struct trial *t)
{
    fsock_stream *s = opened(t);
    struct fsock_wait_item room = {.stream = s, .fd = -1, .events = FSOCK_WRITABLE};
    do
        stuff(t, s);
    while (fsock_wait(&room, 1, fsock_now() + LIMIT / 2) == FSOCK_OK || stuff(t, s));
    return s;
}

/* Silence begins when the buffers are full, so they are filled before. */
void act_write(struct trial *t)
{
    fsock_stream *s = t->cell->which == READ ? stuck(t) : opened(t);
    enum fsock_err err;
    begin(t, s);
    do
        err = fsock_write(s, upload_bytes(), UPLOAD, &t->n, t->deadline);
    while (err == FSOCK_OK);
    end(t, err, fsock_last_fault(s));
}

void act_shut(struct trial *t)
{
    fsock_stream *s = stuck(t);
    begin(t, s);
    enum fsock_err err = fsock_shut(s, t->deadline);
    end(t, err, fsock_last_fault(s));
}

void act_close(struct trial *t)
{
    fsock_stream *s = stuck(t);
    begin(t, s);
    fsock_close(s);
    end(t, FSOCK_OK, NULL);
    t->stream = NULL;
}

/* The stream's other end is not read, but holds more than what comes. */
void act_copy_from(struct trial *t)
{
    fsock_stream *pair[2], *s = opened(t);
    struct fsock_fault fault;
    need(fsock_open_pair(pair, &fault), &fault);
    begin(t, s);
    enum fsock_err err = fsock_copy(s, pair[0], UINT64_MAX, NULL, t->deadline);
    end(t, err, fsock_last_fault(s));
    fsock_close(pair[0]);
    fsock_close(pair[1]);
}

void act_copy_to(struct trial *t)
{
    fsock_stream *s = opened(t), *other = t->other, *zero = open_target(t, "zero");
    begin(t, s);
    enum fsock_err err = fsock_copy(zero, s, UINT64_MAX, NULL, t->deadline);
    end(t, err, fsock_last_fault(s));
    fsock_close(zero);
    t->stream = s;
    t->other = other;
}

/* ---- By stdio -------------------------------------------------------------------------------- */

/* What a FILE's error says must be what its stream's fault says. */
static enum fsock_err error_of(FILE *file, int number)
{
    const struct fsock_fault *f = fsock_last_fault(fsock_of(file));
    if (!ferror(file))
        return FSOCK_EOF;
    return (f->err == FSOCK_ERR_TIMEOUT) == (number == ETIMEDOUT) ? f->err : FSOCK_OK;
}

static FILE *opened_file(struct trial *t)
{
    FILE *file = fsock_file(opened(t));
    t->stream = NULL; /* it is the file's */
    return file;
}

void act_fgets(struct trial *t)
{
    FILE *file = opened_file(t);
    begin(t, fsock_of(file));
    while (fgets(t->buf, sizeof t->buf, file))
        ;
    end(t, error_of(file, errno), fsock_last_fault(fsock_of(file)));
    fclose(file);
}

void act_fwrite(struct trial *t)
{
    FILE *file = opened_file(t);
    begin(t, fsock_of(file));
    fwrite(upload_bytes(), 1, UPLOAD, file);
    end(t, error_of(file, errno), fsock_last_fault(fsock_of(file)));
    fclose(file);
}

void act_fclose(struct trial *t)
{
    FILE *file = fsock_file(stuck(t));
    t->stream = NULL;
    fputs("one more line\n", file);
    begin(t, fsock_of(file));
    bool good = fclose(file) == 0;
    end(t, good ? FSOCK_OK : errno == ETIMEDOUT ? FSOCK_ERR_TIMEOUT : FSOCK_ERR_SYSTEM, NULL);
}

/* ---- As a server ----------------------------------------------------------------------------- */

static fsock_listener *listener_at(struct trial *t)
{
    struct fsock_options options = t->given.options;
    struct fsock_fault fault;
    fsock_listener *listener;
    char cert[128], key[128];
    cell_text("%dir%/site.pem", cert, sizeof cert);
    cell_text("%dir%/key.pem", key, sizeof key);
    options.ca_file = NULL;
    options.cert_file = cert;
    options.key_file = key;
    need(fsock_listen(&listener, t->given.url, 0, &options, FSOCK_NEVER, &fault), &fault);
    return listener;
}

void act_accept(struct trial *t)
{
    struct fsock_fault fault;
    fsock_listener *listener = listener_at(t);
    begin(t, NULL);
    enum fsock_err err = fsock_accept(listener, &t->stream, t->deadline, &fault);
    end(t, err, &fault);
    fsock_listener_close(listener);
}

/* A stream that was accepted; t->other is its client, which knows nothing of TLS. */
static fsock_stream *accepted(struct trial *t)
{
    struct fsock_fault fault;
    fsock_listener *listener = listener_at(t);
    need(fsock_open(&t->other, fsock_listener_name(listener), 0, NULL, FSOCK_NEVER, &fault),
         &fault);
    need(fsock_accept(listener, &t->stream, FSOCK_NEVER, &fault), &fault);
    fsock_listener_close(listener);
    return t->stream;
}

static void shake(struct trial *t, fsock_stream *s)
{
    begin(t, s);
    enum fsock_err err = fsock_handshake(s, t->deadline);
    end(t, err, fsock_last_fault(s));
}

void act_handshake_mute(struct trial *t)
{
    shake(t, accepted(t));
}

/* A ClientHello of 4096 bytes, to be. Ends when nobody listens any more. */
static void *drip_hello(void *arg)
{
    static const char start[] = "\x16\x03\x01\x10\x04\x01\x00\x10\x00";
    size_t n = sizeof start - 1;
    for (enum fsock_err err = FSOCK_OK; err == FSOCK_OK; usleep(DRIP_MS * 1000), n = 1)
        err = fsock_write(arg, start, n, NULL, FSOCK_NEVER);
    return NULL;
}

void act_handshake_drip(struct trial *t)
{
    pthread_t thread;
    fsock_stream *s = accepted(t);
    if (pthread_create(&thread, NULL, drip_hello, t->other) != 0)
        abort();
    shake(t, s);
    fsock_close(s);
    t->stream = NULL;
    pthread_join(thread, NULL);
}

void act_read_unshaken(struct trial *t)
{
    read_on(t, accepted(t));
}

/* ---- Probing --------------------------------------------------------------------------------- */

void act_probe(struct trial *t)
{
    struct fsock_probe_event e = {.kind = FSOCK_EVENT_ROOM};
    struct fsock_fault fault;
    fsock_probe *probe = fsock_probe_new(&t->given.options, 0, "?", 1, &fault);
    if (!probe)
        need(fault.err, &fault);
    begin(t, NULL);
    need(fsock_probe_add(probe, t->given.url, 0, NULL, &fault), &fault);
    while (e.kind != FSOCK_EVENT_DONE)
        if (fsock_probe_next(probe, &e, t->deadline) != FSOCK_OK)
            break;
    end(t, e.fault ? e.fault->err : FSOCK_OK, e.fault);
    fsock_probe_free(probe);
}
