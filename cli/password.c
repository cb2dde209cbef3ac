#include "password.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/fault.h"
#include "file.h"
#include "netrc.h"
#include "outcome.h"

#define FILE_MAX ((size_t)1 << 20)

/* Ctrl-C and Ctrl-D, which are letters while a password is typed. */
enum { KEY_CANCEL = 3, KEY_END = 4 };

static int put(struct fsk_buf *into, struct fsk_span password, char *why, size_t cap)
{
    enum fsock_err err = password.n > PASSWORD_MAX ? FSOCK_ERR_TOO_BIG
                                                   : fsk_buf_append(into, password.p, password.n);
    if (err == FSOCK_OK)
        return 0;
    snprintf(why, cap, err == FSOCK_ERR_MEMORY ? "out of memory" : "the password is too long");
    return err == FSOCK_ERR_MEMORY ? EXIT_MEMORY : EXIT_READ;
}

static int cannot_read(const char *name, int sys_errno, char *why, size_t cap)
{
    snprintf(why, cap, "can't read %s: %s", name, fsk_errno_text(sys_errno));
    return EXIT_READ;
}

int password_read(struct fsk_buf *into, const char *name, char *why, size_t cap)
{
    struct fsk_buf text;
    fsk_buf_init(&text, FILE_MAX);
    int sys_errno = file_append(&text, name);
    struct fsk_span line = fsk_buf_span(&text);
    const char *newline = line.n ? memchr(line.p, '\n', line.n) : NULL;
    line.n = newline ? (size_t)(newline - line.p) : line.n;
    line.n -= line.n && line.p[line.n - 1] == '\r';
    int code = sys_errno ? cannot_read(name, sys_errno, why, cap) : put(into, line, why, cap);
    password_fini(&text);
    return code;
}

int password_getenv(struct fsk_buf *into, const char *name, char *why, size_t cap)
{
    const char *value = getenv(name);
    if (value)
        return put(into, fsk_span_str(value), why, cap);
    snprintf(why, cap, "there is no %s in the environment, which should have the password", name);
    return EXIT_USAGE;
}

/* A line, which nobody sees. False: taken back, or too long. */
static bool read_line(int fd, struct fsk_buf *into)
{
    size_t before = fsk_buf_len(into);
    for (;;) {
        char c;
        ssize_t n = read(fd, &c, 1);
        if (n < 0 && errno == EINTR)
            continue;
        bool empty = fsk_buf_len(into) == before;
        if (n <= 0 || c == KEY_CANCEL || (c == KEY_END && empty))
            return false;
        if (c == '\n' || c == '\r')
            return true;
        if ((c == 0x7f || c == '\b') && !empty)
            into->end--;
        else if (c != 0x7f && c != '\b' && fsk_buf_append(into, &c, 1) != FSOCK_OK)
            return false;
    }
}

int password_ask(struct fsk_buf *into, const char *user, const char *sources, char *why, size_t cap)
{
    struct termios was, silent;
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
    if (fd < 0 || tcgetattr(fd, &was) != 0) {
        snprintf(why, cap,
                 "where is the password of %s? give it by %s; there is no terminal to ask at", user,
                 sources);
        if (fd >= 0)
            close(fd);
        return EXIT_USAGE;
    }
    silent = was;
    silent.c_lflag &= ~(tcflag_t)(ECHO | ICANON | ISIG);
    tcsetattr(fd, TCSAFLUSH, &silent); /* first: who sees the question may type */
    dprintf(fd, "password of %s: ", user);
    bool good = read_line(fd, into);
    tcsetattr(fd, TCSAFLUSH, &was);
    dprintf(fd, "\n");
    close(fd);
    if (!good)
        snprintf(why, cap, "no password was given");
    return good ? 0 : EXIT_USAGE;
}

static bool others_may_read(const char *name, unsigned *mode)
{
    struct stat st;
    if (stat(name, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != getuid())
        return false;
    *mode = st.st_mode & 0777;
    return st.st_mode & (S_IRWXG | S_IRWXO);
}

int password_netrc(struct fsk_buf *into, const char *name, char *why, size_t cap)
{
    char path[4096];
    unsigned mode;
    if (!name[0]) {
        const char *home = getenv("HOME");
        snprintf(path, sizeof path, "%s/.netrc", home ? home : "");
        name = path;
    }
    if (others_may_read(name, &mode)) {
        snprintf(why, cap, "others may read %s (mode %03o), which has passwords; chmod 600 %s",
                 name, mode, name);
        return EXIT_READ;
    }
    int sys_errno = file_append(into, name);
    if (sys_errno)
        return cannot_read(name, sys_errno, why, cap);
    struct netrc_entry entry;
    bool cut = netrc_is_cut(fsk_buf_span(into), &entry);
    explicit_bzero(&entry, sizeof entry);
    if (cut)
        snprintf(why, cap, "%s has a host, user or password of more than %zu bytes", name,
                 NETRC_WORD - 1);
    return cut ? EXIT_READ : 0;
}

void password_fini(struct fsk_buf *b)
{
    if (b->mem)
        explicit_bzero(b->mem, b->cap);
    fsk_buf_fini(b);
}
