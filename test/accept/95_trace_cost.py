"""100,000 exchanges over kept connections, records to a file: with --trace to another file they cost
at most a fifth more CPU time than without. Runs take turns, and each is compared with its neighbour,
since a shared machine is faster in some minutes than in others; what counts is the median.
"""
import statistics

from _lab import jobs, lab, run

COUNT, RUNS, MOST = 100000, 11, 1.20


def once(nginx, path, *more):
    with open(path / 'list') as urls, open(path / 'records', 'wb') as out:
        return lab.measure([lab.FSOCK, 'get', '-s', '--json', *more, '-i', '-'], stdin=urls, stdout=out)


def test(verdict):
    with jobs.contextlib.ExitStack() as stack:
        nginx = jobs.serve(stack, jobs.job('small'))
        path = stack.enter_context(lab.memory_folder())
        (path / 'list').write_text(''.join(nginx.url(f'/k/{i}') + '\n' for i in range(COUNT)))
        plain, traced = [], []
        for _ in range(RUNS):
            plain.append(once(nginx, path))
            traced.append(once(nginx, path, '--trace', path / 'trace'))
        events = sum(1 for _ in open(path / 'trace', 'rb'))
    verdict.say(all(run.code == 0 for run in plain + traced), 'every URL was fetched')
    verdict.say(events > 7 * COUNT, f'{events / COUNT:.1f} events an exchange')
    ratios = sorted(b.cpu / a.cpu for a, b in zip(plain, traced))
    verdict.say(statistics.median(ratios) <= MOST,
                f'{statistics.median(ratios):.3f} of the CPU time without (at most {MOST}), '
                f'{ratios[0]:.2f} to {ratios[-1]:.2f} in {RUNS} pairs; '
                f'{lab.median(plain).cpu:.2f} s and {lab.median(traced).cpu:.2f} s')


run(test)
