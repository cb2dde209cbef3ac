"""fsock check for monitors: limits, Nagios, Prometheus, again and again."""

import json
import re
import signal
import threading
import time

import pytest

from mailhost import Host
from talking import PATIENCE, Program, free_port, serve
from test_check import SMTP, check, record


@pytest.fixture
def smtp(site):
    return Host(b"220 mx|test ready\r\n", SMTP, site.context())


def slow(seconds):
    def play(connection):
        time.sleep(seconds)
        connection.sendall(b"220 x\r\n")
        connection.recv(100)
        connection.sendall(b"250 x\r\n")
        connection.recv(100)
    return f"smtp://127.0.0.1:{serve(play)}"


# ---- limits ----


def test_limits(fsock):
    target = slow(0.2)
    told = record(fsock, "--warn", "100ms", "--critical", "5", target)
    assert told["state"] == "warning" and "--warn is 100 ms" in told["warning"], told
    assert told["code"] == 0 and told["errormsg"] is None, told
    told = record(fsock, "--warn", "50ms", "--critical", "100ms", target)
    assert told["state"] == "critical" and told["code"] == 22 and told["err"] == "slow", told
    assert "--critical is 100 ms" in told["errormsg"], told
    assert record(fsock, "--warn", "3", target)["state"] == "ok"
    assert abs(told["time"] - time.time()) < 100
    result = check(fsock, "--warn", "100ms", target)
    assert "\twarning\t" in result.text and "--warn is 100 ms; x" in result.text, result


def test_cert_days(site, fsock, smtp):
    target = f"smtp://127.0.0.1:{smtp.port}"
    left = record(fsock, "--cacert", site.ca, target)["certificate"]["days_left"]
    told = record(fsock, "--cacert", site.ca, "--cert-days", left + 1, target)
    assert told["state"] == "warning" and f"ends in {left} days" in told["warning"], told
    assert record(fsock, "--cacert", site.ca, "--cert-days", left, target)["state"] == "ok"
    told = record(fsock, "--insecure", f"tls://127.0.0.1:{site.tls_expired}")
    assert told["state"] == "warning" and told["warning"] == "the certificate has ended", told


# ---- Nagios ----

# Of the guidelines for plug-ins: a line of text, and 'label'=value[UOM];[warn];[crit];[min];[max]
NAGIOS = re.compile(r"[^|\n]+ \| (\w+=-?[\d.]+(s|%|B|c)?(;[\d.:~@]*){0,4} ?)+\n")


@pytest.mark.parametrize("words, code, begin", [
    ([], 0, "SMTP OK - mx/test ready | time="),
    (["--warn", "1ms"], 1, "SMTP WARNING - it took "),
    (["--critical", "1ms"], 2, "SMTP CRITICAL - it took "),
    (["--cert-days", "30000"], 1, "SMTP WARNING - the certificate ends in "),
])
def test_nagios(site, fsock, smtp, words, code, begin):
    result = check(fsock, "--nagios", "--cacert", site.ca, *words, f"smtp://127.0.0.1:{smtp.port}")
    assert result.code == code and result.text.startswith(begin), result
    assert NAGIOS.fullmatch(result.text) and " cert_days=" in result.text, result


def test_nagios_failures(fsock):
    result = check(fsock, "--nagios", f"smtp://127.0.0.1:{free_port()}")
    assert result.code == 2 and result.text.startswith("SMTP CRITICAL - connect "), result
    assert NAGIOS.fullmatch(result.text) and not result.errors, result
    for words in (["nosuch://x"], ["smtp://a", "smtp://b"], ["--nagios", "--json", "smtp://a"],
                  ["--cacert", "/no/such", "smtp://a"], ["-u", "a", "--password-env", "NO", "smtp://a"],
                  ["--warn", "2", "--critical", "1", "smtp://a"]):
        result = check(fsock, "--nagios", *words)
        assert result.code == 3 and len(result.lines) == 1, result
        assert result.text.startswith("CHECK UNKNOWN - "), result
    assert check(fsock, "--bad|option", "--nagios").text.startswith("CHECK UNKNOWN - unknown option --bad/option")


def test_nagios_interrupted(fsock):
    there = threading.Event()
    mute = serve(lambda c: there.set() or c.recv(1))
    with Program([fsock.program, "check", "--nagios", f"smtp://127.0.0.1:{mute}"]) as program:
        assert there.wait(PATIENCE)
        time.sleep(0.1)
        program.process.send_signal(signal.SIGTERM)
        assert program.process.wait(PATIENCE) == 3
        line = program.stdout.read()
        assert line.startswith(b"SMTP UNKNOWN - ") and float(re.search(rb"time=([0-9.]+)s", line)[1]) > 0.1, line


# ---- Prometheus ----


def test_prometheus(site, fsock, smtp, tmp_path):
    good, bad = f"smtp://127.0.0.1:{smtp.port}", f'smtp://127.0.0.1:{free_port()}/"\\'
    (tmp_path / "list").write_text(f"{good}\n{bad}\n{good}\n{bad}\n")
    result = check(fsock, "--prometheus", "--cacert", site.ca, "-i", tmp_path / "list")
    assert result.code == 110, result
    metrics, types = {}, {}
    for line in result.lines:
        if line.startswith("# TYPE "):
            types[line.split()[2]] = line.split()[3]
        elif not line.startswith("#"):
            name, labels, value = re.fullmatch(r'(\w+)\{((?:\w+="(?:[^"\\]|\\.)*",?)+)\} ([\d.]+)',
                                               line).groups()
            assert types[name] == "gauge", line
            assert (name, labels) not in metrics, line
            metrics[name, labels] = float(value)
    label, bad = f'target="{good}"', 'target="' + bad.replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert metrics["fsock_check_up", label] == 1 and metrics["fsock_check_up", bad] == 0
    assert metrics["fsock_check_state", label] == 0 and metrics["fsock_check_state", bad] == 2
    assert 0 < metrics["fsock_check_seconds", label + ',stage="greeting"'] < 5
    assert metrics["fsock_check_certificate_not_after", label] > time.time()
    assert ("fsock_check_certificate_not_after", bad) not in metrics
    assert b'target="nosuch://? \xc3\xa4?"' in check(fsock, "--prometheus", "nosuch://\t \xe4\udcff").stdout


# ---- again and again ----


def test_every(fsock):
    """The first round, and what has changed."""
    port = free_port()
    mute = {"greeting": b"220 x\r\n"}

    def play(connection):
        connection.sendall(mute["greeting"])
        connection.recv(100)
        connection.sendall(b"250 x\r\n")
        connection.recv(100)
    other = f"smtp://127.0.0.1:{serve(play)}"
    words = [fsock.program, "check", "--every", "100ms", other, f"tcp://127.0.0.1:{port}"]
    with Program(words) as program:
        lines = [program.stdout.readline().decode() for _ in range(2)]
        assert sorted(line.split("\t")[2] for line in lines) == ["critical", "ok"], lines
        assert all(re.match(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ\t", line) for line in lines), lines
        mute["greeting"] = b"554 go away\r\n"
        line = program.stdout.readline().decode().split("\t")
        assert line[1:3] == [other, "critical"] and "go away" in line[4], line
        mute["greeting"] = b"220 x\r\n"
        line = program.stdout.readline().decode().split("\t")
        assert line[1:3] == [other, "ok"], line
        time.sleep(0.5)
        program.process.send_signal(signal.SIGINT)
        assert program.process.wait(PATIENCE) == 130
        assert program.stdout.read() == b"" and program.stderr.read() == b""


def test_every_handshake_shows_the_certificate(site, fsock):
    """No session is resumed: a certificate that was replaced, or has ended, would not be noticed."""
    resumed, context = [], site.context()

    def play(connection):
        with context.wrap_socket(connection, server_side=True) as secure:
            resumed.append(secure.session_reused)
            secure.sendall(b"220 x\r\n")
            secure.recv(100)
            secure.sendall(b"250 x\r\n")
            secure.recv(100)
    words = ["check", "--every", "20ms", "--cacert", site.ca, f"smtps://127.0.0.1:{serve(play)}"]
    with Program([fsock.program, *words]) as program:
        assert b"\tok\t" in program.stdout.readline()
        end = time.monotonic() + PATIENCE
        while len(resumed) < 5 and time.monotonic() < end:
            time.sleep(0.02)
        program.process.terminate()
        assert program.process.wait(PATIENCE) == 143
    assert len(resumed) >= 5 and not any(resumed), resumed


def test_every_as_json(fsock):
    words = ["check", "--json", "--every", "50ms", f"tcp://127.0.0.1:{free_port()}"]
    with Program([fsock.program, *words]) as program:
        assert json.loads(program.stdout.readline())["state"] == "critical"
        time.sleep(0.3)
        program.process.terminate()
        assert program.process.wait(PATIENCE) == 143
        assert program.stdout.read() == b""


def test_every_ends_with_its_reader(fsock):
    with Program([fsock.program, "check", "--every", "1h", f"tcp://127.0.0.1:{free_port()}"]) as program:
        assert b"critical" in program.stdout.readline()
        program.stdout.close()
        assert program.process.wait(PATIENCE) == 23


def test_rounds_of_a_list(fsock, tmp_path):
    """Bad lines are told once; a list that is long is asked for again, as a whole."""
    hits = []
    port = serve(lambda c: hits.append(1) or c.recv(1))
    (tmp_path / "list").write_text(f"tcp://127.0.0.1:{port}\n" * 300 + "nosuch://x\n")
    with Program([fsock.program, "check", "--every", "200ms", "-i", tmp_path / "list"]) as program:
        lines = [program.stdout.readline() for _ in range(301)]
        assert sum(b"\tunknown\t" in line for line in lines) == 1
        end = time.monotonic() + PATIENCE
        while len(hits) < 600 and time.monotonic() < end:
            time.sleep(0.05)
        assert len(hits) >= 600
        program.process.terminate()
        assert program.process.wait(PATIENCE) == 143
        assert b"nosuch" not in program.stdout.read()
