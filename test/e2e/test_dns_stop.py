"""fsock dns: limits of time, signals, few descriptors; readers that go away or don't read."""

import json
import os
import pty
import signal
import socket
import subprocess
import time

import pytest

from conftest import clean_env
from stopwatch import Stopwatch
from nameserver import NameServer, reverse


@pytest.fixture
def at(site):
    return f"@127.0.0.1:{site.dns}"


@pytest.fixture
def mute():
    """A server that says nothing."""
    with NameServer(lambda query: None) as server:
        yield server


def start(fsock, *args, ctrl_c=signal.SIG_DFL, **kw):
    """Whether Ctrl-C means anything is inherited: in the background of a script it doesn't."""
    kw = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
          "preexec_fn": lambda: signal.signal(signal.SIGINT, ctrl_c), **kw}
    return subprocess.Popen([fsock.program, "dns", *map(str, args)], env=clean_env(), **kw)


# ---- time ----


@pytest.mark.plain
@pytest.mark.parametrize("words", [[], ["--tcp"], ["--race", "2"]])
def test_a_silent_server(site, fsock, words):
    name = f"127.0.0.1:{site.dns_mute}"
    result = fsock("dns", "@" + name, "-m", "1", *words, "shop.example", "A")
    assert result.code == 28 and result.took(1.0, 1.3)
    assert result.lines[0].startswith("shop.example\tA\tTIMEOUT\t-\tresolve shop.example A: no answer from "
                                      + name), result
    assert "(-m raises this limit)" in result.lines[0]


@pytest.mark.plain
def test_the_limit_is_that_of_a_question_with_all_its_tries(fsock, mute):
    """Two silent servers share it; the time in a queue (-P) doesn't count."""
    with NameServer(lambda query: None) as other:
        result = fsock("dns", mute.at, other.at, "-m", "0.8", "--json", "x.test", "A")
        record = result.records[0]
        assert result.code == 28 and result.took(0.8, 1.1) and 0.8 <= record["time"] < 1.0
        assert len(mute.queries) >= 1 and len(other.queries) >= 1
        assert mute.at[1:] in record["errormsg"] and other.at[1:] in record["errormsg"]
    result = fsock("dns", mute.at, "-m", "300ms", "-P", "1", "-s", "--json", "x.test", "y.test", "-t", "A")
    assert [r["status"] for r in result.records] == ["TIMEOUT"] * 2
    assert result.code == 111 and result.took(0.6, 1)
    assert all(r["time"] < 0.5 for r in result.records)


@pytest.mark.plain
def test_one_silent_and_one_good_server(site, fsock, at, tmp):
    """A thousand names: the silent one costs a try or so, not a try for each."""
    (tmp / "list").write_text("".join(f"h{n}.site.test\n" for n in range(1000)))
    for order in ([at, f"@127.0.0.1:{site.dns_mute}"], [f"@127.0.0.1:{site.dns_mute}", at]):
        result = fsock("dns", *order, "-t", "A", "-s", "-i", "list")
        assert result.code == 0 and len(result.lines) == 1000 and result.took(0, 3), result.elapsed


@pytest.mark.plain
def test_run_time(site, fsock, at, tmp):
    (tmp / "list").write_text("a.site.test\n" + "mute1.site.test\n" * 50)
    result = fsock("dns", at, "--run-time", "0.5", "--json", "-t", "A", "-i", "list")
    assert result.code == 110 and result.took(0.5, 0.9)
    ended = [(r["status"], r["exitcode"]) for r in result.records]
    assert ended[0] == ("NOERROR", 0) and ended[1:] == [("INTERRUPTED", 42)] * 50
    assert all("--run-time" in r["errormsg"] for r in result.records[1:])
    result = fsock("dns", at, "--run-time=300ms", "mute1.site.test", "A")
    assert result.code == 28 and result.took(0.3, 0.6) and "--run-time" in result.text


def test_no_limit_at_all(fsock):
    """-m 0: two silent tries and a late answer are no failure."""
    answers = iter([None] * 2)
    with NameServer(lambda q: next(answers, q.answer(("A", "192.0.2.1")))) as server:
        result = fsock("dns", server.at, "-m", "0", "x.test", "A", "--json")
    assert result.records[0]["status"] == "NOERROR" and result.records[0]["tries"] == 3


# ---- signals ----


@pytest.mark.plain
@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("more", [[], ["--ordered"]])
def test_first_signal(fsock, mute, tmp, number, code, more):
    """What is under way gets a record, what has not begun may have none."""
    (tmp / "list").write_text("x.test\n" * 30)
    process = start(fsock, mute.at, "-i", tmp / "list", "-t", "A", "--json", *more)
    mute.wait(30)
    sent = Stopwatch()
    process.send_signal(number)
    out, err = process.communicate(timeout=5)
    assert sent.stop().between(0, 0.25) and process.returncode == code
    records = [json.loads(line) for line in out.splitlines()]
    assert len(records) == 30
    for record in records:
        assert (record["status"], record["err"], record["exitcode"]) == ("INTERRUPTED", "canceled", 42)
        assert "interrupted" in record["errormsg"]
    assert b"30 INTERRUPTED; 30 in " in err


@pytest.mark.plain
def test_signal_of_one_name(fsock, mute):
    process = start(fsock, mute.at, "x.test", "A")
    mute.wait(1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=5)
    assert process.returncode == 130 and err == b""
    assert out.startswith(b"x.test\tA\tINTERRUPTED\t-\t") and out.endswith(b": interrupted\n")


def test_signal_while_the_list_is_silent(fsock, at):
    process = start(fsock, at, "-t", "A", "-i", "-", "-s", stdin=subprocess.PIPE)
    process.stdin.write(b"a.site.test\n")
    process.stdin.flush()
    assert process.stdout.readline().startswith(b"a.site.test\tA\tNOERROR")
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == 143
    process.communicate()


def test_what_was_answered_before_the_signal_is_told(fsock):
    with NameServer(lambda q: None if q.name.startswith("mute") else q.answer(("A", "192.0.2.1"))) as server:
        process = start(fsock, server.at, "-t", "A", "-i", "-", "-s", stdin=subprocess.PIPE)
        process.stdin.write(b"one.test\nmute.test\n")
        process.stdin.flush()
        server.wait(2)
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=5)
    assert first == b"one.test\tA\tNOERROR\t60\t192.0.2.1\n" and process.returncode == 130
    assert out.startswith(b"mute.test\tA\tINTERRUPTED\t-\t") and out.count(b"\n") == 1


def test_second_signal_quits_at_once(fsock, mute):
    """Even while nobody reads standard output."""
    ours, theirs = os.pipe()
    os.write(theirs, b"x" * 65536)
    process = start(fsock, mute.at, "-t", "A", "x.test", stdout=theirs)
    os.close(theirs)
    mute.wait(1)
    process.send_signal(signal.SIGINT)
    time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.wait(5) == -signal.SIGINT
    process.communicate()
    os.close(ours)


def test_ignored_signals_stay_ignored(fsock):
    with NameServer(lambda q: (0.3, q.answer(("A", "192.0.2.1")))) as server:
        process = start(fsock, server.at, "x.test", "A", ctrl_c=signal.SIG_IGN)
        server.wait(1)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=5)
    assert process.returncode == 0 and b"NOERROR" in out


# ---- few descriptors ----


@pytest.mark.parametrize("limit", [16, 32])
def test_few_descriptors(site, fsock, at, tmp, limit):
    (tmp / "list").write_text("".join(f"h{n}.site.test\n" for n in range(990)) + "tc.site.test\n" * 10)
    for words in ([at], [at, f"@[::1]:{site.dns}"], [at, "--tcp"]):
        script = f'ulimit -n {limit}; exec "$0" dns "$@"'
        done = subprocess.run(["sh", "-c", script, fsock.program, *words, "-t", "A", "-s", "-i", "list"],
                              cwd=tmp, env=clean_env(), capture_output=True, timeout=30)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count(b"\tNOERROR\t60\t127.0.0.1\n") == 1000


# ---- readers ----


@pytest.mark.plain
@pytest.mark.parametrize("kind", ["pipe", "terminal", "socket"])
def test_run_time_while_nobody_reads(site, fsock, at, kind):
    ours, theirs = (os.pipe() if kind == "pipe" else pty.openpty() if kind == "terminal" else
                    tuple(end.detach() for end in socket.socketpair()))
    begun = Stopwatch()
    process = start(fsock, at, "--run-time=0.5", "-s", "10.0.0.0/8", "127.0.0.1", stdout=theirs)
    os.close(theirs)
    err = process.communicate(timeout=5)[1]
    os.close(ours)
    assert process.returncode == 110 and begun.stop().between(0.5, 0.9)
    assert err == b"fsock: dns: nobody reads standard output, and the time is over " \
                  b"(--run-time raises this limit)\n"


@pytest.mark.plain
@pytest.mark.parametrize("kind", ["pipe", "terminal"])
def test_signal_while_nobody_reads(site, fsock, at, kind):
    ours, theirs = os.pipe() if kind == "pipe" else pty.openpty()
    if kind == "pipe":
        os.write(theirs, b"x" * 65536)  # full from the beginning
    with NameServer(reverse) as server:
        process = start(fsock, server.at, "10.0.0.0/8", stdout=theirs)
        os.close(theirs)
        server.wait(100)
        begun = Stopwatch()
        process.send_signal(signal.SIGTERM)
        err = process.communicate(timeout=5)[1]
    assert process.returncode == 143 and begun.stop().between(0, 0.3)
    assert b"standard output" not in err
    os.close(ours)


@pytest.mark.parametrize("more", [[], ["--json"], ["--short"], ["--ordered"]])
def test_a_reader_that_goes_away(fsock, more):
    """| head: the block would take minutes."""
    with NameServer(reverse) as server:
        process = start(fsock, server.at, "10.0.0.0/8", *more)
        process.stdout.read(1)
        process.stdout.close()
        assert process.wait(5) == 23
    assert process.stderr.read() == b""
    process.stderr.close()


@pytest.mark.parametrize("redirect, why", [(">/dev/full", "No space left on device"),
                                           (">&-", "Bad file descriptor")])
@pytest.mark.parametrize("args", [["a.site.test"], ["--json", "a.site.test", "b.site.test"],
                                  ["--short", "--ordered", "a.site.test"]])
def test_output_that_fails(fsock, at, redirect, why, args):
    script = f'"$0" dns --no-summary "$@" {redirect}'
    done = subprocess.run(["sh", "-c", script, fsock.program, at, *args], capture_output=True,
                          env=clean_env(), text=True, timeout=20)
    assert done.returncode == 23
    assert done.stderr == f"fsock: dns: can't write standard output: {why}\n"
