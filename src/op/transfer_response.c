#include "op/transfer_response.h"

#include "base/time.h"

void fsk_response_init(struct fsock_response *response, const char *method)
{
    *response = (struct fsock_response){
        .url = "",
        .method = method,
        .content_length = -1,
        .tls_version = "",
        .tls_cipher = "",
        .redirect_url = "",
        .times = {-1, -1, -1, -1, -1, -1, -1}
    };
}

static fsock_time since_start(const struct fsk_transfer *t, fsock_time at)
{
    return at ? at - t->started : -1;
}

static void note_address(char out[FSK_ADDR_TEXT], const struct fsk_addr *addr)
{
    out[0] = '\0';
    if (addr->family)
        fsk_addr_format(addr, out);
}

void fsk_transfer_note_stream(struct fsk_transfer *t)
{
    struct fsock_response *r = &t->response;
    struct fsk_layer_info info;
    static_assert(sizeof r->remote_ip >= FSK_ADDR_TEXT && sizeof r->local_ip >= FSK_ADDR_TEXT,
                  "they hold any address");
    fsk_stream_info(&t->conn->stream, &info);
    if (!t->conn->remote_ip[0]) {
        note_address(t->conn->remote_ip, &info.remote);
        note_address(t->conn->local_ip, &info.local);
    }
    memcpy(r->remote_ip, t->conn->remote_ip, FSK_ADDR_TEXT);
    memcpy(r->local_ip, t->conn->local_ip, FSK_ADDR_TEXT);
    r->remote_port = info.remote.port;
    r->local_port = info.local.port;
    r->tls_version = info.tls_version ? info.tls_version : "";
    r->tls_cipher = info.tls_cipher ? info.tls_cipher : "";
    r->ssl_verify_result = (int)info.verify_result;
}

void fsk_transfer_note_tcp(struct fsk_transfer *t, fsock_time now)
{
    struct fsk_conn *conn = t->conn;
    if (!conn->tcp_at || now - conn->tcp_at >= FSK_TCP_FRESH) {
        fsk_sock_tcp(t->http->driver->trace, fsk_stream_fd(&conn->stream), &conn->tcp);
        conn->tcp_at = now;
    }
    t->response.tcp = conn->tcp;
}

void fsk_transfer_note_dial(struct fsk_transfer *t)
{
    struct fsock_times *times = &t->response.times;
    times->namelookup = since_start(t, t->dial.looked_up ? t->dial.looked_up : t->dial.started);
    times->connect = since_start(t, t->dial.connected);
    times->appconnect = since_start(t, t->dial.secured);
}

void fsk_transfer_note_head(struct fsk_transfer *t)
{
    const struct fsk_exchange *x = &t->exchange;
    struct fsock_response *r = &t->response;
    struct fsk_span head = fsk_buf_span(&x->head_bytes);
    r->url = t->aim.text.mem;
    r->method = t->method;
    r->status = x->head.status;
    r->version = 10 * x->head.major + x->head.minor;
    r->head = head.p;
    r->head_len = head.n;
    r->content_length = x->head.content_length;
    t->framing = x->framing;
    r->times.starttransfer = since_start(t, x->first_at);
}

void fsk_transfer_note_end(struct fsk_transfer *t)
{
    const struct fsk_exchange *x = &t->exchange;
    struct fsock_response *r = &t->response;
    size_t head = t->head.end;
    r->size_header += x->header_bytes;
    r->size_request += x->sent < head ? x->sent : head;
    r->size_upload += x->sent > head ? x->sent - head : 0;
    if (t->again.broke && !t->showing)
        return; /* what is known of the body is known of the one that broke off */
    r->size_download = t->again.received + x->received;
    r->size_body = x->made;
}

void fsk_transfer_note_location(struct fsk_transfer *t, struct fsk_span location)
{
    size_t room = FSK_URL_ROOM(location.n + t->aim.text.end);
    fsk_buf_clear(&t->location);
    if (fsk_buf_reserve(&t->location, room + 1) == FSOCK_OK) {
        t->location.end = fsk_url_resolve(&t->aim.url, location, t->location.mem, room);
        fsk_buf_terminate(&t->location);
        t->response.redirect_url = t->location.mem;
    }
}
