#include "wire/telnet_option.h"

/*
 * The states of RFC 1143 for one side of one option; `..._BACK` has the queue bit "opposite". And
 * one more, for options that we don't have.
 */
enum state {
    NO,
    YES,
    WANT_NO,       /* we have said that it is to be off, and wait for the answer */
    WANT_NO_BACK,  /* the same, and then want it on again */
    WANT_YES,      /* we have asked for it */
    WANT_YES_BACK, /* the same, and then want it off again */
    REFUSED        /* off; the peer has asked for it and been told */
};

enum speech { SILENT, SAY_ON, SAY_OFF };

/*
 * RFC 1143 section 7: the state after each event, and what is said on the way. The answer to a
 * request of ours isn't answered, and a state that is there already isn't spoken of: that is why
 * there are no loops. If a peer answers "off" by "on", which it may not, then our wish holds.
 */
static const uint8_t next[][4] = {
  /* HEARD_ON, HEARD_OFF, ASK_ON, ASK_OFF */
    {YES,     NO,       WANT_YES,     NO           }, /* NO */
    {YES,     NO,       YES,          WANT_NO      }, /* YES */
    {NO,      NO,       WANT_NO_BACK, WANT_NO      }, /* WANT_NO */
    {YES,     WANT_YES, WANT_NO_BACK, WANT_NO      }, /* WANT_NO_BACK */
    {YES,     NO,       WANT_YES,     WANT_YES_BACK}, /* WANT_YES */
    {WANT_NO, NO,       WANT_YES,     WANT_YES_BACK}, /* WANT_YES_BACK */
};

static const uint8_t says[][4] = {
  /* HEARD_ON, HEARD_OFF, ASK_ON, ASK_OFF */
    {SAY_ON,  SILENT,  SAY_ON, SILENT }, /* NO */
    {SILENT,  SAY_OFF, SILENT, SAY_OFF}, /* YES */
    {SILENT,  SILENT,  SILENT, SILENT }, /* WANT_NO */
    {SILENT,  SAY_ON,  SILENT, SILENT }, /* WANT_NO_BACK */
    {SILENT,  SILENT,  SILENT, SILENT }, /* WANT_YES */
    {SAY_OFF, SILENT,  SILENT, SILENT }, /* WANT_YES_BACK */
};

bool fsk_telnet_has(enum fsk_telnet_side side, uint8_t option)
{
    switch (option) {
    case FSK_TELNET_BINARY:
    case FSK_TELNET_SGA:
        return true;
    case FSK_TELNET_ECHO:
        return side == FSK_TELNET_PEER;
    case FSK_TELNET_TTYPE:
    case FSK_TELNET_NAWS:
        return side == FSK_TELNET_US;
    default:
        return false;
    }
}

static uint8_t verb_for(enum fsk_telnet_side side, uint8_t say)
{
    if (say == SILENT)
        return 0;
    if (side == FSK_TELNET_US)
        return say == SAY_ON ? FSK_TELNET_WILL : FSK_TELNET_WONT;
    return say == SAY_ON ? FSK_TELNET_DO : FSK_TELNET_DONT;
}

uint8_t fsk_telnet_negotiate(uint8_t *state, enum fsk_telnet_side side, uint8_t option,
                             enum fsk_telnet_event event)
{
    if (!fsk_telnet_has(side, option)) {
        bool answer = event == FSK_TELNET_HEARD_ON && *state != REFUSED;
        *state = answer ? REFUSED : *state;
        return verb_for(side, answer ? SAY_OFF : SILENT);
    }
    uint8_t say = says[*state][event];
    *state = next[*state][event];
    return verb_for(side, say);
}

bool fsk_telnet_in_effect(uint8_t state, enum fsk_telnet_side side)
{
    /* We stop when we say so; the peer when it has heard us, which its answer tells. */
    bool ending = state == WANT_NO || state == WANT_NO_BACK;
    return state == YES || (side == FSK_TELNET_PEER && ending);
}

static const char *const option_names[] = {
    [0] = "BINARY",
    [1] = "ECHO",
    [3] = "SUPPRESS-GO-AHEAD",
    [5] = "STATUS",
    [6] = "TIMING-MARK",
    [18] = "LOGOUT",
    [24] = "TERMINAL-TYPE",
    [25] = "END-OF-RECORD",
    [31] = "NAWS",
    [32] = "TERMINAL-SPEED",
    [33] = "REMOTE-FLOW-CONTROL",
    [34] = "LINEMODE",
    [35] = "X-DISPLAY-LOCATION",
    [36] = "ENVIRON",
    [37] = "AUTHENTICATION",
    [38] = "ENCRYPT",
    [39] = "NEW-ENVIRON",
    [40] = "TN3270E",
    [42] = "CHARSET",
    [44] = "COM-PORT-OPTION",
    [46] = "START-TLS",
};

const char *fsk_telnet_option_name(uint8_t option)
{
    return option < sizeof(option_names) / sizeof(*option_names) ? option_names[option] : NULL;
}

const char *fsk_telnet_command_name(uint8_t command)
{
    static const char *const names[] = {
        "EOF", "SUSP", "ABORT", "EOR", "SE", "NOP",  "DM",   "BRK", "IP",   "AO",
        "AYT", "EC",   "EL",    "GA",  "SB", "WILL", "WONT", "DO",  "DONT", "IAC",
    };
    return command < FSK_TELNET_EOF ? NULL : names[command - FSK_TELNET_EOF];
}
