/*
 * dialog.h - an op that dials a service and goes through its script: what a check is.
 *
 * The script (wire/script.h) decides, this op does: it sends, receives, puts TLS on, and keeps the
 * times. The same tables serve one target and a thousand.
 */
#ifndef FSK_DIALOG_H
#define FSK_DIALOG_H

#include "op/dial.h"
#include "wire/script.h"

struct fsk_dialog {
    struct fsk_op op;
    struct fsk_dial dial;
    struct fsk_dialer *dialer;
    struct fsk_target target; /* the owner's to fill in, before it starts */
    struct fsk_wish wish;     /* likewise; borrows its texts from the owner */
    const struct fsk_service *service;
    struct fsock_fault fault;
    struct fsk_script script;
    char name[160];  /* the target, for sentences */
    int64_t silence; /* nanoseconds; 0: any */

    bool dialling, scripted; /* `dial`, `script` are initialised */
    bool shaking;            /* TLS has been put on, and is not open yet */
    struct fsk_stream stream;
    size_t said;         /* bytes of what the script says that have gone out */
    fsock_time again_at; /* of datagrams: when it is said again */
    fsock_time moved;    /* when anything did last */

    /* The result: points in time, 0 if it did not come so far. */
    fsock_time started, looked_up, connected, secured, greeted, in, ended;
    struct fsk_addr peer; /* family 0: none, or a unix socket */
    char tls_version[16], tls_cipher[64];
    bool starttls;
    struct fsock_cert *cert;
};

/*
 * Starts when it is first stepped; connecting ends at `connect_by` at the latest. FSOCK_OK: all is
 * well, else the fault says what is not.
 */
void fsk_dialog_init(struct fsk_dialog *d, struct fsk_dialer *dialer, fsock_time now,
                     fsock_time connect_by, fsock_time deadline);

/* Closes whatever is open; the result stays. */
void fsk_dialog_close(struct fsk_dialog *d);

/* ... and frees the result. */
void fsk_dialog_fini(struct fsk_dialog *d);

#endif
