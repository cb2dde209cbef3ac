/* TLS: its handshake, as far as it stands in the clear. */
#include "tracee_mean_rows.h"

/* The handshake is over, well or (alert) not. */
static void told(struct tracee_mean *mean, struct tracee_conn *conn, const char *alert)
{
    struct tracee_talk *talk = &conn->talk;
    const struct tls_hello *offer = &talk->tls->offer, *choice = &talk->tls->choice;
    char version[TLS_WORD], cipher[TLS_WORD], offered[TLS_WORD];
    bool chosen = choice->version != 0;
    MEAN_MARK(mean, conn, FSOCK_MARK_TLS, talk->id, 0, 0,
              fsk_text("version", chosen ? tls_version_word(choice->version, version) : NULL),
              fsk_text("cipher", chosen ? tls_cipher_word(choice->cipher, cipher) : NULL),
              fsk_text("alpn", choice->alpn[0] ? choice->alpn : NULL),
              fsk_text("host", offer->name[0] ? offer->name : NULL),
              fsk_text("offered_version",
                       offer->version ? tls_version_word(offer->version, offered) : NULL),
              fsk_text("offered_alpn", offer->alpn[0] ? offer->alpn : NULL),
              fsk_text("alert", alert));
    if (alert) {
        mean_done(mean, conn, talk->id, FSOCK_ERR_TLS, FSOCK_STAGE_TLS, 0, alert);
        talk->id = 0;
    }
    talk->sent = talk->answered = false;
    tracee_talk_turn(talk, TALK_OTHER);
}

static void hello(struct talk_tls *tls, struct tls_watch *from)
{
    struct tls_hello h;
    if (!tls_hello_parse(&h, fsk_buf_span(&from->hello)))
        return;
    if (h.server && h.retry) {
        tls_watch_again(&tls->client);
        tls_watch_again(&tls->server);
    } else if (h.server) {
        tls->choice = h;
    } else {
        tls->offer = h;
    }
}

/*
 * The first sealed record of the client behind the server's hello: of TLS 1.3 its Finished, of
 * those before the first of its data.
 */
void mean_tls(struct tracee_mean *mean, struct tracee_conn *conn, bool client,
              struct fsk_span bytes)
{
    char alert[TLS_WORD];
    enum tls_what what;
    struct talk_tls *tls = conn->talk.tls;
    struct tls_watch *from = client ? &tls->client : &tls->server;
    uint64_t n = bytes.n;
    while ((what = tls_watch_next(from, &bytes)) != TLS_MORE) {
        if (what == TLS_HELLO) {
            hello(tls, from);
        } else if (what == TLS_ALERT) {
            told(mean, conn, tls_alert_word(from->alert, alert));
            return;
        } else if (what == TLS_SEALED && client && tls->choice.version) {
            bool data = tls->choice.version < 0x0304;
            told(mean, conn, NULL);
            if (data)
                mean_plain(mean, conn, true, n);
            return;
        } else if (what == TLS_BROKEN) {
            tracee_talk_turn(&conn->talk, TALK_OTHER);
            mean_plain(mean, conn, client, n);
            return;
        }
    }
}
