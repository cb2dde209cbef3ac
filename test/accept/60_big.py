"""A body of 2 GiB: no slower than curl plain and over TLS, twice as fast if it is gzip.

In under 16 MiB each. The body goes to standard output, as curl's does with -o /dev/null. What is
compared is the best of several runs in turns: what disturbs a run only makes it slower.
"""
from _lab import jobs, lab, run

RUNS = 5
MEMORY = 16 << 10  # KiB
JOBS = {'big': 1.0, 'big-tls': 1.0, 'big-gzip': 2.0}  # name: times curl's speed, at least


def test(verdict):
    if not lab.installed('curl'):
        lab.skip('curl is not installed')
    for name, speed in JOBS.items():
        job = jobs.job(name)
        results = jobs.compare(job, ('fsock', 'curl'), RUNS)
        for label, result in results.items():
            cost = result.cost
            print(f'  {label:<16} {2048 / result.fastest:6.0f} MiB/s, CPU {cost.cpu:.3f} s, '
                  f'{cost.rss / 1024:.1f} MiB{"; " if result.wrong else ""}{result.wrong}')
        mine, curl = results['fsock'], results['curl']
        verdict.say(not mine.wrong and not curl.wrong, f'{job.about}: fetched')
        verdict.say(curl.fastest >= speed * mine.fastest,
                    f'{job.about}: {curl.fastest / mine.fastest:.2f} of curl\'s speed '
                    f'(at least {speed:.1f})')
        verdict.say(mine.cost.rss < MEMORY,
                    f'{job.about}: {mine.cost.rss / 1024:.1f} MiB (less than {MEMORY >> 10})')


run(test)
