"""lab.py - what the benchmarks and test/accept/ share: servers of their own, and costs of commands.

Everything here lives in a `with`: servers are ended and folders removed however it ends, by Ctrl-C
and SIGTERM too. Servers run on SERVER_CPU, measured commands on CLIENT_CPU; on a machine with one
CPU nothing is pinned. Traffic stays on loopback.
"""
import contextlib
import dataclasses
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.dont_write_bytecode = True

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = pathlib.Path(os.environ.get('FSOCK_BUILD') or ROOT / 'build').resolve()
FSOCK = str(BUILD / 'cli/fsock')
MEASURE = str(BUILD / 'bench/fsock-measure')
SITE = str(BUILD / 'test/site/fsock-site')
SERVER_CPU, CLIENT_CPU = (0, 1) if (os.cpu_count() or 1) > 1 else (-1, -1)
READY_SECONDS = 20  # how long a server may take to come up
HARD_SECONDS = 600  # when a command that does not return is killed
SKIPPED = 77  # the exit code that says: can't be tested here

# Nothing outside decides: no proxies, no configuration of the user's, the C locale.
ENV = {name: value for name, value in os.environ.items() if not name.lower().endswith('_proxy')}
ENV.update({'LC_ALL': 'C', 'TERM': 'dumb', 'HOME': '/nonexistent'})


def stop_on_sigterm():
    """Makes SIGTERM and SIGHUP run every `finally`, as Ctrl-C does (in the background, too)."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: sys.exit(128 + number))


@contextlib.contextmanager
def folder(parent=None):
    """A temporary directory."""
    path = pathlib.Path(tempfile.mkdtemp(prefix='fsock-lab-', dir=parent))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def memory_folder():
    """A temporary directory in memory, where there is one: a disk's moods are not the client's."""
    return folder('/dev/shm' if os.access('/dev/shm', os.W_OK) else None)


def end(process):
    """Ends a process that we started, and waits for it."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait()


def pin_server():
    if SERVER_CPU >= 0:
        os.sched_setaffinity(0, {SERVER_CPU})


def fetch(url):
    """A small body, by Python's own client."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=READY_SECONDS) as answer:
        return answer.read()


# ---- Servers -------------------------------------------------------------------------------------

def free_ports(count):
    """Ports of 127.0.0.1 that are free now."""
    with contextlib.ExitStack() as stack:
        socks = [stack.enter_context(socket.socket()) for _ in range(count)]
        for sock in socks:
            sock.bind(('127.0.0.1', 0))
        return [sock.getsockname()[1] for sock in socks]


def make_certificate(path):
    """A self-signed certificate for 127.0.0.1: path/cert.pem and path/key.pem."""
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
                    'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=fsock-lab',
                    '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost',
                    '-keyout', path / 'key.pem', '-out', path / 'cert.pem'],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


NGINX_CONF = '''\
daemon off;
master_process off;
pid nginx.pid;
error_log error.log;
worker_rlimit_nofile {nofile};
events {{ worker_connections {nofile}; multi_accept on; }}
http {{
    access_log off;
    default_type text/plain;
    keepalive_requests 100000000;
    keepalive_timeout 600s;
    open_file_cache max=1000 inactive=600s;
    open_file_cache_valid 600s;
    client_body_temp_path temp; proxy_temp_path temp; fastcgi_temp_path temp;
    uwsgi_temp_path temp; scgi_temp_path temp;
    ssl_certificate cert.pem;
    ssl_certificate_key key.pem;
    ssl_session_cache shared:tls:10m;
    server {{ listen 127.0.0.1:{status}; location / {{ stub_status; }} }}
    server {{
        listen 127.0.0.1:{http} backlog=4096;
        listen 127.0.0.1:{https} ssl backlog=4096;
        listen 127.0.0.1:{http2} ssl http2 backlog=4096;
{server}
    }}
{more}
}}
'''


class Nginx:
    """An nginx of one process. `server` is what stands in its server block, `more` beside it."""

    def __init__(self, path, server, more=''):
        self.path = pathlib.Path(path)
        self.port, self.tls_port, self.http2_port, self.status_port = free_ports(4)
        self.nofile = min(20000, fd_limit())
        (self.path / 'temp').mkdir()
        make_certificate(self.path)
        (self.path / 'nginx.conf').write_text(NGINX_CONF.format(
            status=self.status_port, http=self.port, https=self.tls_port, http2=self.http2_port,
            nofile=self.nofile, server=server, more=more))
        self.process = None

    def __enter__(self):
        self.process = subprocess.Popen(
            ['nginx', '-p', f'{self.path}/', '-c', 'nginx.conf', '-e', 'error.log'],
            preexec_fn=pin_server, env=ENV, stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            self.wait_ready()
        except BaseException:
            end(self.process)
            raise
        return self

    def __exit__(self, *_):
        end(self.process)

    def wait_ready(self):
        deadline = time.monotonic() + READY_SECONDS
        while True:
            with contextlib.suppress(OSError):
                return self.served()
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError('nginx did not start: ' + (self.path / 'error.log').read_text())
            time.sleep(0.02)

    def served(self):
        """(connections accepted, requests answered) so far, without those of this question."""
        text = fetch(f'http://127.0.0.1:{self.status_port}/').decode()
        accepted, _, requests = map(int, re.search(r'(\d+) (\d+) (\d+)', text).groups())
        self.asked = getattr(self, 'asked', 0) + 1
        return accepted - self.asked, requests - self.asked

    @property
    def ca(self):
        """The certificate to trust."""
        return str(self.path / 'cert.pem')

    def url(self, path, tls=False, http2=False):
        port = self.http2_port if http2 else self.tls_port if tls else self.port
        return f'{"https" if tls else "http"}://127.0.0.1:{port}{path}'


class Site:
    """A running fsock-site; site.ports['http'] and so on are its ports."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.process = None

    def __enter__(self):
        self.process = subprocess.Popen(
            [SITE, '--stdin', '--cert-dir', str(self.path)], stdin=subprocess.PIPE, env=ENV,
            stdout=subprocess.PIPE, preexec_fn=pin_server, start_new_session=True)
        self.ports = json.loads(self.process.stdout.readline() or '{}')
        if not self.ports:
            raise RuntimeError(f'fsock-site did not start: {self.process.wait()}')
        return self

    def __exit__(self, *_):
        end(self.process)

    @property
    def ca(self):
        return str(self.path / 'ca.pem')

    def url(self, path, service='http'):
        return f'http://127.0.0.1:{self.ports[service]}{path}'

    def lines(self, path):
        return fetch(self.url(path)).decode().splitlines()

    def stats(self):
        return json.loads(fetch(self.url('/stats')))


# ---- Commands ------------------------------------------------------------------------------------

@dataclasses.dataclass
class Cost:
    """What a run cost: seconds, seconds, KiB; and how it ended: exit code or minus the signal."""
    wall: float
    cpu: float
    rss: int
    code: int


def fd_limit():
    """The most open files a process here may ask for."""
    import resource
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def limiter(nofile):
    """Sets the limit of open files in a child."""
    def set_limit():
        import resource
        resource.setrlimit(resource.RLIMIT_NOFILE, (nofile, nofile))
    return set_limit


@contextlib.contextmanager
def started(command, report, *, stdin=None, stdout=None, stderr=None, nofile=None):
    """The command, running under fsock-measure; killed with all of its own if still there."""
    process = subprocess.Popen(
        [MEASURE, str(report), str(CLIENT_CPU), *map(str, command)],
        stdin=stdin or subprocess.DEVNULL, stdout=stdout or subprocess.DEVNULL,
        stderr=stderr or subprocess.DEVNULL, env=ENV, start_new_session=True,
        preexec_fn=limiter(nofile or fd_limit()))
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def measure(command, **how):
    """Runs a command to its end: its Cost."""
    with tempfile.TemporaryDirectory(prefix='fsock-lab-') as path:
        report = pathlib.Path(path) / 'report'
        with started(command, report, **how) as process:
            process.wait(HARD_SECONDS)
        return read_report(report)


def read_report(path):
    wall, user, system, rss, code = path.read_text().split()
    return Cost(float(wall), float(user) + float(system), int(rss), int(code))


def child_of(process):
    """The process id of the command that runs under fsock-measure."""
    path = f'/proc/{process.pid}/task/{process.pid}/children'
    while process.poll() is None:
        with contextlib.suppress(OSError, ValueError, IndexError):
            return int(pathlib.Path(path).read_text().split()[0])
        time.sleep(0.001)
    return None


def median(costs):
    """The median of each figure; the code is that of the worst run."""
    middle = [statistics.median(getattr(cost, name) for cost in costs)
              for name in ('wall', 'cpu', 'rss')]
    return Cost(*middle, max((cost.code for cost in costs), key=abs))


def installed(program):
    return shutil.which(program) is not None


# ---- Verdicts ------------------------------------------------------------------------------------

class Verdict:
    """Prints each thing that must hold and whether it does; `code` is what to exit with."""

    def __init__(self):
        self.failed = 0

    def say(self, holds, text):
        self.failed += not holds
        print(f'  {"holds" if holds else "FAILS"}  {text}', flush=True)

    @property
    def code(self):
        print('FAIL' if self.failed else 'PASS', flush=True)
        return 1 if self.failed else 0


def skip(why):
    print(f'SKIP: {why}', flush=True)
    sys.exit(SKIPPED)
