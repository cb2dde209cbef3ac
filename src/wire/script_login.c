#include "wire/script_login.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "base/digits.h"
#include "wire/base64.h"
#include "wire/service.h"

#define CHALLENGE_MAX 4096 /* bytes of base64 */

/* ---- What is offered ------------------------------------------------------------------------- */

/* Lines of mechanisms begin so: SMTP's, SMTP's of old, POP3's. */
static bool lists_mechanisms(struct fsk_span line)
{
    return fsk_script_begins(line, "AUTH ") || fsk_script_begins(line, "AUTH=") ||
           fsk_script_begins(line, "SASL ");
}

/* The next word of a line, between blanks. */
static bool next_word(struct fsk_span *line, struct fsk_span *word)
{
    *line = fsk_span_trim(*line);
    size_t n = 0;
    while (n < line->n && line->p[n] != ' ' && line->p[n] != '\t')
        n++;
    *word = fsk_span(line->p, n);
    *line = fsk_span(line->p + n, line->n - n);
    return n > 0;
}

/* Each kept line is a string. */
static bool next_offer(struct fsk_span *rest, struct fsk_span *line)
{
    if (!rest->n)
        return false;
    *line = fsk_span_str(rest->p);
    *rest = fsk_span(rest->p + line->n + 1, rest->n - line->n - 1);
    return true;
}

bool fsk_script_offers(const struct fsk_script *s, const char *word)
{
    struct fsk_span rest = fsk_buf_span(&s->words), line, first;
    while (next_offer(&rest, &line))
        if (next_word(&line, &first) && fsk_span_caseeq(first, fsk_span_str(word)))
            return true;
    return false;
}

static bool offers_mechanism(const struct fsk_script *s, const char *name)
{
    struct fsk_span rest = fsk_buf_span(&s->words), line, word;
    while (next_offer(&rest, &line)) {
        if (!lists_mechanisms(line))
            continue;
        line = fsk_span(line.p + 5, line.n - 5);
        while (next_word(&line, &word))
            if (fsk_span_caseeq(word, fsk_span_str(name)))
                return true;
    }
    return false;
}

/* ---- The choice ------------------------------------------------------------------------------ */

static bool is(struct fsk_span word, const char *text)
{
    return fsk_span_caseeq(word, fsk_span_str(text));
}

const char *fsk_login_check(struct fsk_span m)
{
    if (!m.n || is(m, "APOP") || is(m, "PASS") || fsk_sasl_find(m))
        return NULL;
    return "the ways to log in are SCRAM-SHA-256, PLAIN, LOGIN, CRAM-MD5, XOAUTH2, APOP and PASS";
}

void fsk_script_take_sasl(struct fsk_script *s, enum fsk_sasl_kind kind)
{
    s->login = FSK_LOGIN_SASL;
    fsk_sasl_init(&s->sasl, kind, s->wish->user, s->wish->password, s->nonce);
}

static void take_wished(struct fsk_script *s)
{
    struct fsk_span m = s->wish->mechanism;
    if (is(m, "APOP"))
        s->login = FSK_LOGIN_APOP;
    else if (is(m, "PASS"))
        s->login = FSK_LOGIN_PASS;
    else
        fsk_script_take_sasl(s, fsk_sasl_find(m));
}

/* Without TLS, those that hide the password. XOAUTH2 has no password, and must be wished for. */
static bool take_best(struct fsk_script *s)
{
    bool can = s->service->can & FSK_CAN_SASL;
    for (unsigned i = FSK_SASL_NONE + 1; can && i < FSK_SASL_XOAUTH2; i++) {
        enum fsk_sasl_kind kind = (enum fsk_sasl_kind)i;
        if ((s->secure || fsk_sasl_hides(kind)) && offers_mechanism(s, fsk_sasl_name(kind))) {
            fsk_script_take_sasl(s, kind);
            return true;
        }
    }
    if (s->secure && s->service->can & FSK_CAN_PASS && !fsk_script_offers(s, "LOGINDISABLED"))
        s->login = FSK_LOGIN_PASS;
    else if (s->stamp[0])
        s->login = FSK_LOGIN_APOP;
    return s->login != FSK_LOGIN_NONE;
}

void fsk_script_choose_login(struct fsk_script *s)
{
    if (!s->wish->login || s->login != FSK_LOGIN_NONE)
        return;
    if (!s->wish->password.n) /* it would be refused, and counted against the user */
        fsk_script_fail(s, FSOCK_ERR_LOGIN, FSOCK_STAGE_LOGIN,
                        "no password was given for this user, and an empty one is not tried");
    else if (s->wish->mechanism.n)
        take_wished(s);
    else if (!take_best(s))
        fsk_script_fail(s, FSOCK_ERR_LOGIN, FSOCK_STAGE_LOGIN,
                        s->secure
                            ? "the server offers no way to log in that is known here"
                            : "there is no TLS, and the server offers no way to log in that hides "
                              "the password from others");
    if (s->login == FSK_LOGIN_APOP && !s->stamp[0])
        fsk_script_fail(s, FSOCK_ERR_LOGIN, FSOCK_STAGE_LOGIN,
                        "APOP needs a time stamp in the server's greeting, and there is none");
}

const char *fsk_script_mechanism(const struct fsk_script *s)
{
    static const char *const names[] = {"", "", "APOP", "PASS"};
    return s->login == FSK_LOGIN_SASL ? fsk_sasl_name(s->sasl.kind) : names[s->login];
}

/* ---- The words ------------------------------------------------------------------------------- */

static struct fsk_span challenge_of(const struct fsk_script *s, struct fsk_span line)
{
    if (s->reply.form != FSK_REPLY_CODE && line.n)
        line = fsk_span(line.p + 1, line.n - 1); /* "+ " */
    return fsk_span_trim(line);
}

enum fsock_err fsk_script_respond(struct fsk_script *s, struct fsk_span line)
{
    return fsk_script_respond_within(s, challenge_of(s, line), "", "\r\n");
}

/* What the mechanism says to the challenge, before it becomes base64. */
static enum fsock_err answer(struct fsk_script *s, struct fsk_span challenge, struct fsk_buf *out)
{
    char raw[FSK_BASE64_BYTES(CHALLENGE_MAX)];
    size_t n = 0, at;
    const char *why = "it is no base64";
    enum fsock_err err = FSOCK_ERR_PROTOCOL;
    if (challenge.n <= CHALLENGE_MAX && !fsk_base64_decode(challenge, raw, &n, &at))
        err = fsk_sasl_answer(&s->sasl, fsk_span(raw, n), out, &why);
    if (err == FSOCK_ERR_PROTOCOL)
        fsk_script_fail(s, err, FSOCK_STAGE_LOGIN, "the server's challenge can't be answered: %s",
                        why);
    OPENSSL_cleanse(raw, sizeof raw);
    return err;
}

enum fsock_err fsk_script_respond_within(struct fsk_script *s, struct fsk_span challenge,
                                         const char *before, const char *behind)
{
    struct fsk_buf out;
    fsk_buf_init(&out, CHALLENGE_MAX);
    enum fsock_err err = answer(s, challenge, &out);
    struct fsk_span bytes = fsk_buf_span(&out);
    if (err == FSOCK_OK)
        err = fsk_buf_puts(&s->out, before);
    if (err == FSOCK_OK)
        err = fsk_buf_reserve(&s->out, FSK_BASE64_ROOM(bytes.n));
    if (err == FSOCK_OK) {
        s->out.end += fsk_base64_encode(bytes.p ? bytes.p : "", bytes.n, s->out.mem + s->out.end);
        err = fsk_buf_puts(&s->out, behind);
    }
    if (out.mem)
        OPENSSL_cleanse(out.mem, out.cap);
    fsk_buf_fini(&out);
    return err;
}

/* MD5 of the greeting's time stamp and the password (RFC 1939 7). */
enum fsock_err fsk_script_digest(struct fsk_script *s)
{
    unsigned char md[EVP_MAX_MD_SIZE];
    char hex[2 * EVP_MAX_MD_SIZE];
    unsigned n = 0;
    struct fsk_buf text;
    fsk_buf_init(&text, sizeof s->stamp + s->wish->password.n);
    enum fsock_err err = fsk_buf_puts(&text, s->stamp);
    if (err == FSOCK_OK)
        err = fsk_buf_append(&text, s->wish->password.p, s->wish->password.n);
    struct fsk_span all = fsk_buf_span(&text);
    if (err == FSOCK_OK && !EVP_Digest(all.p, all.n, md, &n, EVP_md5(), NULL))
        err = FSOCK_ERR_MEMORY;
    fsk_hex_write(md, n, hex);
    if (err == FSOCK_OK)
        err = fsk_buf_append(&s->out, hex, 2 * (size_t)n);
    if (text.mem)
        OPENSSL_cleanse(text.mem, text.cap);
    fsk_buf_fini(&text);
    return err;
}
