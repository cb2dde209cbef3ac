"""What the tests of `fsock talk` have in common: a conversation that is begun, and peers for it,
which others talk to as well."""

import fcntl
import hashlib
import os
import pathlib
import pty
import select
import socket
import struct
import subprocess
import termios
import threading
import time

from conftest import clean_env
from stopwatch import Stopwatch

PATIENCE = 20  # seconds for anything that should be there at once


class Program:
    """A running command. Its standard streams are pipes unless others are given; it is ended, by
    force if need be, with the context, and after 30 seconds, so that no read waits for ever."""

    def __init__(self, words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                 stderr=subprocess.PIPE, env=None, **kw):
        self.words = [w if isinstance(w, bytes) else str(w) for w in words]
        self.process = subprocess.Popen(self.words, bufsize=0, stdin=stdin, stdout=stdout,
                                        stderr=stderr, env=clean_env(**(env or {})), **kw)
        self.stdin, self.stdout = self.process.stdin, self.process.stdout
        self.stderr, self.watch = self.process.stderr, Stopwatch()
        self.errors = ""
        self.watchdog = threading.Timer(30, self.process.kill)
        self.watchdog.daemon = True
        self.watchdog.start()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
        self.watchdog.cancel()
        for stream in (self.stdin, self.stdout, self.stderr):
            if stream:
                stream.close()

    def give(self, data, end=False):
        """Writes to standard input, from a thread, so that nobody waits; perhaps closes it."""
        def run():
            view = memoryview(data)
            try:
                while view:
                    view = view[self.stdin.write(view):]
            except OSError:
                return  # it has ended, and its exit code says why
            if end:
                self.stdin.close()
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    def take(self, n):
        """n bytes of standard output, or those before its end."""
        data = bytearray()
        while len(data) < n:
            piece = self.stdout.read(min(n - len(data), 1 << 20))
            if not piece:
                break
            data += piece
        return bytes(data)

    def take_until(self, word):
        """Standard output up to this word."""
        data = bytearray()
        while word not in data:
            piece = self.stdout.read(1)
            if not piece:
                break
            data += piece
        return bytes(data)

    def line(self, word):
        """The line of standard error with this word."""
        while True:
            line = self.stderr.readline().decode("utf-8", "replace")
            self.errors += line
            assert line, (self.words, self.errors)
            if word in line:
                return line

    def port(self):
        """Where `-l -v` says that it listens."""
        return int(self.line("listening at").rsplit(":", 1)[1])

    def end(self, timeout=PATIENCE):
        """Its exit code, once it has ended; then `rest` is what was left on standard output, `errors`
        all of standard error, and `elapsed` the seconds that it ran. Standard input stays as it is."""
        self.process.stdin = None  # else its end would be told
        out, err = self.process.communicate(timeout=timeout)
        self.watch.stop()
        self.elapsed, self.took = self.watch.seconds, self.watch.between
        self.rest = out or b""
        self.errors += (err or b"").decode("utf-8", "replace")
        return self.process.returncode

    def __repr__(self):
        return f"<{' '.join(map(str, self.words))}: code {self.process.returncode}, {self.errors!r}>"


def talk(fsock, *args, **kw):
    """Begins `fsock talk` with these arguments."""
    return Program([fsock.program, "talk", *args], **kw)


class Terminal:
    """`fsock talk`, or another verb, on a terminal of 40 lines and 100 columns. `front`: a program
    that runs it."""

    def __init__(self, fsock, *args, verb="talk", front=()):
        self.ours, theirs = pty.openpty()
        self.resize(40, 100)
        self.process = subprocess.Popen([*front, fsock.program, verb, *map(str, args)], stdin=theirs,
                                        stdout=theirs, stderr=theirs, start_new_session=not front,
                                        env=clean_env(TERM="xterm"))
        os.close(theirs)
        self.shown = b""

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.ours)

    def resize(self, rows, columns):
        fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("4H", rows, columns, 0, 0))

    def type(self, keys):
        os.write(self.ours, keys)

    def see(self, word):
        """Until this is shown, which then counts no more."""
        end = time.monotonic() + PATIENCE
        while word not in self.shown:
            assert time.monotonic() < end, (word, self.shown)
            if not select.select([self.ours], [], [], 0.1)[0]:
                continue
            try:
                self.shown += os.read(self.ours, 65536)
            except OSError:  # the other end is closed
                assert word in self.shown, self.shown
        before, self.shown = self.shown.split(word, 1)
        return before

    def mode(self):
        """(echo, line by line) of the terminal."""
        flags = termios.tcgetattr(self.ours)[3]
        return bool(flags & termios.ECHO), bool(flags & termios.ICANON)


def serve(play, host="127.0.0.1", family=socket.AF_INET):
    """A TCP server that plays a scene for each connection in a thread of its own; its port."""
    listener = socket.create_server((host, 0), family=family)

    def scene(connection):
        try:
            with connection:
                connection.settimeout(60)
                play(connection)
        except OSError:
            pass  # the other side has had enough

    def run():
        while True:
            threading.Thread(target=scene, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=run, daemon=True).start()
    return listener.getsockname()[1]


def receive_all(connection):
    """What the peer sends up to its end."""
    data = bytearray()
    while piece := connection.recv(1 << 20):
        data += piece
    return bytes(data)


def echo(connection):
    """A scene: send back what comes, and end with the peer."""
    while piece := connection.recv(1 << 16):
        connection.sendall(piece)


def mute(connection):
    """A scene: read, and say nothing."""
    receive_all(connection)


def free_port(kind=socket.SOCK_STREAM):
    """A port of 127.0.0.1 that nobody uses now."""
    with socket.socket(type=kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port):
    """Somebody listens at this port of IPv4 or IPv6. It is not asked, which might end it."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in pathlib.Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rsplit(":", 1)[1], 16) == port:
                return True
    return False


def wait_for(what, *args):
    """Until this is true."""
    end = time.monotonic() + PATIENCE
    while not what(*args):
        assert time.monotonic() < end, (what, args)
        time.sleep(0.01)


def digest(data):
    return hashlib.sha256(data).hexdigest()
