#include "talk_xmpp.h"

#include <stdio.h>

/*
 * A tag, with the text in front of it passed over. XMPP has neither comments nor CDATA before TLS
 * (RFC 6120 11.1), so that a > which is not within quotes is a tag's end.
 */
struct tag {
    char room[1024];
    struct fsk_span text, name; /* "<stream:features>", "features" */
    bool closes;                /* "</features>" */
    bool alone;                 /* "<features/>" */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void take_apart(struct tag *t)
{
    struct fsk_span s = fsk_span(t->text.p + 1, t->text.n - 2);
    t->closes = s.n && s.p[0] == '/';
    t->alone = s.n && s.p[s.n - 1] == '/';
    size_t from = t->closes, to = from;
    while (to < s.n && !is_blank(s.p[to]) && s.p[to] != '/') {
        if (s.p[to++] == ':')
            from = to;
    }
    t->name = fsk_span(s.p + from, to - from);
}

/* `strict`: nothing but blanks may stand in front of it. */
static enum fsock_err hear_tag(struct speaker *s, struct tag *t, bool strict)
{
    char quoted = '\0';
    size_t n = 0;
    for (;;) {
        char c;
        enum fsock_err err = speaker_hear(s, &c, 1);
        if (err != FSOCK_OK)
            return err;
        if (n == 0 && c != '<') {
            if (strict && !is_blank(c))
                return speaker_refuse_answer(s, fsk_span(&c, 1));
            continue;
        }
        if (n == sizeof t->room)
            return speaker_refuse(s, "%s has a tag of more than %zu bytes", s->awaited, n);
        t->room[n++] = c;
        if (c == '>' && !quoted)
            break;
        if (quoted ? c == quoted : c == '"' || c == '\'')
            quoted = quoted ? '\0' : c;
    }
    t->text = fsk_span(t->room, n);
    take_apart(t);
    return FSOCK_OK;
}

static bool is(const struct tag *t, const char *name)
{
    return fsk_span_eq(t->name, fsk_span_str(name));
}

/* An error's reason is the tag within it. */
static enum fsock_err refuse_tag(struct speaker *s, struct tag *t)
{
    char both[2 * sizeof t->room];
    size_t n = t->text.n;
    memcpy(both, t->text.p, n);
    if (is(t, "error") && !t->alone) {
        enum fsock_err err = hear_tag(s, t, false);
        if (err != FSOCK_OK)
            return err;
        memcpy(both + n, t->text.p, t->text.n);
        n += t->text.n;
    }
    return speaker_refuse_answer(s, fsk_span(both, n));
}

/* Up to the end of the element `good`, within which `offer` must have been, if it isn't NULL. */
static enum fsock_err hear_element(struct speaker *s, const char *good, const char *offer)
{
    struct tag t;
    for (bool offered = !offer;;) {
        enum fsock_err err = hear_tag(s, &t, false);
        if (err != FSOCK_OK)
            return err;
        if (is(&t, good) && (t.closes || t.alone))
            return offered ? FSOCK_OK : speaker_refuse_offer(s, t.text);
        if (is(&t, "error") || is(&t, "failure") || (is(&t, "stream") && t.closes))
            return refuse_tag(s, &t);
        offered |= offer && is(&t, offer);
    }
}

/* The server's own stream begins, perhaps behind an XML declaration. */
static enum fsock_err hear_stream(struct speaker *s)
{
    struct tag t;
    enum fsock_err err = hear_tag(s, &t, true);
    if (err == FSOCK_OK && t.text.p[1] == '?')
        err = hear_tag(s, &t, true);
    if (err != FSOCK_OK || is(&t, "stream"))
        return err;
    return refuse_tag(s, &t);
}

/* An attribute's value, with what XML keeps for itself as references. */
static void escape(const char *host, char *out, size_t cap)
{
    size_t n = 0;
    for (; *host && n + 7 < cap; host++) {
        bool plain = !strchr("<>&'\"", *host);
        n += (size_t)snprintf(out + n, cap - n, plain ? "%c" : "&#%d;", *host);
    }
    out[n] = '\0';
}

/* Our stream begins, and the server's. */
static enum fsock_err open_stream(struct speaker *s, const char *namespace)
{
    char host[1600], open[2048];
    escape(s->host ? s->host : "", host, sizeof host);
    int n = snprintf(open, sizeof open,
                     "<?xml version='1.0'?><stream:stream to='%s' version='1.0' xmlns='%s' "
                     "xmlns:stream='http://etherx.jabber.org/streams'>",
                     host, namespace);
    s->awaited = "the beginning of its stream";
    enum fsock_err err = speaker_say(s, open, (size_t)n);
    return err == FSOCK_OK ? hear_stream(s) : err;
}

static enum fsock_err speak(struct speaker *s, const char *namespace)
{
    static const char starttls[] = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
    enum fsock_err err = open_stream(s, namespace);
    if (err != FSOCK_OK)
        return err;
    s->awaited = "its list of features";
    err = hear_element(s, "features", "starttls");
    if (err != FSOCK_OK)
        return err;
    s->awaited = "its answer to <starttls/>";
    err = speaker_say(s, starttls, sizeof starttls - 1);
    return err == FSOCK_OK ? hear_element(s, "proceed", NULL) : err;
}

enum fsock_err talk_xmpp_client(struct speaker *s)
{
    return speak(s, "jabber:client");
}

enum fsock_err talk_xmpp_server(struct speaker *s)
{
    return speak(s, "jabber:server");
}
