#include "get_held.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fault.h"

enum { CHUNK = 65536 };

void held_init(struct held *h)
{
    h->fd = -1;
}

void held_fini(struct held *h)
{
    if (held_is_open(h))
        close(h->fd);
    held_init(h);
}

bool held_open(struct held *h, struct outcome *outcome)
{
    const char *dir = getenv("TMPDIR");
    h->fd = open(dir && *dir ? dir : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (!held_is_open(h))
        outcome_fail(outcome, EXIT_WRITE, "write", errno, "can't make a temporary file: %s",
                     fsk_errno_text(errno));
    return held_is_open(h);
}

bool held_write(struct held *h, struct fsk_span bytes, struct outcome *outcome)
{
    int sys_errno = write_all(h->fd, bytes.p, bytes.n);
    if (sys_errno)
        outcome_fail(outcome, EXIT_WRITE, "write", sys_errno, "can't write the temporary file: %s",
                     fsk_errno_text(sys_errno));
    return !sys_errno;
}

bool held_release(struct held *h, const struct fsock_response *r, struct sink *sink,
                  const char *url, struct outcome *outcome)
{
    size_t len = fsock_response_decoded_head(r, NULL, 0), cap = len > CHUNK ? len : CHUNK;
    char *buf = malloc(cap);
    if (!buf) {
        outcome_fail(outcome, EXIT_MEMORY, "memory", ENOMEM, "out of memory");
        return false;
    }
    ssize_t n = (ssize_t)fsock_response_decoded_head(r, buf, cap);
    bool good = true;
    for (lseek(h->fd, 0, SEEK_SET); good && n > 0; n = read(h->fd, buf, cap))
        good = sink_write(sink, url, buf, (size_t)n, outcome);
    free(buf);
    if (n < 0)
        outcome_fail(outcome, EXIT_READ, "read", errno, "can't read the temporary file: %s",
                     fsk_errno_text(errno));
    return good && n == 0;
}
