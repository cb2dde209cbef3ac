/*
 * All that is made of exchanges: whatever a trace file holds, the pictures are well-formed markup
 * in which nothing of the file is an element, and the sums, the timeline and the archive hold up,
 * too.
 */
#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../test/unit/wellformed.h"
#include "trace_har.h"
#include "trace_html.h"
#include "trace_model.h"
#include "trace_read.h"
#include "trace_summary.h"
#include "trace_svg.h"
#include "trace_timeline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct out out;
static struct fsk_buf written = {.ceiling = (size_t)1 << 28};

static void begin(void)
{
    fsk_buf_clear(&written);
    out_init_buf(&out, &written);
}

static struct fsk_span end(void)
{
    out_flush(&out);
    assert(!out.sys_errno);
    out_fini(&out);
    return fsk_buf_span(&written);
}

static void read_all(int fd, struct trace_model *m)
{
    struct trace_reader *r = trace_reader_new(fd);
    struct trace_run run;
    const struct fsock_mark *mark;
    enum trace_read_result result;
    char why[300];
    while ((result = trace_read_next(r, &run, &mark, why, sizeof why)) != TRACE_READ_END)
        if (result == TRACE_READ_RUN)
            trace_model_run(m, &run);
        else if (result == TRACE_READ_MARK)
            trace_model_mark(m, mark);
    trace_reader_free(r);
}

static void draw_all(const struct trace_model *m)
{
    begin();
    assert(trace_svg_write(m, &out));
    assert(!wellformed(end(), false));
    begin();
    assert(trace_html_write(m, &out));
    assert(!wellformed(end(), true));
    begin();
    assert(trace_summary_write(m, &out, m->n % 2));
    trace_har_write(m, &out);
    trace_timeline_write(m, &out, 40 + (unsigned)m->n % 100, m->n % 3);
    end();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct trace_model m;
    int file = memfd_create("trace", MFD_CLOEXEC);
    if (file < 0 || write(file, data, size) != (ssize_t)size || lseek(file, 0, SEEK_SET) != 0)
        abort();
    trace_model_init(&m);
    read_all(file, &m);
    close(file);
    assert(trace_model_end(&m));
    draw_all(&m);
    trace_model_fini(&m);
    return 0;
}
