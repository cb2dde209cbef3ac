#include "check_monitor.h"

#include <unistd.h>

#include "base/span.h"
#include "utf8.h"

/* ---- Nagios ---------------------------------------------------------------------------------- */

/* A bar begins the numbers, so that the text can't have one. */
static void put_text(struct out *o, const char *text)
{
    while (*text) {
        size_t n = strcspn(text, "|");
        out_text(o, fsk_span(text, n));
        text += n;
        if (*text) {
            out_char(o, '/');
            text++;
        }
    }
}

static void put_upper(struct out *o, const char *text)
{
    for (; *text; text++)
        out_char(o, *text >= 'a' && *text <= 'z' ? (char)(*text - ('a' - 'A')) : *text);
}

/* A limit that is off is left out. */
static void put_limit(struct out *o, int64_t limit)
{
    out_char(o, ';');
    if (limit)
        out_seconds(o, limit);
}

void check_nagios(struct out *o, const struct check_options *options,
                  const struct fsock_check_result *r, const struct check_verdict *v)
{
    const char *text = v->outcome.text[0] ? v->outcome.text : v->warning;
    out_begin(o);
    put_upper(o, r->service[0] ? r->service : "check");
    out_char(o, ' ');
    put_upper(o, check_state_name(v->state));
    out_str(o, " - ");
    put_text(o, text);
    if (r->banner[0] || !text[0]) {
        out_str(o, text[0] ? "; " : "");
        put_text(o, r->banner[0] ? r->banner : r->target);
    }
    out_str(o, " | time=");
    out_seconds(o, r->took);
    out_char(o, 's');
    put_limit(o, options->warn);
    put_limit(o, options->critical);
    out_str(o, ";0");
    if (r->cert) {
        out_str(o, " cert_days=");
        out_i64(o, check_days_left(r->cert, v->now));
        out_char(o, ';');
        if (options->cert_days) {
            out_i64(o, options->cert_days);
            out_char(o, ':'); /* a range: fewer are too few */
        }
        out_char(o, ';');
    }
    out_char(o, '\n');
}

int check_nagios_mistake(const char *why)
{
    struct out out;
    out_init(&out, STDOUT_FILENO);
    out_str(&out, "CHECK UNKNOWN - ");
    put_text(&out, why);
    out_char(&out, '\n');
    out_flush(&out);
    out_fini(&out);
    return CHECK_UNKNOWN;
}

/* ---- Prometheus ------------------------------------------------------------------------------ */

void check_remember(struct check_target *t, const struct fsock_check_result *r,
                    const struct check_verdict *v)
{
    t->state = (int)v->state;
    t->lookup = r->lookup;
    t->connect = r->connect;
    t->tls = r->tls;
    t->greeting = r->greeting;
    t->login = r->login;
    t->took = r->took;
    t->not_after = r->cert ? r->cert->not_after : 0;
}

/* A label's value: UTF-8, in which backslashes and quotes are escaped; other bytes become '?'. */
static void put_label(struct out *o, const char *text)
{
    out_str(o, "{target=\"");
    for (size_t n = strlen(text); n;) {
        size_t len = utf8_len((const unsigned char *)text, n);
        bool control = (unsigned char)*text < ' ' || *text == 0x7f;
        if (*text == '"' || *text == '\\')
            out_char(o, '\\');
        if (!len && (control || *text & 0x80))
            out_char(o, '?');
        else
            out_bytes(o, text, len ? len : 1);
        text += len ? len : 1;
        n -= len ? len : 1;
    }
    out_char(o, '"');
}

static void put_head(struct out *o, const char *name, const char *help)
{
    out_begin(o);
    out_str(o, "# HELP ");
    out_str(o, name);
    out_char(o, ' ');
    out_str(o, help);
    out_str(o, "\n# TYPE ");
    out_str(o, name);
    out_str(o, " gauge\n");
}

static void put_metric(struct out *o, const char *name, const struct check_target *t)
{
    out_begin(o);
    out_str(o, name);
    put_label(o, t->text);
}

static void put_states(struct out *o, const struct check_targets *targets)
{
    put_head(o, "fsock_check_up", "1: the service answers, and the login works.");
    for (size_t i = 0; i < targets->n; i++) {
        const struct check_target *t = targets->kept[i];
        put_metric(o, "fsock_check_up", t);
        out_str(o, t->state == CHECK_OK || t->state == CHECK_WARNING ? "} 1\n" : "} 0\n");
    }
    put_head(o, "fsock_check_state", "0 ok, 1 warning, 2 critical, 3 unknown.");
    for (size_t i = 0; i < targets->n; i++) {
        put_metric(o, "fsock_check_state", targets->kept[i]);
        out_str(o, "} ");
        out_i64(o, targets->kept[i]->state < 0 ? CHECK_UNKNOWN : targets->kept[i]->state);
        out_char(o, '\n');
    }
}

static void put_times(struct out *o, const struct check_target *t)
{
    const struct {
        const char *name;
        fsock_time time;
    } stages[] = {
        {"lookup",   t->lookup  },
        {"connect",  t->connect },
        {"tls",      t->tls     },
        {"greeting", t->greeting},
        {"login",    t->login   },
        {"total",    t->took    }
    };
    for (size_t i = 0; i < sizeof stages / sizeof *stages; i++) {
        if (!stages[i].time)
            continue;
        put_metric(o, "fsock_check_seconds", t);
        out_str(o, ",stage=\"");
        out_str(o, stages[i].name);
        out_str(o, "\"} ");
        out_seconds(o, stages[i].time);
        out_char(o, '\n');
    }
}

void check_prometheus(struct out *o, const struct check_targets *targets)
{
    put_states(o, targets);
    put_head(o, "fsock_check_seconds", "Seconds from the start until a stage was over.");
    for (size_t i = 0; i < targets->n; i++)
        put_times(o, targets->kept[i]);
    put_head(o, "fsock_check_certificate_not_after", "When the certificate ends, since 1970.");
    for (size_t i = 0; i < targets->n; i++) {
        if (!targets->kept[i]->not_after)
            continue;
        put_metric(o, "fsock_check_certificate_not_after", targets->kept[i]);
        out_str(o, "} ");
        out_i64(o, targets->kept[i]->not_after);
        out_char(o, '\n');
    }
}
