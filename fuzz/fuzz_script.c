/*
 * A server of any kind that says anything: the first byte chooses the service, the second what is
 * wished for and how the rest is cut; the rest is what the server says. Invariants: each turn is
 * one that the owner can make, the conversation ends, a failure has a sentence, and before TLS no
 * password is said that others could read.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "wire/script.h"
#include "wire/service.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fsk_wish wish_of(uint8_t choice)
{
    static const char *const one[] = {"a@b.test", "c@d.test", NULL};
    struct fsk_span none = {"", 0};
    bool login = choice & 1;
    return (struct fsk_wish){
        .starttls = (enum fsock_starttls)(choice >> 1 & 3),
        .login = login,
        .user = login ? fsk_span_str("user") : none,
        .password = login ? fsk_span_str("pAsSwOrD") : none,
        .mechanism = choice & 8 ? fsk_span_str("SCRAM-SHA-256") : none,
        .myself = fsk_span_str("me"),
        .host = fsk_span_str("host"),
        .server = fsk_span_str("host"),
        .path = none,
        .sender = none,
        .recipients = one,
        .message = choice >> 4 & 1,
        .list = choice >> 4 & 1,
        .send = choice & 32 ? fsk_span_str("x") : none,
        .expect = choice & 64 ? fsk_span_str("y") : none,
    };
}

static const struct fsk_service *service_of(uint8_t choice, struct fsk_service_target *target)
{
    char text[64] = "", why[FSK_ENDPOINT_WHY];
    const char *const *names = fsk_service_names();
    size_t n = 0;
    while (names[n])
        n++;
    strcpy(text, names[choice % n]);
    strcat(text, strcmp(text, "unix") == 0 ? "://x" : "://x:1");
    bool good = fsk_service_parse(fsk_span_str(text), target, why);
    assert(good);
    return target->service;
}

static void check_said(struct fsk_script *s, bool secure)
{
    struct fsk_span out = fsk_buf_span(&s->out);
    bool told = out.n && memmem(out.p, out.n, "pAsSwOrD", 8);
    assert(!told || (secure && s->secret));
}

static void converse(struct fsk_script *s, bool secure, const uint8_t *data, size_t size,
                     size_t piece)
{
    for (size_t turns = 0;; turns++) {
        assert(turns < 100000);
        switch (fsk_script_next(s)) {
        case FSK_SCRIPT_SAY:
            check_said(s, secure);
            fsk_script_said(s);
            break;
        case FSK_SCRIPT_HEAR:
            if (size) {
                size_t n = size < piece ? size : piece;
                fsk_script_heard(s, data, n);
                data += n, size -= n;
            } else {
                fsk_script_ended(s);
            }
            break;
        case FSK_SCRIPT_TLS:
            secure = true;
            fsk_script_secured(s);
            break;
        case FSK_SCRIPT_WORK:
            break;
        case FSK_SCRIPT_OVER:
            assert(!s->err == !s->why[0]);
            assert(s->err || s->in == s->wish->login);
            return;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned char nonce[FSK_SASL_NONCE] = "123456789012345678";
    struct fsk_script script;
    struct fsk_service_target target;
    if (size < 2)
        return 0;
    const struct fsk_service *service = service_of(data[0], &target);
    struct fsk_wish wish = wish_of(data[1]);
    bool tls = service->transport == FSK_TLS;
    fsk_script_init(&script, service, &wish, tls, nonce);
    converse(&script, tls || service->transport == FSK_UNIX, data + 2, size - 2,
             data[1] & 128 ? 1 : 64);
    fsk_script_fini(&script);
    return 0;
}
