"""fsock talk -u: datagrams, of UDP and of unix sockets; what a silent port and a closed one mean."""

import os
import socket
import threading
from subprocess import DEVNULL

import pytest

from talking import free_port, talk, wait_for

LIMIT = "0.4"


class Peer:
    """A UDP socket (or one of another family) that keeps what comes, and answers with what
    `answer` makes of it."""

    def __init__(self, answer=None, family=socket.AF_INET, address=("127.0.0.1", 0)):
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.got, self.answer = [], answer
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            data, whose = self.socket.recvfrom(65536)
            self.got.append(data)
            for answer in self.answer(data) if self.answer else []:
                self.socket.sendto(answer, whose)

    @property
    def port(self):
        return self.socket.getsockname()[1]


def shout(data):
    return [data.upper()]


# ---- open, refused, no answer ----


def test_open(fsock):
    peer = Peer(shout)
    result = fsock("talk", "-u", f"-w{LIMIT}", "127.0.0.1", peer.port, stdin=b"hello")
    assert result.code == 0 and result.stdout == b"HELLO" and not result.errors, result


def test_refused(fsock):
    result = fsock("talk", "-u", "127.0.0.1", free_port(socket.SOCK_DGRAM), stdin=b"hello")
    assert result.code == 7 and "refused" in result.errors and result.took(0, 1), result


@pytest.mark.plain
def test_no_answer(fsock):
    peer = Peer()
    result = fsock("talk", "-u", f"-w{LIMIT}", "127.0.0.1", peer.port, stdin=b"hello")
    assert result.code == 28 and result.took(0.4, 0.5) and peer.got == [b"hello"], result
    assert "no answer came for 400 ms, and nobody has refused (-w raises" in result.errors, result


@pytest.mark.slow
@pytest.mark.plain
def test_no_answer_by_itself(fsock):
    """Datagrams have no end: without -w three seconds are enough."""
    result = fsock("talk", "-u", "127.0.0.1", Peer().port, stdin=b"hello")
    assert result.code == 28 and result.took(3, 3.1), result


def test_quit(fsock):
    """-q 0 waits for no answer."""
    peer = Peer()
    result = fsock("talk", "-u", "-q0", "127.0.0.1", peer.port, stdin=b"hello")
    assert result.code == 0 and result.took(0, 1), result


@pytest.mark.plain
def test_max_time(fsock):
    result = fsock("talk", "-u", f"-m{LIMIT}", "127.0.0.1", Peer().port, stdin=b"hello")
    assert result.code == 28 and result.took(0, 0.5) and "-m raises" in result.errors, result


# ---- what is one datagram ----


def test_pieces_are_datagrams(fsock):
    peer = Peer(shout)
    result = fsock("talk", "-u", f"-w{LIMIT}", "--send", "one", "--send", "two", "--send", "three",
                   "127.0.0.1", peer.port)
    assert result.code == 0 and peer.got == [b"one", b"two", b"three"], (result, peer.got)
    assert sorted(result.stdout) == sorted(b"ONETWOTHREE"), result


def test_hex_pieces_are_datagrams(fsock):
    peer = Peer()
    result = fsock("talk", "-u", "-q0", "--hex", "00 ff", "--base64", "aGk=", "127.0.0.1", peer.port)
    assert result.code == 0, result
    assert fsock("talk", "-u", "-q0", "--hex", "0d0a", "127.0.0.1", peer.port).code == 0
    wait_for(lambda: len(peer.got) == 3)
    assert peer.got == [b"\x00\xff", b"hi", b"\r\n"]


def test_reads_are_datagrams(fsock):
    """What is read from standard input at once is one."""
    peer = Peer(shout)
    with talk(fsock, "-u", "127.0.0.1", peer.port) as client:
        for word in (b"one", b"two", b"three"):
            client.stdin.write(word)
            assert client.take(len(word)) == word.upper()
    assert peer.got == [b"one", b"two", b"three"]


def test_great_datagrams(fsock):
    """Up to 65,507 bytes; more is refused, and said."""
    peer = Peer(lambda data: [data[-10:], bytes(60000)])
    text = "x" * 65507
    result = fsock("talk", "-u", f"-w{LIMIT}", "--send", text, "127.0.0.1", peer.port)
    assert result.code == 0 and len(result.stdout) == 60010 and len(peer.got[0]) == 65507
    result = fsock("talk", "-u", f"-w{LIMIT}", "--send", text + "x", "127.0.0.1", peer.port)
    assert result.code == 55 and "too long" in result.errors.replace("large", "long"), result


def test_an_empty_datagram(fsock):
    """Each --send is a datagram, one without bytes, too."""
    peer = Peer(lambda data: [str(len(data)).encode()])
    result = fsock("talk", "-u", f"-w{LIMIT}", "--send", "", "127.0.0.1", peer.port)
    assert result.code == 0 and result.stdout == b"0" and peer.got == [b""], result
    result = fsock("talk", "-u", f"-w{LIMIT}", "--send", "", "127.0.0.1", Peer().port)
    assert result.code == 28 and "no answer came" in result.errors, result


def test_empty_answers(fsock):
    """A datagram without bytes is an answer, and no end."""
    peer = Peer(lambda data: [b"", b"there"])
    result = fsock("talk", "-u", f"-w{LIMIT}", "127.0.0.1", peer.port, stdin=b"hello")
    assert result.code == 0 and result.stdout == b"there", result
    peer = Peer(lambda data: [b""])
    assert fsock("talk", "-u", f"-w{LIMIT}", "127.0.0.1", peer.port, stdin=b"hello").code == 0


def test_ipv6(fsock):
    peer = Peer(shout, socket.AF_INET6, ("::1", 0))
    for words in (["::1", peer.port], [f"[::1]:{peer.port}"], ["-6", "localhost", peer.port]):
        result = fsock("talk", "-u", f"-w{LIMIT}", *words, stdin=b"hello")
        assert result.code == 0 and result.stdout == b"HELLO", result
    result = fsock("talk", f"-w{LIMIT}", f"udp://[::1]:{peer.port}", stdin=b"hello")
    assert result.code == 0 and result.stdout == b"HELLO", result


def test_broadcast(fsock):
    """Only with -b. Loopback has a broadcast address, too, and does not carry it everywhere."""
    port = free_port(socket.SOCK_DGRAM)
    result = fsock("talk", "-u", "-q0", "--send", "x", "127.255.255.255", port)
    assert result.code in (7, 55) and "permission denied" in result.errors.lower(), result
    result = fsock("talk", "-u", "-b", "-q0", "--send", "x", "127.255.255.255", port)
    assert result.code == 0 and not result.errors, result


def test_source_port(fsock):
    port = free_port(socket.SOCK_DGRAM)
    whose = []
    peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with peer:
        peer.bind(("127.0.0.1", 0))
        result = fsock("talk", "-u", "-q0", "-s", "127.0.0.1", "-p", port, "--send", "x",
                       "127.0.0.1", peer.getsockname()[1])
        assert result.code == 0, result
        peer.settimeout(5)
        whose.append(peer.recvfrom(10)[1])
    assert whose == [("127.0.0.1", port)]


# ---- -l -u ----


def test_listen(fsock):
    """Who sends first is the peer; others are not heard."""
    with talk(fsock, "-l", "-u", "-v", "127.0.0.1", "0") as server:
        port = server.port()
        with socket.socket(type=socket.SOCK_DGRAM) as peer, \
                socket.socket(type=socket.SOCK_DGRAM) as other:
            peer.settimeout(5)
            peer.connect(("127.0.0.1", port))
            peer.send(b"hello")
            assert server.take(5) == b"hello"
            other.sendto(b"me, too", ("127.0.0.1", port))
            peer.send(b"again")
            assert server.take(5) == b"again"
            server.stdin.write(b"hi")
            assert peer.recv(100) == b"hi"


def test_listen_answers_at_once(fsock):
    """Standard input was there before anybody came."""
    with talk(fsock, "-l", "-u", "-v", f"-w{LIMIT}", "--send", "welcome", "127.0.0.1", "0",
              stdin=DEVNULL) as server:
        result = fsock("talk", "-u", f"-w{LIMIT}", "--send", "hello", "127.0.0.1", server.port())
        assert result.code == 0 and result.stdout == b"welcome", result
        assert server.end() == 0 and server.rest == b"hello", server


def test_listen_to_an_empty_datagram(fsock):
    with talk(fsock, "-l", "-u", "-v", f"-w{LIMIT}", "127.0.0.1", "0", stdin=DEVNULL) as server:
        with socket.socket(type=socket.SOCK_DGRAM) as peer:
            peer.sendto(b"", ("127.0.0.1", server.port()))
            assert server.end() == 0 and server.rest == b"", server


def test_listen_keeps(fsock):
    """-k: when one has been silent long enough, the next."""
    with talk(fsock, "-l", "-u", "-k", "-v", f"-w{LIMIT}", "127.0.0.1", "0") as server:
        port = server.port()
        for word in (b"one", b"two", b"six"):
            with socket.socket(type=socket.SOCK_DGRAM) as peer:
                peer.sendto(word, ("127.0.0.1", port))
                assert server.take(3) == word
                assert server.port() == port


# ---- unix datagrams ----


def test_unix(fsock, tmp):
    path = tmp / "socket"
    with talk(fsock, "-l", "-U", "-u", "-v", f"-w{LIMIT}", path, stdin=DEVNULL) as server:
        server.line("listening at")
        result = fsock("talk", "-U", "-u", "-q0", path, stdin=b"hello")
        assert result.code == 0, result
        assert server.end() == 0 and server.rest == b"hello", server
    assert not path.exists()


def test_unix_peers_without_a_name(fsock, tmp):
    """They can't be answered, and all of them are heard, as by a log."""
    path = str(tmp / "socket")
    with talk(fsock, "-l", "-U", "-u", "-v", path) as server:
        server.line("listening at")
        for word in (b"one", b"two"):
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as peer:
                peer.sendto(word, path)
                assert server.take(3) == word
        server.stdin.write(b"hi")
        assert server.end() in (7, 55, 56) and "fsock: talk: " in server.errors, server


def test_unix_of_another(fsock, tmp):
    path = str(tmp / "socket")
    peer = Peer(family=socket.AF_UNIX, address=path)
    for words in (["-U", "-u", path], [f"udg://{path}"]):
        assert fsock("talk", "-q0", "--send", "a", "--send", "b", *words).code == 0
    wait_for(lambda: len(peer.got) == 4)
    assert peer.got == [b"a", b"b"] * 2
    os.unlink(path)
    assert fsock("talk", "-q0", "--send", "a", "-U", "-u", path).code == 7
