"""tools/demo.py - what tools/demo shows once fsock is built.

First the main job: a list of a hundred pages of the project's own site, a few of which are broken.
Then the promise: one second was asked for, and the peer does its worst. The same is asked of the
tools that are installed, by the option with which their manuals limit time.

Everything happens in a network and mount namespace of the demo's own, with a resolv.conf that
names a silent server. Where the system allows no such thing, it happens on loopback, and only
fsock, which can be told about name servers, meets the silent one.

Exit code 0 if fsock kept its promise, and fetched what can be fetched; else 1.
"""
import fcntl
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = pathlib.Path(os.environ.get('FSOCK_BUILD') or ROOT / 'build').resolve()
FSOCK = str(BUILD / 'cli' / 'fsock')
SITE = str(BUILD / 'test' / 'site' / 'fsock-site')

ASKED = 1.0      # seconds
GRACE = 0.1      # what a whole process may take on top, on a machine that is not late itself
GIVE_UP = 12.0   # seconds after which a command that goes on is ended by us
IN_NAMESPACE = 'FSOCK_DEMO_IN_NAMESPACE'

# Pages that can't be fetched, and why; with services other than http in front.
BROKEN = [
    ('http', '/drip-body', 'a byte each half second'),
    ('http', '/truncated', 'ends before its length'),
    ('http', '/no-last-chunk', 'ends before its last chunk'),
    ('http', '/bad-crc-gzip', 'a wrong checksum'),
    ('http', '/two-lengths', 'two lengths that differ'),
    ('http', '/reset-body', 'a reset in the middle'),
    ('http', '/endless-headers', 'a header without end'),
    ('http', '/redirect-loop', 'leads to itself'),
    ('tcp-refused', '/', 'nobody listens'),
    ('tls-expired', '/', 'a certificate of yesterday'),
    ('tls-wronghost', '/', "somebody else's certificate"),
]

# Pages of the good list whose status is 400 or above: in a list that is a failure.
REFUSED = ['/status/4', '/status/5', '/early-response']


def php(to, port):
    return (f'$f = @fsockopen("{to}", {port}, $errno, $text, 1);'
            'if ($f && stream_set_timeout($f, 1)) stream_get_contents($f);')


# Each tool's commands for the three peers; None: it can't do that. {name} and so on are filled in.
TOOLS = [  # program, how it is asked, by name, over TLS, plain
    ('fsock get', 'fsock get -m 1',
     ['-m', '1', 'http://{name}/'],
     ['-m', '1', 'https://{tls}/'],
     ['-m', '1', 'http://{drip}/']),
    ('fsock talk', 'fsock talk -m 1',
     ['-m', '1', '{name}', '80'],
     ['-m', '1', 'tls://{tls}'],
     ['-m', '1', '{drip}']),
    ('curl', 'curl -m 1 --connect-timeout 1',
     ['-qs', '-m', '1', '--connect-timeout', '1', 'http://{name}/'],
     ['-qs', '-m', '1', '--connect-timeout', '1', 'https://{tls}/'],
     ['-qs', '-m', '1', '--connect-timeout', '1', 'http://{drip}/']),
    ('wget2', 'wget2 --timeout=1 --tries=1',
     ['-q', '--no-config', '-O/dev/null', '--timeout=1', '--tries=1', 'http://{name}/'],
     ['-q', '--no-config', '-O/dev/null', '--timeout=1', '--tries=1', 'https://{tls}/'],
     ['-q', '--no-config', '-O/dev/null', '--timeout=1', '--tries=1', 'http://{drip}/']),
    ('nc', 'nc -w 1',
     ['-w', '1', '{name}', '80'],
     None,
     ['-w', '1', '127.0.0.1', '{drip_port}']),
    ('ncat', 'ncat -w 1 -i 1',
     ['-w', '1', '-i', '1', '{name}', '80'],
     ['--ssl', '-w', '1', '-i', '1', '127.0.0.1', '{tls_port}'],
     ['-w', '1', '-i', '1', '127.0.0.1', '{drip_port}']),
    ('socat', 'socat -T 1, connect-timeout=1',
     ['-T', '1', '-', 'tcp:{name}:80,connect-timeout=1'],
     ['-T', '1', '-', 'openssl:{tls},verify=0,connect-timeout=1'],
     ['-T', '1', '-', 'tcp:{drip},connect-timeout=1']),
    ('php', 'php fsockopen(..., 1)',
     ['-r', php('{name}', 80)],
     ['-r', php('tls://127.0.0.1', '{tls_port}')],
     ['-r', php('127.0.0.1', '{drip_port}')]),
    ('openssl', 'openssl s_client (has none)',
     ['s_client', '-connect', '{name}:443'],
     ['s_client', '-connect', '{tls}'],
     ['s_client', '-connect', '{tls_drip}']),
]
PEERS = ['silent DNS', 'silent TLS', 'dripping']


# ---- Processes and the namespace -----------------------------------------------------------------

class Processes:
    """All that was started; whatever happens, end() ends it."""

    def __init__(self):
        self.started = []
        self.over = False
        self.lock = threading.Lock()

    def start(self, words, **how):
        with self.lock:
            if self.over:
                sys.exit()  # only this thread
            process = subprocess.Popen(words, **how)
            self.started.append(process)
        return process

    def end(self):
        with self.lock:
            self.over = True
            for process in self.started:
                if process.poll() is None:
                    process.kill()
                    process.wait()


def enter_namespace():
    """Goes on in namespaces of our own, if that can be had: root has them, others perhaps."""
    if IN_NAMESPACE in os.environ or not shutil.which('unshare'):
        return
    words = ['unshare', '--net', '--mount'] + ([] if os.getuid() == 0 else ['--map-root-user'])
    try_it = [*words, 'mount', '-t', 'tmpfs', 'none', '/mnt']
    quiet = {'stdout': subprocess.DEVNULL, 'stderr': subprocess.DEVNULL}
    if subprocess.run(try_it, **quiet).returncode == 0:
        os.environ[IN_NAMESPACE] = '1'
        os.execvp(words[0], [*words, sys.executable, os.path.abspath(__file__)])


def raise_loopback():
    """What `ip link set lo up` does: SIOCGIFFLAGS, SIOCSIFFLAGS with IFF_UP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        request = struct.pack('16sH22x', b'lo', 0)
        flags = struct.unpack('16sH22x', fcntl.ioctl(s, 0x8913, request))[1]
        fcntl.ioctl(s, 0x8914, struct.pack('16sH22x', b'lo', flags | 1))


def put_in_place_of(path, text, folder):
    """Inside our mount namespace only, the file at path has this text."""
    if os.path.exists(path):
        source = folder / os.path.basename(path)
        source.write_text(text)
        subprocess.run(['mount', '--bind', source, path], check=True)


def silence_names(folder):
    """In our namespaces every name is asked of a silent server: two sockets that nobody reads."""
    raise_loopback()
    put_in_place_of('/etc/resolv.conf', 'nameserver 127.0.0.1\n', folder)
    put_in_place_of('/etc/nsswitch.conf', 'hosts: files dns\n', folder)
    if os.path.isdir('/run/nscd'):
        subprocess.run(['mount', '-t', 'tmpfs', 'none', '/run/nscd'], check=True)
    sockets = [socket.socket(socket.AF_INET, kind) for kind in
               (socket.SOCK_DGRAM, socket.SOCK_STREAM)]
    for s in sockets:
        s.bind(('127.0.0.1', 53))
    sockets[1].listen()
    return sockets


# ---- The main job --------------------------------------------------------------------------------

def show_command(words):
    print('$', words)


def fetch_the_list(ports, folder):
    """Returns what went otherwise than it should: lines for people."""
    base = f'http://127.0.0.1:{ports["http"]}'
    urls = subprocess.run([FSOCK, 'get', f'{base}/list.txt'], check=True, stdout=subprocess.PIPE,
                          text=True).stdout.split()
    why = {}
    for service, path, about in BROKEN:
        scheme = 'https' if service.startswith('tls') else 'http'
        why[f'{scheme}://127.0.0.1:{ports[service]}{path}'] = about
    for url in urls:
        if any(path in url for path in REFUSED):
            why[url] = 'a status of 400 and above'
    urls = list(dict.fromkeys([*urls, f'{base}/huge/100000000', f'{base}/huge-gzip/100000000',
                               *why]))
    (folder / 'urls.txt').write_text('\n'.join(urls) + '\n')

    print(f"""{len(urls)} pages of the project's own site: plain, chunked, gzip, br, zstd, redirects
and slow ones, two of 100 MB, and {len(why)} that fail on purpose (--retry 0: they would fail again).
A record for each, as it ends:
""")
    show_command('fsock get -L -m 1 --retry 0 --cacert ca.pem -i urls.txt >records')
    with open(folder / 'records', 'wb') as records:
        code = subprocess.run([FSOCK, 'get', '-L', '-m', '1', '--retry', '0', '--cacert',
                               folder / 'ca.pem', '-i', folder / 'urls.txt'], stdout=records).returncode
    print(f'(exit code {code}: {"some failed" if code == 110 else "not what was expected"})\n')

    lines = (folder / 'records').read_text().splitlines()
    failed = [line for line in lines if not line.startswith('ok\t')]
    show_command('grep -m 5 ^ok records')
    show_records([line for line in lines if line.startswith('ok\t')][:5], {})
    show_command('grep -v ^ok records')
    show_records(failed, why)

    wrong = [f'should not have failed: {line}' for line in failed if line.split('\t')[4] not in why]
    wrong += [f'no failure: {url}' for url in why
              if url not in [line.split('\t')[4] for line in failed]]
    if len(lines) != len(urls):
        wrong.append(f'{len(urls)} URLs, but {len(lines)} records')
    return wrong


def show_records(lines, why):
    """Records as they are, but for the tabs; what was wrong with the page first."""
    for line in lines:
        fields = line.split('\t')
        if fields[4] in why:
            print(f'  # {why[fields[4]]}')
        print('  ' + '  '.join([f'{fields[0]:<6}', fields[1], f'{fields[2]:>6}', *fields[3:]]))
    print()


# ---- The promise ---------------------------------------------------------------------------------

class Run:
    """One command against one peer, in a thread of its own."""

    def __init__(self, processes, words, folder):
        self.processes, self.words, self.folder = processes, words, folder
        self.seconds = None  # until it ended; None: it went on for GIVE_UP
        self.said = b''
        self.thread = threading.Thread(target=self.measure, daemon=True)
        self.thread.start()

    def measure(self):
        start = time.monotonic()
        # Standard input stays open and says nothing, as at a terminal.
        process = self.processes.start(
            self.words, cwd=self.folder, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, env=dict(os.environ, HOME=str(self.folder), LC_ALL='C'))
        killer = threading.Timer(GIVE_UP, process.kill)
        killer.start()
        self.said = process.stderr.read()
        process.wait()
        seconds = time.monotonic() - start
        killer.cancel()
        if seconds < GIVE_UP:
            self.seconds = seconds

    def text(self):
        return f'> {GIVE_UP:.0f}' if self.seconds is None else f'{self.seconds:.2f}'


def addresses(ports):
    def at(name):
        return f'127.0.0.1:{ports[name]}'
    return {'name': 'shop.example', 'tls': at('tls-mute'), 'tls_port': ports['tls-mute'],
            'drip': at('tcp-drip'), 'drip_port': ports['tcp-drip'], 'tls_drip': at('tls-drip'),
            'dns': at('dns-mute')}


def is_ours(program):
    return program.startswith('fsock ')


def command_of(program, arguments, fill):
    if is_ours(program):
        # Without our own resolv.conf it has to be told whom to ask.
        told = [] if IN_NAMESPACE in os.environ else ['--dns-servers', fill['dns']]
        return [FSOCK, program.split()[1], *told, *(a.format(**fill) for a in arguments)]
    return [program, *(a.format(**fill) for a in arguments)]


def race(processes, fill, folder):
    """{program: [Run or a word for there being none]}, and the Run of the control, which sleeps.

    All run side by side, but start one after the other: a start costs a core some milliseconds.
    """
    control = Run(processes, ['sleep', str(ASKED)], folder)
    runs = {}
    for program, _, *each in TOOLS:
        if not is_ours(program) and not shutil.which(program):
            continue
        runs[program] = []
        for peer, arguments in zip(PEERS, each):
            if arguments is None:
                runs[program].append('-')
            elif (peer == 'silent DNS' and not is_ours(program)
                  and IN_NAMESPACE not in os.environ):
                runs[program].append('n/a here')
            else:
                time.sleep(0.05)
                runs[program].append(Run(processes, command_of(program, arguments, fill), folder))
    for run in [control, *(r for row in runs.values() for r in row if isinstance(r, Run))]:
        run.thread.join()
    return runs, control


def show_promise(processes, ports, folder):
    """The table. Returns what fsock did otherwise than it should: lines for people."""
    print(f"""One second is asked for, by the option that each tool has for it, of
  a silent DNS server,
  a silent TLS peer, which never answers the handshake,
  a dripping peer, which sends a byte each half second for ever (to s_client in the handshake).
Who goes on after {GIVE_UP:.0f} seconds is ended by us; all run at the same time.
""")
    runs, control = race(processes, addresses(ports), folder)
    print(f'{"seconds":<32}' + ''.join(f'{peer:>12}' for peer in PEERS))
    for program, how, *_ in TOOLS:
        if program in runs:
            print(f'{how:<32}' + ''.join(f'{r.text() if isinstance(r, Run) else r:>12}'
                                         for r in runs[program]))
    missing = [program for program, *_ in TOOLS if program not in runs]
    if missing:
        print(f'(not installed: {", ".join(missing)})')
    ours = [(f'{program}, {peer}', run) for program, row in runs.items() if is_ours(program)
            for peer, run in zip(PEERS, row)]
    print('\nAnd this is what fsock said:')
    for _, run in ours:
        print(' ', run.said.decode().strip().replace('\n', '\n  '))
    print()

    allowed = max(ASKED, control.seconds or ASKED) + GRACE
    return [f'{what}: took {run.text()} s, allowed were {allowed:.2f} s' for what, run in ours
            if run.seconds is None or not ASKED - 0.01 <= run.seconds <= allowed]


# ---- All of it -----------------------------------------------------------------------------------

def show_all(processes, folder):
    silent = silence_names(folder) if IN_NAMESPACE in os.environ else []
    site = processes.start([SITE, '--stdin', '--cert-dir', folder], stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE)
    ports = json.loads(site.stdout.readline())
    wrong = fetch_the_list(ports, folder)
    wrong += show_promise(processes, ports, folder)
    for s in silent:
        s.close()
    for line in wrong:
        print('demo:', line)
    print('demo: fsock did NOT do what it promises' if wrong else
          'demo: fsock kept its promise in every row')
    return 1 if wrong else 0


def main():
    sys.stdout.reconfigure(line_buffering=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    os.environ.pop('NO_COLOR', None)
    for name in [n for n in os.environ if n.lower().endswith('_proxy')]:
        del os.environ[name]
    enter_namespace()
    processes = Processes()
    with tempfile.TemporaryDirectory(prefix='fsock-demo-') as folder:
        try:
            return show_all(processes, pathlib.Path(folder))
        except KeyboardInterrupt:
            return 130
        finally:
            processes.end()


if __name__ == '__main__':
    sys.exit(main())
