#include "tls_hello.h"

#include <stdio.h>
#include <string.h>

enum {
    SERVER_NAME = 0,
    ALPN = 16,
    SUPPORTED_VERSIONS = 43,
    GREASE_MASK = 0x0f0f, /* 0x?a?a, both bytes alike: values that mean nothing (RFC 8701) */
    GREASE = 0x0a0a
};

/* A ServerHello with this random is a HelloRetryRequest (RFC 8446 4.1.3). */
static const unsigned char retry_random[32] = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

/* ---- Cutting --------------------------------------------------------------------------------- */

/* Cut n bytes off the front. False: there are not so many. */
static bool cut(struct fsk_span *s, size_t n, struct fsk_span *piece)
{
    if (s->n < n)
        return false;
    *piece = fsk_span(s->p, n);
    s->p += n;
    s->n -= n;
    return true;
}

/* A number of `bytes` bytes, the highest first. */
static bool cut_number(struct fsk_span *s, size_t bytes, uint32_t *number)
{
    struct fsk_span piece;
    if (!cut(s, bytes, &piece))
        return false;
    *number = 0;
    for (size_t i = 0; i < bytes; i++)
        *number = *number << 8 | (unsigned char)piece.p[i];
    return true;
}

/* What stands behind its own length, which has `bytes` bytes. */
static bool cut_vector(struct fsk_span *s, size_t bytes, struct fsk_span *piece)
{
    uint32_t n;
    return cut_number(s, bytes, &n) && cut(s, n, piece);
}

/* ---- Extensions ------------------------------------------------------------------------------ */

/* Names are for people: what isn't printable, or ends a list, becomes a question mark. */
static size_t put_name(char *room, size_t size, size_t len, struct fsk_span name)
{
    if (len && len + 1 < size)
        room[len++] = ',';
    for (size_t i = 0; i < name.n && len + 1 < size; i++) {
        char c = name.p[i];
        room[len++] = c > ' ' && c < 0x7f && c != ',' ? c : '?';
    }
    room[len] = '\0';
    return len;
}

static void read_server_name(struct tls_hello *h, struct fsk_span data)
{
    struct fsk_span list, name;
    uint32_t type;
    if (!cut_vector(&data, 2, &list))
        return;
    while (cut_number(&list, 1, &type) && cut_vector(&list, 2, &name))
        if (type == 0) {
            put_name(h->name, sizeof h->name, 0, name);
            return;
        }
}

static void read_alpn(struct tls_hello *h, struct fsk_span data)
{
    struct fsk_span list, name;
    size_t len = 0;
    if (!cut_vector(&data, 2, &list))
        return;
    while (cut_vector(&list, 1, &name))
        len = put_name(h->alpn, sizeof h->alpn, len, name);
}

static bool means_nothing(uint32_t version)
{
    return (version & GREASE_MASK) == GREASE && version >> 8 == (version & 0xff);
}

static void read_versions(struct tls_hello *h, struct fsk_span data)
{
    struct fsk_span list = data;
    uint32_t version, highest = 0;
    if (!h->server && !cut_vector(&data, 1, &list))
        return;
    while (cut_number(&list, 2, &version))
        if (!means_nothing(version) && version > highest)
            highest = version;
    if (highest)
        h->version = (uint16_t)highest;
}

/* A hello of old may end before its extensions. */
static bool read_extensions(struct tls_hello *h, struct fsk_span body)
{
    struct fsk_span all, data;
    uint32_t type;
    if (body.n == 0)
        return true;
    if (!cut_vector(&body, 2, &all))
        return false;
    while (all.n) {
        if (!cut_number(&all, 2, &type) || !cut_vector(&all, 2, &data))
            return false;
        if (type == SERVER_NAME && !h->server)
            read_server_name(h, data);
        else if (type == ALPN)
            read_alpn(h, data);
        else if (type == SUPPORTED_VERSIONS)
            read_versions(h, data);
    }
    return true;
}

bool tls_hello_parse(struct tls_hello *h, struct fsk_span message)
{
    uint32_t type, version, cipher;
    struct fsk_span body, random, session, rest;
    *h = (struct tls_hello){.version = 0};
    if (!cut_number(&message, 1, &type) || (type != TLS_CLIENT_HELLO && type != TLS_SERVER_HELLO) ||
        !cut_vector(&message, 3, &body) || !cut_number(&body, 2, &version) ||
        !cut(&body, sizeof retry_random, &random) || !cut_vector(&body, 1, &session))
        return false;
    h->server = type == TLS_SERVER_HELLO;
    h->version = (uint16_t)version;
    if (!h->server)
        return cut_vector(&body, 2, &rest) && cut_vector(&body, 1, &rest) &&
               read_extensions(h, body);
    h->retry = memcmp(random.p, retry_random, sizeof retry_random) == 0;
    if (!cut_number(&body, 2, &cipher) || !cut(&body, 1, &rest))
        return false;
    h->cipher = (uint16_t)cipher;
    return read_extensions(h, body);
}

/* ---- Words ----------------------------------------------------------------------------------- */

struct word {
    uint16_t number;
    const char *text;
};

static const char *find(const struct word *table, size_t n, uint16_t number, char room[TLS_WORD])
{
    for (size_t i = 0; i < n; i++)
        if (table[i].number == number)
            return table[i].text;
    snprintf(room, TLS_WORD, "0x%04x", number);
    return room;
}

#define FIND(table, number, room) find(table, sizeof(table) / sizeof *(table), number, room)

const char *tls_version_word(uint16_t version, char room[TLS_WORD])
{
    static const struct word words[] = {
        {0x0300, "SSLv3"  },
        {0x0301, "TLSv1"  },
        {0x0302, "TLSv1.1"},
        {0x0303, "TLSv1.2"},
        {0x0304, "TLSv1.3"}
    };
    return FIND(words, version, room);
}

const char *tls_cipher_word(uint16_t cipher, char room[TLS_WORD])
{
    static const struct word words[] = {
        {0x1301, "TLS_AES_128_GCM_SHA256"                       },
        {0x1302, "TLS_AES_256_GCM_SHA384"                       },
        {0x1303, "TLS_CHACHA20_POLY1305_SHA256"                 },
        {0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"      },
        {0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"      },
        {0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"        },
        {0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"        },
        {0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"  },
        {0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"},
        {0xccaa, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256"    },
        {0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"          },
        {0x009f, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"          },
        {0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"           },
        {0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"           },
        {0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"         },
        {0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"         },
        {0xc023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"      },
        {0xc027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"        },
        {0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256"              },
        {0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384"              },
        {0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA"                 },
        {0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA"                 }
    };
    return FIND(words, cipher, room);
}

const char *tls_alert_word(uint8_t alert, char room[TLS_WORD])
{
    static const struct word words[] = {
        {0,   "close_notify"                   },
        {10,  "unexpected_message"             },
        {20,  "bad_record_mac"                 },
        {22,  "record_overflow"                },
        {40,  "handshake_failure"              },
        {42,  "bad_certificate"                },
        {43,  "unsupported_certificate"        },
        {44,  "certificate_revoked"            },
        {45,  "certificate_expired"            },
        {46,  "certificate_unknown"            },
        {47,  "illegal_parameter"              },
        {48,  "unknown_ca"                     },
        {49,  "access_denied"                  },
        {50,  "decode_error"                   },
        {51,  "decrypt_error"                  },
        {70,  "protocol_version"               },
        {71,  "insufficient_security"          },
        {80,  "internal_error"                 },
        {86,  "inappropriate_fallback"         },
        {90,  "user_canceled"                  },
        {100, "no_renegotiation"               },
        {109, "missing_extension"              },
        {110, "unsupported_extension"          },
        {112, "unrecognized_name"              },
        {113, "bad_certificate_status_response"},
        {115, "unknown_psk_identity"           },
        {116, "certificate_required"           },
        {120, "no_application_protocol"        }
    };
    return FIND(words, alert, room);
}
