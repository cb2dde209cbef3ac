#include "tracee_words.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/epoll.h>

struct word {
    unsigned number;
    const char *text;
};

#define WORD(name)                                                                                 \
    {                                                                                              \
        (unsigned)(name), #name                                                                    \
    }
#define COUNT(table) (sizeof(table) / sizeof *(table))

static const char *word(const struct word *table, size_t n, unsigned number, char *room)
{
    for (size_t i = 0; i < n; i++)
        if (table[i].number == number)
            return table[i].text;
    snprintf(room, TRACEE_WORDS, "%d", (int)number);
    return room;
}

/* Those of the flags that have words, and the rest in hex, with bars between; "0" for none. */
static const char *flags(const struct word *table, size_t n, const char *first, unsigned set,
                         char *room)
{
    size_t len = (size_t)snprintf(room, TRACEE_WORDS, "%s", first);
    for (size_t i = 0; i < n; i++)
        if (set & table[i].number) {
            len += (size_t)snprintf(room + len, TRACEE_WORDS - len, "%s%s", len ? "|" : "",
                                    table[i].text);
            set &= ~table[i].number;
        }
    if (set)
        len += (size_t)snprintf(room + len, TRACEE_WORDS - len, "%s0x%x", len ? "|" : "", set);
    return len ? room : "0";
}

const char *tracee_word_fcntl(int cmd, char room[TRACEE_WORDS])
{
    static const struct word words[] = {WORD(F_DUPFD), WORD(F_DUPFD_CLOEXEC), WORD(F_GETFD),
                                        WORD(F_SETFD), WORD(F_GETFL),         WORD(F_SETFL),
                                        WORD(F_SETOWN)};
    return word(words, COUNT(words), (unsigned)cmd, room);
}

const char *tracee_word_open_flags(int set, char room[TRACEE_WORDS])
{
    static const char *const modes[] = {"O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"};
    static const struct word words[] = {WORD(O_APPEND), WORD(O_NONBLOCK), WORD(O_ASYNC),
                                        WORD(O_CLOEXEC)};
    /* The bit that 64-bit kernels set of themselves says nothing. */
    unsigned rest = (unsigned)set & ~(unsigned)O_ACCMODE & ~0100000u;
    return flags(words, COUNT(words), modes[set & O_ACCMODE], rest, room);
}

const char *tracee_word_epoll_op(int op, char room[TRACEE_WORDS])
{
    static const struct word words[] = {WORD(EPOLL_CTL_ADD), WORD(EPOLL_CTL_MOD),
                                        WORD(EPOLL_CTL_DEL)};
    return word(words, COUNT(words), (unsigned)op, room);
}

const char *tracee_word_epoll_events(uint32_t events, char room[TRACEE_WORDS])
{
    static const struct word words[] = {WORD(EPOLLIN),        WORD(EPOLLPRI),    WORD(EPOLLOUT),
                                        WORD(EPOLLERR),       WORD(EPOLLHUP),    WORD(EPOLLRDHUP),
                                        WORD(EPOLLEXCLUSIVE), WORD(EPOLLWAKEUP), WORD(EPOLLONESHOT),
                                        WORD(EPOLLET)};
    return flags(words, COUNT(words), "", events, room);
}

const char *tracee_word_epoll_flags(int set, char room[TRACEE_WORDS])
{
    static const struct word words[] = {WORD(EPOLL_CLOEXEC)};
    return flags(words, COUNT(words), "", (unsigned)set, room);
}

const char *tracee_word_splice_flags(unsigned set, char room[TRACEE_WORDS])
{
    static const struct word words[] = {WORD(SPLICE_F_MOVE), WORD(SPLICE_F_NONBLOCK),
                                        WORD(SPLICE_F_MORE), WORD(SPLICE_F_GIFT)};
    return flags(words, COUNT(words), "", set, room);
}
