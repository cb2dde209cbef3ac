/* fsock's own: exit codes, classes of faults, and what old versions of PHP used to say. */
#include "errno_code.h"

#include "outcome.h"

#define EXIT(name, text, ...)     ERRNO_CODE(EXIT_##name, "EXIT_" #name, NULL, text, __VA_ARGS__)
#define SIGNAL(number, text, ...) ERRNO_CODE(number, "", NULL, text, __VA_ARGS__)
#define CLASS(number, name)       ERRNO_CODE(FSOCK_##number, name, "FSOCK_" #number, NULL, NULL, NULL)
#define OLD(number, text, ...)    ERRNO_CODE(number, "", NULL, text, __VA_ARGS__)

/* clang-format off */
static const struct errno_code exits[] = {
    EXIT(FINE, "All went well",
     "all went well",
     "nothing"),
    EXIT(SCHEME, "Unknown scheme, or nothing found",
     "get: the URL's scheme is none of http and https; errno: no such error",
     "check the URL, or the word"),
    EXIT(USAGE, "A mistake on the command line",
     "an option, or what was given with it, makes no sense; or another run has the journal or lock",
     "the sentence says which; see --help"),
    EXIT(URL, "No URL, or no name",
     "what was given can't be asked for",
     "the sentence says which part of it"),
    EXIT(PROXY_NAME, "The proxy's name was not found",
     "the name of the proxy does not exist, or nobody could be asked",
     "check how the proxy is spelled, also in the environment"),
    EXIT(NAME, "The name was not found",
     "the host name does not exist, or no name server answers",
     "fsock dns NAME says which"),
    EXIT(CONNECT, "No connection",
     "no address of the host could be connected to",
     "the sentence says how each one failed"),
    EXIT(WEIRD, "The answer is of another protocol",
     "the peer speaks something else than HTTP, or than the service that is checked",
     "check the port; fsock talk shows what it says"),
    EXIT(PARTIAL, "The body broke off",
     "less has come than was announced, or TLS ended without its end mark",
     "fetch it again, or resume it (-C)"),
    EXIT(STATUS, "A status of 400 or above, or a refusal",
     "the server answers with an error: get's -f makes that a failure, for check it is one",
     "look up the status: fsock errno http:STATUS; the sentence has the server's words"),
    EXIT(WRITE, "Writing failed",
     "the disk is full, the file can't be made, or the reader of standard output is gone",
     "the sentence says which file"),
    EXIT(READ, "Reading a file failed",
     "a list, a log or standard input can't be read",
     "the sentence says which file"),
    EXIT(MEMORY, "Out of memory",
     "this machine, or the limit of the process or container, has no memory left",
     "run fewer at once (-P), or raise the limit"),
    EXIT(TIMEOUT, "A limit of time struck",
     "what was asked for did not come in time",
     "the sentence names the stage, and the option that raises the limit"),
    EXIT(RANGE, "A file could not be continued",
     "the file has changed at the server, or it can't send parts",
     "fetch it from its start"),
    EXIT(TLS, "The TLS handshake failed",
     "the two sides found no common TLS, or it is no TLS port",
     "the sentence has the reason; look alerts up by fsock errno tls:NUMBER"),
    EXIT(CANCELED, "Interrupted",
     "the run was ended by Ctrl-C or a signal; only records have this code",
     "run what is missing again"),
    EXIT(INTERFACE, "It is not possible to listen there",
     "the address or port is in use, not on this machine, or needs a right",
     "the sentence says which"),
    EXIT(REDIRECTS, "Too many redirects",
     "the redirects lead in a circle, too far, or to where they must not",
     "look at each step without -L"),
    EXIT(EMPTY, "Closed without an answer",
     "the peer closed the connection instead of answering",
     "look at the service's log; it may speak TLS on this port"),
    EXIT(SEND, "Sending failed",
     "the connection broke while something was sent",
     "the sentence has the reason"),
    EXIT(RECV, "Receiving failed",
     "the connection broke while something was to come",
     "the sentence has the reason"),
    EXIT(LOCAL_CERT, "A certificate of ours can't be used",
     "the file of --cert or --key can't be read, or they don't belong together",
     "check that both are PEM and belong together"),
    EXIT(PEER_CERT, "The peer's certificate is not trusted",
     "the certificate has expired, is for another name, or its authority is not known here",
     "the sentence says which; name an authority of your own by --cacert"),
    EXIT(ENCODING, "The body can't be decoded",
     "the data is damaged, or not in the coding that its header names",
     "fetch it as it is (--raw)"),
    EXIT(TOO_BIG, "Larger than allowed",
     "a ceiling struck: --max-body or --max-ratio, or for the run as a whole --max-total or "
     "--max-requests",
     "raise it if the peer is trusted"),
    EXIT(LOGIN, "The login failed",
     "check: the server does not accept user and password, or offers no way to log in that is safe",
     "the sentence has the server's words; --auth names another way"),
    EXIT(CA_FILE, "The file of roots can't be used",
     "the file of --cacert can't be read, or has no certificate",
     "check that it is PEM"),
    EXIT(PROXY, "The proxy refused",
     "the proxy forbids the target, wants a password, or can't reach it",
     "the sentence has its words; look codes up by fsock errno socks5:N or proxy:N"),
    EXIT(SOME_FAILED, "Some failed",
     "of a list, or of several, some failed",
     "the records say which and why"),
    EXIT(ALL_FAILED, "All failed",
     "of a list, or of several, all failed: mostly one cause for all",
     "look at the first record"),
    EXIT(NOT_CACHED, "Not from the cache",
     "--prove: asked once more, the page still is not from the cache; only records have this code",
     "look at Cache-Control and Set-Cookie of the answer"),
    EXIT(FORBIDDEN, "Forbidden by a rule",
     "--public-only, --allow or --deny says no to this host or address, perhaps a redirect's, or "
     "the site's robots.txt to this URL",
     "the sentence says which and why; the rule is yours to change, and --no-robots asks all the "
     "same"),
    SIGNAL(130, "Interrupted (SIGINT)",
     "Ctrl-C ended the run in good order",
     "run what is missing again"),
    SIGNAL(143, "Ended (SIGTERM)",
     "somebody, mostly a service manager or timeout(1), ended the run",
     "look at who did; run what is missing again"),
};

static const struct errno_code classes[] = {
    CLASS(OK, "ok"), CLASS(AGAIN, "again"), CLASS(EOF, "end"), CLASS(ERR_INPUT, "input"),
    CLASS(ERR_MEMORY, "memory"), CLASS(ERR_TIMEOUT, "timeout"), CLASS(ERR_SYSTEM, "system"),
    CLASS(ERR_NAME, "name"), CLASS(ERR_DNS, "dns"), CLASS(ERR_CONNECT, "connect"),
    CLASS(ERR_PROXY_NAME, "proxy-name"), CLASS(ERR_PROXY, "proxy"), CLASS(ERR_TLS, "tls"),
    CLASS(ERR_CERT, "certificate"), CLASS(ERR_TLS_LOCAL, "tls-local"), CLASS(ERR_RESET, "reset"),
    CLASS(ERR_CLOSED, "closed"), CLASS(ERR_PROTOCOL, "protocol"),
    CLASS(ERR_TRUNCATED, "truncated"), CLASS(ERR_TOO_BIG, "too-big"), CLASS(ERR_DECODE, "decode"),
    CLASS(ERR_REDIRECTS, "redirects"), CLASS(ERR_STATUS, "status"), CLASS(ERR_RESUME, "resume"),
    CLASS(ERR_CANCELED, "canceled"), CLASS(ERR_ASIDE, "aside"),
    CLASS(ERR_FORBIDDEN, "forbidden"), CLASS(ERR_SPENT, "spent"), CLASS(ERR_LOGIN, "login"),
};

/* The notes on 4 and 5 of the article's first table are these meanings, under positive numbers. */
static const struct errno_code old[] = {
    OLD(-3, "Socket could not be created",
     "fsockopen() of PHP before 4.0.5 could make no socket; PHP has never given it since",
     "look at the limit of open files, and at EMFILE, ENFILE, EAFNOSUPPORT"),
    OLD(-4, "DNS lookup failure",
     "fsockopen() of PHP before 4.0.5 did not find the name; PHP gives 0 for that since",
     "check the name: fsock dns NAME"),
    OLD(-5, "Connection refused or timed out",
     "fsockopen() of PHP before 4.0.5 could not connect; PHP gives 111 or 110 since",
     "look at ECONNREFUSED and ETIMEDOUT"),
};
/* clang-format on */

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const char *class_text(int number)
{
    static const char *const fine[] = {"All went well", "Nothing to do now", "The peer is done"};
    const struct fsock_explanation *e = fsock_explain((enum fsock_err)number, FSOCK_STAGE_NONE, 0);
    return number <= FSOCK_EOF ? fine[number] : e ? e->cause : "";
}

const struct errno_kind errno_kind_exit = {
    .name = "exit",
    .about = "exit codes of fsock, most of them curl's",
    .code = exits,
    .n = COUNT(exits),
};
const struct errno_kind errno_kind_fault = {
    .name = "fault",
    .about = "fsock's classes of errors (err in records)",
    .code = classes,
    .n = COUNT(classes),
    .text = class_text,
    .advice = &fsk_advice_by_class,
};
const struct errno_kind errno_kind_legacy = {
    .name = "legacy",
    .about = "what PHP's fsockopen() gave before 4.0.5",
    .code = old,
    .n = COUNT(old),
};
