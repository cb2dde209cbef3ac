/*
 * server.h - a listener for the thread tests: one thread takes connections, others serve them.
 *
 * A client says "LENGTH\n" and then as many bytes, gets them back, and may do so again.
 */
#ifndef THREADS_SERVER_H
#define THREADS_SERVER_H

#include <fsock.h>
#include <pthread.h>
#include <stdbool.h>

#define SERVER_THREADS 5 /* that serve */
#define QUEUE_MAX      64
#define LENGTH_MAX     65536

struct server {
    fsock_listener *listener;
    int stop[2]; /* a pipe, which becomes readable at the end */
    pthread_t acceptor, worker[SERVER_THREADS];

    pthread_mutex_t lock;
    pthread_cond_t changed;
    fsock_stream *queue[QUEUE_MAX]; /* taken and not yet served; newest last */
    unsigned queued, served;
    bool stopping;
};

/* Where it can't be done the process ends, and says why. */
void server_start(struct server *s, const char *target, const struct fsock_options *options);

/* Serves what has been taken, and ends the threads. How many connections there were. */
unsigned server_stop(struct server *s);

/* Ends the process unless it holds. */
#define CHECK(holds, ...) ((holds) ? (void)0 : give_up(__FILE__, __LINE__, __VA_ARGS__))
_Noreturn void give_up(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
