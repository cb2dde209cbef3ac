#include "talk_plan.h"
#include "talk_starttls.h"
#include "bytes_escape.h"
#include <stdlib.h>
int plan_init(struct plan *p, const struct talk_options *o, char *why, size_t cap)
{
    (void)why, (void)cap;
    struct bytes_fault f;
    *p = (struct plan){0};
    fsk_buf_init(&p->bytes, BYTES_MAX);
    p->step = calloc(o->pieces.n + 1, sizeof *p->step);
    for (size_t i = 0; i < o->pieces.n; i++) {
        const char *v = o->pieces.item[i].value;
        struct step *s = &p->step[p->n++];
        switch (o->pieces.item[i].tag) {
        case PIECE_TEXT:
        case PIECE_WAIT: {
            struct fsk_buf *b = malloc(sizeof *b);
            fsk_buf_init(b, BYTES_MAX);
            bytes_escape_read(fsk_span_str(v), b, &f);
            s->kind = o->pieces.item[i].tag == PIECE_TEXT ? STEP_SEND : STEP_EXPECT;
            s->bytes = fsk_buf_span(b);
            break;
        }
        case PIECE_FILE:
            s->kind = STEP_FILE;
            s->path = v;
            break;
        case PIECE_STDIN:
            s->kind = STEP_STDIN;
            break;
        default:
            break;
        }
    }
    if (!o->pieces.n && !o->no_stdin)
        p->step[p->n++].kind = STEP_STDIN;
    return 0;
}
void plan_fini(struct plan *p)
{
    free(p->step);
}
const char *talk_starttls_unknown(const char *p)
{
    (void)p;
    return 0;
}
enum fsock_err talk_starttls(fsock_stream *s, const char *p, const char *h,
                             const struct fsock_options *o, fsock_time d, struct fsock_fault *f)
{
    (void)s, (void)p, (void)h, (void)o, (void)d, (void)f;
    return FSOCK_OK;
}
