/*
 * errno_code.h - the codes that `fsock errno` knows, kind by kind.
 *
 * A kind is a table: error numbers, codes of resolvers, rcodes of DNS, alerts of TLS and so on.
 * What error numbers and the library's classes mean is base/explain.h's; the other kinds say it in
 * their tables.
 */
#ifndef FSOCK_CLI_ERRNO_CODE_H
#define FSOCK_CLI_ERRNO_CODE_H

#include <stddef.h>

#include <fsock.h>

#include "base/explain.h"

struct errno_code {
    int number;
    const char *name;              /* "ECONNREFUSED"; "": it has none */
    const char *alias;             /* another name of the same number, or NULL */
    const char *text;              /* NULL: the kind has a function for it */
    struct fsock_explanation says; /* NULLs: nothing, or the kind has rows for it */
};

/* A row of a table: a code, and its cause and remedy or two NULLs. */
#define ERRNO_CODE(number, name, alias, text, ...)                                                 \
    {                                                                                              \
        number, name, alias, text,                                                                 \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

struct errno_kind {
    const char *name, *about;
    const struct errno_code *code;
    size_t n;
    const char *(*text)(int number);       /* NULL: in the table */
    const struct fsk_advice_table *advice; /* by number, or by class; NULL: in the table */
};

/* errno comes first, and is what a plain number means. Their names end with an empty one. */
#define ERRNO_KINDS 13
extern const struct errno_kind *const errno_kinds[ERRNO_KINDS];

/* The text of a code; never empty. */
const char *errno_code_text(const struct errno_kind *kind, const struct errno_code *code);

/*
 * What is said of a code: the i-th explanation, from 0, and the stages it is for (bits, as in
 * fsk_advice; 0: all). NULL: there are no more.
 */
const struct fsock_explanation *errno_code_says(const struct errno_kind *kind,
                                                const struct errno_code *code, size_t i,
                                                unsigned *stages);

/* "client error" and so on of an HTTP status; NULL of other kinds. */
const char *errno_code_class(const struct errno_kind *kind, const struct errno_code *code);

extern const struct errno_kind errno_kind_errno, errno_kind_eai, errno_kind_h_errno, errno_kind_dns,
    errno_kind_tls, errno_kind_x509, errno_kind_socks4, errno_kind_socks5, errno_kind_http,
    errno_kind_proxy, errno_kind_exit, errno_kind_fault, errno_kind_legacy;

#endif
