/*
 * transfers.h - the two drivers of a transfer: fsock_get(), and fsock_fetch() with all cells that
 * have the same options.
 */
#ifndef MATRIX_TRANSFERS_H
#define MATRIX_TRANSFERS_H

#include "measure.h"

void run_transfer(const unsigned *which, unsigned n, struct outcome *outcomes);
void loop_transfers(const unsigned *which, unsigned n, struct outcome *outcomes);

#endif
