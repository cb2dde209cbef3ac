"""fsock talk -z: which ports are open, by TCP, UDP, TLS and unix sockets; limits, signals, readers."""

import contextlib
import json
import os
import pty
import signal
import socket
import subprocess
import threading
import time

import pytest

from conftest import clean_env
from stopwatch import Stopwatch
from nameserver import NameServer

KEYS = ["schema_version", "target", "host", "port", "transport", "state", "remote_ip", "time_namelookup",
        "time_connect", "exitcode", "err", "errormsg", "errno", "hint", "answer_size", "answer"]


@contextlib.contextmanager
def listener(host="127.0.0.1", kind=socket.SOCK_STREAM, port=0):
    """A port that is open (TCP), or bound and silent (UDP)."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, kind) as s:
        s.bind((host, port))
        if kind == socket.SOCK_STREAM:
            s.listen(64)
        yield s.getsockname()[1]


@contextlib.contextmanager
def refusing(kind=socket.SOCK_STREAM):
    """A port that nobody has, and that no other test gets: it is bound, and doesn't listen, or, of
    UDP, is connected to somewhere else."""
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_DGRAM:
            s.connect(("127.0.0.1", 9))
        yield s.getsockname()[1]


@contextlib.contextmanager
def full():
    """A port whose queue is full: who connects hears nothing."""
    with contextlib.ExitStack() as stack:
        s = stack.enter_context(socket.socket())
        s.bind(("127.0.0.1", 0))
        s.listen(0)
        for _ in range(3):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(s.getsockname())
        time.sleep(0.05)
        yield s.getsockname()[1]


@contextlib.contextmanager
def answering(reply):
    """A UDP port that answers what `reply` makes of a datagram; None: nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))

        def serve():
            while True:
                data, peer = s.recvfrom(65536)
                if data == b"end of test":
                    return
                answer = reply(data)
                if answer is not None:
                    s.sendto(answer, peer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield s.getsockname()[1]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"end of test", s.getsockname())
        thread.join()


def start(fsock, *args, **kw):
    kw = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
          "preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL), **kw}
    return subprocess.Popen([fsock.program, "talk", "-z", *map(str, args)], env=clean_env(), **kw)


# ---- one port ----


def test_open(fsock):
    with listener() as port:
        for words in (["127.0.0.1", port], [f"127.0.0.1:{port}"], ["tcp://127.0.0.1", port],
                      ["127.0.0.1", f"{port}-{port},{port}"], ["--silent", "127.0.0.1", port]):
            result = fsock("talk", "-z", *words)
            assert result.code == 0 and result.errors == "", result
            host, where, state, took = result.text.rstrip("\n").split("\t")
            assert (host, where, state) == ("127.0.0.1", str(port), "open"), result
            assert took.endswith(" ms") and float(took[:-3]) < 1000


def test_refused(fsock):
    with refusing() as port:
        result = fsock("talk", "-z", "127.0.0.1", port)
        assert result.code == 7 and "nothing listens there; check that" in result.errors
        columns = result.text.rstrip("\n").split("\t")
        assert columns[:3] == ["127.0.0.1", str(port), "refused"] and len(columns) == 5
        assert columns[4].startswith(f"connect 127.0.0.1:{port}: 127.0.0.1:{port} refused after ")
        record = fsock("talk", "-z", "--json", f"127.0.0.1:{port}").records[0]
        assert (record["state"], record["exitcode"], record["err"], record["errno"]) == (
            "refused", 7, "connect", 111)


@pytest.mark.parametrize("words", [["[::1]"], ["::1"], ["tcp://[::1]"], ["-6", "::1"]])
def test_ipv6(fsock, words):
    with listener("::1") as port:
        result = fsock("talk", "-z", *words, port)
        assert result.code == 0 and result.text.startswith(f"::1\t{port}\topen\t"), result
        record = fsock("talk", "-z", "--json", *words, port).records[0]
        assert (record["host"], record["remote_ip"], record["port"]) == ("::1", "::1", port)


def test_a_name(fsock):
    """By either address: here only one of them has a listener."""
    with listener() as port:
        pin = f"shop.test:{port}:[::1],127.0.0.1"
        result = fsock("talk", "-z", "--resolve", pin, "--json", "shop.test", port)
        assert result.code == 0 and result.records[0]["remote_ip"] == "127.0.0.1", result
        assert result.records[0]["host"] == result.records[0]["target"] == "shop.test"


@pytest.mark.plain
def test_no_answer(fsock):
    with full() as port:
        result = fsock("talk", "-z", "-w", "0.5", "127.0.0.1", port)
        assert result.code == 28 and result.took(0.5, 0.7), result
        assert result.text.startswith(f"127.0.0.1\t{port}\tno answer\t5") and "(-w raises" in result.text
        result = fsock("talk", "-z", "-m", "0.4", "127.0.0.1", port)
        assert result.code == 28 and result.took(0.4, 0.6), result
        assert result.text.startswith(f"127.0.0.1\t{port}\tcanceled\t") and "(-m raises" in result.text
        record = fsock("talk", "-z", "-w", "0.2", "--json", "127.0.0.1", port).records[0]
        assert (record["state"], record["exitcode"], record["err"]) == ("no answer", 28, "timeout")
        assert 0.2 <= record["time_connect"] < 0.3 and record["errormsg"].endswith("(-w raises this limit)")


def test_unix(fsock, tmp):
    path = str(tmp / "s")
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(path)
        result = fsock("talk", "-z", "-U", path)
        assert result.code == 7 and result.text.startswith(f"{path}\t-\trefused\t")
        s.listen(1)
        result = fsock("talk", "-z", "-U", path)
        assert result.code == 0 and result.text.startswith(f"{path}\t-\topen\t")
        record = fsock("talk", "-z", "--json", f"unix://{path}").records[0]
        assert (record["transport"], record["host"], record["port"]) == ("unix", path, 0)
    result = fsock("talk", "-z", "-U", "/nonexistent/s")
    assert result.code == 7 and "\trefused\t" in result.text and "no such file" in result.text
    assert fsock("talk", "-z", "-U", path, "80").code == 2


def test_tls(site, fsock):
    """The handshake is part of it."""
    result = fsock("talk", "-z", "--cacert", site.ca, f"tls://127.0.0.1:{site.https}")
    assert result.code == 0 and result.text.startswith(f"127.0.0.1\t{site.https}\topen\t"), result
    result = fsock("talk", "-z", f"tls://127.0.0.1:{site.https}")
    assert result.code == 60 and "\tfailed\t" in result.text
    result = fsock("talk", "-z", "--tls", "--insecure", "--json", "127.0.0.1", site.http)
    assert result.code == 35 and result.records[0]["state"] == "failed"
    assert result.records[0]["transport"] == "tls"


# ---- datagrams ----


@pytest.mark.plain
def test_udp(fsock):
    with answering(lambda data: data[::-1]) as port:
        result = fsock("talk", "-z", "-u", "--payload", r"ab\0\xff", "--json", "127.0.0.1", port)
        record = result.records[0]
        assert result.code == 0 and (record["state"], record["transport"]) == ("open", "udp"), result
        assert (record["answer_size"], record["answer"]) == (4, "ff006261")
        record = fsock("talk", "-z", "-u", "--json", "127.0.0.1", port).records[0]
        assert (record["state"], record["answer_size"], record["answer"]) == ("open", 0, "")
        assert fsock("talk", "-z", f"udp://127.0.0.1:{port}").text.startswith(f"127.0.0.1\t{port}\topen\t")
    with refusing(socket.SOCK_DGRAM) as port:
        result = fsock("talk", "-z", "-u", "127.0.0.1", port)
        assert result.code == 7 and "\trefused\t" in result.text and result.took(0, 0.5)
    with listener(kind=socket.SOCK_DGRAM) as port:
        result = fsock("talk", "-z", "-u", "-w", "0.3", "127.0.0.1", port)
        assert result.code == 28 and "\tno answer\t" in result.text and result.took(0.3, 0.5)
        assert fsock("talk", "-z", "-u", "-w", "0.1", "--json", "127.0.0.1", port).records[0]["answer"] is None


@pytest.mark.plain
def test_a_lost_datagram_is_sent_again(fsock):
    seen = []
    with answering(lambda data: seen.append(data) or (None if len(seen) < 3 else b"yes")) as port:
        result = fsock("talk", "-z", "-u", "-w", "0.6", "--payload", "ask", "--json", "127.0.0.1", port)
        assert result.code == 0 and result.records[0]["answer"] == "796573" and seen == [b"ask"] * 3


def test_a_large_answer(fsock):
    with answering(lambda data: b"\xa5" * 60000) as port:
        record = fsock("talk", "-z", "-u", "--json", "127.0.0.1", port).records[0]
        assert record["answer_size"] == 60000 and record["answer"] == "a5" * 60000


@pytest.mark.parametrize("how", [[], ["-u"]])
def test_a_socket_that_meets_itself(fsock, how):
    """From the port that it goes to."""
    with refusing() as port:
        pass
    result = fsock("talk", "-z", *how, "-s", "127.0.0.1", "-p", port, "127.0.0.1", port)
    assert result.code == 7 and "\trefused\t" in result.text and "our own socket" in result.text, result


# ---- many ports ----


@pytest.mark.plain
def test_all_ports(fsock):
    """65,535 of them; others on this machine may listen, too (other tests' servers), but these do."""
    with listener() as one, listener() as two, listener() as three:
        result = fsock("talk", "-z", "127.0.0.1", "1-65535")
        ports = {int(line.split("\t")[1]) for line in result.lines}
        assert result.code == 110 and {one, two, three} <= ports and len(ports) < 3000
        assert all(line.split("\t")[2] == "open" for line in result.lines)
        counts = dict(part.split(" ", 1)[::-1] for part in result.errors.split(";")[0].split(": ")[1].split(", "))
        assert result.errors.startswith("65535 ports: ") and int(counts["open"]) == len(ports)
        assert sum(map(int, counts.values())) == 65535 and int(counts["refused"]) > 65000


def test_some_ports(fsock):
    with listener() as one, listener() as two, refusing() as three:
        result = fsock("talk", "-z", "127.0.0.1", f"{one},{two}")
        assert result.code == 0 and len(result.lines) == 2
        assert result.errors.startswith("2 ports: 2 open; ")
        ports = f"{one},{three},{two}-{two},{one}"
        result = fsock("talk", "-z", "127.0.0.1", ports)
        assert result.code == 110 and len(result.lines) == 2
        assert result.errors.startswith("3 ports: 2 open, 1 refused; ")
        result = fsock("talk", "-z", "-v", "127.0.0.1", ports)
        assert sorted(line.split("\t")[2] for line in result.lines) == ["open", "open", "refused"]
        result = fsock("talk", "-z", "--silent", "127.0.0.1", ports)
        assert result.code == 110 and len(result.lines) == 2 and result.errors == ""
        with refusing() as four:
            result = fsock("talk", "-z", "127.0.0.1", f"{three},{four}")
            assert result.code == 111 and result.text == ""


def test_json(fsock):
    with listener() as one, refusing() as two, full() as three:
        result = fsock("talk", "-z", "--json", "-w", "0.2", "127.0.0.1", f"{one},{two},{three}")
        assert result.code == 110 and len(result.records) == 3
        for record in result.records:
            assert list(record) == KEYS and record["schema_version"] == 1
            assert (record["target"], record["host"], record["transport"]) == ("127.0.0.1",) * 2 + ("tcp",)
            assert record["time_namelookup"] <= record["time_connect"]
            assert (record["errormsg"] is None) == (record["state"] == "open") == (record["exitcode"] == 0)
        states = {r["port"]: (r["state"], r["exitcode"], r["remote_ip"]) for r in result.records}
        assert states == {one: ("open", 0, "127.0.0.1"), two: ("refused", 7, ""), three: ("no answer", 28, "")}
        assert result.records[-1]["port"] == three  # as verdicts come
        assert result.errors.startswith("3 ports: 1 open, 1 refused, 1 no answer; ")


@pytest.mark.plain
def test_verdicts_come_at_once(fsock):
    """A port that says nothing holds up no other."""
    with listener() as one, full() as two:
        process = start(fsock, "-w", "3", "127.0.0.1", f"{one},{two}")
        begun = Stopwatch()
        assert process.stdout.readline().startswith(f"127.0.0.1\t{one}\topen\t".encode())
        assert begun.stop().between(0, 0.5)
        process.terminate()
        process.communicate(timeout=5)


@pytest.mark.plain
def test_how_busy_we_are_is_no_failure(fsock):
    """Each port's clock runs from its own turn: a thousand at once don't wait for one another."""
    result = fsock("talk", "-z", "-w", "20ms", "--json", "--silent", "127.0.0.1", "20000-24999")
    states = [r["state"] for r in result.records]
    assert len(states) == 5000 and states.count("no answer") < 500  # on a machine that stalls


@pytest.mark.parametrize("limit", [20, 32])
@pytest.mark.parametrize("how", [[], ["-u"]])
def test_few_descriptors(fsock, limit, how):
    with listener() as port:
        script = f'ulimit -n {limit}; exec "$0" talk -z "$@"'
        done = subprocess.run(["sh", "-c", script, fsock.program, *how, "--json", "--silent", "127.0.0.1",
                               f"{port},20000-22000"], env=clean_env(), capture_output=True, timeout=30)
        records = [json.loads(line) for line in done.stdout.splitlines()]
        assert len(records) >= 2001 and {r["state"] for r in records} <= {"open", "refused"}
        if not how:
            assert [r["state"] for r in records if r["port"] == port] == ["open"]


@pytest.mark.plain
def test_memory_does_not_grow(fsock):
    """Twenty times the ports, the same memory."""
    def peak(ports):
        script = ("import os, resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL,"
                  " stderr=subprocess.DEVNULL); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
        return int(subprocess.run(["python3", "-c", script, fsock.program, "talk", "-z", "127.0.0.1", ports],
                                  env=clean_env(), capture_output=True, check=True).stdout)
    assert peak("1-65535") < peak("1-3000") + 2048


# ---- what can't be ----


@pytest.mark.parametrize("words, says", [
    (["127.0.0.1", "25-20"], "the port range 25-20 is upside down"),
    (["127.0.0.1", "65536"], "ports are from 1 to 65535, and 65536 is not"),
    (["127.0.0.1", "0"], "ports are from 1 to 65535, and 0 is not"),
    (["127.0.0.1", ""], "no port is given: name one, or some, as in 20-25,443"),
    (["127.0.0.1", "80,"], "a port is missing beside a comma of '80,'"),
    (["127.0.0.1", "http"], "'http' is no port: ports are numbers, as in 80 or 20-25,443"),
    (["127.0.0.1:80", "81-90"], "'127.0.0.1:80' has its port; drop that, or 81-90"),
    (["127.0.0.1"], "there is no port"),
    (["", "80"], "there is no host"),
    (["ftp://x", "80"], 'unable to find the socket transport "ftp"'),
    (["-n", "shop.test", "80"], "-n looks up no name, and 'shop.test' is no address"),
    (["-u", "--payload", r"\q", "127.0.0.1", "80"], "--payload: byte 1: a backslash before 'q'"),
    (["--dns-servers", "x", "shop.test", "80"], 'name server "x"'),
])
def test_bad_input(fsock, words, says):
    result = fsock("talk", "-z", *words)
    assert result.code == 2 and result.text == "", result
    assert result.errors.startswith("fsock: talk: ") and says in result.errors
    assert result.errors.count("\n") == 1 and result.took(0, 0.5)


@pytest.mark.parametrize("host", ["127.0.0.1", "tcp://127.0.0.1", "127.1"])
def test_numeric(fsock, host):
    """-n is about names: how an address is written is all the same."""
    result = fsock("talk", "-z", "-n", host, "1")
    assert result.code == 7 and result.errors.count("\n") == 1, result


def test_a_name_that_does_not_exist(fsock):
    with NameServer(lambda query: query.answer(rcode=3)) as server:
        at = ["--dns-servers", server.at[1:]]
        result = fsock("talk", "-z", *at, "shop.test", "80")
        assert result.code == 6 and result.text.startswith("shop.test\t80\tfailed\t"), result
        assert "resolve shop.test: " in result.text
        for more in ([], ["-v"], ["--json"], ["-u"]):
            result = fsock("talk", "-z", *at, *more, "shop.test", "1-65535")
            assert result.code == 6 and result.text == "", result
            assert result.errors.startswith("fsock: talk: resolve shop.test: ")
            assert result.errors.count("\n") == 2 and result.took(0, 0.5)
        assert len(server.queries) == 10  # A and AAAA, once a run


@pytest.mark.plain
def test_name_servers_that_say_nothing(fsock):
    with NameServer(lambda query: None) as server:
        result = fsock("talk", "-z", "-w", "0.5", "--dns-servers", server.at[1:], "shop.test", "1-65535")
        assert result.code == 28 and result.took(0.5, 0.8) and result.errors.count("\n") == 2, result


def test_a_name_is_looked_up_once(fsock):
    answer = lambda q: q.answer(("A", "127.0.0.1", 60)) if q.kind == "A" else q.answer()
    with NameServer(answer) as server, listener() as port:
        result = fsock("talk", "-z", "--dns-servers", server.at[1:], "shop.test", f"{port},20000-23000")
        assert f"shop.test\t{port}\topen\t" in result.text and len(server.queries) == 2, result


def test_a_proxy(site, fsock):
    """Ports are tried from there; a proxy that can't be reached says nothing of a port."""
    proxy = f"socks5h://127.0.0.1:{site.socks5}"
    assert fsock("talk", "-z", f"--proxy={proxy}", "127.0.0.1", site.http).code == 0
    with refusing() as port:
        result = fsock("talk", "-z", f"--proxy=127.0.0.1:{port}", "192.0.2.1", "80")
        assert result.code == 7 and "\tfailed\t" in result.text and "the proxy" in result.text, result
        result = fsock("talk", "-z", f"--proxy=127.0.0.1:{port}", "192.0.2.1", "1-65535")
        assert result.code == 7 and result.text == "" and result.errors.count("\n") == 2, result


def test_ports_that_cannot_be_tried(fsock):
    """Without lines for them, the first says why."""
    result = fsock("talk", "-z", "-s", "192.0.2.1", "127.0.0.1", "80-89")
    assert result.code == 111 and result.text == ""
    say, hint, summary = result.errors.splitlines()
    assert "address not available" in say and "ip addr" in hint and summary.startswith("10 ports: 0 open, 10 failed; ")


# ---- limits, signals, readers ----


@pytest.mark.plain
def test_run_time(fsock):
    with full() as mute, listener() as port:
        result = fsock("talk", "-z", "-w", "5", "-m", "0.5", "--json", "127.0.0.1", f"{mute},{port}")
        assert result.code == 110 and result.took(0.5, 0.7)
        assert [(r["state"], r["exitcode"]) for r in result.records] == [("open", 0), ("canceled", 42)]
        assert "-m raises this limit" in result.records[1]["errormsg"]
        assert result.errors.startswith("2 ports: 1 open, 1 canceled; ")
        result = fsock("talk", "-z", "-m", "0.3", "-v", "127.0.0.1", f"{mute},{port}")
        assert f"127.0.0.1\t{mute}\tcanceled\t" in result.text


@pytest.mark.plain
@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("ports", [1, 2])
def test_signal(fsock, number, code, ports):
    with full() as one, full() as two:
        process = start(fsock, "--json", "127.0.0.1", one if ports == 1 else f"{one},{two}")
        time.sleep(0.2)
        sent = Stopwatch()
        process.send_signal(number)
        out, err = process.communicate(timeout=5)
        assert sent.stop().between(0, 0.2) and process.returncode == code
        records = [json.loads(line) for line in out.splitlines()]
        assert [(r["state"], r["errormsg"]) for r in records] == [("canceled", "interrupted")] * ports
        assert err.startswith(b"2 ports: 0 open, 2 canceled; ") if ports == 2 else err == b""


@pytest.mark.plain
def test_signal_while_busy(fsock):
    """What has not begun has no record, and is counted."""
    process = start(fsock, "--parallel=50", "--json", "127.0.0.1", "1-65535")
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    sent = Stopwatch()
    out, err = process.communicate(timeout=5)
    assert sent.stop().between(0, 0.2) and process.returncode == 130
    assert err.startswith(b"65535 ports: ") and b" canceled; " in err
    assert b'"canceled"' in out and out.count(b"\n") < 60000


@pytest.mark.plain
@pytest.mark.parametrize("kind", ["pipe", "terminal"])
def test_while_nobody_reads(fsock, kind):
    ours, theirs = os.pipe() if kind == "pipe" else pty.openpty()
    for words, number, code in ((["-m", "0.5"], None, 111), ([], signal.SIGTERM, 143)):
        process = start(fsock, *words, "-v", "127.0.0.1", "1-65535", stdout=theirs)
        time.sleep(0.3)
        begun = Stopwatch()
        if number:
            process.send_signal(number)
        err = process.communicate(timeout=5)[1]
        assert process.returncode in (code, 110 if code == 111 else code)
        assert begun.stop().between(0, 0.5)
        assert (b"nobody reads standard output, and the time is over (-m raises this limit)" in err) == (
            not number)
    os.close(ours)
    os.close(theirs)


@pytest.mark.parametrize("more", [["-v"], ["--json"]])
def test_a_reader_that_goes_away(fsock, more):
    """| head"""
    process = start(fsock, *more, "127.0.0.1", "1-65535")
    process.stdout.read(1)
    process.stdout.close()
    assert process.wait(5) == 23 and process.stderr.read() == b""
    process.stderr.close()


@pytest.mark.parametrize("redirect, why", [(">/dev/full", "No space left on device"),
                                           (">&-", "Bad file descriptor")])
@pytest.mark.parametrize("ports", ["1", "1-9"])
def test_output_that_fails(fsock, redirect, why, ports):
    script = f'"$0" talk -z -v "$@" {redirect}'
    done = subprocess.run(["sh", "-c", script, fsock.program, "127.0.0.1", ports], capture_output=True,
                          env=clean_env(), text=True, timeout=20)
    assert done.returncode == 23
    assert done.stderr.splitlines()[0] == f"fsock: talk: can't write standard output: {why}"


def test_a_terminal_has_columns(fsock):
    ours, theirs = pty.openpty()
    with listener() as port:
        process = start(fsock, "127.0.0.1", port, stdout=theirs)
        process.communicate(timeout=5)
        os.close(theirs)
        line = os.read(ours, 1000)
        os.close(ours)
    assert line.startswith(b"127.0.0.1".ljust(24) + b" " + str(port).encode().ljust(5) + b" open        ")
