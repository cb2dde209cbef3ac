/* service.h: what listens where. Each service is a line in a table, with a port of its own. */
#ifndef SITE_SERVICE_H
#define SITE_SERVICE_H

#include "conn.h"

enum service_flags {
    ON_V6 = 1,   /* on ::1 as well, at the same port number */
    OWN_TLS = 2, /* has a context, but does the handshake itself */
};

struct service {
    const char *name; /* the key in the JSON */
    unsigned flags;
    void (*accepted)(
        struct conn *c);            /* a connection came: sets its input, perhaps says something */
    SSL_CTX *(*tls)(void);          /* makes its context; NULL: plain */
    int (*open)(struct service *s); /* opens something special and returns the port */
    const char *about;
    int port;
    SSL_CTX *ctx;
    struct listener *listeners[2];
};

/* All of them; ends with a name of NULL. */
extern struct service services[];

/* Opens all; the program exits if it cannot. unix_path may be NULL. */
void services_open(const char *unix_path);

/* The port of the service of that name; 0 if there is none. */
int service_port(const char *name);

/* Listens for s on ip (an address in text form) at the port, 0 for any; returns the port, -1 if
 * it is taken. rcvbuf 0 leaves the kernel's default. */
int listen_on(struct service *s, const char *ip, int port, int backlog, int rcvbuf);

/* Closes the listeners that listen_on has opened for s. */
void drop_listeners(struct service *s);

/* Closes all listeners, frees the contexts. */
void services_close(void);

#endif
