/*
 * Services of lines: FTP (RFC 959, 4217), NNTP (RFC 3977, 4642, 4643), SSH (RFC 4253), HTTP, Redis,
 * memcached.
 */
#include "base/digits.h"
#include "wire/script.h"

static void take_banner(struct fsk_script *s, struct fsk_span answer)
{
    fsk_script_banner(s, fsk_script_line(s, answer));
}

/* ---- FTP ------------------------------------------------------------------------------------- */

/* " AUTH TLS": each line between the first and the last. */
static void take_feat(struct fsk_script *s, struct fsk_span answer)
{
    struct fsk_span line;
    fsk_script_next_line(&answer, &line);
    while (fsk_script_next_line(&answer, &line))
        if (line.n > 1 && line.p[0] == ' ')
            fsk_script_word(s, fsk_span_trim(line));
}

const struct fsk_move fsk_moves_ftp[] = {
    {.awaited = "its greeting",
     .form = FSK_REPLY_CODE,
     .good = "220",
     .no = "4|5",
     .take = take_banner},
    {.awaited = "its answer to FEAT",
     .say = "FEAT\r\n",
     .form = FSK_REPLY_CODE,
     .good = "211",
     .bad = FSK_BAD_FINE,
     .take = take_feat},
    {.awaited = "its answer to AUTH TLS",
     .when = FSK_IF_STARTTLS,
     .say = "AUTH TLS\r\n",
     .form = FSK_REPLY_CODE,
     .good = "234",
     .offer = "AUTH",
     .then = FSK_THEN_TLS,
     .bad = FSK_BAD_TLS},
    {.awaited = "its answer to FEAT within TLS",
     .when = FSK_IF_RENEWED,
     .say = "FEAT\r\n",
     .form = FSK_REPLY_CODE,
     .good = "211",
     .bad = FSK_BAD_FINE,
     .take = take_feat},
    {.awaited = "its answer to USER and PASS",
     .when = FSK_IF_PASS,
     .say = "USER %u\r\n",
     .form = FSK_REPLY_CODE,
     .good = "230|232",
     .more = "331",
     .then_say = "PASS %p\r\n",
     .then = FSK_THEN_IN,
     .bad = FSK_BAD_LOGIN},
    {.awaited = "the end",             .say = "QUIT\r\n", .bye = true},
    {.awaited = NULL                              },
};

/* ---- NNTP ------------------------------------------------------------------------------------ */

/* An answer has one line, so that its code has nothing to say of where it ends. */
static void take_nntp_banner(struct fsk_script *s, struct fsk_span answer)
{
    struct fsk_span line = fsk_script_line(s, answer);
    fsk_script_banner(s, fsk_span(line.p + 3, line.n - 3));
}

/* A line each, up to the dot. */
static void take_capabilities(struct fsk_script *s, struct fsk_span answer)
{
    struct fsk_span line;
    fsk_script_next_line(&answer, &line);
    while (fsk_script_next_line(&answer, &line))
        if (!(line.n == 1 && line.p[0] == '.'))
            fsk_script_word(s, line);
}

/* 200 and 201 differ in whether one may post. */
const struct fsk_move fsk_moves_nntp[] = {
    {.awaited = "its greeting",
     .form = FSK_REPLY_LINE,
     .good = "200|201",
     .no = "4|5",
     .take = take_nntp_banner},
    {.awaited = "its answer to CAPABILITIES",
     .say = "CAPABILITIES\r\n",
     .form = FSK_REPLY_DOTTED,
     .good = "101",
     .bad = FSK_BAD_FINE,
     .take = take_capabilities},
    {.awaited = "its answer to STARTTLS",
     .when = FSK_IF_STARTTLS,
     .say = "STARTTLS\r\n",
     .form = FSK_REPLY_LINE,
     .good = "382",
     .offer = "STARTTLS",
     .then = FSK_THEN_TLS,
     .bad = FSK_BAD_TLS},
    {.awaited = "its answer to CAPABILITIES within TLS",
     .when = FSK_IF_RENEWED,
     .say = "CAPABILITIES\r\n",
     .form = FSK_REPLY_DOTTED,
     .good = "101",
     .bad = FSK_BAD_FINE,
     .take = take_capabilities},
    {.awaited = "its answer to AUTHINFO",
     .when = FSK_IF_PASS,
     .say = "AUTHINFO USER %u\r\n",
     .form = FSK_REPLY_LINE,
     .good = "281",
     .more = "381",
     .then_say = "AUTHINFO PASS %p\r\n",
     .then = FSK_THEN_IN,
     .bad = FSK_BAD_LOGIN},
    {.awaited = "the end",                     .say = "QUIT\r\n", .bye = true},
    {.awaited = NULL                                      },
};

/* ---- SSH ------------------------------------------------------------------------------------- */

/* What we say of ourselves is polite: a server notes those who leave without a word. */
const struct fsk_move fsk_moves_ssh[] = {
    {.awaited = "its greeting",
     .form = FSK_REPLY_SSH,
     .good = "SSH-2.0-|SSH-1.99-",
     .no = "SSH-",
     .take = take_banner},
    {.awaited = "the end", .say = "SSH-2.0-fsock\r\n", .bye = true},
    {.awaited = NULL         },
};

/* ---- HTTP ------------------------------------------------------------------------------------ */

/* "HTTP/1.1 200 OK": good below 400. An interim answer (1xx) is none yet. */
static enum fsk_verdict judge_status(struct fsk_script *s, struct fsk_span answer)
{
    struct fsk_span line = fsk_script_line(s, answer);
    bool good = fsk_script_begins(line, "HTTP/1.") && line.n >= 12 && line.p[8] == ' ' &&
                line.p[9] >= '1' && line.p[9] <= '3' && fsk_is_digit(line.p[10]) &&
                fsk_is_digit(line.p[11]);
    if (!good)
        return FSK_BAD;
    return line.p[9] == '1' ? FSK_MORE : FSK_GOOD;
}

static enum fsock_err pass_over(struct fsk_script *s, struct fsk_span answer)
{
    (void)s, (void)answer;
    return FSOCK_OK;
}

static void take_head(struct fsk_script *s, struct fsk_span answer)
{
    struct fsk_span line;
    fsk_script_banner(s, fsk_script_line(s, answer));
    while (fsk_script_next_line(&answer, &line))
        if (fsk_script_begins(line, "Server:"))
            fsk_script_fact(s, "server", fsk_span_trim(fsk_span(line.p + 7, line.n - 7)));
}

const struct fsk_move fsk_moves_http[] = {
    {.awaited = "its answer",
     .say = "GET %/ HTTP/1.1\r\nHost: %H\r\nUser-Agent: fsock/" FSOCK_VERSION
            "\r\nAccept: */*\r\nConnection: close\r\n\r\n", .form = FSK_REPLY_HEAD,
     .no = "HTTP/",
     .judge = judge_status,
     .respond = pass_over,
     .take = take_head},
    {.awaited = NULL},
};

/* ---- Redis ----------------------------------------------------------------------------------- */

static void take_pong(struct fsk_script *s, struct fsk_span answer)
{
    if (fsk_script_begins(answer, "-NOAUTH"))
        fsk_script_fact(s, "login", fsk_span_str("required"));
}

/* "key:value", in lines of a bulk string. */
static void take_info(struct fsk_script *s, struct fsk_span answer)
{
    static const char *const keys[] = {"redis_version", "uptime_in_seconds", "role",
                                       "connected_clients", "used_memory"};
    struct fsk_span line;
    while (fsk_script_next_line(&answer, &line))
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
            size_t n = strlen(keys[i]);
            if (line.n > n && line.p[n] == ':' && memcmp(line.p, keys[i], n) == 0)
                fsk_script_fact(s, keys[i], fsk_span(line.p + n + 1, line.n - n - 1));
        }
}

const struct fsk_move fsk_moves_redis[] = {
    {.awaited = "its answer to AUTH",
     .when = FSK_IF_PASS,
     .say = "AUTH %U %P\r\n",
     .secret = true,
     .form = FSK_REPLY_RESP,
     .good = "+OK",
     .then = FSK_THEN_IN,
     .bad = FSK_BAD_LOGIN},
    {.awaited = "its answer to PING",
     .say = "PING\r\n",
     .form = FSK_REPLY_RESP,
     .good = "+PONG|-NOAUTH",
     .no = "-",
     .take = take_pong},
    {.awaited = "its answer to INFO",
     .say = "INFO\r\n",
     .form = FSK_REPLY_RESP,
     .good = "$",
     .bad = FSK_BAD_FINE,
     .take = take_info},
    {.awaited = "the end",             .say = "QUIT\r\n", .bye = true},
    {.awaited = NULL                              },
};

/* ---- memcached ------------------------------------------------------------------------------- */

/* "STAT uptime 42" */
static void take_stats(struct fsk_script *s, struct fsk_span answer)
{
    static const char *const keys[] = {"uptime ", "curr_connections ", "curr_items ", "bytes "};
    struct fsk_span line;
    while (fsk_script_next_line(&answer, &line))
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
            size_t n = strlen(keys[i]);
            char key[24];
            if (!fsk_script_begins(line, "STAT ") || line.n <= n + 5 ||
                memcmp(line.p + 5, keys[i], n) != 0)
                continue;
            memcpy(key, keys[i], n - 1);
            key[n - 1] = '\0';
            fsk_script_fact(s, key, fsk_span(line.p + 5 + n, line.n - 5 - n));
        }
}

const struct fsk_move fsk_moves_memcached[] = {
    {.awaited = "its answer to version",
     .say = "version\r\n",
     .form = FSK_REPLY_LINE,
     .good = "VERSION ",
     .no = "ERROR|CLIENT_ERROR|SERVER_ERROR",
     .take = take_banner},
    {.awaited = "its answer to stats",
     .say = "stats\r\n",
     .form = FSK_REPLY_STATS,
     .good = "END",
     .bad = FSK_BAD_FINE,
     .take = take_stats},
    {.awaited = "the end", .say = "quit\r\n", .bye = true},
    {.awaited = NULL                                      },
};
