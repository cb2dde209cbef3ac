#include "talk_starttls.h"

#include <string.h>

#include "talk_lines.h"
#include "talk_packets.h"
#include "talk_xmpp.h"

static const struct protocol {
    const char *name;
    const struct move *moves; /* of a protocol of lines; NULL: it is none */
    enum fsock_err (*speak)(struct speaker *s);
} protocols[] = {
    {"smtp",        talk_moves_smtp,  NULL                 },
    {"lmtp",        talk_moves_lmtp,  NULL                 },
    {"pop3",        talk_moves_pop3,  NULL                 },
    {"imap",        talk_moves_imap,  NULL                 },
    {"ftp",         talk_moves_ftp,   NULL                 },
    {"nntp",        talk_moves_nntp,  NULL                 },
    {"sieve",       talk_moves_sieve, NULL                 },
    {"irc",         talk_moves_irc,   NULL                 },
    {"xmpp",        NULL,             talk_xmpp_client     },
    {"xmpp-server", NULL,             talk_xmpp_server     },
    {"ldap",        NULL,             talk_packets_ldap    },
    {"postgres",    NULL,             talk_packets_postgres},
    {"mysql",       NULL,             talk_packets_mysql   },
};

static const struct protocol *find(const char *name)
{
    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++)
        if (strcmp(protocols[i].name, name) == 0)
            return &protocols[i];
    return NULL;
}

const char *talk_starttls_unknown(const char *protocol)
{
    return find(protocol) ? NULL
                          : "--starttls needs a protocol, one of " TALK_STARTTLS_NAMES
                            "; where TLS begins at once, use --tls";
}

/* Put TLS on a stream whose peer is ready for it. */
static enum fsock_err start_tls(struct speaker *s, const struct fsock_options *options)
{
    bool named = (options && options->tls_name) || !s->host || !s->host[0];
    enum fsock_err err = fsock_start_tls(s->stream, named ? NULL : s->host, options, s->deadline);
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
    const struct protocol *p = find(protocol);
    struct speaker s = {
        .stream = stream,
        .protocol = protocol,
        .host = host,
        .awaited = "its answer",
        .deadline = deadline == FSOCK_NOW ? fsock_now() : deadline,
        .fault = fault,
    };
    *fault = (struct fsock_fault){.err = FSOCK_OK};
    if (!p)
        return speaker_refuse(&s, "%s", talk_starttls_unknown(protocol));
    enum fsock_err err = p->moves ? talk_lines(&s, p->moves) : p->speak(&s);
    return err == FSOCK_OK ? start_tls(&s, options) : err;
}
