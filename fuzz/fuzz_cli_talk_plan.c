/*
 * Scripts of `fsock talk`: their lines, and the whole plan if the script names no file. Its steps
 * have all the bytes that were read, one behind the other.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "talk_plan.h"
#include "talk_script.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Its lines. True: nothing is opened by this script. */
static bool read_lines(const uint8_t *data, size_t size)
{
    struct script s;
    struct script_line line;
    char why[200], *text = malloc(size + 1);
    enum script_result result;
    bool pure = true;
    unsigned last = 0;
    assert(text);
    memcpy(text, data, size);
    script_init(&s, text, size);
    while ((result = script_next(&s, &line, why, sizeof why)) == SCRIPT_LINE) {
        bool path = line.what == PIECE_FILE || line.what == PIECE_C_ARRAY ||
                    (line.what == PIECE_HEX && line.value.n && line.value.p[0] == '@');
        pure &= !path;
        assert(s.number > last && line.word);
        last = s.number;
        if (line.value.n)
            assert(line.value.p > text - 1 && line.value.p + line.value.n <= text + size &&
                   line.value.p[line.value.n] == '\0');
    }
    assert(result == SCRIPT_END || (why[0] && memchr(why, '\0', sizeof why)));
    free(text);
    return pure;
}

static void look(const struct plan *plan)
{
    const char *at = fsk_buf_span(&plan->bytes).p;
    unsigned line = 0;
    for (size_t i = 0; i < plan->n; i++) {
        const struct step *step = &plan->step[i];
        assert(step->line > line && step->time >= 0);
        line = step->line;
        if (step->bytes.n) {
            assert(step->kind == STEP_SEND || step->kind == STEP_EXPECT);
            assert(step->bytes.p == at);
            at += step->bytes.n;
        }
        assert(step->kind != STEP_CLOSE || i + 1 == plan->n);
    }
    assert(!at || at == fsk_buf_span(&plan->bytes).p + fsk_buf_len(&plan->bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char name[40], why[512] = "";
    struct talk_options o = {.script = name};
    struct plan plan;
    if (!read_lines(data, size))
        return 0;
    int fd = memfd_create("script", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    int code = plan_init(&plan, &o, why, sizeof why);
    if (code)
        assert(why[0]);
    else
        look(&plan);
    plan_fini(&plan);
    close(fd);
    return 0;
}
