"""What `fsock trace --view network` shows is what `strace -e trace=network` prints: the same calls in
the same order, with the same descriptors, addresses, sizes, flags, bytes and results."""

import re
import shutil
import subprocess

import pytest

from conftest import clean_env
from nameserver import NameServer
from talking import free_port

pytestmark = [pytest.mark.plain,
              pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")]

QUOTED = re.compile(r'"(?:\\.|[^"\\])*"')
LINE = re.compile(r"(?:\[pid +\d+\] |\d+ +)?(?:\[\d+\] )?(\w+)\((.*)\) += (-?\d+)( E\w+)?(.*)$")


def arguments(text):
    """Split at the commas that are in no brackets and no quotes."""
    text = QUOTED.sub(lambda m: m.group().replace(",", "\\54").replace("(", "\\50").replace(")", "\\51")
                      .translate({91: "\\133", 93: "\\135", 123: "\\173", 125: "\\175"}), text)
    out, depth = [""], 0
    for c in text:
        depth += (c in "([{") - (c in ")]}")
        if c == "," and not depth:
            out.append("")
        else:
            out[-1] += c
    return [arg.strip() for arg in out]


def address(text):
    """strace's struct sockaddr as we write it."""
    port = re.search(r"port=htons\((\d+)\)", text)
    if "AF_INET6" in text:
        return "[%s]:%s" % (re.search(r'inet_pton\(AF_INET6, "([^"]*)', text).group(1), port.group(1))
    if "AF_INET" in text:
        return "%s:%s" % (re.search(r'inet_addr\("([^"]*)', text).group(1), port.group(1))
    path = re.search(r'sun_path=(@?)"([^"]*)"', text)
    return path.group(1) + path.group(2) if path else None


def of_strace(name, args, result):
    """The arguments that we print, too, in our order."""
    if name in ("connect", "bind", "getsockname", "getpeername"):
        return [args[0], address(args[1])]
    if name in ("setsockopt", "getsockopt"):
        return args[:3] + [args[3] if re.fullmatch(r"\[(-?\d+|E[A-Z]+)\]", args[3]) else "..."]
    if name in ("sendto", "recvfrom"):
        data = args[1] if args[1][0] == '"' else "..."
        return [args[0], data] + args[2:4] + ([address(args[4])] if address(args[4]) else [])
    if name in ("sendmmsg", "recvmmsg"):
        sizes = [int(n) for n in re.findall(r"msg_len=(\d+)", args[1])]
        first = [address(args[1].split("msg_iov")[0])] if address(args[1].split("msg_iov")[0]) else []
        return [args[0], "..."] + args[2:4] + first + ([sum(sizes)] if result > 0 else [])
    return args


def of_ours(name, args, more):
    size = re.search(r"\[(\d+) bytes\]", more)
    return args + ([int(size.group(1))] if size else [])


def calls(text, ours):
    out = []
    for line in text.splitlines():
        match = LINE.match(line)
        if not match:
            assert re.search(r"\+\+\+ exited|--- SIG", line), line
            continue
        name, args, result, errno, more = match.groups()
        args = arguments(args)
        args = of_ours(name, args, more) if ours else of_strace(name, args, int(result))
        out.append((name, args, int(result), (errno or "").strip()))
    return out


@pytest.fixture
def compare(fsock, tmp):
    """Runs a verb under strace, and compares; gives the calls."""

    def run(*args, stdin=b"", without=lambda call: False):
        command = ["strace", "-f", "-e", "trace=network", "-o", "strace.txt", fsock.program, args[0],
                   "--trace", "trace.jsonl", "--trace-data", "--trace-secrets", *map(str, args[1:])]
        subprocess.run(command, cwd=tmp, env=clean_env(), input=stdin, capture_output=True,
                       timeout=60)
        shown = fsock("trace", "--view", "network", "trace.jsonl", cwd=tmp)
        assert shown.code == 0 and not shown.stderr, shown
        theirs = [c for c in calls((tmp / "strace.txt").read_text(), False) if not without(c)]
        ours = [c for c in calls(shown.text, True) if not without(c)]
        assert [call[0] for call in ours] == [call[0] for call in theirs]
        assert ours == theirs
        return theirs

    return run


def names(found):
    return [call[0] for call in found]


def test_http(site, compare):
    found = compare("get", "-o", "body", site.url("/"))
    assert names(found)[0] == "socket" and "connect" in names(found)
    assert any(call[0] == "recvfrom" and call[2] > 0 for call in found)


def test_https(site, compare):
    found = compare("get", "-o", "body", "--cacert", site.ca, site.url("/", "https", "localhost"),
                    "--resolve", f"localhost:{site.https}:127.0.0.1")
    assert len(found) > 15


def test_a_list_with_kept_connections(site, compare, tmp):
    (tmp / "list").write_text("".join(site.url(f"/?{i}") + "\n" for i in range(20)))
    found = compare("get", "-i", "list", "-P", "1")
    assert names(found).count("socket") < 5 and names(found).count("sendto") >= 20


def test_refused(compare):
    found = compare("get", f"http://127.0.0.1:{free_port()}/")
    assert "ECONNREFUSED" in str(found) or "[111]" in str(found)


def test_a_lookup(compare):
    with NameServer(lambda query: query.answer(("A", "192.0.2.7")) if query.kind == "A"
                    else query.answer()) as server:
        found = compare("dns", server.at, "host.example")
        assert {"A", "AAAA"} <= {q.kind for q in server.queries}
    assert any("127.0.0.1" in str(call) for call in found)


def test_a_lookup_of_a_transfer(site, compare):
    with NameServer(lambda query: query.answer(("A", "127.0.0.1")) if query.kind == "A"
                    else query.answer()) as server:
        found = compare("get", "--dns-servers", server.at[1:], "-o", "body",
                        site.url("/", host="host.example"))
    assert names(found).count("socket") >= 2


def test_talk(site, compare):
    """But for what the command asks about standard input and output, and what it asks again and again
    about the stream in order to show it."""
    found = compare("talk", f"tcp://127.0.0.1:{site.http}", stdin=b"GET / HTTP/1.0\r\n\r\n",
                    without=lambda c: c[1][0] in ("0", "1", "2"))
    assert "connect" in names(found)
