#include "talk_ports.h"

#include <stdio.h>

#define PORT_SHOWN 40 /* bytes of what is wrong, in a sentence */

static void add(struct talk_ports *ports, uint32_t port)
{
    uint64_t bit = UINT64_C(1) << port % 64;
    ports->n += !(ports->bit[port / 64] & bit);
    ports->bit[port / 64] |= bit;
}

void talk_ports_one(struct talk_ports *ports, uint16_t port)
{
    *ports = (struct talk_ports){.n = 0};
    add(ports, port);
}

/* A sentence about a word of the list, of which no byte drives a terminal. Returns false. */
static bool bad(char why[TALK_PORTS_WHY], const char *before, struct fsk_span word,
                const char *after)
{
    char shown[PORT_SHOWN + 4];
    size_t n = word.n < PORT_SHOWN ? word.n : PORT_SHOWN;
    for (size_t i = 0; i < n; i++)
        shown[i] = word.p[i] < ' ' || word.p[i] > '~' ? '?' : word.p[i];
    memcpy(shown + n, n < word.n ? "..." : "", n < word.n ? 4 : 1);
    snprintf(why, TALK_PORTS_WHY, "%s%s%s", before, shown, after);
    return false;
}

static bool all_digits(struct fsk_span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n > 0;
}

static bool take_port(struct fsk_span word, uint32_t *port, char why[TALK_PORTS_WHY])
{
    uint32_t v = 0;
    if (!all_digits(word))
        return bad(why, "'", word, "' is no port: ports are numbers, as in 80 or 20-25,443");
    for (size_t i = 0; i < word.n && v <= UINT16_MAX; i++)
        v = v * 10 + (uint32_t)(word.p[i] - '0');
    if (v == 0 || v > UINT16_MAX)
        return bad(why, "ports are from 1 to 65535, and ", word, " is not");
    *port = v;
    return true;
}

/* "80" or "20-25". */
static bool take_word(struct talk_ports *ports, struct fsk_span word, char why[TALK_PORTS_WHY])
{
    uint32_t first, last;
    const char *dash = word.n ? memchr(word.p, '-', word.n) : NULL;
    if (!dash) {
        if (!take_port(word, &first, why))
            return false;
        add(ports, first);
        return true;
    }
    struct fsk_span from = fsk_span(word.p, (size_t)(dash - word.p));
    struct fsk_span to = fsk_span(dash + 1, word.n - from.n - 1);
    if (!from.n || !to.n)
        return bad(why, "the port range '", word, "' needs both its ends, as in 20-25");
    if (!take_port(from, &first, why) || !take_port(to, &last, why))
        return false;
    if (first > last)
        return bad(why, "the port range ", word, " is upside down");
    for (uint32_t port = first; port <= last; port++)
        add(ports, port);
    return true;
}

bool talk_ports_parse(struct talk_ports *ports, struct fsk_span text, char why[TALK_PORTS_WHY])
{
    *ports = (struct talk_ports){.n = 0};
    if (!text.n)
        return bad(why, "no port is given: name one, or some, as in 20-25,443", text, "");
    for (size_t at = 0, end; at <= text.n; at = end + 1) {
        const char *comma = at < text.n ? memchr(text.p + at, ',', text.n - at) : NULL;
        end = comma ? (size_t)(comma - text.p) : text.n;
        if (end == at)
            return bad(why, "a port is missing beside a comma of '", text, "'");
        if (!take_word(ports, fsk_span(text.p + at, end - at), why))
            return false;
    }
    return true;
}

bool talk_ports_next(struct talk_ports *ports, uint16_t *port)
{
    for (; ports->at <= UINT16_MAX; ports->at++)
        if (ports->bit[ports->at / 64] >> ports->at % 64 & 1) {
            *port = (uint16_t)ports->at++;
            return true;
        }
    return false;
}
