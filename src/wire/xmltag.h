/*
 * xmltag.h - a tag of XML as XMPP has it (RFC 6120 11): no comments, no sections, no instructions
 * but a declaration at the very start. So a > that is not within quotes is a tag's end. Pure.
 */
#ifndef FSK_XMLTAG_H
#define FSK_XMLTAG_H

#include "base/span.h"

#define FSK_XMLTAG_MAX ((size_t)4 << 10) /* bytes of a tag */

struct fsk_xmltag {
    struct fsk_span
        name;      /* without the prefix of a namespace: "features"; a declaration's: "?xml" */
    bool closes;   /* "</features>" */
    bool alone;    /* "<features/>" */
    bool declares; /* "<?xml version='1.0'?>" */
};

static inline bool fsk_xml_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Read the tag with which `bytes` begin. > 0: its length; 0: it is not complete; -1: it is none. */
ptrdiff_t fsk_xmltag_read(struct fsk_span bytes, struct fsk_xmltag *tag);

#endif
