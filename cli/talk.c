/*
 * talk.c - the verb `talk`: open a socket to anything, and talk.
 *
 * Its parts: talk_options the command line, talk_plan what is to be sent, talk_relay the
 * conversation, talk_send its way out, talk_show what is seen of it, talk_telnet and talk_starttls
 * what their names say, talk_listen -l, talk_scan -z; bytes_* and view, ebcdic the notations.
 */
#include "talk.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "interrupt.h"
#include "outcome.h"
#include "talk_call.h"
#include "talk_listen.h"
#include "talk_scan.h"

static int list_transports(void)
{
    for (const char *const *t = fsock_transports(); *t; t++)
        printf("%s://\n", *t);
    return EXIT_FINE;
}

/* The conversation needs its plan, and both standard streams. */
static int converse(const struct talk_options *o)
{
    struct talk_call call;
    char why[1024];
    int code = talk_call_init(&call, o, why, sizeof why);
    if (code)
        talk_say(o, why, "");
    else
        code = o->listen ? talk_listen(&call) : talk_connect(&call);
    talk_call_fini(&call);
    return code;
}

static int run(struct talk_options *o)
{
    struct trace_log log;
    char why[1024];
    if (o->list)
        return list_transports();
    bool single = !o->scan || !o->ports || !strpbrk(o->ports, "-,");
    if (!trace_log_open(&log, &o->trace, "talk", single, NULL, why, sizeof why)) {
        talk_say(o, why, "");
        return EXIT_WRITE;
    }
    o->log = &log;
    o->options.trace = log.trace;
    int code = o->scan ? talk_scan(o) : converse(o);
    code = trace_log_end(&log, code, why, sizeof why);
    talk_say(o, why, "");
    return code;
}

int talk_main(int argc, char **argv)
{
    struct talk_options o;
    char why[1024];
    talk_options_init(&o);
    enum option_result result =
        option_parse(&talk_option_set, &o, argc, argv, &o.words, why, sizeof why);
    int code = result == OPTION_BAD ? EXIT_USAGE : EXIT_FINE;
    if (result == OPTION_OK)
        code = talk_options_check(&o, why, sizeof why);
    if (code)
        fprintf(stderr, "fsock: talk: %s\n", why);
    else if (result == OPTION_SHOW_HELP)
        option_help(&talk_option_set, stdout);
    else
        code = run(&o);
    talk_options_fini(&o);
    return code;
}
