#include "progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include "histogram.h"

static const fsock_time step = 200 * FSOCK_MILLISECOND;

void progress_init(struct progress *p, struct out *to, bool wanted, fsock_time now)
{
    p->to = to;
    p->on = wanted && isatty(to->fd) == 1;
    p->drawn = false;
    p->next = p->on ? now + step : FSOCK_NEVER;
}

/* How many characters fit on a line. */
static size_t width(int fd)
{
    struct winsize size;
    return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col - 1u : 79;
}

static void put_bytes(struct out *o, const struct progress_state *state, fsock_time elapsed)
{
    out_size(o, state->bytes);
    if (state->expected) {
        out_str(o, " of ");
        out_size(o, state->expected);
    }
    out_str(o, ", ");
    out_size(o, (uint64_t)((double)state->bytes / ((double)elapsed / 1e9)));
    out_str(o, "/s");
}

void progress_tick(struct progress *p, const struct progress_state *state, fsock_time now)
{
    if (now < p->next)
        return;
    p->next = now + step;
    p->drawn = true;
    struct out *o = p->to;
    fsock_time elapsed = now - state->started;
    out_str(o, "\r\033[K");
    size_t start = o->n, room = width(o->fd);
    if (!state->single) {
        out_u64(o, state->ended);
        out_str(o, " done, ");
        out_u64(o, state->failed);
        out_str(o, " failed, ");
        out_u64(o, state->running);
        out_str(o, " running, ");
    }
    if (state->no_bytes)
        rate_print(state->ended, elapsed, o);
    else
        put_bytes(o, state, elapsed);
    out_str(o, ", ");
    out_interval(o, elapsed);
    if (o->n - start > room)
        o->n = start + room;
    out_flush(o);
}

void progress_clear(struct progress *p)
{
    if (!p->drawn)
        return;
    p->drawn = false;
    out_str(p->to, "\r\033[K");
    out_flush(p->to);
}
