/*
 * given.h - the caller's structs, as this library knows them: an older caller's are shorter, and
 * get the defaults for what they do not have.
 */
#ifndef FSK_GIVEN_H
#define FSK_GIVEN_H

#include <fsock.h>

/*
 * NULL: the defaults. FSOCK_ERR_INPUT, with the fault filled in, if no initialiser was called, or
 * for a family that is none.
 */
enum fsock_err fsk_given_options(struct fsock_options *out, const struct fsock_options *in,
                                 struct fsock_fault *fault);

/* The same; what is 0 there and can't be gets its default. */
enum fsock_err fsk_given_dns_options(struct fsock_dns_options *out,
                                     const struct fsock_dns_options *in, struct fsock_fault *fault);

/* The same; texts that are NULL are empty. */
enum fsock_err fsk_given_cookie(struct fsock_cookie *out, const struct fsock_cookie *in,
                                struct fsock_fault *fault);

/* The same; checks the texts as well (fsk_request_check). */
enum fsock_err fsk_given_request(struct fsock_request *out, const struct fsock_request *in,
                                 struct fsock_fault *fault);

/* The same, unchecked. */
enum fsock_err fsk_given_check_request(struct fsock_check_request *out,
                                       const struct fsock_check_request *in,
                                       struct fsock_fault *fault);

#endif
