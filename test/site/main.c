/* main.c: fsock-site, the project's own site and hostile server: options, start and stop.
 *
 * It listens on loopback only, on ports that the kernel picks, and prints them as one line of JSON.
 */
#include "cert.h"
#include "http.h"
#include "service.h"
#include "zone.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const char usage[] =
    "usage: fsock-site [options]\n"
    "  --port-file FILE  write the line of JSON with the ports to FILE too\n"
    "  --cert-dir DIR    write ca.pem and the other certificates there\n"
    "  --unix PATH       serve the site on this unix socket too\n"
    "  --stdin           stop when stdin reaches its end\n"
    "  --with-parent     stop when the parent dies\n"
    "  --list            print all services, pages and names, and leave\n";

static void on_signal(struct watch *w, uint32_t events)
{
    (void)w, (void)events;
    loop_stop();
}

static void on_stdin(struct watch *w, uint32_t events)
{
    char buf[512];
    (void)events;
    ssize_t n = read(w->fd, buf, sizeof buf);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        loop_stop();
}

static void watch_signals(void)
{
    static struct watch w;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        die("signalfd");
    watch_init(&w, fd, on_signal);
    watch_set(&w, EPOLLIN);
}

static void watch_stdin(void)
{
    static struct watch w;
    watch_init(&w, STDIN_FILENO, on_stdin);
    watch_set(&w, EPOLLIN);
}

static void raise_fd_limit(void)
{
    struct rlimit lim;
    if (getrlimit(RLIMIT_NOFILE, &lim) == 0) {
        lim.rlim_cur = lim.rlim_max;
        setrlimit(RLIMIT_NOFILE, &lim);
    }
}

static void print_ports(FILE *out)
{
    fprintf(out, "{\"pid\": %ld", (long)getpid());
    for (struct service *s = services; s->name; s++)
        fprintf(out, ", \"%s\": %d", s->name, s->port);
    fprintf(out, "}\n");
    if (fflush(out) != 0)
        die("writing the ports");
}

/* Under its final name the file is whole: a reader may wait for it to appear. */
static void write_port_file(const char *path)
{
    char temp[4096];
    snprintf(temp, sizeof temp, "%s.new", path);
    FILE *f = fopen(temp, "we");
    if (!f)
        die(temp);
    print_ports(f);
    fclose(f);
    if (rename(temp, path) < 0)
        die(path);
}

static void print_list(void)
{
    printf("services (a port each):\n");
    for (struct service *s = services; s->name; s++)
        printf("  %-18s %s\n", s->name, s->about);
    printf("\npages (http, https, unix and the like):\n");
    for (size_t t = 0; page_tables[t]; t++)
        for (const struct page *p = page_tables[t]; p->path; p++)
            printf("  %-22s %s%s\n", p->path, p->flags & PAGE_BAD ? "[bad] " : "", p->about);
    printf("\nnames (dns, first match):\n");
    for (const struct zone_name *z = zone; z->pattern; z++)
        printf("  %-22s %s\n", z->pattern, z->about);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"port-file",   required_argument, NULL, 'p'},
        {"cert-dir",    required_argument, NULL, 'c'},
        {"unix",        required_argument, NULL, 'u'},
        {"stdin",       no_argument,       NULL, 's'},
        {"with-parent", no_argument,       NULL, 'w'},
        {"list",        no_argument,       NULL, 'l'},
        {"help",        no_argument,       NULL, 'h'},
        {NULL,          0,                 NULL, 0  },
    };
    const char *port_file = NULL, *cert_dir = NULL, *unix_path = NULL;
    bool with_stdin = false;
    int opt;
    while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (opt) {
        case 'p':
            port_file = optarg;
            break;
        case 'c':
            cert_dir = optarg;
            break;
        case 'u':
            unix_path = optarg;
            break;
        case 's':
            with_stdin = true;
            break;
        case 'w':
            prctl(PR_SET_PDEATHSIG, SIGTERM);
            break;
        case 'l':
            print_list();
            return 0;
        default:
            fputs(usage, opt == 'h' ? stdout : stderr);
            return opt == 'h' ? 0 : 2;
        }
    }
    raise_fd_limit();
    loop_open();
    watch_signals();
    if (with_stdin)
        watch_stdin();
    cert_make_all(cert_dir);
    services_open(unix_path);
    if (port_file)
        write_port_file(port_file);
    print_ports(stdout);
    loop_run();
    conn_close_all();
    services_close();
    cert_free_all();
    loop_close();
    return 0;
}
