/* Telnet (RFC 854): all options are refused, so that the host goes on to its prompt. */
#include "wire/script.h"

enum { IAC = 255, DONT = 254, DO = 253, WONT = 252, WILL = 251, SB = 250, SE = 240 };

#define TEXT_MAX 2048

/* What has come, taken apart. */
struct heard {
    char text[TEXT_MAX]; /* without commands */
    size_t n;
    bool whole; /* it does not end within a command */
    bool asks;  /* an answer is due */
};

/* One command at p; returns its length, 0 if it is not complete. */
static size_t command_length(const unsigned char *p, size_t n)
{
    if (n < 2)
        return 0;
    if (p[1] >= WILL && p[1] <= DONT)
        return n < 3 ? 0 : 3;
    if (p[1] != SB)
        return 2;
    for (size_t i = 2; i + 1 < n; i++)
        if (p[i] == IAC && p[i + 1] == SE)
            return i + 2;
    return 0;
}

/* Answers to commands go to `out`, unless that is NULL. */
static enum fsock_err take_apart(struct fsk_span bytes, struct heard *h, struct fsk_buf *out)
{
    const unsigned char *p = (const unsigned char *)bytes.p;
    enum fsock_err err = FSOCK_OK;
    *h = (struct heard){.whole = true};
    for (size_t at = 0, len; at < bytes.n && err == FSOCK_OK; at += len) {
        len = p[at] == IAC ? command_length(p + at, bytes.n - at) : 1;
        h->whole = len > 0;
        if (!h->whole)
            break;
        bool asks = p[at] == IAC && (p[at + 1] == WILL || p[at + 1] == DO);
        h->asks |= asks;
        if (p[at] != IAC && p[at] != '\0' && h->n < TEXT_MAX)
            h->text[h->n++] = bytes.p[at];
        if (asks && out) {
            const unsigned char no[] = {IAC, p[at + 1] == WILL ? DONT : WONT, p[at + 2]};
            err = fsk_buf_append(out, no, sizeof no);
        }
    }
    return err;
}

static bool has_text(const struct heard *h, struct fsk_span expect)
{
    if (expect.n)
        return memmem(h->text, h->n, expect.p, expect.n);
    for (size_t i = 0; i < h->n; i++)
        if (h->text[i] > ' ')
            return true;
    return false;
}

static enum fsk_verdict judge(struct fsk_script *s, struct fsk_span answer)
{
    struct heard h;
    (void)take_apart(answer, &h, NULL);
    if (has_text(&h, s->wish->expect))
        return FSK_GOOD;
    return h.whole && h.asks ? FSK_MORE : FSK_WAIT;
}

static enum fsock_err respond(struct fsk_script *s, struct fsk_span answer)
{
    struct heard h;
    return take_apart(answer, &h, &s->out);
}

/* The last line with something in it: the prompt. */
static void take(struct fsk_script *s, struct fsk_span answer)
{
    struct heard h;
    struct fsk_span rest, line, last = {"", 0};
    (void)take_apart(answer, &h, NULL);
    rest = fsk_span(h.text, h.n);
    while (fsk_script_next_line(&rest, &line))
        if (fsk_span_trim(line).n)
            last = line;
    fsk_script_banner(s, last);
}

const struct fsk_move fsk_moves_telnet[] = {
    {.awaited = "its prompt",
     .form = FSK_REPLY_ALL,
     .judge = judge,
     .respond = respond,
     .take = take},
    {.awaited = NULL         },
};
