"""10,000 names through a network that loses 30 of 100 questions at random, 10 s for each.

At least 9,995 are answered rightly and none wrongly. The network is a namespace of its own.
"""
import subprocess

from _lab import dns_lab, lab, run

COUNT = 10000
LEAST = 9995
LOSS = 30  # of 100
EACH = '10s'
RULES = '''\
table inet lossy {{
    counter lost {{ }}
    chain input {{
        type filter hook input priority 0;
        udp dport {port} numgen random mod 100 < {loss} counter name lost drop
    }}
}}
'''  # on the way in: what is dropped on the way out is an error that its sender is told of


def lost():
    """How many questions were dropped, as nft says it."""
    shown = subprocess.run(['nft', 'list', 'counter', 'inet', 'lossy', 'lost'],
                           capture_output=True, text=True).stdout.split()
    return int(shown[shown.index('packets') + 1])


def test(verdict):
    why = dns_lab.private_network()
    if why:
        lab.skip(why)
    names = dns_lab.canned_names(dns_lab.addresses(COUNT))
    with lab.memory_folder() as path, dns_lab.Canned() as server:
        loaded = subprocess.run(['nft', '-f', '-'], capture_output=True, text=True,
                                input=RULES.format(port=server.port, loss=LOSS))
        if loaded.returncode:
            lab.skip(f'nftables: {loaded.stderr.strip()}')
        (path / 'addresses').write_text(''.join(address + '\n' for address in names))
        with open(path / 'records', 'wb') as out:
            cost = lab.measure(
                dns_lab.fsock(server.port, '-m', EACH, '-i', path / 'addresses'), stdout=out)
        right, wrong, first = dns_lab.compare_records(path / 'records', names)
        dropped = lost()
    verdict.say(right >= LEAST, f'{right} of {COUNT} right (at least {LEAST}); {cost.wall:.2f} s, '
                f'CPU {cost.cpu:.2f} s' + (f'; {first}' if first else ''))
    verdict.say(wrong == 0, f'{wrong} wrong')
    least = COUNT * LOSS // 100
    verdict.say(dropped >= least, f'{dropped} questions were lost (at least {least})')


run(test)
