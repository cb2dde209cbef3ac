"""`fsock trace --view network -- COMMAND` shows what `strace -f -e trace=network COMMAND` prints: the same
calls in the same order, with the same descriptors, addresses, sizes, flags, bytes and results."""

import re
import shutil
import subprocess
import sys
import textwrap

import pytest

import test_trace_strace as lines
from conftest import clean_env

pytestmark = [pytest.mark.plain,
              pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")]

PROGRAM = """
    import os, socket, struct, threading
    s = socket.create_server(('127.0.0.1', 0))
    c = socket.socket()
    c.setblocking(False)
    print(c.connect_ex(s.getsockname()))
    a, peer = s.accept()
    c.setblocking(True)
    c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    print(c.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), c.getpeername(), c.getsockname())
    c.sendall(b'hello "you"\\n\\0\\xff')
    print(a.recv(5, socket.MSG_PEEK), a.recv(100), end='')
    try:
        a.recv(10, socket.MSG_DONTWAIT)
    except BlockingIOError:
        pass
    a.send(b'x' * 100, socket.MSG_NOSIGNAL | socket.MSG_MORE)
    if os.fork() == 0:
        print(c.recv(1000))
        c.shutdown(socket.SHUT_WR)
        os._exit(0)
    os.wait()
    print(a.recv(10))
    a.close()
    six = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    six.bind(('::1', 0))
    six.sendto(b'dgram', six.getsockname())
    print(six.recvfrom(100))
    left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    left.send(b'seq')
    print(right.recv(10))
    u = socket.socket(socket.AF_UNIX)
    print(u.connect_ex('/no/such/socket'), u.connect_ex('\\0nothing'))
    try:
        socket.socket(socket.AF_INET, socket.SOCK_SEQPACKET)
    except OSError:
        pass
    t = threading.Thread(target=lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'!', ('127.0.0.1', 9)))
    t.start()
    t.join()
"""


def of_strace(name, args, result):
    if name in ("accept", "accept4"):
        return [args[0]] + [a for a in [lines.address(args[1])] if a] + args[3:]
    if name == "socketpair":
        return args[:3] + [args[3]]
    return lines.of_strace(name, args, result)


def of_ours(name, args, more):
    if name == "socketpair":
        return args
    return lines.of_ours(name, args, more)


def calls(text, ours, convert):
    out = []
    for line in text.splitlines():
        match = lines.LINE.match(line)
        if not match:
            continue
        name, args, result, errno, more = match.groups()
        args = lines.arguments(args)
        args = convert(name, args, more if ours else int(result))
        # Ports of the kernel's choice differ from run to run.
        args = [re.sub(r"(127\.0\.0\.1|0\.0\.0\.0|\[::1\]):[1-9]\d{3,}", r"\1:PORT", str(a or "")) for a in args]
        if name == "socketpair":
            args[3] = re.search(r"(\d+)\]", args[3]).group(1)
        out.append((name, args, int(result), (errno or "").strip()))
    return out


@pytest.mark.parametrize("program", [
    [sys.executable, "-c", textwrap.dedent(PROGRAM)],
    ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/1; echo done | cat"],
])
def test_the_same_as_strace(fsock, tmp, program):
    subprocess.run(["strace", "-f", "-e", "trace=network", "-o", "strace.txt", *program],
                   cwd=tmp, env=clean_env(), capture_output=True, timeout=60, check=False)
    plain = subprocess.run(program, cwd=tmp, env=clean_env(), capture_output=True, timeout=60, check=False)
    result = fsock("trace", "--view", "network", "-o", "ours.txt", "--", *program, cwd=tmp)
    assert result.code == plain.returncode and len(result.text.splitlines()) == len(plain.stdout.splitlines())
    theirs = calls((tmp / "strace.txt").read_text(), False, of_strace)
    ours = calls((tmp / "ours.txt").read_text(), True, of_ours)
    assert [c[0] for c in ours] == [c[0] for c in theirs] and len(theirs)
    for mine, its in zip(ours, theirs):
        assert mine == its
