"""fsock get: Ctrl-C, SIGTERM, readers that go away, outputs that are full or closed."""

import json
import os
import signal
import subprocess
import time

import pytest

from conftest import clean_env


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
    process = start(fsock, "-i", tmp / "list", "--json")
    wait_for_open(site, 6)
    sent = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=5)
    assert time.monotonic() - sent < 0.2 and process.returncode == code
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


def test_second_signal_quits_at_once(site, fsock):
    """Even while standard output is stuck."""
    process = start(fsock, site.url("/endless-body"))
    time.sleep(0.5)  # the pipe is full
    process.send_signal(signal.SIGINT)
    time.sleep(0.1)
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
    target = [site.url(args[0])] if args[0] != "-i" else ["-i", tmp / "list"]
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
