/*
 * errno_record.h - a code as `fsock errno` tells of it: a card, a row, lines, or JSON.
 */
#ifndef FSOCK_CLI_ERRNO_RECORD_H
#define FSOCK_CLI_ERRNO_RECORD_H

#include <stdbool.h>

#include "errno_lookup.h"
#include "out.h"

/* For a terminal: all that is known, wrapped. */
void errno_record_card(struct out *o, const struct errno_hit *hit, bool colour);

/* For a terminal: one of many, in columns. */
void errno_record_row(struct out *o, const struct errno_hit *hit, bool colour);

/* For grep and cut: KIND NUMBER NAME TEXT STAGES CAUSE REMEDY, parted by tabs, a line for each
 * explanation; "-" stands for what there is not. */
void errno_record_lines(struct out *o, const struct errno_hit *hit);

void errno_record_json(struct out *o, const struct errno_hit *hit);

#endif
