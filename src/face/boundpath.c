#include "face/boundpath.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool fsk_bound_path_init(struct fsk_bound_path *b, const struct fsk_endpoint *e)
{
    *b = (struct fsk_bound_path){.path = NULL};
    if (!e->path.n || e->path.p[0] == '@')
        return true; /* no unix socket, or an abstract one, which is no file */
    b->path = strndup(e->path.p, e->path.n);
    return b->path != NULL;
}

void fsk_bound_path_note(struct fsk_bound_path *b)
{
    struct stat st;
    if (b->path && lstat(b->path, &st) == 0) {
        b->device = st.st_dev;
        b->inode = st.st_ino;
    }
}

void fsk_bound_path_remove(struct fsk_bound_path *b)
{
    struct stat st;
    if (b->inode && lstat(b->path, &st) == 0 && st.st_dev == b->device && st.st_ino == b->inode)
        unlink(b->path);
    free(b->path);
    *b = (struct fsk_bound_path){.path = NULL};
}
