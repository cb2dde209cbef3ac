/*
 * starttls.c - a mail server's certificate: EHLO, STARTTLS (RFC 3207), and EHLO again under TLS.
 *
 *     starttls mail.example
 *     starttls 192.0.2.25:587 mail.example
 *
 * The second argument is whom the certificate must name. What was said before TLS is forgotten, and
 * bytes that came early are refused by fsock_start_tls(): anybody on the way could have put them.
 */
#include <ctype.h>
#include <fsock.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int complain(const struct fsock_fault *fault)
{
    fprintf(stderr, "starttls: %s\n", fault->text);
    if (fault->hint[0])
        fprintf(stderr, "starttls: %s\n", fault->hint);
    return 1;
}

/* Say something (NULL: only listen), and read the reply to its last line. 0: not as expected. */
static int talk(fsock_stream *mail, const char *say, const char *expect, fsock_time deadline)
{
    char line[1024] = "    ";
    size_t n;
    enum fsock_err err = say ? fsock_printf(mail, deadline, "%s\r\n", say) : FSOCK_OK;
    do
        if (err == FSOCK_OK)
            err = fsock_read_line(mail, line, sizeof line, &n, deadline);
    while (err == FSOCK_OK && n > 3 && line[3] == '-'); /* "250-SIZE": there are more */
    if (err == FSOCK_OK && strncmp(line, expect, 3) == 0)
        return 1;
    for (char *p = line; *p; p++)
        *p = isprint((unsigned char)*p) ? *p : ' ';
    if (err == FSOCK_OK)
        fprintf(stderr, "starttls: to %s the server says: %s\n", say ? say : "us", line);
    else if (err == FSOCK_EOF)
        fprintf(stderr, "starttls: the server hung up\n");
    else
        complain(fsock_last_fault(mail));
    return 0;
}

static void show(fsock_stream *mail)
{
    const struct fsock_stream_info *info = fsock_inspect(mail);
    const struct fsock_cert *cert = fsock_certificate(mail);
    printf("%s, %s\n", info->tls_version, info->tls_cipher);
    if (cert) {
        char until[32];
        time_t end = (time_t)cert->not_after;
        strftime(until, sizeof until, "%Y-%m-%d", gmtime(&end));
        printf("subject %s\nissuer %s\nuntil %s\n", cert->subject, cert->issuer, until);
    }
}

int main(int argc, char **argv)
{
    fsock_time deadline = fsock_after(15);
    struct fsock_fault fault;
    fsock_stream *mail;
    int good = 0;

    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: starttls HOST[:PORT] [NAME]\n");
        return 2;
    }
    if (fsock_open(&mail, argv[1], 25, NULL, deadline, &fault) != FSOCK_OK)
        return complain(&fault);
    if (talk(mail, NULL, "220", deadline) && talk(mail, "EHLO localhost", "250", deadline) &&
        talk(mail, "STARTTLS", "220", deadline)) {
        if (fsock_start_tls(mail, argc > 2 ? argv[2] : NULL, NULL, deadline) != FSOCK_OK)
            complain(fsock_last_fault(mail));
        else
            good = talk(mail, "EHLO localhost", "250", deadline);
    }
    if (good) {
        show(mail);
        talk(mail, "QUIT", "221", deadline);
    }
    fsock_close(mail);
    return !good;
}
