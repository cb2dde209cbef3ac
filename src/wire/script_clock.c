/* Services of datagrams: NTP (RFC 5905), DNS (RFC 1035), and any that answers to a text. */
#include <stdio.h>

#include "base/digits.h"
#include "wire/dname.h"
#include "wire/dnsmsg.h"
#include "wire/script.h"

/* ---- NTP ------------------------------------------------------------------------------------- */

#define NTP_SIZE   48
#define NTP_1970   INT64_C(2208988800) /* seconds from 1900, where NTP's time begins */
#define NANO       INT64_C(1000000000)
#define ORIGINATE  24
#define RECEIVE    32
#define TRANSMIT   40
#define CLIENT     0x23 /* version 4, mode 3 */
#define STRATUM_NO 16   /* not synchronised */

/* Our time stamp is random: it is the one thing that a forger can't know. */
static enum fsock_err build_ntp(struct fsk_script *s)
{
    char packet[NTP_SIZE] = {CLIENT};
    memcpy(packet + TRANSMIT, s->nonce, 8);
    return fsk_buf_append(&s->out, packet, sizeof packet);
}

static uint32_t word_at(struct fsk_span packet, size_t at)
{
    const unsigned char *p = (const unsigned char *)packet.p + at;
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Nanoseconds since 1970. Of the eras of 2^32 seconds, the one of this century is meant. */
static int64_t time_at(struct fsk_span packet, size_t at)
{
    int64_t seconds = (int64_t)word_at(packet, at);
    int64_t fraction = (int64_t)((uint64_t)word_at(packet, at + 4) * (uint64_t)NANO >> 32);
    seconds += seconds < NTP_1970 ? (INT64_C(1) << 32) - NTP_1970 : -NTP_1970;
    return seconds * NANO + fraction;
}

static enum fsk_verdict judge_ntp(struct fsk_script *s, struct fsk_span answer)
{
    if (answer.n < NTP_SIZE || (answer.p[0] & 7) != 4 ||
        memcmp(answer.p + ORIGINATE, s->nonce, 8) != 0)
        return FSK_WAIT;
    unsigned stratum = (unsigned char)answer.p[1];
    char code[FSK_SCRIPT_SHOWN];
    if (stratum == 0)
        fsk_script_fail(s, FSOCK_ERR_STATUS, FSOCK_STAGE_DIALOG,
                        "the server refuses: its kiss code is '%s'",
                        fsk_script_shown(fsk_span(answer.p + 12, 4), code));
    else if (stratum >= STRATUM_NO || (unsigned char)answer.p[0] >> 6 == 3)
        fsk_script_fail(s, FSOCK_ERR_STATUS, FSOCK_STAGE_DIALOG,
                        "the server's own clock is not synchronised");
    return s->err == FSOCK_OK ? FSK_GOOD : FSK_BAD;
}

static void put_fact(struct fsk_script *s, const char *key, int64_t value)
{
    char text[32];
    int n = snprintf(text, sizeof text, "%lld", (long long)value);
    fsk_script_fact(s, key, fsk_span(text, (size_t)n));
}

/* By how much its clock is ahead of ours, in microseconds (RFC 5905 8). */
static void take_ntp(struct fsk_script *s, struct fsk_span answer)
{
    int64_t received = time_at(answer, RECEIVE), sent = time_at(answer, TRANSMIT);
    put_fact(s, "stratum", (unsigned char)answer.p[1]);
    if (s->wall && s->wall_said)
        put_fact(s, "offset_us",
                 ((received - s->wall_said) / 2 + (sent - s->wall) / 2) / INT64_C(1000));
}

const struct fsk_move fsk_moves_ntp[] = {
    {.awaited = "its answer",
     .build = build_ntp,
     .form = FSK_REPLY_DATAGRAM,
     .judge = judge_ntp,
     .take = take_ntp},
    {.awaited = NULL},
};

/* ---- DNS ------------------------------------------------------------------------------------- */

/* "/example.org" or "/example.org/MX"; nothing: the name servers of the root. */
static void question_of(const struct fsk_script *s, struct fsk_dns_query *q)
{
    struct fsk_span name = s->wish->path;
    *q = (struct fsk_dns_query){.type = FSK_DNS_A, .rd = true};
    memcpy(&q->id, s->nonce, sizeof q->id);
    if (name.n)
        name = fsk_span(name.p + 1, name.n - 1);
    const char *slash = name.n ? memchr(name.p, '/', name.n) : NULL;
    if (slash) {
        size_t n = (size_t)(slash - name.p);
        int type = fsk_dns_type_number(fsk_span(slash + 1, name.n - n - 1));
        q->type = type > 0 ? (uint16_t)type : q->type;
        name.n = n;
    }
    if (!name.n) {
        name = fsk_span_str(".");
        q->type = FSK_DNS_NS;
    }
    if (fsk_dname_from_text(&q->name, name) != 0)
        (void)fsk_dname_from_text(&q->name, fsk_span_str("."));
}

static enum fsock_err build_dns(struct fsk_script *s)
{
    uint8_t packet[FSK_DNS_QUERY_MAX];
    struct fsk_dns_query q;
    question_of(s, &q);
    return fsk_buf_append(&s->out, packet, fsk_dns_build(&q, packet));
}

/* A name that does not exist is an answer, too. */
static enum fsk_verdict judge_dns(struct fsk_script *s, struct fsk_span answer)
{
    struct fsk_dns_query q;
    struct fsk_dns_msg m;
    char word[FSK_DNS_WORD];
    question_of(s, &q);
    switch (fsk_dns_read(&m, &q, (const uint8_t *)answer.p, answer.n)) {
    case FSK_DNS_OURS:
    case FSK_DNS_OURS_BARE:
        break;
    case FSK_DNS_MALFORMED:
        fsk_script_fail(s, FSOCK_ERR_PROTOCOL, FSOCK_STAGE_DIALOG,
                        "its answer is no message of DNS");
        return FSK_BAD;
    default:
        return FSK_WAIT;
    }
    if (m.rcode == FSK_DNS_NOERROR || m.rcode == FSK_DNS_NXDOMAIN)
        return FSK_GOOD;
    fsk_script_fail(s, FSOCK_ERR_STATUS, FSOCK_STAGE_DIALOG, "the server answers %s",
                    fsk_dns_rcode_name(m.rcode, word));
    return FSK_BAD;
}

static void take_dns(struct fsk_script *s, struct fsk_span answer)
{
    struct fsk_dns_msg m;
    char word[FSK_DNS_WORD];
    if (fsk_dns_parse(&m, (const uint8_t *)answer.p, answer.n) < 0)
        return;
    fsk_script_fact(s, "rcode", fsk_span_str(fsk_dns_rcode_name(m.rcode, word)));
    put_fact(s, "records", m.count[0]);
    fsk_script_fact(s, "recursion", fsk_span_str(m.ra ? "yes" : "no"));
}

const struct fsk_move fsk_moves_dns[] = {
    {.awaited = "its answer",
     .build = build_dns,
     .form = FSK_REPLY_DATAGRAM,
     .judge = judge_dns,
     .take = take_dns},
    {.awaited = NULL},
};

/* ---- A text ---------------------------------------------------------------------------------- */

static enum fsk_verdict judge_text(struct fsk_script *s, struct fsk_span answer)
{
    struct fsk_span expect = s->wish->expect;
    return !expect.n || memmem(answer.p, answer.n, expect.p, expect.n) ? FSK_GOOD : FSK_WAIT;
}

static void take_text(struct fsk_script *s, struct fsk_span answer)
{
    fsk_script_banner(s, answer);
}

const struct fsk_move fsk_moves_udp[] = {
    {.awaited = "its answer",
     .say = "%t",
     .form = FSK_REPLY_DATAGRAM,
     .judge = judge_text,
     .take = take_text},
    {.awaited = NULL},
};
