/*
 * local.h - addresses of our own: where to bind and listen, and what paths are in the kernel's
 * form.
 */
#ifndef FSK_FACE_LOCAL_H
#define FSK_FACE_LOCAL_H

#include "drive/run.h"
#include "face/stream.h"
#include "net/sock.h"
#include "wire/endpoint.h"

/*
 * A path as the kernel wants it: a leading @ becomes the NUL of an abstract name. It is copied to
 * `room`, and checked to fit by the parser of endpoints.
 */
struct fsk_span fsk_face_path(char room[FSK_SOCKADDR_TEXT], struct fsk_span path);

/* 0, 4 or 6; else FSOCK_ERR_INPUT with the fault filled in. */
enum fsock_err fsk_face_check_family(int family, struct fsock_fault *fault);

/*
 * The address that an endpoint to bind to means: a host name is looked up; no host is every
 * address of both families, or of options->family.
 */
enum fsock_err fsk_face_local(struct fsk_sockaddr *sa, const struct fsk_endpoint *e,
                              struct fsk_run *run, const struct fsock_options *options,
                              fsock_time deadline, struct fsock_fault *fault);

/* A stream on a connected or bound socket, which it owns from here on, even if it fails (NULL). */
fsock_stream *fsk_face_stream_of_socket(int fd, const char *name, enum fsk_transport transport,
                                        struct fsock_fault *fault);

#endif
