"""fsock dns --log: addresses become names, and nothing else changes; the cache between runs."""

import os
import random
import re
import signal
import stat
import subprocess
import threading
import time

import pytest

from conftest import clean_env
from stopwatch import Stopwatch
from nameserver import NameServer, reverse


@pytest.fixture
def names():
    """A server that knows every address but those that end in 66 (no name) and 77 (SERVFAIL)."""

    def answer(query):
        last = query.name.split(".")[0]
        if query.kind != "PTR" or last in ("66", "77"):
            return query.answer(rcode={"66": 3, "77": 2}.get(last, 0))
        return reverse(query)

    with NameServer(answer) as server:
        yield server


def log(fsock, names, text, *args):
    """What becomes of a log on standard input."""
    result = fsock("dns", "--log", names.at, *args, stdin=text)
    assert result.code == (110 if b".77 " in text else 0), result
    return result.stdout


def test_replaced_and_appended(fsock, names):
    text = b'192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 2326\n'
    assert log(fsock, names, text) == text.replace(b"192.0.2.1", b"h-192-0-2-1.name.test")
    assert log(fsock, names, text, "--append") == text.replace(
        b"192.0.2.1", b"192.0.2.1/h-192-0-2-1.name.test")


@pytest.mark.parametrize("line", [
    b"192.0.2.66 has no name\n", b"192.0.2.77 could not be had\n", b"host.example is a name\n",
    b"- nothing\n", b"\n", b"\t \n", b"192.0.2.1.5 x\n", b"192.0.2.0/24 x\n",
    b"192.0.2.256\n", b"a 192.0.2.1\n",
    b"# 192.0.2.1\n", b"\0\n", b"\r\n", b"\xff\xfe\n", b"192.0.2.1\0 x\n"])
@pytest.mark.parametrize("more", [[], ["--append"]])
def test_left_alone(fsock, names, line, more):
    around = b"192.0.2.5\n" + line + b"192.0.2.6\n"
    out = log(fsock, names, around, *more).splitlines(keepends=True)
    assert b"".join(out[1:-1]) == line and b"h-192-0-2-5" in out[0] and b"h-192-0-2-6" in out[-1]


@pytest.mark.parametrize("text, expected", [
    (b"192.0.2.1 x\r\n", b"h-192-0-2-1.name.test x\r\n"),
    (b"192.0.2.1", b"h-192-0-2-1.name.test"),
    (b"192.0.2.1\r", b"h-192-0-2-1.name.test\r"),
    (b"  \t192.0.2.1\t\tx", b"  \th-192-0-2-1.name.test\t\tx"),
    (b"[2001:db8::1]:443 x\n", b"[h-2001-db8--1.name.test]:443 x\n"),
    (b"2001:db8::1 x\n", b"h-2001-db8--1.name.test x\n"),
    (b"::ffff:192.0.2.1 x\n", b"h-192-0-2-1.name.test x\n"),
    (b"192.0.2.1:5353 x\n", b"h-192-0-2-1.name.test:5353 x\n"),
    (b"192.0.2.1, 10.0.0.1 x\n", b"h-192-0-2-1.name.test, 10.0.0.1 x\n"),
    (b"192.0.2.1 \0\xff\x1b[2J \n192.0.2.2\n",
     b"h-192-0-2-1.name.test \0\xff\x1b[2J \nh-192-0-2-2.name.test\n"),
    (b"\xef\xbb\xbf192.0.2.1\n", b"\xef\xbb\xbfh-192-0-2-1.name.test\n"), (b"", b""), (b"\n\n\n", b"\n\n\n")])
def test_other_bytes_are_kept(fsock, names, text, expected):
    assert log(fsock, names, text) == expected


def test_field(fsock, names):
    text = b"a 192.0.2.1 10.0.0.1\nb [client 192.0.2.1] x\nonly\n"
    assert log(fsock, names, text, "--field", "2") == text.replace(
        b" 192.0.2.1 10", b" h-192-0-2-1.name.test 10")
    assert log(fsock, names, text, "--field=3") == text.replace(
        b"10.0.0.1", b"h-10-0-0-1.name.test").replace(b"192.0.2.1]", b"h-192-0-2-1.name.test]")
    assert log(fsock, names, text, "--field", "1000") == text
    for bad in ("0", "-1", "x", "1001"):
        result = fsock("dns", "--log", names.at, f"--field={bad}", stdin=text)
        assert result.code == 2 and "--field needs a whole number" in result.errors


def test_very_long_lines(fsock, names):
    text = (b"192.0.2.1 " + b"x" * 300_000 + b" 192.0.2.2\n" + b"192.0.2.3" * 50_000 + b"\n"
            + b" " * 70_000 + b"192.0.2.4\n" + b"192.0.2.5 end")
    out = log(fsock, names, text)
    expected = text
    for n in (b"1", b"5"):
        expected = expected.replace(b"192.0.2." + n + b" ", b"h-192-0-2-" + n + b".name.test ")
    assert out == expected  # the one behind the blanks stands further than is looked


def test_each_address_is_asked_for_once_and_the_order_is_kept(fsock, names):
    rng = random.Random(1)
    addresses = [f"10.0.{rng.randrange(4)}.{rng.randrange(100)}" for _ in range(20_000)]
    text = "".join(f"{a} line {n}\n" for n, a in enumerate(addresses))
    result = fsock("dns", "--log", names.at, stdin=text.encode())
    for n, (a, line) in enumerate(zip(addresses, result.lines, strict=True)):
        name = a if a.endswith((".66", ".77")) else "h-" + a.replace(".", "-") + ".name.test"
        assert line == f"{name} line {n}"
    assert {str(q.address) for q in names.queries} == set(addresses)
    named = [q.name for q in names.queries if q.name[:3] not in ("66.", "77.")]  # no answer to be kept
    assert len(named) <= len(set(named)) + int(re.search(r" lost (\d+)", result.errors)[1])


def test_a_name_that_does_not_fit_a_line(fsock):
    """A PTR with a blank or a newline in it, or the root, would make the log another one."""
    made = {"1": b"\5a\nb c\4test\0", "2": b"\0", "3": b"\4\x1b[2J\4test\0", "4": b"\3a.b\4test\0"}
    with NameServer(lambda q: q.answer(("PTR", made[q.name[0]]))) as server:
        out = log(fsock, server, b"192.0.2.1 x\n192.0.2.2 x\n192.0.2.3 x\n192.0.2.4 x\n")
    assert out == b"a\\010b\\032c.test x\n192.0.2.2 x\n\\027[2J.test x\na\\.b.test x\n"


def test_aliases(fsock):
    """RFC 2317: the name stands elsewhere."""

    def answer(query):
        if query.name == "1.2.0.192.in-addr.arpa":
            return query.answer(("CNAME", "1.0-25.2.0.192.in-addr.arpa."))
        return query.answer(("PTR", "host.test."), ("PTR", "second.test."))

    with NameServer(answer) as server:
        assert log(fsock, server, b"192.0.2.1 x\n") == b"host.test x\n"


def test_files(fsock, names, tmp):
    (tmp / "a").write_bytes(b"192.0.2.1 a\nno newline")
    (tmp / "b").write_bytes(b"192.0.2.2 b\n")
    result = fsock("dns", "--log", names.at, "-i", "a", "-i", "b")
    assert result.code == 0 and result.text == "h-192-0-2-1.name.test a\nno newline192.0.2.2 b\n".replace(
        "newline192.0.2.2", "newlineh-192-0-2-2.name.test")
    result = fsock("dns", "--log", names.at, "-i", "a", "-i", "nowhere")
    assert result.code == 26 and result.stdout == b"" and "can't read the log nowhere" in result.errors
    assert fsock("dns", "--log", names.at, "-i", tmp).code == 26


def test_summary_and_exit_codes(fsock, names):
    result = fsock("dns", "--log", names.at, stdin=b"192.0.2.1\n192.0.2.66\n192.0.2.77\n")
    assert result.code == 110
    for part in ("1 NOERROR", "1 NXDOMAIN", "1 SERVFAIL", "; 3 in "):
        assert part in result.errors.splitlines()[0]
    assert result.text == "h-192-0-2-1.name.test\n192.0.2.66\n192.0.2.77\n"
    assert fsock("dns", "--log", names.at, "-s", stdin=b"192.0.2.77\n").code == 111
    assert fsock("dns", "--log", names.at, "-s", stdin=b"192.0.2.66\n").code == 0
    assert fsock("dns", "--log", names.at, "-s", stdin=b"192.0.2.66\n").errors == ""


def start(fsock, *args, **kw):
    return subprocess.Popen([fsock.program, "dns", "--log", *map(str, args)], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean_env(),
                            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL), **kw)


def test_lines_come_while_the_log_is_open(fsock, names):
    """As behind tail -f; a line that needs no name, too."""
    process = start(fsock, names.at, "-s")
    for line, expected in ((b"192.0.2.1 x\n", b"h-192-0-2-1.name.test x\n"), (b"plain\n", b"plain\n"),
                           (b"192.0.2.1 y\n", b"h-192-0-2-1.name.test y\n")):
        process.stdin.write(line)
        process.stdin.flush()
        assert process.stdout.readline() == expected
    out, err = process.communicate(b"192.0.2.2 end", timeout=10)
    assert out == b"h-192-0-2-2.name.test end" and err == b"" and process.returncode == 0


@pytest.mark.plain
@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_harms_no_line(fsock, number, code):
    """What was read comes out as it is, or with its name, in order; no half line."""
    with NameServer(lambda q: None if q.name.startswith("9.") else reverse(q)) as server:
        process = start(fsock, server.at, "-s")
        process.stdin.write(b"192.0.2.1 a\n192.0.2.9 b\n192.0.2.2 c\nplain d\n192.0.2.9 e\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"h-192-0-2-1.name.test a\n"
        server.wait(3)
        time.sleep(0.05)  # for the second answer
        sent = Stopwatch()
        process.send_signal(number)
        assert process.wait(5) == code and sent.stop().between(0, 0.25)
        assert process.stdout.read() == b"192.0.2.9 b\nh-192-0-2-2.name.test c\nplain d\n192.0.2.9 e\n"
        process.communicate()


@pytest.mark.plain
def test_a_signal_within_a_long_log(fsock, names, tmp):
    """However much had been read: it is the beginning of the log, and ends with a whole line."""
    text = b"".join(b"10.%d.%d.%d some more text\n" % (n >> 16, n >> 8 & 255, n & 255)
                    for n in range(200_000))
    (tmp / "log").write_bytes(text)
    process = start(fsock, names.at, "-s", "-i", tmp / "log")
    first = process.stdout.readline()
    reader = threading.Thread(target=lambda: out.append(process.stdout.read()))
    out = []
    reader.start()
    names.wait(200)
    process.send_signal(signal.SIGINT)
    assert process.wait(5) == 130
    reader.join()
    lines = (first + out[0]).split(b"\n")
    assert lines.pop() == b"" and 0 < len(lines) < 200_000
    for line, was in zip(lines, text.split(b"\n")):
        address, rest = was.split(b" ", 1)
        assert line in (was, b"h-" + address.replace(b".", b"-") + b".name.test " + rest)
    process.communicate()


@pytest.mark.plain
def test_run_time(fsock, names):
    with NameServer(lambda q: None) as mute:
        result = fsock("dns", "--log", mute.at, "--run-time", "0.4", stdin=b"192.0.2.1 a\nplain\n")
    assert result.code in (110, 111) and result.took(0.4, 0.8)
    assert result.stdout == b"192.0.2.1 a\nplain\n"


def test_outputs_that_fail(fsock, names, tmp):
    (tmp / "log").write_bytes(b"192.0.2.1\n" * 200_000)
    process = start(fsock, names.at, "-i", tmp / "log", "--cache", tmp / "cache")
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(5) == 23 and process.stderr.read() == b""
    process.stdin.close()
    process.stderr.close()
    done = subprocess.run(["sh", "-c", '"$0" dns --log -s "$@" >/dev/full', fsock.program, names.at],
                          input=b"192.0.2.1\n", capture_output=True, env=clean_env(), timeout=20)
    assert done.returncode == 23
    assert done.stderr == b"fsock: dns: can't write standard output: No space left on device\n"


# ---- the cache ----


def test_cache(fsock, names, tmp):
    """The second run asks nothing; what failed is not kept."""
    text = b"192.0.2.1\n2001:db8::1\n192.0.2.66\n192.0.2.77\n"
    first = fsock("dns", "--log", names.at, "--cache", "cache", stdin=text)
    asked = len(names.queries)
    assert first.code == 110 and asked >= 4
    assert stat.S_IMODE(os.stat(tmp / "cache").st_mode) == 0o600
    head, *entries = (tmp / "cache").read_text().splitlines()
    assert head == "# fsock dns cache 1"
    known = {(e.split("\t")[0], e.split("\t")[2]): int(e.split("\t")[1]) for e in entries}
    assert sorted(known) == [("192.0.2.1", "h-192-0-2-1.name.test"),
                             ("2001:db8::1", "h-2001-db8--1.name.test")]
    assert all(55 <= expires - time.time() <= 61 for expires in known.values())  # the TTL
    second = fsock("dns", "--log", names.at, "--cache", "cache", stdin=text.replace(b"192.0.2.77\n", b""))
    assert second.code == 0 and [q.name[:3] for q in names.queries[asked:]] == ["66."]
    assert second.stdout == first.stdout.replace(b"192.0.2.77\n", b"") and not (tmp / "cache.part").exists()


def test_cache_min(fsock, names, tmp):
    """A "no" without a SOA has no time of its own: here it gets one."""
    for _ in range(2):
        fsock("dns", "--log", names.at, "--cache", "cache", "--cache-min", "1h",
              stdin=b"192.0.2.66\n192.0.2.1\n")
    assert len(names.queries) == 2
    for line in (tmp / "cache").read_text().splitlines()[1:]:
        assert 3590 <= int(line.split("\t")[1]) - time.time() <= 3601


def test_what_has_expired_is_asked_for_again(fsock, names, tmp):
    then, soon = int(time.time()) - 1, int(time.time()) + 100
    (tmp / "cache").write_text(f"# fsock dns cache 1\n192.0.2.1\t{then}\told.test\n"
                               f"192.0.2.2\t{soon}\tkept.test\n192.0.2.3\t{soon}\t-\n")
    out = log(fsock, names, b"192.0.2.1\n192.0.2.2\n192.0.2.3\n", "--cache", "cache")
    assert out == b"h-192-0-2-1.name.test\nkept.test\n192.0.2.3\n"
    assert len(names.queries) == 1 and "old.test" not in (tmp / "cache").read_text()
    assert "kept.test" in (tmp / "cache").read_text()


@pytest.mark.parametrize("content", [
    b"192.0.2.1\t99999999999\tx.test\n", b"# fsock dns cache 2\n", b"# fsock dns cache 1\ngarbage\n",
    b"# fsock dns cache 1\n192.0.2.1\t123\n", b"# fsock dns cache 1\n192.0.2.1\tx\tx.test\n",
    b"# fsock dns cache 1\n192.0.2.1\t4000000000\tx.te", b"# fsock dns cache 1\n1.2.3\t4000000000\tx.test\n",
    b"\0" * 100, b"# fsock dns cache 1\n192.0.2.1\t4000000000\ta b\n",
    b"# fsock dns cache 1\n192.0.2.1\t4000000000\t\x1b[2J\n"])
def test_a_damaged_cache_is_refused_and_left_alone(fsock, names, tmp, content):
    (tmp / "cache").write_bytes(content)
    result = fsock("dns", "--log", names.at, "--cache", "cache", stdin=b"192.0.2.1\n")
    assert result.code == 26 and result.stdout == b"", result
    first = result.errors.splitlines()[0]
    assert first.startswith("fsock: dns: ") and "cache" in first and "--cache" in first
    assert (tmp / "cache").read_bytes() == content and not names.queries


def test_caches_that_cannot_be(fsock, names, tmp):
    for name in (tmp, "/dev/null", "nowhere/cache"):
        result = fsock("dns", "--log", names.at, "--cache", name, stdin=b"192.0.2.1\n")
        assert result.code == 26 and not names.queries and result.errors.startswith("fsock: dns: ")


@pytest.mark.plain
def test_a_signal_keeps_what_is_known(fsock, tmp):
    with NameServer(lambda q: None if q.name.startswith("9.") else reverse(q)) as server:
        process = start(fsock, server.at, "-s", "--cache", tmp / "cache")
        process.stdin.write(b"192.0.2.1\n192.0.2.9\n")
        process.stdin.flush()
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(5) == 130
        process.communicate()
    assert [line.split("\t")[0] for line in (tmp / "cache").read_text().splitlines()[1:]] == ["192.0.2.1"]


def test_two_runs_at_once_lose_nothing(fsock, names, tmp):
    runs = []
    for n in range(4):
        runs.append(start(fsock, names.at, "-s", "--cache", tmp / "cache"))
        runs[-1].stdin.write(b"".join(b"10.0.%d.%d\n" % (n, i) for i in range(50)))
        runs[-1].stdin.close()
    for run in runs:
        run.stdout.read()
        assert run.wait(20) == 0 and run.stderr.read() == b""
        run.stdout.close()
        run.stderr.close()
    assert len((tmp / "cache").read_text().splitlines()) == 201
