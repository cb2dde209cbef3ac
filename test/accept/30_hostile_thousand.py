"""A thousand hostile URLs and a thousand good ones in one run with two seconds for each.

Every good one succeeds, and all is over after 2.5 s: no bad manner delays a neighbour.
"""
import json

from _lab import lab, run

COUNT = 1000
LIMIT = 2.5  # seconds, from the start of the process to its end


def test(verdict):
    with lab.folder() as path, lab.Site(path) as site:
        good = site.lines(f'/list.txt?n={COUNT}')
        bad = site.lines(f'/hostile.txt?n={COUNT}')
        (path / 'urls').write_text(''.join(f'{b}\n{g}\n' for b, g in zip(bad, good)))
        with open(path / 'records', 'wb') as out:
            cost = lab.measure([lab.FSOCK, 'get', '-s', '--json', '--cacert', site.ca, '-P', 2000,
                                '--per-host', 2000, '-m', 2, '-i', path / 'urls'], stdout=out)
        records = [json.loads(line) for line in open(path / 'records')]
    by_url = {record['url']: record for record in records}
    failed = [by_url.get(url, {'url': url, 'errormsg': 'no record'}) for url in good
              if by_url.get(url, {}).get('exitcode') != 0]
    for record in failed[:10]:
        print(f'  {record["url"]}: {record["errormsg"]}')
    late = max((record['time_total'] for record in records), default=0)
    verdict.say(len(good) == len(bad) == COUNT and len(records) == 2 * COUNT,
                f'{len(good)} good URLs and {len(bad)} hostile ones gave {len(records)} records')
    verdict.say(not failed, f'{len(good) - len(failed)} good ones succeeded, {len(failed)} failed')
    verdict.say(cost.wall <= LIMIT, f'over after {cost.wall:.3f} s (at most {LIMIT}); the slowest '
                f'URL took {late:.3f} s')
    print(f'  CPU {cost.cpu:.2f} s, {cost.rss / 1024:.1f} MiB')


run(test)
