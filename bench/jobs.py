"""jobs.py - the jobs that clients are compared in, and how each client is told to do them.

A job knows what its nginx serves, which URLs are asked for, and the command of each client. Clients
run in turns (A B C, A B C, ...), so that a slow minute of the machine hits all of them. After each
run nginx's own counters must say that every URL was asked for and that no more came.
"""
import contextlib
import dataclasses
import gzip
import random
import shutil
import struct
import zlib

import lab

PARALLEL = (16, 50, 100)  # the settings of curl that are tried
THREADS = 16  # wget2's and aria2's
CONNECTIONS = 64  # h2load's and ab's
GIB = 1 << 30
BLOCK = 32 << 20

SERVER = '''\
        root {root};
        location /k/ {{ try_files /1k.txt =404; }}
        location /z/ {{ try_files /100k.gz =404; add_header Content-Encoding gzip; }}
        location /big {{ sendfile on; sendfile_max_chunk 1m; try_files /2g.bin =404; }}
        location /packed {{
            sendfile on; sendfile_max_chunk 1m;
            try_files /2g.gz =404;
            add_header Content-Encoding gzip;
            addition_types *; add_after_body /empty;  # its length unknown, nginx sends chunks
        }}
        location /empty {{ return 200 ''; }}
        location /m/ {{ sendfile on; sendfile_max_chunk 1m; try_files /100m.bin =404; }}
'''
HOSTS = '    server {{\n{listens}\n        location / {{ root {root}; try_files /1k.txt =404; }}\n    }}'


# ---- What is served ------------------------------------------------------------------------------

def words(size, seed=1):
    """Text of common and rare words with some markup, `size` bytes: it packs as web pages do."""
    chance = random.Random(seed)
    letters = 'etaoinshrdlucmfwypvbgkqjxz'
    vocabulary = [''.join(chance.choices(letters, range(26, 0, -1), k=chance.randint(2, 10)))
                  for _ in range(20000)]
    vocabulary += ['<p>', '</p>\n', '<a href="', '">', '</a>', '<code>', '</code>', '.\n', ', ']
    weights = [1 / (rank + 3) for rank in range(len(vocabulary))]
    weights[-9:] = [0.15] * 9
    text = ' '.join(chance.choices(vocabulary, weights, k=size // 3))
    return text.encode()[:size]


def write_packed(path, size):
    """One gzip member of `size` bytes (whole blocks): a block packed once, written many times."""
    text = words(BLOCK)
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    block = packer.compress(text) + packer.flush(zlib.Z_FULL_FLUSH)
    crc = 0
    with open(path, 'wb') as out:
        out.write(b'\x1f\x8b\x08\0\0\0\0\0\0\xff')
        for _ in range(size // BLOCK):
            out.write(block)
            crc = zlib.crc32(text, crc)
        out.write(zlib.compressobj(6, zlib.DEFLATED, -15).flush())
        out.write(struct.pack('<II', crc, size & 0xffffffff))


def serve(stack, job):
    """Starts the nginx of a job."""
    path = stack.enter_context(lab.folder())
    root = path / 'root'
    root.mkdir()
    (root / '1k.txt').write_bytes(words(1024))
    (root / '100k.gz').write_bytes(gzip.compress(words(100 << 10), 6))
    if job.name.startswith('big'):
        with open(root / '2g.bin', 'wb') as out:
            out.truncate(2 * GIB)
    if job.name == 'big-gzip':
        write_packed(root / '2g.gz', 2 * GIB)
    if job.warm:
        with open(root / '100m.bin', 'wb') as out:
            out.truncate(100 << 20)
    more = ''
    if job.hosts:
        port = lab.free_ports(1)[0]
        job.host_urls = [f'http://{host}:{port}/k/0' for host in host_names(job.count)]
        more = HOSTS.format(root=root, listens='\n'.join(
            f'        listen {host}:{port};' for host in host_names(job.count)))
    return stack.enter_context(lab.Nginx(path, SERVER.format(root=root), more))


def host_names(count):
    return [f'127.1.{n // 250}.{n % 250 + 1}' for n in range(count)]


# ---- The jobs ------------------------------------------------------------------------------------

@dataclasses.dataclass
class Job:
    name: str
    about: str
    count: int  # of URLs
    path: str  # the URL's, to which its number is added if there are several
    tls: bool = False
    http2: bool = False  # over TLS, by who can
    files: bool = False  # each body into a file of its own
    packed: bool = False  # gzip, to be decoded
    hosts: bool = False  # each URL at a host of its own
    even: bool = False  # all clients with as many connections as h2load and ab
    warm: bool = False  # bodies that are only received, by --warm
    host_urls: list = None

    def urls(self, nginx):
        if self.hosts:
            return self.host_urls
        if self.count == 1:
            return [nginx.url(self.path, self.tls, self.http2)]
        return [nginx.url(f'{self.path}{n}', self.tls, self.http2) for n in range(self.count)]


JOBS = [
    Job('small', '20,000 x 1 KiB, keep-alive, bodies dropped', 20000, '/k/'),
    Job('even', f'the same, all with {CONNECTIONS} connections', 20000, '/k/', even=True),
    Job('files', 'the same into 20,000 files', 20000, '/k/', files=True),
    Job('tls', '20,000 x 1 KiB over TLS, bodies dropped', 20000, '/k/', tls=True),
    Job('http2', '20,000 x 1 KiB by HTTP/2, bodies dropped', 20000, '/k/', tls=True, http2=True),
    Job('big-http2', '2 GiB to nowhere by HTTP/2', 1, '/big', tls=True, http2=True),
    Job('gzip', '2,000 x 100 KiB gzip, decoded and dropped', 2000, '/z/', packed=True),
    Job('hosts', '2,000 hosts, a connection each', 2000, '/k/', hosts=True),
    Job('warm', '4 x 100 MiB, bodies dropped', 4, '/m/', warm=True),
    Job('big', '2 GiB to nowhere', 1, '/big'),
    Job('big-tls', '2 GiB to nowhere over TLS', 1, '/big', tls=True),
    Job('big-gzip', '2 GiB to nowhere, gzip and chunked', 1, '/packed', packed=True),
]


def job(name):
    """A fresh Job of that name."""
    return next(dataclasses.replace(job) for job in JOBS if job.name == name)


# ---- The clients ---------------------------------------------------------------------------------
# Each gives {label: command} for a job; `given` has the list's path, the URLs, the folder for files
# and the certificate to trust.

@dataclasses.dataclass
class Given:
    urls: list
    list: object
    curl_config: object
    out: object
    ca: str


def fsock_commands(job, given):
    trust = ['--cacert', given.ca] if job.tls else []
    if job.count == 1:
        return {'fsock': [lab.FSOCK, 'get', '-s', *trust, given.urls[0]],
                'fsock, dropped': [lab.FSOCK, 'get', '-s', '--json', *trust, '-i', given.list]}
    into = ['-O', '--output-dir', given.out] if job.files else []
    command = [lab.FSOCK, 'get', '-s', '--json', *trust, *into, '-i', given.list]
    if job.even:
        command += ['-P', CONNECTIONS, '--per-host', CONNECTIONS]
        return {'fsock': command, 'fsock, no windows': [*command, '--no-adaptive']}
    return {'fsock': [*command, '--warm'] if job.warm else command}


def curl_commands(job, given):
    common = ['curl', '-q', '-s', *(['--compressed'] if job.packed else []),
              *(['--cacert', given.ca] if job.tls else [])]
    if job.count == 1:
        return {'curl': [*common, '-o', '/dev/null', given.urls[0]]}
    return {f'curl -Z {n}': [*common, '-Z', '--parallel-max', n, '-K', given.curl_config]
            for n in ((CONNECTIONS,) if job.even else (THREADS,) if job.warm else PARALLEL)}


def wget2_commands(job, given):
    into = ['-P', given.out] if job.files else ['-O', '/dev/null']
    trust = ['--ca-certificate', given.ca] if job.tls else []
    return {'wget2': ['wget2', '--no-config', '-q',
                      f'--max-threads={CONNECTIONS if job.even else THREADS}', *into, *trust,
                      '-i', given.list]}


def aria2_commands(job, given):
    if not job.files and job.count > 1:
        return {}  # it can't drop bodies
    if job.count == 1:
        return {}
    trust = [f'--ca-certificate={given.ca}'] if job.tls else []
    return {'aria2': ['aria2c', '--no-conf', '-q', '-j', THREADS, '--file-allocation=none',
                      '-d', given.out, *trust, '-i', given.list]}


def h2load_commands(job, given):
    if job.files or job.hosts or job.count == 1 or job.packed or job.warm:
        return {}  # it stores and decodes nothing, and knows one host
    how = ['-c', 1, '-m', CONNECTIONS] if job.http2 else ['--h1', '-c', CONNECTIONS]
    return {'h2load (limit)': ['h2load', '-t', 1, *how, '-n', job.count, '-i', given.list]}


def ab_commands(job, given):
    if job.files or job.hosts or job.count == 1 or job.packed or job.tls or job.warm:
        return {}
    return {'ab (limit)': ['ab', '-q', '-k', '-c', CONNECTIONS, '-n', job.count, given.urls[0]]}


CLIENTS = {  # program: (the name it is asked for by, its commands)
    lab.FSOCK: ('fsock', fsock_commands),
    'curl': ('curl', curl_commands),
    'wget2': ('wget2', wget2_commands),
    'aria2c': ('aria2', aria2_commands),
    'h2load': ('h2load', h2load_commands),
    'ab': ('ab', ab_commands),
}


def commands_of(job, given, clients):
    """{label: command}, of the clients that are asked for and installed."""
    commands = {}
    for program, (name, of) in CLIENTS.items():
        if name in clients and lab.installed(program):
            commands.update(of(job, given))
    return commands


def missing(clients):
    """The names of the clients that are not installed."""
    return [name for program, (name, _) in CLIENTS.items()
            if name in clients and not lab.installed(program)]


# ---- Comparing -----------------------------------------------------------------------------------

@dataclasses.dataclass
class Result:
    cost: lab.Cost  # medians
    fastest: float  # the wall time of the best run
    connections: int  # made, in the last run
    wrong: str  # what was wrong with a run; '' if nothing was


def prepare(path, job, nginx):
    urls = job.urls(nginx)
    given = Given(urls, path / 'urls.txt', path / 'curl.txt', path / 'out', nginx.ca)
    given.list.write_text(''.join(url + '\n' for url in urls))
    with open(given.curl_config, 'w') as out:
        for n, url in enumerate(urls):
            body = given.out / str(n) if job.files else '/dev/null'
            out.write(f'url = "{url}"\noutput = "{body}"\n')
    return given


def run_once(path, job, given, command, nginx):
    """One run: (cost, connections, what was wrong)."""
    shutil.rmtree(given.out, ignore_errors=True)
    given.out.mkdir()
    before = nginx.served()
    stdout = path / 'stdout'
    where = '/dev/null' if job.count == 1 else stdout
    with open(where, 'wb') as out:
        cost = lab.measure(command, stdout=out)
    after = nginx.served()
    accepted, requests = after[0] - before[0], after[1] - before[1]
    wrong = ''
    if cost.code:
        wrong = f'exit code {cost.code}'
    elif requests != job.count:
        wrong = f'{requests} requests'
    elif job.files and len(list(given.out.iterdir())) != job.count:
        wrong = f'{len(list(given.out.iterdir()))} files'
    return cost, accepted, wrong


def compare(job, clients, runs):
    """Runs a job with each client `runs` times, in turns: {label: Result}."""
    with contextlib.ExitStack() as stack:
        nginx = serve(stack, job)
        path = stack.enter_context(lab.memory_folder())
        given = prepare(path, job, nginx)
        commands = commands_of(job, given, clients)
        all_runs = {label: [] for label in commands}
        for _ in range(runs):
            for label, command in commands.items():
                all_runs[label].append(run_once(path, job, given, command, nginx))
    return {label: summed_up(outcomes) for label, outcomes in all_runs.items()}


def summed_up(outcomes):
    costs = [cost for cost, _, _ in outcomes]
    return Result(lab.median(costs), min(cost.wall for cost in costs), outcomes[-1][1],
                  next((wrong for _, _, wrong in outcomes if wrong), ''))


def best(results, client, figure):
    """The best of a client's settings in one figure ('wall', 'cpu', 'rss'); None: no good run."""
    figures = [getattr(result.cost, figure) for label, result in results.items()
               if label.startswith(client) and not result.wrong]
    return min(figures, default=None)
