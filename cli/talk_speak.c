#include "talk_speak.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/fault.h"
#include "quote.h"

static void advise_port(struct speaker *s)
{
    fsk_fault_hint(s->fault, "is %s spoken at this port? where TLS begins at once, use --tls",
                   s->protocol);
}

/* The stream has failed, or ended. */
static enum fsock_err broken(struct speaker *s, enum fsock_err err)
{
    if (err == FSOCK_EOF) {
        err =
            fsk_fault_set(s->fault, FSOCK_ERR_CLOSED, FSOCK_STAGE_TLS, 0,
                          "%s: the server hung up before %s was complete", s->protocol, s->awaited);
    } else {
        const struct fsock_fault *last = fsock_last_fault(s->stream);
        fsk_fault_set(s->fault, err, FSOCK_STAGE_TLS, last->sys_errno,
                      "%s: %s has not come completely: %s", s->protocol, s->awaited, last->text);
        s->fault->limit = last->limit;
        s->fault->took = last->took;
    }
    if (!s->heard)
        advise_port(s);
    return err;
}

enum fsock_err speaker_refuse(struct speaker *s, const char *format, ...)
{
    char why[512];
    va_list args;
    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    return fsk_fault_set(s->fault, FSOCK_ERR_PROTOCOL, FSOCK_STAGE_TLS, 0, "%s: %s", s->protocol,
                         why);
}

enum fsock_err speaker_refuse_answer(struct speaker *s, struct fsk_span answer)
{
    char shown[QUOTE_MAX];
    enum fsock_err err = speaker_refuse(s, "the server does not go on to TLS: %s is %s", s->awaited,
                                        quote(answer, shown, sizeof shown));
    advise_port(s);
    return err;
}

enum fsock_err speaker_refuse_offer(struct speaker *s, struct fsk_span answer)
{
    char shown[QUOTE_MAX];
    enum fsock_err err = speaker_refuse(s, "the server does not offer TLS; %s ends in %s",
                                        s->awaited, quote(answer, shown, sizeof shown));
    fsk_fault_hint(s->fault, "to talk without TLS, which others can read, drop --starttls");
    return err;
}

enum fsock_err speaker_say(struct speaker *s, const void *bytes, size_t n)
{
    enum fsock_err err = fsock_write(s->stream, bytes, n, NULL, s->deadline);
    return err == FSOCK_OK ? FSOCK_OK : broken(s, err);
}

/* Some bytes more. */
static enum fsock_err count(struct speaker *s, size_t n)
{
    s->heard += n;
    if (s->heard <= HEARD_MAX)
        return FSOCK_OK;
    return speaker_refuse(s, "the server has said more than %zu KiB, and %s is still not complete",
                          HEARD_MAX >> 10, s->awaited);
}

/*
 * Not by fsock_read_exact(), which takes what it can from the socket past the stream's buffer. As a
 * line that has room for one byte it comes through the buffer, and what was received with it stays
 * there.
 */
static enum fsock_err hear_byte(struct speaker *s, char *byte)
{
    char line[2];
    size_t n;
    enum fsock_err err = fsock_read_line(s->stream, line, sizeof line, &n, s->deadline);
    *byte = line[0];
    return err == FSOCK_OK ? count(s, n) : broken(s, err);
}

enum fsock_err speaker_hear(struct speaker *s, void *bytes, size_t n)
{
    enum fsock_err err = FSOCK_OK;
    for (size_t i = 0; i < n && err == FSOCK_OK; i++)
        err = hear_byte(s, (char *)bytes + i);
    return err;
}

enum fsock_err speaker_hear_line(struct speaker *s, char room[SPOKEN_LINE], struct fsk_span *line)
{
    size_t n;
    enum fsock_err err = fsock_read_line(s->stream, room, SPOKEN_LINE, &n, s->deadline);
    err = err == FSOCK_OK ? count(s, n) : broken(s, err);
    if (err != FSOCK_OK)
        return err;
    if (room[n - 1] != '\n' && n == SPOKEN_LINE - 1)
        return speaker_refuse(s, "%s has a line of more than %zu bytes", s->awaited, n);
    if (room[n - 1] != '\n')
        return broken(s, FSOCK_EOF);
    n -= n > 1 && room[n - 2] == '\r' ? 2 : 1;
    *line = fsk_span(room, n);
    return FSOCK_OK;
}
