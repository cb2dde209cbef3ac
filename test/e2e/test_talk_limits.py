"""fsock talk: limits of time, to the tenth of a second; exit codes; Ctrl-C and SIGTERM.

Times are of the whole process, and so include its start.
"""

import os
import signal
import socket
import struct
import time
from subprocess import DEVNULL

import pytest

from talking import Program, echo, mute, receive_all, serve, talk, wait_for
from stopwatch import Stopwatch

LIMIT = 0.4
SLACK = 0.1  # seconds that may pass beside a limit


def drip(connection):
    """A scene: a byte each twentieth of a second."""
    while True:
        connection.sendall(b".")
        time.sleep(0.05)


def flood(connection):
    while True:
        connection.sendall(bytes(65536))


def deaf(connection):
    """A scene: never read."""
    time.sleep(10)


def strikes(result, option, limit=LIMIT):
    """The limit struck in time, and one sentence names the option."""
    assert result.code == 28 and result.took(limit, limit + SLACK), result
    assert f"(-{option} raises this limit)" in result.errors, result
    assert result.errors.startswith("fsock: talk: "), result


def openings(site):
    """Targets that never open."""
    return {
        "queue": [f"127.0.0.1:{site.tcp_backlog}"],
        "dns": ["--dns-servers", f"127.0.0.1:{site.dns_mute}", "somewhere.test", "80"],
        "tls": [f"tls://127.0.0.1:{site.tls_mute}"],
        "drip": ["--insecure", f"tls://127.0.0.1:{site.tls_drip}"],
        "socks": ["-x", f"127.0.0.1:{site.socks5_mute}", "somewhere.test", "80"],
        "connect": ["-X", "connect", "-x", f"127.0.0.1:{site.proxy_mute}", "somewhere.test", "80"],
    }


OPENINGS = ["queue", "dns", "tls", "drip", "socks", "connect"]


@pytest.mark.plain
@pytest.mark.parametrize("option", ["w", "m"])
@pytest.mark.parametrize("state", OPENINGS)
def test_opening(site, fsock, state, option):
    strikes(fsock("talk", f"-{option}{LIMIT}", *openings(site)[state]), option)


@pytest.mark.plain
def test_opening_of_starttls(fsock):
    strikes(fsock("talk", f"-w{LIMIT}", "--starttls", "smtp", "127.0.0.1", serve(mute)), "w")


@pytest.mark.plain
def test_silence(site, fsock):
    port = serve(mute)
    strikes(fsock("talk", f"-w{LIMIT}", "127.0.0.1", port), "w")
    strikes(fsock("talk", "-d", f"-w{LIMIT}", "127.0.0.1", port), "w")
    strikes(fsock("talk", f"-w{LIMIT}", "-N", "127.0.0.1", serve(deaf), stdin=b"x"), "w")
    result = fsock("talk", f"-w{LIMIT}", "127.0.0.1", port)
    assert "nothing was sent or received for 400 ms" in result.errors, result


@pytest.mark.plain
def test_silence_is_both_ways(fsock):
    """Who still sends something isn't silent, and neither is a peer that does."""
    with talk(fsock, f"-w{LIMIT}", "127.0.0.1", serve(mute)) as client:
        for _ in range(8):
            client.stdin.write(b"x")
            time.sleep(LIMIT / 4)
        assert client.process.poll() is None
    with talk(fsock, f"-w{LIMIT}", "127.0.0.1", serve(drip), stdin=DEVNULL) as client:
        assert client.take(16) == b"." * 16


@pytest.mark.plain
def test_a_peer_that_takes_nothing_is_silent(fsock, tmp):
    (tmp / "in").write_bytes(bytes(20_000_000))
    with open(tmp / "in", "rb") as file, \
            talk(fsock, f"-w{LIMIT}", "127.0.0.1", serve(deaf), stdin=file) as client:
        assert client.end() == 28 and client.took(0, LIMIT + 2 * SLACK), client
    assert "(-w raises this limit)" in client.errors


@pytest.mark.plain
def test_total(fsock):
    strikes(fsock("talk", f"-m{LIMIT}", "-w1", "127.0.0.1", serve(drip)), "m")
    strikes(fsock("talk", f"-m{LIMIT}", "127.0.0.1", serve(mute)), "m")
    assert fsock("talk", f"-m{LIMIT}", "127.0.0.1", serve(drip)).stdout.startswith(b"....")


@pytest.mark.plain
@pytest.mark.parametrize("view", ["raw", "hex"])
def test_total_while_nobody_reads(fsock, view):
    with talk(fsock, f"-m{LIMIT}", "--view", view, "127.0.0.1", serve(flood)) as client:
        code, watch = client.process.wait(5), client.watch.stop()
    assert code == 28 and watch.between(LIMIT, LIMIT + 0.2 + SLACK)  # 0.2 for what was received


@pytest.mark.plain
@pytest.mark.parametrize("option", ["w", "m"])
def test_nobody_comes(fsock, tmp, option):
    strikes(fsock("talk", "-l", f"-{option}{LIMIT}", "127.0.0.1", "0"), option)
    strikes(fsock("talk", "-l", f"-{option}{LIMIT}", "-U", tmp / "socket"), option)
    strikes(fsock("talk", "-l", "-u", f"-{option}{LIMIT}", "127.0.0.1", "0"), option)


@pytest.mark.plain
@pytest.mark.parametrize("option", ["w", "m"])
def test_a_mute_tls_client(site, fsock, option):
    with talk(fsock, "-l", "-v", f"-{option}{LIMIT}", "--tls", "--cert", site.folder / "site.pem",
              "--key", site.folder / "key.pem", "127.0.0.1", "0") as server:
        with socket.create_connection(("127.0.0.1", server.port())):
            assert server.end() == 28, server
    assert f"(-{option} raises this limit)" in server.errors and server.took(0, LIMIT + 2 * SLACK)


@pytest.mark.plain
def test_wait_and_max_time(fsock):
    """What --wait waits for never comes."""
    strikes(fsock("talk", f"-m{LIMIT}", "--wait", "x", "127.0.0.1", serve(drip)), "m")
    strikes(fsock("talk", f"-w{LIMIT}", "--wait", "x", "127.0.0.1", serve(mute)), "w")


@pytest.mark.plain
def test_limit_of_a_script(fsock, tmp):
    (tmp / "script").write_text("# nothing\nlimit 300ms\nexpect x\n")
    result = fsock("talk", "--script", "script", "127.0.0.1", serve(drip), timeout=5)
    assert result.code == 28 and result.took(0.3, 0.3 + SLACK), result
    assert "has not sent what line 3 of script waits for within 300 ms" in result.errors


@pytest.mark.plain
def test_off(fsock):
    """0 is no limit."""
    port = serve(lambda c: (time.sleep(0.3), c.sendall(b"late")))
    result = fsock("talk", "-w0", "-m0", "127.0.0.1", port)
    assert result.code == 0 and result.stdout == b"late", result


# ---- exit codes ----


def reset(connection):
    """A scene, the last of it: an RST instead of an end."""
    time.sleep(0.1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def test_exit_codes(site, fsock):
    servers = ["--dns-servers", f"127.0.0.1:{site.dns}"]
    for code, args in (
        (6, [*servers, "nxdomain.invalid", 80]), (2, ["-n", "localhost", site.http]),
        (7, ["127.0.0.1", site.tcp_refused]), (7, ["-U", "/nowhere/socket"]),
        (35, [f"tls://127.0.0.1:{site.tls_plain}"]), (35, [f"tls://127.0.0.1:{site.tls_garbage}"]),
        (35, [f"tls://127.0.0.1:{site.tls_fin}"]), (60, [f"tls://127.0.0.1:{site.https}"]),
        (60, ["--cacert", site.ca, f"tls://127.0.0.1:{site.tls_wronghost}"]),
        (97, ["-x", f"127.0.0.1:{site.socks5_refuse}", "127.0.0.1", 80]),
        (5, ["-x", "nowhere.invalid", *servers, "127.0.0.1", 80]),
        (2, ["127.0.0.1", "http"]), (2, ["127.0.0.1"]), (2, ["127.0.0.1", 99999]),
        (7, ["-s", "192.0.2.1", "127.0.0.1", site.http]),
    ):
        result = fsock("talk", *args)
        assert result.code == code and not result.stdout, result
        assert result.errors.startswith("fsock: talk: ") and result.errors.count("\n") < 3, result
        assert fsock("talk", "--silent", *args).errors == "" or code == 2


def test_taken_addresses(site, fsock, tmp):
    assert fsock("talk", "-l", "127.0.0.1", site.http).code == 45
    assert fsock("talk", "-l", "-U", tmp / "no" / "such").code == 45
    assert fsock("talk", "-l", "192.0.2.1", 0).code == 45


def test_the_peer_resets(fsock):
    result = fsock("talk", "127.0.0.1", serve(reset))
    assert result.code == 56 and "reset" in result.errors, result
    received = fsock("talk", "127.0.0.1", serve(lambda c: (c.sendall(b"a"), c.recv(1), reset(c))),
                     stdin=b"x")
    assert received.code == 56 and received.stdout == b"a", received


def test_sending_to_who_has_left(fsock):
    """It has closed; what comes then is refused, and nothing says why."""
    with talk(fsock, "127.0.0.1", serve(lambda c: None)) as client:
        time.sleep(0.2)
        client.stdin.write(b"a")
        time.sleep(0.2)
        try:
            client.stdin.write(b"b")
        except BrokenPipeError:
            pass
        assert client.end() in (55, 56), client
    assert client.errors.count("\n") in (1, 2), client


def test_tls_is_cut_off(site, fsock):
    """Without a close_notify something may be missing."""
    context = site.context()

    def play(connection):
        secure = context.wrap_socket(connection, server_side=True)
        secure.sendall(b"some")
        secure.recv(1)
        secure.close()

    result = fsock("talk", "--insecure", f"tls://127.0.0.1:{serve(play)}", stdin=b"x")
    assert result.code == 18 and result.stdout == b"some" and "close_notify" in result.errors


# ---- signals ----


def ends_by(client, number):
    """The signal ends it at once; its exit code, negative if it is the default action."""
    sent = Stopwatch()
    client.process.send_signal(number)
    code = client.process.wait(10)
    assert sent.stop().between(0, 0.2), client
    assert code in (128 + number, -number), client
    return code


SIGNALS = [signal.SIGINT, signal.SIGTERM]


@pytest.mark.plain
@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("state", OPENINGS)
def test_signal_while_opening(site, fsock, state, number):
    with talk(fsock, *openings(site)[state]) as client:
        time.sleep(0.1)
        ends_by(client, number)


@pytest.mark.plain
@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("args", [["--view", "raw"], ["--view", "hex"], ["--dump"],
                                  ["--view", "text"], ["--wait", "x"]])
def test_signal_shows_what_came(fsock, args, number):
    with talk(fsock, *args, "127.0.0.1",
              serve(lambda c: (c.sendall(b"hello\xc3"), mute(c)))) as client:
        time.sleep(0.2)
        assert ends_by(client, number) == 128 + number
        code = client.end()
    shown = b"68 65 6c 6c 6f c3" if "hex" in args or "--dump" in args else b"hello"
    assert shown in client.rest and client.errors == "fsock: talk: interrupted\n", (code, client)


@pytest.mark.plain
@pytest.mark.parametrize("number", SIGNALS)
def test_signal_while_sending(fsock, tmp, number):
    (tmp / "in").write_bytes(bytes(20_000_000))
    with open(tmp / "in", "rb") as file, \
            talk(fsock, "127.0.0.1", serve(deaf), stdin=file) as client:
        time.sleep(0.2)
        assert ends_by(client, number) == 128 + number


@pytest.mark.plain
@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("view", ["raw", "hex"])
def test_signal_while_nobody_reads(fsock, view, number):
    with talk(fsock, "--view", view, "127.0.0.1", serve(flood)) as client:
        time.sleep(0.3)
        sent = Stopwatch()
        client.process.send_signal(number)
        assert client.process.wait(10) == 128 + number
        assert sent.stop().between(0, 0.4)  # 0.2 for what was received


@pytest.mark.plain
@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("args", [["127.0.0.1", "0"], ["-U", "socket"], ["-u", "127.0.0.1", "0"],
                                  ["-k", "127.0.0.1", "0"]])
def test_signal_while_listening(fsock, tmp, args, number):
    with talk(fsock, "-l", "-v", *args, cwd=tmp) as server:
        server.line("listening at")
        assert ends_by(server, number) == 128 + number


@pytest.mark.plain
@pytest.mark.parametrize("number", SIGNALS)
def test_signal_while_a_client_is_mute(site, fsock, number):
    with talk(fsock, "-l", "-v", "--tls", "--cert", site.folder / "site.pem", "--key",
              site.folder / "key.pem", "127.0.0.1", "0") as server:
        with socket.create_connection(("127.0.0.1", server.port())):
            time.sleep(0.1)
            ends_by(server, number)


@pytest.mark.plain
def test_signal_ends_a_listener_that_keeps(fsock):
    """Within a conversation, too."""
    with talk(fsock, "-l", "-k", "-v", "127.0.0.1", "0") as server:
        with socket.create_connection(("127.0.0.1", server.port())) as peer:
            peer.sendall(b"x")
            assert server.take(1) == b"x"
            assert ends_by(server, signal.SIGTERM) == 143


# ---- what isn't there ----


def test_few_descriptors(site, fsock):
    limit = ["sh", "-c", 'ulimit -n 16; exec "$0" talk "$@"', fsock.program]
    for target in (["127.0.0.1", serve(receive_all)],
                   ["--cacert", site.ca, f"tls://localhost:{site.https}"]):
        with Program([*limit, "-q0", *target], stdin=DEVNULL) as client:
            assert client.end() == 0, client


@pytest.mark.parametrize("most", [4, 5, 6, 7, 8])
def test_too_few_descriptors(site, fsock, most):
    """A sentence, whatever there is no descriptor for."""
    limit = ["sh", "-c", f'ulimit -n {most}; exec "$0" talk "$@"', fsock.program]
    for target in (["127.0.0.1", serve(receive_all)], ["-l", "127.0.0.1", "0"]):
        with Program([*limit, "-w0.3", "-q0", *target], stdin=DEVNULL) as client:
            code = client.end()
        if "-l" not in target or code != 28:
            assert code == 0 or ("fsock: " in client.errors and code in (7, 27, 45)), client


def test_all_streams_are_closed(fsock):
    """The socket is none of them."""
    got = []
    port = serve(lambda c: (c.sendall(b"hello"), got.append(receive_all(c))))
    words = [fsock.program, "talk", "-d", "-N", "--send", "x", "127.0.0.1", str(port)]
    for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
        got.clear()
        with Program(["sh", "-c", f'exec "$0" "$@" {closed}', *words], stdin=DEVNULL) as client:
            code = client.end()
        wait_for(lambda: got)
        assert code == (23 if ">&- " in closed + " " and closed != "2>&-" else 0), (closed, client)
        assert got[0] in (b"x", b""), (closed, got)


# ---- FIFOs ---------------------------------------------------------------------------------------

def test_a_fifo_that_nobody_writes(fsock, tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for option in "wm":
        strikes(fsock("talk", f"-{option}{LIMIT}", "--file", fifo, "127.0.0.1", serve(mute)), option)
    with talk(fsock, "-v", "--file", fifo, "127.0.0.1", serve(mute)) as program:
        program.line("* tcp from")
        program.process.send_signal(signal.SIGTERM)
        assert program.end() == 143 and "interrupted" in program.errors, program


def test_a_fifo_that_is_written_late(fsock, tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with talk(fsock, "-v", "-N", "--file", fifo, "127.0.0.1", serve(echo)) as program:
        program.line("* tcp from")
        time.sleep(0.1)
        fifo.write_bytes(b"late " * 20000)
        assert program.end() == 0 and program.rest == b"late " * 20000, program
