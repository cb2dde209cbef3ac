#include "talk_plan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/digits.h"
#include "base/fault.h"
#include "base/time.h"
#include "bytes_base64.h"
#include "bytes_c.h"
#include "bytes_escape.h"
#include "bytes_hex.h"
#include "ebcdic.h"
#include "list.h"
#include "outcome.h"
#include "quote.h"
#include "talk_script.h"

enum { CHUNK = 65536, SHOWN = 48, PATH_SHOWN = 300 };

/* A plan in the making, and the place that is being read, for sentences. */
struct planner {
    struct plan *plan;
    const struct talk_options *o;
    struct ebcdic page; /* made when it is needed first: not every system has them */
    bool page_made;
    int64_t limit;           /* of the next expect */
    const char *file;        /* the script; NULL: the command line */
    unsigned line;           /* of the script */
    const char *word;        /* "--send"; "send" in a script */
    struct fsk_span value;   /* behind it */
    const char *stdin_taken; /* who reads standard input; NULL: nobody does */
    bool tls, shut, closed;  /* such a step has been */
    char *why;
    size_t cap;
};

/* ---- Sentences ------------------------------------------------------------------------------- */

static int blame(struct planner *p, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Say what is wrong, behind the place: "login.txt:3: send: " or "--send 'HELO': ". */
static int blame(struct planner *p, int code, const char *format, ...)
{
    char shown[SHOWN];
    int n;
    va_list args;
    if (!p->file)
        n = snprintf(p->why, p->cap, "%s %s: ", p->word, quote(p->value, shown, sizeof shown));
    else if (p->word)
        n = snprintf(p->why, p->cap, "%s:%u: %s: ", p->file, p->line, p->word);
    else
        n = snprintf(p->why, p->cap, "%s:%u: ", p->file, p->line);
    size_t at = n < 0 ? 0 : (size_t)n < p->cap ? (size_t)n : p->cap;
    va_start(args, format);
    vsnprintf(p->why + at, p->cap - at, format, args);
    va_end(args);
    return code;
}

static int no_memory(struct planner *p)
{
    snprintf(p->why, p->cap, "out of memory");
    return EXIT_MEMORY;
}

static int unreadable(struct planner *p, const char *name, int sys_errno)
{
    char shown[PATH_SHOWN];
    return blame(p, EXIT_READ, "%s can't be read: %s",
                 quote(fsk_span_str(name), shown, sizeof shown), fsk_errno_text(sys_errno));
}

/* ---- Files of text --------------------------------------------------------------------------- */

/* Standard input has one reader. */
static int take_stdin(struct planner *p, const char *reader)
{
    if (p->stdin_taken)
        return blame(p, EXIT_USAGE, "standard input can be read only once, and %s reads it",
                     p->stdin_taken);
    p->stdin_taken = reader;
    return 0;
}

/* All that a descriptor gives, up to the buffer's ceiling. 0, or an errno; EFBIG: more. */
static int read_to_end(int fd, struct fsk_buf *text)
{
    char chunk[CHUNK];
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : 0;
        enum fsock_err err = fsk_buf_append(text, chunk, (size_t)n);
        if (err != FSOCK_OK)
            return err == FSOCK_ERR_TOO_BIG ? EFBIG : ENOMEM;
    }
}

/* The whole of a file, which may be a pipe or "-". */
static int read_text(struct planner *p, const char *name, struct fsk_buf *text)
{
    bool standard = strcmp(name, "-") == 0;
    int code = standard ? take_stdin(p, p->word) : 0;
    if (code)
        return code;
    int fd = standard ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    int failed = fd < 0 ? errno : read_to_end(fd, text);
    if (fd > STDIN_FILENO)
        close(fd);
    if (failed == ENOMEM)
        return no_memory(p);
    if (failed == EFBIG)
        return blame(p, EXIT_USAGE, "the file has more than %zu MiB; cut it up",
                     text->ceiling >> 20);
    return failed ? unreadable(p, name, failed) : 0;
}

/* ---- Steps ----------------------------------------------------------------------------------- */

/* What can't follow what was before; NULL: nothing is wrong. */
static const char *misplaced(const struct planner *p, enum step_kind kind)
{
    bool sends = kind == STEP_SEND || kind == STEP_FILE || kind == STEP_STDIN;
    if (p->closed)
        return "nothing is done after close; put close at the end";
    if (p->shut && (sends || kind == STEP_STARTTLS || kind == STEP_SHUT))
        return "nothing can be sent after shut; put shut behind it";
    if (kind == STEP_STARTTLS && p->o->udp)
        return "datagrams have no TLS; drop -u";
    if (kind == STEP_STARTTLS && (p->tls || p->o->tls || p->o->starttls))
        return "TLS is on already; drop this line, or --tls and --starttls";
    return NULL;
}

static int add(struct planner *p, struct step step)
{
    struct plan *plan = p->plan;
    const char *wrong = misplaced(p, step.kind);
    if (wrong)
        return blame(p, EXIT_USAGE, "%s", wrong);
    if (plan->n == PLAN_STEPS_MAX)
        return blame(p, EXIT_USAGE, "there are more than %zu steps; make fewer of them",
                     PLAN_STEPS_MAX);
    if ((plan->n & (plan->n - 1)) == 0) { /* as option_list_add() */
        size_t cap = plan->n ? plan->n * 2 : 1;
        struct step *grown = realloc(plan->step, cap * sizeof *grown);
        if (!grown)
            return no_memory(p);
        plan->step = grown;
    }
    p->tls |= step.kind == STEP_STARTTLS;
    p->shut |= step.kind == STEP_SHUT;
    p->closed |= step.kind == STEP_CLOSE;
    step.line = p->line;
    plan->step[plan->n++] = step;
    return 0;
}

/*
 * The buffer is where it will stay: give each step its bytes. They stand there one behind the
 * other, in the order of the steps.
 */
static void settle(struct plan *plan)
{
    const char *at = fsk_buf_span(&plan->bytes).p;
    for (size_t i = 0; i < plan->n; i++) {
        struct fsk_span *bytes = &plan->step[i].bytes;
        if (bytes->n) {
            bytes->p = at;
            at += bytes->n;
        }
    }
}

/* ---- Bytes in a notation --------------------------------------------------------------------- */

/* TEXT with escapes, and then as EBCDIC. */
static int read_ebcdic(struct planner *p, struct fsk_span text)
{
    struct fsk_buf plain = {.ceiling = BYTES_MAX};
    struct bytes_fault fault = {.why = ""};
    const char *page = p->o->code_page ? p->o->code_page : "037";
    const char *wrong = p->page_made ? NULL : ebcdic_init(&p->page, fsk_span_str(page));
    if (wrong)
        return blame(p, EXIT_USAGE, "%s", wrong);
    p->page_made = true;
    int code = 0;
    if (!bytes_escape_read(text, &plain, &fault))
        code = blame(p, EXIT_USAGE, "%s", fault.why);
    else if (!ebcdic_read(&p->page, fsk_buf_span(&plain), &p->plan->bytes, &fault))
        code = blame(p, EXIT_USAGE, "when its escapes have been read, %s", fault.why);
    fsk_buf_fini(&plain);
    return code;
}

/* Append what the text stands for. `name`: of the array in C source, or NULL. */
static int read_notation(struct planner *p, int what, struct fsk_span text, const char *name)
{
    struct fsk_buf *bytes = &p->plan->bytes;
    struct bytes_fault fault = {.why = ""};
    bool good;
    switch (what) {
    case PIECE_HEX:
        good = bytes_hex_read(text, bytes, &fault);
        break;
    case PIECE_BASE64:
        good = bytes_base64_read(text, bytes, &fault);
        break;
    case PIECE_EBCDIC:
        return read_ebcdic(p, text);
    case PIECE_C_ARRAY:
        good = bytes_c_read(text, name, bytes, &fault);
        break;
    default:
        good = bytes_escape_read(text, bytes, &fault);
    }
    return good ? 0 : blame(p, EXIT_USAGE, "%s", fault.why);
}

/* A step of the bytes behind the first `had` ones. */
static int add_bytes(struct planner *p, enum step_kind kind, size_t had, int64_t limit)
{
    size_t n = fsk_buf_len(&p->plan->bytes) - had;
    return add(p, (struct step){
                      .kind = kind, .bytes = {NULL, n},
                           .time = limit
    });
}

static int add_text(struct planner *p, int what, struct fsk_span text)
{
    size_t had = fsk_buf_len(&p->plan->bytes);
    int code = read_notation(p, what, text, NULL);
    return code ? code : add_bytes(p, STEP_SEND, had, 0);
}

static int add_text_of_file(struct planner *p, int what, const char *path, const char *name)
{
    struct fsk_buf text = {.ceiling = PLAN_SOURCE_MAX};
    size_t had = fsk_buf_len(&p->plan->bytes);
    int code = read_text(p, path, &text);
    if (!code)
        code = read_notation(p, what, fsk_buf_span(&text), name);
    fsk_buf_fini(&text);
    return code ? code : add_bytes(p, STEP_SEND, had, 0);
}

/* Can it be a name in C? */
static bool is_name(const char *s)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    return *s && !fsk_is_digit(*s) && s[strspn(s, letters)] == '\0';
}

/* FILE, FILE:NAME, or FILE: */
static int add_array(struct planner *p, const char *value)
{
    const char *colon = strrchr(value, ':');
    bool named = colon && is_name(colon + 1);
    if (!named && !(colon && !colon[1]))
        return add_text_of_file(p, PIECE_C_ARRAY, value, NULL);
    char *path = strndup(value, (size_t)(colon - value));
    if (!path)
        return no_memory(p);
    int code = add_text_of_file(p, PIECE_C_ARRAY, path, named ? colon + 1 : NULL);
    free(path);
    return code;
}

/* ---- The other steps ------------------------------------------------------------------------- */

/* The file isn't opened: a pipe would notice, and would be waited for. */
static int add_file(struct planner *p, const char *path)
{
    struct option_item item = {path, 0};
    if (strcmp(path, "-") == 0)
        return blame(p, EXIT_USAGE, "standard input is sent by %s",
                     p->file ? "the word stdin" : "--stdin -");
    if (list_unreadable(&(struct option_list){&item, 1}))
        return unreadable(p, path, errno);
    return add(p, (struct step){.kind = STEP_FILE, .path = path});
}

static int add_expect(struct planner *p, int64_t limit)
{
    size_t had = fsk_buf_len(&p->plan->bytes);
    int code = read_notation(p, PIECE_TEXT, p->value, NULL);
    if (!code && fsk_buf_len(&p->plan->bytes) == had)
        return blame(p, EXIT_USAGE, "an empty text has always come; say what to wait for");
    return code ? code : add_bytes(p, STEP_EXPECT, had, limit);
}

static int read_time(struct planner *p, int64_t *time)
{
    char shown[SHOWN];
    if (fsk_time_parse(p->value, time))
        return 0;
    return blame(p, EXIT_USAGE, "a time is written like 1.5, 500ms, 10s or 2m, not %s",
                 quote(p->value, shown, sizeof shown));
}

static int add_delay(struct planner *p)
{
    int64_t time = 0;
    int code = read_time(p, &time);
    return code ? code : add(p, (struct step){.kind = STEP_DELAY, .time = time});
}

static int add_stdin(struct planner *p)
{
    if (p->o->no_stdin)
        return blame(p, EXIT_USAGE, "-d says not to read standard input; drop one of them");
    int code = take_stdin(p, p->file ? "the word stdin" : "--stdin");
    return code ? code : add(p, (struct step){.kind = STEP_STDIN});
}

/* A piece of the command line, or a script's word of the same meaning. */
static int add_piece(struct planner *p, int what)
{
    const char *value = p->value.p; /* a string in both */
    bool path = what == PIECE_FILE || what == PIECE_C_ARRAY ||
                (what == PIECE_HEX && p->value.n && value[0] == '@');
    if (path && memchr(value, '\0', p->value.n))
        return blame(p, EXIT_USAGE, "a NUL byte is in the file's name; take it out");
    switch (what) {
    case PIECE_FILE:
        return add_file(p, value);
    case PIECE_C_ARRAY:
        return add_array(p, value);
    case PIECE_STDIN:
        return add_stdin(p);
    case PIECE_WAIT:
        return add_expect(p, 0);
    case PIECE_DELAY:
        return add_delay(p);
    default:
        return path ? add_text_of_file(p, what, value + 1, NULL) : add_text(p, what, p->value);
    }
}

/* ---- The command line ------------------------------------------------------------------------ */

static int read_pieces(struct planner *p)
{
    static const char *const options[] = {
        [PIECE_TEXT] = "--send",     [PIECE_HEX] = "--hex",   [PIECE_BASE64] = "--base64",
        [PIECE_EBCDIC] = "--ebcdic", [PIECE_FILE] = "--file", [PIECE_C_ARRAY] = "--c-array",
        [PIECE_STDIN] = "--stdin",   [PIECE_WAIT] = "--wait", [PIECE_DELAY] = "--delay",
    };
    for (size_t i = 0; i < p->o->pieces.n; i++) {
        const struct option_item *piece = &p->o->pieces.item[i];
        p->word = options[piece->tag];
        p->value = fsk_span_str(piece->value);
        int code = add_piece(p, piece->tag);
        if (code)
            return code;
    }
    return 0;
}

/* ---- A script -------------------------------------------------------------------------------- */

static int add_line(struct planner *p, const struct script_line *line)
{
    p->word = line->word;
    p->value = line->value;
    switch (line->what) {
    case WORD_EXPECT:
        return add_expect(p, p->limit);
    case WORD_LIMIT:
        return read_time(p, &p->limit);
    case WORD_STARTTLS:
        return add(p, (struct step){.kind = STEP_STARTTLS});
    case WORD_SHUT:
        return add(p, (struct step){.kind = STEP_SHUT});
    case WORD_CLOSE:
        return add(p, (struct step){.kind = STEP_CLOSE});
    default:
        return add_piece(p, line->what);
    }
}

static int read_lines(struct planner *p, struct fsk_buf *text)
{
    struct script script;
    struct script_line line;
    char wrong[300];
    enum script_result result;
    int code = 0;
    p->file = strcmp(p->o->script, "-") == 0 ? "standard input" : p->o->script;
    script_init(&script, text->mem, fsk_buf_len(text));
    while (!code && (result = script_next(&script, &line, wrong, sizeof wrong)) != SCRIPT_END) {
        p->line = script.number;
        p->word = NULL;
        code = result == SCRIPT_BAD ? blame(p, EXIT_USAGE, "%s", wrong) : add_line(p, &line);
    }
    return code;
}

static int read_script(struct planner *p)
{
    struct fsk_buf text = {.ceiling = PLAN_SCRIPT_MAX};
    p->word = "--script";
    p->value = fsk_span_str(p->o->script);
    int code = read_text(p, p->o->script, &text);
    text.ceiling++;
    if (!code && fsk_buf_terminate(&text) != FSOCK_OK)
        code = no_memory(p);
    p->plan->text = text.mem; /* nothing was taken from its front */
    return code ? code : read_lines(p, &text);
}

/* ---- The plan -------------------------------------------------------------------------------- */

int plan_init(struct plan *plan, const struct talk_options *o, char *why, size_t cap)
{
    struct planner p = {.plan = plan, .o = o, .limit = 10 * FSOCK_SECOND, .why = why, .cap = cap};
    *plan = (struct plan){.step = NULL};
    fsk_buf_init(&plan->bytes, BYTES_MAX);
    int code = 0;
    if (o->script)
        code = read_script(&p);
    else if (o->pieces.n)
        code = read_pieces(&p);
    else if (!o->no_stdin)
        code = add(&p, (struct step){.kind = STEP_STDIN});
    settle(plan);
    return code;
}

void plan_fini(struct plan *plan)
{
    free(plan->step);
    free(plan->text);
    fsk_buf_fini(&plan->bytes);
    *plan = (struct plan){.step = NULL};
}
