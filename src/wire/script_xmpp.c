/* XMPP (RFC 6120) up to the features that the server lists, as a client or as another server. */
#include <stdio.h>

#include "wire/script.h"
#include "wire/xmltag.h"

#define NAME_SHOWN 40 /* bytes of a mechanism's name */

/* The tag with which an answer begins. */
static struct fsk_xmltag first_tag(const struct fsk_script *s, struct fsk_span answer)
{
    struct fsk_xmltag tag = {
        .name = {"", 0}
    };
    struct fsk_span own = fsk_span(answer.p + s->reply.last, s->reply.last_n);
    (void)fsk_xmltag_read(own, &tag);
    return tag;
}

static bool is(const struct fsk_xmltag *tag, const char *name)
{
    return fsk_span_eq(tag->name, fsk_span_str(name));
}

/* The server's own stream begins. */
static enum fsk_verdict judge_stream(struct fsk_script *s, struct fsk_span answer)
{
    struct fsk_xmltag tag = first_tag(s, answer);
    if (is(&tag, "stream") && !tag.closes && !tag.alone)
        return FSK_GOOD;
    return fsk_script_other(s, fsk_script_line(s, answer));
}

/* An error, or the stream's end, is the server's refusal. */
static enum fsk_verdict judge_features(struct fsk_script *s, struct fsk_span answer)
{
    char shown[FSK_SCRIPT_SHOWN];
    struct fsk_xmltag tag = first_tag(s, answer);
    struct fsk_span line = fsk_script_line(s, answer);
    if (is(&tag, "features") && !tag.closes)
        return FSK_GOOD;
    if (!is(&tag, "error") && !tag.closes)
        return fsk_script_other(s, line);
    fsk_script_fail(s, FSOCK_ERR_STATUS, FSOCK_STAGE_DIALOG, "the server refuses: %s is '%s'",
                    fsk_script_awaits(s), fsk_script_shown(line, shown));
    return FSK_BAD;
}

static enum fsk_verdict judge_proceed(struct fsk_script *s, struct fsk_span answer)
{
    struct fsk_xmltag tag = first_tag(s, answer);
    return is(&tag, "proceed") && !tag.closes ? FSK_GOOD : FSK_BAD;
}

/* "<mechanism>PLAIN</mechanism>": a word as other protocols have it, "SASL PLAIN". */
static void take_mechanism(struct fsk_script *s, struct fsk_span behind)
{
    char word[64];
    const char *end = behind.n ? memchr(behind.p, '<', behind.n) : NULL;
    if (!end)
        return;
    struct fsk_span name = fsk_span_trim(fsk_span(behind.p, (size_t)(end - behind.p)));
    int n = (int)(name.n < NAME_SHOWN ? name.n : NAME_SHOWN);
    snprintf(word, sizeof word, "SASL %.*s", n, name.p);
    fsk_script_word(s, fsk_span_str(word));
}

/* Each child of the element is a feature. */
static void take_features(struct fsk_script *s, struct fsk_span answer)
{
    struct fsk_xmltag tag;
    unsigned depth = 0;
    size_t at = s->reply.last;
    while (at < answer.n) {
        const char *open = memchr(answer.p + at, '<', answer.n - at);
        if (!open)
            break;
        at = (size_t)(open - answer.p);
        ptrdiff_t n = fsk_xmltag_read(fsk_span(open, answer.n - at), &tag);
        if (n <= 0)
            break;
        at += (size_t)n;
        if (depth == 1 && !tag.closes)
            fsk_script_word(s, tag.name);
        if (depth == 2 && !tag.closes && is(&tag, "mechanism"))
            take_mechanism(s, fsk_span(answer.p + at, answer.n - at));
        if (tag.closes)
            depth -= depth > 0;
        else
            depth += !tag.alone;
    }
}

#define OPEN                                                                                       \
    "<?xml version='1.0'?><stream:stream to='%D' version='1.0' xmlns='%N' "                        \
    "xmlns:stream='http://etherx.jabber.org/streams'>"

/* Within TLS the stream begins anew. */
const struct fsk_move fsk_moves_xmpp[] = {
    {.awaited = "the beginning of its stream",
     .say = OPEN,
     .form = FSK_REPLY_TAG,
     .judge = judge_stream},
    {.awaited = "its list of features",
     .form = FSK_REPLY_ELEMENT,
     .judge = judge_features,
     .take = take_features},
    {.awaited = "its answer to <starttls/>",
     .when = FSK_IF_STARTTLS,
     .say = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
     .form = FSK_REPLY_ELEMENT,
     .judge = judge_proceed,
     .offer = "starttls",
     .then = FSK_THEN_TLS,
     .bad = FSK_BAD_TLS},
    {.awaited = "the beginning of its stream within TLS",
     .when = FSK_IF_RENEWED,
     .say = OPEN,
     .form = FSK_REPLY_TAG,
     .judge = judge_stream},
    {.awaited = "its list of features within TLS",
     .when = FSK_IF_RENEWED,
     .form = FSK_REPLY_ELEMENT,
     .judge = judge_features,
     .take = take_features},
    {.awaited = "the end",                       .say = "</stream:stream>", .bye = true},
    {.awaited = NULL},
};
