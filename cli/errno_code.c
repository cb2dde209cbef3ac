#include "errno_code.h"

#include <stdbool.h>

const struct errno_kind *const errno_kinds[ERRNO_KINDS] = {
    &errno_kind_errno, &errno_kind_legacy, &errno_kind_eai,    &errno_kind_h_errno,
    &errno_kind_dns,   &errno_kind_tls,    &errno_kind_x509,   &errno_kind_http,
    &errno_kind_proxy, &errno_kind_socks4, &errno_kind_socks5, &errno_kind_exit,
    &errno_kind_fault,
};

const char *errno_code_text(const struct errno_kind *kind, const struct errno_code *code)
{
    return code->text ? code->text : kind->text(code->number);
}

const struct fsock_explanation *errno_code_says(const struct errno_kind *kind,
                                                const struct errno_code *code, size_t i,
                                                unsigned *stages)
{
    const struct fsk_advice_table *table = kind->advice;
    int wanted = code->number;
    *stages = 0;
    if (code->says.cause || !table || !wanted)
        return code->says.cause && i == 0 ? &code->says : NULL;
    if (kind == &errno_kind_fault && fsk_explain_errno_of((enum fsock_err)wanted)) {
        wanted = fsk_explain_errno_of((enum fsock_err)wanted);
        table = &fsk_advice_by_errno;
    }
    unsigned taken = 0; /* stages of the rows before: the first that fits counts */
    for (size_t k = 0; k < table->n; k++) {
        const struct fsk_advice *a = &table->row[k];
        if ((a->err ? (int)a->err : a->sys_errno) != wanted)
            continue;
        *stages = a->stages & ~taken;
        if (i-- == 0)
            return &a->says;
        taken |= a->stages;
    }
    *stages = 0;
    return NULL;
}

const char *errno_code_class(const struct errno_kind *kind, const struct errno_code *code)
{
    static const char *const names[] = {"informational", "success", "redirection", "client error",
                                        "server error"};
    bool http = kind == &errno_kind_http || kind == &errno_kind_proxy;
    return http ? names[code->number / 100 - 1] : NULL;
}
