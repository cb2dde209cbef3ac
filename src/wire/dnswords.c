/* The words for the numbers of dnsmsg.h, and back. */
#include "wire/dnsmsg.h"

#include <string.h>

#include "base/digits.h"

struct word {
    uint16_t number;
    char text[11];
};

/* In the order of their numbers: IANA's registry, as far as BIND 9.18 names its entries, too. */
static const struct word types[] = {
    {1,     "A"         },
    {2,     "NS"        },
    {3,     "MD"        },
    {4,     "MF"        },
    {5,     "CNAME"     },
    {6,     "SOA"       },
    {7,     "MB"        },
    {8,     "MG"        },
    {9,     "MR"        },
    {10,    "NULL"      },
    {11,    "WKS"       },
    {12,    "PTR"       },
    {13,    "HINFO"     },
    {14,    "MINFO"     },
    {15,    "MX"        },
    {16,    "TXT"       },
    {17,    "RP"        },
    {18,    "AFSDB"     },
    {19,    "X25"       },
    {20,    "ISDN"      },
    {21,    "RT"        },
    {22,    "NSAP"      },
    {23,    "NSAP-PTR"  },
    {24,    "SIG"       },
    {25,    "KEY"       },
    {26,    "PX"        },
    {27,    "GPOS"      },
    {28,    "AAAA"      },
    {29,    "LOC"       },
    {30,    "NXT"       },
    {31,    "EID"       },
    {32,    "NIMLOC"    },
    {33,    "SRV"       },
    {34,    "ATMA"      },
    {35,    "NAPTR"     },
    {36,    "KX"        },
    {37,    "CERT"      },
    {38,    "A6"        },
    {39,    "DNAME"     },
    {40,    "SINK"      },
    {41,    "OPT"       },
    {42,    "APL"       },
    {43,    "DS"        },
    {44,    "SSHFP"     },
    {45,    "IPSECKEY"  },
    {46,    "RRSIG"     },
    {47,    "NSEC"      },
    {48,    "DNSKEY"    },
    {49,    "DHCID"     },
    {50,    "NSEC3"     },
    {51,    "NSEC3PARAM"},
    {52,    "TLSA"      },
    {53,    "SMIMEA"    },
    {55,    "HIP"       },
    {56,    "NINFO"     },
    {57,    "RKEY"      },
    {58,    "TALINK"    },
    {59,    "CDS"       },
    {60,    "CDNSKEY"   },
    {61,    "OPENPGPKEY"},
    {62,    "CSYNC"     },
    {63,    "ZONEMD"    },
    {64,    "SVCB"      },
    {65,    "HTTPS"     },
    {66,    "DSYNC"     },
    {67,    "HHIT"      },
    {68,    "BRID"      },
    {99,    "SPF"       },
    {100,   "UINFO"     },
    {101,   "UID"       },
    {102,   "GID"       },
    {103,   "UNSPEC"    },
    {104,   "NID"       },
    {105,   "L32"       },
    {106,   "L64"       },
    {107,   "LP"        },
    {108,   "EUI48"     },
    {109,   "EUI64"     },
    {249,   "TKEY"      },
    {250,   "TSIG"      },
    {251,   "IXFR"      },
    {252,   "AXFR"      },
    {253,   "MAILB"     },
    {254,   "MAILA"     },
    {255,   "ANY"       },
    {256,   "URI"       },
    {257,   "CAA"       },
    {258,   "AVC"       },
    {259,   "DOA"       },
    {260,   "AMTRELAY"  },
    {261,   "RESINFO"   },
    {262,   "WALLET"    },
    {32768, "TA"        },
    {32769, "DLV"       },
};

static const struct word rcodes[] = {
    {FSK_DNS_NOERROR,  "NOERROR"  },
    {FSK_DNS_FORMERR,  "FORMERR"  },
    {FSK_DNS_SERVFAIL, "SERVFAIL" },
    {FSK_DNS_NXDOMAIN, "NXDOMAIN" },
    {FSK_DNS_NOTIMP,   "NOTIMP"   },
    {FSK_DNS_REFUSED,  "REFUSED"  },
    {6,                "YXDOMAIN" },
    {7,                "YXRRSET"  },
    {8,                "NXRRSET"  },
    {9,                "NOTAUTH"  },
    {10,               "NOTZONE"  },
    {FSK_DNS_BADVERS,  "BADVERS"  },
    {23,               "BADCOOKIE"},
};

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* The word for a number, or `prefix` and the number in decimal. */
static const char *word_text(const struct word *words, size_t n, unsigned number,
                             const char *prefix, char buf[FSK_DNS_WORD])
{
    size_t low = 0, high = n; /* if it is there, it is at `low` or between the two */
    size_t at = strlen(prefix);

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (words[middle].number == number)
            return words[middle].text;
        if (words[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    memcpy(buf, prefix, at);
    at += fsk_decimal_write(number & 0xffff, buf + at);
    buf[at] = '\0';
    return buf;
}

const char *fsk_dns_type_name(uint16_t type, char buf[FSK_DNS_WORD])
{
    return word_text(types, COUNT(types), type, "TYPE", buf);
}

const char *fsk_dns_rcode_name(unsigned rcode, char buf[FSK_DNS_WORD])
{
    return word_text(rcodes, COUNT(rcodes), rcode, "RCODE", buf);
}

int fsk_dns_type_number(struct fsk_span text)
{
    uint64_t number;

    for (size_t i = 0; i < COUNT(types); i++)
        if (fsk_span_caseeq(text, fsk_span_str(types[i].text)))
            return types[i].number;
    if (text.n < 5 || !fsk_span_caseeq(fsk_span(text.p, 4), FSK_SPAN("TYPE")) ||
        !fsk_decimal_parse(fsk_span(text.p + 4, text.n - 4), 0xffff, &number))
        return -1;
    return (int)number;
}
