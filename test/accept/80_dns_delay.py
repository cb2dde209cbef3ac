"""10,000 names at a server that answers each question after the same time: waiting, all at once.

With 200 ms it takes at most a second more than that. All answers are right, at each delay.
"""
from _lab import dns_lab, lab, run

COUNT = 10000
DELAYS = (0, 50, 200, 500)  # ms
LIMITED, MORE = 200, 1.0  # ms, seconds


def one(verdict, path, delay):
    names = dns_lab.canned_names(dns_lab.addresses(COUNT))
    (path / 'addresses').write_text(''.join(address + '\n' for address in names))
    with dns_lab.Canned('--delay', delay) as server, open(path / 'records', 'wb') as out:
        cost = lab.measure(dns_lab.fsock(server.port, '-i', path / 'addresses'), stdout=out)
    wrong = dns_lab.complaint(path / 'records', names)
    verdict.say(cost.code == 0 and not wrong, f'{delay} ms: every name right, exit code '
                f'{cost.code}; {cost.wall:.3f} s, CPU {cost.cpu:.3f} s'
                + (f'; {wrong}' if wrong else ''))
    if delay == LIMITED:
        most = delay / 1000 + MORE
        verdict.say(cost.wall <= most, f'{cost.wall:.3f} s (at most {most:.1f})')


def test(verdict):
    with lab.memory_folder() as path:
        for delay in DELAYS:
            one(verdict, path, delay)


run(test)
