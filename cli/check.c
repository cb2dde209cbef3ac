/*
 * check.c - the verb `check`: is it up, does the login work.
 *
 * Its parts: check_options the command line, check_secret where a password comes from, check_run
 * the run, check_targets what is checked in it, check_verdict whether that is well, check_record
 * and check_monitor what is told; netrc the file of that name.
 */
#include "check.h"

#include <stdio.h>
#include <string.h>

#include "check_monitor.h"
#include "check_options.h"
#include "check_run.h"
#include "check_secret.h"
#include "check_verdict.h"
#include "outcome.h"

static int list_services(void)
{
    for (const char *const *s = fsock_services(); *s; s++)
        printf("%s://\n", *s);
    return EXIT_FINE;
}

/* A mistake on the command line may stand in front of the option that says who reads of it. */
static bool is_nagios(const struct check_options *o, int argc, char **argv)
{
    bool nagios = o->nagios;
    for (int i = 0; i < argc; i++)
        nagios |= strcmp(argv[i], "--nagios") == 0;
    return nagios;
}

/* The exit code of a run that can't begin. */
static int mistaken(int code, bool nagios, const char *why)
{
    fprintf(stderr, "fsock: check: %s\n", why);
    return nagios ? check_nagios_mistake(why) : code;
}

static int run(const struct check_options *o)
{
    struct check_secret secret;
    char why[1024];
    if (o->services)
        return list_services();
    int code = check_secret_init(&secret, o, why, sizeof why);
    code = code ? mistaken(code, o->nagios, why) : check_run(o, &secret);
    check_secret_fini(&secret);
    return code;
}

int check_main(int argc, char **argv)
{
    struct check_options o;
    char why[1024];
    check_options_init(&o);
    enum option_result result =
        option_parse(&check_option_set, &o, argc, argv, &o.targets, why, sizeof why);
    int code = result == OPTION_BAD ? EXIT_USAGE : EXIT_FINE;
    if (result == OPTION_OK)
        code = check_options_check(&o, why, sizeof why);
    if (code)
        code = mistaken(code, is_nagios(&o, argc, argv), why);
    else if (result == OPTION_SHOW_HELP)
        option_help(&check_option_set, stdout);
    else
        code = run(&o);
    check_options_fini(&o);
    return code;
}
