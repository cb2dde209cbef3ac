/*
 * aim.h - from the text of a URL to whom to dial, by which proxy, and what to ask for.
 */
#ifndef FSK_AIM_H
#define FSK_AIM_H

#include "base/buf.h"
#include "op/dial.h"
#include "op/route.h"
#include "wire/url.h"

#define FSK_URL_MAX ((size_t)64 * 1024) /* bytes of a URL */

struct fsk_aim {
    struct fsk_buf text;      /* the URL: scheme and host in ASCII, no userinfo, no dot segments */
    struct fsk_url url;       /* points into text */
    struct fsk_target target; /* points into text and the routes */
    const struct fsk_proxy *via; /* a plain HTTP proxy, which is the peer; or NULL */
    struct fsk_buf userinfo;     /* of the URL as given, percent-encoded */
    struct fsk_buf place; /* key of the pool's place: equal for all connections that are equal */
    char zoned[FSK_ADDR_TEXT]; /* an IPv6 literal with its zone, which is dialled but never sent */
    char peer[300];            /* "shop.example:443", for sentences */
    char text_room[256], place_room[64]; /* where text and place begin */
};

/*
 * The last aim, and how the URL's origin was given: the URLs of a list often have it in common, and
 * then what it leads to need not be found out again. With the same routes only.
 */
struct fsk_aim_memory {
    struct fsk_buf given; /* "http://shop.example", all before the path; empty: nothing is known */
    struct fsk_aim aim;
};

void fsk_aim_memory_init(struct fsk_aim_memory *memory);
void fsk_aim_memory_fini(struct fsk_aim_memory *memory);

/*
 * Take aim at an absolute http or https URL; without a scheme it is http. FSOCK_ERR_INPUT with the
 * fault filled in if it can't be used. `aim` is to be freed in every case. `memory` may be NULL.
 */
enum fsock_err fsk_aim_init(struct fsk_aim *aim, struct fsk_span url,
                            const struct fsk_routes *routes, struct fsk_aim_memory *memory,
                            struct fsock_fault *fault);

/* What a redirect has in common with where it came from. */
struct fsk_aim_kin {
    bool same_origin; /* scheme, host and port (RFC 6454) */
    bool same_site;   /* wire/site.h */
};

/*
 * The same, if only the place it leads to is asked for, which is all that the queue needs: the key,
 * in `memory` or in `aim`, until either is used again.
 */
enum fsock_err fsk_aim_place(struct fsk_aim *aim, struct fsk_span url,
                             const struct fsk_routes *routes, struct fsk_aim_memory *memory,
                             struct fsk_span *place, struct fsock_fault *fault);

/*
 * Aim at where a Location field points from here. Credentials in it are not used.
 * FSOCK_ERR_REDIRECTS with the fault filled in if that is no usable URL, or http after https;
 * FSOCK_ERR_MEMORY.
 */
enum fsock_err fsk_aim_redirect(struct fsk_aim *aim, struct fsk_span location,
                                const struct fsk_routes *routes, struct fsk_aim_kin *kin,
                                struct fsock_fault *fault);

void fsk_aim_fini(struct fsk_aim *aim);

#endif
