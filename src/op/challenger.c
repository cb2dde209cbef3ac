#include "op/challenger.h"

#include "wire/challenge.h"

/* Challenges to be met for one request, if all but the first call a nonce stale. */
#define STALE_MAX 3

void fsk_challenger_choose(const struct fsk_challenger *who, const struct fsk_challenger_at *at,
                           struct fsk_credentials *c)
{
    struct fsk_realm *realm = who->realm;
    if (at->auth == FSOCK_AUTH_BASIC) {
        c->scheme = FSK_AUTH_BASIC;
        return;
    }
    if (!realm && at->realms)
        realm = fsk_realms_find(at->realms, at->site, at->path, at->auth == FSOCK_AUTH_ANY);
    if (!realm || realm->nc == UINT32_MAX)
        return;
    c->scheme = realm->basic ? FSK_AUTH_BASIC : FSK_AUTH_DIGEST;
    c->realm = realm;
}

/* Of all that is asked for the best that can be met: the strongest Digest, else Basic. */
static bool choose_challenge(struct fsk_span fields, const char *name, bool basic_too,
                             struct fsk_digest *best, bool *basic)
{
    struct fsk_challenge_walk at = {.pos = 0};
    struct fsk_challenge c;
    bool found = false;
    while (fsk_challenge_next(fields, fsk_span_str(name), &at, &c)) {
        struct fsk_digest d = {.stale = false};
        if (fsk_span_caseeq(c.scheme, FSK_SPAN("Digest")) && fsk_digest_read(c.params, &d)) {
            if (found && !*basic && best->hash >= d.hash)
                continue;
            *best = d;
            *basic = false;
            found = true;
        } else if (basic_too && !found && fsk_span_caseeq(c.scheme, FSK_SPAN("Basic"))) {
            *best = (struct fsk_digest){.stale = false};
            struct fsk_span param, value, params = c.params;
            while (fsk_challenge_param(&params, &param, &value))
                if (fsk_span_caseeq(param, FSK_SPAN("realm")) && value.n <= FSK_DIGEST_MAX)
                    best->realm = value;
            *basic = found = true;
        }
    }
    return found;
}

enum fsock_err fsk_challenger_meet(struct fsk_challenger *who, const struct fsk_challenger_at *at,
                                   struct fsk_span fields, const char *name, struct fsk_rand *rand,
                                   bool *again)
{
    struct fsk_digest digest;
    bool basic = false;
    *again = false;
    if (!who->known || at->auth == FSOCK_AUTH_BASIC)
        return FSOCK_OK;
    bool found = choose_challenge(fields, name, at->auth == FSOCK_AUTH_ANY, &digest, &basic);
    who->unmet = !found;
    if (!found || (basic && who->sent == FSK_AUTH_BASIC))
        return FSOCK_OK;
    if (who->met && (!digest.stale || who->met >= STALE_MAX))
        return FSOCK_OK;
    struct fsk_realm *realm = fsk_realm_new(basic, &digest, at->path, rand);
    if (!realm)
        return FSOCK_ERR_MEMORY;
    fsk_realm_free(who->realm);
    who->realm = realm;
    who->met++;
    *again = true;
    return FSOCK_OK;
}

void fsk_challenger_keep(struct fsk_challenger *who, const struct fsk_challenger_at *at)
{
    if (who->realm && at->realms)
        fsk_realms_keep(at->realms, at->site, who->realm);
    else
        fsk_realm_free(who->realm);
    who->realm = NULL;
}

const char *fsk_challenger_hint(const struct fsk_challenger *who)
{
    if (who->sent == FSK_AUTH_BEARER)
        return "the token was refused";
    if (who->sent != FSK_AUTH_NONE)
        return "the user or the password was refused";
    return who->unmet ? "it offers no way to log in that was allowed to be used" : NULL;
}

void fsk_challenger_reset(struct fsk_challenger *who)
{
    fsk_realm_free(who->realm);
    *who = (struct fsk_challenger){.met = 0};
}
