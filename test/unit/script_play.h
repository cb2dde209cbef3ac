/*
 * script_play.h - a script that is played line by line: what is to be said, to the byte, and what
 * the server answers, in pieces of any size.
 */
#ifndef FSK_TEST_SCRIPT_PLAY_H
#define FSK_TEST_SCRIPT_PLAY_H

#include "script_rig.h"

#define BYTES(s) s, sizeof(s) - 1

/* What is said, and the server's answer. */
struct line {
    const char *told;
    size_t told_n;
    const char *says;
    size_t says_n;
};

#define GREETS(says)                                                                               \
    {                                                                                              \
        BYTES(""), BYTES(says)                                                                     \
    }
#define LINE(told, says)                                                                           \
    {                                                                                              \
        BYTES(told), BYTES(says)                                                                   \
    }
#define TLS(says)                                                                                  \
    {                                                                                              \
        BYTES("<TLS>"), BYTES(says)                                                                \
    }
#define LAST(told)                                                                                 \
    {                                                                                              \
        BYTES(told), BYTES("")                                                                     \
    }
#define END                                                                                        \
    {                                                                                              \
        NULL, 0, NULL, 0                                                                           \
    }

static const size_t pieces[] = {1, 2, 5, 4096};
enum { PIECES = sizeof pieces / sizeof *pieces };

static struct rig rig;

struct play {
    const struct line *line; /* the next one */
    const char *says;        /* what the server still has to say */
    size_t n;
};

static inline void take_line(struct play *p, const char *told, size_t n)
{
    if (!p->line->told)
        fail_msg("nothing more was to be said, but %.*s", (int)n, told);
    if (p->line->told_n != n || memcmp(p->line->told, told, n) != 0)
        fail_msg("'%s' was to be said, but '%.*s'", p->line->told, (int)n, told);
    p->says = p->line->says;
    p->n = p->line->says_n;
    p->line++;
}

static inline void say(struct play *p)
{
    struct fsk_span out = fsk_buf_span(&rig.script.out);
    if (out.n)
        take_line(p, out.p, out.n);
    fsk_script_said(&rig.script);
}

static inline void hear(struct play *p, size_t piece)
{
    size_t n = p->n < piece ? p->n : piece;
    if (!n) {
        fsk_script_ended(&rig.script);
        return;
    }
    fsk_script_heard(&rig.script, p->says, n);
    p->says += n;
    p->n -= n;
}

static inline enum fsock_err play(const struct line *lines, size_t piece)
{
    struct play p = {.line = lines, .says = ""};
    const struct fsk_service *service = rig.target.service;
    assert_null(fsk_service_refuses(service, &rig.wish));
    assert_null(fsk_wish_check(&rig.wish));
    fsk_script_init(&rig.script, service, &rig.wish, service->transport == FSK_TLS, rig_nonce);
    if (!lines->told_n)
        take_line(&p, "", 0);
    for (unsigned turns = 0; turns < 10000; turns++)
        switch (fsk_script_next(&rig.script)) {
        case FSK_SCRIPT_SAY:
            say(&p);
            break;
        case FSK_SCRIPT_HEAR:
            hear(&p, piece);
            break;
        case FSK_SCRIPT_TLS:
            take_line(&p, "<TLS>", 5);
            fsk_script_secured(&rig.script);
            break;
        case FSK_SCRIPT_WORK:
            break;
        case FSK_SCRIPT_OVER:
            if (p.line->told)
                fail_msg("'%s' was to be said: %s", p.line->told, rig.script.why);
            return rig.script.err;
        }
    fail_msg("it does not end");
    return FSOCK_AGAIN;
}

/* The same in pieces of any size; the last one is left to be looked at. */
static inline void goes(const char *target, void (*set)(struct fsk_wish *),
                        const struct line *lines, enum fsock_err err)
{
    for (size_t i = 0; i < PIECES; i++) {
        rig_init(&rig, target);
        rig.wish.path = rig.target.path;
        rig.wish.server = rig.target.endpoint.host;
        set(&rig.wish);
        enum fsock_err got = play(lines, pieces[i]);
        if (got != err)
            fail_msg("%s: %s: %s", target, fsock_err_name(got), rig.script.why);
        if (i < PIECES - 1)
            rig_fini(&rig);
    }
}

static inline void fails(const char *target, void (*set)(struct fsk_wish *),
                         const struct line *lines, enum fsock_err err, const char *words)
{
    goes(target, set, lines, err);
    if (!strstr(rig.script.why, words))
        fail_msg("%s", rig.script.why);
    rig_fini(&rig);
}

/* ---- Wishes ---------------------------------------------------------------------------------- */

static inline void none(struct fsk_wish *wish)
{
    (void)wish;
}

static inline void must(struct fsk_wish *wish)
{
    wish->starttls = FSOCK_STARTTLS_REQUIRE;
}

static inline void plain(struct fsk_wish *wish)
{
    wish->starttls = FSOCK_STARTTLS_NO;
}

static inline void tim(struct fsk_wish *wish)
{
    wish->login = true;
    wish->user = fsk_span_str("tim");
    wish->password = fsk_span_str("pencil");
}

static inline void tim_plain(struct fsk_wish *wish)
{
    tim(wish);
    plain(wish);
}

static inline void tim_by_pass(struct fsk_wish *wish)
{
    tim_plain(wish);
    wish->mechanism = fsk_span_str("PASS");
}

static inline bool offers(const char *word)
{
    struct fsk_span words = fsk_buf_span(&rig.script.words);
    for (size_t at = 0; at < words.n; at += strlen(words.p + at) + 1)
        if (strcmp(words.p + at, word) == 0)
            return true;
    return false;
}

#endif
