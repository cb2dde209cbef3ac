/* What lookups of names give: getaddrinfo(3), gethostbyname(3), and name servers. */
#include "errno_code.h"

#include <netdb.h>

#define CODE(name, ...)                ERRNO_CODE(name, #name, NULL, NULL, __VA_ARGS__)
#define TWICE(name, alias, ...)        ERRNO_CODE(name, #name, alias, NULL, __VA_ARGS__)
#define RCODE(number, name, text, ...) ERRNO_CODE(number, name, NULL, text, __VA_ARGS__)

/* clang-format off */
static const struct errno_code eai[] = {
    CODE(EAI_BADFLAGS,
     "the program asked with flags that don't go together",
     "it is a bug in the program, or it was built for another C library"),
    CODE(EAI_NONAME,
     "the name does not exist, or neither a name nor a service was given",
     "check the spelling, then ask a name server itself: fsock dns NAME"),
    CODE(EAI_AGAIN,
     "no name server gave an answer in time, or it failed for the moment",
     "check the network and resolv.conf, then try again"),
    CODE(EAI_FAIL,
     "a name server refuses, or fails for good",
     "ask another one: fsock dns @SERVER NAME"),
    CODE(EAI_NODATA,
     "the name exists, but has no address of the family that was asked for",
     "ask for both families; see what it has: fsock dns NAME"),
    CODE(EAI_FAMILY,
     "the program asked for a family of addresses that is unknown here",
     "ask for IPv4 or IPv6, or leave it open"),
    CODE(EAI_SOCKTYPE,
     "the program asked for a type of socket that doesn't go with the protocol",
     "it is a bug in the program, mostly in what it fills in as hints"),
    CODE(EAI_SERVICE,
     "the service's name is not in /etc/services, or not for this type of socket",
     "give the port as a number"),
    CODE(EAI_ADDRFAMILY,
     "the host has no address of the family that was asked for",
     "ask for the other family, or for both"),
    CODE(EAI_MEMORY,
     "there was no memory for the lookup",
     "look at the limits of the process or container"),
    CODE(EAI_SYSTEM,
     "a system call failed; errno says which way",
     "look at errno, which many programs forget to print; strace shows it"),
    CODE(EAI_OVERFLOW,
     "the answer is longer than the room for it",
     "it is a bug in the program: host names take up to 1025 bytes"),
    CODE(EAI_INPROGRESS,
     "an asynchronous lookup still goes on",
     "wait for it"),
    CODE(EAI_CANCELED,
     "an asynchronous lookup was taken back",
     "nothing, if it was meant"),
    CODE(EAI_NOTCANCELED,
     "an asynchronous lookup could not be taken back any more",
     "take its result"),
    CODE(EAI_ALLDONE,
     "no asynchronous lookup is left",
     "nothing: all have ended"),
    CODE(EAI_INTR,
     "a signal came while waiting",
     "wait again"),
    CODE(EAI_IDN_ENCODE,
     "the name can't be written in ASCII (IDNA)",
     "check its characters, and that the locale is a UTF-8 one"),
};

static const struct errno_code h_errnos[] = {
    CODE(NETDB_INTERNAL,
     "a system call failed; errno says which way",
     "look at errno"),
    CODE(NETDB_SUCCESS,
     "no lookup has failed",
     "look at another code: this one is of an older call, or of none"),
    CODE(HOST_NOT_FOUND,
     "the name does not exist",
     "check the spelling, then ask a name server itself: fsock dns NAME"),
    CODE(TRY_AGAIN,
     "no name server gave an answer in time, or it failed for the moment",
     "check the network and resolv.conf, then try again"),
    CODE(NO_RECOVERY,
     "a name server refuses, or fails for good",
     "ask another one: fsock dns @SERVER NAME"),
    TWICE(NO_DATA, "NO_ADDRESS",
     "the name exists, but has no address",
     "see what it has: fsock dns NAME MX TXT"),
};

/* RFC 6895 2.3, and those after it. */
static const struct errno_code rcodes[] = {
    RCODE(0, "NOERROR", "No error",
     "the server has answered; an answer without records means that the name has none of this type",
     "ask for other types"),
    RCODE(1, "FORMERR", "Format error",
     "the server did not understand the question; old ones and middleboxes fail at EDNS",
     "ask without EDNS, or another server"),
    RCODE(2, "SERVFAIL", "Server failure",
     "the server could not find out: DNSSEC doesn't verify, or the domain's own servers are silent "
     "or broken",
     "ask another resolver, then the domain's own servers (fsock dns DOMAIN NS); with DNSSEC at "
     "fault, dig +cd gets an answer"),
    RCODE(3, "NXDOMAIN", "Non-existent domain",
     "the name does not exist, nor does anything below it",
     "check the spelling and the end of the name; a new name is unknown until the negative answer "
     "has expired"),
    RCODE(4, "NOTIMP", "Not implemented",
     "the server doesn't know this kind of question",
     "ask another server, or for another type"),
    RCODE(5, "REFUSED", "Query refused",
     "the server's rules don't let this client ask, or it doesn't serve this domain",
     "ask a resolver that is meant for this network; check allow-query or access lists of the "
     "server"),
    RCODE(6, "YXDOMAIN", "Name exists when it should not",
     "an update needs a name not to exist, or a DNAME makes the name too long",
     "look at what is there, then send the update anew"),
    RCODE(7, "YXRRSET", "Record set exists when it should not",
     "an update needs records not to exist that do",
     "look at what is there; somebody else may have been first"),
    RCODE(8, "NXRRSET", "Record set that should exist does not",
     "an update needs records that are not there",
     "look at what is there; somebody else may have been first"),
    RCODE(9, "NOTAUTH", "Not authoritative, or not authorized",
     "the server is not in charge of the zone, or the key (TSIG) is wrong",
     "send it to the primary server; check name and secret of the key"),
    RCODE(10, "NOTZONE", "Name not in the zone",
     "an update names something outside its zone",
     "check the zone of the update"),
    RCODE(11, "DSOTYPENI", "DSO type not implemented",
     "the server doesn't know this stateful operation",
     "do without it"),
    RCODE(16, "BADVERS", "Bad OPT version, or TSIG signature failure",
     "the server doesn't know this version of EDNS; in a TSIG record: the signature is wrong",
     "ask with EDNS 0; check the secret and algorithm of the key"),
    RCODE(17, "BADKEY", "Key not recognized",
     "the server doesn't know the key (TSIG) by that name",
     "check the key's name on both sides"),
    RCODE(18, "BADTIME", "Signature out of time window",
     "the clocks of client and server differ by more than minutes",
     "set both clocks (chronyc tracking, timedatectl)"),
    RCODE(19, "BADMODE", "Bad TKEY mode",
     "the server can't make a key in this way",
     "use another mode, or a key that both have"),
    RCODE(20, "BADNAME", "Duplicate key name",
     "a key by that name exists already",
     "choose another name"),
    RCODE(21, "BADALG", "Algorithm not supported",
     "the server doesn't know the key's algorithm",
     "use hmac-sha256"),
    RCODE(22, "BADTRUNC", "Bad truncation",
     "the signature was cut shorter than the server allows",
     "use the whole one"),
    RCODE(23, "BADCOOKIE", "Bad or missing server cookie",
     "the server wants its cookie back before it answers",
     "ask again with the cookie that it sent, or by TCP"),
};
/* clang-format on */

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const char *eai_text(int number)
{
    return gai_strerror(number);
}

static const char *h_errno_text(int number)
{
    return number == NETDB_SUCCESS ? "No lookup has failed" : hstrerror(number);
}

const struct errno_kind errno_kind_eai = {
    .name = "eai",
    .about = "getaddrinfo's errors",
    .code = eai,
    .n = COUNT(eai),
    .text = eai_text,
};
const struct errno_kind errno_kind_h_errno = {
    .name = "h_errno",
    .about = "gethostbyname's errors",
    .code = h_errnos,
    .n = COUNT(h_errnos),
    .text = h_errno_text,
};
const struct errno_kind errno_kind_dns = {
    .name = "dns",
    .about = "what name servers answer (RFC 6895)",
    .code = rcodes,
    .n = COUNT(rcodes),
};
