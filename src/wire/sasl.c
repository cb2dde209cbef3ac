#include "wire/sasl.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/digits.h"
#include "wire/base64.h"

#define MESSAGE_MAX    ((size_t)8 << 10)
#define SALT_MAX       512 /* characters */
#define ROUNDS_AT_ONCE 500 /* half a millisecond */

static const char *const names[FSK_SASL_KINDS] = {
    [FSK_SASL_NONE] = "",
    [FSK_SASL_SCRAM_SHA_256] = "SCRAM-SHA-256",
    [FSK_SASL_PLAIN] = "PLAIN",
    [FSK_SASL_LOGIN] = "LOGIN",
    [FSK_SASL_CRAM_MD5] = "CRAM-MD5",
    [FSK_SASL_XOAUTH2] = "XOAUTH2",
};

const char *fsk_sasl_name(enum fsk_sasl_kind kind)
{
    return names[kind];
}

enum fsk_sasl_kind fsk_sasl_find(struct fsk_span name)
{
    for (unsigned i = FSK_SASL_NONE + 1; i < FSK_SASL_KINDS; i++)
        if (fsk_span_caseeq(name, fsk_span_str(names[i])))
            return (enum fsk_sasl_kind)i;
    return FSK_SASL_NONE;
}

void fsk_sasl_init(struct fsk_sasl *s, enum fsk_sasl_kind kind, struct fsk_span user,
                   struct fsk_span password, const unsigned char nonce[FSK_SASL_NONCE])
{
    *s = (struct fsk_sasl){.kind = kind, .user = user, .password = password};
    fsk_base64_encode(nonce, FSK_SASL_NONCE, s->nonce);
    fsk_buf_init(&s->message, MESSAGE_MAX);
}

void fsk_sasl_fini(struct fsk_sasl *s)
{
    fsk_buf_fini(&s->message);
    OPENSSL_cleanse(s, sizeof *s);
}

static enum fsock_err put(struct fsk_buf *b, struct fsk_span s)
{
    return fsk_buf_append(b, s.p, s.n);
}

static enum fsock_err refuse(const char **why, const char *text)
{
    *why = text;
    return FSOCK_ERR_PROTOCOL;
}

/* ---- The simple ones ------------------------------------------------------------------------- */

static enum fsock_err plain(const struct fsk_sasl *s, struct fsk_buf *out)
{
    enum fsock_err err = fsk_buf_append(out, "", 1);
    if (err == FSOCK_OK)
        err = put(out, s->user);
    if (err == FSOCK_OK)
        err = fsk_buf_append(out, "", 1);
    return err == FSOCK_OK ? put(out, s->password) : err;
}

static enum fsock_err xoauth2(const struct fsk_sasl *s, struct fsk_buf *out)
{
    enum fsock_err err = fsk_buf_puts(out, "user=");
    if (err == FSOCK_OK)
        err = put(out, s->user);
    if (err == FSOCK_OK)
        err = fsk_buf_puts(out, "\1auth=Bearer ");
    if (err == FSOCK_OK)
        err = put(out, s->password);
    return err == FSOCK_OK ? fsk_buf_puts(out, "\1\1") : err;
}

static enum fsock_err cram_md5(const struct fsk_sasl *s, struct fsk_span challenge,
                               struct fsk_buf *out)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    char hex[2 * EVP_MAX_MD_SIZE];
    if (!HMAC(EVP_md5(), s->password.p, (int)s->password.n, (const unsigned char *)challenge.p,
              challenge.n, mac, &n))
        return FSOCK_ERR_MEMORY;
    fsk_hex_write(mac, n, hex);
    enum fsock_err err = put(out, s->user);
    if (err == FSOCK_OK)
        err = fsk_buf_puts(out, " ");
    return err == FSOCK_OK ? fsk_buf_append(out, hex, 2 * n) : err;
}

/* ---- SCRAM ----------------------------------------------------------------------------------- */

static bool mac(const void *key, size_t key_n, struct fsk_span text, unsigned char out[32])
{
    unsigned n = 32;
    return HMAC(EVP_sha256(), key, (int)key_n, (const unsigned char *)text.p, text.n, out, &n);
}

/* The user with what SCRAM keeps for itself written out (RFC 5802 5.1). */
static enum fsock_err put_name(struct fsk_buf *out, struct fsk_span user)
{
    enum fsock_err err = FSOCK_OK;
    for (size_t i = 0; i < user.n && err == FSOCK_OK; i++)
        err = user.p[i] == ','   ? fsk_buf_puts(out, "=2C")
              : user.p[i] == '=' ? fsk_buf_puts(out, "=3D")
                                 : fsk_buf_append(out, user.p + i, 1);
    return err;
}

static enum fsock_err scram_first(struct fsk_sasl *s, struct fsk_buf *out)
{
    struct fsk_buf *m = &s->message;
    enum fsock_err err = fsk_buf_puts(m, "n=");
    if (err == FSOCK_OK)
        err = put_name(m, s->user);
    if (err == FSOCK_OK)
        err = fsk_buf_puts(m, ",r=");
    if (err == FSOCK_OK)
        err = fsk_buf_puts(m, s->nonce);
    if (err == FSOCK_OK)
        err = fsk_buf_puts(out, "n,,"); /* no channel binding */
    return err == FSOCK_OK ? put(out, fsk_buf_span(m)) : err;
}

/* "r=NONCE,s=SALT,i=ROUNDS": the value of the next attribute. False: it is another. */
static bool take(struct fsk_span *rest, const char *name, struct fsk_span *value)
{
    if (rest->n < 2 || memcmp(rest->p, name, 2) != 0)
        return false;
    const char *comma = memchr(rest->p, ',', rest->n);
    size_t n = comma ? (size_t)(comma - rest->p) : rest->n;
    *value = fsk_span(rest->p + 2, n - 2);
    *rest = comma ? fsk_span(comma + 1, rest->n - n - 1) : fsk_span(rest->p + n, 0);
    return true;
}

struct server_first {
    struct fsk_span nonce, salt;
    uint64_t rounds;
};

static bool read_first(const struct fsk_sasl *s, struct fsk_span text, struct server_first *f)
{
    struct fsk_span rounds;
    size_t mine = strlen(s->nonce);
    return take(&text, "r=", &f->nonce) && f->nonce.n > mine &&
           memcmp(f->nonce.p, s->nonce, mine) == 0 && take(&text, "s=", &f->salt) && f->salt.n &&
           f->salt.n <= SALT_MAX && take(&text, "i=", &rounds) &&
           fsk_decimal_parse(rounds, UINT32_MAX, &f->rounds) && f->rounds;
}

/* The first round of Hi() (RFC 5802 2.2), whose input is the salt and the number 1. */
static enum fsock_err begin_rounds(struct fsk_sasl *s, const struct server_first *f,
                                   const char **why)
{
    char salt[FSK_BASE64_BYTES(SALT_MAX) + 4];
    size_t n, at;
    if (fsk_base64_decode(f->salt, salt, &n, &at))
        return refuse(why, "its salt is no base64");
    if (f->rounds > FSK_SASL_ROUNDS_MAX)
        return refuse(why, "it asks for more rounds of hashing than are ever needed");
    memcpy(salt + n, "\0\0\0\1", 4);
    if (!mac(s->password.p, s->password.n, fsk_span(salt, n + 4), s->u))
        return FSOCK_ERR_MEMORY;
    memcpy(s->hi, s->u, sizeof s->hi);
    s->rounds = f->rounds;
    return FSOCK_OK;
}

/* The other rounds, some at a time. */
static enum fsock_err make_rounds(struct fsk_sasl *s)
{
    for (unsigned i = 0; i < ROUNDS_AT_ONCE && s->rounds > 1; i++, s->rounds--) {
        unsigned char next[32];
        if (!mac(s->password.p, s->password.n, fsk_span((char *)s->u, sizeof s->u), next))
            return FSOCK_ERR_MEMORY;
        memcpy(s->u, next, sizeof s->u);
        for (size_t k = 0; k < sizeof next; k++)
            s->hi[k] ^= next[k];
    }
    return s->rounds > 1 ? FSOCK_AGAIN : FSOCK_OK;
}

/* Append the proof, and know what the server's has to be. */
static enum fsock_err prove(struct fsk_sasl *s, struct fsk_buf *out)
{
    unsigned char key[32], stored[32], signature[32], server[32];
    char proof[FSK_BASE64_ROOM(32)];
    struct fsk_span message = fsk_buf_span(&s->message);
    if (!mac(s->hi, 32, fsk_span_str("Client Key"), key) ||
        !EVP_Digest(key, 32, stored, NULL, EVP_sha256(), NULL) ||
        !mac(stored, 32, message, signature) ||
        !mac(s->hi, 32, fsk_span_str("Server Key"), server) ||
        !mac(server, 32, message, s->signature))
        return FSOCK_ERR_MEMORY;
    for (size_t i = 0; i < sizeof key; i++)
        key[i] ^= signature[i];
    size_t n = fsk_base64_encode(key, sizeof key, proof);
    enum fsock_err err = fsk_buf_puts(out, ",p=");
    return err == FSOCK_OK ? fsk_buf_append(out, proof, n) : err;
}

static enum fsock_err scram_final(struct fsk_sasl *s, struct fsk_span challenge,
                                  struct fsk_buf *out, const char **why)
{
    struct server_first f;
    enum fsock_err err = FSOCK_OK;
    if (!read_first(s, challenge, &f))
        return refuse(why, "it does not follow SCRAM");
    if (!s->rounds)
        err = begin_rounds(s, &f, why);
    if (err == FSOCK_OK)
        err = make_rounds(s);
    if (err != FSOCK_OK)
        return err;
    size_t from = fsk_buf_len(out);
    err = fsk_buf_puts(out, "c=biws,r=");
    if (err == FSOCK_OK)
        err = put(out, f.nonce);
    struct fsk_span parts[] = {fsk_span_str(","), challenge, fsk_span_str(","),
                               fsk_span(fsk_buf_span(out).p + from, fsk_buf_len(out) - from)};
    for (size_t i = 0; i < sizeof parts / sizeof *parts && err == FSOCK_OK; i++)
        err = put(&s->message, parts[i]);
    return err == FSOCK_OK ? prove(s, out) : err;
}

static enum fsock_err scram_verify(struct fsk_sasl *s, struct fsk_span challenge, const char **why)
{
    struct fsk_span value;
    char signature[FSK_BASE64_ROOM(32)];
    size_t n = fsk_base64_encode(s->signature, sizeof s->signature, signature);
    if (!take(&challenge, "v=", &value) || value.n != n ||
        CRYPTO_memcmp(value.p, signature, n) != 0)
        return refuse(why, "it does not prove that the server knows the password");
    s->proved = true;
    return FSOCK_OK;
}

static enum fsock_err scram(struct fsk_sasl *s, struct fsk_span challenge, struct fsk_buf *out,
                            const char **why)
{
    switch (s->turn) {
    case 0:
        return scram_first(s, out);
    case 1:
        return scram_final(s, challenge, out, why);
    default:
        return scram_verify(s, challenge, why);
    }
}

/* ---- All ------------------------------------------------------------------------------------- */

static enum fsock_err answer(struct fsk_sasl *s, struct fsk_span challenge, struct fsk_buf *out,
                             const char **why)
{
    switch (s->kind) {
    case FSK_SASL_PLAIN:
        return plain(s, out);
    case FSK_SASL_LOGIN:
        return put(out, s->turn ? s->password : s->user);
    case FSK_SASL_CRAM_MD5:
        return cram_md5(s, challenge, out);
    case FSK_SASL_XOAUTH2: /* a second challenge has the reason of a failure, and wants no more */
        return s->turn ? FSOCK_OK : xoauth2(s, out);
    case FSK_SASL_SCRAM_SHA_256:
        return scram(s, challenge, out, why);
    default:
        return FSOCK_ERR_INPUT;
    }
}

enum fsock_err fsk_sasl_answer(struct fsk_sasl *s, struct fsk_span challenge, struct fsk_buf *out,
                               const char **why)
{
    static const unsigned turns[FSK_SASL_KINDS] = {
        [FSK_SASL_SCRAM_SHA_256] = 3, [FSK_SASL_PLAIN] = 1,   [FSK_SASL_LOGIN] = 2,
        [FSK_SASL_CRAM_MD5] = 1,      [FSK_SASL_XOAUTH2] = 2,
    };
    *why = "";
    if (s->turn >= turns[s->kind])
        return refuse(why, "it asks for more than the mechanism has");
    enum fsock_err err = answer(s, challenge, out, why);
    if (err == FSOCK_OK)
        s->turn++;
    return err;
}

bool fsk_sasl_proved(const struct fsk_sasl *s)
{
    return s->kind != FSK_SASL_SCRAM_SHA_256 || s->proved;
}
