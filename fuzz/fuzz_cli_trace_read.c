/*
 * Trace files: any bytes make the same marks whether they stand in a file or come in pieces, and a
 * mark that was read and is written again reads as the same line. The first byte of the input is
 * the size of the pieces.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "trace_event.h"
#include "trace_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct out out;

static struct fsk_span write_mark(const struct fsock_mark *mark, struct fsk_buf *into)
{
    fsk_buf_clear(into);
    out_init_buf(&out, into);
    trace_put_mark(&out, mark, 0);
    out_flush(&out);
    assert(!out.sys_errno);
    out_fini(&out);
    return fsk_buf_span(into);
}

/* What is written is read as what was written. */
static void check_again(const struct fsock_mark *mark)
{
    static struct fsk_buf first = {.ceiling = 1 << 24}, second = {.ceiling = 1 << 24};
    struct trace_line line;
    struct fsk_span text = write_mark(mark, &first);
    trace_line_init(&line);
    assert(trace_line_parse(&line, text) == TRACE_LINE_MARK);
    assert(fsk_span_eq(write_mark(&line.mark, &second), text));
    trace_line_fini(&line);
}

static uint64_t add(uint64_t sum, const char *text)
{
    for (; text && *text; text++)
        sum = sum * 31 + (unsigned char)*text;
    return sum * 31 + 1;
}

static uint64_t read_all(int fd, bool again)
{
    struct trace_reader *r = trace_reader_new(fd);
    struct trace_run run;
    const struct fsock_mark *mark;
    enum trace_read_result result;
    char why[300];
    uint64_t sum = 0;
    while ((result = trace_read_next(r, &run, &mark, why, sizeof why)) != TRACE_READ_END) {
        sum = sum * 31 + (uint64_t)result;
        if (result == TRACE_READ_BAD)
            sum = add(sum, why);
        if (result == TRACE_READ_RUN)
            sum = add(add(sum, run.args), run.program);
        if (result != TRACE_READ_MARK)
            continue;
        assert(mark->at >= 0 && mark->took >= 0 && mark->fd >= -1 && mark->sys_errno >= 0);
        assert(mark->kind != FSOCK_MARK_CALL || mark->call);
        sum = sum * 31 + (uint64_t)mark->at + mark->data_len;
        if (again)
            check_again(mark);
    }
    assert(!trace_reader_errno(r));
    trace_reader_free(r);
    return sum;
}

/* A descriptor from which the bytes can be read in pieces. */
static int in_pieces(const uint8_t *p, size_t n, size_t piece)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) < 0)
        abort();
    for (size_t at = 0; at < n; at += piece) {
        size_t len = n - at < piece ? n - at : piece;
        if (send(ends[1], p + at, len, MSG_DONTWAIT) != (ssize_t)len)
            abort();
    }
    close(ends[1]);
    return ends[0];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size || size > 60000)
        return 0;
    int file = memfd_create("trace", MFD_CLOEXEC);
    if (file < 0 || write(file, data + 1, size - 1) != (ssize_t)(size - 1))
        abort();
    lseek(file, 0, SEEK_SET);
    uint64_t whole = read_all(file, true);
    close(file);
    int fd = in_pieces(data + 1, size - 1, size / 32 + 1 + data[0]);
    assert(read_all(fd, false) == whole);
    close(fd);
    return 0;
}
