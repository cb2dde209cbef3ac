#include "check_secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/fault.h"
#include "outcome.h"

#define PASSWORD_MAX ((size_t)8 << 10)
#define NETRC_MAX    ((size_t)1 << 20)

/* Ctrl-C and Ctrl-D, which are letters while a password is typed. */
enum { KEY_CANCEL = 3, KEY_END = 4 };

/* ---- Files ----------------------------------------------------------------------------------- */

static int cannot_read(const char *name, char *why, size_t cap)
{
    snprintf(why, cap, "can't read %s: %s", name, fsk_errno_text(errno ? errno : EFBIG));
    return EXIT_READ;
}

/* The first line of a file, without its end. */
static int read_password(struct check_secret *s, const char *name, char *why, size_t cap)
{
    errno = 0;
    if (!fsk_buf_read_file(&s->text, strcmp(name, "-") == 0 ? "/dev/stdin" : name))
        return cannot_read(name, why, cap);
    struct fsk_span all = fsk_buf_span(&s->text);
    const char *newline = all.n ? memchr(all.p, '\n', all.n) : NULL;
    size_t n = newline ? (size_t)(newline - all.p) : all.n;
    n -= n && all.p[n - 1] == '\r';
    s->text.end = s->text.start + n;
    if (fsk_buf_terminate(&s->text) != FSOCK_OK) {
        snprintf(why, cap, "the password in %s is too long", name);
        return EXIT_READ;
    }
    s->password = fsk_buf_span(&s->text).p;
    return 0;
}

static int read_netrc(struct check_secret *s, const char *name, char *why, size_t cap)
{
    char path[4096];
    const char *home = getenv("HOME");
    if (!name[0]) {
        snprintf(path, sizeof path, "%s/.netrc", home ? home : "");
        name = path;
    }
    fsk_buf_fini(&s->text);
    fsk_buf_init(&s->text, NETRC_MAX);
    errno = 0;
    if (!fsk_buf_read_file(&s->text, name))
        return cannot_read(name, why, cap);
    s->netrc = true;
    return 0;
}

/* ---- The terminal ---------------------------------------------------------------------------- */

/* A line, whose letters nobody sees. False: taken back. */
static bool read_line(int fd, struct fsk_buf *into)
{
    for (;;) {
        char c;
        ssize_t n = read(fd, &c, 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0 || c == KEY_CANCEL || (c == KEY_END && !fsk_buf_len(into)))
            return false;
        if (c == '\n' || c == '\r')
            return fsk_buf_terminate(into) == FSOCK_OK;
        if ((c == 0x7f || c == '\b') && fsk_buf_len(into))
            into->end--;
        else if (c != 0x7f && c != '\b' && fsk_buf_append(into, &c, 1) != FSOCK_OK)
            return false;
    }
}

static int ask_terminal(struct check_secret *s, const char *user, char *why, size_t cap)
{
    struct termios was, silent;
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
    if (fd < 0 || tcgetattr(fd, &was) != 0) {
        snprintf(why, cap,
                 "where is the password of %s? give it by --password-file, --password-env or "
                 "--netrc; there is no terminal to ask at",
                 user);
        if (fd >= 0)
            close(fd);
        return EXIT_USAGE;
    }
    silent = was;
    silent.c_lflag &= ~(tcflag_t)(ECHO | ICANON | ISIG);
    tcsetattr(fd, TCSAFLUSH, &silent); /* first: who sees the question may type */
    dprintf(fd, "password of %s: ", user);
    bool good = read_line(fd, &s->text);
    tcsetattr(fd, TCSAFLUSH, &was);
    dprintf(fd, "\n");
    close(fd);
    s->password = good ? fsk_buf_span(&s->text).p : NULL;
    if (!good)
        snprintf(why, cap, "no password was given");
    return good ? 0 : EXIT_USAGE;
}

/* ---- All ------------------------------------------------------------------------------------- */

int check_secret_init(struct check_secret *s, const struct check_options *o, char *why, size_t cap)
{
    *s = (struct check_secret){.user = o->user};
    fsk_buf_init(&s->text, PASSWORD_MAX);
    if (o->netrc)
        return read_netrc(s, o->netrc, why, cap);
    if (o->password_file)
        return read_password(s, o->password_file, why, cap);
    if (o->password_env) {
        s->password = getenv(o->password_env);
        if (s->password)
            return 0;
        snprintf(why, cap, "there is no %s in the environment, which should have the password",
                 o->password_env);
        return EXIT_USAGE;
    }
    return o->user ? ask_terminal(s, o->user, why, cap) : 0;
}

void check_secret_fini(struct check_secret *s)
{
    if (s->text.mem)
        explicit_bzero(s->text.mem, s->text.cap);
    fsk_buf_fini(&s->text);
    explicit_bzero(&s->entry, sizeof s->entry);
}

void check_secret_choose(struct check_secret *s, struct fsk_span host, struct fsk_span user)
{
    if (!s->netrc)
        return;
    bool found = netrc_find(fsk_buf_span(&s->text), host, user, &s->entry);
    s->user = found ? s->entry.login : NULL;
    s->password = found ? s->entry.password : NULL;
}
