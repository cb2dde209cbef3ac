/* ManageSieve (RFC 5804): what the server can do, TLS, and logins by mechanisms. */
#include "wire/script.h"
#include "wire/script_login.h"

#define WORD_MAX 1024

/* `"SASL" "PLAIN LOGIN"` without its quotes: `SASL PLAIN LOGIN`. */
static struct fsk_span unquote(struct fsk_span line, char room[WORD_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < line.n && n < WORD_MAX; i++)
        if (line.p[i] != '"')
            room[n++] = line.p[i];
    return fsk_span(room, n);
}

/* Each line but the last is a capability; the name of the software serves as a banner. */
static void take_capabilities(struct fsk_script *s, struct fsk_span answer)
{
    static const char software[] = "IMPLEMENTATION ";
    struct fsk_span line;
    char room[WORD_MAX];
    answer.n = s->reply.last;
    while (fsk_script_next_line(&answer, &line)) {
        struct fsk_span word = unquote(line, room);
        fsk_script_word(s, word);
        if (fsk_script_begins(word, software))
            fsk_script_banner(s,
                              fsk_span(word.p + sizeof software - 1, word.n - sizeof software + 1));
    }
}

/* What stands between quotes; all of it if there are none. */
static struct fsk_span within_quotes(struct fsk_span text)
{
    const char *from = text.n ? memchr(text.p, '"', text.n) : NULL;
    if (!from)
        return text;
    size_t left = text.n - (size_t)(from - text.p) - 1;
    const char *to = left ? memchr(from + 1, '"', left) : NULL;
    return fsk_span(from + 1, to ? (size_t)(to - from) - 1 : left);
}

/* A challenge is a string, between quotes or as a literal: base64 in either case. */
static enum fsock_err respond(struct fsk_script *s, struct fsk_span answer)
{
    struct fsk_span line = {"", 0};
    fsk_script_next_line(&answer, &line);
    if (line.n && line.p[0] == '{') {
        line = fsk_span("", 0);
        fsk_script_next_line(&answer, &line);
    }
    return fsk_script_respond_within(s, within_quotes(line), "\"", "\"\r\n");
}

/* `OK (SASL "...")`: the mechanism's last word, in which a server proves itself. */
static void take_last_word(struct fsk_script *s, struct fsk_span answer)
{
    static const char begin[] = "OK (SASL ";
    if (s->login != FSK_LOGIN_SASL || !fsk_script_begins(answer, begin))
        return;
    answer = fsk_span(answer.p + sizeof begin - 1, answer.n - sizeof begin + 1);
    (void)fsk_script_respond_within(s, within_quotes(answer), "", ""); /* nothing is said to it */
}

/* After TLS the capabilities come by themselves. */
const struct fsk_move fsk_moves_sieve[] = {
    {.awaited = "its greeting",
     .form = FSK_REPLY_SIEVE,
     .good = "OK",
     .no = "NO|BYE",
     .take = take_capabilities},
    {.awaited = "its answer to STARTTLS",
     .when = FSK_IF_STARTTLS,
     .say = "STARTTLS\r\n",
     .form = FSK_REPLY_STRING,
     .good = "OK",
     .offer = "STARTTLS",
     .then = FSK_THEN_TLS,
     .bad = FSK_BAD_TLS},
    {.awaited = "its greeting within TLS",
     .when = FSK_IF_RENEWED,
     .form = FSK_REPLY_SIEVE,
     .good = "OK",
     .no = "NO|BYE",
     .take = take_capabilities},
    {.awaited = "its answer to AUTHENTICATE",
     .when = FSK_IF_SASL,
     .say = "AUTHENTICATE \"%a\"\r\n",
     .form = FSK_REPLY_STRING,
     .good = "OK",
     .more = "\"|{",
     .then = FSK_THEN_IN,
     .bad = FSK_BAD_LOGIN,
     .take = take_last_word,
     .respond = respond},
    {.awaited = "the end",               .say = "LOGOUT\r\n", .bye = true},
    {.awaited = NULL                       },
};
