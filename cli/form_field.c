#include "form_field.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Where the next byte is read, and where the next one of a string is written. */
struct cursor {
    const char *in;
    char *out;
};

static void skip_blanks(struct cursor *c)
{
    c->in += strspn(c->in, " \t");
}

static const char *finish(struct cursor *c, const char *begin)
{
    *c->out++ = '\0';
    return begin;
}

/* Take `n` bytes as they are. */
static const char *take(struct cursor *c, size_t n)
{
    char *begin = c->out;
    memcpy(begin, c->in, n);
    c->in += n;
    c->out += n;
    return finish(c, begin);
}

/* Whether quotes begin here that are closed before the next ';' or the end. */
static bool is_quoted(const char *in)
{
    const char *p = in + 1;
    if (*in != '"')
        return false;
    while (*p && *p != '"')
        p += *p == '\\' && p[1] ? 2 : 1;
    if (!*p)
        return false;
    p += 1 + strspn(p + 1, " \t");
    return !*p || *p == ';';
}

/* A string up to the next ';', or in quotes. */
static const char *take_word(struct cursor *c)
{
    char *begin = c->out;
    if (!is_quoted(c->in))
        return take(c, strcspn(c->in, ";"));
    for (c->in++; *c->in != '"'; c->in++) {
        if (*c->in == '\\' && (c->in[1] == '"' || c->in[1] == '\\'))
            c->in++;
        *c->out++ = *c->in;
    }
    c->in++;
    skip_blanks(c);
    return finish(c, begin);
}

static bool begins(const char *text, const char *key)
{
    return strncasecmp(text, key, strlen(key)) == 0;
}

/* A type may have parameters of its own: it ends where ";filename=" begins. */
static const char *take_type(struct cursor *c)
{
    size_t n = strcspn(c->in, ";");
    while (c->in[n]) {
        const char *next = c->in + n + 1;
        next += strspn(next, " \t");
        if (begins(next, "filename=") || begins(next, "type="))
            break;
        n += 1 + strcspn(c->in + n + 1, ";");
    }
    return take(c, n);
}

static bool take_name(struct form_field *field, struct cursor *c, const char *option, char *why,
                      size_t cap)
{
    size_t n = strcspn(c->in, "=");
    if (!n || !c->in[n]) {
        snprintf(why, cap, "%s needs NAME=VALUE, not '%.200s'", option, c->in);
        return false;
    }
    field->name = take(c, n);
    c->in++;
    return true;
}

bool form_field_literal(struct form_field *field, const char *text, char *room, char *why,
                        size_t cap)
{
    struct cursor c = {text, room};
    *field = (struct form_field){.source = FORM_TEXT};
    if (!take_name(field, &c, "--form-string", why, cap))
        return false;
    field->value = take(&c, strlen(c.in));
    return true;
}

bool form_field_parse(struct form_field *field, const char *text, char *room, char *why, size_t cap)
{
    struct cursor c = {text, room};
    *field = (struct form_field){.source = FORM_TEXT};
    if (!take_name(field, &c, "-F", why, cap))
        return false;
    if (*c.in == '@' || *c.in == '<')
        field->source = *c.in++ == '@' ? FORM_FILE : FORM_CONTENT;
    field->value = take_word(&c);
    while (*c.in == ';') {
        c.in++;
        skip_blanks(&c);
        if (begins(c.in, "type=")) {
            c.in += strlen("type=");
            field->type = take_type(&c);
        } else if (begins(c.in, "filename=")) {
            c.in += strlen("filename=");
            field->filename = take_word(&c);
        } else {
            snprintf(why, cap,
                     "-F %.200s: behind ';' there can be type= and filename=; a value that has a "
                     "';' goes in \"\", or by --form-string",
                     field->name);
            return false;
        }
    }
    if (field->source == FORM_TEXT || *field->value)
        return true;
    snprintf(why, cap, "-F %.200s needs the name of a file behind %c", field->name,
             field->source == FORM_FILE ? '@' : '<');
    return false;
}

const char *form_field_type(const char *filename)
{
    static const struct {
        const char *end, *type;
    } types[] = {
        {".gif",  "image/gif"      },
        {".jpg",  "image/jpeg"     },
        {".jpeg", "image/jpeg"     },
        {".png",  "image/png"      },
        {".svg",  "image/svg+xml"  },
        {".txt",  "text/plain"     },
        {".htm",  "text/html"      },
        {".html", "text/html"      },
        {".pdf",  "application/pdf"},
        {".xml",  "application/xml"},
    };
    size_t n = strlen(filename);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        size_t end = strlen(types[i].end);
        if (n >= end && strcasecmp(filename + n - end, types[i].end) == 0)
            return types[i].type;
    }
    return NULL;
}
