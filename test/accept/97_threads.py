"""--threads: near-linear where inflating takes the time.

Packed text is fetched from many hosts by one thread and by two: with two processors two threads
take at most 0.65 of the time. Beside it two processes with half of the list each, which share
nothing: what the machine gives, with a server on the same two processors.
"""
import contextlib
import gzip
import os

from _lab import jobs, lab, run

COUNT, RUNS, MOST = 4000, 5, 0.65
SIZE = 1 << 18


def start(stack, path, nginx, name, parallel, threads):
    process = stack.enter_context(lab.started(
        [lab.FSOCK, 'get', '-s', '-i', path / name, '-P', parallel, '--threads', threads,
         f'--resolve=*:{nginx.port}:127.0.0.1'], path / f'{name}.report'))
    if child := lab.child_of(process):
        os.sched_setaffinity(child, range(os.cpu_count() or 1))
    return process


def measured(path, nginx, names, parallel, threads=1):
    """What runs of these lists at the same time cost: the longest one's."""
    with contextlib.ExitStack() as stack:
        for process in [start(stack, path, nginx, name, parallel, threads) for name in names]:
            process.wait(lab.HARD_SECONDS)
    return max((lab.read_report(path / f'{name}.report') for name in names), key=lambda cost: cost.wall)


def write_lists(path, nginx):
    urls = [f'http://h{n % 100}.test:{nginx.port}/{n}\n' for n in range(COUNT)]
    for name, part in ('all', urls), ('even', urls[::2]), ('odd', urls[1::2]):
        (path / name).write_text(''.join(part))


def speed(verdict):
    server = """\
        location / { root root; try_files /packed =404; add_header Content-Encoding gzip; }
"""
    with lab.folder() as path, lab.Nginx(path, server) as nginx:
        (path / 'root').mkdir()
        (path / 'root/packed').write_bytes(gzip.compress(jobs.words(SIZE)))
        write_lists(path, nginx)
        costs = {'one': [], 'two': [], 'halves': []}
        for _ in range(RUNS):
            costs['one'].append(measured(path, nginx, ['all'], 64))
            costs['two'].append(measured(path, nginx, ['all'], 64, threads=2))
            costs['halves'].append(measured(path, nginx, ['even', 'odd'], 32))
    verdict.say(all(cost.code == 0 for some in costs.values() for cost in some), 'every URL was fetched')
    one, two, halves = (lab.median(costs[name]) for name in ('one', 'two', 'halves'))
    text = (f'two threads take {two.wall / one.wall:.2f} of the time of one ({two.wall:.2f} s, {one.wall:.2f} s; '
            f'CPU {two.cpu:.2f} s, {one.cpu:.2f} s), two processes {halves.wall / one.wall:.2f}')
    if (os.cpu_count() or 1) < 2:
        lab.skip('there is one processor')
    verdict.say(two.wall <= MOST * one.wall, f'{text} (at most {MOST})')


run(speed)
