#include "errno_options.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "colour.h"
#include "option_rows.h"

#define AT(member) offsetof(struct errno_options, member)

/* In the order of errno_kinds. */
#define KINDS "errno|legacy|eai|h_errno|dns|tls|x509|http|proxy|socks4|socks5|exit|fault"

/* clang-format off */
static const struct option_row rows[] = {
    HEADING("What to look at"),
    CHOICE('k', "kind", "KIND", kind, KINDS, "codes of one kind only; without a word, all of them"),
    FLAG('a', "all", all, "all kinds: each code of a number, or each code there is"),

    HEADING("Tables, as NUMBER and TEXT"),
    FLAG(0, "live", live, "what this machine says of -50 to 249, but for unknown numbers"),
    NUMBER(0, "table", table, 1, 2, "the article's first or second table, as it is"),
    FLAG(0, "constants", constants, "the article's names of numbers"),

    HEADING("How it is told"),
    FLAG(0, "json", json, "a JSON object per code"),
    CHOICE(0, "color", "WHEN", colour, COLOUR_CHOICES, "auto, always or never"),
    HELP,
    {.help = NULL},
};
/* clang-format on */

const struct option_set errno_option_set = {
    .usage = "fsock errno [OPTION]... [NUMBER|NAME|KIND:CODE|WORD]...\n"
             "       fsock errno --table 1|2 [NUMBER|NAME]...\n"
             "       fsock errno --constants [NUMBER|NAME]...\n"
             "       fsock errno --live",
    .about = "What an error means, why it most likely came, and what to try: by its number,\n"
             "its name, or words of its text. Without an argument, all error numbers.\n"
             "One line per explanation: KIND NUMBER NAME TEXT STAGES CAUSE REMEDY.",
    .row = rows,
    .more = "Kinds: errno; legacy (PHP before 4.0.5), eai (getaddrinfo), h_errno, dns\n"
            "(rcodes), tls (alerts), x509, http, proxy (CONNECT), socks4, socks5, exit\n"
            "(fsock's exit codes), fault (its classes of errors). See fsock-errno(1).",
};

static bool is_negative_number(const char *word)
{
    size_t n = strlen(word);
    return n > 1 && word[0] == '-' && strspn(word + 1, "0123456789") == n - 1;
}

/* What can't go together, and what to do instead; NULL if all is well. */
static const char *conflict(const struct errno_options *o)
{
    int tables = o->live + o->constants + (o->table >= 0);
    if (tables > 1)
        return "--live, --table and --constants are three lists; ask for one of them";
    if (tables && (o->json || o->all || o->kind >= 0))
        return "--live, --table and --constants are printed as they are; --json, --all and --kind "
               "can't go with them";
    if (o->live && o->words.n)
        return "--live lists all that this machine says; words have no place in it";
    if (o->all && o->kind >= 0)
        return "--all and --kind say different things; drop one of them";
    return NULL;
}

enum option_result errno_options_parse(struct errno_options *o, int argc, char *const *argv,
                                       char *why, size_t cap)
{
    enum option_result result = OPTION_OK;
    *o = (struct errno_options){.kind = -1, .table = -1};
    int from = 0; /* the word before the piece that is parsed */
    bool options = true;
    while (result == OPTION_OK && from < argc) {
        int to = from + 1;
        for (; to < argc && !(options && is_negative_number(argv[to])); to++)
            options = options && strcmp(argv[to], "--") != 0;
        result = option_parse(&errno_option_set, o, to - from, argv + from, &o->words, why, cap);
        if (result == OPTION_OK && to < argc && !option_list_add(&o->words, argv[to], 0)) {
            snprintf(why, cap, "out of memory");
            return OPTION_BAD;
        }
        from = to;
    }
    const char *text = result == OPTION_OK ? conflict(o) : NULL;
    if (text)
        snprintf(why, cap, "%s", text);
    return text ? OPTION_BAD : result;
}

void errno_options_fini(struct errno_options *o)
{
    option_list_free(&o->words);
}
