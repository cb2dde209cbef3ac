#include "wire/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>

#include "base/digits.h"
#include "wire/challenge.h"

/* ---- The challenge --------------------------------------------------------------------------- */

static bool read_algorithm(struct fsk_digest *d)
{
    static const struct {
        struct fsk_span name;
        enum fsk_digest_hash hash;
    } known[] = {
        {FSK_SPAN("MD5"),         FSK_DIGEST_MD5        },
        {FSK_SPAN("SHA-256"),     FSK_DIGEST_SHA_256    },
        {FSK_SPAN("SHA-512-256"), FSK_DIGEST_SHA_512_256},
    };
    static const struct fsk_span sess = FSK_SPAN("-sess");
    struct fsk_span name = d->algorithm;
    if (!name.n)
        return true;
    d->sess = name.n > sess.n && fsk_span_caseeq(fsk_span(name.p + name.n - sess.n, sess.n), sess);
    name.n -= d->sess ? sess.n : 0;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (fsk_span_caseeq(name, known[i].name)) {
            d->hash = known[i].hash;
            return true;
        }
    return false;
}

/* A list of words. False: there are some, and none is known. */
static bool read_qop(struct fsk_digest *d, struct fsk_span list)
{
    bool any = false;
    while (list.n) {
        const char *comma = memchr(list.p, ',', list.n);
        size_t n = comma ? (size_t)(comma - list.p) : list.n;
        struct fsk_span word = fsk_span_trim(fsk_span(list.p, n));
        d->auth |= fsk_span_caseeq(word, FSK_SPAN("auth"));
        d->auth_int |= fsk_span_caseeq(word, FSK_SPAN("auth-int"));
        any |= word.n > 0;
        n += comma != NULL;
        list = fsk_span(list.p + n, list.n - n);
    }
    return !any || d->auth || d->auth_int;
}

bool fsk_digest_read(struct fsk_span params, struct fsk_digest *d)
{
    static const struct fsk_span yes = FSK_SPAN("true");
    struct fsk_span name, value, qop = fsk_span("", 0);
    bool has_realm = false;
    *d = (struct fsk_digest){.hash = FSK_DIGEST_MD5};
    while (fsk_challenge_param(&params, &name, &value)) {
        if (fsk_span_caseeq(name, FSK_SPAN("realm"))) {
            d->realm = value;
            has_realm = true;
        } else if (fsk_span_caseeq(name, FSK_SPAN("nonce"))) {
            d->nonce = value;
        } else if (fsk_span_caseeq(name, FSK_SPAN("opaque"))) {
            d->opaque = value;
            d->has_opaque = true;
        } else if (fsk_span_caseeq(name, FSK_SPAN("algorithm"))) {
            d->algorithm = value;
        } else if (fsk_span_caseeq(name, FSK_SPAN("qop"))) {
            qop = value;
        } else if (fsk_span_caseeq(name, FSK_SPAN("stale"))) {
            d->stale = fsk_span_caseeq(value, yes);
        } else if (fsk_span_caseeq(name, FSK_SPAN("userhash"))) {
            d->userhash = fsk_span_caseeq(value, yes);
        } else if (fsk_span_caseeq(name, FSK_SPAN("charset"))) {
            d->utf8 = fsk_span_caseeq(value, FSK_SPAN("UTF-8"));
        }
    }
    return has_realm && d->nonce.n && d->realm.n + d->nonce.n + d->opaque.n <= FSK_DIGEST_MAX &&
           read_algorithm(d) && read_qop(d, qop);
}

/* ---- Hashes ---------------------------------------------------------------------------------- */

struct hash {
    char hex[2 * EVP_MAX_MD_SIZE];
    size_t n;
};

static struct fsk_span hex_of(const struct hash *hash)
{
    return fsk_span(hash->hex, hash->n);
}

static const EVP_MD *method_of(const struct fsk_digest *d)
{
    return d->hash == FSK_DIGEST_MD5       ? EVP_md5()
           : d->hash == FSK_DIGEST_SHA_256 ? EVP_sha256()
                                           : EVP_sha512_256();
}

/* Of the parts with colons between them. False: out of memory. */
static bool make_hash(const struct fsk_digest *d, struct hash *hash, const struct fsk_span *part,
                      size_t n)
{
    unsigned char md[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = ctx && EVP_DigestInit_ex(ctx, method_of(d), NULL);
    for (size_t i = 0; good && i < n; i++)
        good = (!i || EVP_DigestUpdate(ctx, ":", 1)) &&
               (!part[i].n || EVP_DigestUpdate(ctx, part[i].p, part[i].n));
    good = good && EVP_DigestFinal_ex(ctx, md, &size);
    EVP_MD_CTX_free(ctx);
    hash->n = 2 * (size_t)size;
    fsk_hex_write(md, size, hash->hex);
    OPENSSL_cleanse(md, sizeof md);
    return good;
}

#define HASH(d, hash, ...)                                                                         \
    make_hash(d, hash, (const struct fsk_span[]){__VA_ARGS__},                                     \
              sizeof((const struct fsk_span[]){__VA_ARGS__}) / sizeof(struct fsk_span))

static struct fsk_span qop_of(const struct fsk_digest *d)
{
    return d->auth ? FSK_SPAN("auth") : d->auth_int ? FSK_SPAN("auth-int") : FSK_SPAN("");
}

/* Of user and password. */
static bool make_secret(const struct fsk_digest *d, const struct fsk_digest_request *r,
                        struct hash *secret)
{
    struct hash first;
    bool good = HASH(d, &first, r->user, d->realm, r->password);
    if (good && d->sess)
        good = HASH(d, secret, hex_of(&first), d->nonce, r->cnonce);
    else
        *secret = first;
    OPENSSL_cleanse(&first, sizeof first);
    return good;
}

static bool make_response(const struct fsk_digest *d, const struct fsk_digest_request *r,
                          struct fsk_span nc, struct hash *response)
{
    struct hash secret, request, body;
    struct fsk_span qop = qop_of(d);
    bool good = make_secret(d, r, &secret);
    if (good && !d->auth && d->auth_int)
        good = HASH(d, &body, r->body) && HASH(d, &request, r->method, r->uri, hex_of(&body));
    else if (good)
        good = HASH(d, &request, r->method, r->uri);
    if (good && qop.n)
        good = HASH(d, response, hex_of(&secret), d->nonce, nc, r->cnonce, qop, hex_of(&request));
    else if (good)
        good = HASH(d, response, hex_of(&secret), d->nonce, hex_of(&request));
    OPENSSL_cleanse(&secret, sizeof secret);
    return good;
}

/* ---- The answer ------------------------------------------------------------------------------ */

/* Without the backslashes, as both sides hash it: "unq" of RFC 7616 means no more than the quotes,
 * but servers keep the realm in their files as it is without either. */
static struct fsk_span unescape(struct fsk_span text, char *room)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        i += text.p[i] == '\\' && i + 1 < text.n;
        room[n++] = text.p[i];
    }
    return fsk_span(room, n);
}

/* Append all of them. */
static enum fsock_err put(struct fsk_buf *out, const struct fsk_span *part, size_t n)
{
    enum fsock_err err = FSOCK_OK;
    for (size_t i = 0; err == FSOCK_OK && i < n; i++)
        err = fsk_buf_append(out, part[i].p, part[i].n);
    return err;
}

#define PUT(out, ...)                                                                              \
    put(out, (const struct fsk_span[]){__VA_ARGS__},                                               \
        sizeof((const struct fsk_span[]){__VA_ARGS__}) / sizeof(struct fsk_span))

/* As a quoted string with backslashes, or percent-encoded (RFC 8187) with `extended`. */
static enum fsock_err put_name(struct fsk_buf *out, struct fsk_span user, bool extended)
{
    enum fsock_err err = fsk_buf_puts(out, extended ? "username*=UTF-8''" : "username=\"");
    for (size_t i = 0; err == FSOCK_OK && i < user.n; i++) {
        char c = user.p[i], code[4];
        bool plain = (c >= '0' && c <= '9') || (fsk_lower(c) >= 'a' && fsk_lower(c) <= 'z');
        if (extended && !plain)
            snprintf(code, sizeof code, "%%%02X", (unsigned)(unsigned char)c);
        else
            snprintf(code, sizeof code, "%s%c", c == '"' || c == '\\' ? "\\" : "", c);
        err = fsk_buf_puts(out, code);
    }
    return err == FSOCK_OK && !extended ? fsk_buf_puts(out, "\"") : err;
}

static enum fsock_err put_user(struct fsk_buf *out, const struct fsk_digest *d,
                               struct fsk_span user)
{
    struct hash name;
    if (d->userhash)
        return !HASH(d, &name, user, d->realm)
                   ? FSOCK_ERR_MEMORY
                   : PUT(out, FSK_SPAN("username=\""), hex_of(&name), FSK_SPAN("\""));
    bool extended = false;
    for (size_t i = 0; i < user.n; i++) {
        unsigned char c = (unsigned char)user.p[i];
        extended |= c < ' ' || c == 0x7f || (c > 0x7f && d->utf8);
    }
    return put_name(out, user, extended);
}

enum fsock_err fsk_digest_write(const struct fsk_digest *d, const struct fsk_digest_request *r,
                                struct fsk_buf *out)
{
    char count[9];
    snprintf(count, sizeof count, "%08x", (unsigned)r->nc);
    struct fsk_span nc = fsk_span(count, 8), qop = qop_of(d), end = FSK_SPAN("\"");
    struct hash response;
    struct fsk_digest plain = *d;
    char realm[FSK_DIGEST_MAX], nonce[FSK_DIGEST_MAX];
    plain.realm = unescape(d->realm, realm);
    plain.nonce = unescape(d->nonce, nonce);
    if (!make_response(&plain, r, nc, &response))
        return FSOCK_ERR_MEMORY;
    enum fsock_err err = fsk_buf_puts(out, "Digest ");
    if (err == FSOCK_OK)
        err = put_user(out, &plain, r->user);
    if (err == FSOCK_OK)
        err = PUT(out, FSK_SPAN(", realm=\""), d->realm, FSK_SPAN("\", nonce=\""), d->nonce,
                  FSK_SPAN("\", uri=\""), r->uri, FSK_SPAN("\", response=\""), hex_of(&response),
                  end);
    if (err == FSOCK_OK && d->algorithm.n)
        err = PUT(out, FSK_SPAN(", algorithm="), d->algorithm);
    if (err == FSOCK_OK && qop.n)
        err = PUT(out, FSK_SPAN(", qop="), qop, FSK_SPAN(", nc="), nc);
    if (err == FSOCK_OK && (qop.n || d->sess))
        err = PUT(out, FSK_SPAN(", cnonce=\""), r->cnonce, end);
    if (err == FSOCK_OK && d->has_opaque)
        err = PUT(out, FSK_SPAN(", opaque=\""), d->opaque, end);
    if (err == FSOCK_OK && d->userhash)
        err = fsk_buf_puts(out, ", userhash=true");
    return err;
}
