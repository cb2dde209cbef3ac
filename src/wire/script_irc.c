/* IRC (RFC 2812, IRCv3's capability negotiation and tls) before a name is given. */
#include "wire/script.h"

/* Who has no CAP is of IRC all the same; who hangs up has refused. */
static enum fsk_verdict judge_cap(struct fsk_script *s, struct fsk_span answer)
{
    char shown[FSK_SCRIPT_SHOWN];
    struct fsk_span line = fsk_script_line(s, answer);
    if (fsk_script_begins(line, "ERROR"))
        fsk_script_fail(s, FSOCK_ERR_STATUS, FSOCK_STAGE_DIALOG, "the server refuses: %s is '%s'",
                        fsk_script_awaits(s), fsk_script_shown(line, shown));
    return fsk_script_begins(line, "CAP ") ? FSK_GOOD : FSK_BAD;
}

/* The words of a text, which are capabilities: "tls sasl=PLAIN". */
static void take_words(struct fsk_script *s, struct fsk_span text)
{
    for (size_t at = 0, n; at < text.n; at += n + 1) {
        const char *blank = memchr(text.p + at, ' ', text.n - at);
        n = blank ? (size_t)(blank - text.p) - at : text.n - at;
        fsk_script_word(s, fsk_span(text.p + at, n));
    }
}

/* ":irc.test CAP * LS :tls sasl": the server's name is its banner. */
static void take_cap(struct fsk_script *s, struct fsk_span answer)
{
    struct fsk_span line;
    while (fsk_script_next_line(&answer, &line)) {
        const char *blank = line.n ? memchr(line.p, ' ', line.n) : NULL;
        if (blank && line.p[0] == ':')
            fsk_script_banner(s, fsk_span(line.p + 1, (size_t)(blank - line.p) - 1));
        const char *cap = memmem(line.p, line.n, "CAP ", 4), *end = line.p + line.n;
        const char *list = cap ? memmem(cap, (size_t)(end - cap), " :", 2) : NULL;
        if (list)
            take_words(s, fsk_span(list + 2, (size_t)(end - list) - 2));
    }
}

const struct fsk_move fsk_moves_irc[] = {
    {.awaited = "its answer to CAP",
     .say = "CAP LS\r\n",
     .form = FSK_REPLY_IRC,
     .judge = judge_cap,
     .bad = FSK_BAD_FINE,
     .take = take_cap},
    {.awaited = "its answer to STARTTLS",
     .when = FSK_IF_STARTTLS,
     .say = "STARTTLS\r\n",
     .form = FSK_REPLY_IRC,
     .good = "670",
     .offer = "tls",
     .then = FSK_THEN_TLS,
     .bad = FSK_BAD_TLS},
    {.awaited = "its answer to CAP within TLS",
     .when = FSK_IF_RENEWED,
     .say = "CAP LS\r\n",
     .form = FSK_REPLY_IRC,
     .judge = judge_cap,
     .bad = FSK_BAD_FINE,
     .take = take_cap},
    {.awaited = "the end",                              .say = "QUIT\r\n", .bye = true},
    {.awaited = NULL       },
};
