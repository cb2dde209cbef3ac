/* HTTP/1 in the clear: requests, and what answers them. */
#include <stdlib.h>

#include "tracee_mean_rows.h"

/* ---- Texts ----------------------------------------------------------------------------------- */

enum { URL_MAX = 8192, ADDRESS_ROOM = 512 };

/* A head as a text, what is secret masked. Free it; NULL: out of memory. */
static char *head_text(const struct tracee_mean *mean, struct fsk_span head)
{
    struct fsk_mask mask = {.n = 0};
    char *text = malloc(head.n + 1);
    if (!text)
        return NULL;
    fsk_span_text(head, text, head.n + 1);
    if (!mean->secrets)
        fsk_mask(&mask, text, head.n);
    return text;
}

/* The request's target, with the host in front if it is a path. */
static void url_text(const struct http_request *r, const char *peer, char url[URL_MAX])
{
    struct fsk_span host = r->host.n ? r->host : fsk_span_str(peer);
    if (r->target.p[0] == '/')
        snprintf(url, URL_MAX, "http://%.*s%.*s",
                 (int)(host.n < ADDRESS_ROOM ? host.n : ADDRESS_ROOM), host.p, (int)r->target.n,
                 r->target.p);
    else
        fsk_span_text(r->target, url, URL_MAX);
}

/* ---- Requests -------------------------------------------------------------------------------- */

static void give_up(struct tracee_mean *mean, struct tracee_conn *conn, bool request, uint64_t n)
{
    struct tracee_talk *talk = &conn->talk;
    if (talk->http && talk->http->begun)
        talk->answered = true;
    if (!talk->id && talk->http && talk->http->questions)
        talk->id = talk->http->question[0].id;
    if (!talk->id)
        talk->answered = talk->sent = true;
    tracee_talk_turn(talk, TALK_OTHER);
    mean_plain(mean, conn, request, n);
}

/* The first request goes on with what the connection has begun; each other begins something. */
static uint64_t begin_request(struct tracee_mean *mean, struct tracee_conn *conn, const char *url)
{
    struct tracee_talk *talk = &conn->talk;
    bool fresh = talk->uses || !talk->id;
    uint64_t id = fresh ? ++mean->ids : talk->id;
    if (fresh)
        MEAN_MARK(mean, conn, FSOCK_MARK_START, id, 0, 0, fsk_text("url", url),
                  fsk_text("role", talk->server ? "server" : NULL));
    if (talk->uses)
        MEAN_MARK(mean, conn, FSOCK_MARK_REUSE, id, 0, 0, fsk_text("addr", talk->peer),
                  fsk_number("uses", talk->uses));
    talk->uses++;
    talk->id = id;
    return id;
}

static bool is(struct fsk_span s, const char *word)
{
    return fsk_span_eq(s, fsk_span_str(word));
}

/* False: too many are unanswered. */
static bool asked(struct tracee_mean *mean, struct tracee_conn *conn)
{
    struct talk_http *http = conn->talk.http;
    const struct http_request *r = &http->request.request;
    char url[URL_MAX], method[32];
    if (http->questions == TALK_QUESTIONS)
        return false;
    struct fsk_span head = fsk_buf_span(&http->request.head);
    char *text = head_text(mean, head);
    url_text(r, conn->talk.peer, url);
    uint64_t id = begin_request(mean, conn, url);
    http->question[http->questions++] = (struct talk_question){
        .id = id, .head = is(r->method, "HEAD"), .connect = is(r->method, "CONNECT")};
    http->newest = id;
    http->asked = head.n;
    MEAN_MARK(mean, conn, FSOCK_MARK_REQUEST, id, 0, head.n,
              fsk_text("method", fsk_span_text(r->method, method, sizeof method)),
              fsk_text("url", url), fsk_text("head", text));
    free(text);
    return true;
}

static bool requests(struct tracee_mean *mean, struct tracee_conn *conn, struct fsk_span bytes,
                     uint64_t unseen)
{
    struct talk_http *http = conn->talk.http;
    enum http_what what;
    size_t before = bytes.n;
    bool fine = true;
    while (fine && (what = http_watch_next(&http->request, &bytes)) != HTTP_MORE) {
        if (what == HTTP_HEAD) {
            fine = asked(mean, conn);
            before = bytes.n;
        } else if (what == HTTP_BODY) {
            http->asked += before - bytes.n;
            MEAN_MARK(mean, conn, FSOCK_MARK_SENT, http->newest, 0, http->asked, FSK_NO_FIELD);
            before = bytes.n;
        } else {
            fine = false;
        }
    }
    if (fine)
        http->asked += before;
    if (fine && unseen) {
        http->asked += unseen;
        what = http_watch_skip(&http->request, unseen);
        fine = what != HTTP_OTHER;
        if (what == HTTP_BODY)
            MEAN_MARK(mean, conn, FSOCK_MARK_SENT, http->newest, 0, http->asked, FSK_NO_FIELD);
    }
    return fine;
}

/* ---- Responses ------------------------------------------------------------------------------- */

/* The oldest question has been answered, or (err) never will be. */
static void answered(struct tracee_mean *mean, struct tracee_conn *conn, enum fsock_err err,
                     int sys_errno)
{
    struct tracee_talk *talk = &conn->talk;
    struct talk_http *http = talk->http;
    uint64_t id = http->question[0].id;
    if (err == FSOCK_OK)
        MEAN_MARK(mean, conn, FSOCK_MARK_BODY, id, 0, http->answered, FSK_NO_FIELD);
    const char *why = err == FSOCK_ERR_CANCELED ? "closed before all of the answer was read"
                      : err == FSOCK_OK || sys_errno
                          ? NULL
                          : "the peer closed before the answer was complete";
    mean_done(mean, conn, id, err, http->begun ? FSOCK_STAGE_BODY : FSOCK_STAGE_HEAD, sys_errno,
              why);
    http->questions--;
    for (unsigned i = 0; i < http->questions; i++)
        http->question[i] = http->question[i + 1];
    http->answered = 0;
    http->begun = false;
    if (!http->questions)
        talk->id = 0;
}

/* A proxy has opened its tunnel: what is said from now on is said to somebody else. */
static void tunnel(struct tracee_mean *mean, struct tracee_conn *conn)
{
    struct tracee_talk *talk = &conn->talk;
    uint64_t id = talk->http->question[0].id;
    MEAN_MARK(mean, conn, FSOCK_MARK_PROXY, id, 0, 0, fsk_text("protocol", "http"));
    tracee_talk_turn(talk, TALK_UNKNOWN);
    talk->id = id;
    talk->uses = 0;
}

/* False: what comes now is no HTTP. */
static bool headed(struct tracee_mean *mean, struct tracee_conn *conn)
{
    struct talk_http *http = conn->talk.http;
    const struct fsk_h1_head *h = &http->response.response;
    const struct talk_question *q = &http->question[0];
    http->answered = 0; /* what follows is the body, as it is received */
    if (h->status < 200 && h->status != 101)
        return true;
    struct fsk_span head = fsk_buf_span(&http->response.head);
    char *text = head_text(mean, head);
    MEAN_MARK(mean, conn, FSOCK_MARK_HEAD, q->id, 0, head.n, fsk_number("status", h->status),
              fsk_text("head", text));
    free(text);
    if (!q->connect || h->status / 100 != 2)
        return h->status != 101;
    tunnel(mean, conn);
    return true;
}

static bool begin_response(struct tracee_mean *mean, struct tracee_conn *conn, uint64_t n)
{
    struct talk_http *http = conn->talk.http;
    if (!http->questions)
        return false;
    if (!http->begun)
        MEAN_MARK(mean, conn, FSOCK_MARK_FIRST_BYTE, http->question[0].id, 0, n, FSK_NO_FIELD);
    http->begun = true;
    http_watch_answers(&http->response, http->question[0].head, http->question[0].connect);
    return true;
}

static bool responses(struct tracee_mean *mean, struct tracee_conn *conn, struct fsk_span bytes,
                      uint64_t unseen)
{
    struct talk_http *http = conn->talk.http;
    bool fine = true;
    enum http_what what = HTTP_MORE;
    do {
        size_t before = bytes.n;
        if ((bytes.n || unseen) && !begin_response(mean, conn, bytes.n + unseen))
            return false;
        what = http_watch_next(&http->response, &bytes);
        http->answered += before - bytes.n;
        if (what == HTTP_HEAD)
            fine = headed(mean, conn) && conn->talk.http;
        else if (what == HTTP_BODY)
            answered(mean, conn, FSOCK_OK, 0);
    } while (fine && what != HTTP_MORE && what != HTTP_OTHER);
    if (!conn->talk.http) /* a tunnel */
        return true;
    if (fine && unseen) {
        http->answered += unseen;
        what = http_watch_skip(&http->response, unseen);
        if (what == HTTP_BODY)
            answered(mean, conn, FSOCK_OK, 0);
    }
    return fine && what != HTTP_OTHER;
}

void mean_http(struct tracee_mean *mean, struct tracee_conn *conn, bool request,
               struct fsk_span bytes, uint64_t n)
{
    uint64_t unseen = n - bytes.n;
    bool fine =
        request ? requests(mean, conn, bytes, unseen) : responses(mean, conn, bytes, unseen);
    if (!fine)
        give_up(mean, conn, request, n);
}

void mean_http_gone(struct tracee_mean *mean, struct tracee_conn *conn, bool by_peer, int sys_errno)
{
    struct talk_http *http = conn->talk.http;
    if (!http)
        return;
    bool whole = !sys_errno && http->begun && http->response.stage == HTTP_TO_END;
    while (http->questions) {
        enum fsock_err cut = sys_errno     ? FSOCK_ERR_RESET
                             : !by_peer    ? FSOCK_ERR_CANCELED
                             : http->begun ? FSOCK_ERR_TRUNCATED
                                           : FSOCK_ERR_CLOSED;
        answered(mean, conn, whole ? FSOCK_OK : cut, whole ? 0 : sys_errno);
        whole = false;
    }
    if (conn->talk.uses)
        conn->talk.id = 0;
}
