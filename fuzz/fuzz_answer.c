/*
 * fsock_dns_parse: any bytes. Invariants: an answer there is, with a fault or with records; all its
 * texts are printable ASCII and end where they say; the message is the caller's.
 */
#include <assert.h>
#include <fsock.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *s, char least)
{
    assert(s);
    for (; *s; s++)
        assert(*s >= least && *s <= '~');
}

static void check_record(const struct fsock_record *r)
{
    check_text(r->name, '!');
    check_text(r->type_name, '!');
    check_text(r->data, ' ');
    assert(*r->name && *r->type_name && *r->data);
    assert(strlen(r->data) == r->data_len);
    assert(fsock_dns_type(r->type_name, strlen(r->type_name)) == r->type);
}

static void check(const struct fsock_answer *a, enum fsock_err err, const void *message, size_t n)
{
    check_text(a->name, '!');
    check_text(a->qname, '!');
    check_text(a->type_name, '!');
    check_text(a->status_name, '!');
    check_text(a->server, '!');
    assert((err == FSOCK_OK) == (a->fault == NULL));
    for (size_t i = 0; i < a->count; i++)
        check_record(&a->records[i]);
    if (a->fault) {
        assert(a->fault->err == err && err == FSOCK_ERR_PROTOCOL);
        assert(a->status == FSOCK_DNS_ERROR && !a->count);
        check_text(a->fault->text, ' ');
    } else {
        assert(a->message == message && a->message_len == n);
        assert(a->status != FSOCK_DNS_NOERROR || a->count);
        assert(a->status != FSOCK_DNS_NODATA || !a->count);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fsock_answer *a;
    uint8_t *copy = malloc(size ? size : 1); /* of just this size: asan sees each step over */
    if (!copy)
        return 0;
    if (size)
        memcpy(copy, data, size);
    enum fsock_err err = fsock_dns_parse(&a, copy, size);
    if (a)
        check(a, err, copy, size);
    fsock_answer_free(a);
    free(copy);
    return 0;
}
