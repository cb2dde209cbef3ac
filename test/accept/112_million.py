"""A million URLs of a thousand hosts in one run, on a bad day: one request of a hundred is reset, one
of a hundred is answered with 503 and Retry-After, and a hundred more hosts are dead.

Each URL has one record; each body that is called good has the right bytes; nothing of a living host
is lost. Memory grows by less than 2 MiB per 100,000 URLs while duplicates are remembered, and not
at all with --repeat; the number of open files stays where it was. Beside it a hundredth of the same
list by `xargs -P curl`.
"""
import collections
import json
import os
import pathlib
import subprocess
import threading
import time

from _lab import lab, run

MILLION, HOSTS, DEAD, EACH_DEAD = 1000000, 1000, 100, 50
SLOPE = 2048  # KiB per 100,000
FLAT = 256  # KiB per 100,000: what malloc's moods and a table's last growth come to
PARALLEL = 512

SERVER = '''\
        location /m/ {
            if ($fate = reset) { return 444; }
            if ($fate = busy) { return 503; }
            return 200 "$uri of $host\\n";
        }
        add_header Retry-After $wait always;
'''
MORE = '''\
    split_clients $request_id $fate { 1% reset; 1% busy; * fine; }
    map $fate $wait { busy 1; }
    reset_timedout_connection on;
'''


def host(n):
    return f'host{n % HOSTS}.test'


def url_of(nginx, n):
    return f'http://{host(n)}:{nginx.port}/m/{n}'


def body_of(n):
    return f'/m/{n} of {host(n)}\n'.encode()


def write_list(path, nginx, count, dead_port):
    """`count` URLs, and in between those of dead hosts."""
    every = count // (DEAD * EACH_DEAD)
    with open(path, 'w') as out:
        for n in range(count):
            out.write(url_of(nginx, n) + '\n')
            if n % every == 0:
                out.write(f'http://dead{n // every % DEAD}.test:{dead_port}/{n}\n')


class Watch(threading.Thread):
    """Looks at a process again and again: (URLs done, KiB resident, open files)."""

    def __init__(self, pid, done):
        super().__init__(daemon=True)
        self.pid, self.done, self.seen = pid, done, []

    def run(self):
        proc = pathlib.Path(f'/proc/{self.pid}')
        while True:
            try:
                rss = int((proc / 'status').read_text().partition('VmRSS:')[2].split()[0])
                self.seen.append((self.done(), rss, len(os.listdir(proc / 'fd'))))
            except (OSError, ValueError, IndexError):
                return
            time.sleep(0.2)

    def slope(self):
        """KiB per 100,000 URLs, from a fifth of the way on."""
        late = [(n, rss) for n, rss, _ in self.seen if n > MILLION // 5]
        if len(late) < 2:
            return 0
        (n0, rss0), (n1, rss1) = late[0], late[-1]
        return (rss1 - rss0) * 100000 / max(1, n1 - n0)


class Reader:
    """Reads the records, looks at each body that is there, and removes it."""

    def __init__(self, path, port):
        self.path, self.port = path, port
        self.seen = collections.Counter()
        self.wrong, self.lost, self.failed = [], [], collections.Counter()
        self.n = self.dead = 0

    def record(self, record):
        self.n += 1
        url = record['url']
        self.seen[url] += 1
        if '//dead' in url:
            self.dead += 1
            if record['exitcode'] == 0:
                self.wrong.append(url)
            return
        if record['exitcode']:
            self.failed[record['errormsg'].split(':')[-1][:60]] += 1
            self.lost.append(url)
            return
        file = self.path / record['filename_effective']
        if file.read_bytes() != body_of(int(url.rpartition('/')[2])):
            self.wrong.append(url)
        file.unlink()


def whole_run(verdict, path, nginx, dead_port, *more):
    reader = Reader(path, nginx.port)
    report = path / 'report'
    command = [lab.FSOCK, 'get', '-s', '--json', '-O', '--output-dir', path / 'out', '-i', path / 'list',
               '-P', PARALLEL, '-m', '120s', '--retry', 5,
               f'--resolve=*:{nginx.port}:127.0.0.1', f'--resolve=*:{dead_port}:127.0.0.1', *more]
    with lab.started(command, report, stdout=subprocess.PIPE) as process:
        watch = Watch(lab.child_of(process), lambda: reader.n)
        watch.start()
        for line in process.stdout:
            reader.record(json.loads(line))
        process.wait(lab.HARD_SECONDS)
    cost = lab.read_report(report)
    name = ' '.join(more) or 'duplicates remembered'
    records = MILLION + DEAD * EACH_DEAD
    verdict.say(reader.n == records and len(reader.seen) == records,
                f'{name}: {reader.n} records for {records} URLs; {cost.wall:.1f} s, CPU {cost.cpu:.1f} s, '
                f'{cost.rss / 1024:.1f} MiB')
    verdict.say(not reader.wrong, f'no wrong body {reader.wrong[:3]}')
    verdict.say(not reader.lost, f'{len(reader.lost)} URLs of living hosts lost {dict(reader.failed)}')
    verdict.say(not list((path / 'out').iterdir()), 'no file is left that no record tells of')
    files = [n for _, _, n in watch.seen[len(watch.seen) // 5:]]
    most = SLOPE if not more else FLAT
    verdict.say(watch.slope() < most, f'{watch.slope():.0f} KiB more per 100,000 URLs (less than {most})')
    verdict.say(max(files) - min(files[:-1]) <= 2 * PARALLEL + 64 and max(files) < 3 * PARALLEL,
                f'{min(files[:-1])} to {max(files)} open files')
    return cost


def by_xargs(path, nginx, dead_port):
    """Seconds for a hundredth of the list."""
    with open(path / 'list') as source, open(path / 'part', 'w') as out:
        for _, line in zip(range(MILLION // 100), source):
            out.write(line)
    begun = time.monotonic()
    with open(path / 'part') as part:
        subprocess.run(['xargs', '-P', '16', '-n', '50', 'curl', '-s', '-o', '/dev/null', '--retry', '2',
                        '--connect-to', f'::127.0.0.1:'], stdin=part, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, env=lab.ENV)
    return time.monotonic() - begun


def test(verdict):
    with lab.memory_folder() as path:
        dead_port = lab.free_ports(1)[0]
        (path / 'out').mkdir()
        with lab.Nginx(path, SERVER, MORE) as nginx:
            write_list(path / 'list', nginx, MILLION, dead_port)
            cost = whole_run(verdict, path, nginx, dead_port)
            whole_run(verdict, path, nginx, dead_port, '--repeat')
            seconds = by_xargs(path, nginx, dead_port)
    print(f'  xargs -P 16 curl, a hundredth of it: {seconds:.1f} s; all of it here: {cost.wall:.1f} s')


run(test)
