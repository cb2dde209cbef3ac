/*
 * setcookie.h - read the value of a Set-Cookie field (draft-ietf-httpbis-rfc6265bis 5.6).
 *
 * A pure function: it says what is written there. Whether the cookie may be set by the one who
 * wrote it is fsk_cookie_accept()'s question.
 */
#ifndef FSK_SETCOOKIE_H
#define FSK_SETCOOKIE_H

#include "wire/cookie.h"

/*
 * Fill in *cookie; texts point into `text`. The domain is without the dot that may stand in front,
 * and empty if none is named; path_given says whether there is a path. Of an attribute that is
 * there twice the last counts; one that is longer than FSK_COOKIE_ATTRIBUTE_MAX, or can't be read,
 * is passed over. Max-Age is stronger than Expires, and FSK_COOKIE_AGE_MAX than both; `now` is
 * seconds since 1970. A cookie that is to go has an `expires` that is not after `now`.
 *
 * False: it is no cookie. It holds a control byte other than a tab (line folds, for example), has
 * neither name nor value, or more of them than FSK_COOKIE_MAX.
 */
bool fsk_setcookie_parse(struct fsk_span text, int64_t now, struct fsk_cookie *cookie);

#endif
