#include "server.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE (20 * FSOCK_SECOND)

void give_up(const char *file, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%s:%d: ", file, line);
    vfprintf(stderr, format, args);
    fprintf(stderr, "\n");
    va_end(args);
    exit(1);
}

/* ---- Those that serve ------------------------------------------------------------------------ */

static void serve_by_calls(fsock_stream *s)
{
    char line[32], *bytes = malloc(LENGTH_MAX);
    size_t n;
    while (fsock_read_line(s, line, sizeof line, &n, fsock_now() + PATIENCE) == FSOCK_OK) {
        size_t length = strtoul(line, NULL, 10);
        CHECK(length <= LENGTH_MAX, "the server reads %s", line);
        CHECK(fsock_read_exact(s, bytes, length, &n, fsock_now() + PATIENCE) == FSOCK_OK &&
                  fsock_write(s, bytes, length, &n, fsock_now() + PATIENCE) == FSOCK_OK,
              "the server: %s", fsock_last_fault(s)->text);
    }
    CHECK(fsock_at_end(s), "the server: %s", fsock_last_fault(s)->text);
    free(bytes);
    fsock_close(s);
}

static void serve_by_stdio(fsock_stream *s)
{
    char line[32], *bytes = malloc(LENGTH_MAX);
    FILE *file = fsock_file(s);
    CHECK(file && fsock_of(file) == s, "no file");
    while (fgets(line, sizeof line, file)) {
        size_t length = strtoul(line, NULL, 10);
        CHECK(length <= LENGTH_MAX && fread(bytes, 1, length, file) == length &&
                  fwrite(bytes, 1, length, file) == length && fflush(file) == 0,
              "the server: %s", fsock_last_fault(s)->text);
    }
    CHECK(feof(file), "the server: %s", fsock_last_fault(s)->text);
    free(bytes);
    fclose(file);
}

/* The next one, and how many there were before it; NULL: no more will come. */
static fsock_stream *next_stream(struct server *s, unsigned *number)
{
    fsock_stream *stream = NULL;
    pthread_mutex_lock(&s->lock);
    while (s->queued == 0 && !s->stopping)
        pthread_cond_wait(&s->changed, &s->lock);
    if (s->queued) {
        stream = s->queue[--s->queued];
        *number = s->served++;
    }
    pthread_mutex_unlock(&s->lock);
    return stream;
}

static void *serve(void *arg)
{
    unsigned number;
    for (fsock_stream *stream; (stream = next_stream(arg, &number)) != NULL;)
        if (number % 2)
            serve_by_stdio(stream);
        else
            serve_by_calls(stream);
    return NULL;
}

/* ---- The one that takes connections ---------------------------------------------------------- */

static void hand_over(struct server *s, fsock_stream *stream)
{
    pthread_mutex_lock(&s->lock);
    CHECK(s->queued < QUEUE_MAX, "the queue is full");
    s->queue[s->queued++] = stream;
    pthread_cond_signal(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

static void *take(void *arg)
{
    struct server *s = arg;
    struct fsock_fault fault;
    struct fsock_wait_item item[] = {
        {.fd = fsock_listener_fd(s->listener), .events = FSOCK_READABLE},
        {.fd = s->stop[0],                     .events = FSOCK_READABLE},
    };
    while (fsock_wait(item, 2, FSOCK_NEVER) == FSOCK_OK && !item[1].ready) {
        fsock_stream *stream;
        enum fsock_err err = fsock_accept(s->listener, &stream, FSOCK_NOW, &fault);
        if (err == FSOCK_OK)
            hand_over(s, stream);
        else
            CHECK(err == FSOCK_AGAIN, "%s", fault.text);
    }
    return NULL;
}

/* ---- Starting and stopping ------------------------------------------------------------------- */

void server_start(struct server *s, const char *target, const struct fsock_options *options)
{
    struct fsock_fault fault;
    *s = (struct server){.listener = NULL};
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    CHECK(fsock_listen(&s->listener, target, 0, options, FSOCK_NEVER, &fault) == FSOCK_OK, "%s",
          fault.text);
    CHECK(pipe(s->stop) == 0, "no pipe");
    CHECK(pthread_create(&s->acceptor, NULL, take, s) == 0, "no thread");
    for (int i = 0; i < SERVER_THREADS; i++)
        CHECK(pthread_create(&s->worker[i], NULL, serve, s) == 0, "no thread");
}

unsigned server_stop(struct server *s)
{
    close(s->stop[1]);
    pthread_join(s->acceptor, NULL);
    fsock_listener_close(s->listener); /* before the streams that came from it */
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    for (int i = 0; i < SERVER_THREADS; i++)
        pthread_join(s->worker[i], NULL);
    close(s->stop[0]);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    return s->served;
}
