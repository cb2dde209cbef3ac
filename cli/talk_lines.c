#include "talk_lines.h"

#include "base/digits.h"

/* ---- The tables ------------------------------------------------------------------------------ */

/*
 * Who greets: an address literal (RFC 5321 4.1.3). It is always well-formed, needs no look-up,
 * tells nothing about this machine, and no server can find that the name doesn't exist. TLS makes
 * the greeting void; the user's own comes afterwards.
 */
#define MYSELF "[127.0.0.1]"

const struct move talk_moves_smtp[] = {
    {NULL,                  "its greeting", ANSWER_REPLY, "220", NULL},
    {"EHLO " MYSELF "\r\n",         "its answer to EHLO", ANSWER_REPLY, "250", "STARTTLS"},
    {"STARTTLS\r\n",                 "its answer to STARTTLS", ANSWER_REPLY, "220", NULL},
    {.name = NULL},
};

const struct move talk_moves_lmtp[] = {
    {NULL,                  "its greeting", ANSWER_REPLY, "220", NULL},
    {"LHLO " MYSELF "\r\n",         "its answer to LHLO", ANSWER_REPLY, "250", "STARTTLS"},
    {"STARTTLS\r\n",                 "its answer to STARTTLS", ANSWER_REPLY, "220", NULL},
    {.name = NULL},
};

const struct move talk_moves_pop3[] = {
    {NULL,         "its greeting", ANSWER_LINE, "+OK", NULL},
    {"STLS\r\n", "its answer to STLS", ANSWER_LINE, "+OK", NULL},
    {.name = NULL       },
};

/* A greeting of PREAUTH is no good: in that state IMAP has no STARTTLS. */
const struct move talk_moves_imap[] = {
    {NULL,         "its greeting", ANSWER_LINE, "* OK", NULL},
    {"a1 STARTTLS\r\n", "its answer to STARTTLS", ANSWER_TAGGED, "a1 OK", NULL},
    {.name = NULL       },
};

const struct move talk_moves_ftp[] = {
    {NULL,          "its greeting", ANSWER_REPLY, "220", NULL},
    {"AUTH TLS\r\n", "its answer to AUTH TLS", ANSWER_REPLY, "234", NULL},
    {.name = NULL        },
};

/* 200 and 201 differ in whether posting is allowed. */
const struct move talk_moves_nntp[] = {
    {NULL,          "its greeting", ANSWER_REPLY, "20", NULL},
    {"STARTTLS\r\n", "its answer to STARTTLS", ANSWER_REPLY, "382", NULL},
    {.name = NULL        },
};

const struct move talk_moves_sieve[] = {
    {NULL,            "its greeting", ANSWER_SIEVE, "OK", "\"STARTTLS\""},
    {"STARTTLS\r\n",   "its answer to STARTTLS", ANSWER_SIEVE, "OK", NULL},
    {.name = NULL},
};

const struct move talk_moves_irc[] = {
    {"STARTTLS\r\n", "its answer to STARTTLS", ANSWER_IRC, "670", NULL},
    {.name = NULL   },
};

/* ---- Answers --------------------------------------------------------------------------------- */

static bool begins(struct fsk_span line, const char *text)
{
    size_t n = strlen(text);
    return line.n >= n && fsk_span_caseeq(fsk_span(line.p, n), fsk_span(text, n));
}

/* Begins, and there the word ends. */
static bool begins_word(struct fsk_span line, const char *word)
{
    size_t n = strlen(word);
    return begins(line, word) && (line.n == n || line.p[n] == ' ' || line.p[n] == '\t');
}

static bool has_code(struct fsk_span line)
{
    return line.n >= 3 && fsk_is_digit(line.p[0]) && fsk_is_digit(line.p[1]) &&
           fsk_is_digit(line.p[2]) && (line.n == 3 || line.p[3] == ' ' || line.p[3] == '-');
}

/* Behind the prefix ":server ", which IRC's lines may have. */
static struct fsk_span behind_prefix(struct fsk_span line)
{
    if (!line.n || line.p[0] != ':')
        return line;
    const char *blank = memchr(line.p, ' ', line.n);
    size_t n = blank ? (size_t)(blank - line.p) : line.n;
    return fsk_span_trim(fsk_span(line.p + n, line.n - n));
}

/* The part of a line that says yes or no. */
static struct fsk_span verdict(enum answer_form form, struct fsk_span line)
{
    return form == ANSWER_IRC ? behind_prefix(line) : line;
}

/* The last line of an answer? `code` is that of its first line, or "". */
static bool is_last(const struct move *m, struct fsk_span line, const char *code)
{
    struct fsk_span v = verdict(m->form, line);
    switch (m->form) {
    case ANSWER_LINE:
        return true;
    case ANSWER_REPLY: /* FTP's lines in between may begin with anything */
        return !code[0] ||
               (has_code(line) && begins(line, code) && (line.n == 3 || line.p[3] == ' '));
    case ANSWER_TAGGED:
        return begins(line, "a1 ") || begins_word(line, "* BYE");
    case ANSWER_SIEVE:
        return begins_word(line, "OK") || begins_word(line, "NO") || begins_word(line, "BYE");
    case ANSWER_IRC: /* 691: STARTTLS failed; from 400 to 599: errors */
        return begins(v, m->good) || begins_word(v, "ERROR") || begins_word(v, "691") ||
               (has_code(v) && (v.p[0] == '4' || v.p[0] == '5'));
    }
    return true;
}

/* A line of capabilities that has the word. */
static bool offers(const struct move *m, struct fsk_span line)
{
    size_t skipped = m->form == ANSWER_REPLY && has_code(line) && line.n > 3 ? 4 : 0;
    return m->offer && begins_word(fsk_span(line.p + skipped, line.n - skipped), m->offer);
}

static enum fsock_err hear_answer(struct speaker *s, const struct move *m)
{
    char room[SPOKEN_LINE], code[4] = "";
    struct fsk_span line;
    bool offered = !m->offer, first = true;
    for (;; first = false) {
        enum fsock_err err = speaker_hear_line(s, room, &line);
        if (err != FSOCK_OK)
            return err;
        if (first && has_code(line))
            memcpy(code, line.p, 3);
        offered |= offers(m, line);
        if (is_last(m, line, code))
            break;
    }
    if (!begins(verdict(m->form, line), m->good))
        return speaker_refuse_answer(s, line);
    return offered ? FSOCK_OK : speaker_refuse_offer(s, line);
}

enum fsock_err talk_lines(struct speaker *s, const struct move *moves)
{
    enum fsock_err err = FSOCK_OK;
    for (const struct move *m = moves; m->name && err == FSOCK_OK; m++) {
        s->awaited = m->name;
        if (m->say)
            err = speaker_say(s, m->say, strlen(m->say));
        if (err == FSOCK_OK)
            err = hear_answer(s, m);
    }
    return err;
}
