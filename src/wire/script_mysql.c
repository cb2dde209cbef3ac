/* MySQL and MariaDB: the greeting, TLS, and logins (the manual's Connection Phase). */
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "wire/script.h"

/* The first byte of what a server says. */
enum { SAYS_OK = 0, SAYS_MORE = 1, SAYS_10 = 10, SAYS_SWITCH = 0xfe, SAYS_ERR = 0xff };

/* AuthMoreData of caching_sha2_password. */
enum { SHA2_KNOWN = 3, SHA2_FULL = 4 };

enum { LONG_PASSWORD = 1, WITH_DATABASE = 8, PROTOCOL_41 = 0x200, SSL_FLAG = 0x800 };
enum { TRANSACTIONS = 0x2000, SECURE = 0x8000, PLUGINS = 0x80000 };

#define UTF8MB4        45
#define ACCESS_DENIED  1045
#define HEADER         4 /* three bytes of length, and a number that counts packets */
#define SCRAMBLE_FIRST 8
#define DIGEST_MAX     32

/* ---- The greeting ---------------------------------------------------------------------------- */

static unsigned byte_at(struct fsk_span m, size_t at)
{
    return at < m.n ? (unsigned char)m.p[at] : 0;
}

static enum fsk_verdict refuse(struct fsk_script *s, struct fsk_span m)
{
    char shown[FSK_SCRIPT_SHOWN];
    unsigned code = byte_at(m, 6) << 8 | byte_at(m, 5);
    bool login = code == ACCESS_DENIED && s->wish->login;
    size_t at = byte_at(m, 7) == '#' ? 13 : 7; /* behind an SQLSTATE, if there is one */
    at = at < m.n ? at : m.n;
    fsk_script_fail(s, login ? FSOCK_ERR_LOGIN : FSOCK_ERR_STATUS, fsk_script_stage(s),
                    "the server refuses: %u '%s'", code,
                    fsk_script_shown(fsk_span(m.p + at, m.n - at), shown));
    return FSK_BAD;
}

static enum fsk_verdict judge_greeting(struct fsk_script *s, struct fsk_span m)
{
    if (byte_at(m, HEADER) == SAYS_ERR)
        return refuse(s, m);
    if (byte_at(m, HEADER) == SAYS_10 && memchr(m.p + HEADER + 1, '\0', m.n - HEADER - 1))
        return FSK_GOOD;
    return fsk_script_other(s, m);
}

/* Up to 20 bytes, the first 8 of which may be there already. */
static void keep_scramble(struct fsk_script *s, size_t from, struct fsk_span m, size_t at)
{
    for (size_t i = from; i < sizeof s->scramble; i++)
        s->scramble[i] = (unsigned char)byte_at(m, at + i - from);
}

/* A name with a NUL, or up to the end. */
static void keep_plugin(struct fsk_script *s, struct fsk_span m, size_t at)
{
    size_t n = at < m.n ? strnlen(m.p + at, m.n - at) : 0;
    n = n < sizeof s->plugin ? n : sizeof s->plugin - 1;
    memcpy(s->plugin, m.p + (n ? at : 0), n);
    s->plugin[n] = '\0';
}

/*
 * Behind the version: the number of a thread, 8 bytes of the scramble, a filler, flags, charset,
 * status, more flags, the scramble's length, ten bytes, its rest, and who is to use it.
 */
static void take_greeting(struct fsk_script *s, struct fsk_span m)
{
    size_t n = strlen(m.p + HEADER + 1);
    size_t at = HEADER + 1 + n + 1 + 4;
    unsigned flags = byte_at(m, at + 10) << 8 | byte_at(m, at + 9);
    size_t rest = byte_at(m, at + 16);
    fsk_script_banner(s, fsk_span(m.p + HEADER + 1, n));
    if (flags & SSL_FLAG)
        fsk_script_word(s, fsk_span_str("SSL"));
    keep_scramble(s, 0, m, at);
    keep_scramble(s, SCRAMBLE_FIRST, m, at + 27);
    rest = rest > SCRAMBLE_FIRST + 13 ? rest - SCRAMBLE_FIRST : 13;
    keep_plugin(s, m, at + 27 + rest);
}

/* ---- What is said ---------------------------------------------------------------------------- */

/* A packet's header; its length is known when all of it is there. */
static enum fsock_err begin_packet(struct fsk_script *s, unsigned number)
{
    const unsigned char header[HEADER] = {0, 0, 0, (unsigned char)number};
    return fsk_buf_append(&s->out, header, sizeof header);
}

static void end_packet(struct fsk_script *s)
{
    size_t n = fsk_buf_len(&s->out) - HEADER;
    unsigned char *p = (unsigned char *)s->out.mem + s->out.start;
    p[0] = (unsigned char)n;
    p[1] = (unsigned char)(n >> 8);
    p[2] = (unsigned char)(n >> 16);
}

static enum fsock_err put_string(struct fsk_script *s, struct fsk_span text)
{
    enum fsock_err err = text.n ? fsk_buf_append(&s->out, text.p, text.n) : FSOCK_OK;
    return err == FSOCK_OK ? fsk_buf_append(&s->out, "", 1) : err;
}

/* What begins both a wish for TLS and a login. */
static enum fsock_err put_flags(struct fsk_script *s, uint32_t flags)
{
    unsigned char head[32] = {0};
    for (unsigned i = 0; i < 4; i++)
        head[i] = (unsigned char)(flags >> 8 * i);
    head[7] = 1; /* packets of 16 MiB at most */
    head[8] = UTF8MB4;
    return fsk_buf_append(&s->out, head, sizeof head);
}

static uint32_t flags_of(const struct fsk_script *s, bool tls)
{
    uint32_t flags = LONG_PASSWORD | PROTOCOL_41 | TRANSACTIONS | SECURE | PLUGINS;
    flags |= s->wish->path.n > 1 ? WITH_DATABASE : 0;
    return flags | (tls ? SSL_FLAG : 0);
}

static enum fsock_err build_ssl(struct fsk_script *s)
{
    enum fsock_err err = begin_packet(s, 1);
    if (err == FSOCK_OK)
        err = put_flags(s, flags_of(s, true));
    if (err == FSOCK_OK)
        end_packet(s);
    return err;
}

/* ---- Passwords ------------------------------------------------------------------------------- */

/* The digest of one or two texts. */
static bool digest(const EVP_MD *md, struct fsk_span a, struct fsk_span b,
                   unsigned char out[DIGEST_MAX])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = ctx && EVP_DigestInit_ex(ctx, md, NULL) && EVP_DigestUpdate(ctx, a.p, a.n) &&
                (!b.n || EVP_DigestUpdate(ctx, b.p, b.n)) && EVP_DigestFinal_ex(ctx, out, NULL);
    EVP_MD_CTX_free(ctx);
    return good;
}

static struct fsk_span bytes(const unsigned char *p, size_t n)
{
    return fsk_span((const char *)p, n);
}

/* H(password) ^ H(scramble, H(H(password))); of SHA-2 the two are the other way round. */
static enum fsock_err put_proof(struct fsk_script *s, const EVP_MD *md, bool sha2)
{
    unsigned char once[DIGEST_MAX], twice[DIGEST_MAX], mask[DIGEST_MAX];
    size_t n = (size_t)EVP_MD_get_size(md);
    struct fsk_span scramble = bytes(s->scramble, sizeof s->scramble), none = {"", 0};
    struct fsk_span stored = bytes(twice, n);
    if (!digest(md, s->wish->password, none, once) || !digest(md, bytes(once, n), none, twice) ||
        !digest(md, sha2 ? stored : scramble, sha2 ? scramble : stored, mask))
        return FSOCK_ERR_MEMORY;
    for (size_t i = 0; i < n; i++)
        once[i] ^= mask[i];
    enum fsock_err err = fsk_buf_append(&s->out, once, n);
    OPENSSL_cleanse(once, sizeof once);
    return err;
}

static bool is_plugin(const struct fsk_script *s, const char *name)
{
    return strcmp(s->plugin, name) == 0;
}

/* NULL, or why the server's way is not gone. */
static const char *refused_way(const struct fsk_script *s)
{
    if (is_plugin(s, "mysql_native_password") || is_plugin(s, "caching_sha2_password"))
        return NULL;
    if (!is_plugin(s, "mysql_clear_password"))
        return "the server wants a way to log in that is not known here";
    return s->secure ? NULL : "the server wants the password in a way that others could read";
}

static enum fsock_err put_answer(struct fsk_script *s)
{
    struct fsk_span password = s->wish->password;
    if (is_plugin(s, "mysql_clear_password"))
        return put_string(s, password);
    if (!password.n)
        return FSOCK_OK;
    bool sha2 = is_plugin(s, "caching_sha2_password");
    return put_proof(s, sha2 ? EVP_sha256() : EVP_sha1(), sha2);
}

/* ---- The login ------------------------------------------------------------------------------- */

/* One that is not known here, or not wanted in the clear, is begun as the usual one. */
static enum fsock_err build_login(struct fsk_script *s)
{
    const struct fsk_wish *w = s->wish;
    s->login = FSK_LOGIN_PASS;
    if (!is_plugin(s, "caching_sha2_password"))
        memcpy(s->plugin, "mysql_native_password", sizeof "mysql_native_password");
    enum fsock_err err = begin_packet(s, s->renewed ? 2 : 1);
    if (err == FSOCK_OK)
        err = put_flags(s, flags_of(s, s->renewed));
    if (err == FSOCK_OK)
        err = put_string(s, w->user);
    size_t at = fsk_buf_len(&s->out);
    if (err == FSOCK_OK)
        err = fsk_buf_append(&s->out, "", 1);
    if (err == FSOCK_OK)
        err = put_answer(s);
    if (err != FSOCK_OK)
        return err;
    s->out.mem[s->out.start + at] = (char)(fsk_buf_len(&s->out) - at - 1);
    if (w->path.n > 1)
        err = put_string(s, fsk_span(w->path.p + 1, w->path.n - 1));
    if (err == FSOCK_OK)
        err = put_string(s, fsk_span_str(s->plugin));
    if (err == FSOCK_OK)
        end_packet(s);
    return err;
}

static enum fsk_verdict refuse_way(struct fsk_script *s, const char *why)
{
    fsk_script_fail(s, FSOCK_ERR_LOGIN, FSOCK_STAGE_LOGIN, "%s", why);
    return FSK_BAD;
}

/* "Use another way": its name, and another scramble. */
static enum fsk_verdict judge_switch(struct fsk_script *s, struct fsk_span m)
{
    if (s->more)
        return refuse_way(s, "the server changes the way to log in again and again");
    keep_plugin(s, m, HEADER + 1);
    keep_scramble(s, 0, m, HEADER + 1 + strlen(s->plugin) + 1);
    const char *why = refused_way(s);
    return why ? refuse_way(s, why) : FSK_MORE;
}

static enum fsk_verdict judge_login(struct fsk_script *s, struct fsk_span m)
{
    switch (byte_at(m, HEADER)) {
    case SAYS_OK:
        return FSK_GOOD;
    case SAYS_ERR:
        return refuse(s, m);
    case SAYS_SWITCH:
        return judge_switch(s, m);
    case SAYS_MORE:
        if (byte_at(m, HEADER + 1) == SHA2_FULL && !s->secure)
            return refuse_way(s, "the server wants the password in a way that others could read");
        if (is_plugin(s, "caching_sha2_password"))
            return FSK_MORE;
        break;
    default:
        break;
    }
    return refuse_way(s, "the server's answer to the login is none");
}

static enum fsock_err respond_login(struct fsk_script *s, struct fsk_span m)
{
    bool more = byte_at(m, HEADER) == SAYS_MORE;
    if (more && byte_at(m, HEADER + 1) != SHA2_FULL)
        return FSOCK_OK; /* the proof was good, an OK follows */
    enum fsock_err err = begin_packet(s, byte_at(m, 3) + 1);
    if (err == FSOCK_OK)
        err = more ? put_string(s, s->wish->password) : put_answer(s);
    if (err == FSOCK_OK)
        end_packet(s);
    return err;
}

static enum fsock_err build_quit(struct fsk_script *s)
{
    return fsk_buf_append(&s->out, "\1\0\0\0\1", 5);
}

const struct fsk_move fsk_moves_mysql[] = {
    {.awaited = "its greeting",
     .form = FSK_REPLY_MYSQL,
     .judge = judge_greeting,
     .take = take_greeting},
    {.awaited = "TLS",
     .when = FSK_IF_STARTTLS,
     .build = build_ssl,
     .offer = "SSL",
     .then = FSK_THEN_TLS},
    {.awaited = "its answer to the login",
     .when = FSK_IF_USER,
     .build = build_login,
     .secret = true,
     .form = FSK_REPLY_MYSQL,
     .judge = judge_login,
     .respond = respond_login,
     .then = FSK_THEN_IN,
     .bad = FSK_BAD_LOGIN},
    {.awaited = "the end",   .when = FSK_IF_IN, .build = build_quit, .bye = true},
    {.awaited = NULL           },
};
