/*
 * page_links.h - the URLs in a page, and the places in it that URLs can point to. Pure.
 */
#ifndef FSOCK_CLI_PAGE_LINKS_H
#define FSOCK_CLI_PAGE_LINKS_H

#include <stdint.h>

#include "page.h"

/* What a link is for; each is a bit in a set of them. */
enum page_link_kind {
    PAGE_LINK_A = 1,       /* to go there: <a>, <area> */
    PAGE_LINK_IMG = 2,     /* a picture: <img>, srcset, poster, background, <input type=image> */
    PAGE_LINK_SCRIPT = 4,  /* <script> */
    PAGE_LINK_CSS = 8,     /* a style sheet: <link rel=stylesheet> */
    PAGE_LINK_FRAME = 16,  /* <iframe>, <frame> */
    PAGE_LINK_MEDIA = 32,  /* <audio>, <video>, <source>, <track>, <embed>, <object> */
    PAGE_LINK_LINK = 64,   /* any other <link>: icon, alternate, canonical, preload; a refresh */
    PAGE_LINK_ALL = 127,   /* all of these */
    PAGE_LINK_OTHER = 128, /* besides http and https: mailto, tel, javascript, data ... */
};

/* The word for one kind: "a", "img", "script", "css", "frame", "media", "link". */
const char *page_link_word(enum page_link_kind kind);

/*
 * The set that words stand for, separated by commas: those above, "all", "other" (as far as they
 * are of the other kinds asked for; alone: of all). 0: one is none of them, *bad.
 */
unsigned page_link_kinds(struct fsk_span words, struct fsk_span *bad);

struct page_link {
    enum page_link_kind kind;
    struct fsk_span url;      /* absolute, without its fragment; lives while found() runs */
    struct fsk_span fragment; /* as it was written, without #; p is NULL if there is none */
    struct fsk_span text;     /* alt of a picture, rel of a <link>; p is NULL if there is none */
    bool web;                 /* http or https, and as wire/url.h wants it */
    unsigned line, column;    /* of the element, from 1 */
};

struct page_links_ask {
    unsigned kinds; /* a set */
    bool unique;    /* of each kind and URL the first one only */
    bool fragments; /* two with different fragments are two; those within the page count, too */
    void (*found)(void *user, const struct page_link *link);
    void *user;
    bool (*go_on)(int64_t until); /* asked every few links; NULL: to the end */
    int64_t until;
};

/* All links, in the order of the page. PAGE_OK, PAGE_LINKED, PAGE_TOO_SLOW, PAGE_NO_MEMORY. */
enum page_err page_links(const struct page_doc *doc, const struct page_links_ask *ask);

/*
 * A place in the page that a fragment can name: the id of an element, or the name of an <a>. The
 * same name may be found twice.
 */
struct page_anchor {
    struct fsk_span name; /* lives as long as the page */
    unsigned line, column;
};

void page_anchors(const struct page_doc *doc,
                  void (*found)(void *user, const struct page_anchor *anchor), void *user);

#endif
