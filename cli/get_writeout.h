/*
 * get_writeout.h - curl's -w FORMAT: text about a finished transfer.
 *
 * %{name} is a field of the record (record.h), %{json} the whole record, %header{name} a field of
 * the answer's header, %{stdout} and %{stderr} choose where what follows goes, %{onerror} ends the
 * text unless the transfer failed; %% is a percent sign, \n \r \t \\ what they are in C.
 */
#ifndef FSOCK_CLI_GET_WRITEOUT_H
#define FSOCK_CLI_GET_WRITEOUT_H

#include "get_record.h"

/* False if the format names something unknown: then *bad is the place. */
bool writeout_check(const char *format, struct fsk_span *bad);

/*
 * The format of -w @FILE ("-": standard input), to be freed, goes to *format. Returns 0, or the
 * exit code, with the sentence in `why`, if it can't be read or names something unknown.
 */
int writeout_read(char **format, const char *name, char *why, size_t cap);

/* Print a format that writeout_check() has accepted. */
void writeout(struct out *to, struct out *err, const char *format, const struct record *r);

#endif
