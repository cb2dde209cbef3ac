/*
 * LDAP (RFC 4511): StartTLS, a simple bind (4513 5.1), and what the server says of itself in its
 * root entry (4512 5.1).
 */
#include "wire/ber.h"
#include "wire/script.h"

/* Our messages have these numbers; 0 is the server's notice that it hangs up (4511 4.4.1). */
enum { ID_NOTICE, ID_TLS, ID_BIND, ID_SEARCH };

enum { BIND = 0x60, BIND_RESPONSE = 0x61, SIMPLE = 0x80 };
enum { SEARCH_ENTRY = 0x64, SEARCH_DONE = 0x65, SEARCH_REFERENCE = 0x73, EXTENDED = 0x78 };

/* ---- What is heard --------------------------------------------------------------------------- */

struct message {
    unsigned id;
    unsigned char op;
    struct fsk_span body;
};

struct result {
    unsigned code; /* 0: success */
    struct fsk_span text;
};

static bool read_message(struct fsk_span bytes, struct message *m)
{
    struct fsk_span body, id;
    return fsk_ber_take_tag(&bytes, FSK_BER_SEQUENCE, &body) &&
           fsk_ber_take_tag(&body, FSK_BER_INTEGER, &id) && fsk_ber_number(id, &m->id) &&
           fsk_ber_take(&body, &m->op, &m->body);
}

/* What begins each response but those of a search. */
static bool read_result(struct fsk_span body, struct result *r)
{
    struct fsk_span code, name;
    return fsk_ber_take_tag(&body, FSK_BER_ENUMERATED, &code) && fsk_ber_number(code, &r->code) &&
           fsk_ber_take_tag(&body, FSK_BER_OCTETS, &name) &&
           fsk_ber_take_tag(&body, FSK_BER_OCTETS, &r->text);
}

/* The names of the results that a check may meet (4511 4.1.9, appendix A). */
static const char *name_of(unsigned code)
{
    static const struct {
        unsigned code;
        const char *name;
    } names[] = {
        {1,  "operations error"          },
        {2,  "protocol error"            },
        {7,  "method not supported"      },
        {8,  "stronger login required"   },
        {13, "confidentiality required"  },
        {32, "no such object"            },
        {34, "invalid name"              },
        {48, "inappropriate login"       },
        {49, "invalid credentials"       },
        {50, "insufficient access rights"},
        {51, "busy"                      },
        {52, "unavailable"               },
        {53, "unwilling to perform"      },
        {80, "other"                     },
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].code == code)
            return names[i].name;
    return "unknown";
}

static enum fsk_verdict refuse(struct fsk_script *s, enum fsock_err err, enum fsock_stage stage,
                               const char *what, const struct result *r)
{
    char shown[FSK_SCRIPT_SHOWN];
    fsk_script_fail(s, err, stage, "the server %s: result %u (%s), '%s'", what, r->code,
                    name_of(r->code), fsk_script_shown(r->text, shown));
    return FSK_BAD;
}

/* A message to us. False: it is none, or the server's notice, and the script has failed. */
static bool take_message(struct fsk_script *s, struct fsk_span answer, unsigned id,
                         struct message *m)
{
    struct result r;
    if (read_message(answer, m) && m->id == id)
        return true;
    if (read_message(answer, m) && m->id == ID_NOTICE && m->op == EXTENDED &&
        read_result(m->body, &r))
        refuse(s, FSOCK_ERR_STATUS, FSOCK_STAGE_DIALOG, "hangs up", &r);
    fsk_script_other(s, answer);
    return false;
}

static bool take_result(struct fsk_script *s, struct fsk_span answer, unsigned id, unsigned char op,
                        struct result *r)
{
    struct message m;
    if (!take_message(s, answer, id, &m))
        return false;
    if (m.op == op && read_result(m.body, r))
        return true;
    fsk_script_other(s, answer);
    return false;
}

/* ---- TLS ------------------------------------------------------------------------------------- */

/* An extended request [APPLICATION 23] of 1.3.6.1.4.1.1466.20037 (4511 4.14.1). */
static enum fsock_err build_tls(struct fsk_script *s)
{
    static const char request[] = "\x30\x1d\x02\x01\x01\x77\x18\x80\x16"
                                  "1.3.6.1.4.1.1466.20037";
    return fsk_buf_append(&s->out, request, sizeof request - 1);
}

static enum fsk_verdict judge_tls(struct fsk_script *s, struct fsk_span answer)
{
    struct result r;
    if (!take_result(s, answer, ID_TLS, EXTENDED, &r))
        return FSK_BAD;
    if (r.code && fsk_script_must_have_tls(s))
        return refuse(s, FSOCK_ERR_PROTOCOL, FSOCK_STAGE_TLS, "refuses TLS", &r);
    return r.code ? FSK_BAD : FSK_GOOD;
}

/* ---- The login ------------------------------------------------------------------------------- */

/* Version 3, the name, and the password as it is (4511 4.2). */
static enum fsock_err build_bind(struct fsk_script *s)
{
    static const char version[] = {FSK_BER_INTEGER, 1, 3}, id[] = {FSK_BER_INTEGER, 1, ID_BIND};
    struct fsk_span user = s->wish->user, password = s->wish->password;
    size_t n = sizeof version + 2 * FSK_BER_HEAD + user.n + password.n;
    enum fsock_err err = fsk_ber_put_head(&s->out, FSK_BER_SEQUENCE, sizeof id + FSK_BER_HEAD + n);
    if (err == FSOCK_OK)
        err = fsk_buf_append(&s->out, id, sizeof id);
    if (err == FSOCK_OK)
        err = fsk_ber_put_head(&s->out, BIND, n);
    if (err == FSOCK_OK)
        err = fsk_buf_append(&s->out, version, sizeof version);
    if (err == FSOCK_OK)
        err = fsk_ber_put_head(&s->out, FSK_BER_OCTETS, user.n);
    if (err == FSOCK_OK)
        err = fsk_buf_append(&s->out, user.p, user.n);
    if (err == FSOCK_OK)
        err = fsk_ber_put_head(&s->out, SIMPLE, password.n);
    return err == FSOCK_OK ? fsk_buf_append(&s->out, password.p, password.n) : err;
}

/* Results that have nothing to do with who we are. */
static bool is_for_now(unsigned code)
{
    return code == 1 || code == 2 || code == 51 || code == 52 || code == 80;
}

static enum fsk_verdict judge_bind(struct fsk_script *s, struct fsk_span answer)
{
    struct result r;
    if (!take_result(s, answer, ID_BIND, BIND_RESPONSE, &r))
        return FSK_BAD;
    if (is_for_now(r.code))
        return refuse(s, FSOCK_ERR_STATUS, FSOCK_STAGE_LOGIN, "can't let anybody in now", &r);
    if (r.code)
        return refuse(s, FSOCK_ERR_LOGIN, FSOCK_STAGE_LOGIN, "does not accept user and password",
                      &r);
    return FSK_GOOD;
}

/* ---- The root entry -------------------------------------------------------------------------- */

static const struct {
    const char *name, *key;
} attributes[] = {
    {"namingContexts",          "naming_context"},
    {"vendorName",              "vendor_name"   },
    {"vendorVersion",           "vendor_version"},
    {"supportedExtension",      NULL            }, /* a word */
    {"supportedSASLMechanisms", NULL            },
};

/* A search [APPLICATION 3] of the entry without a name, for these attributes (4511 4.5.1). */
static enum fsock_err build_search(struct fsk_script *s)
{
    static const char request[] = "\x30\x7d\x02\x01\x03\x63\x78"
                                  "\x04\x00\x0a\x01\x00\x0a\x01\x00\x02\x01\x00\x02\x01\x00"
                                  "\x01\x01\x00\x87\x0b"
                                  "objectClass\x30\x58"
                                  "\x04\x0e"
                                  "namingContexts\x04\x0a"
                                  "vendorName\x04\x0d"
                                  "vendorVersion\x04\x12"
                                  "supportedExtension\x04\x17"
                                  "supportedSASLMechanisms";
    return fsk_buf_append(&s->out, request, sizeof request - 1);
}

/* A server that tells strangers nothing is up. */
static bool wants_login(unsigned code)
{
    return code == 1 || code == 8 || code == 13 || code == 48 || code == 50 || code == 53;
}

static enum fsk_verdict judge_search(struct fsk_script *s, struct fsk_span answer)
{
    struct message m;
    struct result r;
    if (!take_message(s, answer, ID_SEARCH, &m))
        return FSK_BAD;
    if (m.op == SEARCH_ENTRY || m.op == SEARCH_REFERENCE)
        return FSK_MORE;
    if (m.op != SEARCH_DONE || !read_result(m.body, &r))
        return fsk_script_other(s, answer);
    if (!r.code)
        return FSK_GOOD;
    if (s->in || !wants_login(r.code))
        return refuse(s, FSOCK_ERR_STATUS, FSOCK_STAGE_DIALOG, "refuses", &r);
    fsk_script_fact(s, "login", fsk_span_str("required"));
    return FSK_GOOD;
}

static void take_value(struct fsk_script *s, struct fsk_span name, struct fsk_span value)
{
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
        if (!fsk_span_caseeq(name, fsk_span_str(attributes[i].name)))
            continue;
        if (attributes[i].key)
            fsk_script_fact(s, attributes[i].key, value);
        else
            fsk_script_word(s, value);
    }
}

/* An entry: its name, and of each attribute the name and a set of values. */
static enum fsock_err respond_search(struct fsk_script *s, struct fsk_span answer)
{
    struct message m;
    struct fsk_span dn, list, one, name, set, value;
    if (!read_message(answer, &m) || m.op != SEARCH_ENTRY ||
        !fsk_ber_take_tag(&m.body, FSK_BER_OCTETS, &dn) ||
        !fsk_ber_take_tag(&m.body, FSK_BER_SEQUENCE, &list))
        return FSOCK_OK;
    while (fsk_ber_take_tag(&list, FSK_BER_SEQUENCE, &one))
        if (fsk_ber_take_tag(&one, FSK_BER_OCTETS, &name) &&
            fsk_ber_take_tag(&one, FSK_BER_SET, &set))
            while (fsk_ber_take_tag(&set, FSK_BER_OCTETS, &value))
                take_value(s, name, value);
    return FSOCK_OK;
}

static enum fsock_err build_unbind(struct fsk_script *s)
{
    return fsk_buf_append(&s->out, "\x30\x05\x02\x01\x04\x42\x00", 7);
}

const struct fsk_move fsk_moves_ldap[] = {
    {.awaited = "its answer to StartTLS",
     .when = FSK_IF_STARTTLS,
     .build = build_tls,
     .form = FSK_REPLY_LDAP,
     .judge = judge_tls,
     .then = FSK_THEN_TLS,
     .bad = FSK_BAD_OFFER},
    {.awaited = "its answer to the login",
     .when = FSK_IF_PASS,
     .build = build_bind,
     .secret = true,
     .form = FSK_REPLY_LDAP,
     .judge = judge_bind,
     .then = FSK_THEN_IN,
     .bad = FSK_BAD_LOGIN},
    {.awaited = "its root entry",
     .build = build_search,
     .form = FSK_REPLY_LDAP,
     .judge = judge_search,
     .respond = respond_search},
    {.awaited = "the end",                 .build = build_unbind, .bye = true},
    {.awaited = NULL},
};
