/* get_check_line: a broken link, for people and for programs. */
#include "get_check.h"

static void put_link(struct out *to, const struct check_link *link,
                     void (*put)(struct out *, struct fsk_span))
{
    record_url(to, link->url, put);
    if (link->has_fragment) {
        out_char(to, '#');
        put(to, link->fragment);
    }
}

void check_put_line(struct out *to, const struct check_link *link, const struct check_why *why)
{
    out_begin(to);
    if (link->page) {
        record_url(to, fsk_span_str(link->page), out_text);
        out_char(to, ':');
        out_u64(to, link->line);
        out_str(to, ": ");
    }
    put_link(to, link, out_text);
    out_str(to, ": ");
    if (why->moved.n) {
        out_str(to, "leads to ");
        record_url(to, why->moved, out_text);
        out_str(to, ": ");
    }
    out_text(to, fsk_span_str(why->text));
    out_char(to, '\n');
}

static void put_url(struct out *to, const char *key, struct fsk_span url)
{
    out_str(to, key);
    if (!url.p) {
        out_str(to, "null");
        return;
    }
    out_char(to, '"');
    record_url(to, url, out_json);
    out_char(to, '"');
}

static void put_number(struct out *to, const char *key, int64_t number)
{
    out_str(to, key);
    out_i64(to, number);
}

void check_put_json(struct out *to, const struct check_link *link, const struct check_why *why)
{
    out_begin(to);
    put_url(to, "{\"page\":", fsk_span_str(link->page));
    put_number(to, ",\"line\":", link->line);
    put_number(to, ",\"column\":", link->column);
    out_str(to, ",\"url\":\"");
    put_link(to, link, out_json);
    out_str(to, "\",\"kind\":\"");
    out_str(to, link->given ? "given" : page_link_word(link->kind));
    put_url(to, "\",\"url_effective\":", why->moved.n ? why->moved : fsk_span(NULL, 0));
    put_number(to, ",\"http_code\":", why->status);
    put_number(to, ",\"exitcode\":", why->exitcode);
    out_str(to, ",\"err\":");
    out_json_string(to, fsk_span_str(why->err));
    out_str(to, ",\"errormsg\":");
    out_json_string(to, fsk_span_str(why->text));
    out_str(to, "}\n");
}
