/*
 * local.h - addresses of our own: where to bind and listen.
 */
#ifndef FSK_FACE_LOCAL_H
#define FSK_FACE_LOCAL_H

#include "drive/run.h"
#include "face/stream.h"
#include "net/sock.h"
#include "wire/endpoint.h"

/*
 * The address that an endpoint to bind to means: a host name is looked up; no host is every
 * address of both families, or of options->family.
 */
enum fsock_err fsk_face_local(struct fsk_sockaddr *sa, const struct fsk_endpoint *e,
                              struct fsk_run *run, const struct fsock_options *options,
                              fsock_time deadline, struct fsock_fault *fault);

/* A stream on a connected or bound socket, which it owns from here on, even if it fails (NULL). */
fsock_stream *fsk_face_stream_of_socket(int fd, const char *name, enum fsk_transport transport,
                                        fsock_trace *trace, struct fsock_fault *fault);

#endif
