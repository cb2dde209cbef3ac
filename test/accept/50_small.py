"""20,000 URLs of 1 KiB on one keep-alive nginx, server and client on a core each.

Bodies dropped, JSON records to one file: at most 0.4 of the CPU time and 0.5 of the wall time of
curl --parallel (the better of its settings), and ahead of wget2 in both. Resident memory under
24 MiB, and from 20,000 to 1,000,000 URLs growing by what is kept of each to know it again, and
with --repeat not at all.
"""
import subprocess

from _lab import jobs, lab, run

RUNS = 5
CPU_RATIO, WALL_RATIO = 0.4, 0.5  # of curl's
MEMORY = 24 << 10  # KiB
MILLION = 1000000
GROWTH = 512  # KiB: noise, and half a byte per URL, which is less than anything that is kept
KNOWN = (2 << 10) * MILLION / 100000  # KiB: 2 MiB per 100,000 URLs that are known again


def compared(verdict):
    """The job beside curl and wget2; the memory that it took, in KiB."""
    results = jobs.compare(jobs.job('small'), ('fsock', 'curl', 'wget2'), RUNS)
    for label, result in results.items():
        cost = result.cost
        print(f'  {label:<12} wall {cost.wall:.3f} s, CPU {cost.cpu:.3f} s, '
              f'{cost.rss / 1024:.1f} MiB{"; " if result.wrong else ""}{result.wrong}')
    cost = results['fsock'].cost
    verdict.say(not results['fsock'].wrong, 'every URL was fetched once, and none failed')
    for figure, most in (('cpu', CPU_RATIO), ('wall', WALL_RATIO)):
        mine, curl = getattr(cost, figure), jobs.best(results, 'curl', figure)
        wget2 = jobs.best(results, 'wget2', figure)
        verdict.say(curl and mine <= most * curl,
                    f'{figure}: {mine / (curl or 1):.2f} of curl\'s (at most {most})')
        verdict.say(wget2 and mine < wget2,
                    f'{figure}: {mine / (wget2 or 1):.2f} of wget2\'s (less than 1)')
    verdict.say(cost.rss < MEMORY, f'{cost.rss / 1024:.1f} MiB (less than {MEMORY >> 10})')
    return cost.rss


def million(verdict, most, *more):
    """A million URLs through a pipe, in so much memory."""
    job = jobs.job('small')
    with jobs.contextlib.ExitStack() as stack:
        nginx = jobs.serve(stack, job)
        path = stack.enter_context(lab.folder())
        source = subprocess.Popen(['seq', '-f', nginx.url('/k/%.0f'), '1', str(MILLION)],
                                  stdout=subprocess.PIPE, preexec_fn=lab.pin_server)
        stack.callback(lab.end, source)
        with open(path / 'records', 'wb') as out:
            cost = lab.measure([lab.FSOCK, 'get', '-s', '--json', *more, '-i', '-'],
                               stdin=source.stdout, stdout=out)
        with open(path / 'records', 'rb') as records:
            fine = sum(b'"exitcode":0,' in line for line in records)
        asked = nginx.served()[1]
    verdict.say(cost.code == 0 and fine == MILLION and asked == MILLION,
                f'{fine} fine records of {MILLION} URLs, {asked} requests; {cost.wall:.1f} s, '
                f'CPU {cost.cpu:.1f} s')
    verdict.say(cost.rss < most, f'{cost.rss / 1024:.1f} MiB (less than {most / 1024:.1f})')


def test(verdict):
    for program in ('curl', 'wget2'):
        if not lab.installed(program):
            lab.skip(f'{program} is not installed')
    small = compared(verdict)
    million(verdict, small + KNOWN)
    million(verdict, min(small + GROWTH, MEMORY), '--repeat')


run(test)
