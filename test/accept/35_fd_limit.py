"""A thousand URLs with 32 files: slow, not broken, and no descriptor is lost.

Half of the answers end their connection, so that a descriptor lost with each would soon be felt.
Once with bodies dropped, once into files, which take descriptors too.
"""
import json
import os
import pathlib
import time

from _lab import lab, run

COUNT = 1000
FILES = 32


def most_open(process):
    """The most descriptors of the command that were seen open, sampled until it ends."""
    pid, most = lab.child_of(process), 0
    while process.poll() is None:
        try:
            most = max(most, len(os.listdir(f'/proc/{pid}/fd')))
        except OSError:
            break
        time.sleep(0.002)
    process.wait(lab.HARD_SECONDS)
    return most


def one(verdict, path, urls, what, options):
    with open(path / 'records', 'wb') as out, lab.started(
            [lab.FSOCK, 'get', '-s', '--json', '-P', 500, '--per-host', 500, *options,
             '-i', path / 'urls'], path / 'report', stdout=out, nofile=FILES) as process:
        most = most_open(process)
    cost = lab.read_report(path / 'report')
    records = [json.loads(line) for line in open(path / 'records')]
    fine = sum(record['exitcode'] == 0 for record in records)
    failed = next((record['errormsg'] for record in records if record['exitcode']), '')
    verdict.say(cost.code == 0 and fine == len(urls),
                f'{what}: {fine} of {len(urls)} URLs fine, exit code {cost.code}; '
                f'{cost.wall:.2f} s, at most {most} of {FILES} descriptors seen open'
                + (f'; {failed}' if failed else ''))


def test(verdict):
    with lab.folder() as path, lab.Site(path) as site:
        urls = site.lines(f'/list.txt?n={COUNT // 2}')
        urls += [site.url(f'/close?i={n}') for n in range(COUNT // 2)]
        (path / 'urls').write_text(''.join(url + '\n' for url in urls))
        one(verdict, path, urls, 'bodies dropped', [])
        one(verdict, path, urls, 'into files', ['-O', '--output-dir', path / 'out',
                                                '--create-dirs'])
        names = {name for name in pathlib.Path(path / 'out').iterdir()}
        verdict.say(len(names) == len(urls), f'{len(names)} files')
        still_open = site.stats()['open'] - 1  # without the one that asks
        verdict.say(still_open == 0, f'{still_open} connections left open at the server')


run(test)
