"""Forged answers before the true one, for 1,000 names: the true one counts in each case.

The forgeries are those of test/site/: another id, another question, another type, a query, the
same name in another case, and an answer that is right in all but the port it comes from.
"""
from _lab import dns_lab, lab, run

COUNT = 1000
TRUE = '127.0.0.1'  # forgeries say 127.0.0.66


def test(verdict):
    names = {f'forged{n}.site.test': TRUE for n in range(COUNT)}
    with lab.folder() as path, lab.Site(path) as site:
        (path / 'names').write_text(''.join(name + '\n' for name in names))
        with open(path / 'records', 'wb') as out:
            cost = lab.measure(dns_lab.fsock(site.ports['dns'], '-t', 'A', '-i', path / 'names'),
                               stdout=out)
        right, wrong, first = dns_lab.compare_records(path / 'records', names, 'A')
        asked = site.stats()['dns_queries']
    verdict.say(right == COUNT and cost.code == 0, f'{right} of {COUNT} are the true answer, exit '
                f'code {cost.code}; {cost.wall:.2f} s' + (f'; {first}' if first else ''))
    verdict.say(wrong == 0, f'{wrong} wrong')
    verdict.say(asked >= COUNT, f'{asked} questions were answered with forgeries')


run(test)
