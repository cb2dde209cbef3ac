#include "check_secret.h"

#include <stdio.h>
#include <string.h>

#include "outcome.h"
#include "password.h"

#define NETRC_MAX ((size_t)1 << 20)

/* From where the options say; the terminal is asked last. */
static int get_password(struct check_secret *s, const struct check_options *o, char *why,
                        size_t cap)
{
    if (o->password_file)
        return password_read(&s->text, o->password_file, why, cap);
    if (o->password_env)
        return password_getenv(&s->text, o->password_env, why, cap);
    return password_ask(&s->text, o->user, "--password-file, --password-env or --netrc", why, cap);
}

int check_secret_init(struct check_secret *s, const struct check_options *o, char *why, size_t cap)
{
    *s = (struct check_secret){.user = o->user, .netrc = o->netrc != NULL};
    fsk_buf_init(&s->text, NETRC_MAX);
    if (o->netrc)
        return password_netrc(&s->text, o->netrc, why, cap);
    if (!o->user && !o->password_file && !o->password_env)
        return 0;
    int code = get_password(s, o, why, cap);
    if (!code && fsk_buf_terminate(&s->text) != FSOCK_OK) {
        snprintf(why, cap, "out of memory");
        return EXIT_MEMORY;
    }
    s->password = code ? NULL : fsk_buf_span(&s->text).p;
    return code;
}

void check_secret_fini(struct check_secret *s)
{
    password_fini(&s->text);
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
