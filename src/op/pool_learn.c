#include "op/pool_learn.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

void fsk_pool_learn(struct fsk_pool *pool, int adaptive, bool breaker)
{
    pool->adaptive = adaptive;
    pool->breaker = breaker;
}

/* ---- Places that can't be reached ------------------------------------------------------------ */

bool fsk_place_is_dead(const struct fsk_place *place)
{
    /* When its time has come one of those who want to go there is the probe. */
    return fsk_breaker_is_dead(&place->breaker) &&
           (place->breaker.probing || fsk_timer_is_set(&place->opens));
}

void fsk_place_forgive(struct fsk_place *place)
{
    fsk_breaker_success(&place->breaker);
    if (!fsk_list_empty(&place->trouble))
        place->pool->n_trouble--;
    fsk_list_remove(&place->trouble);
    fsk_list_remove(&place->doomed);
    free(place->why);
    place->why = NULL;
}

static void hold_against(struct fsk_place *place, const struct fsock_fault *fault)
{
    struct fsk_pool *pool = place->pool;
    char *why = strdup(fault->text);
    if (why) {
        free(place->why);
        place->why = why;
    }
    if (!fsk_list_empty(&place->trouble))
        return;
    fsk_list_append(&pool->trouble, &place->trouble);
    pool->n_trouble++;
    fsk_pool_forget_trouble(pool);
}

enum fsock_err fsk_place_blame(const struct fsk_place *place, const char *peer,
                               struct fsock_fault *fault)
{
    return fsk_fault_set(fault, FSOCK_ERR_ASIDE, FSOCK_STAGE_QUEUE, 0,
                         "queue %s: set aside: %u failures in a row, the last: %s", peer,
                         place->breaker.failures, place->why ? place->why : "unknown");
}

/* Whether it says that the place was not reached, rather than something of the request or us. */
static bool is_unreached(const struct fsock_fault *fault)
{
    switch (fault->err) {
    case FSOCK_ERR_TIMEOUT:
    case FSOCK_ERR_NAME:
    case FSOCK_ERR_DNS:
    case FSOCK_ERR_CONNECT:
    case FSOCK_ERR_PROXY_NAME:
    case FSOCK_ERR_PROXY:
    case FSOCK_ERR_CERT:
        return true;
    case FSOCK_ERR_TLS:
    case FSOCK_ERR_RESET:
    case FSOCK_ERR_CLOSED:
        return fault->stage < FSOCK_STAGE_SEND;
    default:
        return false;
    }
}

static void note_reached(struct fsk_lease *lease)
{
    struct fsk_place *place = lease->place;
    bool open = fsk_breaker_is_open(&place->breaker);
    lease->probe = false;
    fsk_place_forgive(place);
    if (open)
        fsk_place_reconsider(place);
}

static void note_unreached(struct fsk_lease *lease, const struct fsock_fault *fault)
{
    struct fsk_place *place = lease->place;
    hold_against(place, fault);
    fsock_time until = fsk_breaker_failure(&place->breaker, lease->probe, place->pool->driver->now);
    lease->probe = false;
    fsk_place_hold(place, until);
    fsk_place_reconsider(place);
}

/* ---- How much one bears ---------------------------------------------------------------------- */

static void set_rate(struct fsk_place *place)
{
    struct fsk_pace *pace = &place->learned;
    double interval = (double)FSOCK_SECOND / place->quota.rate;
    pace->interval = interval;
    pace->slack = (int64_t)(interval / 16); /* more would bring two too near to each other */
}

static void note_refused(struct fsk_lease *lease, fsock_time sent, fsock_time now)
{
    struct fsk_place *place = lease->place;
    if (place->quota.rate <= 0 && fsk_window_failure(&place->window))
        return; /* perhaps there were too many at once */
    if (!fsk_quota_refuse(&place->quota, sent, now))
        return;
    set_rate(place);
    fsk_place_hold(place, now + (fsock_time)place->learned.interval);
}

void fsk_lease_answered(struct fsk_lease *lease, int status, fsock_time sent, fsock_time first)
{
    struct fsk_place *place = lease->place;
    struct fsk_pool *pool = place->pool;
    if (pool->breaker)
        note_reached(lease);
    if (!pool->adaptive)
        return;
    if (status == 429 || status == 503) {
        note_refused(lease, sent, first);
        return;
    }
    fsk_window_answer(&place->window, first - sent);
    if (fsk_quota_accept(&place->quota, first))
        set_rate(place);
    fsk_place_reconsider(place);
}

void fsk_lease_failed(struct fsk_lease *lease, const struct fsock_fault *fault, bool answered)
{
    struct fsk_pool *pool = lease->place->pool;
    bool unreached = is_unreached(fault);
    if (pool->adaptive &&
        (unreached || fault->err == FSOCK_ERR_RESET || fault->err == FSOCK_ERR_CLOSED))
        (void)fsk_window_failure(&lease->place->window);
    if (pool->breaker && unreached && !answered)
        note_unreached(lease, fault);
}
