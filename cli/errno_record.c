#include "errno_record.h"

#include "errno_article.h"

#define WIDTH 80

/* ---- What all forms need --------------------------------------------------------------------- */

/* "connect,tls"; `all` if they are not limited. */
static void put_stages(struct out *o, unsigned stages, const char *parted, const char *all)
{
    bool more = false;
    if (!stages)
        out_str(o, all);
    for (int i = FSOCK_STAGE_NONE; i < FSOCK_STAGE_COUNT_; i++) {
        if (!(stages & FSK_STAGE_BIT(i)))
            continue;
        if (more)
            out_str(o, parted);
        out_str(o, fsock_stage_name((enum fsock_stage)i));
        more = true;
    }
}

/* The i-th of PHP's names for a number, as the tables have it; NULL: there are no more. */
static const char *php_name(const struct errno_hit *hit, size_t i)
{
    struct errno_constant c;
    if (hit->kind != &errno_kind_errno)
        return NULL;
    for (size_t at = 0; errno_article_constant(at, &c); at++)
        if (c.number == hit->code->number && i-- == 0)
            return c.name;
    return NULL;
}

static const char *article_text(const struct errno_hit *hit, unsigned table)
{
    return hit->kind == &errno_kind_errno ? errno_article_text(table, hit->code->number) : NULL;
}

static void put_names(struct out *o, const struct errno_code *c, const char *parted)
{
    out_str(o, c->name[0] ? c->name : "-");
    if (c->alias) {
        out_str(o, parted);
        out_str(o, c->alias);
    }
}

static void paint(struct out *o, bool colour, const char *sequence)
{
    if (colour)
        out_str(o, sequence);
}

/* ---- A card ---------------------------------------------------------------------------------- */

/* Words, wrapped; the line has `indent` characters already, and the next ones begin with as many.
 */
static void wrap(struct out *o, const char *text, size_t indent)
{
    size_t column = indent;
    while (*text) {
        size_t n = strcspn(text, " ");
        if (column > indent && column + 1 + n > WIDTH) {
            out_char(o, '\n');
            for (column = 0; column < indent; column++)
                out_char(o, ' ');
        } else if (column > indent) {
            out_char(o, ' ');
            column++;
        }
        out_bytes(o, text, n);
        column += n;
        text += n + strspn(text + n, " ");
    }
    out_char(o, '\n');
}

static void put_explanation(struct out *o, const struct fsock_explanation *e, unsigned stages,
                            bool others, bool colour)
{
    if (stages || others) {
        OUT_LITERAL(o, "  ");
        paint(o, colour, "\033[36m");
        put_stages(o, stages, ", ", "elsewhere");
        paint(o, colour, "\033[0m");
        out_char(o, '\n');
    }
    OUT_LITERAL(o, "    ");
    wrap(o, e->cause, 4);
    if (!e->remedy[0])
        return;
    paint(o, colour, "\033[32m");
    OUT_LITERAL(o, "    > ");
    paint(o, colour, "\033[0m");
    wrap(o, e->remedy, 6);
}

static void put_article(struct out *o, const struct errno_hit *hit)
{
    const char *name, *text = errno_code_text(hit->kind, hit->code);
    const char *table1 = article_text(hit, 1), *table2 = article_text(hit, 2);
    for (size_t i = 0; (name = php_name(hit, i)) != NULL; i++) {
        out_str(o, i ? ", SOCKET_" : "    PHP: SOCKET_");
        out_str(o, name);
    }
    if (php_name(hit, 0))
        out_char(o, '\n');
    if (table1 && strcmp(table1, text) != 0) {
        OUT_LITERAL(o, "    table 1: ");
        wrap(o, table1, 13);
    }
    if (table2 && strcmp(table2, text) != 0) {
        OUT_LITERAL(o, "    table 2: ");
        wrap(o, table2, 13);
    }
}

void errno_record_card(struct out *o, const struct errno_hit *hit, bool colour)
{
    const struct fsock_explanation *e;
    const char *class = errno_code_class(hit->kind, hit->code);
    unsigned stages;
    out_begin(o);
    paint(o, colour, "\033[1m");
    out_str(o, hit->kind->name);
    out_char(o, ' ');
    out_i64(o, hit->code->number);
    if (hit->code->name[0]) {
        out_char(o, ' ');
        put_names(o, hit->code, ", ");
    }
    paint(o, colour, "\033[0m");
    OUT_LITERAL(o, ": ");
    out_str(o, errno_code_text(hit->kind, hit->code));
    if (class) {
        OUT_LITERAL(o, " (");
        out_str(o, class);
        out_char(o, ')');
    }
    out_char(o, '\n');
    put_article(o, hit);
    bool others = false;
    for (size_t i = 0; (e = errno_code_says(hit->kind, hit->code, i, &stages)) != NULL; i++) {
        others |= stages != 0;
        put_explanation(o, e, stages, others, colour);
    }
    if (hit->kind == &errno_kind_errno && !errno_code_says(hit->kind, hit->code, 0, &stages))
        OUT_LITERAL(o, "    no call on sockets gives this number\n");
}

/* ---- A row, and lines ------------------------------------------------------------------------ */

static void pad(struct out *o, size_t from, size_t width)
{
    for (size_t n = o->n - from; n < width; n++)
        out_char(o, ' ');
    out_char(o, ' ');
}

void errno_record_row(struct out *o, const struct errno_hit *hit, bool colour)
{
    out_begin(o);
    size_t from = o->n;
    out_str(o, hit->kind->name);
    out_char(o, ':');
    out_i64(o, hit->code->number);
    pad(o, from, 10);
    paint(o, colour, "\033[1m");
    from = o->n;
    put_names(o, hit->code, ", ");
    pad(o, from, 24);
    paint(o, colour, "\033[0m");
    out_str(o, errno_code_text(hit->kind, hit->code));
    out_char(o, '\n');
}

static void put_line(struct out *o, const struct errno_hit *hit, const struct fsock_explanation *e,
                     unsigned stages)
{
    out_str(o, hit->kind->name);
    out_char(o, '\t');
    out_i64(o, hit->code->number);
    out_char(o, '\t');
    put_names(o, hit->code, ",");
    out_char(o, '\t');
    out_str(o, errno_code_text(hit->kind, hit->code));
    out_char(o, '\t');
    put_stages(o, stages, ",", "-");
    out_char(o, '\t');
    out_str(o, e ? e->cause : "-");
    out_char(o, '\t');
    out_str(o, e && e->remedy[0] ? e->remedy : "-");
    out_char(o, '\n');
}

void errno_record_lines(struct out *o, const struct errno_hit *hit)
{
    unsigned stages;
    size_t i = 0;
    out_begin(o);
    const struct fsock_explanation *e = errno_code_says(hit->kind, hit->code, i, &stages);
    do {
        put_line(o, hit, e, stages);
        e = errno_code_says(hit->kind, hit->code, ++i, &stages);
    } while (e);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void put_string(struct out *o, const char *text)
{
    if (text)
        out_json_string(o, fsk_span_str(text));
    else
        OUT_LITERAL(o, "null");
}

static void put_json_names(struct out *o, const struct errno_hit *hit)
{
    const char *name;
    OUT_LITERAL(o, ",\"name\":");
    put_string(o, hit->code->name[0] ? hit->code->name : NULL);
    OUT_LITERAL(o, ",\"names\":[");
    if (hit->code->name[0])
        put_string(o, hit->code->name);
    if (hit->code->alias) {
        out_char(o, ',');
        put_string(o, hit->code->alias);
    }
    OUT_LITERAL(o, "],\"php\":[");
    for (size_t i = 0; (name = php_name(hit, i)) != NULL; i++) {
        out_str(o, i ? ",\"SOCKET_" : "\"SOCKET_");
        out_str(o, name);
        out_char(o, '"');
    }
    out_char(o, ']');
}

static void put_explanations(struct out *o, const struct errno_hit *hit)
{
    const struct fsock_explanation *e;
    unsigned stages;
    OUT_LITERAL(o, ",\"explanations\":[");
    for (size_t i = 0; (e = errno_code_says(hit->kind, hit->code, i, &stages)) != NULL; i++) {
        out_str(o, i ? ",{\"stages\":[" : "{\"stages\":[");
        if (stages) {
            out_char(o, '"');
            put_stages(o, stages, "\",\"", "");
            out_char(o, '"');
        }
        OUT_LITERAL(o, "],\"cause\":");
        put_string(o, e->cause);
        OUT_LITERAL(o, ",\"remedy\":");
        put_string(o, e->remedy[0] ? e->remedy : NULL);
        out_char(o, '}');
    }
    out_char(o, ']');
}

void errno_record_json(struct out *o, const struct errno_hit *hit)
{
    out_begin(o);
    OUT_LITERAL(o, "{\"schema_version\":1,\"kind\":");
    put_string(o, hit->kind->name);
    OUT_LITERAL(o, ",\"number\":");
    out_i64(o, hit->code->number);
    put_json_names(o, hit);
    OUT_LITERAL(o, ",\"text\":");
    put_string(o, errno_code_text(hit->kind, hit->code));
    OUT_LITERAL(o, ",\"class\":");
    put_string(o, errno_code_class(hit->kind, hit->code));
    OUT_LITERAL(o, ",\"table1\":");
    put_string(o, article_text(hit, 1));
    OUT_LITERAL(o, ",\"table2\":");
    put_string(o, article_text(hit, 2));
    put_explanations(o, hit);
    OUT_LITERAL(o, "}\n");
}
