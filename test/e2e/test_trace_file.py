"""--trace of get, dns and talk: the file, what is secret in it, and what happens if it can't be
written."""

import base64
import json
import os
import re
import signal
import stat
import time

import pytest

from nameserver import NameServer
from talking import Program, echo, serve, talk, wait_for

CALLS = {"call", "plain-out", "plain-in"}


def lines_of(text):
    """The run and the marks of a file with one run: all lines are JSON, and time goes on."""
    run, *marks = [json.loads(line) for line in text.splitlines()]
    assert text.endswith("\n")
    assert run["event"] == "run" and run["schema_version"] == 1
    assert len(run["run"]) == 32 and int(run["run"], 16) > 0
    assert abs(run["time"] - time.time()) < 300 and run["mono"] > 0
    assert run["program"].startswith("fsock ") and run["pid"] > 0
    times = [mark["t"] for mark in marks]
    assert times == sorted(times)
    return run, marks


def trace_of(tmp):
    return lines_of((tmp / "trace").read_text())


def steps(marks, number=None):
    """Their events in order, calls left out."""
    return [m["event"] for m in marks
            if m["event"] not in CALLS and number in (None, m.get("id"))]


def bytes_of(marks, *events):
    """The bytes that calls have sent, or those of other marks."""
    return b"".join(base64.b64decode(m["data"]) for m in marks if "data" in m and (
        m["event"] in events or m.get("call") in events))


def has_secret(text, *secrets):
    """One of them is in there, as it is or in Base64, of a text or of data."""
    decoded = b"".join(base64.b64decode(json.loads(line).get("data", ""))
                       for line in text.splitlines())
    return any(word in text or word.encode() in decoded for word in secrets)


# ---- The file ------------------------------------------------------------------------------------


def test_get(site, fsock, tmp):
    result = fsock("get", "--trace", "trace", site.url("/plain/3"))
    assert result.code == 0, result
    run, marks = trace_of(tmp)
    assert run["args"] == ["get"] and run["pid"] != os.getpid()
    found = steps(marks)
    assert found[:3] == ["start", "connect", "connected"]
    assert found[3:8] == ["request", "sent", "first-byte", "head", "body"]
    assert "done" in found and "close" in found
    assert all("data" not in m for m in marks)
    calls = [m["call"] for m in marks if m["event"] == "call"]
    assert {"socket", "connect", "sendto", "recvfrom", "close"} <= set(calls)
    assert stat.S_IMODE((tmp / "trace").stat().st_mode) == 0o600


def test_get_tls_with_data(site, fsock, tmp):
    result = fsock("get", "--trace=trace", "--trace-data", "--cacert", site.ca,
                   site.url("/plain/3", "https", "localhost"))
    assert result.code == 0, result
    _, marks = trace_of(tmp)
    assert bytes_of(marks, "plain-out").startswith(b"GET /plain/3 HTTP/1.1\r\n")
    answer = bytes_of(marks, "plain-in")
    assert answer.startswith(b"HTTP/1.1 200") and answer.endswith(result.stdout)
    assert b"GET" not in bytes_of(marks, "sendto") != b""
    tls = next(m for m in marks if m["event"] == "tls")
    assert tls["version"] == "TLSv1.3" and tls["subject"] and tls["expires"] > time.time()


def test_standard_output(site, fsock):
    result = fsock("get", "--trace", "-", "-o", "body", site.url("/plain/3"))
    assert result.code == 0, result
    assert "done" in steps(lines_of(result.text)[1])


def test_a_file_is_overwritten_and_another_is_appended(site, fsock, tmp):
    for _ in range(2):
        assert fsock("get", "--trace", "trace", site.url("/plain/1")).code == 0
        trace_of(tmp)


def test_dns(fsock, tmp):
    with NameServer(lambda q: q.answer(("A", "192.0.2.1"))) as server:
        result = fsock("dns", "--trace", "trace", f"@127.0.0.1:{server.port}", "a.test", "A")
    assert result.code == 0, result
    run, marks = trace_of(tmp)
    assert run["args"] == ["dns"]
    assert steps(marks) == ["start", "query", "answer", "done"]
    query = next(m for m in marks if m["event"] == "query")
    assert query["name"] == "a.test." and query["type"] == "A" and query["transport"] == "udp"


def test_dns_verbose(fsock):
    with NameServer(lambda q: q.answer(("A", "192.0.2.1"))) as server:
        result = fsock("dns", "-v", f"@127.0.0.1:{server.port}", "a.test", "A")
    assert result.code == 0 and "192.0.2.1" in result.text, result
    words = [line.split()[2] for line in result.errors.splitlines() if line.startswith("* ")]
    assert words == ["start", "query", "answer", "done"], result


def test_talk(fsock, tmp):
    result = fsock("talk", "-N", "--trace", "trace", "--trace-data", "127.0.0.1", serve(echo),
                   stdin=b"hello\n")
    assert result.code == 0 and result.stdout == b"hello\n", result
    run, marks = trace_of(tmp)
    assert run["args"] == ["talk"]
    assert steps(marks) == ["start", "connect", "connected", "first-byte", "close", "done"]
    assert bytes_of(marks, "sendto") == bytes_of(marks, "recvfrom") == b"hello\n"


def test_talk_much(fsock, tmp):
    """More than a trace keeps unread."""
    data = os.urandom(1 << 20) * 40
    result = fsock("talk", "-N", "--trace", "trace", "--trace-data", "--trace-secrets", "127.0.0.1",
                   serve(echo), stdin=data)
    assert result.code == 0 and result.stdout == data, result
    assert bytes_of(trace_of(tmp)[1], "recvfrom") == data


def test_talk_listening(fsock, tmp):
    with talk(fsock, "-l", "-v", "--trace", tmp / "trace", "127.0.0.1", "0") as server:
        with talk(fsock, "-N", "127.0.0.1", server.port()) as client:
            client.give(b"hello\n", end=True)
            assert server.take(6) == b"hello\n"
            server.stdin.close()
            assert client.end() == 0
        assert server.end() == 0
    _, marks = trace_of(tmp)
    assert steps(marks, 1) == ["start", "first-byte", "close", "done"]
    assert "accept4" in [m.get("call") for m in marks]


def test_talk_scanning(site, fsock, tmp):
    result = fsock("talk", "-z", "--trace", "trace", "127.0.0.1", site.http)
    assert result.code == 0, result
    found = steps(trace_of(tmp)[1], 1)
    assert found == ["start", "connect", "connected", "close", "done"]


def test_talk_telnet(fsock, tmp):
    result = fsock("talk", "-N", "--telnet", "--trace", "trace", "--trace-data", "127.0.0.1",
                   serve(echo), stdin=b"a\xffb\n")
    assert result.code == 0, result
    assert bytes_of(trace_of(tmp)[1], "sendto") == b"a\xff\xffb\r\n"


def test_talk_starttls(site, fsock, tmp):
    context = site.context()

    def play(connection):
        connection.sendall(b"220 ready\r\n")
        connection.recv(4096)
        connection.sendall(b"250-a\r\n250 STARTTLS\r\n")
        connection.recv(4096)
        connection.sendall(b"220 go ahead\r\n")
        with context.wrap_socket(connection, server_side=True) as safe:
            safe.sendall(b"said " + safe.recv(4096))
            assert safe.recv(1) == b""
            safe.unwrap()

    result = fsock("talk", "--starttls", "smtp", "--cacert", site.ca, "--trace", "trace",
                   "--trace-data", "-N", "localhost", serve(play), stdin=b"NOOP\r\n", timeout=9)
    assert result.code == 0 and result.stdout.endswith(b"said NOOP\r\n"), result
    _, marks = trace_of(tmp)
    found = steps(marks, 1)
    assert found.index("connected") < found.index("first-byte") < found.index("tls")
    assert bytes_of(marks, "plain-out") == b"NOOP\r\n"
    assert bytes_of(marks, "plain-in") == b"said NOOP\r\n"


# ---- Secrets -------------------------------------------------------------------------------------

# "s3cr3t" in Base64, at each place in three bytes; with a colon before it, too.
SECRETS = ["s3cr3t", "czNjcjN0", "MzY3IzdA", "zM2NyM3"]


def of_user(name):
    return base64.b64encode(f"{name}:s3cr3t".encode()).decode()


@pytest.mark.parametrize("tls", [False, True])
def test_secrets_of_get(site, fsock, tmp, tls):
    where = f"localhost:{site.https}" if tls else f"127.0.0.1:{site.http}"
    scheme = "https" if tls else "http"
    hidden = SECRETS + [of_user("me"), "other-s3cr3t"]
    for args, url in (
        ([], f"{scheme}://me:s3cr3t@{where}/echo"),
        (["-u", "me:s3cr3t"], f"{scheme}://{where}/echo"),
        (["-b", "a=s3cr3t"], f"{scheme}://{where}/echo"),
        (["-H", "Authorization: Bearer s3cr3t"], f"{scheme}://{where}/echo"),
        (["-H", "Proxy-Authorization: s3cr3t"], f"{scheme}://{where}/echo"),
    ):
        command = ["get", "--cacert", site.ca, "-o", "body", "--trace", "trace", "--trace-data",
                   "-X", "HEAD", "-I"]
        assert fsock(*command, *args, url).code == 0
        text = (tmp / "trace").read_text()
        lines_of(text)
        assert not has_secret(text, *hidden), (args, url)
        assert fsock(*command, "--trace-secrets", *args, url).code == 0
        assert has_secret((tmp / "trace").read_text(), "s3cr3t", of_user("me")), (args, url)


def test_cookies_of_a_server(fsock, tmp):
    def play(connection):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=s3cr3t; Path=/\r\n"
                           b"Content-Length: 2\r\n\r\nok")

    url = f"http://127.0.0.1:{serve(play)}/"
    assert fsock("get", "--trace", "trace", "--trace-data", url).stdout == b"ok"
    text = (tmp / "trace").read_text()
    assert not has_secret(text, "s3cr3t") and "Set-Cookie: ***" in text
    assert fsock("get", "--trace", "trace", "--trace-secrets", url).stdout == b"ok"
    assert has_secret((tmp / "trace").read_text(), "s3cr3t")


@pytest.mark.parametrize("scheme, service", [("http", "proxy-auth"), ("socks5h", "socks5-auth")])
@pytest.mark.parametrize("in_url", [False, True])
def test_secrets_of_proxies(site, fsock, tmp, scheme, service, in_url):
    port = site.ports[service]
    proxy = ["-x", f"{scheme}://user:pass@127.0.0.1:{port}"] if in_url else [
        "-x", f"{scheme}://127.0.0.1:{port}", "--proxy-user", "user:pass"]
    for url in site.url("/plain/3"), site.url("/plain/3", "https", "localhost"):
        command = ["get", "--cacert", site.ca, "--trace", "trace", "--trace-data", *proxy]
        assert fsock(*command, url).code == 0
        text = (tmp / "trace").read_text()
        assert not has_secret(text, "user:pass", base64.b64encode(b"user:pass").decode())
        assert b"\x04pass" not in bytes_of(lines_of(text)[1], "sendto")
        assert fsock(*command, "--trace-secrets", url).code == 0
        sent = bytes_of(trace_of(tmp)[1], "sendto")
        assert (b"\x04pass" if "socks" in scheme else base64.b64encode(b"user:pass")) in sent


@pytest.mark.parametrize("said", [
    b"USER me\r\nPASS s3cr3t\r\nQUIT\r\n",
    b"EHLO a\r\nAUTH PLAIN AG1lAHMzY3IzdA==\r\nQUIT\r\n",
    b"EHLO a\r\nAUTH LOGIN\r\nbWU=\r\nczNjcjN0\r\nQUIT\r\n",
    b"a1 LOGIN me s3cr3t\r\na2 LOGOUT\r\n",
])
def test_secrets_that_talk_says(fsock, tmp, said):
    words = [line.decode() + "\\r\\n" for line in said.splitlines()]
    (tmp / "script").write_text("".join(f"send {word}\nexpect {word}\n" for word in words) + "close\n")
    command = ["talk", "--trace", "trace", "--trace-data", "--script", "script", "127.0.0.1",
               serve(echo)]
    result = fsock(*command, stdin=b"", timeout=9)
    assert result.code == 0, result
    text = (tmp / "trace").read_text()
    assert not has_secret(text, *SECRETS, "AG1lAHMzY3IzdA")
    marks = lines_of(text)[1]
    assert len(bytes_of(marks, "sendto")) == len(said)
    assert bytes_of(marks, "sendto").split(b" ")[0] == said.split(b" ")[0]
    result = fsock(*command[:4], "--trace-secrets", *command[4:], stdin=b"", timeout=9)
    assert result.code == 0, result
    assert bytes_of(trace_of(tmp)[1], "sendto") == said


# ---- A file that can't be written ----------------------------------------------------------------


VERBS = {
    "get": lambda site: [site.url("/plain/3")],
    "dns": lambda site: [f"@127.0.0.1:{site.dns}", "a.site.test"],
    "talk": lambda site: ["127.0.0.1", str(site.http)],
    "talk -z": lambda site: ["-z", "127.0.0.1", str(site.http)],
}


def run_verb(site, fsock, verb, *args):
    asked = b"GET /plain/3 HTTP/1.0\r\n\r\n"
    return fsock(verb.split()[0], *args, *VERBS[verb](site), stdin=asked)


@pytest.mark.parametrize("verb", VERBS)
def test_unwritable(site, fsock, verb):
    result = run_verb(site, fsock, verb, "--trace", "no/such")
    name = verb.split()[0]
    assert result.code == 23 and result.stdout == b""
    assert result.errors == f"fsock: {name}: can't write the trace no/such: no such file\n"


@pytest.mark.parametrize("verb", VERBS)
def test_full_disk(site, fsock, verb):
    plain = run_verb(site, fsock, verb)
    assert plain.code == 0, plain
    result = run_verb(site, fsock, verb, "--trace", "/dev/full")
    name = verb.split()[0]
    assert result.code == 23, result
    lengths = {len(re.sub(rb"[\d.]+ ms", b"", r.stdout)) for r in (result, plain)}
    assert len(lengths) == 1
    sentence = f"fsock: {name}: can't write the trace /dev/full: No space left on device\n"
    assert sentence in result.errors
    quiet = run_verb(site, fsock, verb, "-s", "--trace", "/dev/full") if name != "talk" else None
    assert quiet is None or (quiet.code == 23 and quiet.errors == "")


def test_full_disk_is_not_the_worst(site, fsock):
    result = fsock("get", "--trace", "/dev/full", "-f", site.url("/status/404"))
    assert result.code == 22, result
    assert "can't write the trace" in result.errors
    assert fsock("talk", "--trace", "/dev/full", "127.0.0.1", "1").code == 7


@pytest.mark.parametrize("args", [
    ["get", "--no-such", "http://127.0.0.1/"], ["get"], ["get", "-K", "no/such"],
    ["dns", "--no-such", "a"], ["dns"], ["dns", "-i", "no/such"],
    ["talk", "--no-such", "a", "1"], ["talk"],
])
def test_a_run_that_does_not_begin_makes_no_file(fsock, tmp, args):
    result = fsock(args[0], "--trace", "trace", *args[1:])
    assert result.code != 0, result
    assert not (tmp / "trace").exists()


# ---- Interrupted, and many -----------------------------------------------------------------------


def test_interrupted(site, fsock, tmp):
    url = site.url("/", "tcp-mute")
    with Program([fsock.program, "get", "--trace", tmp / "trace", url]) as program:
        wait_for(lambda: (tmp / "trace").exists())
        time.sleep(0.3)
        program.process.send_signal(signal.SIGINT)
        assert program.end() == 128 + signal.SIGINT
    found = steps(trace_of(tmp)[1])
    assert found[:2] == ["start", "connect"] and found[-1] in ("done", "close")
    assert "done" in found


def test_interrupted_talk(site, fsock, tmp):
    with talk(fsock, "--trace", tmp / "trace", "127.0.0.1", site.tcp_mute) as program:
        wait_for(lambda: (tmp / "trace").exists())
        time.sleep(0.3)
        program.process.send_signal(signal.SIGINT)
        assert program.end() == 128 + signal.SIGINT
    assert steps(trace_of(tmp)[1]) == ["start", "connect", "connected", "close", "done"]


def test_a_thousand(site, fsock, tmp):
    (tmp / "list").write_text("".join(f"{site.url('/plain/1')}?{i}\n" for i in range(1000)))
    result = fsock("get", "-i", "list", "--json", "--trace", "trace")
    assert result.code == 0, result
    _, marks = trace_of(tmp)
    asked = {m["id"]: m["url"] for m in marks if m["event"] == "start"}
    assert asked == {r["urlnum"] + 1: r["url"] for r in result.records}
    assert sum(m["event"] == "done" for m in marks) == 1000
    for number in 1, 500, 1000:
        found = steps(marks, number)
        assert found[0] == "start" and found[-1] == "done"
        assert [f for f in found if f in ("request", "sent", "first-byte", "head", "body")] == [
            "request", "sent", "first-byte", "head", "body"]
    assert {m["conn"] for m in marks if "conn" in m} <= set(range(1, 1001))


def test_numbers_of_lookups(fsock, tmp):
    names = [f"n{i}.test" for i in range(50)]
    with NameServer(lambda q: q.answer(("A", "192.0.2.1"))) as server:
        result = fsock("dns", "--trace", "trace", f"@127.0.0.1:{server.port}", *names, "A")
    assert result.code == 0, result
    asked = {m["name"]: m["id"] for m in trace_of(tmp)[1] if m["event"] == "start"}
    assert asked == {f"{name}.": i for i, name in enumerate(names, 1)}


# ---- calls and headers ----


def has_calls(tmp):
    return any(mark["event"] == "call" for mark in trace_of(tmp)[1])


@pytest.mark.parametrize("verb, one, many", [
    ("get", ["{url}"], ["{url}", "{url}"]),
    ("dns", ["-m", "1", "@127.0.0.1:1", "a.test", "A"], ["-m", "1", "@127.0.0.1:1", "a.test", "b.test", "A"]),
    ("talk", ["-z", "127.0.0.1", "1"], ["-z", "127.0.0.1", "1-3"])])
def test_calls_are_there_for_one_or_if_asked_for(fsock, site, tmp, verb, one, many):
    for words, expect in (one, True), (["--no-trace-calls", *one], False), (many, False), \
            (["--trace-calls", *many], True), (["--trace-data", *many], True):
        fsock(verb, "--trace", "trace", *[w.format(url=site.url("/plain/1")) for w in words], cwd=tmp)
        assert has_calls(tmp) == expect, words


def test_headers_are_there_for_one_url_or_if_asked_for(fsock, site, tmp):
    one, many = site.url("/plain/1"), [site.url("/plain/1"), site.url("/plain/2")]
    for words, count in ([one], 2), (["--no-trace-headers", one], 0), (many, 0), (["--trace-headers", *many], 4):
        assert fsock("get", "-s", "--trace", "trace", *words, cwd=tmp).code == 0
        told = [mark["head"] for mark in trace_of(tmp)[1] if "head" in mark]
        assert len(told) == count
        assert sum(head.startswith("GET /plain/") for head in told) == count // 2
