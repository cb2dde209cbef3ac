/*
 * fsock/hsts.h - hosts that want to be asked by https alone. A part of <fsock.h>.
 */
#ifndef FSOCK_HSTS_H
#define FSOCK_HSTS_H

#ifndef FSOCK_H
#error "include <fsock.h>, which includes this"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/*
 * HTTP Strict Transport Security (RFC 6797) for all that has this among its options
 * (fsock_options.hsts). A host says by Strict-Transport-Security how long it is to be asked by
 * https alone, and whether that is meant for its subdomains as well; it is believed if its
 * certificate was verified, for its own name (no insecure, no tls_name). From then on http URLs of
 * the host become https before anything connects, redirects included: port 80 becomes 443, any
 * other port stays, and what the caller sent along with the URL goes along. Addresses are never
 * such hosts. A host is known for ten years at most, and 100,000 of them are; those make room that
 * have not been asked for the longest time.
 *
 * Any number of requests, in any threads, may share it, and any thread may call what is here.
 */
/* NULL: out of memory. */
FSOCK_API fsock_hsts *fsock_hsts_new(void);

/* Not before all that has it among its options is freed. NULL is fine. */
FSOCK_API void fsock_hsts_free(fsock_hsts *hsts);

/*
 * Put a host in, in place of what was known of it; `expires` is in seconds since 1970, and what has
 * expired is only taken out. FSOCK_OK; FSOCK_ERR_INPUT: it is no name of a host in ASCII, or an
 * address; FSOCK_ERR_MEMORY.
 */
FSOCK_API enum fsock_err fsock_hsts_put(fsock_hsts *hsts, const char *host, int64_t expires,
                                        int subdomains);

/*
 * The hosts that are known now, by their names; a copy, which does not change with them. NULL: out
 * of memory.
 *
 *     fsock_hsts_hosts *all = fsock_hsts_known(hsts);
 *     while ((host = fsock_hsts_next(all, &expires, &subdomains)) != NULL) ...
 *     fsock_hsts_hosts_free(all);
 */
typedef struct fsock_hsts_hosts fsock_hsts_hosts;

FSOCK_API fsock_hsts_hosts *fsock_hsts_known(fsock_hsts *hsts);

/* The next one, which lives as long as the copy; NULL: there is none left. */
FSOCK_API const char *fsock_hsts_next(fsock_hsts_hosts *hosts, int64_t *expires, int *subdomains);
FSOCK_API void fsock_hsts_hosts_free(fsock_hsts_hosts *hosts); /* NULL is fine */

#ifdef __cplusplus
}
#endif

#endif
