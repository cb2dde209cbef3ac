/*
 * script_login.h - by which way a script logs in, and the words of that way. For the script files.
 */
#ifndef FSK_SCRIPT_LOGIN_H
#define FSK_SCRIPT_LOGIN_H

#include "wire/script.h"

/* NULL, or a sentence: there is no such mechanism. Empty is fine. */
const char *fsk_login_check(struct fsk_span mechanism);

/* Whether the server has offered this: a word of its own, or the first of a line. */
bool fsk_script_offers(const struct fsk_script *s, const char *word);

/*
 * Choose s->login, unless that is done: the mechanism that was wished for, else the best that is
 * offered and hides the password from those who could listen. It fails if there is none.
 */
void fsk_script_choose_login(struct fsk_script *s);

/* Log in by this mechanism. */
void fsk_script_take_sasl(struct fsk_script *s, enum fsk_sasl_kind kind);

/* Append the answer to a challenge, a line, as base64. As fsk_sasl_answer(); s->err is set. */
enum fsock_err fsk_script_respond(struct fsk_script *s, struct fsk_span line);

/* ... to one in base64, with these texts in front of the answer and behind it. */
enum fsock_err fsk_script_respond_within(struct fsk_script *s, struct fsk_span challenge,
                                         const char *before, const char *behind);

/* Append APOP's digest. */
enum fsock_err fsk_script_digest(struct fsk_script *s);

#endif
