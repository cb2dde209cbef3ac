"""fsock talk: every byte arrives, both ways at once, whoever the other side is."""

import random
import socket
import threading
import time
from subprocess import DEVNULL

import pytest

from talking import (Program, digest, echo, free_port, listens, receive_all, serve, talk,
                     wait_for)

MIB = 1 << 20
CONTENT = bytes(range(256)) * 4 + random.Random(1).randbytes(2 * MIB)
ANSWER = random.Random(2).randbytes(3 * MIB) + bytes(range(256))


def listener_of(fsock, site, tmp, kind):
    """Our own listener, and the words with which we go to it."""
    if kind == "unix":
        path = tmp / "talk.sock"
        server = talk(fsock, "-l", "-v", "-N", "-U", path)
        server.line("listening at")
        return server, ["-U", path]
    if kind == "tls":
        server = talk(fsock, "-l", "-v", "-N", "--tls", "--cert", site.folder / "site.pem", "--key",
                      site.folder / "key.pem", "127.0.0.1", "0")
        return server, ["--cacert", site.ca, f"tls://127.0.0.1:{server.port()}"]
    server = talk(fsock, "-l", "-v", "-N", "127.0.0.1", "0")
    return server, ["127.0.0.1", server.port()]


def both_ways(one, other):
    """Each sends at once what the other is to show. Then the first one's input ends."""
    one.give(CONTENT)
    other.give(ANSWER)
    got = []
    reader = threading.Thread(target=lambda: got.append(other.take(len(CONTENT))), daemon=True)
    reader.start()
    assert digest(one.take(len(ANSWER))) == digest(ANSWER)
    reader.join(20)
    assert got and digest(got[0]) == digest(CONTENT)
    one.stdin.close()


@pytest.mark.parametrize("kind", ["tcp", "unix", "tls"])
def test_both_ways(site, fsock, tmp, kind):
    server, target = listener_of(fsock, site, tmp, kind)
    with server, talk(fsock, "-N", *target) as client:
        both_ways(client, server)
        server.stdin.close()
        assert client.end() == 0 and client.rest == b"", client
        assert server.end() == 0 and server.rest == b"", server


SERVERS = {
    "nc": "nc -l -N 127.0.0.1 {port}",
    "ncat": "ncat -l 127.0.0.1 {port}",
    "socat": "socat -b 65536 TCP-LISTEN:{port},bind=127.0.0.1 STDIO",
    "openssl": "openssl s_server -quiet -naccept 1 -accept 127.0.0.1:{port} -cert {pem} -key {key}",
    "ncat-tls": "ncat -l --ssl --ssl-cert {pem} --ssl-key {key} 127.0.0.1 {port}",
    "socat-tls": "socat OPENSSL-LISTEN:{port},bind=127.0.0.1,cert={pem},key={key},verify=0 STDIO",
}
TLS = ("openssl", "ncat-tls", "socat-tls")


def words_of(text, site, port):
    names = {"port": port, "ca": site.ca, "pem": site.folder / "site.pem",
             "key": site.folder / "key.pem"}
    return text.format(**names).split()


def fine(code, who):
    """ncat may end TLS without a close_notify, and that something may be missing then is said."""
    return code in (0, 18) if who == "ncat-tls" else code == 0


@pytest.mark.parametrize("who", SERVERS)
def test_servers_of_others(site, fsock, who):
    port = free_port()
    target = ["--tls", "--cacert", site.ca] if who in TLS else []
    with Program(words_of(SERVERS[who], site, port)) as server:
        wait_for(listens, port)
        with talk(fsock, "-N", *target, "127.0.0.1", port) as client:
            both_ways(client, server)
            server.stdin.close()
            assert fine(client.end(), who) and client.rest == b"", client


CLIENTS = {
    "nc": "nc -N 127.0.0.1 {port}",
    "ncat": "ncat 127.0.0.1 {port}",
    "socat": "socat TCP:127.0.0.1:{port} STDIO",
    "openssl": "openssl s_client -quiet -verify_quiet -CAfile {ca} -connect 127.0.0.1:{port}",
    "ncat-tls": "ncat --ssl 127.0.0.1 {port}",
    "socat-tls": "socat OPENSSL:127.0.0.1:{port},cafile={ca},commonname=127.0.0.1 STDIO",
}


@pytest.mark.parametrize("who", CLIENTS)
def test_clients_of_others(site, fsock, tmp, who):
    server, target = listener_of(fsock, site, tmp, "tls" if who in TLS else "tcp")
    port = str(target[-1]).rsplit(":", maxsplit=1)[-1]
    with server, Program(words_of(CLIENTS[who], site, port)) as client:
        both_ways(server, client)
        client.stdin.close()
        assert fine(server.end(), who) and server.rest == b"", server


@pytest.mark.parametrize("words", ["nc -N -U PATH", "socat UNIX:PATH STDIO"])
def test_unix_clients_of_others(site, fsock, tmp, words):
    server, target = listener_of(fsock, site, tmp, "unix")
    with server, Program(words.replace("PATH", str(target[1])).split()) as client:
        both_ways(server, client)
        client.stdin.close()
        assert server.end() == 0 and server.rest == b"", server


def test_abstract_unix_socket(fsock):
    name = f"@fsock-talk-{free_port()}"
    with talk(fsock, "-l", "-v", "-U", name, stdin=DEVNULL) as server:
        server.line("listening at")
        result = fsock("talk", "-N", "-U", name, stdin=b"hello")
        assert result.code == 0, result
        assert server.end() == 0 and server.rest == b"hello"


# ---- standard input ----


def got_by_server(fsock, *args, **kw):
    """(the command, what the server got of it up to its end): a server that answers `bye`."""
    got = []

    def play(connection):
        got.append(receive_all(connection))
        connection.sendall(b"bye")

    with talk(fsock, *args, "127.0.0.1", serve(play), **kw) as client:
        code = client.end()
    return code, client, got


def test_stdin_of_a_file(fsock, tmp):
    (tmp / "in").write_bytes(CONTENT)
    with open(tmp / "in", "rb") as file:
        code, client, got = got_by_server(fsock, "-N", stdin=file)
    assert code == 0 and client.rest == b"bye" and digest(got[0]) == digest(CONTENT)


def test_stdin_of_nothing(fsock):
    code, client, got = got_by_server(fsock, "-N", stdin=DEVNULL)
    assert code == 0 and client.rest == b"bye" and got == [b""], client


def test_stdin_is_closed(fsock):
    words = ["sh", "-c", f'exec "$0" talk -N "$@" <&-', fsock.program]
    with Program(words + ["127.0.0.1", str(serve(echo))], stdin=None) as client:
        code = client.end()
    assert code == 26 and "standard input" in client.errors and client.errors.count("\n") == 1


def test_stdin_is_a_socket(fsock):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(CONTENT[:1000])
        ours.shutdown(socket.SHUT_WR)
        code, client, got = got_by_server(fsock, "-N", stdin=theirs)
    assert code == 0 and got == [CONTENT[:1000]], client


def test_stdin_is_a_directory(fsock, tmp):
    with open(tmp / "x", "w"):
        pass
    words = ["sh", "-c", f'exec "$0" talk -N "$@" <.', fsock.program]
    with Program(words + ["127.0.0.1", str(serve(echo))], stdin=None, cwd=tmp) as client:
        code = client.end()
    assert code == 26 and "can't read standard input: " in client.errors


def test_no_stdin_has_no_lines(fsock):
    result = fsock("talk", "-d", "-C", "127.0.0.1", "1")
    assert result.code == 2 and "-C is for standard input, and -d says not to read it" in result.errors


def test_no_stdin(fsock):
    """With -d a pipe that never ends is no reason to stay."""
    port = serve(lambda c: c.sendall(b"hello"))
    with talk(fsock, "-d", "127.0.0.1", port) as client:
        assert client.end() == 0 and client.rest == b"hello", client


def test_crlf(fsock):
    code, client, got = got_by_server(fsock, "-N", "-C", stdin=DEVNULL)
    assert code == 0 and got == [b""]
    for text, wanted in {b"a\nb\n": b"a\r\nb\r\n", b"a\r\nb\r": b"a\r\nb\r", b"\n\n": b"\r\n\r\n",
                         b"no end": b"no end"}.items():
        got = []
        port = serve(lambda c: got.append(receive_all(c)))
        assert fsock("talk", "-N", "-C", "127.0.0.1", port, stdin=text).code == 0
        assert got == [wanted]


def test_crlf_of_much(fsock):
    """However it is cut."""
    text = random.Random(3).randbytes(MIB).replace(b"\r", b"")
    got = []
    port = serve(lambda c: got.append(receive_all(c)))
    assert fsock("talk", "-N", "-C", "127.0.0.1", port, stdin=text).code == 0
    assert digest(got[0]) == digest(text.replace(b"\n", b"\r\n"))


# ---- standard output ----


def flood(connection):
    """A scene: send as long as it is taken."""
    while True:
        connection.sendall(bytes(65536))


@pytest.mark.parametrize("view", [[], ["--view", "hex"]])
def test_stdout_is_full(fsock, view):
    with open("/dev/full", "wb") as full:
        with talk(fsock, *view, "127.0.0.1", serve(flood), stdout=full) as client:
            assert client.end() == 23, client
    assert client.errors == "fsock: talk: can't write standard output: No space left on device\n"


@pytest.mark.parametrize("view", [[], ["--view", "hex"]])
def test_stdout_has_no_reader(fsock, view):
    with talk(fsock, *view, "127.0.0.1", serve(flood)) as client:
        assert client.take(10)
        client.stdout.close()
        code = client.process.wait(20)
        client.errors = client.stderr.read().decode()
    assert code == 23 and client.errors == ""  # as of a program that SIGPIPE ends


def test_stdout_is_closed(fsock):
    words = ["sh", "-c", f'exec "$0" talk -d "$@" >&-', fsock.program]
    with Program(words + ["127.0.0.1", str(serve(flood))], stdout=None) as client:
        code = client.end()
    assert code == 23 and "standard output" in client.errors, client


def test_stdout_is_a_file(fsock, tmp):
    """To its end, if it is to be appended."""
    (tmp / "out").write_bytes(b"before")
    with open(tmp / "out", "ab") as file:
        with talk(fsock, "127.0.0.1", serve(lambda c: c.sendall(CONTENT)), stdin=DEVNULL,
                  stdout=file) as client:
            assert client.end() == 0, client
    assert digest((tmp / "out").read_bytes()) == digest(b"before" + CONTENT)


def test_stdout_is_read_slowly(fsock):
    with talk(fsock, "127.0.0.1", serve(lambda c: c.sendall(CONTENT)), stdin=DEVNULL) as client:
        data = bytearray()
        while piece := client.stdout.read(100_000):
            data += piece
            time.sleep(0.005)
        assert client.end() == 0 and digest(data) == digest(CONTENT), client


# ---- when it is over ----


def test_quit(fsock):
    """-q 0 leaves when all is sent, -q 0.4 so long after that; the peer never ends."""
    for quit_after in (0, 0.4):
        got = []
        port = serve(lambda c: got.append(receive_all(c)))
        result = fsock("talk", "-q", str(quit_after), "127.0.0.1", port, stdin=CONTENT)
        assert result.code == 0 and result.took(quit_after, quit_after + 2), result
        wait_for(lambda: got)
        assert digest(got[0]) == digest(CONTENT)


def test_quit_shows_what_came(fsock):
    result = fsock("talk", "-q", "1", "127.0.0.1", serve(echo), stdin=b"hello")
    assert result.code == 0 and result.stdout == b"hello" and result.elapsed >= 1, result


def test_without_shut_the_end_of_input_is_not_told(fsock):
    """The peer sees the end only when we leave, for a reason of our own."""
    ended = []

    def play(connection):
        receive_all(connection)
        ended.append(time.monotonic())

    with talk(fsock, "127.0.0.1", serve(play), stdin=DEVNULL) as client:
        time.sleep(0.3)
        assert client.process.poll() is None and not ended
        client.process.terminate()
        assert client.end() == 143
        wait_for(lambda: ended)


@pytest.mark.parametrize("tls", [False, True])
def test_the_peer_ends_first(site, fsock, tls):
    """It has said all, and still takes what we send."""
    server, target = listener_of(fsock, site, None, "tls" if tls else "tcp")
    with server, talk(fsock, "-N", *target) as client:
        server.stdin.close()
        client.give(CONTENT, end=True)
        assert digest(server.take(len(CONTENT))) == digest(CONTENT)
        assert server.end() == 0 and server.rest == b"", server
        assert client.end() == 0, client


@pytest.mark.slow
@pytest.mark.plain
def test_both_send_much_and_one_reads_late(site, fsock, tmp):
    (tmp / "much").write_bytes(random.Random(4).randbytes(50 * MIB))
    wanted = digest((tmp / "much").read_bytes())
    for kind in ("tcp", "tls"):
        server, target = listener_of(fsock, site, tmp, kind)
        with server, open(tmp / "much", "rb") as much, open(tmp / "got", "wb") as got:
            with talk(fsock, "-N", *target, stdin=much, stdout=got) as client:
                server.give((tmp / "much").read_bytes(), end=True)
                time.sleep(0.5)
                assert digest(server.take(50 * MIB)) == wanted
                assert client.end() == 0 and server.end() == 0, (client, server)
        assert digest((tmp / "got").read_bytes()) == wanted
