/*
 * dnstext - what wire/dnsmsg.h and wire/rdata.h make of DNS messages.
 *
 * Standard input holds messages, each behind its length in two bytes, as over TCP. For each one
 * there are lines and then an empty line:
 *
 *     header ID opcode=N rcode=N flags=qr,rd,... questions=N edns=-|VERSION,SIZE[,do]
 *     question NAME CLASS TYPE
 *     answer OWNER TTL CLASS TYPE DATA         or authority, additional; for each record
 *
 * or one line, `bad WHY`. Exit code 1 if the input ends within a message or there is no memory.
 */
#include <stdio.h>
#include <stdlib.h>

#include "wire/rdata.h"

static void print_name(const struct fsk_dname *name)
{
    char text[FSK_DNAME_TEXT];

    fsk_dname_to_text(name, text);
    fputs(text, stdout);
}

static void print_class_and_type(uint16_t class, uint16_t type)
{
    char word[FSK_DNS_WORD];

    if (class == FSK_DNS_IN)
        fputs(" IN ", stdout);
    else
        printf(" CLASS%u ", class);
    fputs(fsk_dns_type_name(type, word), stdout);
}

static void print_header(const struct fsk_dns_msg *m)
{
    const struct {
        bool set;
        char word[3];
    } flags[] = {
        {m->qr, "qr"},
        {m->aa, "aa"},
        {m->tc, "tc"},
        {m->rd, "rd"},
        {m->ra, "ra"},
        {m->ad, "ad"},
        {m->cd, "cd"},
    };
    const char *comma = "";

    printf("header %u opcode=%u rcode=%u flags=", m->id, m->opcode, m->rcode);
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (flags[i].set) {
            printf("%s%s", comma, flags[i].word);
            comma = ",";
        }
    }
    printf(" questions=%u", m->questions);
    if (m->edns)
        printf(" edns=%u,%u%s\n", m->edns_version, m->edns_size, m->edns_do ? ",do" : "");
    else
        puts(" edns=-");
}

static void print_record(const struct fsk_dns_msg *m, const struct fsk_dns_record *rec)
{
    static const char *const sections[] = {"answer ", "authority ", "additional "};
    struct fsk_buf data;

    fsk_buf_init(&data, FSK_RDATA_TEXT);
    if (fsk_rdata_text(&data, m, rec) != FSOCK_OK)
        exit(1);
    fputs(sections[rec->section], stdout);
    print_name(&rec->owner);
    printf(" %u", rec->ttl);
    print_class_and_type(rec->class, rec->type);
    putchar(' ');
    fwrite(fsk_buf_span(&data).p, 1, fsk_buf_len(&data), stdout);
    putchar('\n');
    fsk_buf_fini(&data);
}

static void print_message(const uint8_t *p, size_t n)
{
    static const char *const why[] = {"", "short", "name", "rdata", "opt"};
    struct fsk_dns_msg m;
    struct fsk_dns_iter it;
    struct fsk_dns_record rec;
    const int used = fsk_dns_parse(&m, p, n);

    if (used < 0) {
        printf("bad %s\n\n", why[-used]);
        return;
    }
    print_header(&m);
    if (m.questions) {
        fputs("question ", stdout);
        print_name(&m.qname);
        print_class_and_type(m.qclass, m.qtype);
        putchar('\n');
    }
    for (fsk_dns_iter_init(&it, &m); fsk_dns_next(&it, &rec);)
        print_record(&m, &rec);
    putchar('\n');
}

int main(void)
{
    uint8_t length[2];

    while (fread(length, 1, 2, stdin) == 2) {
        const size_t n = (size_t)(length[0] << 8 | length[1]);
        uint8_t *p = malloc(n ? n : 1); /* of just this size: a sanitizer sees each step over it */
        if (!p || fread(p, 1, n, stdin) != n)
            return 1;
        print_message(p, n);
        free(p);
    }
    return 0;
}
