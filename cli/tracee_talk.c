#include "tracee_talk.h"

#include <stdlib.h>

void tracee_talk_init(struct tracee_talk *talk)
{
    *talk = (struct tracee_talk){.fd = -1};
}

static void free_parts(struct tracee_talk *talk)
{
    if (talk->http) {
        http_watch_fini(&talk->http->request);
        http_watch_fini(&talk->http->response);
    }
    if (talk->tls) {
        tls_watch_fini(&talk->tls->client);
        tls_watch_fini(&talk->tls->server);
    }
    if (talk->dns) {
        fsk_buf_fini(&talk->dns->out);
        fsk_buf_fini(&talk->dns->in);
    }
    free(talk->http);
    free(talk->tls);
    free(talk->dns);
    talk->http = NULL;
    talk->tls = NULL;
    talk->dns = NULL;
}

void tracee_talk_fini(struct tracee_talk *talk)
{
    free_parts(talk);
}

void tracee_talk_peer(struct tracee_talk *talk, const struct fsk_sockaddr *peer)
{
    fsk_sockaddr_format(peer, talk->peer);
    fsk_sockaddr_to_addr(&talk->addr, peer);
}

void tracee_talk_found(struct tracee_talk *talk, const struct fsk_sockaddr *peer)
{
    tracee_talk_peer(talk, peer);
    talk->open = true;
}

static bool make_http(struct tracee_talk *talk)
{
    talk->http = calloc(1, sizeof *talk->http);
    if (!talk->http)
        return false;
    http_watch_init(&talk->http->request, false);
    http_watch_init(&talk->http->response, true);
    return true;
}

static bool make_tls(struct tracee_talk *talk)
{
    talk->tls = calloc(1, sizeof *talk->tls);
    if (!talk->tls)
        return false;
    tls_watch_init(&talk->tls->client);
    tls_watch_init(&talk->tls->server);
    return true;
}

static bool make_dns(struct tracee_talk *talk)
{
    enum { MESSAGE_MAX = 2 + 65535 };
    talk->dns = calloc(1, sizeof *talk->dns);
    if (!talk->dns)
        return false;
    fsk_buf_init(&talk->dns->out, MESSAGE_MAX);
    fsk_buf_init(&talk->dns->in, MESSAGE_MAX);
    return true;
}

bool tracee_talk_turn(struct tracee_talk *talk, enum talk_kind kind)
{
    free_parts(talk);
    bool fine = kind == TALK_HTTP  ? make_http(talk)
                : kind == TALK_TLS ? make_tls(talk)
                : kind == TALK_DNS ? make_dns(talk)
                                   : true;
    talk->kind = fine ? kind : TALK_OTHER;
    return fine;
}
