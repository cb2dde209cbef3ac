"""`fsock trace -- COMMAND`: how commands are started, stopped and ended."""

import os
import pathlib
import pty
import signal
import struct
import subprocess
import sys
import time

import pytest

from conftest import clean_env


def start(fsock, *command, **kw):
    return subprocess.Popen([fsock.program, "trace", "--trace", "/dev/null", "--", *map(str, command)],
                            env=clean_env(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, **kw)


def first_line(process):
    return process.stdout.readline().decode().strip()


def state(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        return f.read().rsplit(")", 1)[1].split()[0]


def wait_until(test, seconds=5):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if test():
            return True
        time.sleep(0.01)
    return False


@pytest.mark.parametrize("command, code", [
    (["true"], 0), (["sh", "-c", "exit 7"], 7), (["sh", "-c", "kill -KILL $$"], 137),
    (["sh", "-c", "kill -SEGV $$"], 139), (["sh", "-c", "sleep 0.1 & exit 3"], 3),
])
def test_exit_codes(fsock, command, code):
    result = fsock("trace", "--", *command)
    assert result.code == code and not result.stderr


def test_not_found(fsock, tmp):
    result = fsock("trace", "--", "no-such-program")
    assert result.code == 127 and "no-such-program" in result.errors
    (tmp / "data").write_text("x")
    result = fsock("trace", "--", tmp / "data")
    assert result.code == 126 and "permission denied" in result.errors


def test_standard_input_is_the_commands(fsock):
    assert fsock("trace", "--", "cat", stdin=b"abc").stdout == b"abc"


def test_environment_and_signals_are_inherited(fsock):
    script = "import signal; print(signal.getsignal(signal.SIGPIPE), signal.pthread_sigmask(0, []))"
    plain = subprocess.run(["python3", "-c", script], capture_output=True, check=True).stdout
    assert fsock("trace", "--", "python3", "-c", script).stdout == plain


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
def test_signals_are_sent_on(fsock, number):
    process = start(fsock, sys.executable, "-u", "-c",
                    f"import signal, sys\n"
                    f"signal.signal({int(number)}, lambda *a: sys.exit(42))\n"
                    f"print('ready')\n"
                    f"signal.pause()\n")
    assert first_line(process) == "ready"
    process.send_signal(number)
    process.communicate(timeout=10)
    assert process.returncode == 42


def test_a_signal_that_ends_the_command(fsock):
    process = start(fsock, "sh", "-c", "echo ready; exec sleep 60")
    assert first_line(process) == "ready"
    time.sleep(0.2)
    process.terminate()
    process.communicate(timeout=10)
    assert process.returncode == 143


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP])
def test_signals_end_what_the_command_left_behind(fsock, number):
    """Also what a shell has put into the background, which ignores INT and QUIT."""
    process = start(fsock, "sh", "-c", "sleep 60 & echo ready; exit 3")
    assert first_line(process) == "ready"
    time.sleep(0.5)
    process.send_signal(number)
    process.communicate(timeout=10)
    assert process.returncode == 3


def test_handlers_run_and_calls_go_on(fsock, tmp):
    """A signal in the middle of a recv: the handler runs, and the call is taken up again."""
    script = """
import signal, socket, threading, time, os
a, b = socket.socketpair()
hit = []
signal.signal(signal.SIGALRM, lambda *x: hit.append(1))
signal.setitimer(signal.ITIMER_REAL, 0.05)
threading.Timer(0.2, lambda: b.sendall(b'late')).start()
print(a.recv(10), hit)
"""
    result = fsock("trace", "--view", "network", "--", sys.executable, "-c", script)
    assert result.stdout == b"b'late' [1]\n" and "EINTR" in result.errors


def test_stop_and_continue(fsock):
    """A group-stop stays one until SIGCONT, and what slept goes on sleeping. In a group of its own,
    since SIGTSTP stops nobody in one that is orphaned (setpgid(2))."""
    process = start(fsock, sys.executable, "-u", "-c",
                    "import os, select, socket\n"
                    "a, b = socket.socketpair()\n"
                    "print(os.getpid())\n"
                    "p = select.poll()\n"
                    "p.register(a, select.POLLIN)\n"
                    "print(p.poll(3000))\n", process_group=0)
    pid = int(first_line(process))
    time.sleep(0.1)
    for number in (signal.SIGSTOP, signal.SIGTSTP):
        os.kill(pid, number)
        assert wait_until(lambda: state(pid) in "tT")
        time.sleep(0.15)
        assert state(pid) in "tT"
        os.kill(pid, signal.SIGCONT)
        assert wait_until(lambda: state(pid) == "S")
    out, _ = process.communicate(timeout=10)
    assert out == b"[]\n" and process.returncode == 0


def test_killed_in_the_middle(fsock):
    process = start(fsock, "sh", "-c", "echo $$; exec python3 -c 'import socket\n"
                    "while 1: socket.socket().close()'")
    pid = int(first_line(process))
    time.sleep(0.3)
    os.kill(pid, signal.SIGKILL)
    process.communicate(timeout=10)
    assert process.returncode == 137


def test_nothing_outlives_us(fsock):
    process = start(fsock, "sh", "-c", "sleep 60 & echo $!; wait")
    pid = int(first_line(process))
    process.kill()
    process.communicate(timeout=10)
    assert wait_until(lambda: not os.path.exists(f"/proc/{pid}") or state(pid) == "Z")


def test_children_are_waited_for(fsock):
    started = time.monotonic()
    assert fsock("trace", "--", "sh", "-c", "sleep 0.4 & exit 0").code == 0
    assert time.monotonic() - started >= 0.35


def test_a_thread_executes_another_program(fsock):
    script = """
import os, threading, time
for _ in range(8):
    threading.Thread(target=time.sleep, args=(9,), daemon=True).start()
threading.Thread(target=lambda: os.execvp('echo', ['echo', 'done'])).start()
time.sleep(9)
"""
    result = fsock("trace", "--", sys.executable, "-c", script, timeout=8)
    assert result.code == 0 and result.stdout == b"done\n"


@pytest.mark.plain
def test_other_calls_are_fast(fsock):
    """A million calls that are of no interest cost next to nothing: they don't stop."""
    script = "import os\nfor _ in range(300000): os.getppid()"
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", script], check=True)
    plain = time.monotonic() - started
    assert fsock("trace", "--", sys.executable, "-c", script).elapsed < 3 * plain + 1


# ---- What is forbidden ----


@pytest.fixture
def forbidden(fsock, tmp, site):
    """Traces a fetch with a system call forbidden to us; (result, the connects)."""

    def run(name):
        words = [sys.executable, str(pathlib.Path(__file__).with_name("forbid.py")), name, fsock.program, "trace",
                 "--view", "network", "--", fsock.program, "get", "-o", "body", site.url("/plain/10")]
        # The leak checker of a build with sanitizers would need ptrace itself.
        env = clean_env(ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0")
        result = subprocess.run(words, cwd=tmp, env=env, capture_output=True, timeout=30, check=False)
        return result, [line for line in result.stderr.decode().splitlines() if str(site.http) in line]

    return run


@pytest.mark.parametrize("name", ["seccomp", "process_vm_readv"])
def test_other_ways(forbidden, name):
    """Without a filter every call stops; without process_vm_readv memory is read as a file."""
    result, lines = forbidden(name)
    assert result.returncode == 0 and lines[0].startswith("connect(") and '"GET /plain/10 ' in result.stderr.decode()


def test_tracing_is_forbidden(forbidden):
    result, lines = forbidden("ptrace")
    assert result.returncode == 126 and not lines
    assert b"tracing is forbidden" in result.stderr and b"SYS_PTRACE" in result.stderr


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the program is for x86")
def test_a_program_of_32_bits(fsock, tmp):
    """exit(7) by int 0x80, in an ELF file of its own."""
    code = bytes.fromhex("b801000000" "bb07000000" "cd80")
    base, header = 0x8048000, 52 + 32
    elf = b"\x7fELF\x01\x01\x01" + bytes(9) + struct.pack(
        "<HHIIIIIHHHHHH", 2, 3, 1, base + header, 52, 0, 0, 52, 32, 1, 0, 0, 0)
    elf += struct.pack("<IIIIIIII", 1, 0, base, base, header + len(code), header + len(code), 5, 0x1000)
    (tmp / "tiny").write_bytes(elf + code)
    (tmp / "tiny").chmod(0o755)
    result = fsock("trace", "--", tmp / "tiny")
    if result.code == 126:
        pytest.skip("this kernel runs no 32-bit programs")
    assert result.code == 7 and "aren't decoded" in result.errors


def test_io_uring(fsock):
    number = {"x86_64": 425, "aarch64": 425}[os.uname().machine]
    script = f"import ctypes; print(ctypes.CDLL(None).syscall({number}, 1, ctypes.create_string_buffer(256)))"
    result = fsock("trace", "--", sys.executable, "-c", script)
    assert ("io_uring" in result.errors) == (int(result.text) >= 0)


# ---- A terminal ----


def at_terminal(fsock, keys, *command):
    """Runs a command at a terminal of its own, and types keys when it has printed a line; the status."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(fsock.program, [fsock.program, "trace", "--trace", "/dev/null", "--", *command], clean_env())
    try:
        out = b""
        while b"\n" not in out:
            out += os.read(fd, 1000)
        time.sleep(0.1)
        for key in keys:
            os.write(fd, key)
            time.sleep(0.2)
        end = time.monotonic() + 10
        while time.monotonic() < end:
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.01)
        raise AssertionError("it did not end")
    finally:
        os.close(fd)


def test_ctrl_c(fsock):
    assert at_terminal(fsock, [b"\x03"], "sh", "-c", "echo ready; exec sleep 60") == 130


def test_a_command_that_wants_ctrl_c(fsock):
    """The first is the command's affair; and it gets it once."""
    script = "import signal, sys\nhits = []\nsignal.signal(2, lambda *a: hits.append(1))\nprint('ready', flush=True)\n" \
        "while len(hits) < 2: signal.pause()\nsys.exit(40 + len(hits))"
    assert at_terminal(fsock, [b"\x03", b"\x03"], sys.executable, "-c", script) == 42


def test_nobody_reads(fsock, tmp):
    """The reader of the lines goes away: the command goes on."""
    script = f"{fsock.program} trace -- sh -c 'sleep 0.3; python3 -c \"import socket; socket.socket()\"; " \
        f"echo done > {tmp}/done' 2>&1 >/dev/null | true"
    subprocess.run(["sh", "-c", script], env=clean_env(), timeout=20, check=True)
    assert wait_until((tmp / "done").exists)
