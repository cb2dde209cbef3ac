"""talk.py [OPTION]... [JOB]... - `fsock talk` beside others; bench/talk.sh prepares and runs it.

Each client moves the same bytes between a pipe and a socket: the other side of the socket runs on
the first CPU, the client on the second, what is at the other end of the pipe beside the other side.
Prints medians of wall time, CPU time and the most resident memory, then what part of each other
client's figures fsock needed.
"""
import argparse
import contextlib
import dataclasses
import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import lab  # noqa: E402

PEER = str(lab.BUILD / 'bench/fsock-talk-peer')
MIB = 1 << 20
FIGURES = ('wall', 'cpu', 'rss')
PORT, CERT = '{port}', '{cert}'

# What each client is called with. s_client hears commands in its input unless -quiet.
TCP_OUT = {
    'fsock': [lab.FSOCK, 'talk', '-N', '127.0.0.1', PORT],
    'socat -b262144': ['socat', '-b262144', '-', f'TCP:127.0.0.1:{PORT}'],
    'socat': ['socat', '-', f'TCP:127.0.0.1:{PORT}'],
    'nc': ['nc', '-N', '127.0.0.1', PORT],
    'ncat': ['ncat', '127.0.0.1', PORT],
    'limit (splice)': [PEER, 'push', PORT],
}
TCP_IN = {
    'fsock': [lab.FSOCK, 'talk', '-d', '127.0.0.1', PORT],
    'socat -b262144': ['socat', '-b262144', '-u', f'TCP:127.0.0.1:{PORT}', '-'],
    'socat': ['socat', '-u', f'TCP:127.0.0.1:{PORT}', '-'],
    'nc': ['nc', '-d', '127.0.0.1', PORT],
    'ncat': ['ncat', '--recv-only', '127.0.0.1', PORT],
    'limit (splice)': [PEER, 'pull', PORT],
}
TLS_OUT = {
    'fsock': [lab.FSOCK, 'talk', '-N', '--cacert', CERT, f'tls://127.0.0.1:{PORT}'],
    'openssl s_client': ['openssl', 's_client', '-quiet', '-no_ign_eof', '-CAfile', CERT,
                         '-connect', f'127.0.0.1:{PORT}'],
    'socat -b262144': ['socat', '-b262144', '-u', '-',
                       f'OPENSSL:127.0.0.1:{PORT},cafile={CERT}'],
}
TLS_IN = {
    'fsock': [lab.FSOCK, 'talk', '-d', '--cacert', CERT, f'tls://127.0.0.1:{PORT}'],
    'openssl s_client': ['openssl', 's_client', '-quiet', '-CAfile', CERT,
                         '-connect', f'127.0.0.1:{PORT}'],
    'socat -b262144': ['socat', '-b262144', '-u', f'OPENSSL:127.0.0.1:{PORT},cafile={CERT}', '-'],
}
# As servers, the other side being openssl s_client.
SERVE_IN = {
    'fsock': [lab.FSOCK, 'talk', '-l', '-d', '--tls', '--cert', CERT, '--key', '{key}',
              '127.0.0.1', PORT],
    'openssl s_server': ['openssl', 's_server', '-quiet', '-naccept', '1', '-cert', CERT,
                         '-key', '{key}', '-accept', f'127.0.0.1:{PORT}'],
}


@dataclasses.dataclass
class Job:
    name: str
    about: str
    clients: dict
    size: int
    out: bool = True    # the pipe is standard input
    tls: bool = False
    serves: bool = False


JOBS = [
    Job('out', 'a pipe into a socket', TCP_OUT, 4096 * MIB),
    Job('in', 'a socket into a pipe', TCP_IN, 4096 * MIB, out=False),
    Job('tls-out', 'a pipe into TLS, to openssl s_server', TLS_OUT, 1024 * MIB, tls=True),
    Job('tls-in', 'TLS into a pipe, from openssl s_server', TLS_IN, 1024 * MIB, out=False, tls=True),
    Job('tls-serve', 'a TLS server into a pipe, from openssl s_client', SERVE_IN, 1024 * MIB,
        out=False, tls=True, serves=True),
]


def spawn(command, **how):
    return subprocess.Popen(list(map(str, command)), preexec_fn=lab.pin_server, env=lab.ENV,
                            start_new_session=True, stderr=subprocess.DEVNULL, **how)


@contextlib.contextmanager
def running(*processes):
    try:
        yield processes
    finally:
        for process in processes:
            lab.end(process)


def plain_peer(job, port):
    command = [PEER, 'sink', port] if job.out else [PEER, 'source', port, job.size]
    process = spawn(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    process.stdout.readline()
    return [process]


def tls_peer(job, port, path):
    """openssl s_server, for one connection."""
    command = ['openssl', 's_server', '-quiet', '-naccept', '1', '-cert', path / 'cert.pem',
               '-key', path / 'key.pem', '-accept', f'127.0.0.1:{port}']
    if job.out:
        server = spawn(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        processes = [server]
    else:
        feeder = spawn([PEER, 'feed', job.size], stdout=subprocess.PIPE,
                       stdin=subprocess.DEVNULL)
        server = spawn(command, stdin=feeder.stdout, stdout=subprocess.DEVNULL)
        feeder.stdout.close()
        processes = [server, feeder]
    wait_for_listener(port)
    return processes


def wait_for_listener(port):
    wanted = f':{port:04X} '
    for _ in range(1000):
        text = pathlib.Path('/proc/net/tcp').read_text()
        if any(wanted in line and ' 0A ' in line for line in text.splitlines()):
            return
        subprocess.run(['sleep', '0.01'], check=True)
    raise RuntimeError('the other side did not come up')


def tls_caller(job, port, path):
    """openssl s_client, which sends the job's bytes to a server that is coming up."""
    wait_for_listener(port)
    feeder = spawn([PEER, 'feed', job.size], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    caller = spawn(['openssl', 's_client', '-quiet', '-no_ign_eof', '-CAfile', path / 'cert.pem',
                    '-connect', f'127.0.0.1:{port}'], stdin=feeder.stdout,
                   stdout=subprocess.DEVNULL)
    feeder.stdout.close()
    return [caller, feeder]


def fill_in(command, port, path):
    words = {'port': port, 'cert': path / 'cert.pem', 'key': path / 'key.pem'}
    return [str(word).format(**words) for word in command]


def pipe_end(job):
    """(what is at the other end of the client's pipe, how the client is started with it)"""
    if job.out:
        feeder = spawn([PEER, 'feed', job.size], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        return feeder, {'stdin': feeder.stdout}
    drain = spawn([PEER, 'drain'], stdin=subprocess.PIPE)
    return drain, {'stdout': drain.stdin}


def run_once(job, command, path):
    port = lab.free_ports(1)[0]
    report = path / 'report'
    others = [] if job.serves else tls_peer(job, port, path) if job.tls else plain_peer(job, port)
    end, how = pipe_end(job)
    if job.serves:  # s_server leaves when its input ends
        how['stdin'], kept = map(os.fdopen, os.pipe(), 'rw')
    with running(*others, end), lab.started(fill_in(command, port, path), report, **how) as process:
        for pipe in how.values():
            pipe.close()
        with running(*(tls_caller(job, port, path) if job.serves else [])):
            process.wait(lab.HARD_SECONDS)
    if job.serves:
        kept.close()
    return lab.read_report(report)


def arguments():
    parser = argparse.ArgumentParser(
        prog='bench/talk.sh', description='fsock talk beside other clients, on loopback',
        epilog='jobs: ' + '; '.join(f'{job.name} ({job.about})' for job in JOBS))
    parser.add_argument('job', nargs='*', help='which jobs to run (all)')
    parser.add_argument('--runs', type=int, default=5, help='runs of each, of which medians (5)')
    parser.add_argument('--clients', default='', help='those whose names begin so (all)')
    parser.add_argument('--json', action='store_true', help='a JSON object per line of the table')
    asked = parser.parse_args()
    known = [job.name for job in JOBS]
    if not set(asked.job) <= set(known):
        parser.error(f'jobs are {", ".join(known)}')
    if asked.runs < 1:
        parser.error('--runs: at least one')
    asked.clients = tuple(asked.clients.split(','))
    asked.job = asked.job or known
    return asked


def clients_of(job, wanted):
    for name, command in job.clients.items():
        if not name.startswith(wanted):
            continue
        if lab.installed(command[0]):
            yield name, command
        else:
            print(f'bench: {command[0]} is not installed and left out', file=sys.stderr)


def compare(job, asked, path):
    """Client by client within each round, so that a slow moment of the machine is everybody's."""
    runs = {name: [] for name, _ in clients_of(job, asked.clients)}
    for _ in range(asked.runs):
        for name in runs:
            runs[name].append(run_once(job, job.clients[name], path))
    return {name: lab.median(costs) for name, costs in runs.items()}


def rows_of(job, results):
    for name, cost in results.items():
        yield {'job': job.name, 'client': name, 'wall': round(cost.wall, 4),
               'cpu': round(cost.cpu, 4), 'rss_kib': int(cost.rss), 'code': cost.code}
    for name, cost in results.items():
        if 'fsock' in results and name != 'fsock':
            mine = results['fsock']
            yield {'job': job.name, 'of': name} | {
                f'{figure}_ratio': round(getattr(mine, figure) / max(getattr(cost, figure), 1e-9), 3)
                for figure in FIGURES}


def line(row):
    if 'of' in row:
        return f'  {"fsock / " + row["of"]:<24}' + ''.join(
            f'{row[f"{figure}_ratio"]:9.2f}' for figure in FIGURES)
    return (f'  {row["client"]:<24}{row["wall"]:9.3f}{row["cpu"]:9.3f}{row["rss_kib"] / 1024:9.1f}'
            + (f'  exit code {row["code"]}' if row['code'] else ''))


def main():
    asked = arguments()
    lab.stop_on_sigterm()
    if not asked.json:
        print(f'medians of {asked.runs}; the other side on CPU {lab.SERVER_CPU}, clients on CPU '
              f'{lab.CLIENT_CPU} (-1: any)\n  {"client":<24}{"wall s":>9}{"CPU s":>9}{"RSS MiB":>9}')
    failed = False
    with lab.folder() as path:
        lab.make_certificate(path)
        for job in [job for job in JOBS if job.name in asked.job]:
            if not asked.json:
                print(f'{job.name}: {job.about}, {job.size // MIB} MiB', flush=True)
            results = compare(job, asked, path)
            failed = failed or ('fsock' in results and results['fsock'].code != 0)
            for row in rows_of(job, results):
                print(json.dumps(row) if asked.json else line(row), flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
