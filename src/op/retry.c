#include "op/retry.h"

#include "base/time.h"
#include "op/request.h"

unsigned fsk_retry_times(const struct fsock_request *request)
{
    const size_t known = offsetof(struct fsock_request, retry_delay) + sizeof request->retry_delay;
    return request->size >= known ? request->retries : 0;
}

const char *fsk_retry_cause(const struct fsock_fault *fault)
{
    switch (fault->err) {
    case FSOCK_ERR_CONNECT:
        return "no address could be connected to";
    case FSOCK_ERR_TIMEOUT:
        return fault->limit == FSOCK_LIMIT_TOTAL ? NULL : "it took too long";
    case FSOCK_ERR_DNS:
        return "no name server gave a usable answer";
    case FSOCK_ERR_RESET:
        return "the connection was reset";
    case FSOCK_ERR_CLOSED:
        return "the peer closed the connection";
    case FSOCK_ERR_TRUNCATED:
        return "the body was cut off";
    default:
        return NULL;
    }
}

bool fsk_retry_status(int status)
{
    return status == 408 || status == 429 || status == 500 || (status >= 502 && status <= 504);
}

bool fsk_retry_harmless(const struct fsock_request *request, const char *method,
                        const struct fsock_fault *fault)
{
    bool unsent = fault && fault->stage >= FSOCK_STAGE_RESOLVE && fault->stage <= FSOCK_STAGE_TLS;
    return unsent || request->flags & FSOCK_RETRY_ALL || fsk_method_idempotent(method);
}

int64_t fsk_retry_pause(const struct fsock_request *request, unsigned done, uint16_t random)
{
    int64_t most = request->retry_delay > 0 ? request->retry_delay : 0;
    int64_t ceiling = most > FSK_RETRY_CEILING ? most : FSK_RETRY_CEILING;
    for (; done && most < ceiling; done--)
        most = most < ceiling / 2 ? most * 2 : ceiling;
    return most / 65536 * random + most % 65536 * random / 65536;
}
