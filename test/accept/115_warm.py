"""5,000 pages in 4 variants, warmed and proved, before nginx's proxy_cache and before Varnish.

What the report counts is what the cache itself has written down, by verdict; each page is asked for
twice in each variant, is missing the first time and there the second; and a page that is purged is
fetched again soon, however long the list is. A second run, of what is uncached, fetches nothing.
"""
import collections
import json
import pathlib
import re
import sys

from _lab import lab, run

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'e2e'))
import caches as real  # noqa: E402

PAGES = 5000
LANGUAGES = ('de', 'en', 'fr', 'es')
EACH = PAGES * len(LANGUAGES)
APART = 30  # requests between a purge and the fetch, at most, of 99 in a hundred


def warm(path, *words):
    """A run: its cost, its records, and the counts of its summary, {before or last: {verdict: n}}."""
    with open(path / 'records', 'wb') as out, open(path / 'summary', 'wb') as err:
        cost = lab.measure([lab.FSOCK, 'get', '--warm', '--json', '-i', path / 'list', '--vary',
                            'accept-language=' + ','.join(LANGUAGES), *words], stdout=out, stderr=err)
    records = [json.loads(line) for line in (path / 'records').read_text().splitlines()]
    line = re.search(r'^cache: (.*?)(?:; before: (.*))?$', (path / 'summary').read_text(), re.M)
    last, before = ({word: int(n) for n, word in re.findall(r'(\d+) (\w+)', part or '')}
                    for part in line.groups())
    return cost, records, before, last


def logged(lines, method='GET'):
    """What a cache has written down: {verdict: how often}."""
    return collections.Counter(line[2].upper() for line in lines if line[0] == method)


def counted(records, field):
    return collections.Counter(record[field] for record in records)


def proved(verdict, path, caches, cache, *words):
    known = len(caches.log(cache))
    cost, records, before, last = warm(path, '--prove', *words)
    lines = caches.log(cache)[known:]
    log = logged(lines)
    verdict.say(cost.code == 0 and len(records) == EACH,
                f'{cache} {" ".join(words)}: {len(records)} records, exit code {cost.code}; '
                f'{cost.wall:.2f} s, CPU {cost.cpu:.2f} s, {cost.rss / 1024:.1f} MiB')
    verdict.say(log == collections.Counter(before) + collections.Counter(last),
                f'{cache}: its log has {dict(log)}, the summary {before} and then {last}')
    verdict.say(counted(records, 'cache') == last and counted(records, 'cache_before') == before,
                'and so have the records')
    verdict.say(log == {'MISS': EACH, 'HIT': EACH}, 'each was missing once, and there once')
    return lines


def purged(verdict, path, caches):
    lines = sorted(proved(verdict, path, caches, 'varnish', '--purge'), key=lambda line: float(line[3]))
    purges = {line[1]: at for at, line in enumerate(lines) if line[0] == 'PURGE'}
    first = {}
    for at, line in enumerate(lines):
        if line[0] == 'GET':
            first.setdefault(line[1], at)
    apart = sorted(first[page] - at for page, at in purges.items())
    verdict.say(len(purges) == PAGES and apart[PAGES * 99 // 100] <= APART,
                f'{len(purges)} purges, followed by the fetch within {apart[PAGES // 2]} requests, of 99 in a hundred '
                f'within {apart[PAGES * 99 // 100]} (at most {APART})')


def test(verdict):
    with lab.folder() as path:
        (path / 'caches').mkdir()
        with real.Caches(path / 'caches') as caches:
            for cache in ('nginx', 'varnish'):
                (path / 'list').write_text(''.join(caches.url(cache, f'/page/{n}\n') for n in range(1, PAGES + 1)))
                proved(verdict, path, caches, cache)
                cost, records, before, last = warm(path, '--only-uncached')
                verdict.say(cost.code == 0 and last == {'HIT': EACH} and not before
                            and counted(records, 'method') == {'HEAD': EACH},
                            f'{cache}: nothing is fetched that is there; {cost.wall:.2f} s')
            purged(verdict, path, caches)


run(test)
