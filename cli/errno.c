/*
 * errno.c - `fsock errno`: what an error means, why it most likely came, and what to try.
 *
 *   errno_options.h  the command line     errno_code.h     the codes: a table per kind
 *   errno_lookup.h   from words to codes  errno_article.h  the article's tables
 *   errno_record.h   how a code is told
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "colour.h"
#include "errno_article.h"
#include "errno_lookup.h"
#include "errno_options.h"
#include "errno_record.h"
#include "errno_verb.h"
#include "out.h"
#include "outcome.h"
#include "quote.h"

#define EXIT_NOT_FOUND 1
#define CARDS_MAX      6 /* more codes than these are rows on a terminal */
#define WORDS_MAX      32
#define LIVE_FIRST     (-50)
#define LIVE_LAST      249

struct errno_run {
    struct errno_options o;
    struct errno_hits hits;
    struct out out;
    const struct errno_kind *only;
    struct fsk_span word[WORDS_MAX]; /* to search for, all together */
    size_t n_words;
    int exitcode;
};

/* ---- Complaints ------------------------------------------------------------------------------ */

/* Nothing is called so, or has that number. */
static void not_found(struct errno_run *run, struct fsk_span word)
{
    char shown[80];
    const char *near = errno_nearest(word);
    run->exitcode = EXIT_NOT_FOUND;
    fprintf(stderr, "fsock: errno: there is no error %s", quote(word, shown, sizeof shown));
    if (run->only)
        fprintf(stderr, " of the kind %s", run->only->name);
    if (near)
        fprintf(stderr, "; did you mean %s?\n", near);
    else
        fputs("; 'fsock errno --all' lists all there are\n", stderr);
}

/* The words to search for occur nowhere, or not together. */
static void nowhere(struct errno_run *run)
{
    char shown[80];
    if (run->n_words == 1) {
        not_found(run, run->word[0]);
        return;
    }
    run->exitcode = EXIT_NOT_FOUND;
    fputs("fsock: errno: there is no error of which name, text and explanation have", stderr);
    for (size_t i = 0; i < run->n_words; i++)
        fprintf(stderr, "%s%s",
                i == 0                 ? " "
                : i + 1 < run->n_words ? ", "
                                       : " and ",
                quote(run->word[i], shown, sizeof shown));
    fputs("; search for fewer words\n", stderr);
}

/* ---- Looking up ------------------------------------------------------------------------------ */

static void list_all(struct errno_run *run)
{
    for (size_t i = 0; i < ERRNO_KINDS; i++)
        if (run->only ? errno_kinds[i] == run->only : run->o.all || i == 0)
            errno_list(&run->hits, errno_kinds[i]);
}

/* 0, or the exit code with the sentence told. */
static int look_up(struct errno_run *run)
{
    for (size_t i = 0; i < run->o.words.n; i++) {
        struct fsk_span word = fsk_span_str(run->o.words.item[i].value);
        switch (errno_look_up(&run->hits, word, run->only, run->o.all)) {
        case ERRNO_FOUND:
            break;
        case ERRNO_NOTHING:
            not_found(run, word);
            break;
        case ERRNO_A_WORD:
            if (run->n_words == WORDS_MAX) {
                fprintf(stderr, "fsock: errno: there are more than %d words; search for fewer\n",
                        WORDS_MAX);
                return EXIT_USAGE;
            }
            run->word[run->n_words++] = word;
        }
    }
    if (run->n_words && !errno_search(&run->hits, run->word, run->n_words, run->only))
        nowhere(run);
    return 0;
}

/* "28 is also x509:28, exit:28": for people who ask for one number and meant another kind. */
static void tell_of_others(struct errno_run *run)
{
    static struct errno_hits others;
    int number;
    struct fsk_span word = fsk_span_str(run->o.words.item[0].value);
    if (run->o.words.n != 1 || run->o.all || run->only || !errno_number(word, &number))
        return;
    errno_look_up(&others, word, NULL, true);
    if (run->hits.n != 1 || others.n <= 1)
        return;
    out_i64(&run->out, number);
    out_str(&run->out, " is also");
    for (size_t i = 1; i < others.n; i++) {
        out_str(&run->out, i > 1 ? ", " : " ");
        out_str(&run->out, others.hit[i].kind->name);
        out_char(&run->out, ':');
        out_i64(&run->out, number);
    }
    out_str(&run->out, " (--all)\n");
}

static void print_hits(struct errno_run *run)
{
    bool terminal = isatty(STDOUT_FILENO) == 1;
    bool colour = wants_colour(run->o.colour);
    bool cards = terminal && !run->o.json && run->hits.n <= CARDS_MAX;
    for (size_t i = 0; i < run->hits.n; i++) {
        const struct errno_hit *hit = &run->hits.hit[i];
        if (run->o.json)
            errno_record_json(&run->out, hit);
        else if (!terminal)
            errno_record_lines(&run->out, hit);
        else if (!cards)
            errno_record_row(&run->out, hit, colour);
        else
            errno_record_card(&run->out, hit, colour);
        if (cards && i + 1 < run->hits.n)
            out_char(&run->out, '\n');
    }
    if (cards && run->o.words.n)
        tell_of_others(run);
}

/* ---- Tables ---------------------------------------------------------------------------------- */

static void put_row(struct out *o, int number, const char *text)
{
    out_i64(o, number);
    out_char(o, '\t');
    out_str(o, text);
    out_char(o, '\n');
}

/* The article's loop over strerror(). */
static void live(struct errno_run *run)
{
    for (int i = LIVE_FIRST; i <= LIVE_LAST; i++) {
        const char *text = strerror(i);
        if (!strstr(text, "nknown error"))
            put_row(&run->out, i, text);
    }
}

/* A word of --table and --constants: a number, or an error number's name. */
static bool number_of(struct fsk_span word, int *number)
{
    struct errno_hits *hits = &(struct errno_hits){.n = 0};
    if (errno_number(word, number))
        return true;
    if (errno_look_up(hits, word, &errno_kind_errno, false) != ERRNO_FOUND)
        return false;
    *number = hits->hit[0].code->number;
    return true;
}

/* A line of a table. One that it doesn't have: the number itself, as the article's function does.
 */
static void table_row(struct errno_run *run, int number)
{
    const char *text = errno_article_text((unsigned)run->o.table, number);
    char digits[16];
    snprintf(digits, sizeof digits, "%d", number);
    put_row(&run->out, number, text ? text : digits);
}

/* The article's names; for a number that was asked for, PHP's besides. False: it has none. */
static bool constants(struct errno_run *run, const int *number)
{
    struct errno_constant c;
    bool found = false;
    for (size_t i = 0; errno_article_constant(i, &c); i++)
        if (number ? c.number == *number : c.in_article) {
            put_row(&run->out, c.number, c.name);
            found = true;
        }
    return found;
}

static void print_table(struct errno_run *run)
{
    int number;
    for (size_t i = 0; i < run->o.words.n; i++) {
        struct fsk_span word = fsk_span_str(run->o.words.item[i].value);
        if (!number_of(word, &number) || (run->o.constants && !constants(run, &number)))
            not_found(run, word);
        else if (run->o.table > 0)
            table_row(run, number);
    }
    if (run->o.words.n)
        return;
    if (run->o.constants)
        constants(run, NULL);
    for (number = 0; run->o.table > 0 && number <= ERRNO_ARTICLE_MAX; number++)
        if (errno_article_text((unsigned)run->o.table, number))
            table_row(run, number);
}

/* ---- The verb -------------------------------------------------------------------------------- */

static int print(struct errno_run *run)
{
    int code = 0;
    if (run->o.live)
        live(run);
    else if (run->o.table > 0 || run->o.constants)
        print_table(run);
    else if (!run->o.words.n)
        list_all(run);
    else
        code = look_up(run);
    if (!code)
        print_hits(run);
    out_flush(&run->out);
    if (run->out.sys_errno && run->out.sys_errno != EPIPE)
        fprintf(stderr, "fsock: errno: can't write standard output: %s\n",
                fsock_strerror(run->out.sys_errno));
    return code ? code : run->out.sys_errno ? EXIT_WRITE : run->exitcode;
}

int errno_main(int argc, char **argv)
{
    static struct errno_run run;
    char why[1024];
    int code = EXIT_FINE;
    switch (errno_options_parse(&run.o, argc, argv, why, sizeof why)) {
    case OPTION_SHOW_HELP:
        option_help(&errno_option_set, stdout);
        break;
    case OPTION_BAD:
        fprintf(stderr, "fsock: errno: %s\n", why);
        code = EXIT_USAGE;
        break;
    case OPTION_OK:
        signal(SIGPIPE, SIG_IGN);
        run.only = run.o.kind >= 0 ? errno_kinds[run.o.kind] : NULL;
        out_init(&run.out, STDOUT_FILENO);
        code = print(&run);
        out_fini(&run.out);
    }
    errno_options_fini(&run.o);
    return code;
}
