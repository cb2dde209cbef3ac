#include "wire/telnet.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "wire/telnet_option.h"

/* What the receiver takes the next byte for. */
enum {
    AT_DATA,   /* data, or an IAC */
    AT_IAC,    /* behind an IAC: a command */
    AT_OPTION, /* behind `verb` */
    AT_SB,     /* in a subnegotiation */
    AT_SB_IAC  /* in a subnegotiation, behind an IAC */
};

/* One byte of data makes at most so many: CR NUL that waited, and a doubled IAC. */
#define ENCODED_MAX 4

/* ---- The setup ------------------------------------------------------------------------------- */

static bool is_name(const char *s)
{
    size_t n = 0;

    for (; s && s[n]; n++)
        if (s[n] <= ' ' || s[n] > '~' || n == FSK_TELNET_NAME_MAX)
            return false;
    return n > 0;
}

void fsk_telnet_init(struct fsk_telnet *t, const struct fsk_telnet_setup *setup)
{
    const char *name = is_name(setup->terminal) ? setup->terminal : "UNKNOWN";

    assert(setup->out->ceiling >= FSK_TELNET_OUT_MIN);
    *t = (struct fsk_telnet){
        .out = setup->out,
        .log = setup->log,
        .width = setup->width,
        .height = setup->height,
        .binary = setup->binary,
        .keep_crlf = setup->keep_crlf,
        .state = AT_DATA,
    };
    for (size_t i = 0; name[i]; i++)
        t->terminal[i] = name[i] >= 'a' && name[i] <= 'z' ? (char)(name[i] - 'a' + 'A') : name[i];
}

/* ---- Writing --------------------------------------------------------------------------------- */

/* Room in `out` for n bytes more; after that, put() can't fail. */
static enum fsock_err make_room(struct fsk_telnet *t, size_t n)
{
    enum fsock_err err = fsk_buf_reserve(t->out, n);
    return err == FSOCK_ERR_TOO_BIG ? FSOCK_AGAIN : err;
}

static void put(struct fsk_telnet *t, uint8_t byte)
{
    t->out->mem[t->out->end++] = (char)byte;
}

static void put_doubled(struct fsk_telnet *t, uint8_t byte)
{
    put(t, byte);
    if (byte == FSK_TELNET_IAC)
        put(t, byte);
}

static void __attribute__((format(printf, 2, 3)))
note(struct fsk_telnet *t, const char *format, ...)
{
    char line[128];
    va_list args;

    if (!t->log)
        return;
    va_start(args, format);
    int n = vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    if (n > 0 && (size_t)n < sizeof(line))
        (void)fsk_buf_append(t->log, line, (size_t)n);
}

/* "peer: WILL ECHO", or with numbers instead of the names. */
static void note_option(struct fsk_telnet *t, const char *who, uint8_t verb, uint8_t option)
{
    const char *name = fsk_telnet_option_name(option);

    if (name)
        note(t, "%s: %s %s\n", who, fsk_telnet_command_name(verb), name);
    else
        note(t, "%s: %s %u\n", who, fsk_telnet_command_name(verb), option);
}

static void note_command(struct fsk_telnet *t, const char *who, uint8_t command)
{
    const char *name = fsk_telnet_command_name(command);

    if (name)
        note(t, "%s: %s\n", who, name);
    else
        note(t, "%s: IAC %u\n", who, command);
}

/* ---- Options --------------------------------------------------------------------------------- */

static void put_size(struct fsk_telnet *t)
{
    put(t, FSK_TELNET_IAC);
    put(t, FSK_TELNET_SB);
    put(t, FSK_TELNET_NAWS);
    put_doubled(t, (uint8_t)(t->width >> 8));
    put_doubled(t, (uint8_t)(t->width & 255));
    put_doubled(t, (uint8_t)(t->height >> 8));
    put_doubled(t, (uint8_t)(t->height & 255));
    put(t, FSK_TELNET_IAC);
    put(t, FSK_TELNET_SE);
    note(t, "us: NAWS %ux%u\n", t->width, t->height);
}

static void put_terminal(struct fsk_telnet *t)
{
    put(t, FSK_TELNET_IAC);
    put(t, FSK_TELNET_SB);
    put(t, FSK_TELNET_TTYPE);
    put(t, 0); /* IS */
    for (const char *s = t->terminal; *s; s++)
        put(t, (uint8_t)*s);
    put(t, FSK_TELNET_IAC);
    put(t, FSK_TELNET_SE);
    note(t, "us: TERMINAL-TYPE IS %s\n", t->terminal);
}

/* One event of the negotiation, and what is to be said about it. There is room for an answer. */
static void negotiate(struct fsk_telnet *t, enum fsk_telnet_side side, uint8_t option,
                      enum fsk_telnet_event event)
{
    bool was_on = fsk_telnet_on(t, side, (enum fsk_telnet_option)option);
    uint8_t verb = fsk_telnet_negotiate(&t->options[side][option], side, option, event);

    if (verb) {
        put(t, FSK_TELNET_IAC);
        put(t, verb);
        put(t, option);
        note_option(t, "us", verb, option);
    }
    bool comes_on = !was_on && fsk_telnet_on(t, side, (enum fsk_telnet_option)option);
    if (comes_on && side == FSK_TELNET_US && option == FSK_TELNET_NAWS)
        put_size(t);
}

bool fsk_telnet_on(const struct fsk_telnet *t, enum fsk_telnet_side side,
                   enum fsk_telnet_option option)
{
    return fsk_telnet_in_effect(t->options[side][option], side);
}

enum fsock_err fsk_telnet_want(struct fsk_telnet *t, enum fsk_telnet_side side,
                               enum fsk_telnet_option option, bool on)
{
    if (!fsk_telnet_has(side, (uint8_t)option))
        return FSOCK_ERR_INPUT;
    enum fsock_err err = make_room(t, FSK_TELNET_ANSWER_MAX);
    if (err == FSOCK_OK)
        negotiate(t, side, (uint8_t)option, on ? FSK_TELNET_ASK_ON : FSK_TELNET_ASK_OFF);
    return err;
}

enum fsock_err fsk_telnet_start(struct fsk_telnet *t)
{
    enum fsock_err err = make_room(t, FSK_TELNET_ANSWER_MAX);

    if (err != FSOCK_OK)
        return err;
    negotiate(t, FSK_TELNET_PEER, FSK_TELNET_SGA, FSK_TELNET_ASK_ON);
    negotiate(t, FSK_TELNET_US, FSK_TELNET_TTYPE, FSK_TELNET_ASK_ON);
    negotiate(t, FSK_TELNET_US, FSK_TELNET_NAWS, FSK_TELNET_ASK_ON);
    if (t->binary) {
        negotiate(t, FSK_TELNET_US, FSK_TELNET_BINARY, FSK_TELNET_ASK_ON);
        negotiate(t, FSK_TELNET_PEER, FSK_TELNET_BINARY, FSK_TELNET_ASK_ON);
    }
    return FSOCK_OK;
}

enum fsock_err fsk_telnet_resize(struct fsk_telnet *t, uint16_t width, uint16_t height)
{
    t->width = width;
    t->height = height;
    if (!fsk_telnet_on(t, FSK_TELNET_US, FSK_TELNET_NAWS))
        return FSOCK_OK;
    enum fsock_err err = make_room(t, FSK_TELNET_ANSWER_MAX);
    if (err == FSOCK_OK)
        put_size(t);
    return err;
}

/* ---- Receiving ------------------------------------------------------------------------------- */

/*
 * Data up to the next IAC, or the NUL behind a CR, and that byte itself. The first `literal` bytes
 * are data whatever they are.
 */
static size_t take_data(struct fsk_telnet *t, const char *in, size_t n, size_t literal,
                        struct fsk_span *data)
{
    bool text = !fsk_telnet_on(t, FSK_TELNET_PEER, FSK_TELNET_BINARY);
    size_t end = literal;

    while (end < n && (uint8_t)in[end] != FSK_TELNET_IAC && !(text && t->cr_in && !in[end]))
        t->cr_in = in[end++] == '\r';
    *data = fsk_span(in, end);
    if (end == n)
        return n;
    if ((uint8_t)in[end] == FSK_TELNET_IAC)
        t->state = AT_IAC;
    else
        t->cr_in = false;
    return end + 1;
}

static void take_option(struct fsk_telnet *t, uint8_t option)
{
    bool peers = t->verb == FSK_TELNET_WILL || t->verb == FSK_TELNET_WONT;
    bool on = t->verb == FSK_TELNET_WILL || t->verb == FSK_TELNET_DO;

    note_option(t, "peer", t->verb, option);
    negotiate(t, peers ? FSK_TELNET_PEER : FSK_TELNET_US, option,
              on ? FSK_TELNET_HEARD_ON : FSK_TELNET_HEARD_OFF);
}

static void take_subnegotiation(struct fsk_telnet *t)
{
    bool send = t->sb_len == 2 && t->sb[0] == FSK_TELNET_TTYPE && t->sb[1] == 1;

    if (send)
        note(t, "peer: TERMINAL-TYPE SEND\n");
    else if (t->sb_len)
        note_option(t, "peer", FSK_TELNET_SB, t->sb[0]);
    if (send && fsk_telnet_on(t, FSK_TELNET_US, FSK_TELNET_TTYPE))
        put_terminal(t);
}

static void take_sb_byte(struct fsk_telnet *t, uint8_t byte)
{
    if (t->sb_len < FSK_TELNET_SB_MAX)
        t->sb[t->sb_len] = byte;
    if (t->sb_len <= FSK_TELNET_SB_MAX)
        t->sb_len++;
}

/* The byte behind an IAC. */
static void take_command(struct fsk_telnet *t, uint8_t command)
{
    t->state = AT_DATA;
    if (command == FSK_TELNET_SB) {
        t->state = AT_SB;
        t->sb_len = 0;
    } else if (command >= FSK_TELNET_WILL && command <= FSK_TELNET_DONT) {
        t->state = AT_OPTION;
        t->verb = command;
    } else {
        note_command(t, "peer", command);
        if (command == FSK_TELNET_AYT)
            for (const char *s = "\r\n[yes]\r\n"; *s; s++)
                put(t, (uint8_t)*s);
    }
}

/* The byte behind an IAC in a subnegotiation. Any command ends one that lacks its own end. */
static void take_sb_command(struct fsk_telnet *t, uint8_t command)
{
    if (command == FSK_TELNET_IAC) {
        t->state = AT_SB;
        take_sb_byte(t, command);
    } else if (command == FSK_TELNET_SE) {
        t->state = AT_DATA;
        take_subnegotiation(t);
    } else {
        take_command(t, command);
    }
}

/* At least one byte; returns how many. There is room for an answer where one may be due. */
static size_t take(struct fsk_telnet *t, const char *in, size_t n, struct fsk_span *data)
{
    uint8_t byte = (uint8_t)in[0];

    switch (t->state) {
    case AT_DATA:
        return take_data(t, in, n, 0, data);
    case AT_IAC:
        if (byte == FSK_TELNET_IAC) {
            t->state = AT_DATA;
            t->cr_in = false;
            return take_data(t, in, n, 1, data);
        }
        take_command(t, byte);
        return 1;
    case AT_OPTION:
        t->state = AT_DATA;
        take_option(t, byte);
        return 1;
    case AT_SB:
        if (byte == FSK_TELNET_IAC)
            t->state = AT_SB_IAC;
        else
            take_sb_byte(t, byte);
        return 1;
    default:
        take_sb_command(t, byte);
        return 1;
    }
}

enum fsock_err fsk_telnet_receive(struct fsk_telnet *t, const char *in, size_t n, size_t *used,
                                  struct fsk_span *data)
{
    *used = 0;
    *data = fsk_span(NULL, 0);
    while (*used < n && data->n == 0) {
        if (t->state != AT_DATA && t->state != AT_SB) {
            enum fsock_err err = make_room(t, FSK_TELNET_ANSWER_MAX);
            if (err != FSOCK_OK)
                return err;
        }
        *used += take(t, in + *used, n - *used, data);
    }
    return FSOCK_OK;
}

/* ---- Sending --------------------------------------------------------------------------------- */

/* A CR that waited, with the NUL that it needs unless `next` is its LF. */
static void release_cr(struct fsk_telnet *t, int next)
{
    if (!t->cr_held)
        return;
    t->cr_held = false;
    put(t, '\r');
    if (next != '\n' && !fsk_telnet_on(t, FSK_TELNET_US, FSK_TELNET_BINARY))
        put(t, '\0');
}

static void encode(struct fsk_telnet *t, uint8_t byte)
{
    bool text = !fsk_telnet_on(t, FSK_TELNET_US, FSK_TELNET_BINARY);
    bool behind_cr = t->cr_held;

    release_cr(t, byte);
    if (text && byte == '\r' && t->keep_crlf) {
        t->cr_held = true;
        return;
    }
    if (text && byte == '\n' && !behind_cr)
        put(t, '\r');
    put_doubled(t, byte);
    if (text && byte == '\r')
        put(t, '\0');
}

enum fsock_err fsk_telnet_send(struct fsk_telnet *t, const char *in, size_t n, size_t *used)
{
    for (*used = 0; *used < n; ++*used) {
        if (fsk_buf_len(t->out) + ENCODED_MAX + FSK_TELNET_RESERVE > t->out->ceiling)
            return FSOCK_AGAIN;
        enum fsock_err err = make_room(t, ENCODED_MAX);
        if (err != FSOCK_OK)
            return err;
        encode(t, (uint8_t)in[*used]);
    }
    return FSOCK_OK;
}

enum fsock_err fsk_telnet_send_rest(struct fsk_telnet *t)
{
    enum fsock_err err = make_room(t, ENCODED_MAX);

    if (err == FSOCK_OK)
        release_cr(t, -1);
    return err;
}

enum fsock_err fsk_telnet_command(struct fsk_telnet *t, enum fsk_telnet_command command)
{
    if (command < FSK_TELNET_EOF || command > FSK_TELNET_GA || command == FSK_TELNET_SE)
        return FSOCK_ERR_INPUT;
    enum fsock_err err = make_room(t, ENCODED_MAX);
    if (err != FSOCK_OK)
        return err;
    release_cr(t, -1);
    put(t, FSK_TELNET_IAC);
    put(t, (uint8_t)command);
    note_command(t, "us", (uint8_t)command);
    return FSOCK_OK;
}
