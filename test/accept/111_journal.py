"""A journal of a million lines: opened in less than two seconds, for each of what it is opened for;
joined with another one; and what is known of a URL takes at most 20 bytes.

Beside it 2,000 URLs with a journal and without: it costs at most a tenth more CPU time.
"""
import datetime
import statistics
import subprocess
import zlib

from _lab import jobs, lab, run

MILLION, OPENED, EACH = 1000000, 2.0, 20  # lines, seconds, bytes
RUNS, MOST = 9, 1.10
FIRST = '# fsock journal 1\n'


def write_journal(path):
    """A million lines of URLs of 60 to 70 bytes, half of them failed."""
    now = datetime.datetime.now(datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%S.000Z')
    with open(path, 'w') as out:
        out.write(FIRST)
        for n in range(MILLION):
            how = 'ok\t200\t0' if n % 2 else 'reset\t000\t56'
            rest = f'{now}\t{how}\t0.001234\tMISS\t-\thttp://www.shop{n % 100}.test/articles/of/the/season/{n}?page=1'
            out.write(f'{zlib.crc32(rest.encode()):08x}\t{rest}\n')


def opening(verdict, path):
    (path / 'nothing').write_text('')
    base = lab.measure([lab.FSOCK, 'get', '-s', '-i', path / 'nothing', '--journal', path / 'new'])
    for option in (['--resume'], ['--only-failed'], ['--fresh', '1h'], []):
        cost = lab.measure([lab.FSOCK, 'get', '-s', '-i', path / 'nothing', '--journal', path / 'j', *option])
        each = (cost.rss - base.rss) * 1024 / MILLION
        verdict.say(cost.code == 0 and cost.wall < OPENED and each < EACH + 1,
                    f'{" ".join(option) or "only --journal"}: opened in {cost.wall:.2f} s (CPU {cost.cpu:.2f}), '
                    f'{each:.1f} bytes a line')


def merging(verdict, path):
    (path / 'k').write_bytes((path / 'j').read_bytes())
    cost = lab.measure([lab.FSOCK, 'get', '-s', '--merge', path / 'out', path / 'j', path / 'k'])
    same = (path / 'out').read_bytes() == (path / 'j').read_bytes()
    verdict.say(cost.code == 0 and same, f'two of them joined in {cost.wall:.2f} s, {cost.rss / 1024:.0f} MiB')


def cost_of_it(verdict, path):
    with jobs.contextlib.ExitStack() as stack:
        nginx = jobs.serve(stack, jobs.job('small'))
        (path / 'list').write_text(''.join(nginx.url(f'/k/{i}') + '\n' for i in range(20000)))

        def once(*more):
            (path / 'small').unlink(missing_ok=True)
            return lab.measure([lab.FSOCK, 'get', '-s', '--json', *more, '-i', path / 'list'],
                               stdout=subprocess.DEVNULL)

        pairs = [(once('--repeat'), once(), once('--journal', path / 'small')) for _ in range(RUNS)]
    for at, what in ((1, 'knowing what is repeated'), (2, 'that and a journal')):
        ratio = statistics.median(costs[at].cpu / costs[0].cpu for costs in pairs)
        verdict.say(ratio <= MOST, f'{what}: {ratio:.2f} of the CPU time (at most {MOST})')


def test(verdict):
    with lab.memory_folder() as path:
        write_journal(path / 'j')
        opening(verdict, path)
        merging(verdict, path)
        cost_of_it(verdict, path)


run(test)
