/*
 * banner.c - what a service says to whoever connects: FTP, SMTP, SSH and others greet first.
 *
 *     banner mail.example:25
 *     banner tls://mail.example:465
 *
 * fsockopen() makes a FILE of a socket, or of TLS on one, and stdio does the rest. Opening may take
 * three seconds; the deadline of the stream under the FILE then holds for fgets().
 */
#include <ctype.h>
#include <fsock.h>
#include <stdio.h>

static int complain(const struct fsock_fault *fault)
{
    fprintf(stderr, "banner: %s\n", fault->text);
    if (fault->hint[0])
        fprintf(stderr, "banner: %s\n", fault->hint);
    return 1;
}

/* A stranger's text: control bytes could play tricks with the terminal. */
static void show(const char *text)
{
    for (; *text && *text != '\r' && *text != '\n'; text++)
        putchar(isprint((unsigned char)*text) ? *text : '.');
    putchar('\n');
}

int main(int argc, char **argv)
{
    struct fsock_fault fault;
    char line[1024];
    int failed = 0;

    if (argc != 2) {
        fprintf(stderr, "usage: banner TARGET\n");
        return 2;
    }
    FILE *service = fsockopen(argv[1], 0, &fault, 3);
    if (!service)
        return complain(&fault);
    fsock_set_deadline(fsock_of(service), fsock_after(5));

    if (fgets(line, sizeof line, service))
        show(line);
    else if (ferror(service))
        failed = complain(fsock_last_fault(fsock_of(service)));
    else
        printf("(it hung up without a word)\n");
    fclose(service);
    return failed;
}
