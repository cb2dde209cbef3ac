#include "talk_telnet.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "interrupt.h"

#define LOG_MOST ((size_t)64 * 1024)

/* "^]", "~", "none". -2: it is none of these. */
static int escape_of(const char *text)
{
    if (!text)
        return 0x1d;
    if (strcmp(text, "none") == 0)
        return -1;
    if (text[0] == '^' && text[1] >= '@' && text[1] <= '_' && !text[2])
        return text[1] & 0x1f;
    return text[0] && !text[1] ? (unsigned char)text[0] : -2;
}

const char *talk_telnet_unknown(const char *escape)
{
    return escape_of(escape) == -2
               ? "--escape needs one character, ^X for a control character, or none"
               : NULL;
}

static void window_size(uint16_t *width, uint16_t *height)
{
    struct winsize size = {.ws_row = 0};
    if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) < 0)
        size.ws_col = size.ws_row = 0;
    *width = size.ws_col;
    *height = size.ws_row;
}

/* SIGWINCH as news on a descriptor. */
static int watch_window(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGWINCH);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -1;
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

void talk_telnet_init(struct talk_telnet *t, const struct talk_options *o, bool terminal,
                      struct fsk_buf *to_peer)
{
    struct fsk_telnet_setup setup = {
        .terminal = getenv("TERM"), .keep_crlf = !terminal, .out = to_peer, .log = &t->log};
    *t = (struct talk_telnet){.verbose = o->verbose, .terminal = terminal, .resized = -1};
    fsk_buf_init(&t->log, LOG_MOST);
    t->escape = escape_of(o->escape);
    if (terminal) {
        interrupt_catch_too(SIGHUP); /* so that the terminal is put right */
        interrupt_catch_too(SIGQUIT);
        window_size(&setup.width, &setup.height);
        t->resized = watch_window();
        tcgetattr(STDIN_FILENO, &t->before);
    }
    fsk_telnet_init(&t->telnet, &setup);
}

void talk_telnet_fini(struct talk_telnet *t)
{
    if (t->is_raw)
        tcsetattr(STDIN_FILENO, TCSANOW, &t->before);
    t->is_raw = false;
    if (t->resized >= 0)
        close(t->resized);
    fsk_buf_fini(&t->log);
}

/* Keys one by one, without echo, as long as the host wants that. */
static void follow_host(struct talk_telnet *t)
{
    bool raw = fsk_telnet_on(&t->telnet, FSK_TELNET_PEER, FSK_TELNET_ECHO) &&
               fsk_telnet_on(&t->telnet, FSK_TELNET_PEER, FSK_TELNET_SGA);
    if (!t->terminal || raw == t->is_raw)
        return;
    struct termios mode = t->before;
    if (raw)
        cfmakeraw(&mode);
    if (tcsetattr(STDIN_FILENO, TCSANOW, &mode) == 0)
        t->is_raw = raw;
}

static void tell_log(struct talk_telnet *t)
{
    struct fsk_span text = fsk_buf_span(&t->log);
    if (t->verbose && text.n)
        fprintf(stderr, "%.*s", (int)text.n, text.p);
    fsk_buf_clear(&t->log);
}

enum fsock_err talk_telnet_receive(struct talk_telnet *t, struct fsk_span in, size_t *used,
                                   struct fsk_span *data)
{
    enum fsock_err err = fsk_telnet_receive(&t->telnet, in.p, in.n, used, data);
    follow_host(t);
    tell_log(t);
    return err;
}

/* The key after the escape character. */
static enum fsock_err obey(struct talk_telnet *t, char key)
{
    const char itself = (char)t->escape;
    size_t used;
    t->escaped = false;
    switch (key) {
    case 'q':
    case 'Q':
    case 4: /* ^D */
        t->leave = true;
        return FSOCK_OK;
    case 'b':
        return fsk_telnet_command(&t->telnet, FSK_TELNET_BRK);
    case 'a':
        return fsk_telnet_command(&t->telnet, FSK_TELNET_AYT);
    default:
        if (key == itself)
            return fsk_telnet_send(&t->telnet, &itself, 1, &used);
        fprintf(stderr,
                "\r\n[after the escape character: q leaves, b sends a break, a asks whether "
                "the host is there]\r\n");
        return FSOCK_OK;
    }
}

enum fsock_err talk_telnet_send(struct talk_telnet *t, struct fsk_span in, size_t *used)
{
    size_t n = 0;
    enum fsock_err err = FSOCK_OK;
    *used = 0;
    while (err == FSOCK_OK && *used < in.n && !t->leave) {
        struct fsk_span rest = fsk_span(in.p + *used, in.n - *used);
        if (t->escaped) {
            err = obey(t, rest.p[0]);
            n = err == FSOCK_OK;
        } else {
            const char *stop =
                t->is_raw && t->escape >= 0 ? memchr(rest.p, t->escape, rest.n) : NULL;
            size_t plain = stop ? (size_t)(stop - rest.p) : rest.n;
            t->escaped = plain == 0;
            n = 1;
            if (plain)
                err = fsk_telnet_send(&t->telnet, rest.p, plain, &n);
        }
        *used += n;
    }
    return err;
}

void talk_telnet_resize(struct talk_telnet *t)
{
    struct signalfd_siginfo unused;
    uint16_t width, height;
    while (read(t->resized, &unused, sizeof unused) > 0) {
    }
    window_size(&width, &height);
    fsk_telnet_resize(&t->telnet, width, height);
}
