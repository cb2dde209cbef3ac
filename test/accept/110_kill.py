"""10,000 URLs with a journal, kill -9 at 50 random moments, each time gone on with --resume.

What the journal had when the run was killed is never asked for again, by the server's own log, and
all else is asked for once; in the end each URL is in the journal, and each body is there with the
right SHA-256. SIGINT and SIGTERM the same; they end the run with 130 and 143 within 200 ms.
"""
import collections
import hashlib
import os
import random
import re
import shutil
import signal
import subprocess
import time

from _lab import lab, run

COUNT, ROUNDS = 10000, 50
SERVER = '''\
        root {root};
        access_log {log} combined;
'''
chance = random.Random(110)


class Run:
    """One run, ended at a moment, and the next, which goes on."""

    def __init__(self, path, nginx, sums):
        self.path, self.nginx, self.sums = path, nginx, sums
        self.out, self.journal = path / 'out', path / 'journal'
        self.command = [str(word) for word in (
            lab.FSOCK, 'get', '-s', '-i', path / 'list', '-O', '--output-dir', self.out, '--journal',
            self.journal, '--resume', '--threads', chance.choice((1, 2)))]
        shutil.rmtree(self.out, ignore_errors=True)
        self.journal.unlink(missing_ok=True)

    def start(self):
        return subprocess.Popen(self.command, stdout=subprocess.DEVNULL)

    def recorded(self):
        """The paths that the journal has, of whole lines."""
        if not self.journal.exists():
            return []
        lines = self.journal.read_bytes().decode().split('\n')[1:-1]
        return [re.sub(r'.*:\d+/', '/', line.split('\t')[8]) for line in lines]

    def asked(self):
        with open(self.path / 'log') as log:
            return collections.Counter(line.split(' ')[6] for line in log)

    def whole(self):
        """Seconds that it takes if nobody ends it."""
        start = time.monotonic()
        self.start().wait(lab.HARD_SECONDS)
        return time.monotonic() - start

    def end(self, after, number):
        """(exit code, seconds from the signal to the end)"""
        process = self.start()
        time.sleep(after)
        process.send_signal(number)
        sent = time.monotonic()
        return process.wait(lab.HARD_SECONDS), time.monotonic() - sent

    def wrong_bodies(self):
        names = {name.partition('-')[0]: name for name in os.listdir(self.out)}
        return sum(hashlib.sha256((self.out / names[n]).read_bytes()).digest() != self.sums[n] if n in names else 1
                   for n in self.sums) + len(os.listdir(self.out)) - len(names)

    def go_on(self):
        """(what is wrong in the end, or ''; how many were recorded before)"""
        time.sleep(0.05)  # nginx writes down what was in flight
        recorded, before = self.recorded(), self.asked()
        code = self.start().wait(lab.HARD_SECONDS)
        asked = self.asked() - before
        again = [path for path in recorded if asked[path]]
        late = [path for path, n in asked.items() if n != 1]
        wrong = {'exit code': code, 'asked for though recorded': len(again), 'asked for twice': len(late),
                 'not asked for': COUNT - len(set(recorded)) - len(asked),
                 'journal': abs(COUNT - len(self.recorded())) + COUNT - len(set(self.recorded())),
                 'wrong bodies': self.wrong_bodies()}
        return ', '.join(f'{what}: {n}' for what, n in wrong.items() if n), len(recorded)


def prepare(path):
    """The pages, the list, and each page's SHA-256 by its name."""
    sums = {}
    (path / 'root').mkdir()
    for n in range(COUNT):
        body = chance.randbytes(chance.randint(1, 20000))
        (path / 'root' / str(n)).write_bytes(body)
        sums[str(n)] = hashlib.sha256(body).digest()
    return sums


def test(verdict):
    with lab.memory_folder() as path:
        sums = prepare(path)
        with lab.Nginx(path, SERVER.format(root=path / 'root', log=path / 'log')) as nginx:
            (path / 'list').write_text(''.join(nginx.url(f'/{n}') + '\n' for n in range(COUNT)))
            length = min(Run(path, nginx, sums).whole() for _ in range(3))
            bad, cut = [], []
            for _ in range(ROUNDS):
                one = Run(path, nginx, sums)
                one.end(chance.uniform(0, length), signal.SIGKILL)
                wrong, recorded = one.go_on()
                bad += [wrong] if wrong else []
                cut.append(recorded)
            verdict.say(not bad, f'{ROUNDS - len(bad)} of {ROUNDS} killed runs went on as they should'
                        + (f'; {bad[0]}' if bad else ''))
            among = sum(0 < n < COUNT for n in cut)
            verdict.say(among > ROUNDS / 2, f'{among} were killed in the middle, of {length:.2f} s')
            for number in (signal.SIGINT, signal.SIGTERM):
                one = Run(path, nginx, sums)
                code, took = one.end(length / 2, number)
                wrong, recorded = one.go_on()
                verdict.say(code == 128 + number and took < 0.2 and not wrong and 0 < recorded < COUNT,
                            f'{number.name}: exit code {code} after {took * 1000:.0f} ms, {recorded} recorded; '
                            f'{wrong or "all as it should be"}')


run(test)
