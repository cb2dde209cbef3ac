"""fsock talk: its command line: targets, those of nc, what can't go together, proxies."""

import pathlib
import re
import socket
import subprocess
import time
from subprocess import DEVNULL

import pytest

from gatekeeper import Gatekeeper
from talking import (PATIENCE, Program, echo, free_port, listens, receive_all, serve,
                     talk, wait_for)


def greet(connection):
    """A scene: say from where the client comes, and end."""
    connection.sendall(f"{connection.getpeername()[:2]}".encode())


def test_every_option_is_tested(fsock):
    """Some test of talk's uses it, by its letter or its name."""
    here = pathlib.Path(__file__).parent
    sources = "".join(path.read_text() for path in
                      [*here.glob("test_talk_*.py"), here / "test_trace_file.py"])
    options = re.findall(r"^  (?:-(\w), |    )--([a-z0-9-]+)", fsock("talk", "--help").text, re.M)
    assert len(options) > 50
    for letter, name in options:
        words = f'"--{name}[="]' + (f'|"-{letter}' if letter else "")
        assert re.search(words, sources), name


def test_help(fsock):
    for word in ("-h", "--help"):
        result = fsock("talk", word)
        assert result.code == 0 and result.text.startswith("usage: fsock talk "), result
        assert all(len(line) <= 80 for line in result.lines)


def test_list(fsock):
    result = fsock("talk", "--list")
    assert result.code == 0 and not result.errors, result
    assert {"tcp://", "udp://", "unix://", "udg://", "tls://"} <= set(result.lines)
    for transport in result.lines:
        assert re.fullmatch(r"[a-z0-9.]+://", transport)


# ---- targets ----


def test_ways_to_name_a_target(fsock):
    port = serve(greet)
    for words in (["127.0.0.1", port], [f"127.0.0.1:{port}"], [f"tcp://127.0.0.1:{port}"],
                  ["-4", "localhost", port], ["-4", f"localhost:{port}"], ["-n", "127.0.0.1", port],
                  ["--numeric", f"tcp://127.0.0.1:{port}"], ["--", "127.0.0.1", port],
                  ["127.0.0.1", "-d", port]):
        result = fsock("talk", *words)
        assert result.code == 0 and result.text.startswith("('127.0.0.1', "), result


def test_ways_to_name_an_ipv6_target(fsock):
    port = serve(greet, "::1", socket.AF_INET6)
    for words in (["::1", port], ["[::1]", port], [f"[::1]:{port}"], [f"tcp://[::1]:{port}"],
                  ["-6", "localhost", port], ["-n", "::1", port], ["-6", "-n", "::1%lo", port]):
        result = fsock("talk", *words)
        assert result.code == 0 and result.text.startswith("('::1', "), result


def test_families(fsock):
    """-4 and -6 refuse the other's addresses."""
    for words in (["-4", "::1", "80"], ["-6", "127.0.0.1", "80"]):
        result = fsock("talk", *words)
        assert result.code in (2, 6) and result.errors.count("\n") < 3, result


def test_names(site, fsock):
    port = serve(greet)
    for words in (["--resolve", f"here.example:{port}:127.0.0.1", "here.example", port],
                  ["--resolve", f"*:{port}:127.0.0.1", f"tcp://elsewhere.example:{port}"],
                  ["--dns-servers", f"127.0.0.1:{site.dns}", "a.site.test", port]):
        result = fsock("talk", *words)
        assert result.code == 0 and result.text.startswith("('127.0.0.1', "), result


@pytest.mark.parametrize("words, why", [
    ([], "whom to talk to?"), (["a", "1", "b"], "one target at a time"), (["-l"], "listen where?"),
    (["-p", "65536", "127.0.0.1", "80"], "-p needs a port"),
    (["127.0.0.1"], ""), (["127.0.0.1", "0"], ""), (["127.0.0.1", "65536"], ""), (["", "80"], ""),
    (["tcp://[::1", "80"], ""), (["http://127.0.0.1:80"], "transport"),
    (["-u", "tcp://127.0.0.1:80"], "has its transport"),
    (["-U", "unix:///tmp/x"], "has its transport"), (["-U", "/tmp/x", "80"], "needs no port"),
    (["-n", "localhost", "80"], "-n looks up no name"),
    (["-p", "x", "127.0.0.1", "80"], "-p needs a port"), (["-X", "5", "127.0.0.1", "80"], "-x HOST"),
    (["-X", "6", "-x", "127.0.0.1:1", "127.0.0.1", "80"], "-X knows 4, 4a, 5 and connect, not '6'"),
    (["--nonsense", "127.0.0.1", "80"], "--nonsense"), (["-w"], "-w needs a value"),
    (["-w", "soon", "127.0.0.1", "80"], "-w needs a time"), (["-E", "x"], "unknown option -E"),
    (["--starttls", "gopher", "127.0.0.1", "80"], "smtp, submission, lmtp"),
    (["--code-page", "1140", "--ebcdic", "x", "127.0.0.1", "80"], "1047"),
    (["--view", "octal", "127.0.0.1", "80"], "raw|hex|c|text|ebcdic"),
    (["--tls-min", "1.4", "tls://127.0.0.1:80"], "1.4"),
    (["--parallel", "0", "-z", "127.0.0.1", "80"], "--parallel"),
])
def test_bad_words(fsock, words, why):
    result = fsock("talk", *words)
    assert result.code == 2 and not result.stdout and why in result.errors, result
    assert result.errors.startswith("fsock: talk: ") and result.errors.count("\n") < 3, result


@pytest.mark.parametrize("words", [
    ["-u", "--tls"], ["-u", "--starttls", "smtp"], ["-u", "--telnet"], ["--tls", "--starttls", "smtp"],
    ["-u", "-x", "127.0.0.1:1"], ["-k"], ["--json"], ["--payload", "x"], ["--key", "x"],
    ["--script", "x", "--send", "x"], ["--script", "x", "--telnet"], ["--telnet", "--view", "hex"],
    ["--telnet", "--dump"], ["--dump", "--view", "hex"], ["--stdin", "-", "--stdin", "-"],
    ["-C", "-d"], ["--stdin", "x"], ["-l", "-x", "127.0.0.1:1"], ["-l", "--starttls", "smtp"],
    ["-l", "--tls"], ["-z", "-l"], ["-z", "--send", "x"], ["-z", "--dump"], ["-z", "--telnet"],
    ["-z", "--payload", "x"], ["-4", "-6", "--json"],
])
def test_conflicts(fsock, words):
    """A sentence that tells what to do, and nobody is asked anything."""
    result = fsock("talk", *words, "127.0.0.1", "1")
    assert result.code == 2 and not result.stdout, result
    assert re.fullmatch(r"fsock: talk: [^\n]+\n", result.errors), result


@pytest.mark.parametrize("words, why", [
    (["--hex", "0"], "--hex"), (["--hex", "xy"], "--hex"), (["--base64", "a"], "--base64"),
    (["--send", "\\q"], "--send"), (["--wait", "\\"], "--wait"), (["--wait", ""], "--wait"),
    (["--ebcdic", "\u20ac"], "--ebcdic"), (["--c-array", "array.c:other"], "array.c"),
    (["--script", "script"], "script:2: "), (["--delay", "soon"], "--delay"),
    (["--telnet", "--escape", "ab"], "--escape"),
])
def test_bad_pieces(fsock, tmp, words, why):
    """They are told before anything is sent."""
    got = []
    (tmp / "array.c").write_text("char name[] = {1, 2};\n")
    (tmp / "script").write_text("send fine\nsent wrong\n")
    port = serve(lambda c: got.append(receive_all(c)))
    result = fsock("talk", *words, "127.0.0.1", port)
    assert result.code == 2 and why in result.errors and not result.stdout, result
    assert result.errors.count("\n") < 3, result
    assert not any(got)


@pytest.mark.parametrize("words", [["--file", "none"], ["--c-array", "none"], ["--script", "none"]])
def test_files_that_are_not_there(fsock, words):
    result = fsock("talk", *words, "127.0.0.1", serve(receive_all))
    assert result.code in (2, 26) and "none" in result.errors and not result.stdout, result


# ---- as nc is called ----


@pytest.mark.parametrize("words", [["-l", "-p"], ["-l"], ["-lp"], ["-l", "127.0.0.1"], ["-lv"],
                                   ["-l", "-n", "127.0.0.1"], ["-l", "-s", "127.0.0.1", "-p"]])
def test_listen_as_nc_does(fsock, words):
    port = free_port()
    with talk(fsock, *words, str(port), stdin=DEVNULL) as server:
        wait_for(lambda: listens(port) or server.process.poll() is not None)
        result = fsock("talk", "-N", "127.0.0.1", port, stdin=b"hello")
        assert result.code == 0, (result, server)
        assert server.end() == 0 and server.rest == b"hello", server


def test_listen_on_ipv6(fsock):
    for words in (["::1", "0"], ["[::1]:0"], ["tcp://[::1]:0"], ["-6", "0"]):
        with talk(fsock, "-l", "-v", *words, stdin=DEVNULL) as server:
            result = fsock("talk", "-N", "::1", server.port(), stdin=b"hello")
            assert result.code == 0 and server.end() == 0 and server.rest == b"hello", server


def test_source(fsock):
    """-s and -p: from where we come."""
    port, source = serve(greet), free_port()
    for words, wanted in ((["-s", "127.0.0.2"], "('127.0.0.2', "), (["-s", "lo"], "('127.0.0.1', "),
                          (["-p", source], f"('127.0.0.1', {source})"),
                          (["-s", "127.0.0.3", "-p", free_port()], "('127.0.0.3', ")):
        result = fsock("talk", *words, "127.0.0.1", port)
        assert result.code == 0 and result.text.startswith(wanted), result
    six = serve(greet, "::1", socket.AF_INET6)
    result = fsock("talk", "-s", "::1", "-p", free_port(), "::1", six)
    assert result.code == 0 and result.text.startswith("('::1', "), result


def test_keep(fsock):
    """-k -l: one after the other, the second while the first is still there."""
    with talk(fsock, "-k", "-l", "-v", "-d", "127.0.0.1", "0") as server:
        port = server.port()
        with socket.create_connection(("127.0.0.1", port)) as first:
            with socket.create_connection(("127.0.0.1", port)) as second:
                second.sendall(b"second ")
                time.sleep(0.1)
                first.sendall(b"first ")
                first.shutdown(socket.SHUT_WR)
                assert server.take(13) == b"first second "
        for _ in range(5):
            assert fsock("talk", "-N", "127.0.0.1", port, stdin=b"again").code == 0
        assert server.take(25) == b"again" * 5
        server.process.terminate()
        assert server.end() == 143


def test_keep_of_unix_sockets(fsock, tmp):
    with talk(fsock, "-k", "-l", "-v", "-d", "-U", tmp / "socket") as server:
        server.line("listening at")
        for _ in range(3):
            assert fsock("talk", "-N", "-U", tmp / "socket", stdin=b"again").code == 0
        assert server.take(15) == b"again" * 3
        server.process.terminate()
        assert server.end() == 143
    assert not (tmp / "socket").exists()


def test_keepalive(fsock):
    """The kernel has the timers."""
    for words in (["--keepalive"], ["--keepalive-time", "77s"]):
        port = serve(receive_all)
        with talk(fsock, "-v", *words, "127.0.0.1", port) as client:
            client.line("to 127.0.0.1:")
            timers = subprocess.run(["ss", "-Htno", f"dport = :{port}"], check=True,
                                    capture_output=True, text=True).stdout
            assert "timer:(keepalive," in timers, timers
            assert "--keepalive" in words or "timer:(keepalive,1min1" in timers, timers


# ---- proxies ----


def through(fsock, *words):
    """What a greeting through this proxy says."""
    return fsock("talk", "-d", *words, "127.0.0.1", serve(lambda c: c.sendall(b"hello")))


def test_proxies_of_the_site(site, fsock):
    at = {name: f"127.0.0.1:{getattr(site, name)}" for name in
          ("socks5", "socks5_auth", "socks4", "proxy", "proxy_auth")}
    for words in (["-x", at["socks5"]], ["-X", "5", "-x", at["socks5"]],
                  ["-X", "4", "-x", at["socks4"]], ["-X", "4a", "-x", at["socks4"]],
                  ["-X", "connect", "-x", at["proxy"]], ["-x", f"http://{at['proxy']}"],
                  ["-x", f"socks5h://{at['socks5']}"], ["-x", f"socks5://{at['socks5']}"],
                  ["-P", "user:pass", "-x", at["socks5_auth"]],
                  ["--proxy-user", "user:pass", "--proxy-protocol", "connect", "--proxy",
                   at["proxy_auth"]]):
        result = through(fsock, *words)
        assert result.code == 0 and result.stdout == b"hello", result
    for words in (["-x", at["socks5_auth"]], ["-P", "user:no", "-x", at["socks5_auth"]],
                  ["-X", "connect", "-x", at["proxy_auth"]]):
        result = through(fsock, *words)
        assert result.code in (7, 97) and not result.stdout and result.errors, result


def test_ways_to_log_in_at_a_proxy(site, fsock):
    with Gatekeeper() as gate:
        gate.tunnel = site.tcp_fin
        for way, heard in (("--proxy-digest", ["-", "Digest"]), ("--proxy-anyauth", ["-", "Digest"]), ("--proxy-basic", ["Basic"])):
            result = fsock("talk", way, "-P", "alice:wonder%3Aland", "-x", gate.url(""), "a.test", 7)
            assert gate.ways() == heard, result
            assert result.code == (97 if way == "--proxy-basic" else 0), result


def test_tls_through_a_proxy(site, fsock):
    result = fsock("talk", "--cacert", site.ca, "-x", f"127.0.0.1:{site.socks5}", "-v", "-q1",
                   "--send", "GET / HTTP/1.0\\r\\n\\r\\n", f"tls://localhost:{site.https}")
    assert result.stdout.startswith(b"HTTP/1.1 200 ") and "* TLSv1.3, " in result.errors, result


def test_tinyproxy(fsock, tmp):
    port = free_port()
    (tmp / "tiny.conf").write_text(f"Port {port}\nListen 127.0.0.1\nTimeout 600\nMaxClients 10\n"
                                   f"Allow 127.0.0.1\nLogFile \"{tmp}/log\"\n")
    with Program(["tinyproxy", "-d", "-c", tmp / "tiny.conf"], stdin=DEVNULL) as proxy:
        wait_for(listens, port)
        result = through(fsock, "-X", "connect", "-x", f"127.0.0.1:{port}")
        assert result.code == 0 and result.stdout == b"hello", (result, proxy)
        much = bytes(range(256)) * 4096
        result = fsock("talk", "-N", "-x", f"http://127.0.0.1:{port}", "127.0.0.1",
                       serve(receive_all), stdin=much)
        assert result.code == 0, result
        proxy.process.terminate()
        proxy.process.wait(PATIENCE)


DANTE = """\
logoutput: {folder}/danted.log
internal: 127.0.0.1 port = {port}
external: 127.0.0.1
clientmethod: none
socksmethod: none
client pass {{
    from: 127.0.0.0/8 to: 0.0.0.0/0
}}
socks pass {{
    from: 127.0.0.0/8 to: 0.0.0.0/0
    command: connect
}}
"""


def test_dante(fsock, tmp):
    port = free_port()
    (tmp / "danted.conf").write_text(DANTE.format(folder=tmp, port=port))
    with Program(["/usr/sbin/danted", "-f", tmp / "danted.conf", "-p", tmp / "danted.pid"],
                 stdin=DEVNULL) as proxy:
        wait_for(listens, port)
        for kind in ("5", "4"):
            result = through(fsock, "-X", kind, "-x", f"127.0.0.1:{port}")
            assert result.code == 0 and result.stdout == b"hello", result
        result = fsock("talk", "-N", "-x", f"127.0.0.1:{port}", "127.0.0.1", serve(echo),
                       stdin=b"hi")
        assert result.code == 0 and result.stdout == b"hi", result
        proxy.process.terminate()
        proxy.process.wait(PATIENCE)


@pytest.mark.parametrize("words", [("-4", "::1"), ("-6", "127.0.0.1")])
def test_an_address_of_the_other_family(fsock, words):
    result = fsock("talk", *words, "80")
    assert result.code == 6 and "one family" in result.errors and "spelled" not in result.errors
