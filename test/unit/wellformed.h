/*
 * wellformed.h - is it markup that means what was meant? For what we write ourselves, which is a
 * part of SVG and HTML: tags that nest, attributes in double quotes (in HTML also without a value),
 * the five references, characters that XML allows.
 *
 * Elements and attributes that can do something, or fetch something, are no part of it: a script or
 * a handler that stands there was injected. What is in <style> and <script> is ours, and passed
 * over.
 */
#ifndef FSK_TEST_WELLFORMED_H
#define FSK_TEST_WELLFORMED_H

#include <stdbool.h>
#include <string.h>

#include "base/span.h"
#include "utf8.h"

enum { WELLFORMED_DEPTH = 32 };

struct wellformed {
    const char *p, *end;
    bool html;
    unsigned depth, scripts;
    struct fsk_span open[WELLFORMED_DEPTH];
};

static inline bool wf_starts(const struct wellformed *w, const char *word)
{
    size_t n = strlen(word);
    return (size_t)(w->end - w->p) >= n && memcmp(w->p, word, n) == 0;
}

static inline bool wf_skip(struct wellformed *w, const char *word)
{
    if (!wf_starts(w, word))
        return false;
    w->p += strlen(word);
    return true;
}

/* A character or a reference. */
static inline bool wf_character(struct wellformed *w)
{
    static const char *const references[] = {"&lt;", "&gt;", "&amp;", "&quot;", "&#39;"};
    const unsigned char *p = (const unsigned char *)w->p;
    if (*p == '&') {
        for (unsigned i = 0; i < sizeof references / sizeof *references; i++)
            if (wf_skip(w, references[i]))
                return true;
        return false;
    }
    size_t len =
        *p < 0x80 ? (*p >= 0x20 && *p != 0x7f) || *p == '\n' : utf8_len(p, (size_t)(w->end - w->p));
    if (!len || *p == '<' || *p == '>' || (*p >= 0x80 && utf8_steers(p, len)) ||
        (len == 3 && memcmp(p, "\xef\xbf", 2) == 0 && p[2] >= 0xbe))
        return false;
    w->p += len;
    return true;
}

static inline struct fsk_span wf_name(struct wellformed *w)
{
    const char *from = w->p;
    while (w->p < w->end && ((*w->p >= 'a' && *w->p <= 'z') || (*w->p >= 'A' && *w->p <= 'Z') ||
                             (*w->p >= '0' && *w->p <= '9') || *w->p == '-'))
        w->p++;
    return fsk_span(from, (size_t)(w->p - from));
}

static inline bool wf_is(struct fsk_span s, const char *word)
{
    return fsk_span_eq(s, fsk_span_str(word));
}

static inline bool wf_attribute(struct wellformed *w)
{
    struct fsk_span name = wf_name(w);
    if (!name.n || (name.n > 2 && memcmp(name.p, "on", 2) == 0) || wf_is(name, "href") ||
        wf_is(name, "src") || wf_is(name, "style"))
        return false;
    if (!wf_skip(w, "=\""))
        return w->html;
    while (w->p < w->end && *w->p != '"')
        if (!wf_character(w))
            return false;
    return wf_skip(w, "\"");
}

static inline bool wf_begin(struct wellformed *w)
{
    struct fsk_span name = wf_name(w);
    bool empty = w->html && (wf_is(name, "meta") || wf_is(name, "input"));
    if (!name.n || wf_is(name, "img") || wf_is(name, "a") || wf_is(name, "iframe"))
        return false;
    while (wf_skip(w, " "))
        if (!wf_attribute(w))
            return false;
    if (wf_skip(w, "/>"))
        return true;
    if (!wf_skip(w, ">") || w->depth == WELLFORMED_DEPTH)
        return false;
    if (empty)
        return true;
    w->open[w->depth++] = name;
    w->scripts += wf_is(name, "script");
    if (wf_is(name, "script") || wf_is(name, "style"))
        while (w->p < w->end && !wf_starts(w, "</"))
            w->p++;
    return true;
}

static inline bool wf_end(struct wellformed *w)
{
    struct fsk_span name = wf_name(w);
    return w->depth && fsk_span_eq(w->open[--w->depth], name) && wf_skip(w, ">");
}

/* NULL if all is well; or where it isn't. */
static inline const char *wellformed(struct fsk_span text, bool html)
{
    struct wellformed w = {.p = text.p, .end = text.p + text.n, .html = html};
    if (html && !wf_skip(&w, "<!DOCTYPE html>"))
        return w.p;
    while (w.p < w.end) {
        const char *at = w.p;
        bool good = wf_skip(&w, "</")  ? wf_end(&w)
                    : wf_skip(&w, "<") ? wf_begin(&w)
                                       : wf_character(&w);
        if (!good)
            return at;
    }
    return w.depth || w.scripts != html ? w.end : NULL;
}

#endif
