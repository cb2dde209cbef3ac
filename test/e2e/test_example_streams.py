"""The programs in examples/ that use streams, against local servers of every manner."""

import contextlib
import hashlib
import os
import pathlib
import re
import select
import socket
import ssl
import subprocess
import threading
import time

import pytest

from conftest import clean_env
from test_examples import run


@contextlib.contextmanager
def peer(talk):
    """A server on loopback that hands each connection to `talk`, in a thread; gives its address."""
    listener = socket.create_server(("127.0.0.1", 0))

    def one(connection):
        with connection, contextlib.suppress(OSError):
            talk(connection)

    def accept():
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=one, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield "%s:%d" % listener.getsockname()
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


@contextlib.contextmanager
def running(program, *args, **env):
    """An example that serves until it is killed; gives the process, and the address it names."""
    process = subprocess.Popen([program, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=clean_env(**env), text=True)
    line = process.stderr.readline()
    assert " listening at " in line, line + process.stderr.read()
    try:
        yield process, line.split()[-1]
    finally:
        process.kill()
        process.communicate()


def connect(address, **how):
    host, port = address.rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=10, **how)


def read_all(connection):
    return b"".join(iter(lambda: connection.recv(65536), b""))


def use(build, name, *args, **more):
    """Run an example; its code, lines and errors."""
    done = run(build / "examples" / name, *map(str, args), **more)
    return done.returncode, done.stdout.decode().splitlines(), done.stderr.decode()


@pytest.mark.plain
@pytest.mark.parametrize("name, args", [
    ("banner", []), ("banner", ["a:1", "b"]), ("chat", []), ("chat", ["/" + "x" * 300]),
    ("download", ["a:1", "/", "file"]), ("download", ["a:1", "/", "file", "soon"]),
    ("http_by_hand", ["a:1"]), ("ping", []), ("ping", ["a:1", "0"]), ("poll_loop", []),
    ("poll_loop", ["a:1"] * 21), ("proxy", ["a:1"]), ("ptr_by_hand", ["a", "127.0.0.1"]),
    ("ptr_by_hand", ["1.2.3.256", "127.0.0.1"]), ("ptr_by_hand", ["1.2.3.4.5", "127.0.0.1"]),
    ("scan", ["a"]), ("scan", ["a", "9-8"]), ("scan", ["a", "1-65536"]), ("scan", ["a", "1-2x"]),
    ("starttls", []), ("tail_udp", []), ("tls_echo", ["a:1", "cert"]),
    ("trace_it", []), ("trace_it", ["a:1", "all"]), ("warm", ["a:1", "0"]),
    ("whois", []), ("whois", ["a", "b", "c"])])
def test_usage(build, name, args):
    code, lines, errors = use(build, name, *args)
    assert code == 2 and not lines and errors.startswith(f"usage: {name} ")
    assert errors.count("\n") == 1


@pytest.mark.parametrize("name, args", [
    ("banner", ["{}"]), ("download", ["{}", "/", "file", "5"]), ("http_by_hand", ["{}", "/"]),
    ("ping", ["{}", "1"]), ("poll_loop", ["{}"]), ("starttls", ["{}"]),
    ("trace_it", ["{}"]), ("warm", ["{}", "2"]),
    ("whois", ["x", "{}"])])
def test_refused(build, site, name, args):
    """In the library's words, and what to do about it."""
    code, _, errors = use(build, name, *(a.format(f"127.0.0.1:{site.tcp_refused}") for a in args))
    sentence, hint = errors.splitlines()
    assert code == 1 and re.match(rf"{name}: connect .* refused after ", sentence)
    assert hint.startswith(f"{name}: the machine is up, but nothing listens there; check that the "
                           "service runs, and the port or path")


@pytest.mark.plain
@pytest.mark.parametrize("name, args", [
    ("banner", ["gopher://a:1"]), ("chat", [""]), ("download", ["a", "/", "file", "5"]),
    ("http_by_hand", ["[::1", "/"]), ("ping", ["a:0"]), ("poll_loop", ["a:b"]),
    ("proxy", ["udp://127.0.0.1:0", "a:1"]), ("ptr_by_hand", ["127.0.0.1", "a:b:c"]),
    ("starttls", [""]), ("trace_it", [""]), ("tail_udp", ["tcp://127.0.0.1:0"]), ("warm", ["a", "1"]),
    ("scan", ["", "1-2"]), ("tls_echo", ["127.0.0.1:0", "/nowhere", "/nowhere"])])
def test_bad_target(build, name, args):
    code, _, errors = use(build, name, *args)
    assert code == 1 and errors.startswith(f"{name}: ") and "Success" not in errors


def test_banner(build, site):
    with peer(lambda c: c.sendall(b"220 mail.test\x1b[2J ready\r\n")) as address:
        assert use(build, "banner", address) == (0, ["220 mail.test.[2J ready"], "")
    with peer(lambda c: None) as address:
        assert use(build, "banner", address) == (0, ["(it hung up without a word)"], "")


@pytest.mark.plain
def test_banner_ends_in_time(build, site):
    start = time.monotonic()
    code, lines, errors = use(build, "banner", f"127.0.0.1:{site.tcp_drip}")
    assert code == 1 and not lines and "the time is up" in errors
    assert 4.9 < time.monotonic() - start < 5.3


@pytest.mark.parametrize("target", ["127.0.0.1:{0.http}", "tls://127.0.0.1:{0.https}",
                                    "tlsv1.2://localhost:{0.https}"])
def test_http_by_hand(build, site, target):
    done = run(build / "examples/http_by_hand", target.format(site), "/plain/19",
               SSL_CERT_FILE=site.ca)
    assert done.returncode == 0 and done.stdout == site.get("/plain/19")[2]
    assert done.stderr.startswith(b"HTTP/1.1 200 OK\r\n")


def test_http_by_hand_does_not_trust(build, site):
    code, lines, errors = use(build, "http_by_hand", f"tls://127.0.0.1:{site.https}", "/")
    assert code == 1 and not lines and "certificate" in errors


def test_ptr_by_hand(build, site):
    def ask(address, port=site.dns):
        return use(build, "ptr_by_hand", address, f"127.0.0.1:{port}")

    server = f"server 127.0.0.1:{site.dns}: open"
    assert ask("127.0.0.9") == (0, [server, "127.0.0.9 h9.site.test."], "")
    assert ask("192.0.2.1") == (1, [server, "192.0.2.1 has no name (rcode 3)"], "")
    code, lines, errors = ask("127.0.0.9", site.dns_refused)
    assert code == 1 and lines[0].endswith(": refused") and "refused" in errors


@pytest.mark.plain
@pytest.mark.parametrize("service", ["dns-mute", "dns-garbage"])
def test_ptr_by_hand_ends_in_time(build, site, service):
    start = time.monotonic()
    port = site.ports[service]
    code, lines, errors = use(build, "ptr_by_hand", "127.0.0.9", f"127.0.0.1:{port}")
    verdict = {"dns-mute": "no answer", "dns-garbage": "open"}[service]
    assert code == 1 and lines == [f"server 127.0.0.1:{port}: {verdict}"] and "time is up" in errors
    assert 2.9 < time.monotonic() - start < 3.3


NAME = b"\xc0\x0c"
HOSTILE = {  # records behind the question, and what is made of them
    "good": (1, NAME + b"\0\x0c\0\1\0\0\0\0\0\3\1a\0", "a."),
    "control": (1, NAME + b"\0\x0c\0\1\0\0\0\0\0\3\1\x1b\0", "?."),
    "alias": (2, NAME + b"\0\5\0\1\0\0\0\0\0\2\xc0\x0c" +
              NAME + b"\0\x0c\0\1\0\0\0\0\0\3\1b\0", "b."),
    "none": (9, b"", None),
    "loop": (1, b"\xc0\x28\0\x0c\0\1\0\0\0\0\0\2\xc0\x28", None),
    "itself": (1, NAME + b"\0\x0c\0\1\0\0\0\0\0\2\xc0\x34", None),
    "cut": (1, NAME + b"\0\x0c\0\1\0\0\0\0\0\3\1", None),
    "pointer-cut": (1, NAME + b"\0\x0c\0\1\0\0\0\0\0\1\xc0", None),
    "reserved": (1, NAME + b"\0\x0c\0\1\0\0\0\0\0\3\x80a\0", None),
    "long": (1, NAME + b"\0\x0c\0\1\0\0\0\0\1\1" + (b"\x3f" + b"x" * 63) * 4 + b"\0", None),
    "far": (2, NAME + b"\0\5\0\1\0\0\0\0\xff\xff", None),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_ptr_by_hand_is_not_fooled(build, case):
    count, records, name = HOSTILE[case]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(10)

        def answer():
            question, client = server.recvfrom(512)
            head = b"\x81\x80\0\1" + bytes([0, count]) + bytes(4)
            forged = bytes([question[0] ^ 1]) + question[1:2]
            for start in (forged, question[:2]):  # of which only the second is right
                text = records if start != forged else HOSTILE["good"][1].replace(b"a", b"z")
                server.sendto(start + head + question[12:] + text, client)

        thread = threading.Thread(target=answer)
        thread.start()
        code, lines, _ = use(build, "ptr_by_hand", "127.0.0.9", "%s:%d" % server.getsockname())
        thread.join()
    assert (code, lines[1]) == ((0, f"127.0.0.9 {name}") if name else
                                (1, "127.0.0.9 has no name (rcode 0)"))


def test_chat(build, tmp):
    """The first one listens, both talk, one ends, the other one goes on."""
    path = tmp / "talk"
    start = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    first = subprocess.Popen([build / "examples/chat", path], **start)
    assert b"waiting" in first.stderr.readline()
    second = subprocess.Popen([build / "examples/chat", path], **start)
    for here, there in ((first, second), (second, first)):
        here.stdin.write(b"hello\n")
        here.stdin.flush()
        assert there.stdout.readline() == b"hello\n"
    first.stdin.close()
    second.stdin.write(b"x" * 100000 + b"\n")
    second.stdin.close()
    assert first.stdout.read() == b"x" * 100000 + b"\n" and second.stdout.read() == b""
    assert first.wait(10) == second.wait(10) == 0 and not path.exists()


def test_chat_with_nobody_behind(build, tmp):
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp / "talk"))
        code, _, errors = use(build, "chat", tmp / "talk")
    assert code == 1 and errors.startswith("chat: connect ") and "refused" in errors


@contextlib.contextmanager
def echo(build, site):
    with running(build / "examples/tls_echo", "127.0.0.1:0", site.folder / "site.pem",
                 site.folder / "key.pem") as (process, address):
        yield process, address


def client_of(site, address):
    context = ssl.create_default_context(cafile=site.ca)
    return context.wrap_socket(connect(address), server_hostname="localhost")


def test_tls_echo(build, site):
    """Who says nothing, half a handshake, or never reads, holds up nobody."""
    with echo(build, site) as (_, address), contextlib.ExitStack() as clients:
        silent = [clients.enter_context(connect(address)) for _ in range(5)]
        silent[0].sendall(b"\x16\x03\x01\x02\x00")
        silent[1].sendall(b"GET / HTTP/1.0\r\n\r\n")
        deaf = clients.enter_context(client_of(site, address))
        deaf.settimeout(0.3)
        with contextlib.suppress(TimeoutError):
            while True:
                deaf.sendall(bytes(65536))
        talkers = [clients.enter_context(client_of(site, address)) for _ in range(20)]
        for i, talker in enumerate(talkers):
            talker.sendall(b"%d\n" % i * 1000)
        for i, talker in enumerate(talkers):
            want = b"%d\n" % i * 1000
            got = b""
            while len(got) < len(want):
                got += talker.recv(65536)
            assert got == want


def test_tls_echo_gives_all_back(build, site):
    """To a client that begins to read only when no more is taken from it."""
    block = bytes(16384)
    with echo(build, site) as (_, address), client_of(site, address) as client:
        client.setblocking(False)
        sent = got = 0
        with contextlib.suppress(ssl.SSLWantWriteError):
            while select.select([], [client], [], 0.5)[1]:
                sent += client.send(block)
        begun = True  # a block that was, and has to be sent once more
        while begun or got < sent:
            with contextlib.suppress(ssl.SSLWantWriteError):
                sent += client.send(block) if begun else 0
                begun = False
            with contextlib.suppress(ssl.SSLWantReadError):
                got += len(client.recv(65536))
                continue
            assert select.select([client], [client] if begun else [], [], 5)[0:2] != ([], [])


def test_tls_echo_with_openssl(build, site):
    with echo(build, site) as (_, address):
        client = subprocess.Popen(
            ["openssl", "s_client", "-quiet", "-verify_return_error", "-verify_quiet", "-CAfile",
             site.ca, "-connect", address], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        client.stdin.write(b"hello\n")
        client.stdin.flush()
        assert client.stdout.readline() == b"hello\n"
        client.kill()
        client.communicate()


def test_tls_echo_is_full(build, site):
    """The hundred and first waits until one of them goes."""
    with echo(build, site) as (_, address):
        silent = [connect(address) for _ in range(100)]
        context = ssl.create_default_context(cafile=site.ca)
        late = context.wrap_socket(connect(address), server_hostname="localhost",
                                   do_handshake_on_connect=False)
        late.settimeout(0.5)
        with pytest.raises(TimeoutError):
            late.do_handshake()
        silent.pop().close()
        late.settimeout(10)
        late.do_handshake()
        for each in (*silent, late):
            each.close()


def test_poll_loop(build, site):
    page = len(site.get("/")[2])
    targets = [f"tls://127.0.0.1:{site.https}", f"tls://localhost:{site.tls12_only}",
               f"127.0.0.1:{site.http}", f"tls://127.0.0.1:{site.tls13_only}"] * 3
    code, lines, errors = use(build, "poll_loop", *targets, SSL_CERT_FILE=site.ca)
    found = [line.split() for line in lines]
    assert code == 0 and not errors and sorted(target for target, *_ in found) == sorted(targets)
    assert all(page < int(n) < page + 1000 for _, n, _ in found)


def test_poll_loop_tells_who_fails(build, site):
    good, bad = f"127.0.0.1:{site.http}", f"127.0.0.1:{site.tcp_reset}"
    code, lines, errors = use(build, "poll_loop", good, bad)
    assert code == 1 and any(line.startswith(good) for line in lines) and "reset" in errors


@pytest.mark.plain
def test_poll_loop_ends_in_time(build, site):
    start = time.monotonic()
    code, lines, errors = use(build, "poll_loop", f"127.0.0.1:{site.tcp_mute}",
                              f"127.0.0.1:{site.tcp_drip}")
    assert code == 1 and len(lines) == 2 and errors.count("the time is up") == 2
    assert 9.9 < time.monotonic() - start < 10.3


@pytest.mark.parametrize("target", ["127.0.0.1:{0.http}", "tls://127.0.0.1:{0.https}"])
def test_warm(build, site, target):
    code, lines, errors = use(build, "warm", target.format(site), 4, SSL_CERT_FILE=site.ca)
    assert code == 0 and not errors and [line.split()[0] for line in lines] == \
        ["opened", "reused", "reused", "reused"]
    assert all(line.endswith(": HTTP/1.1 200 OK") for line in lines)


def test_warm_with_a_server_that_closes(build):
    def once(connection):
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 204 Done\r\n\r\n")

    with peer(once) as address:
        code, lines, errors = use(build, "warm", address, 3)
    assert code == 0 and [line.split()[0] for line in lines] == ["opened"] * 3
    with peer(lambda c: c.recv(4096)) as address:
        assert use(build, "warm", address, 3) == \
            (1, [], "warm: the server hung up within its header\n")


def test_scan(build, site):
    port = site.http
    code, lines, errors = use(build, "scan", "127.0.0.1", f"{port}-{port}")
    assert code == 0 and not errors
    assert re.fullmatch(rf"127.0.0.1:{port} open after \S+ ms", lines[0])
    assert lines[1] == "1 open, 0 refused, 0 no answer, 0 unreachable, 0 failed"


@pytest.mark.plain
def test_scan_of_everything(build):
    """More ports than are taken at once, of an address at which nobody else listens."""
    host = "127.83.65.78"
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(socket.create_server((host, 0))) for _ in range(9)]
        code, lines, errors = use(build, "scan", host, "1-65535")
        ports = {"%s:%d" % server.getsockname() for server in servers}
    assert code == 0 and not errors and {line.split()[0] for line in lines[:-1]} >= ports
    assert sum(map(int, re.findall(r"\d+", lines[-1]))) == 65535


def test_scan_of_no_host(build, site):
    code, lines, errors = use(build, "scan", "127.0.0.1", f"{site.tcp_refused}-{site.tcp_refused}")
    assert code == 1 and lines == ["0 open, 1 refused, 0 no answer, 0 unreachable, 0 failed"]
    code, lines, errors = use(build, "scan", "host.invalid", "1-9")
    assert code == 1 and lines == ["0 open, 0 refused, 0 no answer, 0 unreachable, 9 failed"]
    assert errors.count("resolve") == 1


def mail(site, *, early=b"", after=b"220 go ahead\r\n", certificate="site.pem", said=None):
    """A mail server with STARTTLS."""
    said = [] if said is None else said
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(site.folder / certificate, site.folder / "key.pem")

    def talk(connection):
        def hear(c):
            said.append(c.recv(4096).decode().strip())

        connection.sendall(b"220-mail.test\r\n220 ready\r\n")
        hear(connection)
        connection.sendall(b"250-mail.test\r\n250-SIZE\r\n250 STARTTLS\r\n")
        hear(connection)
        connection.sendall(after + early)
        with context.wrap_socket(connection, server_side=True) as safe:
            hear(safe)
            safe.sendall(b"250 mail.test\r\n")
            hear(safe)
            safe.sendall(b"221 bye\r\n")

    return peer(talk)


def test_starttls(build, site):
    said = []
    with mail(site, said=said) as address:
        code, lines, errors = use(build, "starttls", address, "localhost", SSL_CERT_FILE=site.ca)
    assert code == 0 and not errors
    assert said == ["EHLO localhost", "STARTTLS", "EHLO localhost", "QUIT"]
    assert lines[0].startswith("TLSv1.3, TLS_") and lines[1].startswith("subject ")
    assert lines[2].startswith("issuer ") and re.fullmatch(r"until \d{4}-\d\d-\d\d", lines[3])


@pytest.mark.parametrize("how, why", [
    (dict(early=b"250 injected\r\n"), "bytes came before TLS"),
    (dict(after=b"454 not\x1b now\r\n"), "to STARTTLS the server says: 454 not  now"),
    (dict(certificate="wronghost.pem"), "certificate"),
    (dict(certificate="expired.pem"), "certificate")])
def test_starttls_that_must_fail(build, site, how, why):
    with mail(site, **how) as address:
        code, lines, errors = use(build, "starttls", address, "localhost", SSL_CERT_FILE=site.ca)
    assert code == 1 and not lines and why in errors


def test_proxy(build, site):
    """A page through it, by TCP and by TLS, and large ones side by side."""
    want = hashlib.sha256(site.get("/plain/19")[2]).digest()
    for target in (f"127.0.0.1:{site.http}", f"tls://127.0.0.1:{site.https}"):
        with running(build / "examples/proxy", "127.0.0.1:0", target,
                     SSL_CERT_FILE=site.ca) as (_, address):
            clients = [connect(address) for _ in range(30)]
            for client in clients:
                client.sendall(b"GET /plain/19 HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
            for client in clients:
                with client:
                    body = read_all(client).partition(b"\r\n\r\n")[2]
                    assert hashlib.sha256(body).digest() == want


def test_proxy_both_ways_at_once(build):
    """Megabytes there and back, a slow reader, and a half-closed end."""
    data = os.urandom(1 << 23)

    def echo_late(connection):
        time.sleep(0.2)
        connection.sendall(hashlib.sha256(read_all(connection)).digest() + data)

    with peer(echo_late) as server, \
         running(build / "examples/proxy", "127.0.0.1:0", server) as (process, address), \
         connect(address) as client:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        time.sleep(0.5)
        assert read_all(client) == hashlib.sha256(data).digest() + data
        ticks = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        assert int(ticks[11]) + int(ticks[12]) < 50  # it sleeps while nothing can move


def test_proxy_to_nowhere(build, site):
    with running(build / "examples/proxy", "127.0.0.1:0",
                 f"127.0.0.1:{site.tcp_refused}") as (process, address):
        with connect(address) as client:
            assert read_all(client) == b""
        assert re.match("proxy: connect .* refused", process.stderr.readline())


def test_tail_udp(build):
    with running(build / "examples/tail_udp", "udp://127.0.0.1:0") as (process, address), \
         socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        host, port = address.rsplit(":", 1)
        sender.connect((host, int(port)))
        me = "%s:%d" % sender.getsockname()
        for text, want in [(b"hello\n", "hello"), (b"<11>disk\x1b full", "error disk. full"),
                           (b"", ""), (b"<999>x", "debug x"), (b"<1", "<1"), (b"<>", "<>"),
                           (b"y" * 3000, "y" * 2047 + " (and more)"), (b"a\0b", "a.b")]:
            sender.send(text)
            assert process.stdout.readline() == f"{me} {want}\n"


def test_download(build, site, tmp):
    url = f"127.0.0.1:{site.http}"
    for number in (0, 9, 19):
        file = tmp / f"page{number}"
        code, lines, errors = use(build, "download", url, f"/plain/{number}", file, 10)
        want = site.get(f"/plain/{number}")[2]
        assert code == 0 and not errors and lines == [f"{len(want)} bytes"]
        assert file.read_bytes() == want
    code, _, errors = use(build, "download", url, "/plain/1", file, 10)
    assert code == 1 and "File exists" in errors and file.read_bytes() == want
    code, _, errors = use(build, "download", url, "/status/404", tmp / "none", 10)
    assert code == 1 and "the status 404" in errors and not (tmp / "none").exists()


@pytest.mark.parametrize("answer, size, why", [
    (b"HTTP/1.1 200 OK\r\n\r\nhello", 5, ""),
    (b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nhello", 3, ""),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", None, "hung up too early"),
    (b"HTTP/1.1 200 OK\r\nContent", None, "hung up within its header"),
    (b"220 not HTTP\r\n\r\n", None, "the status 0")])
def test_download_of_all_or_nothing(build, tmp, answer, size, why):
    def talk(connection):
        connection.recv(4096)
        connection.sendall(answer)

    with peer(talk) as address:
        code, _, errors = use(build, "download", address, "/", tmp / "page", 5)
    assert code == (size is None) and why in errors
    assert (tmp / "page").exists() == (size is not None)
    assert size is None or (tmp / "page").stat().st_size == size


@pytest.mark.plain
def test_download_ends_in_time(build, site, tmp):
    """A peer that drips, in its header and in its body."""
    def drip(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x")
            time.sleep(0.1)

    with peer(drip) as address:
        for target in (address, f"127.0.0.1:{site.tcp_drip}"):
            start = time.monotonic()
            code, _, errors = use(build, "download", target, "/", tmp / "page", 1)
            assert code == 1 and "time is up" in errors and not (tmp / "page").exists()
            assert 0.9 < time.monotonic() - start < 1.3


def test_trace_it(build, site):
    address = f"localhost:{site.https}"
    code, lines, errors = use(build, "trace_it", address, SSL_CERT_FILE=site.ca)
    assert code == 0 and not errors
    steps = [line.split()[2] for line in lines]
    assert steps[0] == "start" and steps[-3:] == ["tls", "close", "done"] and "connected" in steps
    times = [float(line.split()[0]) for line in lines]
    assert times == sorted(times) and "version=TLSv1.3" in lines[-3]
    code, more, _ = use(build, "trace_it", address, "calls", SSL_CERT_FILE=site.ca)
    assert code == 0 and len(more) > len(lines) + 5
    assert any(" setsockopt level=SOL_TCP option=TCP_NODELAY value=1" in line for line in more)



def test_whois(build, site):
    def talk(connection):
        connection.sendall(b"you asked: " + connection.recv(4096) + b"x" * 100000 + b"\r\n")

    with peer(talk) as address:
        code, lines, errors = use(build, "whois", "example.org", address)
    assert code == 0 and not errors and lines == ["you asked: example.org", "x" * 100000]


@pytest.mark.plain
def test_whois_ends_in_time(build, site):
    start = time.monotonic()
    code, _, errors = use(build, "whois", "example.org", f"127.0.0.1:{site.tcp_drip}")
    assert code == 1 and "the time is up" in errors
    assert 9.9 < time.monotonic() - start < 10.3


def test_ping(build, site):
    target = f"tls://127.0.0.1:{site.https}"
    code, lines, errors = use(build, "ping", target, 3, SSL_CERT_FILE=site.ca)
    assert code == 0 and not errors and len(lines) == 4
    took = [float(line.split()[1]) for line in lines[:3]]
    low, mean, high = map(float, re.fullmatch(
        r"3 of 3 connected; min (\S+), avg (\S+), max (\S+) ms", lines[3]).groups())
    assert low == min(took) and high == max(took) and abs(mean - sum(took) / 3) < 0.02


@pytest.mark.plain
def test_ping_ends_in_time(build, site):
    start = time.monotonic()
    code, lines, errors = use(build, "ping", f"127.0.0.1:{site.tcp_backlog}", 1)
    assert code == 1 and lines == ["0 of 1 connected"] and errors
    assert 1.9 < time.monotonic() - start < 2.3
