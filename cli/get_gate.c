#include "get_gate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/time.h"
#include "lock.h"
#include "outcome.h"
#include "url_key.h"

/* The notes of fingerprints. */
enum { FAILED, RECORDED, FRESH, TAKEN };

/* ---- What the journal says ------------------------------------------------------------------- */

/* Is there a rule to go by? Without, what the journal holds only has to be whole. */
static bool has_rule(const struct get_options *o)
{
    return o->resume || o->only_failed || o->fresh;
}

static unsigned note_of(const struct gate *g, const struct journal_record *r)
{
    const struct get_options *o = g->o;
    if (r->exitcode != EXIT_FINE)
        return o->resume && !o->only_failed ? RECORDED : FAILED;
    if (o->resume || o->only_failed)
        return RECORDED;
    int64_t age = g->began - r->time; /* negative: the clock was wrong, then or now */
    return age >= 0 && age < o->fresh ? FRESH : FAILED;
}

static bool learn(struct gate *g, const struct journal_record *r)
{
    if (!has_rule(g->o))
        return true;
    if (!url_key(&g->key, r->url, r->variant))
        return false;
    uint64_t fingerprint = fingerprint_of(&g->known, fsk_buf_span(&g->key));
    unsigned note = note_of(g, r);
    bool same_as_absent = note == FAILED && !g->o->only_failed;
    if (same_as_absent && fingerprints_get(&g->known, fingerprint) == FINGERPRINT_ABSENT)
        return true;
    return fingerprints_put(&g->known, fingerprint, note);
}

static int open_journal(struct gate *g, char *why, size_t cap)
{
    struct journal_record r;
    const char *name = g->o->journal;
    if (g->o->only_failed && !g->o->resume && access(name, F_OK) < 0) {
        snprintf(why, cap, "can't read the journal %s: %s", name, fsk_errno_text(errno));
        return EXIT_READ;
    }
    int code = journal_open(&g->journal, name, why, cap);
    if (code)
        return code;
    while (journal_next(&g->journal, &r)) {
        if (!learn(g, &r)) {
            snprintf(why, cap, "out of memory");
            return EXIT_MEMORY;
        }
    }
    code = journal_start(&g->journal, why, cap);
    journal_reader_init(&g->failed, g->journal.fd, g->journal.old.whole);
    return code;
}

static int take_lock(struct gate *g, char *why, size_t cap)
{
    const char *name = g->o->lock;
    g->lock = lock_open(name, O_RDONLY);
    if (g->lock >= 0)
        return 0;
    if (errno == EWOULDBLOCK) {
        snprintf(why, cap, "another run has the lock %s", name);
        return EXIT_USAGE;
    }
    snprintf(why, cap, "can't open the lock %s: %s", name, fsk_errno_text(errno));
    return EXIT_WRITE;
}

int gate_open(struct gate *g, const struct get_options *o, char *why, size_t cap)
{
    *g = (struct gate){.o = o, .lock = -1, .began = fsk_time_unix()};
    fingerprints_init(&g->known);
    fsk_buf_init(&g->key, URL_KEY_MAX);
    why[0] = '\0';
    int code = o->lock ? take_lock(g, why, cap) : 0;
    return code || !o->journal ? code : open_journal(g, why, cap);
}

int gate_close(struct gate *g, char *why, size_t cap)
{
    if (!g->o)
        return 0;
    const char *name = g->journal.name;
    journal_reader_fini(&g->failed);
    int sys_errno = journal_close(&g->journal);
    if (sys_errno)
        snprintf(why, cap, "can't write the journal %s: %s", name, fsk_errno_text(sys_errno));
    fingerprints_fini(&g->known);
    fsk_buf_fini(&g->key);
    if (g->lock >= 0)
        close(g->lock);
    return sys_errno ? EXIT_WRITE : 0;
}

/* ---- The run --------------------------------------------------------------------------------- */

static enum gate_verdict verdict(const struct gate *g, int note, bool listed)
{
    switch (note) {
    case FAILED:
        return GATE_GO;
    case RECORDED:
        return GATE_RECORDED;
    case FRESH:
        return GATE_FRESH;
    case TAKEN:
        return listed && !g->o->repeat ? GATE_REPEATED : GATE_GO;
    default:
        return g->o->only_failed && !g->o->resume ? GATE_NOT_FAILED : GATE_GO;
    }
}

enum gate_verdict gate_pass(struct gate *g, const struct source_url *u, struct fsk_span variant)
{
    bool remembers = !g->o->repeat && !get_is_single(g->o);
    if (!remembers && !has_rule(g->o))
        return GATE_GO;
    if (!url_key(&g->key, u->text, variant))
        return GATE_NO_MEMORY;
    uint64_t fingerprint = fingerprint_of(&g->known, fsk_buf_span(&g->key));
    enum gate_verdict v = verdict(g, fingerprints_get(&g->known, fingerprint), u->list != NULL);
    g->held[v]++;
    if (v == GATE_GO && !fingerprints_put(&g->known, fingerprint, TAKEN))
        return GATE_NO_MEMORY;
    return v;
}

enum list_result gate_next_failed(struct gate *g, struct source_url *u)
{
    enum { LINES_A_TURN = 1000 };
    struct journal_record r;
    for (unsigned i = 0; i < LINES_A_TURN; i++) {
        enum journal_result result = journal_read(&g->failed, &r);
        if (result != JOURNAL_RECORD)
            return LIST_END; /* what can't be read couldn't before, and was told */
        if (r.exitcode == EXIT_FINE)
            continue;
        if (!url_key(&g->key, r.url, r.variant))
            continue;
        uint64_t fingerprint = fingerprint_of(&g->known, fsk_buf_span(&g->key));
        if (fingerprints_get(&g->known, fingerprint) != FAILED)
            continue;
        *u = (struct source_url){
            .text = r.url, .list = g->journal.name, .line = g->failed.line, .marked = true};
        return LIST_LINE;
    }
    return LIST_MORE;
}

void gate_count(const struct gate *g, struct summary *s)
{
    static const char *const names[GATE_VERDICTS] = {
        [GATE_REPEATED] = "repeated",
        [GATE_RECORDED] = "in the journal",
        [GATE_FRESH] = "fresh",
        [GATE_NOT_FAILED] = "not failed",
    };
    for (unsigned i = GATE_GO + 1; i < GATE_VERDICTS; i++)
        if (g->held[i])
            summary_skip(s, names[i], g->held[i]);
}
