"""--threads: no data race under ThreadSanitizer, and near-linear where inflating takes the time.

The end-to-end tests of threads run on a build with ThreadSanitizer, which reports none. Then bodies
that are small on the wire and large when unpacked are fetched from many hosts by one thread and by
two: with two processors two threads take at most 0.65 of the time.
"""
import gzip
import os
import pathlib
import subprocess
import sys

from _lab import jobs, lab, run

ROOT = pathlib.Path(__file__).resolve().parents[2]
TSAN = ROOT / 'build-tsan'
COUNT, RUNS, MOST = 4000, 5, 0.65
SIZE = 1 << 20


def races(verdict):
    if not (TSAN / 'build.ninja').exists():
        subprocess.run(['meson', 'setup', '-Db_sanitize=thread', '-Db_lundef=false', '-Dbuildtype=debug', TSAN],
                       cwd=ROOT, env=dict(os.environ, CC='clang'), check=True, stdout=subprocess.DEVNULL)
    subprocess.run(['ninja', '-C', TSAN, 'cli/fsock', 'test/site/fsock-site'], check=True, stdout=subprocess.DEVNULL)
    done = subprocess.run([sys.executable, '-m', 'pytest', '-q', '-c', 'test/pytest.ini', '--rootdir=test',
                           'test/e2e/test_get_threads.py'], cwd=ROOT, stdout=subprocess.PIPE,
                          env=dict(os.environ, FSOCK_BUILD=str(TSAN), TSAN_OPTIONS='exitcode=66'), text=True)
    verdict.say(done.returncode == 0, 'ThreadSanitizer: ' + done.stdout.strip().splitlines()[-1])


def measured(path, nginx, threads):
    with lab.started([lab.FSOCK, 'get', '-s', '-i', path / 'list', '-P', 64, '--threads', threads,
                      f'--resolve=*:{nginx.port}:127.0.0.1'], path / 'report') as process:
        if child := lab.child_of(process):
            os.sched_setaffinity(child, range(os.cpu_count() or 1))
        process.wait(lab.HARD_SECONDS)
    return lab.read_report(path / 'report')


def speed(verdict):
    server = """\
        location / { root root; try_files /packed =404; add_header Content-Encoding gzip; }
"""
    with lab.folder() as path, lab.Nginx(path, server) as nginx:
        (path / 'root').mkdir()
        (path / 'root/packed').write_bytes(gzip.compress(jobs.words(16384) * (SIZE // 16384)))
        (path / 'list').write_text(''.join(f'http://h{n % 100}.test:{nginx.port}/{n}\n' for n in range(COUNT)))
        costs = {1: [], 2: []}
        for _ in range(RUNS):
            for threads in costs:
                costs[threads].append(measured(path, nginx, threads))
    verdict.say(all(cost.code == 0 for both in costs.values() for cost in both), 'every URL was fetched')
    one, two = (lab.median(costs[n]) for n in (1, 2))
    text = (f'two threads take {two.wall / one.wall:.2f} of the time of one ({two.wall:.2f} s, {one.wall:.2f} s; '
            f'CPU {two.cpu:.2f} s, {one.cpu:.2f} s)')
    if (os.cpu_count() or 1) < 2:
        lab.skip('there is one processor')
    verdict.say(two.wall <= MOST * one.wall, f'{text} (at most {MOST})')


def test(verdict):
    races(verdict)
    speed(verdict)


run(test)
