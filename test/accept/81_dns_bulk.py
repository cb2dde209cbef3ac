"""200,000 PTR records of a real name server, server and client on a core each.

Nothing lost and nothing wrong. At most 0.75 of massdns' CPU time, if it is installed, and 0.8 of
dnsperf's (the best of the settings of each); at most 1.05 of the shortest wall time among all; at
most a tenth of what dig -f and a getnameinfo loop take. Resident memory under 16 MiB.
"""
from _lab import dns_jobs, lab, run

RUNS = 5
CPU_RATIO = {'massdns': 0.75, 'dnsperf': 0.8}
WALL_RATIO = 1.05  # of the fastest
SLOW_RATIO = 0.1  # of those that ask one question at a time
SLOW = ('dig', 'getnameinfo')
MEMORY = 16 << 10  # KiB


def test(verdict):
    for program in ('nsd', 'dnsperf', 'dig'):
        if not lab.installed(program):
            lab.skip(f'{program} is not installed')
    absent = dns_jobs.missing(dns_jobs.PEERS)
    if absent:
        print(f'  not installed and left out: {", ".join(absent)}')
    results = dns_jobs.compare(dns_jobs.job('nsd'), list(dns_jobs.CLIENTS), RUNS)
    for label, result in results.items():
        cost = result.cost
        print(f'  {label:<22} wall {cost.wall:.3f} s, CPU {cost.cpu:.3f} s, '
              f'{cost.rss / 1024:.1f} MiB{"; " if result.wrong else ""}{result.wrong}')
    mine, wrong = results['fsock'].cost, results['fsock'].wrong
    verdict.say(not wrong, 'every name right, none twice' + (f'; {wrong}' if wrong else ''))
    for peer, most in CPU_RATIO.items():
        if peer in absent:
            continue
        cpu = dns_jobs.best(results, peer, 'cpu')
        verdict.say(cpu and mine.cpu <= most * cpu,
                    f'CPU: {mine.cpu / (cpu or 1):.2f} of {peer}\'s (at most {most})')
    walls = {peer: wall for peer in dns_jobs.PEERS
             if (wall := dns_jobs.best(results, peer, 'wall'))}
    fastest = min(walls, key=walls.get, default='')
    shortest = walls.get(fastest, 0)
    verdict.say(mine.wall <= WALL_RATIO * shortest,
                f'wall: {mine.wall / (shortest or 1):.2f} of the shortest, {fastest}\'s '
                f'(at most {WALL_RATIO})')
    for peer in SLOW:
        wall = walls.get(peer, 0)
        verdict.say(mine.wall <= SLOW_RATIO * wall,
                    f'wall: {mine.wall / (wall or 1):.3f} of {peer}\'s (at most {SLOW_RATIO})')
    verdict.say(mine.rss < MEMORY, f'{mine.rss / 1024:.1f} MiB (less than {MEMORY >> 10})')


run(test)
