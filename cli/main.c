/*
 * main.c - the command `fsock`: finds the verb and hands over to it.
 *
 * A verb is a row of the table below and a file with its name: get.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <fsock.h>

#include "check.h"
#include "dns.h"
#include "errno_verb.h"
#include "get.h"
#include "option.h"
#include "outcome.h"
#include "talk.h"
#include "trace.h"

static const struct verb {
    const char *name;
    int (*run)(int argc, char **argv); /* argv[0] is the verb; returns the exit code */
    const char *about;
} verbs[] = {
    {"get",   get_main,   "fetch a URL, or a list of any length"                         },
    {"dns",   dns_main,   "look up names and addresses, one, a million, or a log of them"},
    {"talk",  talk_main,  "open a socket to anything, and send anything"                 },
    {"check", check_main, "is a service up, and does the login work"                     },
    {"errno", errno_main, "what an error means, why it came, and what to try"            },
    {"trace", trace_main, "show what happened, step by step"                             },
};

enum { VERBS = sizeof verbs / sizeof *verbs };

static void help(FILE *to)
{
    fputs("usage: fsock VERB [OPTION]... [ARGUMENT]...\n\n"
          "Open a socket to anything, with deadlines that hold.\n\n",
          to);
    for (size_t i = 0; i < VERBS; i++)
        fprintf(to, "  %-8s %s\n", verbs[i].name, verbs[i].about);
    fputs("\n'fsock VERB --help' lists a verb's options; 'fsock --version' tells the version.\n",
          to);
}

static int unknown(const char *word)
{
    const char *names[VERBS];
    for (size_t i = 0; i < VERBS; i++)
        names[i] = verbs[i].name;
    const char *near = option_nearest(word, strlen(word), names, VERBS);
    if (near)
        fprintf(stderr, "fsock: unknown verb '%s'; did you mean '%s'?\n", word, near);
    else
        fprintf(stderr, "fsock: unknown verb '%s'; 'fsock --help' lists them\n", word);
    return EXIT_USAGE;
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        help(stderr);
        return EXIT_USAGE;
    }
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        help(stdout);
        return EXIT_FINE;
    }
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
        printf("fsock %s\n", fsock_version());
        return EXIT_FINE;
    }
    for (size_t i = 0; i < VERBS; i++)
        if (strcmp(word, verbs[i].name) == 0)
            return verbs[i].run(argc - 1, argv + 1);
    return unknown(word);
}

/*
 * A standard descriptor that is closed would be taken by the next file or socket. It is filled with
 * one that fails as a closed one does: reading from standard input, writing to the others.
 */
static void fill_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            (void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv)
{
    fill_standard_descriptors();
    int code = run(argc, argv);
    if (fflush(stdout) != 0 && code == EXIT_FINE) {
        fputs("fsock: can't write standard output\n", stderr);
        code = EXIT_WRITE;
    }
    return code;
}
