#include "talk_starttls.h"

#include "base/fault.h"
#include "wire/script.h"
#include "wire/service.h"

/*
 * Who greets: an address literal (RFC 5321 4.1.3). It is always well-formed, needs no look-up,
 * tells nothing about this machine, and no server can find that the name doesn't exist. TLS makes
 * the greeting void; the user's own comes afterwards.
 */
#define MYSELF "[127.0.0.1]"

#define RECEIVED_AT_ONCE 4096

struct speaker {
    fsock_stream *stream;
    const char *protocol;
    fsock_time deadline; /* of all of it */
    bool heard;          /* the peer has said anything */
    struct fsk_script script;
    struct fsock_fault *fault;
};

static const struct fsk_service *find(const char *name)
{
    const struct fsk_service *service = fsk_service_find(fsk_span_str(name));
    return service && service->can & FSK_CAN_LATER ? service : NULL;
}

const char *talk_starttls_unknown(const char *protocol)
{
    return find(protocol) ? NULL
                          : "--starttls needs a protocol, one of " TALK_STARTTLS_NAMES
                            "; where TLS begins at once, use --tls";
}

/* ---- What went wrong ------------------------------------------------------------------------- */

static void advise_port(struct speaker *s)
{
    fsk_fault_hint(s->fault, "is %s spoken at this port? where TLS begins at once, use --tls",
                   s->protocol);
}

/* The stream has failed. */
static enum fsock_err broken(struct speaker *s, enum fsock_err err)
{
    const struct fsock_fault *last = fsock_last_fault(s->stream);
    fsk_fault_set(s->fault, err, FSOCK_STAGE_TLS, last->sys_errno,
                  "%s: %s has not come completely: %s", s->protocol, fsk_script_awaits(&s->script),
                  last->text);
    s->fault->limit = last->limit;
    s->fault->took = last->took;
    if (!s->heard)
        advise_port(s);
    return err;
}

/* The server has hung up, does not want, or speaks something else: the script has said how. */
static enum fsock_err refused(struct speaker *s)
{
    enum fsock_err err = s->script.err;
    if (err != FSOCK_ERR_CLOSED && err != FSOCK_ERR_MEMORY)
        err = FSOCK_ERR_PROTOCOL;
    fsk_fault_set(s->fault, err, FSOCK_STAGE_TLS, 0, "%s: %s", s->protocol, s->script.why);
    if (s->script.stage == FSOCK_STAGE_TLS)
        fsk_fault_hint(s->fault, "to talk without TLS, which others can read, drop --starttls");
    else if (err == FSOCK_ERR_PROTOCOL || !s->heard)
        advise_port(s);
    return err;
}

/* ---- The words ------------------------------------------------------------------------------- */

static enum fsock_err say(struct speaker *s)
{
    struct fsk_span out = fsk_buf_span(&s->script.out);
    enum fsock_err err = fsock_write(s->stream, out.p, out.n, NULL, s->deadline);
    if (err != FSOCK_OK)
        return broken(s, err);
    fsk_script_said(&s->script);
    return FSOCK_OK;
}

static enum fsock_err hear(struct speaker *s)
{
    char room[RECEIVED_AT_ONCE];
    size_t n;
    enum fsock_err err = fsock_read(s->stream, room, sizeof room, &n, s->deadline);
    if (err == FSOCK_EOF) {
        fsk_script_ended(&s->script);
        return FSOCK_OK;
    }
    if (err != FSOCK_OK)
        return broken(s, err);
    s->heard = true;
    fsk_script_heard(&s->script, room, n);
    return FSOCK_OK;
}

/* Up to TLS. Of a polite end there is nothing to be said: the user is told why, and hangs up. */
static enum fsock_err speak(struct speaker *s)
{
    for (;;) {
        enum fsk_script_turn turn = fsk_script_next(&s->script);
        enum fsock_err err = FSOCK_OK;
        if (s->script.err != FSOCK_OK)
            return refused(s);
        if (turn == FSK_SCRIPT_SAY)
            err = say(s);
        else if (turn == FSK_SCRIPT_HEAR)
            err = hear(s);
        else
            return FSOCK_OK; /* a script that must have TLS comes to nothing else */
        if (err != FSOCK_OK)
            return err;
    }
}

/* Put TLS on a stream whose peer is ready for it. */
static enum fsock_err start_tls(struct speaker *s, const char *host,
                                const struct fsock_options *options)
{
    size_t early = fsk_buf_len(&s->script.in_buf);
    if (early)
        return fsk_fault_set(s->fault, FSOCK_ERR_PROTOCOL, FSOCK_STAGE_TLS, 0,
                             "%s: %zu bytes came before TLS, which would be taken for protected "
                             "ones",
                             s->protocol, early);
    bool named = (options && options->tls_name) || !host[0];
    enum fsock_err err = fsock_start_tls(s->stream, named ? NULL : host, options, s->deadline);
    if (err != FSOCK_OK) {
        *s->fault = *fsock_last_fault(s->stream);
        s->fault->stage = FSOCK_STAGE_TLS;
    }
    return err;
}

enum fsock_err talk_starttls(fsock_stream *stream, const char *protocol, const char *host,
                             const struct fsock_options *options, fsock_time deadline,
                             struct fsock_fault *fault)
{
    static const unsigned char nonce[FSK_SASL_NONCE]; /* of logins, and nobody logs in */
    const struct fsk_service *service = find(protocol);
    host = host ? host : "";
    const struct fsk_wish wish = {
        .starttls = FSOCK_STARTTLS_REQUIRE,
        .myself = FSK_SPAN(MYSELF),
        .server = fsk_span_str(host),
    };
    struct speaker s = {
        .stream = stream,
        .protocol = protocol,
        .deadline = deadline == FSOCK_NOW ? fsock_now() : deadline,
        .fault = fault,
    };
    *fault = (struct fsock_fault){.err = FSOCK_OK};
    if (!service)
        return fsk_fault_set(fault, FSOCK_ERR_PROTOCOL, FSOCK_STAGE_TLS, 0, "%s: %s", protocol,
                             talk_starttls_unknown(protocol));
    fsk_script_init(&s.script, service, &wish, false, nonce);
    enum fsock_err err = speak(&s);
    if (err == FSOCK_OK)
        err = start_tls(&s, host, options);
    fsk_script_fini(&s.script);
    return err;
}
