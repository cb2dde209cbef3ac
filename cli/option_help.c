/* The parts of option.h that talk to people: --help, and guessing what was meant. */
#include "option.h"

#include <string.h>

#include "base/span.h"

enum { WIDTH = 80, INDENT = 28, LONGEST = 40 };

/* Print words with blanks between them, from column INDENT on, broken before WIDTH. */
static void wrapped(const char *text, FILE *to)
{
    int at = INDENT;
    while (*text) {
        int len = (int)strcspn(text, " ");
        if (at > INDENT && at + 1 + len > WIDTH)
            at = fprintf(to, "\n%*s", INDENT, "") - 1;
        else if (at > INDENT)
            at += fprintf(to, " ");
        at += fprintf(to, "%.*s", len, text);
        text += len + (text[len] == ' ');
    }
    fputc('\n', to);
}

static void help_row(const struct option_row *row, FILE *to)
{
    int at = row->letter ? fprintf(to, "  -%c, --%s", row->letter, row->name)
                         : fprintf(to, "      --%s", row->name);
    if (row->arg && row->arg[0] == '[')
        at += fprintf(to, "[=%.*s]", (int)strcspn(row->arg + 1, "]"), row->arg + 1);
    else if (row->arg)
        at += fprintf(to, " %s", row->arg);
    if (at > INDENT - 2) {
        fputc('\n', to);
        at = 0;
    }
    fprintf(to, "%*s", INDENT - at, "");
    wrapped(row->help, to);
}

void option_help(const struct option_set *set, FILE *to)
{
    fprintf(to, "usage: %s\n\n%s\n", set->usage, set->about);
    for (const struct option_row *row = set->row; row->help; row++) {
        if (row->name)
            help_row(row, to);
        else
            fprintf(to, "\n%s:\n", row->help);
    }
    fprintf(to, "\n%s\n", set->more);
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Letters to put in, take out, change or swap with a neighbour (optimal string alignment). */
static unsigned distance(const char *a, size_t an, const char *b, size_t bn)
{
    unsigned row[3][LONGEST + 1];
    if (an > LONGEST || bn > LONGEST)
        return LONGEST;
    for (unsigned j = 0; j <= bn; j++)
        row[0][j] = j;
    for (unsigned i = 1; i <= an; i++) {
        unsigned *now = row[i % 3], *before = row[(i - 1) % 3];
        now[0] = i;
        for (unsigned j = 1; j <= bn; j++) {
            bool same = a[i - 1] == b[j - 1];
            now[j] = least(before[j - 1] + !same, least(before[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = least(now[j], row[(i - 2) % 3][j - 2] + 1);
        }
    }
    return row[an % 3][bn];
}

const char *option_nearest(const char *typed, size_t len, const char *const *names, size_t n)
{
    const char *nearest = NULL, *begun = NULL;
    unsigned best = (unsigned)(len / 3 + 1), beginnings = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned d = distance(typed, len, names[i], strlen(names[i]));
        if (d < best) {
            best = d;
            nearest = names[i];
        }
        if (len > 1 && strncmp(names[i], typed, len) == 0) {
            begun = names[i];
            beginnings++;
        }
    }
    return beginnings == 1 ? begun : nearest;
}
