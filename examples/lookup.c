/* lookup.c - ask the name servers for one name, for three seconds at most, and print the records.
 *
 *     lookup NAME [TYPE [SERVER,...]]
 */
#include <fsock.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    struct fsock_answer *answer;
    struct fsock_options options;
    const char *name = argc > 1 ? argv[1] : "localhost";
    int type = argc > 2 ? fsock_dns_type(argv[2], strlen(argv[2])) : 0;

    if (type < 0) {
        fprintf(stderr, "lookup: there is no type %s\n", argv[2]);
        return 2;
    }
    fsock_options_init(&options);
    options.dns_servers = argc > 3 ? argv[3] : NULL; /* NULL: those of resolv.conf */

    enum fsock_err err =
        fsock_lookup(&answer, name, (unsigned)type, &options, NULL, fsock_after(3));
    if (!answer) {
        fprintf(stderr, "lookup: out of memory\n");
        return 1;
    }
    for (size_t i = 0; i < answer->count; i++) {
        const struct fsock_record *r = &answer->records[i];
        printf("%s %lu %s %s\n", r->name, (unsigned long)r->ttl, r->type_name, r->data);
    }
    if (answer->fault)
        fprintf(stderr, "lookup: %s\n", answer->fault->text);
    else if (!answer->count)
        printf("%s %s\n", answer->qname, answer->status_name); /* NODATA, NXDOMAIN */
    fsock_answer_free(answer);
    return err != FSOCK_OK;
}
