#include "wire/xmltag.h"

/* The length of the tag; 0: its end is not there; -1: there can't be one. */
static ptrdiff_t find_end(struct fsk_span s)
{
    size_t n = s.n < FSK_XMLTAG_MAX ? s.n : FSK_XMLTAG_MAX;
    char quoted = '\0';
    for (size_t i = 1; i < n; i++) {
        char c = s.p[i];
        if (c == '<')
            return -1;
        if (c == '>' && !quoted)
            return (ptrdiff_t)i + 1;
        if (quoted ? c == quoted : c == '"' || c == '\'')
            quoted = quoted ? '\0' : c;
    }
    return n < FSK_XMLTAG_MAX ? 0 : -1;
}

ptrdiff_t fsk_xmltag_read(struct fsk_span bytes, struct fsk_xmltag *t)
{
    if (!bytes.n)
        return 0;
    if (bytes.p[0] != '<' || (bytes.n > 1 && bytes.p[1] == '!'))
        return -1;
    ptrdiff_t n = find_end(bytes);
    if (n <= 0)
        return n;
    struct fsk_span s = fsk_span(bytes.p + 1, (size_t)n - 2);
    *t = (struct fsk_xmltag){
        .closes = s.n && s.p[0] == '/',
        .alone = s.n && s.p[s.n - 1] == '/',
        .declares = s.n && s.p[0] == '?',
    };
    size_t from = t->closes, to = from;
    while (to < s.n && !fsk_xml_is_blank(s.p[to]) && s.p[to] != '/') {
        if (s.p[to++] == ':')
            from = to;
    }
    t->name = fsk_span(s.p + from, to - from);
    return t->name.n ? n : -1;
}
