/*
 * script_rig.h - a script that speaks with a table of answers instead of a server.
 */
#ifndef FSK_TEST_SCRIPT_RIG_H
#define FSK_TEST_SCRIPT_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "wire/script.h"
#include "wire/service.h"

/* What the server says when it hears this; "" at first: its greeting. NULL: it hangs up. */
struct scene {
    const char *heard, *says;
};

struct rig {
    struct fsk_wish wish;
    struct fsk_script script;
    struct fsk_service_target target;
    char said[8192]; /* all that we have said; "<TLS>" where that begins */
    size_t n;
};

static const unsigned char rig_nonce[FSK_SASL_NONCE] = "123456789012345678";

static inline void rig_init(struct rig *r, const char *target)
{
    char why[FSK_ENDPOINT_WHY];
    memset(r, 0, sizeof *r);
    struct fsk_span none = {"", 0};
    r->wish = (struct fsk_wish){.user = none,
                                .password = none,
                                .mechanism = none,
                                .myself = fsk_span_str("me.test"),
                                .host = none,
                                .server = none,
                                .path = none,
                                .sender = none,
                                .send = none,
                                .expect = none};
    if (!fsk_service_parse(fsk_span_str(target), &r->target, why))
        fail_msg("%s", why);
}

static inline void rig_login(struct rig *r, const char *user, const char *password)
{
    r->wish.login = true;
    r->wish.user = fsk_span_str(user);
    r->wish.password = fsk_span_str(password);
}

/* What has been said goes into the record; returns the server's answer. */
static inline const char *rig_say(struct rig *r, const struct scene *scene)
{
    struct fsk_span out = fsk_buf_span(&r->script.out);
    char line[4096];
    assert_true(out.n < sizeof line && r->n + out.n < sizeof r->said);
    memcpy(line, out.p, out.n);
    line[out.n] = '\0';
    memcpy(r->said + r->n, line, out.n + 1);
    r->n += out.n;
    fsk_script_said(&r->script);
    for (const struct scene *s = scene; s->heard; s++)
        if (s->heard[0] && strncmp(line, s->heard, strlen(s->heard)) == 0)
            return s->says;
    return "";
}

/* Speak until it is over; the server's bytes come in pieces of this size. */
static inline enum fsock_err rig_run(struct rig *r, const struct scene *scene, size_t piece)
{
    const char *incoming = scene->heard[0] ? "" : scene->says;
    bool tls = r->target.service->transport == FSK_TLS;
    assert_null(fsk_wish_check(&r->wish));
    fsk_script_init(&r->script, r->target.service, &r->wish, tls, rig_nonce);
    for (unsigned turns = 0; turns < 100000; turns++) {
        switch (fsk_script_next(&r->script)) {
        case FSK_SCRIPT_SAY:
            incoming = rig_say(r, scene);
            break;
        case FSK_SCRIPT_HEAR:
            if (!incoming || !incoming[0]) {
                fsk_script_ended(&r->script);
            } else {
                size_t n = strlen(incoming);
                n = n < piece ? n : piece;
                fsk_script_heard(&r->script, incoming, n);
                incoming += n;
            }
            break;
        case FSK_SCRIPT_TLS:
            strcpy(r->said + r->n, "<TLS>");
            r->n += 5;
            incoming = "";
            fsk_script_secured(&r->script);
            break;
        case FSK_SCRIPT_WORK:
            break;
        case FSK_SCRIPT_OVER:
            return r->script.err;
        }
    }
    fail_msg("it does not end: %s", r->said);
    return FSOCK_AGAIN;
}

/* The value of a fact; "" if there is none. */
static inline const char *rig_fact(const struct rig *r, const char *key)
{
    struct fsk_span rest = fsk_buf_span(&r->script.facts);
    for (size_t at = 0; at < rest.n;) {
        const char *name = rest.p + at, *value = name + strlen(name) + 1;
        if (strcmp(name, key) == 0)
            return value;
        at = (size_t)(value - rest.p) + strlen(value) + 1;
    }
    return "";
}

static inline void rig_fini(struct rig *r)
{
    fsk_script_fini(&r->script);
}

#endif
