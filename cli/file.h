/*
 * file.h - whole files: read to their end, and replaced at once.
 *
 * Both may take as long as the disk, or the one at the other end of a pipe, likes: they are for
 * what comes before and after a run.
 */
#ifndef FSOCK_CLI_FILE_H
#define FSOCK_CLI_FILE_H

#include <stdbool.h>

#include "base/buf.h"

/* Append a file to a buffer; "-" is standard input. 0 or errno; EFBIG: more than its ceiling. */
int file_append(struct fsk_buf *b, const char *name);

/* Whether file_replace() has a chance: the directory takes new files. 0 or errno. */
int file_replaceable(const char *name);

/*
 * Let the file hold these bytes: written under another name beside it, brought to the disk and
 * renamed, so that it is whole at any time, and its owner's alone (mode 0600). A symbolic link is
 * followed; what is no regular file, a pipe or /dev/null, is written to. 0 or errno.
 */
int file_replace(const char *name, struct fsk_span bytes);

#endif
