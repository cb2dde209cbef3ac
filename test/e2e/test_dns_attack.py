"""fsock dns: inputs, servers and readers that mean harm, each found to do some."""

import os
import signal
import struct
import subprocess
import threading
import time

import pytest

from conftest import clean_env
from nameserver import NameServer


@pytest.fixture
def at(site):
    return f"@127.0.0.1:{site.dns}"


def start(fsock, *args, **kw):
    kw = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **kw}
    return subprocess.Popen([fsock.program, "dns", *map(str, args)], env=clean_env(), **kw)


# ---- lists ----


@pytest.mark.plain
@pytest.mark.parametrize("verb", ["dns", "get"])
def test_a_list_without_an_entry_does_not_hold_up_the_clock(fsock, at, tmp, verb):
    """A terabyte of zeros, or of blank lines: no entry comes, but --run-time and signals count."""
    zeros = tmp / "zeros"
    with zeros.open("wb") as file:
        file.truncate(1 << 40)
    words = [at, "-i", zeros] if verb == "dns" else ["-i", zeros]
    result = fsock(verb, *words, "--run-time", "0.3", timeout=20)
    assert result.code == 111 and result.took(0.3, 0.6), result.elapsed
    process = subprocess.Popen([fsock.program, verb, *map(str, words)], env=clean_env(),
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    assert process.wait(2) == 130


# ---- name servers of -r ----


@pytest.mark.plain
def test_servers_that_come_late_are_waited_for(fsock, site, tmp):
    """-r FIFO: asleep until the writer comes, and not for longer than --run-time."""
    fifo = tmp / "fifo"
    os.mkfifo(fifo)

    def write():
        time.sleep(0.4)
        with fifo.open("wb", buffering=0) as pipe:
            pipe.write(b"127.0.0.1:")
            time.sleep(0.6)
            pipe.write(str(site.dns).encode())

    threading.Thread(target=write, daemon=True).start()
    before = os.times()
    result = fsock("dns", "-r", fifo, "shop.example", "A")
    after = os.times()
    assert result.code == 0 and result.elapsed >= 1, result
    assert after.children_user + after.children_system < before.children_user + before.children_system + 0.5
    result = fsock("dns", "-r", fifo, "--run-time", "0.3", "shop.example", "A", timeout=5)
    assert result.code == 28 and result.took(0.3, 0.6) and "--run-time" in result.errors, result


@pytest.mark.plain
def test_too_many_of_something_is_called_that(fsock, at):
    """65 types, in both ways; servers whose names take more than 16 MiB."""
    types = [f"TYPE{1000 + i}" for i in range(65)]
    for words in (["-t", ",".join(types)], types):
        result = fsock("dns", at, "x.test", *words)
        assert result.code == 2 and "too many" in result.errors and "64" in result.errors, result
    result = fsock("dns", "-r", "-", "x.test", stdin=b"127.0.0.1:5300\n" * 1200000)
    assert result.code == 26 and "too many" in result.errors, result


# ---- answers ----


@pytest.mark.plain
def test_an_answer_without_measure_fails_its_question_only(fsock):
    """A message of 64 KiB whose thousands of CNAMEs, each 2 KiB as text, lead in a circle."""
    label = bytes([63]) + b"\1" * 63
    longest = label * 3 + bytes([61]) + b"\1" * 61 + b"\0"

    def answer(query):
        if query.via == "udp":
            return query.answer(tc=True)
        if query.name != "x.test":
            return query.answer(("A", "192.0.2.1"))
        start = query.answer(("CNAME", longest))
        here = struct.pack("!H", 0xC000 | len(start) - len(longest))
        again = (65535 - len(start)) // (len(here) * 2 + 10)
        message = start + (here + struct.pack("!HHIH", 5, 1, 60, 2) + here) * again
        return message[:6] + struct.pack("!H", 1 + again) + message[8:]

    with NameServer(answer) as server:
        result = fsock("dns", server.at, "-t", "A", "--json", "x.test", "a.test", "b.test")
        status = {r["name"]: r["status"] for r in result.records}
        assert status == {"x.test": "ERROR", "a.test": "NOERROR", "b.test": "NOERROR"}, result
        assert result.code == 110
        result = fsock("dns", server.at, "-t", "A", "x.test")
        assert result.code == 6 and "too big" in result.text, result


# ---- descriptors ----


@pytest.mark.plain
@pytest.mark.parametrize("words", [["--tcp"], []])
def test_without_descriptors_tcp_is_tried_at_leisure(fsock, words):
    """No descriptor for a connection, neither for --tcp nor for what was cut off: no storm of tries,
    and the server isn't blamed."""
    limit = 8 if words else 9
    with NameServer(lambda query: query.answer(tc=query.via == "udp")) as server:
        script = f"ulimit -n {limit}; exec \"$0\" dns -m 1 --json {' '.join(words)} {server.at} x.test A"
        before = os.times()
        shell = subprocess.run(["sh", "-c", script, fsock.program], capture_output=True, text=True,
                               env=clean_env(), timeout=20)
        after = os.times()
        used = after.children_user + after.children_system - before.children_user - before.children_system
        assert shell.returncode == 6 and "too many open files" in shell.stdout, shell
        assert used < 0.5 and len(server.queries) < 40, (used, len(server.queries))


@pytest.mark.plain
def test_a_server_that_answers_by_tcp_has_answered(fsock, at):
    result = fsock("dns", at, "--tcp", "shop.example", "www.example", "A")
    assert result.code == 0 and "lost 0" in result.errors and "no answer" not in result.errors, result


# ---- order ----


@pytest.mark.plain
def test_order_holds_for_lines_that_ask_for_nothing(fsock, tmp):
    """More of them behind a mute name than may wait: none is lost, and what follows is asked."""
    lines = ["mute.test"] + [f"192.0.2.1/9{i}" for i in range(20000)] + ["ok.test"]
    (tmp / "list").write_text("".join(line + "\n" for line in lines))
    with NameServer(lambda query: None if query.name == "mute.test" else query.answer()) as server:
        result = fsock("dns", server.at, "--ordered", "-t", "A", "-m", "1", "-i", tmp / "list", timeout=10)
    assert [line.split("\t")[0] for line in result.lines] == lines
    assert result.code == 110 and result.took(0, 3), result.elapsed


# ---- memory ----


@pytest.mark.plain
@pytest.mark.slow
@pytest.mark.parametrize("words", [[], ["--ordered"]])
def test_big_answers_are_not_hoarded(fsock, tmp, words):
    """4000 answers of 62 KiB, 120 KiB as text, behind a name that nobody answers."""
    count = 3900

    def answer(query):
        if query.name == "mute.test":
            return None
        message = query.answer(("A", "192.0.2.1"))
        return message[:6] + struct.pack("!H", count) + message[8:] + message[-16:] * (count - 1)

    (tmp / "list").write_text("mute.test\n" + "".join(f"n{i}.test\n" for i in range(4000)))
    with NameServer(answer) as server:
        process = start(fsock, server.at, "--tcp", *words, "-t", "A", "-m", "4", "-s", "-i", tmp / "list",
                        "--run-time", "20", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        usage = os.wait4(process.pid, 0)[2]
        process.returncode = 0
        assert usage.ru_maxrss < 160 * 1024, usage.ru_maxrss
