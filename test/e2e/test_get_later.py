"""fsock get: a host that is to be left alone fills the queue, and stops nobody else."""

import itertools
import re
import shutil
import signal
import subprocess
import time

import pytest

from conftest import clean_env

KEYS = itertools.count()
HELD = 4_000
PAD = "x" * 1_000  # with it they are more than the queue takes, 2 MiB
OTHERS = 200


@pytest.fixture
def lines(site):
    """URLs of a host that says Retry-After at once, then those of another one."""

    def make(seconds=3):
        key = next(KEYS)
        first = [site.url(f"/again/503/1/later-{key}-{i}?after={seconds}") for i in range(6)]
        rest = [site.url(f"/plain/1?{i}{PAD}") for i in range(HELD - 6)]
        others = [site.url(f"/plain/1?other={i}", host="localhost") for i in range(OTHERS)]
        return first + rest + others

    return make


@pytest.fixture
def listed(tmp, lines):
    """The same, written to a list; its arguments and its lines."""

    def make(**how):
        text = lines(**how)
        (tmp / "urls").write_text("".join(line + "\n" for line in text))
        return ("-i", str(tmp / "urls"), "--no-adaptive", "--json"), text

    return make


def is_whole(records, text):
    """Each line has its record, and one only, that names it."""
    assert len(records) == len(text)
    assert sorted(r["line"] for r in records) == list(range(1, len(text) + 1))
    assert all(r["url"] == text[r["line"] - 1] for r in records)
    return {r["line"]: i for i, r in enumerate(records)}


def test_others_go_on(fsock, listed):
    args, text = listed()
    result = fsock("get", *args)
    assert result.code == 0, result.errors
    at = is_whole(result.records, text)
    others = [at[line] for line in range(HELD + 1, HELD + OTHERS + 1)]
    assert max(others) < OTHERS + 12, "they had to wait for the other host"
    assert 3 <= result.elapsed < 20


def test_threads(fsock, listed):
    args, text = listed()
    result = fsock("get", *args, "--threads=2")
    assert result.code == 0, result.errors
    is_whole(result.records, text)


def test_in_order(fsock, listed):
    """Nothing overtakes what has no record yet, but by what --ordered keeps."""
    args, text = listed(seconds=1)
    result = fsock("get", *args, "--ordered")
    assert result.code == 0, result.errors
    assert [r["url"] for r in result.records] == text


def test_names_and_queries(fsock, listed, tmp):
    """What -G adds is added once; each URL has its file."""
    args, text = listed(seconds=1)
    result = fsock("get", *args, "-G", "-d", "q=1", "-O", "--output-dir", tmp / "out", "--create-dirs")
    assert result.code == 0, result.errors
    assert {r["url"] for r in result.records} == {line + "&q=1" for line in text}
    assert len({r["filename_effective"] for r in result.records}) == len(text)
    assert len(list((tmp / "out").iterdir())) == len(text)


def test_variants_of_a_page(fsock, site, listed):
    """They come back together: one purge each, one record per variant."""
    args, text = listed(seconds=1)
    before = site.stats()["requests"]
    result = fsock("get", *args, "--warm", "--purge=HEAD", "--vary=accept-language=de,en")
    records = result.records
    assert len(records) == 2 * len(text), result.errors
    assert len({(r["line"], r["variant"]) for r in records}) == len(records)
    assert site.stats()["requests"] - before < 3 * len(text) + 20, "some were purged twice"
    assert {r["purge_code"] for r in records if "localhost" in r["url"]} == {200}


def test_journal(fsock, listed, tmp):
    args, text = listed(seconds=4)
    args += ("--journal", tmp / "journal")
    first = fsock("get", *args, "--run-time=2s").records
    assert OTHERS <= len(first) < OTHERS + 12
    result = fsock("get", *args, "--resume", "--retry-delay=10ms")
    assert result.code == 0, result.errors
    fine = [r["line"] for r in first if r["exitcode"] == 0] + [r["line"] for r in result.records]
    assert len(fine) == len(set(fine)) and len(fine) >= len(text) - 6
    assert {r["line"] for r in first} | set(fine) == set(range(1, len(text) + 1))


def test_interrupted(fsock, listed, tmp):
    args, _ = listed(seconds=30)
    with open(tmp / "out", "wb") as out:
        process = subprocess.Popen([fsock.program, "get", *args], stdout=out, stderr=out, env=clean_env())
        time.sleep(2)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130 and time.monotonic() - began < 1
    told = (tmp / "out").read_text()
    assert f"{OTHERS} ok" in told and told.count('"line"') < OTHERS + 12


@pytest.mark.parametrize("threads", [(), ("--threads=2",)])
def test_no_file(fsock, listed, threads):
    """Where nothing can be kept, the host holds up the others, as much as the queue has."""
    args, text = listed(seconds=1)
    result = fsock("get", *args, *threads, env={"TMPDIR": "/nowhere"})
    assert result.code == 0, result.errors
    at = is_whole(result.records, text)
    assert min(at[line] for line in range(HELD + 1, HELD + OTHERS + 1)) > 100


@pytest.mark.skipif(not shutil.which("strace"), reason="no strace")
def test_asleep(fsock, listed, tmp):
    """While there is nothing to do but wait, nothing is done but now and then."""
    args, _ = listed(seconds=30)
    subprocess.run(
        ["strace", "-f", "-ttt", "-o", tmp / "calls", fsock.program, "get", *args, "--run-time=6s"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=clean_env(), timeout=60,
    )
    calls = [line.split(None, 3) for line in (tmp / "calls").read_text().splitlines()]
    waits = [float(c[1]) for c in calls if re.match(r"epoll_p?wait", c[2])]
    late = [t for t in waits if waits[-1] - 3 < t < waits[-1] - 0.5]
    assert len(late) < 40, len(late)
