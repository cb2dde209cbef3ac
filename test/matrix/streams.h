/*
 * streams.h - what the deadline matrix does with a stream: each function is a cell's act. It opens
 * what it needs without a limit, then makes the call that is measured, again and again if it goes
 * well, and closes everything.
 *
 * The cell's `which` says how the call is limited: by its deadline (TOTAL), the stream's (OWN),
 * silence (READ), or options.connect_timeout (CONNECT). If the cell expects FSOCK_AGAIN the call is
 * made with FSOCK_NOW. The target "pair" is one of two connected streams, "zero" is /dev/zero.
 */
#ifndef MATRIX_STREAMS_H
#define MATRIX_STREAMS_H

#include "measure.h"

void run_stream(const unsigned *which, unsigned n, struct outcome *outcomes);

/* Opening. */
void act_fsockopen(struct trial *t);
void act_open(struct trial *t);
void act_pool_open(struct trial *t);
void act_bind(struct trial *t);
void act_listen(struct trial *t);
void act_start_tls(struct trial *t);

/* Reading. */
void act_read(struct trial *t);
void act_read_answer(struct trial *t); /* after a byte was sent */
void act_read_exact(struct trial *t);
void act_read_line(struct trial *t);
void act_recv_from(struct trial *t);
void act_wait(struct trial *t);

/* Writing, 64 MiB if it could be. */
void act_write(struct trial *t);
void act_shut(struct trial *t);  /* when no more can be written */
void act_close(struct trial *t); /* likewise */
void act_copy_from(struct trial *t);
void act_copy_to(struct trial *t); /* from /dev/zero */

/* By stdio. */
void act_fgets(struct trial *t);
void act_fwrite(struct trial *t);
void act_fclose(struct trial *t); /* with bytes in the FILE's buffer */

/* As a server, at the target. */
void act_accept(struct trial *t);
void act_handshake_mute(struct trial *t);
void act_handshake_drip(struct trial *t);
void act_read_unshaken(struct trial *t); /* the first call shakes hands */

void act_probe(struct trial *t);

#endif
