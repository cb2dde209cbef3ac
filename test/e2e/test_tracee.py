"""`fsock trace -- COMMAND`: what is seen of real programs, and what it means."""

import json
import shutil
import subprocess
import sys
import textwrap

import pytest

import tracee_lab
from conftest import clean_env

TALK = """
    import socket, threading
    def serve(n, answer=b'got '):
        s = socket.create_server(('127.0.0.1', 0), backlog=2048)
        def run():
            for _ in range(n):
                c, _a = s.accept()
                c.sendall(answer + c.recv(100))
                c.close()
            s.close()
        t = threading.Thread(target=run)
        t.start()
        return s.getsockname(), t
    def talk(addr):
        c = socket.create_connection(addr)
        c.sendall(b'hello')
        got = b''
        while (more := c.recv(100)):
            got += more
        c.close()
        return got
"""


class Trace:
    """The lines of a trace file."""

    def __init__(self, path):
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        self.run, self.marks = lines[0], lines[1:]
        assert self.run["event"] == "run"

    def of(self, event, **fields):
        return [m for m in self.marks
                if m["event"] == event and all(m.get(k) == v for k, v in fields.items())]

    def calls(self, *names):
        return [m for m in self.of("call") if not names or m["call"] in names]

    def one(self, event, **fields):
        found = self.of(event, **fields)
        assert len(found) == 1, (event, fields, found)
        return found[0]

    def events(self, number=None):
        """What happened, without the calls."""
        return [m["event"] for m in self.marks
                if m["event"] != "call" and (number is None or m.get("id") == number)]


@pytest.fixture
def trace(fsock, tmp):
    """Runs a command; gives the result and the trace."""

    def run(*command, options=(), code=0, timeout=60):
        result = fsock("trace", "--trace", "t.jsonl", *options, "--", *command, timeout=timeout)
        assert result.code == code, result
        return result, Trace(tmp / "t.jsonl")

    return run


@pytest.fixture
def python(trace):
    def run(script, *args, **kw):
        return trace(sys.executable, "-c", textwrap.dedent(TALK) + textwrap.dedent(script), *args, **kw)

    return run


@pytest.fixture
def lab(fsock, tmp):
    """Runs a command where names are known: tracee_lab.py."""

    def run(*command):
        words = tracee_lab.words(tmp, fsock.program, "trace", "--trace", tmp / "t.jsonl", "--", *command)
        result = subprocess.run(words, cwd=tmp, env=clean_env(), capture_output=True, timeout=60, check=False)
        return result, Trace(tmp / "t.jsonl")

    return run


@pytest.fixture
def page(site):
    """What /plain/10 is."""
    return site.get("/plain/10")[2]


def needs(program):
    return pytest.mark.skipif(not shutil.which(program), reason=f"needs {program}")


# ---- HTTP ----


@needs("curl")
def test_curl(site, page, trace):
    result, t = trace("curl", "-sS", "-H", "Cookie: secret=1", site.url("/plain/10"))
    assert result.stdout == page and not result.stderr
    assert t.events() == ["start", "connect", "connected", "request", "sent", "first-byte", "head",
                          "body", "done", "close"]
    request = t.one("request")
    assert request["method"] == "GET" and request["url"] == site.url("/plain/10")
    assert "secret" not in json.dumps(t.marks) and "Cookie: *" in request["head"]
    assert t.one("head")["status"] == 200 and t.one("start")["target"] == f"127.0.0.1:{site.http}"
    assert all("data" not in m for m in t.marks) and t.run["args"][0] == "curl"


@needs("curl")
def test_data_and_secrets(site, trace):
    _, t = trace("curl", "-sS", "-H", "Cookie: secret=1", site.url("/plain/10"),
                 options=["--trace-data", "--trace-secrets"])
    assert "Cookie: secret=1" in t.one("request")["head"]
    sent = t.calls("sendto")[0]
    assert len(sent["data"]) > 100 and sent["size"] == sent["ret"]


@needs("curl")
def test_secrets_among_the_words(site, fsock, tmp, trace):
    command = ["curl", "-sS", "-u", "me:s3cr3t", site.url("/plain/10")]
    _, t = trace(*command)
    assert t.run["args"] == ["curl"] and "s3cr3t" not in (tmp / "t.jsonl").read_text()
    page = fsock("trace", "--html", "-o", "p.html", "--", *command, cwd=tmp)
    assert page.code == 0 and "s3cr3t" not in (tmp / "p.html").read_text()
    _, t = trace(*command, options=["--trace-secrets"])
    assert t.run["args"] == command


@needs("curl")
def test_kept_connection(site, trace):
    url = site.url("/plain/10")
    _, t = trace("curl", "-sS", url, url, "-d", "x=1", url)
    assert [m["uses"] for m in t.of("reuse")] == [1, 2]
    ids = [m["id"] for m in t.of("request")]
    assert len(set(ids)) == 3 and len(t.of("connected")) == 1
    assert [m["id"] for m in t.of("done")] == ids and not any("err" in m for m in t.of("done"))
    assert t.events(ids[1]) == ["start", "reuse", "request", "sent", "first-byte", "head", "body", "done"]


@needs("curl")
def test_tls(site, trace):
    _, t = trace("curl", "-sS", "--cacert", site.ca, "--resolve", f"localhost:{site.https}:127.0.0.1",
                 site.url("/plain/10", "https", "localhost"))
    tls = t.one("tls")
    assert tls["version"] == "TLSv1.3" and tls["host"] == "localhost" and tls["cipher"].startswith("TLS_")
    assert "http/1.1" in tls["offered_alpn"]
    assert t.events() == ["start", "connect", "connected", "tls", "sent", "first-byte", "done", "close"]


@needs("curl")
def test_tls_1_2(site, trace):
    _, t = trace("curl", "-sS", "-k", "--tls-max", "1.2", site.url("/plain/10", "https"))
    assert t.one("tls")["version"] == "TLSv1.2" and "ECDHE" in t.one("tls")["cipher"]


@needs("curl")
def test_refused(trace):
    _, t = trace("curl", "-s", "http://127.0.0.1:1/", code=7)
    assert t.one("connected")["errno"] == "ECONNREFUSED"
    done = t.one("done")
    assert done["err"] == "connect" and done["stage"] == "connect"


@needs("wget")
def test_wget(site, trace):
    _, t = trace("wget", "-q", "-O", "-", site.url("/plain/10"))
    assert t.one("head")["status"] == 200 and t.one("body") and "err" not in t.one("done")


# ---- Names ----


@needs("php")
def test_php(lab):
    """The case of the article: the order of events that strace showed it."""
    script = """$f = fsockopen("shop.test", 80, $no, $text, 5);
                fwrite($f, "GET / HTTP/1.0\\r\\nHost: shop.test\\r\\n\\r\\n");
                while (!feof($f)) echo fread($f, 1024);"""
    result, t = lab("php", "-r", script)
    assert result.returncode == 0 and result.stdout.endswith(b"hello\n"), result
    number = t.one("start", name="shop.test")["id"]
    assert t.events(number) == ["start", "lookup", "query", "query", "answer", "answer", "addresses", "connect",
                                "connected", "request", "sent", "first-byte", "head", "body", "done"]
    assert t.one("addresses")["addresses"] == "127.0.0.1"
    assert {m["type"] for m in t.of("query")} == {"A", "AAAA"}
    assert t.of("query")[0]["server"] == "127.0.0.1:53" and t.of("query")[0]["transport"] == "udp"
    assert t.one("request")["url"] == "http://shop.test/"
    conn = t.one("connected")["conn"]
    calls = [m["call"] for m in t.calls() if m.get("conn") == conn]
    assert calls[:3] == ["socket", "fcntl", "fcntl"] and calls[-1] == "close"
    order = [calls.index(name) for name in ("socket", "connect", "getsockopt", "sendto", "recvfrom", "close")]
    assert order == sorted(order)
    polls = [m["timeout"] for m in t.calls("poll")]
    assert 5000 in polls and 60000 in polls
    assert [m["ret"] for m in t.calls("recvfrom") if m["conn"] == conn][-1] == 0
    assert t.calls("connect")[0]["addr"] == "/var/run/nscd/socket"


@needs("curl")
def test_a_name_that_is_none(lab):
    result, t = lab("curl", "-s", "http://nowhere.test/")
    assert result.returncode == 6
    done = [m for m in t.of("done") if m.get("err") == "name"]
    assert done and done[0]["why"] == "NXDOMAIN" and not t.of("connect")


def test_a_lookup_that_nobody_uses(lab):
    _, t = lab("getent", "hosts", "shop.test")
    assert t.of("addresses") and all("err" not in m for m in t.of("done"))
    assert t.of("done")[-1]["t"] == t.of("addresses")[-1]["t"]


def test_the_second_address(lab):
    _, t = lab(sys.executable, "-c", "import socket; socket.create_connection(('twice.test', 80))")
    number = t.of("start")[0]["id"]
    assert [m["addr"] for m in t.of("connect", id=number)] == ["127.0.0.9:80", "127.0.0.1:80"] or \
        [m["addr"] for m in t.of("connect", id=number)] == ["127.0.0.1:80"]
    assert "err" not in t.one("done", id=number)


# ---- Processes and descriptors ----


def test_threads_and_children(python):
    result, t = python("""
        import os
        addr, t = serve(3)
        print(talk(addr))
        child = os.fork()
        if child == 0:
            print(talk(addr), flush=True)
            os._exit(0)
        os.waitpid(child, 0)
        w = threading.Thread(target=talk, args=(addr,))
        w.start()
        w.join()
        t.join()
    """)
    assert result.stdout == b"b'got hello'\n" * 2
    clients = [m for m in t.of("start") if m.get("role") != "server"]
    servers = [m for m in t.of("start") if m.get("role") == "server"]
    assert len(clients) == len(servers) == 3 == len({m["pid"] for m in clients})
    assert len(t.of("done")) == 6 and all("err" not in m for m in t.of("done"))
    assert [m["received"] for m in t.of("close")] == [5, 9] * 3 or len(t.of("close")) == 6


def test_asyncio_and_epoll(python):
    _, t = python("""
        import asyncio
        addr, t = serve(1)
        async def main():
            r, w = await asyncio.open_connection(*addr)
            w.write(b'async')
            assert await r.read() == b'got async'
            w.close()
        asyncio.run(main())
        t.join()
    """)
    waits = t.calls("epoll_wait")
    fd = t.one("connect")["fd"]
    assert any(m["ready"] == f"{fd}:out" for m in waits) and any(m["ready"] == f"{fd}:in" for m in waits)
    assert t.calls("epoll_ctl")[-1]["op"] == "EPOLL_CTL_DEL" and len(t.of("connected")) == 1


def test_select_and_poll(python):
    _, t = python("""
        import select
        addr, t = serve(1)
        c = socket.create_connection(addr)
        assert select.select([c], [c], [], 1.5)[1] == [c]
        p = select.poll()
        p.register(c, select.POLLOUT)
        p.poll(250)
        c.close()
        t.join()
    """)
    waits = t.calls("select", "pselect6")
    fd = t.one("connect")["fd"]
    assert (waits[0]["fds"], waits[0]["timeout"], waits[0]["ready"]) == (f"{fd}:in,out", 1500, f"{fd}:out")
    poll = [m for m in t.calls("poll", "ppoll") if m["timeout"] == 250][0]
    assert poll["fds"] == f"{fd}:out" == poll["ready"] and poll["ret"] == 1


def test_unix_sockets_and_passed_descriptors(python):
    _, t = python("""
        import os
        a, b = socket.socketpair()
        addr, t = serve(1)
        if os.fork() == 0:
            fds = socket.recv_fds(b, 10, 1)[1]
            c = socket.socket(fileno=fds[0])
            c.sendall(b'passed')
            assert c.recv(100) == b'got passed'
            os._exit(0)
        c = socket.create_connection(addr)
        socket.send_fds(a, [b'x'], [c.fileno()])
        os.wait()
        c.close()
        t.join()
        s = socket.socket(socket.AF_UNIX)
        s.bind('\\0fsock-test-' + str(os.getpid()))
    """)
    number = t.one("connected")["conn"]
    assert {m["pid"] for m in t.marks if m.get("conn") == number and "pid" in m} >= \
        {m["pid"] for m in t.calls("recvmsg")}
    assert t.calls("sendmsg")[0]["size"] == 1 and t.one("sent", conn=number)["size"] == 6
    assert t.calls("socketpair")[0]["second"] and t.calls("bind")[-1]["addr"].startswith("@fsock-test-")


def test_datagrams(python):
    _, t = python("""
        a = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        a.bind(('127.0.0.1', 0))
        b = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        b.sendto(b'ping', a.getsockname())
        data, peer = a.recvfrom(100)
        a.sendto(b'pong!', peer)
        b.recv(100)
    """)
    assert [m["size"] for m in t.calls("sendto")] == [4, 5]
    assert t.calls("recvfrom")[0]["ret"] == 4 and t.calls("recvfrom")[0]["addr"].startswith("127.0.0.1:")
    assert t.of("sent")[0]["size"] == 4 and t.of("first-byte")[0]["size"] == 5


def test_dup_and_exec(site, page, trace):
    """A socket that a program was born with, under several numbers."""
    script = f"exec 7<>/dev/tcp/127.0.0.1/{site.http}; printf 'GET /plain/10 HTTP/1.0\\r\\n\\r\\n' >&7; cat <&7"
    result, t = trace("bash", "-c", script)
    assert result.stdout.endswith(b"\r\n\r\n" + page)
    assert t.one("request") and t.one("head")["status"] == 200 and "err" not in t.one("done")
    assert len({m["conn"] for m in t.marks if m.get("conn")}) <= 3
    assert len({m["pid"] for m in t.marks if m["event"] != "run"}) == 2  # cat is a child


def test_posix_spawn_and_pipeline(site, page, python):
    result, t = python(f"""
        import os, subprocess
        pid = os.posix_spawn({shutil.which("curl")!r}, ["curl", "-s", {site.url("/plain/10")!r}], os.environ)
        os.waitpid(pid, 0)
        subprocess.run("curl -s {site.url("/plain/10")} | cat | cat", shell=True)
    """)
    assert result.stdout == 2 * page and [m["status"] for m in t.of("head")] == [200, 200]


@pytest.mark.slow
def test_many(python):
    """64 threads, 1,024 connections."""
    _, t = python("""
        addr, t = serve(1024)
        def run():
            for _ in range(16):
                assert talk(addr) == b'got hello'
        workers = [threading.Thread(target=run) for _ in range(64)]
        [w.start() for w in workers]
        [w.join() for w in workers]
        t.join()
    """, timeout=120)
    assert len(t.of("connected")) == 1024 and len(t.of("done")) == 2048 == len(t.of("close"))
    assert not any("err" in m for m in t.of("done"))
    assert len({m["conn"] for m in t.of("connected")}) == 1024
    assert [m["t"] for m in t.marks] == sorted(m["t"] for m in t.marks)


# ---- What is shown ----


@needs("curl")
def test_lines_while_it_runs(site, page, fsock):
    result = fsock("trace", "--", "curl", "-sS", site.url("/plain/10"))
    assert result.code == 0 and result.stdout == page
    assert f"connect(5, 127.0.0.1:{site.http}) = -1 EINPROGRESS" in result.errors or \
        f", 127.0.0.1:{site.http}) = " in result.errors
    assert '"GET /plain/10 HTTP/1.1\\r\\n' in result.errors and "# request GET " in result.errors


@needs("curl")
def test_a_picture_of_a_command(site, page, fsock, tmp):
    result = fsock("trace", "--har", "-o", "x.har", "--", "curl", "-sS", site.url("/plain/10"), cwd=tmp)
    assert result.code == 0 and result.stdout == page and not result.stderr
    entry = json.loads((tmp / "x.har").read_text())["log"]["entries"][0]
    assert entry["response"]["status"] == 200 and entry["request"]["url"] == site.url("/plain/10")


def test_usage(fsock, tmp):
    assert fsock("trace", "--").code == 2
    assert fsock("trace", "file", "--", "true").code == 2
    assert fsock("trace", "--failed", "--", "true").code == 2
    assert fsock("trace", "--trace", "x", "file").code == 2
    assert fsock("trace", "--trace", "/no/such/folder/x", "--", "true").code == 23
