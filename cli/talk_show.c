#include "talk_show.h"

#include <time.h>

#include "base/time.h"

#define READY_MOST                                                                                 \
    ((size_t)16 * 1024 * 1024) /* 64 KiB of bytes are ten times as much in a view                  \
                                */

static enum view_kind kind_of(const struct talk_options *o, bool terminal)
{
    if (o->view >= 0 && o->view != VIEW_RAW)
        return (enum view_kind)o->view;
    return terminal && !o->raw && o->view < 0 ? VIEW_SAFE : VIEW_RAW;
}

void show_init(struct show *s, const struct talk_options *o, bool terminal)
{
    s->o = o;
    s->dump = o->dump;
    s->terminal = terminal;
    s->last = fsock_now();
    ebcdic_init(&s->ebcdic, fsk_span_str(o->code_page ? o->code_page : "037"));
    view_init(&s->view, kind_of(o, terminal), &s->ebcdic);
    view_init(&s->sent, VIEW_HEX, NULL);
    view_init(&s->came, VIEW_HEX, NULL);
    fsk_buf_init(&s->ready, READY_MOST);
    out_init_buf(&s->text, &s->ready);
}

void show_fini(struct show *s)
{
    out_fini(&s->text);
    fsk_buf_fini(&s->ready);
}

bool show_is_plain(const struct show *s)
{
    return !s->dump && s->view.kind == VIEW_RAW;
}

static uint64_t day_us(void)
{
    int64_t unix_ns = fsk_time_unix();
    time_t seconds = (time_t)(unix_ns / FSOCK_SECOND);
    struct tm tm = {.tm_hour = 0};
    localtime_r(&seconds, &tm);
    uint64_t of_day = (uint64_t)tm.tm_hour * 3600 + (uint64_t)tm.tm_min * 60 + (uint64_t)tm.tm_sec;
    return of_day * 1000000 + (uint64_t)(unix_ns % FSOCK_SECOND) / 1000;
}

static void dump(struct show *s, bool sent, struct fsk_span bytes)
{
    fsock_time now = fsock_now();
    struct view_stamp stamp = {.sent = sent, .day_us = day_us(), .since = now - s->last};
    s->last = now;
    view_dump(sent ? &s->sent : &s->came, &s->text, &stamp, bytes);
    out_flush(&s->text);
}

void show_received(struct show *s, struct fsk_span bytes)
{
    if (s->dump)
        dump(s, false, bytes);
    else
        view_write(&s->view, &s->text, bytes);
    out_flush(&s->text);
}

void show_sent(struct show *s, struct fsk_span bytes)
{
    if (s->dump && bytes.n)
        dump(s, true, bytes);
}

void show_pause(struct show *s)
{
    if (!s->terminal)
        return;
    view_flush(&s->view, &s->text);
    out_flush(&s->text);
}

void show_end(struct show *s)
{
    if (!s->dump && !s->ended)
        view_end(&s->view, &s->text);
    s->ended = true;
    out_flush(&s->text);
}
