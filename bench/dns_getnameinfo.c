/* dns_getnameinfo.c: fsock-dns-getnameinfo PORT FILE - the loop that everybody writes first.
 *
 * Calls getnameinfo() for each address in the file (IPv4, one a line) and prints the name it gives,
 * or `-`, a line each. The name server is 127.0.0.1 at that port, and the hosts file is looked at
 * before it is asked, as Debian's nsswitch.conf says: both are set in this process, so that no
 * configuration of the machine's decides or has to be changed.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <nss.h>
#include <resolv.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
    FILE *list = argc == 3 ? fopen(argv[2], "re") : NULL;
    char line[64], name[NI_MAXHOST];
    if (!list) {
        fprintf(stderr, "usage: fsock-dns-getnameinfo PORT FILE\n");
        return 2;
    }
    if (res_init() < 0 || __nss_configure_lookup("hosts", "files dns") < 0)
        return 1;
    _res.nscount = 1;
    _res.nsaddr_list[0] = (struct sockaddr_in){.sin_family = AF_INET,
                                               .sin_port = htons((uint16_t)atoi(argv[1])),
                                               .sin_addr = {htonl(INADDR_LOOPBACK)}};
    while (fgets(line, sizeof line, list)) {
        struct sockaddr_in sa = {.sin_family = AF_INET};
        line[strcspn(line, "\n")] = 0;
        if (inet_pton(AF_INET, line, &sa.sin_addr) != 1 ||
            getnameinfo((struct sockaddr *)&sa, sizeof sa, name, sizeof name, NULL, 0,
                        NI_NAMEREQD) != 0)
            strcpy(name, "-");
        puts(name);
    }
    return ferror(list) || fflush(stdout) != 0;
}
