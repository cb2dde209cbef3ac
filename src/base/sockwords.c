#include "base/sockwords.h"

#include <linux/udp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

struct word {
    int number;
    const char *text;
};

#define WORD(name)                                                                                 \
    {                                                                                              \
        name, #name                                                                                \
    }
#define COUNT(table) (sizeof(table) / sizeof *(table))

static const char *find(const struct word *table, size_t n, int number)
{
    for (size_t i = 0; i < n; i++)
        if (table[i].number == number)
            return table[i].text;
    return NULL;
}

static const char *word_or_number(const char *word, int number, char room[FSK_WORDS])
{
    if (word)
        return word;
    snprintf(room, FSK_WORDS, "%d", number);
    return room;
}

static const struct word families[] = {WORD(AF_UNSPEC), WORD(AF_UNIX),    WORD(AF_INET),
                                       WORD(AF_INET6),  WORD(AF_NETLINK), WORD(AF_PACKET),
                                       WORD(AF_VSOCK)};

const char *fsk_word_family(int family, char room[FSK_WORDS])
{
    return word_or_number(find(families, COUNT(families), family), family, room);
}

/* Put a word behind the `len` bytes of room, a bar between; what finds no room is left out. */
static size_t add_word(char room[FSK_WORDS], size_t len, const char *word)
{
    size_t n = strlen(word);
    if (len + 1 + n >= FSK_WORDS)
        return len;
    if (len)
        room[len++] = '|';
    memcpy(room + len, word, n + 1);
    return len + n;
}

/* Those of the flags that have words, and the rest in hex, with bars between. */
static const char *flags_in_words(const struct word *table, size_t n, const char *first, int flags,
                                  char room[FSK_WORDS])
{
    char rest[16];
    size_t len = first ? add_word(room, 0, first) : 0;
    for (size_t i = 0; i < n; i++)
        if (flags & table[i].number) {
            len = add_word(room, len, table[i].text);
            flags &= ~table[i].number;
        }
    if (flags) {
        snprintf(rest, sizeof rest, "0x%x", (unsigned)flags);
        len = add_word(room, len, rest);
    }
    return len ? room : "0";
}

const char *fsk_word_socket_type(int type, char room[FSK_WORDS])
{
    static const struct word types[] = {WORD(SOCK_STREAM), WORD(SOCK_DGRAM), WORD(SOCK_RAW),
                                        WORD(SOCK_RDM), WORD(SOCK_SEQPACKET)};
    static const struct word flags[] = {WORD(SOCK_CLOEXEC), WORD(SOCK_NONBLOCK)};
    const int kind = type & 0xf;
    char number[16];
    const char *word = find(types, COUNT(types), kind);
    snprintf(number, sizeof number, "%d", kind);
    return flags_in_words(flags, COUNT(flags), word ? word : number, type & ~0xf, room);
}

const char *fsk_word_protocol(int family, int protocol, char room[FSK_WORDS])
{
    static const struct word protocols[] = {WORD(IPPROTO_IP),     WORD(IPPROTO_ICMP),
                                            WORD(IPPROTO_TCP),    WORD(IPPROTO_UDP),
                                            WORD(IPPROTO_ICMPV6), WORD(IPPROTO_RAW)};
    bool internet = family == AF_INET || family == AF_INET6;
    const char *word = internet ? find(protocols, COUNT(protocols), protocol) : NULL;
    return word_or_number(word, protocol, room);
}

const char *fsk_word_message_flags(int flags, char room[FSK_WORDS])
{
    static const struct word words[] = {
        WORD(MSG_OOB),      WORD(MSG_PEEK),        WORD(MSG_DONTROUTE), WORD(MSG_CTRUNC),
        WORD(MSG_TRUNC),    WORD(MSG_DONTWAIT),    WORD(MSG_EOR),       WORD(MSG_WAITALL),
        WORD(MSG_CONFIRM),  WORD(MSG_ERRQUEUE),    WORD(MSG_NOSIGNAL),  WORD(MSG_MORE),
        WORD(MSG_FASTOPEN), WORD(MSG_CMSG_CLOEXEC)};
    switch (flags) { /* what nearly all of ours have needs no search */
    case MSG_DONTWAIT:
        return "MSG_DONTWAIT";
    case MSG_DONTWAIT | MSG_NOSIGNAL:
        return "MSG_DONTWAIT|MSG_NOSIGNAL";
    case MSG_PEEK | MSG_DONTWAIT:
        return "MSG_PEEK|MSG_DONTWAIT";
    default:
        return flags_in_words(words, COUNT(words), NULL, flags, room);
    }
}

const char *fsk_word_level(int level, char room[FSK_WORDS])
{
    static const struct word levels[] = {
        {SOL_SOCKET,   "SOL_SOCKET"},
        {IPPROTO_IP,   "SOL_IP"    },
        {IPPROTO_TCP,  "SOL_TCP"   },
        {IPPROTO_UDP,  "SOL_UDP"   },
        {IPPROTO_IPV6, "SOL_IPV6"  }
    };
    return word_or_number(find(levels, COUNT(levels), level), level, room);
}

static const struct word socket_options[] = {
    WORD(SO_REUSEADDR), WORD(SO_TYPE),         WORD(SO_ERROR),     WORD(SO_BROADCAST),
    WORD(SO_SNDBUF),    WORD(SO_RCVBUF),       WORD(SO_KEEPALIVE), WORD(SO_LINGER),
    WORD(SO_REUSEPORT), WORD(SO_RCVLOWAT),     WORD(SO_RCVTIMEO),  WORD(SO_SNDTIMEO),
    WORD(SO_DOMAIN),    WORD(SO_BINDTODEVICE), WORD(SO_PROTOCOL),  WORD(SO_ACCEPTCONN),
    WORD(SO_OOBINLINE), WORD(SO_PRIORITY),     WORD(SO_PEERCRED),  WORD(SO_PASSCRED),
    WORD(SO_TIMESTAMP), WORD(SO_MARK)};

static const struct word ip_options[] = {
    WORD(IP_RECVERR), WORD(IP_BIND_ADDRESS_NO_PORT), WORD(IP_TOS),    WORD(IP_TTL),
    WORD(IP_PKTINFO), WORD(IP_MTU_DISCOVER),         WORD(IP_RECVTTL)};

static const struct word ipv6_options[] = {WORD(IPV6_V6ONLY),       WORD(IPV6_RECVERR),
                                           WORD(IPV6_UNICAST_HOPS), WORD(IPV6_TCLASS),
                                           WORD(IPV6_RECVPKTINFO),  WORD(IPV6_MTU_DISCOVER)};

static const struct word tcp_options[] = {
    WORD(TCP_NODELAY),      WORD(TCP_MAXSEG),   WORD(TCP_CORK),         WORD(TCP_KEEPIDLE),
    WORD(TCP_KEEPINTVL),    WORD(TCP_KEEPCNT),  WORD(TCP_INFO),         WORD(TCP_QUICKACK),
    WORD(TCP_USER_TIMEOUT), WORD(TCP_FASTOPEN), WORD(TCP_DEFER_ACCEPT), WORD(TCP_CONGESTION),
    WORD(TCP_SYNCNT),       WORD(TCP_LINGER2),  WORD(TCP_ULP),          WORD(TCP_FASTOPEN_CONNECT)};

static const struct word udp_options[] = {WORD(UDP_CORK), WORD(UDP_SEGMENT), WORD(UDP_GRO)};

const char *fsk_word_option(int level, int option, char room[FSK_WORDS])
{
    const char *word = NULL;
    switch (level) {
    case SOL_SOCKET:
        word = find(socket_options, COUNT(socket_options), option);
        break;
    case IPPROTO_IP:
        word = find(ip_options, COUNT(ip_options), option);
        break;
    case IPPROTO_IPV6:
        word = find(ipv6_options, COUNT(ipv6_options), option);
        break;
    case IPPROTO_TCP:
        word = find(tcp_options, COUNT(tcp_options), option);
        break;
    case IPPROTO_UDP:
        word = find(udp_options, COUNT(udp_options), option);
        break;
    }
    return word_or_number(word, option, room);
}

const char *fsk_word_shut(int how, char room[FSK_WORDS])
{
    static const struct word words[] = {WORD(SHUT_RD), WORD(SHUT_WR), WORD(SHUT_RDWR)};
    return word_or_number(find(words, COUNT(words), how), how, room);
}
