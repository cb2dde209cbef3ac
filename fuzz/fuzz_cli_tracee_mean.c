/*
 * What calls mean: a socket of any kind, and bytes that go out and come in on it. The input is a
 * byte for the kind of socket, then pieces: a byte of what happens, a byte of how many bytes with
 * it.
 */
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/trace.h"
#include "tracee_mean.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fsk_sockaddr address(unsigned kind)
{
    struct fsk_sockaddr sa = {.len = sizeof(struct sockaddr_in)};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(kind & 1 ? 53 : 80)};
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    memcpy(&sa.ss, &in, sizeof in);
    return sa;
}

/* Marks must be such as a reader can make sense of. */
static void drain(fsock_trace *queue)
{
    const struct fsock_mark *m;
    while ((m = fsock_trace_next(queue))) {
        assert(m->kind != FSOCK_MARK_CALL && fsock_mark_field(m, "pid"));
        for (unsigned i = 0; i < m->fields; i++)
            assert(m->field[i].key);
        assert(m->id || m->kind == FSOCK_MARK_CLOSE);
    }
}

static void step(struct tracee_mean *mean, struct tracee_conn *conn, unsigned what,
                 struct fsk_span bytes, const struct fsk_sockaddr *peer)
{
    switch (what % 8) {
    case 0:
        tracee_mean_connect(mean, conn, peer);
        break;
    case 1:
        tracee_mean_connected(mean, conn, what & 8 ? ECONNREFUSED : 0);
        break;
    case 2:
        tracee_mean_ended(mean, conn, what & 8 ? ECONNRESET : 0);
        break;
    case 3: /* more than could be seen */
        tracee_mean_moved(mean, conn, what & 8, bytes, bytes.n + what, peer);
        break;
    default:
        tracee_mean_moved(mean, conn, what & 8, bytes, bytes.n, peer);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tracee_mean mean;
    struct tracee_conn conn = {.number = 1, .family = AF_INET};
    fsock_trace *queue = fsock_trace_new(FSOCK_TRACE_DATA | FSOCK_TRACE_SECRETS);
    if (!queue)
        abort();
    unsigned kind = size ? *data : 0;
    struct fsk_sockaddr peer = address(kind);
    conn.type = kind & 2 ? SOCK_DGRAM : SOCK_STREAM;
    tracee_mean_init(&mean, queue, kind & 8);
    mean.moment = (struct tracee_moment){1, 1};
    tracee_talk_init(&conn.talk);
    if (kind & 4)
        tracee_mean_accepted(&mean, &conn, &peer);
    for (size_t at = 1; at + 2 <= size;) {
        size_t n = data[at + 1] < size - at - 2 ? data[at + 1] : size - at - 2;
        step(&mean, &conn, data[at], fsk_span((const char *)data + at + 2, n), &peer);
        drain(queue);
        at += 2 + n;
    }
    tracee_mean_gone(&mean, &conn);
    tracee_mean_finish(&mean);
    drain(queue);
    tracee_talk_fini(&conn.talk);
    fsock_trace_free(queue);
    return 0;
}
