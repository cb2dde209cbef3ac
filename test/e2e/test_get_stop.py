"""fsock get: Ctrl-C, SIGTERM, readers that go away, outputs that are full or closed."""

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


def start(fsock, *args, **kw):
    return subprocess.Popen([fsock.program, "get", *map(str, args)], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean_env(), **kw)


def wait_for_open(site, n):
    """Until the site has n connections open."""
    for _ in range(100):
        if site.stats()["open"] >= n + 1:  # and the one that asks
            return
        time.sleep(0.05)
    raise AssertionError(site.stats())


@pytest.mark.plain
@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_first_signal(site, fsock, tmp, number, code):
    (tmp / "list").write_text(site.url("/plain/1\n") + site.url("/mute\n") * 50)
    process = start(fsock, "-i", tmp / "list", "--json", "--repeat")
    wait_for_open(site, 6)
    sent = Stopwatch()
    process.send_signal(number)
    out, err = process.communicate(timeout=5)
    assert sent.stop().between(0, 0.2) and process.returncode == code
    records = [json.loads(line) for line in out.splitlines()]
    assert len(records) == 7 and records[0]["exitcode"] == 0
    for record in records[1:]:
        assert "interrupted" in record["errormsg"] and record["exitcode"] == 42
    assert b"1 ok, 6 failed (canceled 6)" in err


def test_signal_of_a_single_url(site, fsock):
    process = start(fsock, site.url("/mute"))
    wait_for_open(site, 1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=5)
    assert process.returncode == 130 and b"interrupted" in err


def test_signal_while_the_list_is_silent(fsock):
    ours, theirs = os.pipe()
    process = subprocess.Popen([fsock.program, "get", "-i", "-"], stdin=ours,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean_env())
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == 143
    process.communicate()
    os.close(ours)
    os.close(theirs)


def stuck(kind):
    """(our end, the command's): something to write to that nobody reads."""
    if kind == "pipe":
        return os.pipe()
    if kind == "terminal":
        return pty.openpty()
    return tuple(end.detach() for end in socket.socketpair())


def run_stuck(fsock, kind, *args, number=None, full=0):
    """Runs the command with nobody who reads its output, of which `full` bytes are there already,
    and interrupts it: (code, its stopwatch, standard error)."""
    ours, theirs = stuck(kind)
    os.write(theirs, b"x" * full)
    process = subprocess.Popen([fsock.program, "get", *map(str, args)], stdin=subprocess.DEVNULL,
                               stdout=theirs, stderr=subprocess.PIPE, env=clean_env())
    os.close(theirs)
    watch = Stopwatch()
    if number:
        time.sleep(0.5)  # there is no more room
        process.send_signal(number)
        watch = Stopwatch()
    err = process.communicate(timeout=5)[1]
    watch.stop()
    os.close(ours)
    return process.returncode, watch, err


@pytest.mark.plain
@pytest.mark.parametrize("kind", ["pipe", "terminal", "socket"])
def test_limits_hold_while_nobody_reads(site, fsock, tmp, kind):
    code, watch, err = run_stuck(fsock, kind, "-m", "0.5", site.url("/huge/100000000"))
    assert code == 28 and watch.between(0.5, 0.7)
    assert err.endswith(b"the time is over (-m raises this limit)\n") and err.count(b"\n") == 1
    (tmp / "list").write_text(site.url("/plain/1\n") * 20000)
    code, watch, err = run_stuck(fsock, kind, "--json", "--repeat", "--run-time=0.5", "-i", tmp / "list")
    assert code == 110 and watch.between(0.5, 0.8) and b"(--run-time raises this limit)" in err


@pytest.mark.plain
def test_limits_hold_when_only_writing_is_left(site, fsock, tmp):
    (tmp / "list").write_text(site.url("/plain/1\n"))
    code, watch, err = run_stuck(fsock, "pipe", "--run-time=0.5", "-i", tmp / "list", full=65536)
    assert code == 110 and watch.between(0.5, 0.8)
    assert b"1 ok, 0 failed" in err and b"(--run-time raises this limit)" in err


@pytest.mark.plain
@pytest.mark.parametrize("kind", ["pipe", "terminal", "socket"])
@pytest.mark.parametrize("args", [["/huge/100000000"], ["-i"]])
def test_first_signal_while_nobody_reads(site, fsock, tmp, kind, args):
    (tmp / "list").write_text(site.url("/plain/1\n") * 20000)
    target = [site.url(args[0])] if args[0] != "-i" else ["--json", "--repeat", "-i", tmp / "list"]
    code, watch, err = run_stuck(fsock, kind, *target, number=signal.SIGTERM)
    assert code == 143 and watch.between(0, 0.2)
    assert b"standard output" not in err


def test_a_slow_reader_gets_all(site, fsock):
    process = start(fsock, site.url("/huge/3000000"))
    parts = []
    while True:
        part = process.stdout.read1(400_000)
        if not part:
            break
        parts.append(part)
        time.sleep(0.02)
    whole = fsock("get", site.url("/huge/3000000")).stdout
    assert process.wait(5) == 0 and len(whole) == 3_000_000 and b"".join(parts) == whole
    process.communicate()


def test_what_we_share_is_not_made_non_blocking(site, fsock):
    ours, theirs = os.pipe()
    code = subprocess.run([fsock.program, "get", site.url("/plain/1")], stdout=theirs,
                          env=clean_env()).returncode
    assert code == 0 and os.get_blocking(theirs)
    os.close(ours)
    os.close(theirs)


def test_second_signal_quits_at_once(site, fsock):
    """Even while standard output is stuck."""
    process = start(fsock, site.url("/endless-body"))
    time.sleep(0.5)  # the pipe is full
    process.send_signal(signal.SIGINT)
    time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.wait(5) == -signal.SIGINT
    process.communicate()


def test_ignored_signals_stay_ignored(site, fsock):
    process = start(fsock, site.url("/delay/500"),
                    preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    assert process.wait(5) == 0
    process.communicate()


@pytest.mark.parametrize("args", [["/huge/100000000"], ["-i"]])
def test_a_reader_that_goes_away(site, fsock, tmp, args):
    (tmp / "list").write_text(site.url("/plain/1\n") * 20000)
    target = [site.url(args[0])] if args[0] != "-i" else ["--repeat", "-i", tmp / "list"]
    process = start(fsock, *target)
    process.stdout.read(1)
    process.stdout.close()
    assert process.wait(5) == 23
    assert process.stderr.read() == b""
    process.stderr.close()


@pytest.mark.parametrize("redirect, why", [(">/dev/full", "No space left on device"),
                                           (">&-", "Bad file descriptor")])
@pytest.mark.parametrize("args", [["/plain/9"], ["--json", "/plain/9"], ["/plain/9", "/plain/8"]])
def test_output_that_fails(site, fsock, redirect, why, args):
    words = [site.url(a) if a.startswith("/") else a for a in args]
    script = f'"$0" get --no-summary "$@" {redirect}'
    done = subprocess.run(["sh", "-c", script, fsock.program, *words], capture_output=True,
                          env=clean_env(), text=True, timeout=20)
    assert done.returncode == 23
    assert done.stderr == f"fsock: get: can't write standard output: {why}\n"
