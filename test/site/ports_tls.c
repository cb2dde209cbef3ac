/* ports_tls.c: ports that misbehave in the TLS handshake. */
#include "body.h"
#include "cert.h"
#include "ports.h"

#include <stdlib.h>
#include <string.h>

static void input_reset(struct conn *c)
{
    if (c->in_len)
        conn_reset(c);
    else if (c->eof)
        conn_close(c);
}

void accepted_tls_reset(struct conn *c)
{
    c->input = input_reset;
}

static void input_fin(struct conn *c)
{
    conn_eat(c, c->in_len);
    say_close(c);
}

static void input_wait_fin(struct conn *c)
{
    if (c->in_len || c->eof)
        input_fin(c);
}

void accepted_tls_fin(struct conn *c)
{
    c->input = input_wait_fin;
}

static void input_alert(struct conn *c)
{
    if (c->in_len)
        say_bytes(c, "\x15\x03\x03\0\x02\x02\x28", 7); /* fatal, handshake_failure */
    if (c->in_len || c->eof)
        input_fin(c);
}

void accepted_tls_alert(struct conn *c)
{
    c->input = input_alert;
}

static void input_garbage(struct conn *c)
{
    char noise[1000];
    body_random(1, noise, sizeof noise);
    if (c->in_len)
        say_bytes(c, noise, sizeof noise);
    if (c->in_len || c->eof)
        input_fin(c);
}

void accepted_tls_garbage(struct conn *c)
{
    c->input = input_garbage;
}

/* A handshake in memory: what OpenSSL wants to say is dripped. */
static void input_drip(struct conn *c)
{
    SSL *ssl = c->state;
    char flight[16384];
    if (c->eof) {
        conn_close(c);
        return;
    }
    if (!c->in_len)
        return;
    BIO_write(SSL_get_rbio(ssl), c->in, (int)c->in_len);
    conn_eat(c, c->in_len);
    SSL_do_handshake(ssl);
    int n = BIO_read(SSL_get_wbio(ssl), flight, sizeof flight);
    if (n > 0)
        say_drip(c, flight, (size_t)n, (uint64_t)n, 1, 500);
}

static void hangup_drip(struct conn *c)
{
    SSL_free(c->state);
    c->state = NULL;
}

void accepted_tls_drip(struct conn *c)
{
    SSL *ssl = SSL_new(c->svc->ctx);
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    if (!ssl || !in || !out)
        die("TLS");
    SSL_set_bio(ssl, in, out);
    SSL_set_accept_state(ssl);
    c->state = ssl;
    c->input = input_drip;
    c->hangup = hangup_drip;
}
