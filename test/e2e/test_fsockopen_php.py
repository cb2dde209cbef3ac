"""fsockopen as PHP has it: the same targets, to PHP's and to ours.

Each row is opened by both. What PHP makes of it is a fact, measured here; ours is the same unless
the row says why it is not.
"""

import json
import re
import socket
import subprocess

import pytest

from conftest import clean_env

PHP = r"""
ini_set("display_errors", "0");
foreach (json_decode(stream_get_contents(STDIN)) as [$target, $port, $seconds]) {
    $began = microtime(true);
    $f = @fsockopen($target, $port, $number, $text, $seconds);
    $took = (int)((microtime(true) - $began) * 1000);
    echo json_encode([$f !== false, $number, $took, $text], JSON_INVALID_UTF8_SUBSTITUTE), "\n";
    if ($f) fclose($f);
}
"""

# What a sentence is about, in PHP's words or in ours.
KINDS = [
    ("", r"^$"),
    ("address", r"failed to parse (IPv6 )?address"),
    ("transport", r"unable to find the socket transport"),
    ("name", r"getaddrinfo|^resolve "),
    ("certificate", r"certificate"),
    ("refused", r"refused"),
    ("no answer", r"timed out"),
    ("no file", r"no such file"),
    ("no folder", r"not a directory"),
    ("wrong type", r"wrong type"),
]


def kind(text):
    return next((name for name, words in KINDS if re.search(words, text or "", re.I)), text)


def php(rows):
    """[(open, errno, milliseconds, text)] of PHP's fsockopen."""
    done = subprocess.run(["php", "-n", "-r", PHP], input=json.dumps(rows), capture_output=True,
                          text=True, env=clean_env(), timeout=60)
    assert done.returncode == 0, done.stderr
    return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


def ours(build, rows):
    """The same of fsock's."""
    text = "".join(f"{target}\t{port}\t{seconds}\n" for target, port, seconds in rows)
    done = subprocess.run([build / "test/fsockopen/fsockopen"], input=text, capture_output=True,
                          text=True, env=clean_env(), timeout=60)
    assert done.returncode == 0, done.stderr
    lines = [line.split("\t", 3) for line in done.stdout.splitlines()]
    return [(is_open == "1", int(number), int(took), text) for is_open, number, took, text in lines]


@pytest.fixture
def places(site, tmp_path):
    """Where to connect to: ports and paths of each kind."""
    sockets = []

    def listen(family, address, backlog=5, kind=socket.SOCK_STREAM):
        s = socket.socket(family, kind)
        s.bind(address)
        if kind == socket.SOCK_STREAM and backlog is not None:
            s.listen(backlog)
        sockets.append(s)
        return s.getsockname()

    at = {"tmp": tmp_path, "http": site.http, "https": site.https}
    at["closed"] = listen(socket.AF_INET, ("127.0.0.1", 0), None)[1]
    at["six"] = listen(socket.AF_INET6, ("::1", 0))[1]
    at["full"] = listen(socket.AF_INET, ("127.0.0.1", 0), 0)[1]
    for _ in range(3):
        s = socket.socket()
        s.setblocking(False)
        s.connect_ex(("127.0.0.1", at["full"]))
        sockets.append(s)
    listen(socket.AF_UNIX, str(tmp_path / "s"))
    listen(socket.AF_UNIX, str(tmp_path / "d"), kind=socket.SOCK_DGRAM)
    (tmp_path / "file").write_text("")
    yield at
    for s in sockets:
        s.close()


# Target, port, and what both make of it: (open, errno, kind of text).
OPEN = (True, 0, "")
REFUSED = (False, 111, "refused")
BAD = (False, 0, "address")
SAME = [
    ("127.0.0.1", "{http}", OPEN),
    ("tcp://127.0.0.1", "{http}", OPEN),
    ("127.0.0.1:{http}", -1, OPEN),
    ("127.0.0.1:{http}", "{closed}", OPEN),
    ("tcp://127.0.0.1:{http}/x", -1, OPEN),
    ("127.0.0.1:{closed}", "{http}", REFUSED),
    ("127.0.0.1", "{closed}", REFUSED),
    ("localhost", "{http}", OPEN),
    ("localhost", "{closed}", REFUSED),
    ("127.1", "{http}", OPEN),
    ("0177.0.0.1", "{http}", OPEN),
    ("2130706433", "{http}", OPEN),
    ("[::1]", "{six}", OPEN),
    ("[::1]:{six}", -1, OPEN),
    ("udp://127.0.0.1", "{closed}", OPEN),
    ("udp://[::1]", 9, OPEN),
    ("unix://{tmp}/s", -1, OPEN),
    ("udg://{tmp}/d", -1, OPEN),
    ("unix://{tmp}/none", -1, (False, 2, "no file")),
    ("unix://{tmp}/file", -1, (False, 111, "refused")),
    ("unix://{tmp}/file/x", -1, (False, 20, "no folder")),
    ("unix://{tmp}/d", -1, (False, 91, "wrong type")),
    ("udg://{tmp}/s", -1, (False, 91, "wrong type")),
    ("127.0.0.1", 0, BAD),
    ("127.0.0.1", -1, BAD),
    ("localhost", -5, BAD),
    ("", -1, BAD),
    ("[::1", -1, BAD),
    ("[::1]x", -1, BAD),
    ("[::1", 80, BAD),
    ("127.0.0.1:", -1, BAD),
    ("foo://127.0.0.1", 80, (False, 0, "transport")),
    ("http://127.0.0.1", 80, (False, 0, "transport")),
    ("abcdefghijklmnopqrstuvwxyz0123456789://127.0.0.1", 80, (False, 0, "transport")),
    ("h" * 300, 80, (False, 0, "name")),
]

# What PHP makes of it, what ours does, and why.
NAME = (False, 0, "name")
WHY_PORT = "a port that wraps around leads to another service"
WHY_DIGITS = "port 0 was not meant, and nobody can listen on it"
WHY_HOST = "what can't be a host is said at once, without asking name servers"
DIFFERENT = [
    ("tls://127.0.0.1", "{https}", (False, 0, ""), (False, 0, "certificate"),
     "PHP has no text for what TLS finds wrong, only a warning"),
    ("127.0.0.1:{http_wrapped}", -1, OPEN, BAD, WHY_PORT),
    ("127.0.0.1", "{http_wrapped}", OPEN, BAD, WHY_PORT),
    ("127.0.0.1:0", -1, REFUSED, BAD, WHY_DIGITS),
    ("127.0.0.1:x", -1, REFUSED, BAD, WHY_DIGITS),
    ("127.0.0.1:{closed}x", -1, REFUSED, BAD, "x would be lost"),
    ("TCP://127.0.0.1", "{http}", (False, 0, "transport"), OPEN,
     "schemes have no case (RFC 3986, 3.1)"),
    ("::1", "{six}", NAME, OPEN, "with the port apart an IPv6 address can be nothing else"),
    ("", 80, NAME, BAD, WHY_HOST),
    (" ", 80, NAME, BAD, WHY_HOST),
    ("a b", 80, NAME, BAD, WHY_HOST),
    ("x://127.0.0.1", 80, NAME, BAD, WHY_HOST),
    ("unix://{tmp}/s", 80, (False, 2, "no file"), BAD, "the port would be a part of the path"),
]


def fill(value, places):
    if not isinstance(value, str):
        return value
    return value.format(**places, http_wrapped=places["http"] + 65536)


def rows_of(table, places):
    return [(fill(row[0], places), int(fill(row[1], places)), 2) for row in table]


def check(who, rows, results, wanted):
    wrong = [f"{who} {row}: {(is_open, number, kind(text))}, not {want}"
             for row, (is_open, number, _, text), want in zip(rows, results, wanted, strict=True)
             if (is_open, number, kind(text)) != want]
    assert not wrong, "\n".join(wrong)


def test_the_same(build, places):
    rows, wanted = rows_of(SAME, places), [case[2] for case in SAME]
    check("PHP", rows, php(rows), wanted)
    check("fsock", rows, ours(build, rows), wanted)


def test_what_differs(build, places):
    rows = rows_of(DIFFERENT, places)
    check("PHP", rows, php(rows), [case[2] for case in DIFFERENT])
    check("fsock", rows, ours(build, rows), [case[3] for case in DIFFERENT])


def test_names_in_sentences(build):
    rows = [("foo://x", 1, 1), ("abcdefghijklmnopqrstuvwxyz0123456789://x", 1, 1), ("some.host", -1, 1)]
    quoted = [[re.search('"(.*?)"', text)[1] for _, _, _, text in results]
              for results in (php(rows), ours(build, rows))]
    assert quoted[0] == quoted[1] == ["foo", "abcdefghijklmnopqrstuvwxyz01234", "some.host"]


@pytest.mark.plain
def test_no_answer_in_time(build, places):
    rows = [("127.0.0.1", places["full"], 0.7)]
    for is_open, number, took, text in php(rows) + ours(build, rows):
        assert (is_open, number, kind(text)) == (False, 110, "no answer")
        assert 690 <= took <= 850
