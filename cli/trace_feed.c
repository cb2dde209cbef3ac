#include "trace_feed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fault.h"
#include "outcome.h"

int trace_feed_open(struct trace_feed *f, const struct trace_verb *o, bool twice, char *why,
                    size_t cap)
{
    f->output = &trace_outputs[o->output];
    f->state = calloc(1, f->output->size);
    f->starved = false;
    if (!f->state) {
        snprintf(why, cap, "out of memory");
        return EXIT_MEMORY;
    }
    /* Standard output is a command's own. */
    if (!trace_target_open(&f->target, o->target, o->command ? STDERR_FILENO : STDOUT_FILENO)) {
        snprintf(why, cap, "can't write %s: %s", o->target, fsk_errno_text(errno));
        free(f->state);
        return EXIT_WRITE;
    }
    trace_filter_init(&f->filter, o, twice);
    f->selecting = trace_filter_selects(&f->filter);
    f->starved = !f->output->init(f->state, o, &f->target.out);
    return 0;
}

void trace_feed_run(struct trace_feed *f, const struct trace_run *run)
{
    trace_filter_run(&f->filter);
    if (!f->selecting && !f->starved)
        f->output->run(f->state, run);
}

void trace_feed_mark(struct trace_feed *f, const struct fsock_mark *mark)
{
    if (f->starved)
        return;
    if (f->selecting)
        f->starved = !trace_filter_look(&f->filter, mark);
    else if (trace_filter_passes(&f->filter, mark))
        f->output->mark(f->state, mark);
}

bool trace_feed_again(struct trace_feed *f)
{
    if (!f->selecting)
        return false;
    f->selecting = false;
    f->starved = f->starved || !trace_filter_looked(&f->filter);
    return !f->starved;
}

bool trace_feed_failed(const struct trace_feed *f)
{
    return f->starved || f->target.out.sys_errno;
}

int trace_feed_close(struct trace_feed *f, bool whole)
{
    if (!f->starved && f->output->end)
        f->starved = !f->output->end(f->state, &f->target.out);
    int sys_errno = trace_target_close(&f->target, whole && !f->starved);
    if (f->output->fini)
        f->output->fini(f->state);
    free(f->state);
    trace_filter_fini(&f->filter);
    return f->starved ? ENOMEM : sys_errno;
}
