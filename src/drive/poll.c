#include "drive/poll.h"

#include <errno.h>

#include <string.h>

#include "base/digits.h"
#include "base/time.h"
#include "base/trace.h"
#include "base/wait.h"

struct pollfd fsk_poll_for(int fd, unsigned events)
{
    return (struct pollfd){.fd = fd,
                           .events = (short)((events & FSK_READABLE ? POLLIN : 0) |
                                             (events & FSK_URGENT ? POLLPRI : 0) |
                                             (events & FSK_WRITABLE ? POLLOUT : 0))};
}

unsigned fsk_poll_events(const struct pollfd *fd)
{
    bool any = fd->revents & ~(POLLIN | POLLPRI | POLLOUT);
    return (fd->revents & POLLIN || any ? FSK_READABLE : 0u) |
           (fd->revents & POLLPRI || any ? FSK_URGENT : 0u) |
           (fd->revents & POLLOUT || any ? FSK_WRITABLE : 0u);
}

static size_t put(char *out, size_t n, const char *text)
{
    size_t len = strlen(text);
    memcpy(out + n, text, len);
    return n + len;
}

size_t fsk_poll_put(char text[FSK_POLL_TEXT], size_t len, int fd, short events)
{
    static const struct {
        short event;
        char word[8];
    } words[] = {
        {POLLIN,    ",in"   },
        {POLLPRI,   ",pri"  },
        {POLLOUT,   ",out"  },
        {POLLERR,   ",err"  },
        {POLLHUP,   ",hup"  },
        {POLLRDHUP, ",rdhup"},
        {POLLNVAL,  ",bad"  }
    };
    char one[64] = " ";
    if (len >= 4 && memcmp(text + len - 4, " ...", 4) == 0)
        return len;
    size_t n = 1;
    if (fd < 0)
        one[n++] = '-';
    n += fsk_decimal_write(fd < 0 ? -(uint64_t)fd : (uint64_t)fd, one + n);
    size_t at = n;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (events & words[i].event)
            n = put(one, n, words[i].word);
    if (n > at)
        one[at] = ':';
    if (len + n + sizeof " ..." > FSK_POLL_TEXT) {
        len = put(text, len, " ...");
    } else {
        memcpy(text + len, one + !len, n - !len);
        len += n - !len;
    }
    text[len] = '\0';
    return len;
}

static void mark_wait(fsock_trace *trace, const struct pollfd *fds, size_t n, int ms, int result,
                      fsock_time since)
{
    char asked[FSK_POLL_TEXT] = "", ready[FSK_POLL_TEXT] = "";
    struct fsock_mark m = {.kind = FSOCK_MARK_CALL,
                           .call = "poll",
                           .fd = -1,
                           .result = result,
                           .sys_errno = result < 0 ? errno : 0,
                           .at = fsock_now()};
    size_t asked_n = 0, ready_n = 0;
    for (size_t i = 0; i < n; i++) {
        if (fds[i].fd >= 0)
            asked_n = fsk_poll_put(asked, asked_n, fds[i].fd, fds[i].events);
        if (fds[i].fd >= 0 && fds[i].revents && result > 0)
            ready_n = fsk_poll_put(ready, ready_n, fds[i].fd, fds[i].revents);
    }
    const struct fsock_field field[] = {fsk_text("fds", asked), fsk_number("timeout", ms),
                                        fsk_text("ready", ready)};
    m.took = ms ? m.at - since : 0;
    fsk_trace_add(trace, &m, field, sizeof field / sizeof *field);
}

enum fsock_err fsk_poll(fsock_trace *trace, struct pollfd *fds, size_t n, int ms)
{
    fsock_time since = fsk_trace_wants_calls(trace) ? fsock_now() : 0;
    int result = poll(fds, n, ms);
    int saved = errno;
    if (fsk_trace_wants_calls(trace))
        mark_wait(trace, fds, n, ms, result, since);
    errno = saved;
    return result < 0 && errno != EINTR ? FSOCK_ERR_SYSTEM : FSOCK_OK;
}
