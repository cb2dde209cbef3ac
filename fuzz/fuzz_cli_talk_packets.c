/* The messages of LDAP, PostgreSQL and MySQL servers before TLS: texts lie within them. */
#include <assert.h>
#include <stdint.h>

#include "talk_packets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void is_within(struct fsk_span part, struct fsk_span whole)
{
    if (part.n)
        assert(part.p >= whole.p && part.n <= whole.n &&
               (size_t)(part.p - whole.p) <= whole.n - part.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fsk_span bytes = fsk_span((const char *)data, size);
    struct ldap_answer answer;
    struct mysql_greeting greeting;
    if (ldap_answer_parse(bytes, &answer))
        is_within(answer.message, bytes);
    if (mysql_greeting_parse(bytes, &greeting)) {
        assert(!greeting.tls || !greeting.error);
        is_within(greeting.message, bytes);
    }
    is_within(postgres_error_text(bytes), bytes);
    return 0;
}
