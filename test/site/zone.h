/* zone.h: what the name server answers: a table of names, each with its manner.
 *
 * Names match without regard to case; a '*' in a pattern stands for any label characters.
 */
#ifndef SITE_ZONE_H
#define SITE_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct query {
    const uint8_t *msg;
    size_t len;
    char name[256];   /* lower case, without the final dot; "" is the root */
    const char *star; /* inside name: what the pattern's '*' stands for, up to the name's end */
    size_t qname_len; /* in the wire format */
    uint16_t type;
    size_t udp_size; /* what fits into a UDP answer */
    bool edns, tcp;
};

struct answer {
    uint8_t msg[16384];
    size_t len;
    unsigned delay_ms;
    enum {
        ANSWER_SEND,
        ANSWER_NONE,   /* says nothing */
        ANSWER_FORGED, /* forgeries first, the true one 50 ms later */
        ANSWER_NOISE,  /* an empty datagram and noise */
        ANSWER_FIN,    /* TCP: closes */
    } manner;
};

struct zone_name {
    const char *pattern;
    void (*answer)(struct answer *a, const struct query *q);
    const char *about;
};

/* Ends with a pattern of NULL. */
extern const struct zone_name zone[];

/* Reads a query: false if it is none. */
bool query_parse(const uint8_t *msg, size_t len, bool tcp, struct query *q);

/* Fills in the answer. */
void zone_answer(struct answer *a, struct query *q);

/* An answer to q that says the name is at 127.0.0.66; for forgeries. */
void zone_lie(struct answer *a, const struct query *q);

#endif
