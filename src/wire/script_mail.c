/*
 * Mail: SMTP (RFC 5321, 3207, 4954), LMTP (RFC 2033), POP3 (RFC 1939, 2449, 2595, 5034), IMAP (RFC
 * 9051).
 */
#include "base/digits.h"
#include "wire/script.h"

/* ---- A stream of any kind -------------------------------------------------------------------- */

/* The whole of what has come so far, as long as the text is not in it. */
static enum fsk_verdict judge_text(struct fsk_script *s, struct fsk_span answer)
{
    struct fsk_span expect = s->wish->expect;
    if (!expect.n || memmem(answer.p, answer.n, expect.p, expect.n))
        return FSK_GOOD;
    return FSK_WAIT;
}

static void take_text(struct fsk_script *s, struct fsk_span answer)
{
    struct fsk_span line;
    if (fsk_script_next_line(&answer, &line))
        fsk_script_banner(s, line);
}

const struct fsk_move fsk_moves_open[] = {
    {.awaited = "the text that is expected",
     .when = FSK_IF_TEXT,
     .say = "%t",
     .form = FSK_REPLY_ALL,
     .judge = judge_text,
     .take = take_text},
    {.awaited = NULL                           },
};

/* ---- SMTP ------------------------------------------------------------------------------------ */

static void take_banner(struct fsk_script *s, struct fsk_span answer)
{
    fsk_script_banner(s, fsk_script_line(s, answer));
}

/* The first line has the server's name, each other one a capability. */
static void take_ehlo(struct fsk_script *s, struct fsk_span answer)
{
    struct fsk_span line;
    fsk_script_next_line(&answer, &line);
    while (fsk_script_next_line(&answer, &line))
        if (line.n > 4)
            fsk_script_word(s, fsk_span(line.p + 4, line.n - 4));
}

/* Recipients are tried, and forgotten. */
#define RECIPIENTS                                                                                 \
    {.awaited = "its answer to MAIL FROM",                                                         \
     .when = FSK_IF_RCPT,                                                                          \
     .say = "MAIL FROM:<%f>\r\n",                                                                  \
     .form = FSK_REPLY_CODE,                                                                       \
     .good = "250",                                                                                \
     .no = "4|5"},                                                                                 \
        {.awaited = "its answer to RCPT TO",                                                       \
         .when = FSK_IF_RCPT,                                                                      \
         .say = "RCPT TO:<%r>\r\n",                                                                \
         .form = FSK_REPLY_CODE,                                                                   \
         .good = "25",                                                                             \
         .no = "4|5",                                                                              \
         .then = FSK_THEN_EACH},                                                                   \
    {                                                                                              \
        .awaited = "its answer to RSET", .when = FSK_IF_RCPT, .say = "RSET\r\n",                   \
        .form = FSK_REPLY_CODE, .good = "250", .no = "4|5"                                         \
    }

const struct fsk_move fsk_moves_smtp[] = {
    {.awaited = "its greeting",
     .form = FSK_REPLY_CODE,
     .good = "220",
     .no = "4|5",
     .take = take_banner},
    {.awaited = "its answer to EHLO",
     .say = "EHLO %h\r\n",
     .form = FSK_REPLY_CODE,
     .good = "250",
     .bad = FSK_BAD_FINE,
     .take = take_ehlo},
    {.awaited = "its answer to HELO",
     .when = FSK_IF_REFUSED,
     .say = "HELO %h\r\n",
     .form = FSK_REPLY_CODE,
     .good = "250",
     .no = "4|5"},
    {.awaited = "its answer to STARTTLS",
     .when = FSK_IF_STARTTLS,
     .say = "STARTTLS\r\n",
     .form = FSK_REPLY_CODE,
     .good = "220",
     .offer = "STARTTLS",
     .then = FSK_THEN_TLS,
     .bad = FSK_BAD_TLS},
    {.awaited = "its answer to EHLO within TLS",
     .when = FSK_IF_RENEWED,
     .say = "EHLO %h\r\n",
     .form = FSK_REPLY_CODE,
     .good = "250",
     .no = "4|5",
     .take = take_ehlo},
    {.awaited = "its answer to AUTH",
     .when = FSK_IF_SASL,
     .say = "AUTH %a\r\n",
     .form = FSK_REPLY_CODE,
     .good = "235",
     .more = "334",
     .then = FSK_THEN_IN,
     .bad = FSK_BAD_LOGIN},
    RECIPIENTS,
    {.awaited = "the end",                               .say = "QUIT\r\n", .bye = true},
    {.awaited = NULL         },
};

/* ---- LMTP ------------------------------------------------------------------------------------ */

const struct fsk_move fsk_moves_lmtp[] = {
    {.awaited = "its greeting",
     .form = FSK_REPLY_CODE,
     .good = "220",
     .no = "4|5",
     .take = take_banner},
    {.awaited = "its answer to LHLO",
     .say = "LHLO %h\r\n",
     .form = FSK_REPLY_CODE,
     .good = "250",
     .no = "4|5",
     .take = take_ehlo},
    {.awaited = "its answer to STARTTLS",
     .when = FSK_IF_STARTTLS,
     .say = "STARTTLS\r\n",
     .form = FSK_REPLY_CODE,
     .good = "220",
     .offer = "STARTTLS",
     .then = FSK_THEN_TLS,
     .bad = FSK_BAD_TLS},
    {.awaited = "its answer to LHLO within TLS",
     .when = FSK_IF_RENEWED,
     .say = "LHLO %h\r\n",
     .form = FSK_REPLY_CODE,
     .good = "250",
     .no = "4|5",
     .take = take_ehlo},
    RECIPIENTS,
    {.awaited = "the end",          .say = "QUIT\r\n", .bye = true},
    {.awaited = NULL                    },
};

/* ---- POP3 ------------------------------------------------------------------------------------ */

/* "+OK ready <1896.697170952@dbc.mtview.ca.us>" */
static void take_pop3_banner(struct fsk_script *s, struct fsk_span answer)
{
    struct fsk_span line = fsk_script_line(s, answer);
    const char *from = memrchr(line.p, '<', line.n);
    const char *to = from ? memchr(from, '>', line.n - (size_t)(from - line.p)) : NULL;
    size_t n = to ? (size_t)(to - from) + 1 : 0;
    fsk_script_banner(s, fsk_span(line.p + 3, line.n - 3));
    if (n && n < sizeof s->stamp && memchr(from, '@', n))
        memcpy(s->stamp, from, n);
}

static void take_capa(struct fsk_script *s, struct fsk_span answer)
{
    struct fsk_span line;
    fsk_script_next_line(&answer, &line);
    while (fsk_script_next_line(&answer, &line))
        if (!(line.n == 1 && line.p[0] == '.'))
            fsk_script_word(s, line);
}

/* "+OK 3 4711": messages, and their bytes. */
static void take_stat(struct fsk_script *s, struct fsk_span answer)
{
    struct fsk_span line = fsk_script_line(s, answer);
    line = fsk_span_trim(fsk_span(line.p + 3, line.n - 3));
    size_t n = 0, m;
    while (n < line.n && fsk_is_digit(line.p[n]))
        n++;
    m = n < line.n && line.p[n] == ' ' ? n + 1 : n;
    size_t end = m;
    while (end < line.n && fsk_is_digit(line.p[end]))
        end++;
    if (n && end > m) {
        fsk_script_fact(s, "messages", fsk_span(line.p, n));
        fsk_script_fact(s, "bytes", fsk_span(line.p + m, end - m));
    }
}

/* The lines between the first and the dot; a dot in front of a line's own is taken away. */
static void take_lines(struct fsk_script *s, struct fsk_span answer)
{
    struct fsk_span line;
    fsk_script_next_line(&answer, &line);
    while (fsk_script_next_line(&answer, &line)) {
        bool dot = line.n && line.p[0] == '.';
        if (dot && line.n == 1)
            break;
        fsk_script_text(s, fsk_span(line.p + dot, line.n - dot));
    }
}

const struct fsk_move fsk_moves_pop3[] = {
    {.awaited = "its greeting",
     .form = FSK_REPLY_LINE,
     .good = "+OK",
     .no = "-ERR",
     .take = take_pop3_banner},
    {.awaited = "its answer to CAPA",
     .say = "CAPA\r\n",
     .form = FSK_REPLY_DOTTED,
     .good = "+OK",
     .bad = FSK_BAD_FINE,
     .take = take_capa},
    {.awaited = "its answer to STLS",
     .when = FSK_IF_STARTTLS,
     .say = "STLS\r\n",
     .form = FSK_REPLY_LINE,
     .good = "+OK",
     .offer = "STLS",
     .then = FSK_THEN_TLS,
     .bad = FSK_BAD_TLS},
    {.awaited = "its answer to CAPA within TLS",
     .when = FSK_IF_RENEWED,
     .say = "CAPA\r\n",
     .form = FSK_REPLY_DOTTED,
     .good = "+OK",
     .bad = FSK_BAD_FINE,
     .take = take_capa},
    {.awaited = "its answer to AUTH",
     .when = FSK_IF_SASL,
     .say = "AUTH %a\r\n",
     .form = FSK_REPLY_LINE,
     .good = "+OK",
     .more = "+",
     .then = FSK_THEN_IN,
     .bad = FSK_BAD_LOGIN},
    {.awaited = "its answer to APOP",
     .when = FSK_IF_APOP,
     .say = "APOP %u %d\r\n",
     .secret = true,
     .form = FSK_REPLY_LINE,
     .good = "+OK",
     .then = FSK_THEN_IN,
     .bad = FSK_BAD_LOGIN},
    {.awaited = "its answer to USER",
     .when = FSK_IF_PASS,
     .say = "USER %u\r\n",
     .form = FSK_REPLY_LINE,
     .good = "+OK",
     .bad = FSK_BAD_LOGIN},
    {.awaited = "its answer to PASS",
     .when = FSK_IF_PASS,
     .say = "PASS %p\r\n",
     .secret = true,
     .form = FSK_REPLY_LINE,
     .good = "+OK",
     .then = FSK_THEN_IN,
     .bad = FSK_BAD_LOGIN},
    {.awaited = "its answer to STAT",
     .when = FSK_IF_IN,
     .say = "STAT\r\n",
     .form = FSK_REPLY_LINE,
     .good = "+OK",
     .no = "-ERR",
     .take = take_stat},
    {.awaited = "its answer to LIST",
     .when = FSK_IF_IN | FSK_IF_LIST,
     .say = "LIST\r\n",
     .form = FSK_REPLY_DOTTED,
     .good = "+OK",
     .no = "-ERR",
     .take = take_lines},
    {.awaited = "its answer to RETR",
     .when = FSK_IF_IN | FSK_IF_RETR,
     .say = "RETR %n\r\n",
     .form = FSK_REPLY_DOTTED,
     .good = "+OK",
     .no = "-ERR",
     .take = take_lines},
    {.awaited = "the end", .say = "QUIT\r\n", .bye = true},
    {.awaited = NULL                         },
};

/* ---- IMAP ------------------------------------------------------------------------------------ */

/* A session that is logged in already can't begin TLS (RFC 9051 6.2.1). */
static void take_imap_banner(struct fsk_script *s, struct fsk_span answer)
{
    char shown[FSK_SCRIPT_SHOWN];
    struct fsk_span line = fsk_script_line(s, answer);
    bool preauth = fsk_script_begins(line, "* PREAUTH");
    if (preauth)
        fsk_script_fact(s, "preauth", fsk_span_str("yes"));
    if (preauth && !s->secure && fsk_script_must_have_tls(s))
        fsk_script_fail(s, FSOCK_ERR_PROTOCOL, FSOCK_STAGE_TLS,
                        "the server refuses TLS: its greeting is '%s', in which state there is "
                        "no STARTTLS",
                        fsk_script_shown(line, shown));
    size_t skipped = line.n > 5 ? 5 : line.n;
    fsk_script_banner(s, fsk_span(line.p + skipped, line.n - skipped));
}

/* "* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN": each word is one. */
static void take_capability(struct fsk_script *s, struct fsk_span answer)
{
    struct fsk_span line;
    while (fsk_script_next_line(&answer, &line)) {
        if (!fsk_script_begins(line, "* CAPABILITY "))
            continue;
        size_t at = sizeof "* CAPABILITY " - 1;
        while (at < line.n) {
            const char *blank = memchr(line.p + at, ' ', line.n - at);
            size_t n = blank ? (size_t)(blank - line.p) - at : line.n - at;
            fsk_script_word(s, fsk_span(line.p + at, n));
            at += n + 1;
        }
    }
}

/* "* STATUS INBOX (MESSAGES 231 UNSEEN 4)" */
static void take_status(struct fsk_script *s, struct fsk_span answer)
{
    static const struct {
        const char *name, *key;
    } items[] = {
        {"MESSAGES ", "messages"},
        {"UNSEEN ",   "unseen"  }
    };
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        size_t n = strlen(items[i].name), digits = 0;
        const char *at = memmem(answer.p, answer.n, items[i].name, n);
        if (!at)
            continue;
        size_t left = answer.n - (size_t)(at - answer.p) - n;
        while (digits < left && fsk_is_digit(at[n + digits]))
            digits++;
        fsk_script_fact(s, items[i].key, fsk_span(at + n, digits));
    }
}

const struct fsk_move fsk_moves_imap[] = {
    {.awaited = "its greeting",
     .form = FSK_REPLY_LINE,
     .good = "* OK|* PREAUTH",
     .no = "* BYE|* NO",
     .take = take_imap_banner},
    {.awaited = "its answer to CAPABILITY",
     .say = "a1 CAPABILITY\r\n",
     .form = FSK_REPLY_TAGGED,
     .good = "OK",
     .no = "NO|BAD|* BYE",
     .take = take_capability},
    {.awaited = "its answer to STARTTLS",
     .when = FSK_IF_STARTTLS,
     .say = "a2 STARTTLS\r\n",
     .form = FSK_REPLY_TAGGED,
     .good = "OK",
     .offer = "STARTTLS",
     .then = FSK_THEN_TLS,
     .bad = FSK_BAD_TLS},
    {.awaited = "its answer to CAPABILITY within TLS",
     .when = FSK_IF_RENEWED,
     .say = "a3 CAPABILITY\r\n",
     .form = FSK_REPLY_TAGGED,
     .good = "OK",
     .no = "NO|BAD|* BYE",
     .take = take_capability},
    {.awaited = "its answer to AUTHENTICATE",
     .when = FSK_IF_SASL,
     .say = "a4 AUTHENTICATE %a\r\n",
     .form = FSK_REPLY_TAGGED,
     .good = "OK",
     .more = "+",
     .then = FSK_THEN_IN,
     .bad = FSK_BAD_LOGIN},
    {.awaited = "its answer to LOGIN",
     .when = FSK_IF_PASS,
     .say = "a5 LOGIN %U %P\r\n",
     .secret = true,
     .form = FSK_REPLY_TAGGED,
     .good = "OK",
     .then = FSK_THEN_IN,
     .bad = FSK_BAD_LOGIN},
    {.awaited = "its answer to STATUS",
     .when = FSK_IF_IN,
     .say = "a6 STATUS INBOX (MESSAGES UNSEEN)\r\n",
     .form = FSK_REPLY_TAGGED,
     .good = "OK",
     .no = "NO|BAD|* BYE",
     .take = take_status},
    {.awaited = "the end",               .say = "a7 LOGOUT\r\n", .bye = true},
    {.awaited = NULL             },
};
