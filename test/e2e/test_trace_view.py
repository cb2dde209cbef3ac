"""fsock trace: views, filters, bad files, files to write, readers that go away; the manual."""

import json
import os
import pathlib
import re
import signal
import subprocess
import time

import pytest

from conftest import clean_env

MANUAL = (pathlib.Path(__file__).parents[2] / "man" / "fsock-trace.1").read_text()
RUN = {"event": "run", "schema_version": 1, "run": "9f", "time": 1764118772.5, "mono": 1.5,
       "program": "fsock 1", "pid": 1, "args": ["get"]}
CLOSE = {"t": 0.5, "event": "call", "call": "close", "id": 1, "conn": 1, "fd": 3, "ret": 0}


def lines(*events):
    return "".join(e if isinstance(e, str) else json.dumps(e) + "\n" for e in events)


@pytest.fixture
def trace(site, fsock, tmp):
    """A trace of two transfers, of which the second fails."""
    fsock("get", "--trace", "t.jsonl", "--trace-calls", "-s", "-P", "1", site.url("/plain/5"), "http://127.0.0.1:1/",
          cwd=tmp)
    return tmp / "t.jsonl"


@pytest.fixture
def show(fsock, tmp):
    def run(*args, **kw):
        return fsock("trace", *args, cwd=tmp, **kw)
    return run


# ---- views ----

def test_views(trace, show):
    everything = show(trace.name)
    assert everything.code == 0 and not everything.stderr
    for view in ("network", "connect"):
        some = show("--view", view, trace.name)
        assert some.code == 0 and "#" not in some.text
        assert {re.sub(r"^\[\d+\] ", "", line) for line in some.lines} <= \
               {re.sub(r"^\[\d+\] ", "", line) for line in everything.lines}
    assert "] # request GET" in everything.text or "# request GET" in everything.text
    assert show("--view", "network", trace.name).lines[0].startswith("socket(AF_INET, SOCK_STREAM|")
    assert "[ECONNREFUSED]" in show("--view", "connect", trace.name).text


def test_steps_alone(fsock, show, tmp):
    fsock("get", "--trace", "t.jsonl", "-s", "http://127.0.0.1:1/", "http://127.0.0.1:2/", cwd=tmp)
    for view in "network", "connect":
        shown = show("--view", view, "t.jsonl")
        assert shown.code == 0 and not shown.stdout
        assert b"no system calls" in shown.stderr and b"--trace-calls" in shown.stderr
    assert not show("t.jsonl").stderr


def test_times(trace, show):
    def column(*args):
        return [re.search(r"(?:^|\] )([\d.:]+) ", line)[1] for line in show(*args, trace.name).lines]
    run = [float(t) for t in column("-t")]
    assert run == sorted(run)
    assert abs(sum(float(t) for t in column("-r")) - run[-1]) < 0.01
    assert all(re.fullmatch(r"\d\d:\d\d:\d\d\.\d{6}", t) for t in column("-tt"))


def test_filters(trace, show):
    failed = show("--failed", trace.name)
    assert failed.code == 0
    assert "127.0.0.1:1" in failed.text and "plain" not in failed.text
    assert "socket(" in failed.text
    first = show("--id", "1", trace.name)
    assert "plain" in first.text and "127.0.0.1:1)" not in first.text and "socket(" in first.text
    assert show("--host", "nowhere.example", trace.name).text == ""
    assert show("--host", "127.0.0.1", "--failed", trace.name).text == failed.text
    both = show("--failed", "nothing", trace.name)
    assert both.code == 26 and both.text == failed.text and both.errors.count("\n") == 1
    assert show("--conn", "99", trace.name).text == show("--since", "1h", trace.name).text == ""
    assert show("--until", "1h", trace.name).text == show(trace.name).text


def test_files_and_standard_input(trace, show):
    once = show(trace.name)
    assert show("-", stdin=trace.read_bytes()).text == once.text
    assert show(trace.name, "-", trace.name, stdin=trace.read_bytes()).text == 3 * once.text


# ---- bad files ----

def test_bad_lines_are_told_at_the_end(show):
    text = lines(RUN, "garbage\n", CLOSE, *["[1]\n"] * 9, {"event": "soon", "t": 1}, '{"t":0.7,"eve')
    result = show("-", stdin=text.encode())
    assert result.code == 0 and result.text == "close(3) = 0\n"
    errors = result.errors.splitlines()
    assert len(errors) == 6 and errors[-1] == "fsock: trace: 6 more lines can't be understood"
    assert errors[0].startswith("fsock: trace: standard input: line 2: it is no JSON")


def test_what_is_no_trace(show, tmp):
    (tmp / "text").write_text("hello\n")
    (tmp / "newer").write_text(lines({"event": "run", "schema_version": 2}, CLOSE))
    (tmp / "empty").write_text("")
    assert show("text").code == 26
    newer = show("newer")
    assert newer.code == 26 and "schema_version 2" in newer.errors and not newer.text
    assert show("empty").code == 0
    for name in ("nothing", "."):
        result = show(name)
        assert result.code == 26 and name in result.errors
    (tmp / "good").write_text(lines(RUN, CLOSE))
    both = show("nothing", "good")
    assert both.code == 26 and both.text == "close(3) = 0\n"


def test_nothing_steers_the_terminal(show):
    evil = "\x1b[31m\x07\n\u202e\u009b"
    events = [dict(CLOSE, call=evil, **{"a" + evil: evil}), dict(CLOSE, call="connect", addr=evil),
              {"t": 1, "event": "done", "why": evil}, {"t": 1, "event": "start", "url": evil},
              {"t": 1, "event": "start", "k" + evil: 7}]
    result = show("-", stdin=(lines(RUN, *events) + evil + "\n" + evil).encode())
    for byte in ("\x1b", "\x07", "\u202e", "\u009b"):
        assert byte not in result.text and byte not in result.errors
    assert len(result.lines) == 5


@pytest.mark.parametrize("words", [[], ["--view", "odd", "x"], ["-", "-"], ["-t", "-r", "x"], ["-ttt", "x"],
                                   ["--since", "2", "--until", "1", "x"], ["--failed", "-"], ["--id", "0", "x"]])
def test_command_lines_that_make_no_sense(show, words):
    result = show(*words, stdin=b"")
    assert result.code == 2 and result.errors.count("\n") == 1 and not result.text


# ---- where it goes ----

def test_into_a_file(trace, show, tmp):
    text = show(trace.name).text
    result = show("-o", "out", trace.name)
    assert result.code == 0 and not result.text and (tmp / "out").read_text() == text
    assert not (tmp / "out.part").exists()
    (tmp / "kept").write_text("kept")
    assert show("-o", "kept", "nothing").code == 26
    assert (tmp / "kept").read_text() == "kept" and not (tmp / "kept.part").exists()
    assert show("-o", "no/such/place", trace.name).code == 23
    assert show("-o", ".", trace.name).code == 23
    assert show("-o", "/dev/full", trace.name).code == 23
    assert show("-o", "/dev/null", trace.name).code == 0


def test_outputs_that_fail(fsock, trace):
    for to, code in (("/dev/full", 23), ("&-", 23)):
        command = f"'{fsock.program}' trace '{trace}' >{to}"
        result = subprocess.run(["sh", "-c", command], env=clean_env(), capture_output=True, timeout=20)
        assert result.returncode == code and b"can't write standard output" in result.stderr


def test_a_reader_that_goes_away(fsock, tmp):
    (tmp / "big").write_text(lines(RUN) + lines(CLOSE) * 100000)
    command = f"'{fsock.program}' trace big | head -n 1"
    result = subprocess.run(["sh", "-c", command], env=clean_env(), cwd=tmp, capture_output=True, timeout=20)
    assert result.stdout == b"close(3) = 0\n" and not result.stderr


def test_lines_come_as_they_are_written(fsock):
    with subprocess.Popen([fsock.program, "trace", "-"], env=clean_env(), stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdin.write(lines(RUN, CLOSE).encode())
        process.stdin.flush()
        assert process.stdout.readline() == b"close(3) = 0\n"
        process.stdin.close()
        assert process.wait(10) == 0


@pytest.mark.plain
@pytest.mark.parametrize("to_file", [False, True])
def test_ctrl_c(fsock, tmp, to_file):
    (tmp / "out").write_text("kept")
    words = ["-o", "out"] if to_file else []
    with subprocess.Popen([fsock.program, "trace", *words, "-"], env=clean_env(), cwd=tmp,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)) as process:
        process.stdin.write(lines(RUN, CLOSE).encode())
        process.stdin.flush()
        if to_file:
            while not (tmp / "out.part").exists():
                time.sleep(0.01)
            time.sleep(0.1)
        else:
            assert process.stdout.readline() == b"close(3) = 0\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130
        assert not process.stderr.read()
    assert (tmp / "out").read_text() == "kept" and not (tmp / "out.part").exists()


# ---- the manual ----

def section(name):
    return MANUAL.split(f".Sh {name}\n")[1].split("\n.Sh ")[0]


def test_help_and_manual_list_the_same(show):
    rows = re.findall(r"^  (?:-(\w), |    )--([\w.-]+)", show("--help").text, re.M)
    told = re.findall(r"^\.It Fl (?:(\w) , )?-([\w.-]+)", section("OPTIONS"), re.M)
    assert len(rows) > 8 and set(rows) == set(told)
    assert max(len(line) for line in show("--help").lines) <= 80


def test_every_event_is_in_the_manual():
    header = (pathlib.Path(__file__).parents[2] / "src/base/trace.c").read_text()
    known = set(re.findall(r'^    \[FSOCK_MARK_\w+\] = "([\w-]+)"', header, re.M))
    told = " ".join(re.findall(r"^\.It Cm (.*)$", section("EVENTS"), re.M))
    assert len(known) > 20 and known - {"call"} == set(told.replace(",", " ").split())


def test_every_member_is_in_the_manual(trace):
    told = set(re.findall(r"[\w-]+", " ".join(re.findall(r"Va (.*)", MANUAL) + re.findall(
        r"^\.Va (.*)", MANUAL, re.M)))) | {"event"}
    members = {key for line in trace.read_text().splitlines() for key in json.loads(line)}
    assert members <= told, members - told


@pytest.mark.parametrize("command", re.findall(r"^\.Dl \$ (.*)$", section("EXAMPLES"), re.M))
def test_examples(build, site, tmp, trace, command):
    """As they stand, but for the host."""
    (tmp / "list.jsonl").write_bytes(trace.read_bytes())
    (tmp / "urls.txt").write_text(site.url("/plain/5") + "\n")
    command = command.replace("http://example.org/", site.url("/plain/5"))
    env = clean_env(PATH=f"{build / 'cli'}:{os.environ['PATH']}")
    result = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=tmp, env=env,
                            capture_output=True, timeout=30)
    lines = " -- " in command and "--trace" not in command  # of a command, on standard error
    assert result.returncode == 0 and bool(result.stderr) == lines, result
