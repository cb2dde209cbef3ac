/*
 * boundpath.h - the file that binding a unix socket makes, and its end.
 *
 * Whoever has bound it removes it at the end, if it is still that file and not another that
 * somebody has put in its place.
 */
#ifndef FSK_FACE_BOUNDPATH_H
#define FSK_FACE_BOUNDPATH_H

#include <stdbool.h>
#include <sys/types.h>

#include "wire/endpoint.h"

/* A zeroed one is of no file. */
struct fsk_bound_path {
    char *path;
    dev_t device;
    ino_t inode; /* 0: not bound */
};

/* Before binding to this endpoint. False: out of memory. */
bool fsk_bound_path_init(struct fsk_bound_path *bound, const struct fsk_endpoint *e);

/* The socket is bound. */
void fsk_bound_path_note(struct fsk_bound_path *bound);

/* Remove the file, and forget it. */
void fsk_bound_path_remove(struct fsk_bound_path *bound);

#endif
