/* What a query says of its failure, in words. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/fault.h"
#include "base/time.h"
#include "op/query.h"

struct text {
    char *p;
    size_t n, cap;
};

static void put(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Append; what doesn't fit is cut. */
static void put(struct text *t, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    int n = vsnprintf(t->p + t->n, t->cap - t->n, format, ap);
    va_end(ap);
    if (n > 0)
        t->n = t->n + (size_t)n < t->cap ? t->n + (size_t)n : t->cap - 1;
}

static void put_note(struct text *t, const struct fsk_query_note *note, const char *server,
                     fsock_time took)
{
    char word[FSK_DNS_WORD], time[32];
    switch (note->trouble) {
    case FSK_TROUBLE_NONE:
        put(t, "no answer from %s (%u %s in %s)", server, note->tries,
            note->tries == 1 ? "try" : "tries", fsk_time_text(time, sizeof time, took));
        break;
    case FSK_TROUBLE_ERRNO:
        put(t, "%s%s %s", server, note->detail == ECONNREFUSED ? "" : ":",
            fsk_errno_text(note->detail));
        break;
    case FSK_TROUBLE_RCODE:
        put(t, "%s says %s", server, fsk_dns_rcode_name((unsigned)note->detail, word));
        break;
    case FSK_TROUBLE_MALFORMED:
        put(t, "%s sent a broken answer", server);
        break;
    case FSK_TROUBLE_LAME:
        put(t, "%s does not serve this name", server);
        break;
    case FSK_TROUBLE_STREAM:
        if (note->server->why)
            put(t, "%s: %s", server, note->server->why);
        else
            put(t, "%s gave no whole answer by TCP", server);
        break;
    }
}

void fsk_query_describe(const struct fsk_query *q, fsock_time now, char *text, size_t cap)
{
    struct text t = {text, 0, cap};
    if (!q->notes && !fsk_list_empty(&q->wish.link))
        put(&t, "the name servers have not answered those that were asked before (%s)",
            q->stub->servers.server[0].text);
    else if (!q->notes)
        put(&t, "no name server has been asked yet");
    for (unsigned i = 0; i < q->notes; i++) {
        if (i)
            put(&t, "%s", i + 1 == q->notes ? " and " : ", ");
        put_note(&t, &q->note[i], q->note[i].server->text,
                 q->op.ended ? q->took : now - q->started);
    }
}

bool fsk_query_unheard(const struct fsk_query *q)
{
    for (unsigned i = 0; i < q->notes; i++)
        if (q->note[i].trouble > FSK_TROUBLE_ERRNO || q->note[i].detail == EMFILE)
            return false;
    return true;
}
