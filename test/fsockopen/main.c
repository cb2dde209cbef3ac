/*
 * fsockopen on each line of standard input, "TARGET<tab>PORT<tab>SECONDS": a line "OPEN<tab>ERRNO
 * <tab>MILLISECONDS<tab>TEXT" for each, where OPEN is 1 or 0.
 */
#include <errno.h>
#include <fsock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    while ((n = getline(&line, &room, stdin)) > 0) {
        struct fsock_fault fault;
        char *seconds = n ? strrchr(line, '\t') : NULL;
        if (!seconds)
            return 2;
        *seconds++ = '\0';
        char *port = strrchr(line, '\t');
        if (!port)
            return 2;
        *port++ = '\0';
        fsock_time began = fsock_now();
        FILE *f = fsockopen(line, atoi(port), &fault, atof(seconds));
        printf("%d\t%d\t%d\t%s\n", f != NULL, fault.sys_errno,
               (int)((fsock_now() - began) / FSOCK_MILLISECOND), fault.text);
        if (f)
            fclose(f);
    }
    free(line);
    return 0;
}
