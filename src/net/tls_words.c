#include "net/tls_words.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "wire/addr.h"

#define NAMES_SHOWN 3

/* Certificates are the peer's to fill in: only what a name may consist of is shown. */
static size_t put_text(char *out, size_t cap, const unsigned char *p, int len)
{
    size_t n = 0;
    for (int i = 0; i < len && n + 1 < cap; i++)
        out[n++] = p[i] > ' ' && p[i] < 0x7f ? (char)p[i] : '?';
    out[n] = '\0';
    return n;
}

static size_t put_name(char *out, size_t cap, const GENERAL_NAME *name)
{
    const ASN1_STRING *s;
    struct fsk_addr addr = {.family = 0};
    char text[FSK_ADDR_TEXT];
    if (name->type == GEN_DNS) {
        s = name->d.dNSName;
        return put_text(out, cap, ASN1_STRING_get0_data(s), ASN1_STRING_length(s));
    }
    if (name->type != GEN_IPADD)
        return 0;
    s = name->d.iPAddress;
    int len = ASN1_STRING_length(s);
    if (len != 4 && len != 16)
        return 0;
    addr.family = len == 4 ? 4 : 6;
    memcpy(addr.ip, ASN1_STRING_get0_data(s), (size_t)len);
    size_t n = fsk_addr_format(&addr, text);
    return put_text(out, cap, (const unsigned char *)text, (int)n);
}

/* "a.test, b.test, c.test and 4 more"; "" if there are none. */
static void put_names(char *out, size_t cap, X509 *cert)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    size_t n = 0;
    int shown = 0, more = 0;
    out[0] = '\0';
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        char text[40];
        if (put_name(text, sizeof text, sk_GENERAL_NAME_value(names, i)) == 0)
            continue;
        if (shown == NAMES_SHOWN)
            more++;
        else
            n += (size_t)snprintf(out + n, cap - n, "%s%s", shown++ ? ", " : "", text);
    }
    if (more)
        snprintf(out + n, cap - n, " and %d more", more);
    GENERAL_NAMES_free(names);
}

static void put_mismatch(char *out, size_t cap, X509 *cert, struct fsk_span host)
{
    char names[NAMES_SHOWN * 42 + 24] = "";
    if (cert)
        put_names(names, sizeof names, cert);
    if (names[0])
        snprintf(out, cap, "the certificate is for %s, not for %.*s", names, (int)host.n, host.p);
    else
        snprintf(out, cap, "the certificate names no host (a common name alone does not count)");
}

/* "the certificate expired on 2026-01-02"; of the leaf or an issuer. */
static void put_time(char *out, size_t cap, const char *what, const ASN1_TIME *at)
{
    struct tm tm = {0};
    ASN1_TIME_to_tm(at, &tm);
    snprintf(out, cap, "the certificate %s %d-%02d-%02d", what, tm.tm_year + 1900, tm.tm_mon + 1,
             tm.tm_mday);
}

void fsk_tls_words_cert(char *out, size_t cap, long error, X509 *cert, struct fsk_span host)
{
    switch (error) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        put_mismatch(out, cap, cert, host);
        return;
    case X509_V_ERR_CERT_HAS_EXPIRED:
        if (cert) {
            put_time(out, cap, "expired on", X509_get0_notAfter(cert));
            return;
        }
        break;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        if (cert) {
            put_time(out, cap, "is not valid before", X509_get0_notBefore(cert));
            return;
        }
        break;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        snprintf(out, cap,
                 "the certificate's issuer is not known here, or the peer left out an "
                 "intermediate certificate (%ld)",
                 error);
        return;
    default:
        break;
    }
    snprintf(out, cap, "%s (%ld)", X509_verify_cert_error_string(error), error);
}

/* OpenSSL's "tlsv13 alert certificate required" without the words that name no alert. */
static const char *alert_name(const char *text)
{
    const char *name = text ? strchr(text, ' ') : NULL;
    if (!name)
        return "unknown";
    name++;
    return strncmp(name, "alert ", 6) == 0 ? name + 6 : name;
}

void fsk_tls_words_error(char *out, size_t cap)
{
    unsigned long e = ERR_get_error();
    int reason = ERR_GET_REASON(e);
    const char *text = ERR_reason_error_string(e);
    ERR_clear_error();
    if (ERR_GET_LIB(e) == ERR_LIB_SSL && reason > SSL_AD_REASON_OFFSET) {
        snprintf(out, cap, "the peer sent the alert %s (%d)", alert_name(text),
                 reason - SSL_AD_REASON_OFFSET);
    } else if (ERR_GET_LIB(e) == ERR_LIB_SSL && reason == SSL_R_WRONG_VERSION_NUMBER) {
        snprintf(out, cap, "the peer does not speak TLS (it answered in plain text?)");
    } else if (ERR_GET_LIB(e) == ERR_LIB_SSL && reason == SSL_R_HTTP_REQUEST) {
        snprintf(out, cap, "the peer does not speak TLS, but HTTP in plain text");
    } else if (ERR_GET_LIB(e) == ERR_LIB_SSL && reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) {
        snprintf(out, cap, "the peer showed no certificate");
    } else if (ERR_GET_LIB(e) == ERR_LIB_SSL && reason == SSL_R_NO_APPLICATION_PROTOCOL) {
        snprintf(out, cap, "the peer offers none of the protocols that are spoken here (ALPN)");
    } else {
        snprintf(out, cap, "%s", text ? text : "TLS failed for no reason given");
    }
}
