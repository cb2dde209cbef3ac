"""100,000 exchanges over kept connections, records to a file: with --trace to another file they cost
at most a fifth more CPU time than without. Runs take turns; what counts is the median.
"""
from _lab import jobs, lab, run

COUNT, RUNS, MOST = 100000, 7, 1.20


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
    without, with_trace = lab.median(plain), lab.median(traced)
    verdict.say(without.code == 0 and with_trace.code == 0, 'every URL was fetched')
    verdict.say(events > 9 * COUNT, f'{events / COUNT:.1f} events an exchange')
    ratio = with_trace.cpu / without.cpu
    verdict.say(ratio <= MOST, f'CPU {without.cpu:.2f} s, with a trace {with_trace.cpu:.2f} s: '
                               f'{ratio:.3f} (at most {MOST})')


run(test)
