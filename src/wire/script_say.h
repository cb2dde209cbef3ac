/*
 * script_say.h - what a move says: its template, filled in. For script.c.
 */
#ifndef FSK_SCRIPT_SAY_H
#define FSK_SCRIPT_SAY_H

#include "wire/script.h"

/* Append a template of struct fsk_move to s->out. FSOCK_ERR_MEMORY, FSOCK_ERR_TOO_BIG. */
enum fsock_err fsk_script_say(struct fsk_script *s, const char *text);

#endif
