/*
 * url.h - URLs (RFC 3986) that name a host: split, resolve, normalise, and write for a request.
 *
 * Pure functions over the caller's bytes. fsk_url_parse lets no control byte and no space through,
 * in no part: what it accepts can't break a request line, a header field or a log line. The
 * writers give the length written, or 0 if the room is too small; they write no NUL.
 */
#ifndef FSK_URL_H
#define FSK_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

/* The parts of a URL. The spans point into the text that was parsed; parts not there are empty. */
struct fsk_url {
    struct fsk_span scheme;   /* as written; "http" (static) if it was assumed */
    struct fsk_span userinfo; /* before the last @ of the authority, percent-encoded */
    struct fsk_span user;     /* userinfo up to its first colon */
    struct fsk_span password; /* what follows that colon */
    struct fsk_span host;     /* as written, without the brackets of an IPv6 literal or its zone */
    struct fsk_span zone;     /* the zone of an IPv6 literal: after %25 (RFC 6874) or a bare % */
    struct fsk_span path;     /* empty, or starts with / */
    struct fsk_span query;    /* without the ? */
    struct fsk_span fragment; /* without the # */
    uint16_t port;            /* 0: none is written (":" alone counts as none) */
    bool is_ipv6_literal;
    bool has_userinfo;
    bool has_password;
    bool has_query; /* there is a ?, perhaps with nothing behind it */
    bool has_fragment;
};

enum fsk_url_err {
    FSK_URL_OK,
    FSK_URL_EMPTY,
    FSK_URL_SPACE,
    FSK_URL_CONTROL,
    FSK_URL_NO_SCHEME,
    FSK_URL_NO_HOST,
    FSK_URL_BAD_HOST,
    FSK_URL_BAD_USERINFO,
    FSK_URL_BAD_IPV6,
    FSK_URL_BAD_PORT,
    FSK_URL_PORT_RANGE,
    FSK_URL_PORT_ZERO,
};

/* Room for any sentence of fsk_url_error_text, with its NUL. */
#define FSK_URL_ERROR_TEXT 96

/*
 * Split and check a whole URL with a host. With assume_http, text without a scheme is taken for
 * http: `example.org/x`, `localhost:8080`, `[::1]/`, `//h/x`. `a:80/x` is then host and port, but
 * `mailto:a@b`, `http:/h` and `u:p@h` have a scheme and no host.
 *
 * On error *u is undefined and *at is the offset of the byte where it shows (the length of the text
 * if something is missing). `at` may be NULL.
 *
 * Host: reg-name without percent-encoding, or an IP literal in brackets; bytes above 127 are taken
 * (internationalised names are converted elsewhere), and so is `127.1`: ask fsk_addr_looks_numeric.
 * A backslash in the authority is refused: browsers and RFC 3986 disagree about what it separates.
 * A path or query may hold a % that isn't an encoding, and ASCII that RFC 3986 has no place for:
 * such URLs are in use, and the writers below encode those bytes.
 */
enum fsk_url_err fsk_url_parse(struct fsk_span text, bool assume_http, struct fsk_url *u,
                               size_t *at);

/*
 * One sentence without a subject, for "the URL ..." or "URL: ...": `has no host`, `has a space at
 * byte 12` (counted from 1), `has the port 74321, which is above 65535`. `text` and `at` are those
 * of fsk_url_parse. The sentence holds no byte of the text but digits. Returns out.
 */
const char *fsk_url_error_text(enum fsk_url_err err, struct fsk_span text, size_t at,
                               char out[FSK_URL_ERROR_TEXT]);

/*
 * For those who show a text that may be no good URL: where its authority stands, after "://" or the
 * start and before the first / ? or #; and in there user and password, with the last @ behind them.
 * Empty if there is none. The spans point into the text.
 */
struct fsk_span fsk_url_find_authority(struct fsk_span text);
struct fsk_span fsk_url_find_userinfo(struct fsk_span text);

/* The port a scheme stands for, in any case: http and ws 80, https and wss 443, ftp 21; else 0. */
uint16_t fsk_url_default_port(struct fsk_span scheme);

/* The port to connect to: as written, else the scheme's, else 0. */
uint16_t fsk_url_port(const struct fsk_url *u);

/* Same scheme, host (ASCII case aside) and port to connect to (RFC 6454 5). */
bool fsk_url_same_origin(const struct fsk_url *a, const struct fsk_url *b);

/* Enough room for each of the writers below, for texts of n bytes in all. */
#define FSK_URL_ROOM(n) (3 * (n) + 64)

/*
 * The request target in origin-form (RFC 9112 3.2.1): path, "/" if there is none, and the query.
 * Bytes that have no place there by RFC 3986 (above 127, " < > \ ^ ` { | }) are percent-encoded,
 * all others are as written.
 */
size_t fsk_url_target(const struct fsk_url *u, char *out, size_t room);

/*
 * The value of Host, and the authority of a CONNECT when always_port: host in brackets if it is an
 * IPv6 literal, without zone, and the port unless it is the scheme's own. The caller may have put
 * the converted name (A-labels) into u->host.
 */
size_t fsk_url_authority(const struct fsk_url *u, bool always_port, char *out, size_t room);

/*
 * The same URL in its normal form (RFC 3986 6.2.2 and 6.2.3): scheme and host in lower case, IPv6
 * as RFC 5952, default port dropped, %xx in upper case, %xx of unreserved characters decoded, other
 * bytes outside RFC 3986 and any other % encoded, dot segments removed, an empty path becomes "/".
 * Userinfo stays as written. Normalising the result changes nothing.
 */
size_t fsk_url_normalise(const struct fsk_url *u, char *out, size_t room);

/*
 * The URL that the reference `ref` means where `base` is the document (RFC 3986 5.2.2, strict:
 * `http:g` stays so). Spaces and bytes outside RFC 3986 in the path, query and fragment of ref are
 * percent-encoded, as browsers do with a Location. The result is unchecked (ref may be
 * anything): parse it.
 */
size_t fsk_url_resolve(const struct fsk_url *base, struct fsk_span ref, char *out, size_t room);

/*
 * True if fsk_url_resolve would leave path, query and fragment as they are: no segment starts with
 * a dot, and no byte has to be encoded.
 */
bool fsk_url_is_plain(const struct fsk_url *u);

/* Path, query and fragment anew, out of what stands behind the authority: "/", or more of that. */
void fsk_url_set_path(struct fsk_url *u, struct fsk_span rest);

/* Let the parts, which point into a text at `from`, point into a copy of it at `to`. */
void fsk_url_rebase(struct fsk_url *u, const char *from, const char *to);

/*
 * Undo percent-encoding. A % without two hex digits stays as it is; the result may hold any byte,
 * NUL too. `out` has room for s.n bytes and may be s.p itself. Returns the length.
 */
size_t fsk_url_decode(struct fsk_span s, char *out);

#endif
