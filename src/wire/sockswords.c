#include "wire/sockswords.h"

#include <stddef.h>

static const char *word(const char *const *words, size_t n, unsigned at)
{
    return at < n ? words[at] : "for no known reason";
}

const char *fsk_socks4_reply(unsigned reply)
{
    static const char *const words[] = {"granted", "refused, or failed",
                                        "it finds no identd here to ask",
                                        "the identd here names another user"};
    return word(words, sizeof words / sizeof *words, reply - 90);
}

const char *fsk_socks5_reply(unsigned reply)
{
    static const char *const words[] = {"granted",
                                        "general failure",
                                        "not allowed by its rules",
                                        "network unreachable",
                                        "host unreachable",
                                        "connection refused",
                                        "time to live expired",
                                        "it can't connect to anything",
                                        "it does not know this type of address"};
    return word(words, sizeof words / sizeof *words, reply);
}
