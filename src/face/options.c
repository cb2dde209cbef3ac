#include <fsock.h>

void fsock_options_init(struct fsock_options *options)
{
    *options = (struct fsock_options){
        .size = sizeof *options,
        .connect_timeout = 5 * FSOCK_SECOND,
        .read_timeout = 30 * FSOCK_SECOND,
        .linger = -1,
    };
}

void fsock_request_init(struct fsock_request *request)
{
    *request = (struct fsock_request){
        .size = sizeof *request,
        .max_redirects = 20,
        .retry_delay = 500 * FSOCK_MILLISECOND,
    };
}

void fsock_dns_options_init(struct fsock_dns_options *options)
{
    *options = (struct fsock_dns_options){
        .size = sizeof *options,
        .timeout = 10 * FSOCK_SECOND,
        .parallel = 30000,
        .race = 1,
    };
}
