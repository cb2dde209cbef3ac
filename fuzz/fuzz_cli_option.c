/*
 * Command lines: each line of the input is a word. What is accepted lies in its range; what isn't
 * has a sentence.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "option.h"

enum { WORDS = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct values {
    int flag, set, choice;
    int64_t number, bytes, time;
    const char *text;
    struct option_list list;
};

#define AT(member) offsetof(struct values, member)

static const struct option_row rows[] = {
    {.help = "A heading"},
    {'f',                 "flag", NULL, OPTION_FLAG, AT(flag), "", 0, 0, NULL},
    {'s',               "set", NULL, OPTION_SET, AT(set), "", 7, 0, NULL},
    {'c',           "choice", "[a|b]", OPTION_ENUM, AT(choice), "", 0, 0, "a|b"},
    {'n',                  "number", "N", OPTION_NUMBER, AT(number), "", 1, 100000, NULL},
    {'b',               "bytes", "SIZE", OPTION_SIZE, AT(bytes), "", 0, 0, NULL},
    {'t',                 "time", "TIME", OPTION_TIME, AT(time), "", 0, 0, NULL},
    {'x',               "text", "TEXT", OPTION_STRING, AT(text), "", 0, 0, NULL},
    {'l',            "list", "ITEM", OPTION_LIST, AT(list), "", 3, 0, NULL},
    {'h',                  "help", NULL, OPTION_HELP, 0, "", 0, 0, NULL},
    {.help = NULL              },
};

static const struct option_set set = {.usage = "", .about = "", .row = rows, .more = ""};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *words[WORDS] = {NULL}, why[256] = "";
    char *text = calloc(1, size + 1);
    int n = 0;
    if (!text)
        abort();
    memcpy(text, data, size);
    for (char *p = text; p && n < WORDS;) {
        words[n++] = p;
        p = strchr(p, '\n');
        if (p)
            *p++ = '\0';
    }
    struct values v = {.number = 1};
    struct option_list args = {NULL, 0};
    enum option_result result = option_parse(&set, &v, n, words, &args, why, sizeof why);
    assert((result == OPTION_BAD) == (why[0] != '\0') && strlen(why) < sizeof why);
    assert((v.flag | 1) == 1 && (v.set == 0 || v.set == 7) && (v.choice | 1) == 1);
    assert(v.number >= 1 && v.number <= 100000 && v.bytes >= 0 && v.time >= 0);
    assert(args.n + v.list.n < WORDS);
    for (size_t i = 0; i < v.list.n; i++)
        assert(v.list.item[i].tag == 3 && v.list.item[i].value);
    option_list_free(&v.list);
    option_list_free(&args);
    free(text);
    return 0;
}
