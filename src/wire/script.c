#include "wire/script.h"

#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/digits.h"
#include "wire/script_login.h"
#include "wire/script_say.h"
#include "wire/service.h"

#define ANSWER_MAX ((size_t)64 << 10)
#define OUT_MAX    ((size_t)64 << 10)
#define LEARNT_MAX ((size_t)16 << 10)
#define TEXT_MAX   ((size_t)1 << 20)
#define MORE_MAX   1000 /* times that one move is answered by "more" */

/* ---- Made and freed -------------------------------------------------------------------------- */

static void begin(struct fsk_script *s, const struct fsk_move *move);

void fsk_script_init(struct fsk_script *s, const struct fsk_service *service,
                     const struct fsk_wish *wish, bool secure,
                     const unsigned char nonce[FSK_SASL_NONCE])
{
    *s = (struct fsk_script){.service = service, .wish = wish, .secure = secure};
    memcpy(s->nonce, nonce, sizeof s->nonce);
    bool long_text = wish->message || wish->list;
    fsk_buf_init(&s->in_buf, long_text ? TEXT_MAX : ANSWER_MAX);
    fsk_buf_init(&s->out, OUT_MAX);
    fsk_buf_init(&s->words, LEARNT_MAX);
    fsk_buf_init(&s->facts, LEARNT_MAX);
    fsk_buf_init(&s->text, TEXT_MAX);
    begin(s, service->moves);
}

/* What was said may have been a secret. */
static void forget_out(struct fsk_script *s)
{
    if (s->out.mem)
        OPENSSL_cleanse(s->out.mem, s->out.cap);
    fsk_buf_clear(&s->out);
}

void fsk_script_fini(struct fsk_script *s)
{
    struct fsk_buf *buf[] = {&s->in_buf, &s->out, &s->words, &s->facts, &s->text};
    forget_out(s);
    for (size_t i = 0; i < sizeof buf / sizeof *buf; i++)
        fsk_buf_fini(buf[i]);
    fsk_sasl_fini(&s->sasl);
}

/* ---- What is learnt -------------------------------------------------------------------------- */

bool fsk_script_begins(struct fsk_span text, const char *with)
{
    size_t n = strlen(with);
    return text.n >= n && fsk_span_caseeq(fsk_span(text.p, n), fsk_span(with, n));
}

const char *fsk_script_shown(struct fsk_span bytes, char room[FSK_SCRIPT_SHOWN])
{
    size_t n = 0, i = 0;
    for (; i < bytes.n && n < FSK_SCRIPT_SHOWN - 8; i++) {
        unsigned char c = (unsigned char)bytes.p[i];
        char code[4] = {'\\', 'x'};
        bool plain = c >= ' ' && c < 0x7f;
        fsk_hex_write(&c, 1, code + 2);
        memcpy(room + n, plain ? bytes.p + i : code, plain ? 1 : sizeof code);
        n += plain ? 1 : sizeof code;
    }
    memcpy(room + n, i < bytes.n ? "..." : "", i < bytes.n ? 4 : 1);
    return room;
}

void fsk_script_banner(struct fsk_script *s, struct fsk_span text)
{
    char room[FSK_SCRIPT_SHOWN];
    if (!s->banner[0])
        snprintf(s->banner, sizeof s->banner, "%s", fsk_script_shown(fsk_span_trim(text), room));
}

/* Room for what was learnt. Beyond the ceiling it is left out; but memory must not decide. */
static bool has_room(struct fsk_script *s, struct fsk_buf *b, size_t n)
{
    enum fsock_err err = fsk_buf_reserve(b, n);
    if (err == FSOCK_ERR_MEMORY)
        fsk_script_fail(s, err, fsk_script_stage(s), "out of memory");
    return err == FSOCK_OK;
}

/* A text, up to a NUL of its own if it has one, and a NUL. */
static void keep(struct fsk_script *s, struct fsk_buf *b, struct fsk_span text)
{
    size_t n = strnlen(text.p, text.n);
    if (!has_room(s, b, n + 1))
        return;
    (void)fsk_buf_append(b, text.p, n);
    (void)fsk_buf_append(b, "", 1);
}

void fsk_script_word(struct fsk_script *s, struct fsk_span word)
{
    if (word.n)
        keep(s, &s->words, word);
}

void fsk_script_text(struct fsk_script *s, struct fsk_span line)
{
    if (!has_room(s, &s->text, line.n + 1))
        return;
    (void)fsk_buf_append(&s->text, line.p, line.n);
    (void)fsk_buf_puts(&s->text, "\n");
}

void fsk_script_fact(struct fsk_script *s, const char *key, struct fsk_span value)
{
    if (!has_room(s, &s->facts, strlen(key) + value.n + 2))
        return;
    keep(s, &s->facts, fsk_span_str(key));
    keep(s, &s->facts, value.n ? value : fsk_span("", 0));
}

bool fsk_script_next_line(struct fsk_span *rest, struct fsk_span *line)
{
    if (!rest->n)
        return false;
    const char *newline = memchr(rest->p, '\n', rest->n);
    size_t n = newline ? (size_t)(newline - rest->p) : rest->n;
    *line = fsk_span(rest->p, n && rest->p[n - 1] == '\r' ? n - 1 : n);
    n += newline != NULL;
    *rest = fsk_span(rest->p + n, rest->n - n);
    return true;
}

/* ---- How it goes ----------------------------------------------------------------------------- */

void fsk_script_fail(struct fsk_script *s, enum fsock_err err, enum fsock_stage stage,
                     const char *format, ...)
{
    va_list args;
    if (s->err != FSOCK_OK)
        return;
    s->err = err;
    s->stage = stage;
    va_start(args, format);
    vsnprintf(s->why, sizeof s->why, format, args);
    va_end(args);
}

const char *fsk_script_awaits(const struct fsk_script *s)
{
    return s->move && s->move->awaited ? s->move->awaited : "the end";
}

enum fsock_stage fsk_script_stage(const struct fsk_script *s)
{
    const unsigned login = FSK_IF_SASL | FSK_IF_APOP | FSK_IF_PASS | FSK_IF_USER;
    return s->move && s->move->when & login ? FSOCK_STAGE_LOGIN : FSOCK_STAGE_DIALOG;
}

/* Go to the polite end, if there is a way: `spoken` is false if the stream can't be used. */
static void give_up(struct fsk_script *s, bool spoken)
{
    const struct fsk_move *m = s->move;
    spoken = spoken && m && !m->bye;
    while (spoken && m->awaited && !m->bye)
        m++;
    s->closing = true;
    begin(s, spoken ? m : NULL);
}

static void memory_failed(struct fsk_script *s, enum fsock_err err)
{
    if (err == FSOCK_ERR_TOO_BIG)
        fsk_script_fail(s, err, fsk_script_stage(s), "%zu KiB have come, and %s is not complete",
                        s->in_buf.ceiling >> 10, fsk_script_awaits(s));
    else
        fsk_script_fail(s, err, fsk_script_stage(s), "out of memory");
    give_up(s, false);
}

/* ---- Moves ----------------------------------------------------------------------------------- */

bool fsk_script_must_have_tls(const struct fsk_script *s)
{
    enum fsock_starttls wish = s->wish->starttls;
    return wish == FSOCK_STARTTLS_REQUIRE || (wish == FSOCK_STARTTLS_AUTO && s->wish->login);
}

/* What the server offers, as much as there is room for: "SIZE 1, HELP". */
static const char *offers_text(const struct fsk_script *s, char room[FSK_SCRIPT_SHOWN])
{
    struct fsk_span words = fsk_buf_span(&s->words);
    char list[FSK_SCRIPT_SHOWN];
    size_t n = 0;
    for (size_t i = 0; i + 1 < words.n && n < sizeof list - 2; i++) {
        list[n++] = words.p[i] ? words.p[i] : ',';
        if (!words.p[i])
            list[n++] = ' ';
    }
    return fsk_script_shown(fsk_span(list, n), room);
}

static void miss_tls(struct fsk_script *s, const char *offer)
{
    char shown[FSK_SCRIPT_SHOWN];
    offers_text(s, shown);
    fsk_script_fail(s, FSOCK_ERR_PROTOCOL, FSOCK_STAGE_TLS,
                    "the server does not offer %s%s%s%s, so what follows could be read by others",
                    offer, shown[0] ? ", only '" : "", shown, shown[0] ? "'" : "");
}

/*
 * Whether TLS is to be put on here; it may be that it can't. Of a server that refuses to say what
 * it offers one learns by trying.
 */
static bool wants_tls(struct fsk_script *s, const struct fsk_move *m)
{
    bool must = fsk_script_must_have_tls(s);
    if (s->secure || s->wish->starttls == FSOCK_STARTTLS_NO)
        return false;
    if (!m->offer || fsk_script_offers(s, m->offer) || (must && s->refused))
        return true;
    if (must)
        miss_tls(s, m->offer);
    return false;
}

/* Those of FSK_IF_* that hold now, but for what asking would change. */
static unsigned conditions(const struct fsk_script *s)
{
    const struct fsk_wish *w = s->wish;
    const struct {
        bool holds;
        unsigned bit;
    } all[] = {
        {s->renewed,                        FSK_IF_RENEWED},
        {s->refused,                        FSK_IF_REFUSED},
        {s->login == FSK_LOGIN_SASL,        FSK_IF_SASL   },
        {s->login == FSK_LOGIN_APOP,        FSK_IF_APOP   },
        {s->login == FSK_LOGIN_PASS,        FSK_IF_PASS   },
        {s->in,                             FSK_IF_IN     },
        {!w->login,                         FSK_IF_OUT    },
        {w->login,                          FSK_IF_USER   },
        {w->recipients && w->recipients[0], FSK_IF_RCPT   },
        {w->list,                           FSK_IF_LIST   },
        {w->message,                        FSK_IF_RETR   },
        {w->send.n || w->expect.n,          FSK_IF_TEXT   },
    };
    unsigned bits = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        bits |= all[i].holds ? all[i].bit : 0;
    return bits;
}

static bool holds(struct fsk_script *s, const struct fsk_move *m)
{
    if (m->when & (FSK_IF_SASL | FSK_IF_APOP | FSK_IF_PASS))
        fsk_script_choose_login(s);
    unsigned now = conditions(s);
    if (m->when & FSK_IF_STARTTLS && wants_tls(s, m))
        now |= FSK_IF_STARTTLS;
    return !(m->when & ~now);
}

/* IMAP's answer ends with the word that we have begun with. */
static struct fsk_span keep_tag(struct fsk_script *s)
{
    struct fsk_span out = fsk_buf_span(&s->out);
    const char *blank = out.n ? memchr(out.p, ' ', out.n) : NULL;
    size_t n = blank ? (size_t)(blank - out.p) : 0;
    if (s->move->form != FSK_REPLY_TAGGED || !n || n > sizeof s->tag)
        return fsk_span("", 0);
    memcpy(s->tag, out.p, n);
    return fsk_span(s->tag, n);
}

/* Say what the move says, or wait for what it awaits. */
static void make(struct fsk_script *s)
{
    const struct fsk_move *m = s->move;
    enum fsock_err err = FSOCK_OK;
    forget_out(s);
    s->secret = m->secret;
    s->more = 0;
    if (m->build)
        err = m->build(s);
    else if (m->say)
        err = fsk_script_say(s, m->say);
    if (err != FSOCK_OK) {
        memory_failed(s, err);
        return;
    }
    fsk_reply_init(&s->reply, m->form, keep_tag(s));
    s->turn = fsk_buf_len(&s->out) ? FSK_SCRIPT_SAY : FSK_SCRIPT_HEAR;
}

static void over(struct fsk_script *s)
{
    if (s->wish->login && !s->in)
        fsk_script_fail(s, FSOCK_ERR_LOGIN, FSOCK_STAGE_LOGIN, "nobody has asked who we are");
    s->move = NULL;
    s->turn = FSK_SCRIPT_OVER;
}

/* Make this move, or the first one behind it whose condition holds. */
static void begin(struct fsk_script *s, const struct fsk_move *move)
{
    enum fsock_err before = s->err;
    while (move && move->awaited && !(s->closing && move->bye) && !holds(s, move)) {
        if (s->err != before) {
            s->move = move;
            give_up(s, true);
            return;
        }
        move++;
    }
    if (!move || !move->awaited) {
        over(s);
        return;
    }
    s->move = move;
    make(s);
}

/* ---- Answers --------------------------------------------------------------------------------- */

/* One of "230|331" is how the line begins. */
static bool is_one_of(struct fsk_span line, const char *list)
{
    while (list && *list) {
        size_t n = strcspn(list, "|");
        if (line.n >= n && fsk_span_caseeq(fsk_span(line.p, n), fsk_span(list, n)))
            return true;
        list += n + (list[n] == '|');
    }
    return false;
}

/* The line that says yes or no, without IMAP's tag. */
static struct fsk_span deciding(const struct fsk_script *s, struct fsk_span answer)
{
    const struct fsk_reply *r = &s->reply;
    struct fsk_span line = fsk_span(answer.p + r->last, r->last_n);
    size_t tag = r->tag.n + 1;
    bool tagged =
        r->form == FSK_REPLY_TAGGED && line.n >= tag && line.p[0] != '*' && line.p[0] != '+';
    return tagged ? fsk_span(line.p + tag, line.n - tag) : line;
}

struct fsk_span fsk_script_line(const struct fsk_script *s, struct fsk_span answer)
{
    struct fsk_span line = deciding(s, answer);
    size_t skipped = s->reply.form == FSK_REPLY_CODE && s->reply.code[0] ? 4 : 0;
    skipped = skipped < line.n ? skipped : line.n;
    return fsk_span(line.p + skipped, line.n - skipped);
}

enum fsk_verdict fsk_script_other(struct fsk_script *s, struct fsk_span answer)
{
    char shown[FSK_SCRIPT_SHOWN];
    fsk_script_fail(s, FSOCK_ERR_PROTOCOL, FSOCK_STAGE_DIALOG, "this is no %s: %s is '%s'",
                    s->service->protocol, fsk_script_awaits(s), fsk_script_shown(answer, shown));
    return FSK_BAD;
}

static enum fsk_verdict judge(struct fsk_script *s, struct fsk_span answer)
{
    const struct fsk_move *m = s->move;
    struct fsk_span line = deciding(s, answer);
    if (m->judge)
        return m->judge(s, answer);
    if (is_one_of(line, m->good))
        return FSK_GOOD;
    if (m->more && is_one_of(line, m->more))
        return FSK_MORE;
    return m->good ? FSK_BAD : FSK_GOOD;
}

/* Refused for a reason that has nothing to do with user and password. */
static bool is_for_now(struct fsk_span line, enum fsk_reply_form form)
{
    static const char *const later[] = {"[UNAVAILABLE]", "[SYS/", "[IN-USE]", "[LOGIN-DELAY]"};
    for (size_t i = 0; i < sizeof later / sizeof *later; i++)
        if (line.n && memmem(line.p, line.n, later[i], strlen(later[i])))
            return true;
    return form == FSK_REPLY_CODE && line.n && line.p[0] == '4';
}

/* The server says no, or something that is of another protocol. */
static void refused(struct fsk_script *s, struct fsk_span answer)
{
    char shown[FSK_SCRIPT_SHOWN];
    const struct fsk_move *m = s->move;
    struct fsk_span line = deciding(s, answer);
    fsk_script_shown(line, shown);
    if (m->bad == FSK_BAD_TLS || m->bad == FSK_BAD_OFFER)
        fsk_script_fail(s, FSOCK_ERR_PROTOCOL, FSOCK_STAGE_TLS,
                        "the server refuses TLS: %s is '%s'", m->awaited, shown);
    else if (m->bad == FSK_BAD_LOGIN && is_for_now(line, m->form))
        fsk_script_fail(s, FSOCK_ERR_STATUS, FSOCK_STAGE_LOGIN,
                        "the server can't let anybody in now: %s is '%s'", m->awaited, shown);
    else if (m->bad == FSK_BAD_LOGIN)
        fsk_script_fail(s, FSOCK_ERR_LOGIN, FSOCK_STAGE_LOGIN,
                        "the server does not accept user and password: %s is '%s'", m->awaited,
                        shown);
    else if (is_one_of(line, m->no))
        fsk_script_fail(s, FSOCK_ERR_STATUS, FSOCK_STAGE_DIALOG, "the server refuses: %s is '%s'",
                        m->awaited, shown);
    else
        fsk_script_other(s, line);
}

/* A challenge: answer it. */
static void answer_more(struct fsk_script *s, struct fsk_span answer)
{
    const struct fsk_move *m = s->move;
    enum fsock_err err;
    if (s->more >= (m->then_say ? 1 : MORE_MAX)) {
        fsk_script_fail(s, FSOCK_ERR_PROTOCOL, fsk_script_stage(s),
                        "the server asks again and again: %s does not come", m->awaited);
        give_up(s, false);
        return;
    }
    forget_out(s);
    s->secret = true;
    if (m->respond)
        err = m->respond(s, answer);
    else if (m->then_say)
        err = fsk_script_say(s, m->then_say);
    else
        err = fsk_script_respond(s, fsk_script_line(s, answer));
    fsk_reply_init(&s->reply, m->form, s->reply.tag);
    s->turn = err == FSOCK_AGAIN ? FSK_SCRIPT_WORK : FSK_SCRIPT_SAY;
    if (err == FSOCK_AGAIN)
        return; /* the same answer is looked at again */
    s->more++;
    fsk_buf_consume(&s->in_buf, answer.n);
    if (err == FSOCK_ERR_PROTOCOL)
        give_up(s, false); /* within a mechanism nothing polite can be said */
    else if (err != FSOCK_OK)
        memory_failed(s, err);
}

/* What follows an answer that is not the conversation's end. */
static void go_on(struct fsk_script *s, bool good)
{
    const struct fsk_move *m = s->move;
    if (good && m->then == FSK_THEN_TLS) {
        s->turn = FSK_SCRIPT_TLS;
        return;
    }
    s->in |= good && m->then == FSK_THEN_IN;
    bool again = good && m->then == FSK_THEN_EACH && s->wish->recipients[++s->recipient];
    begin(s, again ? m : m + 1);
}

/* A whole answer is there. */
static void decide(struct fsk_script *s, struct fsk_span answer)
{
    const struct fsk_move *m = s->move;
    enum fsk_verdict verdict = judge(s, answer);
    if (verdict == FSK_WAIT) {
        if (m->form == FSK_REPLY_DATAGRAM)
            fsk_buf_consume(&s->in_buf, answer.n);
        return;
    }
    if (verdict == FSK_MORE) {
        answer_more(s, answer);
        return;
    }
    s->answered = true;
    s->refused = verdict == FSK_BAD;
    if (s->refused && m->bad != FSK_BAD_FINE &&
        (m->bad != FSK_BAD_OFFER || fsk_script_must_have_tls(s)))
        refused(s, answer);
    if (!s->refused && m->take)
        m->take(s, answer);
    if (!s->refused && m->then == FSK_THEN_IN && s->login == FSK_LOGIN_SASL &&
        !fsk_sasl_proved(&s->sasl))
        fsk_script_fail(s, FSOCK_ERR_PROTOCOL, FSOCK_STAGE_LOGIN,
                        "the server has not proved that it knows the password");
    fsk_buf_consume(&s->in_buf, answer.n);
    if (s->err != FSOCK_OK)
        give_up(s, true);
    else
        go_on(s, !s->refused);
}

/* See whether what has come is a whole answer. */
static void look(struct fsk_script *s)
{
    struct fsk_span have = fsk_buf_span(&s->in_buf), line = have;
    ptrdiff_t n = have.n ? fsk_reply_scan(&s->reply, have) : 0;
    if (n > 0) {
        decide(s, fsk_span(have.p, (size_t)n));
    } else if (n < 0) {
        (void)fsk_script_next_line(&have, &line);
        fsk_script_other(s, line);
        give_up(s, false);
    }
}

/* ---- The owner's reports --------------------------------------------------------------------- */

/* A move that says nothing may have its answer already, behind that of the one before. */
enum fsk_script_turn fsk_script_next(struct fsk_script *s)
{
    const struct fsk_move *move = NULL;
    if (s->turn == FSK_SCRIPT_WORK)
        s->turn = FSK_SCRIPT_HEAR;
    while (s->turn == FSK_SCRIPT_HEAR && s->move != move) {
        move = s->move;
        look(s);
    }
    return s->turn;
}

void fsk_script_said(struct fsk_script *s)
{
    if (s->move->form != FSK_REPLY_DATAGRAM)
        forget_out(s);
    if (s->move->form == FSK_REPLY_NONE && s->move->then == FSK_THEN_TLS)
        s->turn = FSK_SCRIPT_TLS;
    else if (s->move->form == FSK_REPLY_NONE)
        begin(s, s->move + 1);
    else
        s->turn = FSK_SCRIPT_HEAR;
}

void fsk_script_heard(struct fsk_script *s, const void *bytes, size_t n)
{
    enum fsock_err err = fsk_buf_append(&s->in_buf, bytes, n);
    if (err != FSOCK_OK)
        memory_failed(s, err);
}

void fsk_script_ended(struct fsk_script *s)
{
    fsk_script_fail(s, FSOCK_ERR_CLOSED, fsk_script_stage(s), "the server hung up before %s%s",
                    fsk_script_awaits(s), fsk_buf_len(&s->in_buf) ? " was complete" : "");
    give_up(s, false);
}

/* What has come before TLS could be anybody's. */
static void throw_away(struct fsk_script *s)
{
    char digits[FSK_DECIMAL_MAX];
    size_t n = fsk_buf_len(&s->in_buf);
    if (n)
        fsk_script_fact(s, "bytes_before_tls", fsk_span(digits, fsk_decimal_write(n, digits)));
    fsk_buf_clear(&s->in_buf);
}

void fsk_script_secured(struct fsk_script *s)
{
    throw_away(s);
    s->secure = s->renewed = true;
    fsk_buf_clear(&s->words); /* what was said before TLS may be anybody's */
    begin(s, s->move + 1);
}
