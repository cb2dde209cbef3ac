#include "wire/addrkind.h"

struct block {
    uint8_t ip[16];
    unsigned bits;
    const char *what;
};

/* The first row that fits counts. */
static const struct block blocks4[] = {
    {{0},                  8,  "an address of this network (0.0.0.0/8)"    },
    {{10},                 8,  "a private address"                         },
    {{100, 64},            10, "an address behind a carrier's NAT"         },
    {{127},                8,  "a loopback address"                        },
    {{169, 254},           16, "a link-local address"                      },
    {{172, 16},            12, "a private address"                         },
    {{192, 0, 0},          24, "an address of protocols (192.0.0.0/24)"    },
    {{192, 0, 2},          24, "an address for documentation"              },
    {{192, 88, 99},        24, "an address of 6to4 relays (192.88.99.0/24)"},
    {{192, 168},           16, "a private address"                         },
    {{198, 18},            15, "an address for benchmarks"                 },
    {{198, 51, 100},       24, "an address for documentation"              },
    {{203, 0, 113},        24, "an address for documentation"              },
    {{224},                4,  "a multicast address"                       },
    {{255, 255, 255, 255}, 32, "the broadcast address"                     },
    {{240},                4,  "a reserved address (240.0.0.0/4)"          },
};

static const struct block blocks6[] = {
    {{[15] = 1},                     128, "a loopback address"                   },
    {{0},                            128, "the unspecified address"              },
    {{0},                            96,  "an IPv4-compatible address"           },
    {{0x01, 0x00},                   64,  "an address that is dropped (100::/64)"},
    {{0xfc},                         7,   "a private address"                    },
    {{0xfe, 0x80},                   10,  "a link-local address"                 },
    {{0xfe, 0xc0},                   10,  "a site-local address"                 },
    {{0xff},                         8,   "a multicast address"                  },
    {{0x20, 0x01, 0x00, 0x00},       32,  "a Teredo address"                     },
    {{0x20, 0x01, 0x00, 0x02},       48,  "an address for benchmarks"            },
    {{0x20, 0x01},                   23,  "an address of protocols (2001::/23)"  },
    {{0x20, 0x01, 0x0d, 0xb8},       32,  "an address for documentation"         },
    {{0x3f, 0xff},                   20,  "an address for documentation"         },
    {{0x00, 0x64, 0xff, 0x9b, 0, 1}, 48,  "an address of a local NAT64"          },
};

static const uint8_t global_unicast[16] = {0x20};

/* Where IPv4 addresses stand inside IPv6 ones. */
static const struct {
    uint8_t prefix[16];
    unsigned bits, at; /* `at`: the byte where the IPv4 address begins */
    uint8_t mask;      /* what each of its bytes is XORed with */
} embeddings[] = {
    {{[10] = 0xff, 0xff},      96, 12, 0   }, /* ::ffff:0:0/96 */
    {{[8] = 0xff, 0xff},       96, 12, 0   }, /* ::ffff:0:0:0/96 */
    {{0x00, 0x64, 0xff, 0x9b}, 96, 12, 0   },
    {{0x20, 0x02},             16, 2,  0   },
    {{0x20, 0x01, 0x00, 0x00}, 32, 12, 0xff},
    {{0},                      96, 12, 0   },
};

bool fsk_addr_embedded(const struct fsk_addr *a, struct fsk_addr *inner)
{
    static const uint8_t few[15] = {0}; /* :: and ::1 are addresses of their own */
    if (a->family != 6 || memcmp(a->ip, few, sizeof few) == 0)
        return false;
    for (size_t i = 0; i < sizeof embeddings / sizeof *embeddings; i++) {
        if (!fsk_ip_in_block(a->ip, embeddings[i].prefix, embeddings[i].bits))
            continue;
        *inner = (struct fsk_addr){.family = 4, .port = a->port};
        for (size_t k = 0; k < 4; k++)
            inner->ip[k] = a->ip[embeddings[i].at + k] ^ embeddings[i].mask;
        return true;
    }
    return false;
}

static const char *find(const struct block *block, size_t n, const uint8_t *ip)
{
    for (size_t i = 0; i < n; i++)
        if (fsk_ip_in_block(ip, block[i].ip, block[i].bits))
            return block[i].what;
    return NULL;
}

const char *fsk_addr_special(const struct fsk_addr *a)
{
    struct fsk_addr inner;
    if (a->family == 4)
        return find(blocks4, sizeof blocks4 / sizeof *blocks4, a->ip);
    if (a->family != 6)
        return "no internet address";
    const char *what = find(blocks6, sizeof blocks6 / sizeof *blocks6, a->ip);
    if (!what && fsk_addr_embedded(a, &inner))
        return fsk_addr_special(&inner);
    if (!what && !fsk_ip_in_block(a->ip, global_unicast, 3))
        what = "no global unicast address";
    return what;
}
