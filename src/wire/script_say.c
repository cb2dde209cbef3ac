#include "wire/script_say.h"

#include <openssl/evp.h>
#include <stdio.h>

#include "base/digits.h"
#include "wire/script_login.h"
#include "wire/service.h"

/* ---- What may be said ------------------------------------------------------------------------ */

/* No line may end in it, and no string of C. */
static bool is_sound(struct fsk_span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '\r' || s.p[i] == '\n' || s.p[i] == '\0')
            return false;
    return true;
}

static bool is_word(struct fsk_span s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f || strchr("<>", s.p[i]))
            return false;
    return true;
}

const char *fsk_wish_check(const struct fsk_wish *w)
{
    if (!is_sound(w->user) || !is_sound(w->password))
        return "a user or a password with a line end or a NUL could say more than it should";
    if (w->login && !w->user.n)
        return "a password needs a user";
    if (!is_word(w->myself) || !is_word(w->sender) || !is_word(w->host) || !is_word(w->server) ||
        !is_word(w->path))
        return "a name or an address holds no blanks, control characters or angle brackets";
    for (size_t i = 0; w->recipients && w->recipients[i]; i++)
        if (!w->recipients[i][0] || !is_word(fsk_span_str(w->recipients[i])))
            return "a recipient is an address like user@example.org, without angle brackets";
    return fsk_login_check(w->mechanism);
}

/* ---- Templates ------------------------------------------------------------------------------- */

static enum fsock_err put(struct fsk_script *s, struct fsk_span text)
{
    return text.n ? fsk_buf_append(&s->out, text.p, text.n) : FSOCK_OK;
}

/* A quoted string, of IMAP, ManageSieve and Redis. */
static enum fsock_err put_quoted(struct fsk_script *s, struct fsk_span text)
{
    enum fsock_err err = fsk_buf_puts(&s->out, "\"");
    for (size_t i = 0; i < text.n && err == FSOCK_OK; i++) {
        if (text.p[i] == '"' || text.p[i] == '\\')
            err = fsk_buf_puts(&s->out, "\\");
        if (err == FSOCK_OK)
            err = fsk_buf_append(&s->out, text.p + i, 1);
    }
    return err == FSOCK_OK ? fsk_buf_puts(&s->out, "\"") : err;
}

/*
 * Whose server XMPP asks for, as an attribute's value: the path if there is one, since a domain's
 * server may have a name of its own.
 */
static enum fsock_err put_domain(struct fsk_script *s)
{
    const struct fsk_wish *w = s->wish;
    struct fsk_span name = w->path.n > 1 ? fsk_span(w->path.p + 1, w->path.n - 1) : w->server;
    enum fsock_err err = FSOCK_OK;
    for (size_t i = 0; i < name.n && err == FSOCK_OK; i++) {
        bool plain = !strchr("<>&'\"", name.p[i]);
        char reference[8];
        snprintf(reference, sizeof reference, "&#%d;", name.p[i]);
        err = plain ? put(s, fsk_span(name.p + i, 1)) : fsk_buf_puts(&s->out, reference);
    }
    return err;
}

static enum fsock_err put_number(struct fsk_script *s, uint64_t number)
{
    char digits[FSK_DECIMAL_MAX];
    return put(s, fsk_span(digits, fsk_decimal_write(number, digits)));
}

static enum fsock_err put_field(struct fsk_script *s, char field)
{
    const struct fsk_wish *w = s->wish;
    switch (field) {
    case 'h':
        return put(s, w->myself);
    case 'H':
        return put(s, w->host);
    case '/':
        return put(s, w->path.n ? w->path : fsk_span_str("/"));
    case 'u':
        return put(s, w->user);
    case 'p':
        return put(s, w->password);
    case 'U':
        return put_quoted(s, w->user);
    case 'P':
        return put_quoted(s, w->password);
    case 'a':
        return put(s, fsk_span_str(fsk_sasl_name(s->sasl.kind)));
    case 'd':
        return fsk_script_digest(s);
    case 'f':
        return put(s, w->sender);
    case 'r':
        return put(s, fsk_span_str(w->recipients[s->recipient]));
    case 'n':
        return put_number(s, w->message);
    case 't':
        return put(s, w->send);
    case 'D':
        return put_domain(s);
    case 'N':
        return fsk_buf_puts(&s->out, s->service->can & FSK_AMONG_SERVERS ? "jabber:server"
                                                                         : "jabber:client");
    default:
        return fsk_buf_append(&s->out, &field, 1);
    }
}

enum fsock_err fsk_script_say(struct fsk_script *s, const char *text)
{
    enum fsock_err err = FSOCK_OK;
    while (*text && err == FSOCK_OK) {
        size_t n = strcspn(text, "%");
        err = put(s, fsk_span(text, n));
        text += n;
        if (*text && err == FSOCK_OK) {
            err = put_field(s, text[1]);
            text += 2;
        }
    }
    return err;
}
