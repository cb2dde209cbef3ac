#include "op/servers.h"

#include <stdlib.h>
#include <string.h>

#include "base/time.h"

#define TRY_SLACK     (250 * FSOCK_MILLISECOND) /* a resolver that has to ask others takes long */
#define TRY_FIRST     FSOCK_SECOND              /* RFC 6298 2.1, before the first answer */
#define SENTENCE      FSOCK_SECOND /* set aside for the first time; then twice as long */
#define SENTENCE_MOST (30 * FSOCK_SECOND)
#define SILENT_LEAST  8    /* tries lost in a row before a server is set aside */
#define FASTEST       1000 /* a round trip that began and ended in the same turn */
#define ROUND_LEAST   16
#define QUEUE_FEW     64  /* questions that wait at the server: there may be more */
#define QUEUE_MANY    160 /* ... there should be fewer: 200 is what a usual socket buffer holds */
#define ROUND_TIME    (FSOCK_MILLISECOND / 4) /* the least that turns' time stamps can tell */
#define BEST_AGE      (20 * FSOCK_SECOND)     /* what was best is forgotten little by little */
#define BURST_SLACK   FSOCK_MILLISECOND

/* ---- which there are ---- */

void fsk_servers_init(struct fsk_servers *servers, struct fsk_driver *driver)
{
    *servers = (struct fsk_servers){
        .driver = driver, .try_max = FSOCK_SECOND, .patience = 10 * FSOCK_SECOND};
    fsk_list_init(&servers->roomy);
    fsk_list_init(&servers->queue);
}

void fsk_servers_fini(struct fsk_servers *servers)
{
    for (unsigned i = 0; i < servers->n; i++) {
        free(servers->server[i].host);
        free(servers->server[i].why);
    }
    free(servers->server);
    servers->server = NULL;
    servers->n = 0;
}

/* Room for one more. The rings are made anew when they have moved: all have room yet. */
static bool grow(struct fsk_servers *servers)
{
    if (servers->n < servers->cap)
        return true;
    unsigned cap = servers->cap ? servers->cap * 2 : 4;
    struct fsk_server *more = realloc(servers->server, cap * sizeof *more);
    if (!more)
        return false;
    servers->server = more;
    servers->cap = cap;
    fsk_list_init(&servers->roomy);
    for (unsigned i = 0; i < servers->n; i++) {
        fsk_list_append(&servers->roomy, &more[i].roomy);
        fsk_list_init(&more[i].channels);
    }
    return true;
}

static void put_text(struct fsk_server *s)
{
    static const char *const scheme[] = {"", "tcp://", "tls://"};
    size_t n = strlen(scheme[s->transport]);
    memcpy(s->text, scheme[s->transport], n + 1);
    if (s->addr.port == (s->transport == FSK_BY_TLS ? 853 : 53))
        fsk_addr_format(&s->addr, s->text + n);
    else
        fsk_addr_format_port(&s->addr, s->text + n);
}

/* As the sender of datagrams it has a zone only if it is link-local (fe80::/10). */
static void drop_idle_zone(struct fsk_addr *a)
{
    if (a->ip[0] != 0xfe || (a->ip[1] & 0xc0) != 0x80)
        a->scope = 0;
}

bool fsk_servers_add(struct fsk_servers *servers, const struct fsk_addr *addr,
                     enum fsk_by transport, struct fsk_span host)
{
    char *name = host.n ? strndup(host.p, host.n) : NULL;
    if ((host.n && !name) || !grow(servers)) {
        free(name);
        return false;
    }
    struct fsk_server *s = &servers->server[servers->n++];
    *s = (struct fsk_server){
        .addr = *addr,
        .transport = transport,
        .host = name,
        .window = FSK_WINDOW_FIRST,
        .growing_fast = true,
        .sentence = SENTENCE,
        .rate = {.interval = (double)servers->server_interval, .slack = BURST_SLACK},
        .burst = {.slack = BURST_SLACK                                           },
        .owner = servers
    };
    drop_idle_zone(&s->addr);
    fsk_sockaddr_from_addr(&s->sockaddr, &s->addr);
    put_text(s);
    fsk_list_init(&s->channels);
    fsk_list_append(&servers->roomy, &s->roomy);
    return true;
}

fsock_time fsk_servers_until(const struct fsk_servers *servers, fsock_time started)
{
    return fsk_time_limit(started, servers->patience * servers->n);
}

/* ---- whose turn it is ---- */

/*
 * In or out of the ring, as its window says. One that was full comes back when a quarter is free:
 * questions that go out together cost less.
 */
static void settle_room(struct fsk_server *s)
{
    bool in = !fsk_list_empty(&s->roomy);
    unsigned most = in ? s->window : s->window - s->window / 4;
    bool should = !s->aside && s->open < most;
    if (in == should)
        return;
    if (in)
        fsk_list_remove(&s->roomy);
    else
        fsk_list_append(&s->owner->roomy, &s->roomy);
}

/* Somebody waits for room, and there may be some. */
static void wake_queue(struct fsk_servers *servers)
{
    if (!fsk_list_empty(&servers->queue))
        fsk_op_wake(FSK_HOLDER(servers->queue.next, struct fsk_servers_wish, link)->op);
}

/* Those whose time is over come back, to be probed. */
static void bring_back(struct fsk_servers *servers, fsock_time now)
{
    if (!servers->aside || now < servers->back)
        return;
    servers->back = FSOCK_NEVER;
    servers->aside = 0;
    for (unsigned i = 0; i < servers->n; i++) {
        struct fsk_server *s = &servers->server[i];
        if (s->aside && s->aside <= now) {
            s->aside = 0;
            s->window = s->open + 1;
            if (fsk_list_empty(&s->roomy))
                fsk_list_append(&servers->roomy, &s->roomy);
        } else if (s->aside) {
            servers->aside++;
            servers->back = fsk_time_min(servers->back, s->aside);
        }
    }
}

bool fsk_server_aside(struct fsk_server *s, fsock_time now)
{
    bring_back(s->owner, now);
    return s->aside != 0;
}

/* The server that a new question begins with, if they have an order. */
static struct fsk_server *in_order(struct fsk_servers *servers)
{
    for (unsigned i = 0; i < servers->n; i++)
        if (!servers->server[i].aside)
            return &servers->server[i];
    return &servers->server[0];
}

static fsock_time later(fsock_time a, fsock_time b)
{
    return a > b ? a : b;
}

fsock_time fsk_servers_room(struct fsk_servers *servers, fsock_time now)
{
    bring_back(servers, now);
    struct fsk_server *s = in_order(servers);
    if (servers->rotate && !fsk_list_empty(&servers->roomy))
        s = FSK_HOLDER(servers->roomy.next, struct fsk_server, roomy);
    bool full = fsk_list_empty(&s->roomy) && !s->aside;
    /* All that are aside may be asked a little, too: who else? */
    if (full || s->open + servers->coming >= s->window)
        return servers->back > now && servers->aside ? servers->back : FSOCK_NEVER;
    /* Behind those that have a place and haven't gone out. */
    fsock_time rate = fsk_pace_due(&servers->rate, servers->coming, now);
    unsigned its = servers->rotate ? servers->coming / servers->n : servers->coming;
    fsock_time own = fsk_pace_due(&s->rate, its, now);
    return later(later(rate, own), s->burst.next);
}

struct fsk_server *fsk_servers_turn(struct fsk_servers *servers, fsock_time now)
{
    bring_back(servers, now);
    if (!servers->rotate || fsk_list_empty(&servers->roomy))
        return NULL;
    struct fsk_list *front = servers->roomy.next;
    fsk_list_remove(front);
    fsk_list_append(&servers->roomy, front);
    return FSK_HOLDER(front, struct fsk_server, roomy);
}

/* ---- the window ---- */

/* How many of the open questions wait at the server, by how much longer the fastest one took. */
static unsigned standing(const struct fsk_server *s)
{
    if (s->round.fastest == FSOCK_NEVER || s->round.fastest <= s->floor)
        return 0;
    double share = (double)(s->round.fastest - s->floor) / (double)s->round.fastest;
    return (unsigned)(share * s->round.most);
}

static unsigned within(unsigned n, unsigned least, unsigned most)
{
    return n < least ? least : n > most ? most : n;
}

static void begin_round(struct fsk_server *s, fsock_time now)
{
    s->round.size = within(s->window, ROUND_LEAST, s->window);
    s->round.answered = s->round.lost = s->round.most = 0;
    s->round.fastest = FSOCK_NEVER;
    s->round.began = now;
    s->round.sleeps = s->owner->driver->sleeps;
}

/* How wide the window may become: a few times of what it was when as much was answered. */
static unsigned useful_window(struct fsk_server *s, fsock_time now)
{
    fsock_time age = now - s->best.at;
    fsock_time took = now - s->round.began > ROUND_TIME ? now - s->round.began : ROUND_TIME;
    double rate = (double)s->round.answered / (double)took;
    double best = age < BEST_AGE ? s->best.rate * (1 - (double)age / BEST_AGE) : 0;
    if (rate > best * 9 / 8 || rate < best / 4) { /* better, or another time has begun */
        s->best.rate = rate;
        s->best.window = s->window;
        s->best.at = now;
    }
    return within(4 * s->best.window, s->window, FSK_WINDOW_MOST);
}

/* As many tries have ended as the window had been wide: what is to be learned from them. */
static void judge_round(struct fsk_server *s, fsock_time now)
{
    bool busy = s->owner->driver->sleeps == s->round.sleeps; /* it is us who hold things up */
    unsigned tries = s->round.answered + s->round.lost, queue = standing(s), w = s->window;
    unsigned most = useful_window(s, now);
    if (s->round.lost > tries / 2)
        w = within(w / 2, FSK_WINDOW_LEAST, w);
    else if (s->round.lost > tries / 32)
        w = within(w - w / 4, within(w, 0, FSK_WINDOW_LOSSY), w);
    else if (queue > QUEUE_MANY)
        w = within(w - w / 8, within(w, 0, FSK_WINDOW_FIRST), w);
    else if (queue < QUEUE_FEW && !busy && s->round.most >= w - w / 4)
        w = within(s->growing_fast ? w * 3 : w + w / 8 + 1, w, most);
    if (s->round.lost > tries / 32 || queue > QUEUE_MANY)
        s->growing_fast = false;
    s->window = w;
    s->burst.interval = s->srtt ? (double)s->srtt / (8.0 * w) : 0;
    begin_round(s, now);
}

/*
 * Whether a round is over. Answers come at once, and losses are known late and may turn out to be
 * none: where there are any, a round takes so long that both are of the same questions.
 */
static bool round_is_over(const struct fsk_server *s, fsock_time now)
{
    return s->round.answered + s->round.lost >= s->round.size &&
           (!s->round.lost || now - s->round.began > 2 * fsk_server_patience(s, 0));
}

static void count(struct fsk_server *s, bool answered, fsock_time now)
{
    if (s->round.most < s->open)
        s->round.most = s->open;
    s->round.answered += answered;
    s->round.lost += !answered;
    if (round_is_over(s, now))
        judge_round(s, now);
}

/* ---- how tries begin and end ---- */

fsock_time fsk_server_patience(const struct fsk_server *s, unsigned n)
{
    fsock_time spread = 4 * s->rttvar > TRY_SLACK ? 4 * s->rttvar : TRY_SLACK;
    fsock_time t = s->srtt ? s->srtt + spread : TRY_FIRST;
    while (n-- && t < s->owner->try_max)
        t *= 2;
    return fsk_time_min(t, s->owner->try_max);
}

void fsk_server_try(struct fsk_server *s, fsock_time now)
{
    s->open++;
    s->asked++;
    if (!s->round.size)
        begin_round(s, now);
    fsk_pace_take(&s->owner->rate, 1, now);
    fsk_pace_take(&s->rate, 1, now);
    fsk_pace_take(&s->burst, 1, now);
    settle_room(s);
}

static void ended(struct fsk_server *s)
{
    s->open--;
    settle_room(s);
    wake_queue(s->owner);
}

/* RFC 6298 2.2 and 2.3. */
static void measure(struct fsk_server *s, fsock_time took)
{
    if (!s->srtt) {
        s->srtt = took;
        s->rttvar = took / 2;
        s->floor = took;
    } else {
        fsock_time off = took > s->srtt ? took - s->srtt : s->srtt - took;
        s->rttvar += (off - s->rttvar) / 4;
        s->srtt += (took - s->srtt) / 8;
        s->floor = fsk_time_min(s->floor, took);
    }
    s->round.fastest = s->round.size ? fsk_time_min(s->round.fastest, took) : took;
}

static void heard(struct fsk_server *s, fsock_time now)
{
    s->heard = now;
    s->owner->aside -= s->aside != 0;
    s->aside = 0;
    s->silent = 0;
    s->sentence = SENTENCE;
    if (s->window < ROUND_LEAST) { /* it is there after all */
        s->window = ROUND_LEAST;
        s->growing_fast = true;
    }
}

void fsk_server_answered(struct fsk_server *s, fsock_time took, fsock_time now)
{
    s->answered++;
    heard(s, now);
    if (took >= 0)
        measure(s, took > FASTEST ? took : FASTEST);
    count(s, true, now);
    ended(s);
}

void fsk_server_found(struct fsk_server *s)
{
    s->lost -= s->lost > 0;
    if (s->round.lost) {
        s->round.lost--;
        s->round.answered++;
    }
}

void fsk_server_late(struct fsk_server *s, fsock_time now)
{
    s->answered++;
    fsk_server_found(s);
    heard(s, now);
    settle_room(s);
}

static void set_aside(struct fsk_server *s, fsock_time now)
{
    if (s->aside)
        return;
    s->aside = now + s->sentence;
    s->sentence = s->sentence * 2 < SENTENCE_MOST ? s->sentence * 2 : SENTENCE_MOST;
    s->owner->back = s->owner->aside++ ? fsk_time_min(s->owner->back, s->aside) : s->aside;
}

void fsk_server_lost(struct fsk_server *s, fsock_time now)
{
    s->lost++;
    s->silent++;
    count(s, false, now);
    if (s->silent >= SILENT_LEAST && now - s->heard >= s->owner->try_max)
        set_aside(s, now);
    ended(s);
}

void fsk_server_unreachable(struct fsk_server *s, fsock_time now)
{
    s->lost++;
    s->silent++;
    set_aside(s, now);
    ended(s);
}

void fsk_server_left(struct fsk_server *s)
{
    ended(s);
}
