#include "get_login.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "file.h"
#include "netrc.h"
#include "outcome.h"
#include "password.h"

#define NETRC_MAX ((size_t)16 << 20)
#define USER_MAX  ((size_t)64 << 10)

const char *get_login_conflict(const struct get_options *o)
{
    bool elsewhere = o->password_file || o->password_env;
    if (o->bearer && o->user)
        return "-u and --bearer both say who you are; drop one of them";
    if (o->bearer && o->auth >= 0)
        return "--bearer is a way to log in by itself; drop --basic, --digest or --anyauth";
    if (o->password_file && o->password_env)
        return "--password-file and --password-env both give the password; drop one of them";
    if (elsewhere && !o->user)
        return "whose password is it? name the user with -u USER";
    if (elsewhere && strchr(o->user, ':'))
        return "-u has a password already; leave it out, or --password-file and --password-env";
    if (o->no_wait && o->auth > FSOCK_AUTH_BASIC)
        return "--no-wait gets no answer, and so nobody asks for --digest or --anyauth";
    if (o->proxy_auth > FSOCK_AUTH_BASIC && o->no_wait)
        return "--no-wait gets no answer, and so no proxy asks for its user";
    return NULL;
}

/* ---- User and password ----------------------------------------------------------------------- */

static int no_memory(char *why, size_t cap)
{
    snprintf(why, cap, "out of memory");
    return EXIT_MEMORY;
}

static int make_user(struct get_login *l, const struct get_options *o, char *why, size_t cap)
{
    int code = 0;
    if (fsk_buf_puts(&l->user, o->user) != FSOCK_OK)
        return no_memory(why, cap);
    bool open = !strchr(o->user, ':');
    if (open && (o->password_file || o->password_env || !o->netrc) &&
        fsk_buf_puts(&l->user, ":") != FSOCK_OK)
        return no_memory(why, cap);
    if (open && o->password_file)
        code = password_read(&l->user, o->password_file, why, cap);
    else if (open && o->password_env)
        code = password_getenv(&l->user, o->password_env, why, cap);
    else if (open && !o->netrc)
        code = password_ask(&l->user, o->user, "--password-file, --password-env or -n", why, cap);
    if (code || fsk_buf_terminate(&l->user) == FSOCK_OK)
        return code;
    return no_memory(why, cap);
}

static int make_token(struct get_login *l, const char *bearer, char *why, size_t cap)
{
    int code = 0;
    if (bearer[0] == '@')
        code = password_read(&l->token, bearer + 1, why, cap);
    else if (fsk_buf_puts(&l->token, bearer) != FSOCK_OK)
        code = no_memory(why, cap);
    if (code || fsk_buf_terminate(&l->token) == FSOCK_OK)
        return code;
    return no_memory(why, cap);
}

/* ---- netrc ----------------------------------------------------------------------------------- */

/* As ssh does with keys: a file of ours that others can read has no secrets. */
static int check_mode(const char *name, char *why, size_t cap)
{
    struct stat st;
    if (stat(name, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != getuid() ||
        !(st.st_mode & (S_IRWXG | S_IRWXO)))
        return 0;
    snprintf(why, cap, "others may read %s (mode %03o), which has passwords; chmod 600 %s", name,
             (unsigned)(st.st_mode & 0777), name);
    return EXIT_READ;
}

static int add_logins(struct get_login *l, struct fsk_span text, const char *name, char *why,
                      size_t cap)
{
    static struct netrc_entry entry;
    size_t pos = 0;
    enum fsock_err err = FSOCK_OK;
    while (err == FSOCK_OK && netrc_next(text, &pos, &entry))
        err = fsock_logins_add(l->logins, entry.others ? NULL : entry.host, entry.login,
                               entry.password);
    explicit_bzero(&entry, sizeof entry);
    if (err == FSOCK_ERR_MEMORY)
        return no_memory(why, cap);
    if (err != FSOCK_OK)
        snprintf(why, cap, "%s has more than 100000 entries, or a host that can't be one", name);
    return err == FSOCK_OK ? 0 : EXIT_READ;
}

static int make_logins(struct get_login *l, const char *name, char *why, size_t cap)
{
    char path[4096];
    struct fsk_buf text;
    if (!name[0]) {
        const char *home = getenv("HOME");
        snprintf(path, sizeof path, "%s/.netrc", home ? home : "");
        name = path;
    }
    int code = check_mode(name, why, cap);
    if (code)
        return code;
    fsk_buf_init(&text, NETRC_MAX);
    l->logins = fsock_logins_new();
    int sys_errno = file_append(&text, name);
    if (sys_errno) {
        snprintf(why, cap, "can't read %s: %s", name, fsk_errno_text(sys_errno));
        code = EXIT_READ;
    } else {
        code = l->logins ? add_logins(l, fsk_buf_span(&text), name, why, cap) : no_memory(why, cap);
    }
    password_fini(&text);
    return code;
}

/* ---- All ------------------------------------------------------------------------------------- */

int get_login_open(struct get_login *l, const struct get_options *o, struct fsock_request *request,
                   char *why, size_t cap)
{
    int code = 0;
    *l = (struct get_login){.logins = NULL};
    fsk_buf_init(&l->user, USER_MAX + PASSWORD_MAX);
    fsk_buf_init(&l->token, USER_MAX);
    if (o->netrc)
        code = make_logins(l, o->netrc, why, cap);
    if (!code && o->user)
        code = make_user(l, o, why, cap);
    if (!code && o->bearer)
        code = make_token(l, o->bearer, why, cap);
    request->auth = o->auth >= 0 ? (enum fsock_auth)o->auth : FSOCK_AUTH_BASIC;
    request->logins = l->logins;
    request->user = o->user ? l->user.mem : NULL;
    request->bearer = o->bearer ? l->token.mem : NULL;
    return code;
}

void get_login_drop(struct fsock_request *request)
{
    request->user = request->bearer = NULL;
    request->logins = NULL;
}

void get_login_fini(struct get_login *l)
{
    password_fini(&l->user);
    password_fini(&l->token);
    fsock_logins_free(l->logins);
}
