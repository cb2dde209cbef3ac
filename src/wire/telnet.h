/*
 * telnet.h - the telnet protocol (RFC 854, 855) from a client's side, as the bytes come and go.
 *
 * A state machine in a struct that the caller owns; no descriptor, no clock, nothing allocated but
 * in the caller's buffers. Received bytes go through fsk_telnet_receive(), which hands out the data
 * as spans of the input and answers the peer's negotiation. What the user types goes through
 * fsk_telnet_send(). Both append to one buffer, `out`, whose bytes the caller sends in their order:
 * whether data is text or binary depends on where among the answers it stands.
 *
 *     fsk_telnet_init(&t, &setup);
 *     fsk_telnet_start(&t);
 *     for each piece in[0 .. n) that was received, until all of it is used:
 *         err = fsk_telnet_receive(&t, in, n, &used, &data);
 *         show data, move in and n on by used
 *         on FSOCK_AGAIN, send some of `out` before going on
 *
 * Options: BINARY (RFC 856) and SUPPRESS-GO-AHEAD (858) both ways; ECHO (857) by the peer; our
 * TERMINAL-TYPE (1091) and NAWS (1073). All others are refused, each of them once. Negotiation is
 * that of RFC 1143, so it comes to an end whatever the peer does. A flood of requests fills no
 * more than `out`: then receiving has to wait until the peer takes the answers.
 *
 * TCP's urgent data, which Synch is made of, is the caller's affair; here DM does nothing.
 */
#ifndef FSK_TELNET_H
#define FSK_TELNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <fsock.h>

#include "base/buf.h"
#include "base/span.h"

enum fsk_telnet_command {
    FSK_TELNET_EOF = 236,
    FSK_TELNET_SUSP = 237,
    FSK_TELNET_ABORT = 238,
    FSK_TELNET_EOR = 239,
    FSK_TELNET_SE = 240,
    FSK_TELNET_NOP = 241,
    FSK_TELNET_DM = 242,
    FSK_TELNET_BRK = 243,
    FSK_TELNET_IP = 244,
    FSK_TELNET_AO = 245,
    FSK_TELNET_AYT = 246,
    FSK_TELNET_EC = 247,
    FSK_TELNET_EL = 248,
    FSK_TELNET_GA = 249,
    FSK_TELNET_SB = 250,
    FSK_TELNET_WILL = 251,
    FSK_TELNET_WONT = 252,
    FSK_TELNET_DO = 253,
    FSK_TELNET_DONT = 254,
    FSK_TELNET_IAC = 255
};

/* The options that are not refused. */
enum fsk_telnet_option {
    FSK_TELNET_BINARY = 0,
    FSK_TELNET_ECHO = 1,
    FSK_TELNET_SGA = 3,
    FSK_TELNET_TTYPE = 24,
    FSK_TELNET_NAWS = 31
};

/* Who does what an option names. */
enum fsk_telnet_side {
    FSK_TELNET_US,  /* offered by WILL, asked for by the peer's DO */
    FSK_TELNET_PEER /* asked for by DO, offered by the peer's WILL */
};

/* A terminal's name has at most this many bytes. */
#define FSK_TELNET_NAME_MAX 40

/* The longest answer to one request is shorter than this. */
#define FSK_TELNET_ANSWER_MAX 64

/* Data leaves so much of `out` free, so that answers have room while the peer takes no data. */
#define FSK_TELNET_RESERVE (4 * FSK_TELNET_ANSWER_MAX)

/* The ceiling of `out` is to be at least this. */
#define FSK_TELNET_OUT_MIN 1024

/* Subnegotiations of more bytes than this are ignored. Those that we answer have two. */
#define FSK_TELNET_SB_MAX 8

struct fsk_telnet {
    struct fsk_buf *out, *log;
    uint8_t options[2][256]; /* how far each is, by side: states of RFC 1143, see telnet.c */
    char terminal[FSK_TELNET_NAME_MAX + 1];
    uint16_t width, height;
    bool binary, keep_crlf; /* as in the setup */

    uint8_t state;  /* of the receiver: what the next byte is, see telnet.c */
    uint8_t verb;   /* WILL to DONT, whose option is the next byte */
    bool cr_in;     /* the last data byte was a CR; commands don't count */
    uint8_t sb_len; /* bytes of this subnegotiation; above FSK_TELNET_SB_MAX: too long */
    uint8_t sb[FSK_TELNET_SB_MAX];

    bool cr_held; /* of the sender: the last byte given was a CR and is not yet in `out` */
};

struct fsk_telnet_setup {
    const char *terminal;   /* $TERM; copied, and sent in upper case as by all other clients */
    uint16_t width, height; /* of the window, in characters; 0 = not known */
    bool binary;            /* fsk_telnet_start() asks for BINARY, both ways */
    bool keep_crlf;         /* see fsk_telnet_send() */
    struct fsk_buf *out;    /* bytes for the peer */
    struct fsk_buf *log;    /* lines about the negotiation; or NULL */
};

/*
 * Ready for a new connection. The buffers are borrowed. A terminal's name that is NULL, empty, too
 * long or anything but printable ASCII without spaces becomes "UNKNOWN" (RFC 1091).
 *
 * The log gets a line, with LF, for each command: `peer: WILL ECHO`, `us: DO ECHO`, `us: NAWS
 * 80x24`. It holds names, numbers and our own terminal's name, never the peer's bytes. The caller
 * takes the lines out of it; one that has no room is lost.
 */
void fsk_telnet_init(struct fsk_telnet *t, const struct fsk_telnet_setup *setup);

/*
 * Begin the negotiation: offer TERMINAL-TYPE and NAWS, ask for SUPPRESS-GO-AHEAD, and, if that was
 * set up, both for BINARY. Not needed: a client that doesn't call it answers what a server begins,
 * and says nothing to one that speaks no telnet. FSOCK_AGAIN, FSOCK_ERR_MEMORY: nothing was done.
 */
enum fsock_err fsk_telnet_start(struct fsk_telnet *t);

/*
 * Take in[0 .. n) apart. *used says how many bytes are done with, *data which of them are data: it
 * points into in, and may be empty. Call again with the rest until all is used.
 *
 * In text, a NUL behind a CR is left out, and everything else stays as it came, CR LF too. In
 * binary all bytes are data. Commands are taken out and do nothing, except that an AYT is answered
 * by a line "[yes]". fsk_telnet_on(), asked after a call, tells what holds for that call's data.
 *
 * FSOCK_OK; FSOCK_AGAIN if an answer is due and `out` has no room: send, then call again with the
 * rest; FSOCK_ERR_MEMORY likewise, when there may be some.
 */
enum fsock_err fsk_telnet_receive(struct fsk_telnet *t, const char *in, size_t n, size_t *used,
                                  struct fsk_span *data);

/*
 * Append data for the peer to `out`. *used says how many of the bytes are done with, in any case.
 *
 * In binary only IAC is doubled. In text, LF becomes CR LF, and CR becomes CR NUL: the return key
 * of a raw terminal. With keep_crlf, for files that may have either kind of lines, CR LF stays CR
 * LF, wherever the input is split; so a CR waits for the byte behind it, or for
 * fsk_telnet_send_rest().
 *
 * FSOCK_OK if all is used; FSOCK_AGAIN if `out` is full but for FSK_TELNET_RESERVE;
 * FSOCK_ERR_MEMORY.
 */
enum fsock_err fsk_telnet_send(struct fsk_telnet *t, const char *in, size_t n, size_t *used);

/* There is no more data for now: append a CR that waits. FSOCK_AGAIN, FSOCK_ERR_MEMORY as above. */
enum fsock_err fsk_telnet_send_rest(struct fsk_telnet *t);

/*
 * Append a command, behind all data given so far: BRK, IP, AYT ... FSOCK_ERR_INPUT for those that
 * are not of two bytes (SE, SB to IAC). FSOCK_AGAIN, FSOCK_ERR_MEMORY: nothing was done.
 */
enum fsock_err fsk_telnet_command(struct fsk_telnet *t, enum fsk_telnet_command command);

/*
 * The window has another size. The peer is told if NAWS is on, or else when it comes on.
 * FSOCK_AGAIN, FSOCK_ERR_MEMORY: it was not told; call again when it can be.
 */
enum fsock_err fsk_telnet_resize(struct fsk_telnet *t, uint16_t width, uint16_t height);

/*
 * Ask for an option to be on or off. The peer may refuse; nothing is said if it is so already, or
 * being asked. FSOCK_ERR_INPUT for an option that we don't have on this side; FSOCK_AGAIN,
 * FSOCK_ERR_MEMORY: nothing was done.
 */
enum fsock_err fsk_telnet_want(struct fsk_telnet *t, enum fsk_telnet_side side,
                               enum fsk_telnet_option option, bool on);

/*
 * Whether an option is on: for what we send from now on, or for what has been received up to now.
 * A terminal shows what is typed unless the peer's ECHO is on; it gives characters, not lines,
 * when the peer's SUPPRESS-GO-AHEAD is on as well.
 */
bool fsk_telnet_on(const struct fsk_telnet *t, enum fsk_telnet_side side,
                   enum fsk_telnet_option option);

/* "ECHO", "AYT"; static, or NULL for numbers without a name. */
const char *fsk_telnet_option_name(uint8_t option);
const char *fsk_telnet_command_name(uint8_t command);

#endif
