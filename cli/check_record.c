#include "check_record.h"

#include <time.h>

#include "base/time.h"

/* ---- A line ---------------------------------------------------------------------------------- */

/* One more piece of what went well. */
static void put_piece(struct out *o, bool *more, const char *text)
{
    if (!text[0])
        return;
    out_str(o, *more ? "; " : "");
    out_text(o, fsk_span_str(text));
    *more = true;
}

static void put_tls(struct out *o, const struct check_record *r, bool *more)
{
    const struct fsock_check_result *c = r->result;
    put_piece(o, more, c->tls_version);
    if (!c->cert)
        return;
    put_piece(o, more, "certificate ");
    out_i64(o, check_days_left(c->cert, r->verdict->now));
    out_str(o, " days");
}

static void put_fine(struct out *o, const struct check_record *r)
{
    const struct fsock_check_result *c = r->result;
    bool more = false;
    put_piece(o, &more, r->verdict->warning);
    put_piece(o, &more, c->banner);
    put_tls(o, r, &more);
    put_piece(o, &more, c->login ? "login " : "");
    if (c->login)
        out_str(o, c->mechanism);
    for (size_t i = 0; i < c->facts_count; i++) {
        put_piece(o, &more, c->facts[i].key);
        out_char(o, ' ');
        out_text(o, fsk_span_str(c->facts[i].value));
    }
}

/* What was asked for, line by line. */
static void put_text(struct out *o, struct fsk_span text)
{
    while (text.n) {
        const char *newline = memchr(text.p, '\n', text.n);
        size_t n = newline ? (size_t)(newline - text.p) : text.n;
        out_text(o, fsk_span(text.p, n));
        out_char(o, '\n');
        n += newline != NULL;
        text = fsk_span(text.p + n, text.n - n);
    }
}

/* "2026-11-26T04:26:15Z" */
static void put_date(struct out *o, int64_t seconds)
{
    char text[40] = "";
    time_t at = (time_t)seconds;
    struct tm tm;
    if (gmtime_r(&at, &tm))
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    out_str(o, text);
}

void check_record_line(struct out *o, const struct check_record *r, bool terminal)
{
    out_begin(o);
    size_t from = o->n;
    if (r->dated) {
        put_date(o, r->verdict->now);
        out_column(o, from, 20, terminal);
        from = o->n;
    }
    out_text(o, fsk_span_str(r->result->target));
    out_column(o, from, 32, terminal);
    from = o->n;
    out_str(o, check_state_name(r->verdict->state));
    out_column(o, from, 8, terminal);
    from = o->n;
    out_milliseconds(o, r->result->took);
    out_column(o, from, 10, terminal);
    if (r->verdict->outcome.text[0])
        out_text(o, fsk_span_str(r->verdict->outcome.text));
    else
        put_fine(o, r);
    out_char(o, '\n');
    put_text(o, fsk_span(r->result->text, r->result->text_len));
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void put_key(struct out *o, const char *key)
{
    out_str(o, ",\"");
    out_str(o, key);
    out_str(o, "\":");
}

/* null, if there is none. */
static void put_string(struct out *o, const char *key, const char *text)
{
    put_key(o, key);
    if (text && text[0])
        out_json_string(o, fsk_span_str(text));
    else
        OUT_LITERAL(o, "null");
}

static void put_number(struct out *o, const char *key, int64_t number)
{
    put_key(o, key);
    out_i64(o, number);
}

static void put_time(struct out *o, const char *key, fsock_time time)
{
    put_key(o, key);
    out_seconds(o, time);
}

static void put_bool(struct out *o, const char *key, bool yes)
{
    put_key(o, key);
    out_str(o, yes ? "true" : "false");
}

static void put_list(struct out *o, const char *key, const char *const *list)
{
    put_key(o, key);
    out_char(o, '[');
    for (size_t i = 0; list[i]; i++) {
        out_str(o, i ? "," : "");
        out_json_string(o, fsk_span_str(list[i]));
    }
    out_char(o, ']');
}

static void put_address(struct out *o, const char *peer)
{
    put_key(o, "remote_ip");
    if (peer[0])
        out_json_address(o, peer);
    else
        OUT_LITERAL(o, "null");
}

static void put_times(struct out *o, const struct fsock_check_result *c)
{
    put_time(o, "time_namelookup", c->lookup);
    put_time(o, "time_connect", c->connect);
    put_time(o, "time_appconnect", c->tls);
    put_time(o, "time_greeting", c->greeting);
    put_time(o, "time_login", c->login);
    put_time(o, "time_total", c->took);
}

static void put_cert(struct out *o, const struct fsock_cert *cert, int64_t now)
{
    put_key(o, "certificate");
    if (!cert) {
        OUT_LITERAL(o, "null");
        return;
    }
    OUT_LITERAL(o, "{\"subject\":");
    out_json_string(o, fsk_span_str(cert->subject));
    put_string(o, "issuer", cert->issuer);
    put_list(o, "names", cert->names);
    put_number(o, "not_before", cert->not_before);
    put_number(o, "not_after", cert->not_after);
    put_number(o, "days_left", check_days_left(cert, now));
    put_string(o, "key", cert->key);
    put_bool(o, "verified", cert->verified);
    OUT_LITERAL(o, ",\"sha256\":\"");
    out_hex(o, cert->sha256, sizeof cert->sha256);
    OUT_LITERAL(o, "\"}");
}

static void put_facts(struct out *o, const struct fsock_check_result *c)
{
    put_key(o, "facts");
    out_char(o, '{');
    for (size_t i = 0; i < c->facts_count; i++) {
        out_str(o, i ? "," : "");
        out_json_string(o, fsk_span_str(c->facts[i].key));
        out_char(o, ':');
        out_json_string(o, fsk_span_str(c->facts[i].value));
    }
    out_char(o, '}');
    if (c->text_len) {
        put_key(o, "text");
        out_json_string(o, fsk_span(c->text, c->text_len));
    }
}

static void put_outcome(struct out *o, const struct outcome *end)
{
    put_number(o, "exitcode", end->exitcode);
    put_string(o, "err", end->err);
    put_string(o, "stage", end->stage);
    put_string(o, "errormsg", end->text);
    put_number(o, "errno", end->sys_errno);
    put_string(o, "hint", end->hint);
}

void check_record_json(struct out *o, const struct check_record *r)
{
    const struct fsock_check_result *c = r->result;
    out_begin(o);
    OUT_LITERAL(o, "{\"schema_version\":1");
    put_string(o, "target", c->target);
    put_string(o, "service", c->service);
    put_string(o, "host", c->host);
    put_number(o, "port", c->port);
    put_address(o, c->peer);
    put_number(o, "time", r->verdict->now);
    put_string(o, "state", check_state_name(r->verdict->state));
    put_string(o, "warning", r->verdict->warning);
    put_times(o, c);
    put_string(o, "banner", c->banner);
    put_list(o, "capabilities", c->capabilities);
    put_bool(o, "starttls", c->starttls);
    put_string(o, "tls_version", c->tls_version);
    put_string(o, "tls_cipher", c->tls_cipher);
    put_cert(o, c->cert, r->verdict->now);
    put_string(o, "mechanism", c->mechanism);
    put_facts(o, c);
    put_outcome(o, &r->verdict->outcome);
    OUT_LITERAL(o, "}\n");
}
