#include "talk_packets.h"

#include "quote.h"

enum { PACKET_MAX = 4096 }; /* bytes of a message of a server's, which say little */

static uint8_t byte_at(struct fsk_span s, size_t at)
{
    return (uint8_t)s.p[at];
}

/* The message came, and says no. */
static enum fsock_err refuse_message(struct speaker *s, const char *what, unsigned code,
                                     struct fsk_span message)
{
    char shown[QUOTE_MAX];
    return speaker_refuse(s, "the server refuses TLS: %s %u, %s", what, code,
                          quote(message, shown, sizeof shown));
}

/* Nothing that could be such a message. */
static enum fsock_err refuse_bytes(struct speaker *s, const char *what, struct fsk_span bytes)
{
    char shown[QUOTE_MAX];
    return speaker_refuse(s, "%s is no %s: it begins with %s", s->awaited, what,
                          quote(bytes, shown, sizeof shown));
}

/* ---- LDAP ------------------------------------------------------------------------------------ */

enum { BER_INTEGER = 0x02, BER_OCTETS = 0x04, BER_ENUMERATED = 0x0a, BER_SEQUENCE = 0x30 };
enum { LDAP_EXTENDED = 0x78 }; /* [APPLICATION 24], an ExtendedResponse */

/* Take the next element, which must have this tag, off the front of s. */
static bool take_element(struct fsk_span *s, uint8_t tag, struct fsk_span *value)
{
    if (s->n < 2 || byte_at(*s, 0) != tag)
        return false;
    size_t n = byte_at(*s, 1), head = 2;
    if (n & 0x80) {
        size_t more = n & 0x7f;
        if (more == 0 || more > 4 || s->n - 2 < more)
            return false;
        for (n = 0; head < 2 + more; head++)
            n = n << 8 | byte_at(*s, head);
    }
    if (n > s->n - head)
        return false;
    *value = fsk_span(s->p + head, n);
    *s = fsk_span(s->p + head + n, s->n - head - n);
    return true;
}

bool ldap_answer_parse(struct fsk_span body, struct ldap_answer *answer)
{
    struct fsk_span id, response, result, name;
    if (!take_element(&body, BER_INTEGER, &id) || !take_element(&body, LDAP_EXTENDED, &response) ||
        !take_element(&response, BER_ENUMERATED, &result) || result.n == 0 || result.n > 2 ||
        !take_element(&response, BER_OCTETS, &name) ||
        !take_element(&response, BER_OCTETS, &answer->message))
        return false;
    answer->result = byte_at(result, 0);
    if (result.n == 2)
        answer->result = answer->result << 8 | byte_at(result, 1);
    /* Message 0 is the server's notice that it hangs up (4.4.1); its result is never 0. */
    return id.n == 1 && (byte_at(id, 0) == 1 || (byte_at(id, 0) == 0 && answer->result));
}

/* The length of the SEQUENCE whose first two bytes are in head. */
static enum fsock_err hear_length(struct speaker *s, const char head[2], size_t *n)
{
    char more[4];
    *n = (uint8_t)head[1];
    if (*n < 0x80)
        return FSOCK_OK;
    size_t digits = *n & 0x7f;
    *n = PACKET_MAX + 1;
    if (digits == 0 || digits > sizeof more)
        return FSOCK_OK; /* and it is refused as too long */
    enum fsock_err err = speaker_hear(s, more, digits);
    *n = 0;
    for (size_t i = 0; i < digits && err == FSOCK_OK; i++)
        *n = *n << 8 | (uint8_t)more[i];
    return err;
}

enum fsock_err talk_packets_ldap(struct speaker *s)
{
    /* Message 1, an ExtendedRequest [APPLICATION 23] of 1.3.6.1.4.1.1466.20037 (RFC 4511 4.14.1) */
    static const char request[] = "\x30\x1d\x02\x01\x01\x77\x18\x80\x16"
                                  "1.3.6.1.4.1.1466.20037";
    char head[2], body[PACKET_MAX];
    struct ldap_answer answer;
    size_t n = 0;
    s->awaited = "its answer to StartTLS";
    enum fsock_err err = speaker_say(s, request, sizeof request - 1);
    if (err == FSOCK_OK)
        err = speaker_hear(s, head, sizeof head);
    if (err == FSOCK_OK && head[0] != BER_SEQUENCE)
        return refuse_bytes(s, "LDAP message", fsk_span(head, sizeof head));
    if (err == FSOCK_OK)
        err = hear_length(s, head, &n);
    if (err == FSOCK_OK && n > PACKET_MAX)
        return speaker_refuse(s, "%s has more than %d bytes", s->awaited, PACKET_MAX);
    if (err == FSOCK_OK)
        err = speaker_hear(s, body, n);
    if (err != FSOCK_OK)
        return err;
    if (!ldap_answer_parse(fsk_span(body, n), &answer))
        return refuse_bytes(s, "extended response to it", fsk_span(body, n));
    if (answer.result)
        return refuse_message(s, "result", answer.result, answer.message);
    return FSOCK_OK;
}

/* ---- PostgreSQL ------------------------------------------------------------------------------ */

struct fsk_span postgres_error_text(struct fsk_span body)
{
    for (struct fsk_span s = body; s.n;) { /* fields: a letter, a text, a NUL */
        const char *end = memchr(s.p, '\0', s.n);
        if (!end || end == s.p)
            break;
        if (s.p[0] == 'M')
            return fsk_span(s.p + 1, (size_t)(end - s.p) - 1);
        s = fsk_span(end + 1, s.n - (size_t)(end - s.p) - 1);
    }
    return body;
}

/* An ErrorResponse, whose letter has been heard: too many connections, for example. */
static enum fsock_err hear_postgres_error(struct speaker *s)
{
    unsigned char size[4];
    char body[PACKET_MAX], shown[QUOTE_MAX];
    enum fsock_err err = speaker_hear(s, size, sizeof size);
    if (err != FSOCK_OK)
        return err;
    size_t n = (size_t)size[0] << 24 | (size_t)size[1] << 16 | (size_t)size[2] << 8 | size[3];
    if (n < sizeof size || n - sizeof size > PACKET_MAX)
        return refuse_bytes(s, "answer to SSLRequest", FSK_SPAN("E"));
    n -= sizeof size;
    err = speaker_hear(s, body, n);
    if (err != FSOCK_OK)
        return err;
    return speaker_refuse(s, "the server answers SSLRequest with an error: %s",
                          quote(postgres_error_text(fsk_span(body, n)), shown, sizeof shown));
}

enum fsock_err talk_packets_postgres(struct speaker *s)
{
    /* The length, and 1234 5679 where the version of the protocol would be. */
    static const char request[] = {0, 0, 0, 8, 0x04, '\xd2', 0x16, 0x2f};
    char answer;
    s->awaited = "its answer to SSLRequest";
    enum fsock_err err = speaker_say(s, request, sizeof request);
    if (err == FSOCK_OK)
        err = speaker_hear(s, &answer, 1);
    if (err != FSOCK_OK)
        return err;
    switch (answer) {
    case 'S':
        return FSOCK_OK;
    case 'N':
        return speaker_refuse_offer(s, FSK_SPAN("N"));
    case 'E':
        return hear_postgres_error(s);
    default:
        return speaker_refuse_answer(s, fsk_span(&answer, 1));
    }
}

/* ---- MySQL ----------------------------------------------------------------------------------- */

enum { MYSQL_VERSION = 10, MYSQL_ERROR = 0xff, MYSQL_HEAD = 4 };
enum { CLIENT_PROTOCOL_41 = 0x200, CLIENT_SSL = 0x800, CLIENT_SECURE_CONNECTION = 0x8000 };
enum { FLAGS_BEHIND_VERSION = 4 + 8 + 1 }; /* the thread, a part of the challenge, a zero */

bool mysql_greeting_parse(struct fsk_span packet, struct mysql_greeting *greeting)
{
    *greeting = (struct mysql_greeting){.tls = false};
    if (packet.n >= 3 && byte_at(packet, 0) == MYSQL_ERROR) { /* and a number of two bytes */
        greeting->error = true;
        greeting->message = fsk_span(packet.p + 3, packet.n - 3);
        return true;
    }
    if (!packet.n || byte_at(packet, 0) != MYSQL_VERSION)
        return false;
    const char *end = memchr(packet.p, '\0', packet.n);
    size_t at = end ? (size_t)(end - packet.p) + 1 + FLAGS_BEHIND_VERSION : packet.n;
    if (at + 2 > packet.n)
        return false;
    unsigned flags = (unsigned)(byte_at(packet, at) | byte_at(packet, at + 1) << 8);
    greeting->tls = flags & CLIENT_SSL;
    return true;
}

static enum fsock_err hear_mysql_greeting(struct speaker *s)
{
    unsigned char head[MYSQL_HEAD]; /* the length, and the packet's number */
    char packet[PACKET_MAX], shown[QUOTE_MAX];
    struct mysql_greeting greeting;
    enum fsock_err err = speaker_hear(s, head, sizeof head);
    if (err != FSOCK_OK)
        return err;
    size_t n = head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16;
    if (n > PACKET_MAX || head[3] != 0)
        return refuse_bytes(s, "packet of MySQL", fsk_span((const char *)head, sizeof head));
    err = speaker_hear(s, packet, n);
    if (err != FSOCK_OK)
        return err;
    if (!mysql_greeting_parse(fsk_span(packet, n), &greeting))
        return refuse_bytes(s, "greeting of MySQL", fsk_span(packet, n));
    if (greeting.error)
        return speaker_refuse(s, "the server greets with an error: %s",
                              quote(greeting.message, shown, sizeof shown));
    return greeting.tls
               ? FSOCK_OK
               : speaker_refuse(s, "the server does not offer TLS (its flag CLIENT_SSL is not "
                                   "set)");
}

enum fsock_err talk_packets_mysql(struct speaker *s)
{
    /* Packet 1, of 32 bytes: our flags, the largest packet (16 MiB), utf8mb4, and zeros. */
    static const char request[MYSQL_HEAD + 32] = {
        32, 0, 0, 1, 0, (char)((CLIENT_PROTOCOL_41 | CLIENT_SSL | CLIENT_SECURE_CONNECTION) >> 8),
        0,  0, 0, 0, 0, 1,
        45,
    };
    s->awaited = "its greeting";
    enum fsock_err err = hear_mysql_greeting(s);
    s->awaited = "its answer to SSLRequest";
    return err == FSOCK_OK ? speaker_say(s, request, sizeof request) : err;
}
