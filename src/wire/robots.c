#include "wire/robots.h"

#include "base/digits.h"
#include "base/time.h"

/* ---- Lines ----------------------------------------------------------------------------------- */

/* The first line without its end: CR, LF or both. False at the end of the file. */
static bool next_line(struct fsk_span *file, struct fsk_span *line)
{
    size_t n = 0;
    if (!file->n)
        return false;
    while (n < file->n && file->p[n] != '\n' && file->p[n] != '\r')
        n++;
    *line = fsk_span(file->p, n);
    n += n < file->n;
    *file = fsk_span(file->p + n, file->n - n);
    return true;
}

/* The next line "name: value", without comment and blanks; other lines don't count. */
static bool next_field(struct fsk_span *file, struct fsk_span *name, struct fsk_span *value)
{
    struct fsk_span line;
    while (next_line(file, &line)) {
        const char *comment = line.n ? memchr(line.p, '#', line.n) : NULL;
        if (comment)
            line.n = (size_t)(comment - line.p);
        const char *colon = line.n ? memchr(line.p, ':', line.n) : NULL;
        if (!colon)
            continue;
        size_t n = (size_t)(colon - line.p);
        *name = fsk_span_trim(fsk_span(line.p, n));
        *value = fsk_span_trim(fsk_span(colon + 1, line.n - n - 1));
        return true;
    }
    return false;
}

static struct fsk_span without_mark(struct fsk_span file)
{
    if (file.n >= 3 && memcmp(file.p, "\xef\xbb\xbf", 3) == 0)
        return fsk_span(file.p + 3, file.n - 3);
    return file;
}

bool fsk_robots_sitemap(struct fsk_span *file, struct fsk_span *url)
{
    struct fsk_span name;
    *file = without_mark(*file);
    while (next_field(file, &name, url))
        if (fsk_span_caseeq(name, FSK_SPAN("sitemap")) && url->n)
            return true;
    return false;
}

/* ---- The normal form ------------------------------------------------------------------------- */

static bool is_letter(char c)
{
    return fsk_lower(c) >= 'a' && fsk_lower(c) <= 'z';
}

static bool is_plain(char c)
{
    return is_letter(c) || fsk_is_digit(c) || (c && strchr("-._~", c));
}

/* What stands for itself, too; in the query some more stand for themselves in either form. */
static bool is_reserved(char c)
{
    return c && strchr("/?:@!$&'()*+,;=#[]", c);
}

static size_t put_encoded(char *out, unsigned char c)
{
    static const char digits[] = "0123456789ABCDEF";
    out[0] = '%';
    out[1] = digits[c >> 4];
    out[2] = digits[c & 15];
    return 3;
}

/* In a rule, `*` and a last `$` have a meaning; in a target, they are encoded as all like them. */
static size_t normalise(struct fsk_span s, bool rule, char *out)
{
    size_t n = 0;
    bool query = false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool special = rule && (c == '*' || (c == '$' && i == s.n - 1));
        bool encoded = c == '%' && s.n - i > 2 && fsk_hex_value(s.p[i + 1]) >= 0 &&
                       fsk_hex_value(s.p[i + 2]) >= 0;
        if (encoded) {
            c = (char)(fsk_hex_value(s.p[i + 1]) << 4 | fsk_hex_value(s.p[i + 2]));
            i += 2;
        }
        query = query || (c == '?' && !encoded);
        bool kept = is_plain(c) || (is_reserved(c) && c != '*' && c != '$' && !encoded) ||
                    (query && encoded && c && strchr("/?:@", c));
        if (special || kept)
            out[n++] = c;
        else
            n += put_encoded(out + n, (unsigned char)c);
    }
    return n;
}

size_t fsk_robots_target(struct fsk_span target, char *out)
{
    return normalise(target, false, out);
}

/* ---- Reading --------------------------------------------------------------------------------- */

/* The name of the product that a User-Agent begins with. */
static struct fsk_span product(struct fsk_span agent)
{
    size_t n = 0;
    while (n < agent.n && (is_letter(agent.p[n]) || agent.p[n] == '-' || agent.p[n] == '_'))
        n++;
    return fsk_span(agent.p, n);
}

/* "1.5" seconds in nanoseconds, a day at most; 0: it is no such number. */
static int64_t read_delay(struct fsk_span text)
{
    const int64_t most = 24 * 3600 * FSOCK_SECOND;
    int64_t delay;
    size_t digits = 0;
    while (digits < text.n && fsk_is_digit(text.p[digits]))
        digits++;
    for (size_t i = digits; i < text.n; i++)
        if (!fsk_is_digit(text.p[i]) && text.p[i] != '.')
            return 0;
    if (digits > 9) /* more than fsk_time_parse knows, and meant as for ever */
        return most;
    if (!fsk_time_parse(text, &delay))
        return 0;
    return delay < most ? delay : most;
}

/* Keep the rules of all groups for `agent`; empty: those for everybody. True: there are some. */
static bool pick(struct fsk_span file, struct fsk_span agent, struct fsk_robots *r, char *out)
{
    struct fsk_span name, value;
    size_t n = 0;
    bool naming = false, ours = false, found = false;
    r->delay = 0;
    while (next_field(&file, &name, &value)) {
        bool disallow = fsk_span_caseeq(name, FSK_SPAN("disallow"));
        bool allow = fsk_span_caseeq(name, FSK_SPAN("allow"));
        bool delay = fsk_span_caseeq(name, FSK_SPAN("crawl-delay"));
        if (fsk_span_caseeq(name, FSK_SPAN("user-agent"))) {
            bool named =
                agent.n ? fsk_span_caseeq(product(value), agent) : value.n && value.p[0] == '*';
            ours = named || (naming && ours);
            naming = true;
            found = found || named;
        } else if (disallow || allow || delay) {
            naming = false;
        }
        if (ours && delay && read_delay(value) > r->delay)
            r->delay = read_delay(value);
        if (ours && (disallow || allow) && value.n) {
            out[n++] = allow ? '+' : '-';
            n += normalise(value, true, out + n);
            out[n++] = '\n';
        }
    }
    r->rules = fsk_span(out, n);
    return found;
}

void fsk_robots_pick(struct fsk_span file, struct fsk_span agent, struct fsk_robots *r, char *out)
{
    file = without_mark(file);
    agent = product(agent);
    if (!agent.n || !pick(file, agent, r, out))
        pick(file, fsk_span(NULL, 0), r, out);
}

/* ---- Asking ---------------------------------------------------------------------------------- */

/* Cut off what stands before the next `*`, and the star. *last: there was none. */
static struct fsk_span next_piece(struct fsk_span *rule, bool *last)
{
    const char *star = rule->n ? memchr(rule->p, '*', rule->n) : NULL;
    size_t n = star ? (size_t)(star - rule->p) : rule->n;
    struct fsk_span piece = fsk_span(rule->p, n);
    *last = !star;
    *rule = fsk_span(rule->p + n + !*last, rule->n - n - !*last);
    return piece;
}

static bool begins_with(struct fsk_span s, struct fsk_span piece)
{
    return s.n >= piece.n && (!piece.n || memcmp(s.p, piece.p, piece.n) == 0);
}

/* Each piece where it first fits: what is left for the others can't be longer. */
static bool fits(struct fsk_span rule, struct fsk_span target)
{
    bool last, to_end = rule.n && rule.p[rule.n - 1] == '$';
    rule.n -= to_end;
    struct fsk_span piece = next_piece(&rule, &last);
    if (!begins_with(target, piece))
        return false;
    if (last)
        return !to_end || target.n == piece.n;
    target = fsk_span(target.p + piece.n, target.n - piece.n);
    for (;;) {
        piece = next_piece(&rule, &last);
        if (last && to_end)
            return target.n >= piece.n &&
                   begins_with(fsk_span(target.p + target.n - piece.n, piece.n), piece);
        const char *at = piece.n ? memmem(target.p, target.n, piece.p, piece.n) : target.p;
        if (!at)
            return false;
        if (last)
            return true;
        size_t n = (size_t)(at - target.p) + piece.n;
        target = fsk_span(target.p + n, target.n - n);
    }
}

bool fsk_robots_allows(struct fsk_span rules, struct fsk_span target)
{
    size_t longest = 0;
    bool allowed = true;
    if (fsk_span_eq(target, FSK_SPAN("/robots.txt")))
        return true;
    while (rules.n) {
        const char *end = memchr(rules.p, '\n', rules.n);
        size_t n = (size_t)(end - rules.p);
        struct fsk_span rule = fsk_span(rules.p + 1, n - 1);
        bool allow = rules.p[0] == '+';
        rules = fsk_span(end + 1, rules.n - n - 1);
        if (rule.n < longest || (rule.n == longest && (allowed || !allow)) || !fits(rule, target))
            continue;
        longest = rule.n;
        allowed = allow;
    }
    return allowed;
}
