/*
 * check_rig.h - a mail server of a few words, in a thread that allocates nothing.
 */
#ifndef FSK_TEST_CHECK_RIG_H
#define FSK_TEST_CHECK_RIG_H

#include "stream_rig.h"

struct mail {
    int listener, port;
    bool mute; /* it never greets */
    pthread_t thread;
};

static inline const char *mail_answer(const char *line)
{
    static const char *const rows[][2] = {
        {"EHLO",     "250-mx.test\r\n250-AUTH CRAM-MD5 PLAIN\r\n250 SIZE 1\r\n"        },
        {"AUTH",     "334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+\r\n"},
        {"dGltIGI5", "235 yes\r\n"                                                     },
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        if (strncmp(line, rows[i][0], strlen(rows[i][0])) == 0)
            return rows[i][1];
    return "221 bye\r\n";
}

static inline void mail_talk(const struct mail *m, int fd)
{
    char line[512];
    ssize_t n;
    if (!m->mute)
        (void)send(fd, "220 ready\r\n", 11, MSG_NOSIGNAL);
    while ((n = recv(fd, line, sizeof line - 1, 0)) > 0) {
        line[n] = '\0';
        const char *answer = mail_answer(line);
        (void)send(fd, answer, strlen(answer), MSG_NOSIGNAL);
    }
    close(fd);
}

/* One after the other, until the listener is shut. */
static inline void *mail_run(void *arg)
{
    struct mail *m = arg;
    int fd;
    while ((fd = accept4(m->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
        mail_talk(m, fd);
    return NULL;
}

static inline void mail_start(struct mail *m)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    m->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(m->listener >= 0);
    assert_int_equal(bind(m->listener, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(m->listener, 1024), 0);
    assert_int_equal(getsockname(m->listener, (struct sockaddr *)&at, &len), 0);
    m->port = ntohs(at.sin_port);
    assert_int_equal(pthread_create(&m->thread, NULL, mail_run, m), 0);
}

/* All connections to it must be closed. */
static inline void mail_stop(struct mail *m)
{
    shutdown(m->listener, SHUT_RDWR);
    pthread_join(m->thread, NULL);
    close(m->listener);
}

/* CRAM-MD5 in the clear: the example of RFC 2195. */
static inline void mail_login(struct fsock_check_request *r)
{
    fsock_check_request_init(r);
    r->starttls = FSOCK_STARTTLS_NO;
    r->user = "tim";
    r->password = "tanstaaftanstaaf";
}

#endif
