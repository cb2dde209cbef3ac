/* PostgreSQL: its manual's chapter on the frontend/backend protocol, version 3. */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>

#include "base/digits.h"
#include "wire/script.h"
#include "wire/script_login.h"

/* ---- PostgreSQL: what is said ---------------------------------------------------------------- */

enum { SSL_REQUEST = 80877103, PROTOCOL_3 = 196608 };
enum { AUTH_OK = 0, AUTH_CLEAR = 3, AUTH_MD5 = 5, AUTH_SASL = 10, AUTH_MORE = 11, AUTH_END = 12 };

static enum fsock_err put_word(struct fsk_buf *b, uint32_t v)
{
    const unsigned char bytes[] = {(unsigned char)(v >> 24), (unsigned char)(v >> 16),
                                   (unsigned char)(v >> 8), (unsigned char)v};
    return fsk_buf_append(b, bytes, sizeof bytes);
}

static enum fsock_err put_string(struct fsk_buf *b, struct fsk_span text)
{
    enum fsock_err err = text.n ? fsk_buf_append(b, text.p, text.n) : FSOCK_OK;
    return err == FSOCK_OK ? fsk_buf_append(b, "", 1) : err;
}

/* Of what has been appended since `from`, a length word at its start. */
static void set_length(struct fsk_buf *b, size_t from)
{
    size_t n = fsk_buf_len(b) - from;
    unsigned char *p = (unsigned char *)b->mem + b->start + from;
    p[0] = (unsigned char)(n >> 24);
    p[1] = (unsigned char)(n >> 16);
    p[2] = (unsigned char)(n >> 8);
    p[3] = (unsigned char)n;
}

static enum fsock_err build_ssl(struct fsk_script *s)
{
    enum fsock_err err = put_word(&s->out, 8);
    return err == FSOCK_OK ? put_word(&s->out, SSL_REQUEST) : err;
}

/* The database is the path's, or "postgres", which each server has. */
static enum fsock_err build_startup(struct fsk_script *s)
{
    const struct fsk_wish *w = s->wish;
    struct fsk_span name =
        w->path.n > 1 ? fsk_span(w->path.p + 1, w->path.n - 1) : fsk_span_str("postgres");
    struct fsk_span text[] = {fsk_span_str("user"), w->user.n ? w->user : fsk_span_str("fsock"),
                              fsk_span_str("database"), name, fsk_span("", 0)};
    enum fsock_err err = put_word(&s->out, 0);
    if (err == FSOCK_OK)
        err = put_word(&s->out, PROTOCOL_3);
    for (size_t i = 0; i < sizeof text / sizeof *text && err == FSOCK_OK; i++)
        err = put_string(&s->out, text[i]);
    if (err == FSOCK_OK)
        set_length(&s->out, 0);
    return err;
}

/* A message that begins with this byte; its body is appended next. */
static enum fsock_err begin_message(struct fsk_script *s, char type)
{
    enum fsock_err err = fsk_buf_append(&s->out, &type, 1);
    return err == FSOCK_OK ? put_word(&s->out, 0) : err;
}

/* ---- PostgreSQL: what is heard --------------------------------------------------------------- */

static uint32_t word_at(struct fsk_span m, size_t at)
{
    const unsigned char *p = (const unsigned char *)m.p + at;
    if (m.n < at + 4)
        return UINT32_MAX;
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The field of an error: 'C' its code, 'M' its sentence. */
static struct fsk_span field_of(struct fsk_span m, char wanted)
{
    for (size_t at = 5; at < m.n && m.p[at];) {
        const char *end = memchr(m.p + at, '\0', m.n - at);
        size_t n = end ? (size_t)(end - m.p) - at : m.n - at;
        if (m.p[at] == wanted)
            return fsk_span(m.p + at + 1, n - 1);
        at += n + 1;
    }
    return fsk_span("", 0);
}

/* The server says no. Class 28 of SQLSTATE is about who we are. */
static enum fsk_verdict refuse(struct fsk_script *s, struct fsk_span m)
{
    char shown[FSK_SCRIPT_SHOWN];
    struct fsk_span code = field_of(m, 'C');
    bool login = fsk_script_begins(code, "28");
    fsk_script_shown(field_of(m, 'M'), shown);
    if (login && !s->wish->login) {
        fsk_script_fact(s, "login", fsk_span_str("required"));
        return FSK_GOOD;
    }
    fsk_script_fail(s, login ? FSOCK_ERR_LOGIN : FSOCK_ERR_STATUS,
                    s->wish->login ? FSOCK_STAGE_LOGIN : FSOCK_STAGE_DIALOG,
                    "the server refuses: %.5s '%s'", code.n >= 5 ? code.p : "?", shown);
    return FSK_BAD;
}

/* An error is that of a server which lets nobody in, by TLS or without. */
static enum fsk_verdict judge_ssl(struct fsk_script *s, struct fsk_span answer)
{
    char shown[FSK_SCRIPT_SHOWN];
    switch (answer.p[0]) {
    case 'S':
        return FSK_GOOD;
    case 'N':
        if (fsk_script_must_have_tls(s))
            fsk_script_fail(s, FSOCK_ERR_PROTOCOL, FSOCK_STAGE_TLS,
                            "the server does not offer TLS, so what follows could be read by "
                            "others");
        return FSK_BAD;
    case 'E':
        fsk_script_fail(s, FSOCK_ERR_STATUS, FSOCK_STAGE_DIALOG,
                        "the server answers SSLRequest with an error: '%s'",
                        fsk_script_shown(field_of(answer, 'M'), shown));
        return FSK_BAD;
    default:
        return fsk_script_other(s, answer);
    }
}

static enum fsk_verdict judge_startup(struct fsk_script *s, struct fsk_span m)
{
    if (m.p[0] == 'E')
        return refuse(s, m);
    return m.p[0] == 'R' ? FSK_GOOD : fsk_script_other(s, m);
}

static void take_startup(struct fsk_script *s, struct fsk_span m)
{
    if (m.p[0] == 'R')
        fsk_script_fact(s, "login",
                        fsk_span_str(word_at(m, 5) == AUTH_OK ? "trusted" : "required"));
}

static enum fsk_verdict refuse_way(struct fsk_script *s, const char *why)
{
    fsk_script_fail(s, FSOCK_ERR_LOGIN, FSOCK_STAGE_LOGIN, "%s", why);
    return FSK_BAD;
}

/* A password in the clear, or its MD5, which opens the door as well, is for TLS. */
static const char *refused_way(const struct fsk_script *s, uint32_t way)
{
    bool sasl = way == AUTH_SASL, wished = s->wish->mechanism.n;
    if (way != AUTH_CLEAR && way != AUTH_MD5 && !sasl)
        return "the server wants a way to log in that is not known here";
    if (!sasl && !s->secure && !wished)
        return "the server wants the password in a way that others could read";
    if (wished && sasl != (fsk_sasl_find(s->wish->mechanism) == FSK_SASL_SCRAM_SHA_256))
        return "the server wants another way to log in";
    return NULL;
}

/* What the server asks for. */
static enum fsk_verdict judge_way(struct fsk_script *s, uint32_t way)
{
    const char *why = NULL;
    if (way == AUTH_MORE || way == AUTH_END)
        why = s->login == FSK_LOGIN_SASL ? NULL : "the server goes on with what was not begun";
    else if (s->login != FSK_LOGIN_NONE)
        why = "the server asks a second time";
    else
        why = refused_way(s, way);
    return why ? refuse_way(s, why) : FSK_MORE;
}

/* Up to ReadyForQuery; in between come settings, of which the version is one. */
static enum fsk_verdict judge_login(struct fsk_script *s, struct fsk_span m)
{
    switch (m.p[0]) {
    case 'E':
        return refuse(s, m);
    case 'Z':
        return s->in ? FSK_GOOD : refuse_way(s, "the server has not asked who we are");
    case 'R':
        break;
    default:
        return FSK_MORE;
    }
    if (word_at(m, 5) != AUTH_OK)
        return judge_way(s, word_at(m, 5));
    if (s->login == FSK_LOGIN_SASL && !fsk_sasl_proved(&s->sasl))
        return refuse_way(s, "the server has not proved that it knows the password");
    return FSK_MORE;
}

/* ---- PostgreSQL: what is answered ------------------------------------------------------------ */

/* The hex digits of an MD5. */
static bool digest(struct fsk_span a, struct fsk_span b, char hex[33])
{
    unsigned char md[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = ctx && EVP_DigestInit_ex(ctx, EVP_md5(), NULL) && EVP_DigestUpdate(ctx, a.p, a.n) &&
                EVP_DigestUpdate(ctx, b.p, b.n) && EVP_DigestFinal_ex(ctx, md, &n) && n == 16;
    EVP_MD_CTX_free(ctx);
    *fsk_hex_write(md, good ? n : 0, hex) = '\0';
    return good;
}

static enum fsock_err put_md5(struct fsk_script *s, struct fsk_span salt)
{
    char first[33], second[33];
    if (!digest(s->wish->password, s->wish->user, first) ||
        !digest(fsk_span(first, 32), salt, second))
        return FSOCK_ERR_MEMORY;
    enum fsock_err err = fsk_buf_puts(&s->out, "md5");
    return err == FSOCK_OK ? put_string(&s->out, fsk_span(second, 32)) : err;
}

/* The first answer of a mechanism has its name, and the length of what follows, in front. */
static enum fsock_err put_sasl(struct fsk_script *s, struct fsk_span challenge, bool first)
{
    struct fsk_buf answer;
    const char *why;
    fsk_buf_init(&answer, 4096);
    enum fsock_err err = fsk_sasl_answer(&s->sasl, challenge, &answer, &why);
    struct fsk_span bytes = fsk_buf_span(&answer);
    if (err == FSOCK_ERR_PROTOCOL)
        fsk_script_fail(s, err, FSOCK_STAGE_LOGIN, "the server's challenge can't be answered: %s",
                        why);
    if (err == FSOCK_OK && bytes.n)
        err = begin_message(s, 'p');
    if (err == FSOCK_OK && first)
        err = put_string(&s->out, fsk_span_str(fsk_sasl_name(s->sasl.kind)));
    if (err == FSOCK_OK && first)
        err = put_word(&s->out, (uint32_t)bytes.n);
    if (err == FSOCK_OK && bytes.n)
        err = fsk_buf_append(&s->out, bytes.p, bytes.n);
    if (err == FSOCK_OK && bytes.n)
        set_length(&s->out, 1);
    fsk_buf_fini(&answer);
    return err;
}

static enum fsock_err put_password(struct fsk_script *s, struct fsk_span salt, bool md5)
{
    enum fsock_err err = begin_message(s, 'p');
    s->login = FSK_LOGIN_PASS;
    if (err == FSOCK_OK)
        err = md5 ? put_md5(s, salt) : put_string(&s->out, s->wish->password);
    if (err == FSOCK_OK)
        set_length(&s->out, 1);
    return err;
}

/* "server_version", its value, each with a NUL. */
static void take_setting(struct fsk_script *s, struct fsk_span m)
{
    static const char name[] = "server_version";
    struct fsk_span body = fsk_span(m.p + 5, m.n - 5);
    if (body.n > sizeof name && memcmp(body.p, name, sizeof name) == 0)
        fsk_script_fact(s, name, fsk_span(body.p + sizeof name, body.n - sizeof name - 1));
}

static enum fsock_err respond_login(struct fsk_script *s, struct fsk_span m)
{
    if (m.p[0] == 'S')
        take_setting(s, m);
    if (m.p[0] != 'R')
        return FSOCK_OK;
    struct fsk_span body = m.n > 9 ? fsk_span(m.p + 9, m.n - 9) : fsk_span("", 0);
    switch (word_at(m, 5)) {
    case AUTH_OK:
        s->in = true;
        return FSOCK_OK;
    case AUTH_CLEAR:
        return put_password(s, body, false);
    case AUTH_MD5:
        return put_password(s, body, true);
    case AUTH_SASL:
        fsk_script_take_sasl(s, FSK_SASL_SCRAM_SHA_256);
        return put_sasl(s, fsk_span("", 0), true);
    default:
        return put_sasl(s, body, false);
    }
}

static enum fsock_err build_terminate(struct fsk_script *s)
{
    enum fsock_err err = begin_message(s, 'X');
    if (err == FSOCK_OK)
        set_length(&s->out, 1);
    return err;
}

const struct fsk_move fsk_moves_postgres[] = {
    {.awaited = "its answer to SSLRequest",
     .when = FSK_IF_STARTTLS,
     .build = build_ssl,
     .form = FSK_REPLY_SSL,
     .judge = judge_ssl,
     .then = FSK_THEN_TLS,
     .bad = FSK_BAD_OFFER},
    {.awaited = "its answer to who we are",
     .when = FSK_IF_OUT,
     .build = build_startup,
     .form = FSK_REPLY_POSTGRES,
     .judge = judge_startup,
     .take = take_startup},
    {.awaited = "the end of the login",
     .when = FSK_IF_USER,
     .build = build_startup,
     .form = FSK_REPLY_POSTGRES,
     .judge = judge_login,
     .respond = respond_login},
    {.awaited = "the end",                  .build = build_terminate, .bye = true},
    {.awaited = NULL},
};
