"""fsock talk: how bytes are written and shown: pieces, views, dumps, a terminal, -v, TLS."""

import random
import re
import time

import pytest

from talking import Program, Terminal, receive_all, serve, talk, wait_for

BYTES = bytes(range(256)) + random.Random(5).randbytes(3000) + "caf\u00e9 \u20ac\n".encode() * 3


def sent_by(fsock, *words, stdin=None):
    """What a server gets from these words."""
    got = []
    port = serve(lambda c: got.append(receive_all(c)))
    result = fsock("talk", "-N", *words, "127.0.0.1", port, stdin=stdin)
    assert result.code == 0 and not result.errors, result
    wait_for(lambda: got)
    return got[0]


def shown(fsock, data, *words):
    """What is shown of these bytes."""
    result = fsock("talk", *words, "127.0.0.1", serve(lambda c: c.sendall(data)))
    assert result.code == 0 and not result.errors, result
    return result.stdout


# ---- pieces ----


def test_pieces_keep_their_order(fsock, tmp):
    (tmp / "file").write_bytes(b"\0file\n")
    (tmp / "array.c").write_text("int x; /* {9} */ unsigned char a[] = {1, 0x02, '3'}, b[] = \"b\";")
    got = sent_by(fsock, "--send", "a\\r\\n\\t\\x1b\\0\\\\", "--hex", "0d 0a", "--hex", "0x0d,0x0a",
                  "--base64", "AP8=", "--stdin", "-", "--file", "file", "--c-array", "array.c:a",
                  "--delay", "10ms", "--ebcdic", "HELLO", "--send", "end", stdin=b"(input)\n")
    assert got == (b"a\r\n\t\x1b\0\\" b"\r\n" b"\r\n" b"\0\xff" b"(input)\n" b"\0file\n" b"\1\x023"
                   b"\xc8\xc5\xd3\xd3\xd6" b"end")


def test_code_pages(fsock):
    for page, wanted in (("037", b"\xba\xbb"), ("500", b"\x4a\x5a"), ("1047", b"\xad\xbd")):
        assert sent_by(fsock, "--code-page", page, "--ebcdic", "[]") == wanted
        assert shown(fsock, wanted, "--code-page", page, "--view", "ebcdic") == b"[]"


def test_delay(fsock):
    start = time.monotonic()
    assert sent_by(fsock, "--send", "a", "--delay", "300ms", "--send", "b") == b"ab"
    assert 0.3 <= time.monotonic() - start < 2


def test_wait(fsock):
    """Nothing is sent before the peer has said it, in however many pieces; what comes before counts
    for nothing the next time."""
    heard = []

    def play(connection):
        connection.settimeout(0.2)
        for piece in (b"wel", b"come\r\nwelcome"):
            try:
                heard.append(connection.recv(10))
            except TimeoutError:
                pass
            connection.sendall(piece)
        connection.settimeout(5)
        heard.append(connection.recv(100))

    result = fsock("talk", "--wait", "welcome\\r\\n", "--wait", "welcome", "--send", "hi", "-q0",
                   "127.0.0.1", serve(play))
    assert result.code == 0 and result.stdout == b"welcome\r\nwelcome", result
    wait_for(lambda: heard)
    assert heard == [b"hi"]


def test_the_peer_ends_before_it_said_what_is_awaited(fsock):
    result = fsock("talk", "--wait", "x", "127.0.0.1", serve(lambda c: c.sendall(b"hello")))
    assert result.code == 56 and result.stdout == b"hello", result
    assert "the peer ended before it sent what --wait waits for" in result.errors, result


def test_script(fsock, tmp):
    """Each kind of line."""
    (tmp / "file").write_bytes(b"file ")
    (tmp / "array.c").write_text("char a[] = {65, 32};")
    (tmp / "dialog").write_text("""\
# a comment

expect hello
send " text\\x20"
hex 68 20
base64 aSA=
ebcdic A
file file
c-array array.c
delay 10ms
stdin
shut
expect bye
close
""")
    got = []

    def play(connection):
        connection.sendall(b"hello")
        got.append(receive_all(connection))
        connection.sendall(b"bye")
        time.sleep(5)

    result = fsock("talk", "--script", "dialog", "127.0.0.1", serve(play), stdin=b"in")
    assert result.code == 0 and result.stdout == b"hellobye" and result.took(0, 2), result
    assert got == [b" text h i \xc1file A in"]


# ---- views ----


@pytest.mark.parametrize("view", ["raw", "hex", "c", "text", "ebcdic"])
def test_views_are_read_back(fsock, tmp, view):
    text = shown(fsock, BYTES, "--view", view)
    (tmp / "shown").write_bytes(text)
    back = {"raw": ["--file", "shown"], "hex": ["--hex", "@shown"], "c": ["--c-array", "shown"],
            "text": ["--send", text], "ebcdic": ["--ebcdic", text]}[view]
    got = []
    port = serve(lambda c: got.append(receive_all(c)))
    with Program([fsock.program, "talk", "-N", *back, "127.0.0.1", str(port)], cwd=tmp) as client:
        assert client.end() == 0, client
    wait_for(lambda: got)
    assert got == [BYTES]


def test_views(fsock):
    data = b"GET /\x00\xff\r\n"
    assert shown(fsock, data, "--view", "raw") == data
    assert shown(fsock, data, "--view", "hex") == (
        b"00000000  47 45 54 20 2f 00 ff 0d  0a                       |GET /....|\n00000009\n")
    assert shown(fsock, data, "--view", "text") == b"GET /\\x00\\xff\\r\n"
    assert shown(fsock, b"\xc8\xc9", "--view", "ebcdic") == b"HI"
    assert shown(fsock, b"AB", "--view", "c").split() == (
        b"unsigned char received[] = { 0x41, 0x42, };".split())


def test_views_of_nothing(fsock):
    for view in ("raw", "hex", "text", "ebcdic"):
        assert shown(fsock, b"", "--view", view) == b""
    assert b"received[]" in shown(fsock, b"", "--view", "c")


def test_dump(fsock):
    """Both directions, with the time; what is in it can be sent again."""
    def play(connection):
        connection.recv(100)
        connection.sendall(b"world" * 4)

    result = fsock("talk", "--dump", "--send", "hello", "127.0.0.1", serve(play))
    assert result.code == 0, result
    stamp = r"\d\d:\d\d:\d\d\.\d{6} \+\d+\.\d{6}"
    assert re.fullmatch(
        rf"> {stamp} 5 bytes\n00000000  68 65 6c 6c 6f +\|hello\|\n"
        rf"< {stamp} 20 bytes\n00000000  (?:[0-9a-f]{{2}} +){{16}}\|worldworldworldw\|\n"
        rf"00000010  6f 72 6c 64 +\|orld\|\n", result.text), result


# ---- a terminal ----


DANGER = b"\x1b[31mred\x07\x00\x7f\x9b1m\xc2\x9b caf\xc3\xa9\tend"


def test_terminal_is_safe(fsock):
    """What could drive it is escaped; characters are not."""
    with Terminal(fsock, "127.0.0.1", serve(lambda c: c.sendall(DANGER))) as terminal:
        text = terminal.see(b"end")
        assert terminal.process.wait(20) == 0  # although it could still type
    assert not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", text), text
    assert b"\x9b" not in text and b" caf\xc3\xa9" in text and b"[31mred" in text, text


def test_terminal_raw(fsock):
    for words in (["--raw"], ["--view", "raw"]):
        with Terminal(fsock, *words, "127.0.0.1", serve(lambda c: c.sendall(DANGER))) as terminal:
            assert terminal.see(b"end") == DANGER[:-3]


def test_terminal_shows_at_once(fsock):
    """Half a line of a view, too, and half a character when nothing follows it."""
    for words, wanted in (([], b"\\xc3"), (["--view", "hex"], b"c3"), (["--view", "text"], b"\\xc3")):
        port = serve(lambda c: (c.sendall(b"\xc3"), c.recv(10)))
        with Terminal(fsock, *words, "127.0.0.1", port) as terminal:
            terminal.see(wanted)
            terminal.type(b"q\r")
            assert terminal.process.wait(20) == 0


def test_terminal_line_by_line(fsock):
    """Its lines are edited there, and end as they are typed; ^D is the end."""
    got = []
    with Terminal(fsock, "-N", "127.0.0.1", serve(lambda c: got.append(receive_all(c)))) as terminal:
        assert terminal.mode() == (True, True)
        terminal.type(b"helpo\x7f\x7flo\r")
        terminal.see(b"\n")
        terminal.type(b"\x04")
        assert terminal.process.wait(20) == 0
    assert got == [b"hello\n"]


def test_terminal_interrupt(fsock):
    with Terminal(fsock, "127.0.0.1", serve(lambda c: (c.sendall(b"hi"), c.recv(1)))) as terminal:
        terminal.see(b"hi")
        terminal.process.send_signal(2)
        assert terminal.process.wait(20) == 130


def test_telnet_escape_characters(fsock):
    """^] or another, or none."""
    will = b"\xff\xfb\x01\xff\xfb\x03"  # ECHO, SGA: keys one by one

    def play(connection):
        connection.sendall(will + b"ready")
        receive_all(connection)

    for words, keys in (([], b"\x1dq"), (["--escape", "~"], b"~q"), (["--escape", "^A"], b"\x01q")):
        with Terminal(fsock, "--telnet", *words, "127.0.0.1", serve(play)) as terminal:
            terminal.see(b"ready")
            wait_for(lambda t=terminal: t.mode() == (False, False))
            terminal.type(keys)
            assert terminal.process.wait(20) == 0
    with Terminal(fsock, "--telnet", "--escape", "none", "127.0.0.1", serve(play)) as terminal:
        terminal.see(b"ready")
        wait_for(lambda: terminal.mode() == (False, False))
        terminal.type(b"\x1dq")
        time.sleep(0.1)
        assert terminal.process.poll() is None


# ---- -v ----


def test_verbose(fsock):
    port = serve(lambda c: (c.recv(5), c.sendall(b"world!")))
    result = fsock("talk", "-v", "--send", "hello", "127.0.0.1", port)
    assert result.code == 0 and result.stdout == b"world!", result
    assert re.fullmatch(rf"\* tcp from 127.0.0.1:\d+ to 127.0.0.1:{port}\n"
                        r"\* 5 bytes sent, 6 received\n", result.errors), result
    assert fsock("talk", "--verbose", "--send", "hello", "127.0.0.1", port).errors.count("* ") == 2


def test_verbose_unix(fsock, tmp):
    with talk(fsock, "-l", "-v", "-d", "-U", tmp / "socket") as server:
        server.line("listening at")
        result = fsock("talk", "-N", "-v", "-U", tmp / "socket", stdin=b"hi")
        assert result.code == 0 and f"* unix from (no name) to {tmp}/socket" in result.errors, result
        assert server.end() == 0 and "* 0 bytes sent, 2 received" in server.errors, server


# ---- TLS ----


def tls(site, fsock, *words, service="https", trust=True):
    trusted = ["--cacert", site.ca] if trust else []
    return fsock("talk", "-v", "--send", "GET / HTTP/1.0\\r\\n\\r\\n", "-q1", *trusted, *words,
                 "localhost", site.ports[service])


def test_tls(site, fsock):
    result = tls(site, fsock, "--tls")
    assert result.stdout.startswith(b"HTTP/1.1 200"), result
    for word in ("* TLSv1.3, TLS_", "* certificate of ", "* names: ", "* sha256: ", "* trusted\n"):
        assert word in result.errors, result
    result = tls(site, fsock, "--tls", "--insecure", trust=False)
    assert result.stdout.startswith(b"HTTP/1.1 200") and "* not trusted: " in result.errors, result
    assert tls(site, fsock, "--tls", trust=False).code == 60


def test_tls_versions(site, fsock):
    for words, version in ((["--tls-max", "1.2"], "TLSv1.2"), (["--tls-min", "1.3"], "TLSv1.3")):
        result = tls(site, fsock, "--tls", *words)
        assert f"* {version}, " in result.errors, result
    assert tls(site, fsock, "--tls", "--tls-min", "1.3", service="tls12-only").code == 35
    assert tls(site, fsock, "--tls", "--tls-max", "1.2", service="tls13-only").code == 35


def test_tls_names(site, fsock):
    result = tls(site, fsock, "--tls", "--tls-name", "nobody.example")
    assert result.code == 60 and "nobody.example" in result.errors, result
    result = tls(site, fsock, "--tls", "--tls-name", "other.example", service="tls-wronghost")
    assert result.stdout.startswith(b"HTTP/1.1 200"), result


def test_tls_alpn(site, fsock):
    result = tls(site, fsock, "--tls", "--alpn", "nonsense,http/1.1")
    assert re.search(r"^\* TLSv1.3, \S+, http/1.1$", result.errors, re.M), result


def test_tls_client_certificate(site, fsock, tmp):
    server = ["-l", "-v", "-d", "--tls", "--cert", site.folder / "site.pem", "--key",
              site.folder / "key.pem", "--cacert", site.ca, "127.0.0.1", "0"]
    ours = ["--cert", site.folder / "client.pem", "--key", site.folder / "key.pem"]
    for words in (ours, []):
        with talk(fsock, *server) as listener:
            target = [*words, "--cacert", site.ca, f"tls://127.0.0.1:{listener.port()}"]
            result = fsock("talk", "-N", *target, stdin=b"hello")
            code = listener.end()
            if words:
                assert code == 0 and listener.rest == b"hello" and result.code == 0, listener
                assert "* certificate of " in listener.errors and "* trusted" in listener.errors
            else:
                assert code in (35, 60) and listener.rest == b"" and result.code != 0, listener


def test_tls_over_a_unix_socket(site, fsock, tmp):
    path = tmp / "socket"
    pem = ["--cert", site.folder / "site.pem", "--key", site.folder / "key.pem"]
    with talk(fsock, "-l", "-v", "-d", "--tls", *pem, "-U", path) as server:
        server.line("listening at")
        result = fsock("talk", "-N", "-v", "--tls", "--tls-name", "localhost", "--cacert", site.ca,
                       "-U", path, stdin=b"hello")
        assert result.code == 0 and "* TLSv1.3, " in result.errors, (result, server)
        assert server.end() == 0 and server.rest == b"hello", server
    with talk(fsock, "-l", "-v", "-d", "--tls", *pem, "-U", path) as server:
        server.line("listening at")
        fsock("talk", "-N", "-w1", "-U", path, stdin=b"in the clear")
        assert server.end() == 35 and server.rest == b"", server
    result = fsock("talk", "-l", "--tls", "-U", path)
    assert result.code == 2 and "--cert FILE" in result.errors, result
