/*
 * fsock/probe.h - whether anybody is there: any number of targets at once, pulled like a fetch. A
 * part of <fsock.h>.
 */
#ifndef FSOCK_PROBE_H
#define FSOCK_PROBE_H

#ifndef FSOCK_H
#error "include <fsock.h>, which includes this"
#endif
#include <fsock/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fsock_probe fsock_probe;

/*
 * Probes targets as fsock_open() would open them, and closes them again. A datagram is sent where
 * nothing else would show anything: `payload` (NULL: an empty one), whose answer is waited for
 * until options->connect_timeout. `parallel`: at once (0: 1,000); fewer run where the limit of open
 * files asks for it. `options` may be NULL. NULL, with the fault filled in, if an option can't be
 * used.
 */
FSOCK_API fsock_probe *fsock_probe_new(const struct fsock_options *options, unsigned parallel,
                                       const void *payload, size_t payload_len,
                                       struct fsock_fault *fault);
FSOCK_API void fsock_probe_free(fsock_probe *probe);

/*
 * Queue a target, which is copied. FSOCK_OK; FSOCK_AGAIN: enough are waiting, once more after
 * FSOCK_EVENT_ROOM; FSOCK_ERR_INPUT with the fault filled in if it can't be used;
 * FSOCK_ERR_CANCELED after fsock_probe_stop; FSOCK_ERR_MEMORY.
 */
FSOCK_API enum fsock_err fsock_probe_add(fsock_probe *probe, const char *target, int port,
                                         void *user, struct fsock_fault *fault);

struct fsock_probe_event {
    enum fsock_event_kind kind; /* DONE, ROOM, READY or MARK */
    void *user;
    uint64_t id; /* counts the targets from 1 */
    enum fsock_reach reach;
    const char *target; /* as it was given */
    const char *peer;   /* the address that answered; "" if none did */
    fsock_time lookup;  /* nanoseconds until its name was known */
    fsock_time took;    /* ... and until the verdict */
    const void *answer; /* the datagram that came back */
    size_t answer_len;
    const struct fsock_fault *fault; /* NULL if reach is FSOCK_REACH_OPEN */
};

/* As fsock_fetch_next, _watch and _stop. Texts and bytes live until the next call. */
FSOCK_API enum fsock_err fsock_probe_next(fsock_probe *probe, struct fsock_probe_event *event,
                                          fsock_time deadline);
FSOCK_API enum fsock_err fsock_probe_watch(fsock_probe *probe, int fd, unsigned events, void *user);
FSOCK_API void fsock_probe_stop(fsock_probe *probe, const char *why);

/* Targets that run, and that wait. */
FSOCK_API size_t fsock_probe_running(const fsock_probe *probe);
FSOCK_API size_t fsock_probe_queued(const fsock_probe *probe);

#ifdef __cplusplus
}
#endif

#endif
