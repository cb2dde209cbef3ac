"""10,000 connections open at once with bodies coming in slowly, plain http, identity coding.

At most 40 KiB of resident memory for each, the command itself included.
"""
import json
import re
import time

from _lab import lab, run

COUNT = 10000
EACH = 40.0  # KiB
BODY, PIECE, PAUSE = 6000, 500, 1500  # bytes, bytes, ms: 18 s from first byte to last


def resident(pid):
    """VmRSS in KiB; 0 if the process is gone."""
    try:
        with open(f'/proc/{pid}/status') as status:
            return int(re.search(r'VmRSS:\s+(\d+)', status.read()).group(1))
    except (OSError, AttributeError):
        return 0


def watch(process, site):
    """Until the command ends: the most connections seen at once, and its memory while they were."""
    pid, most, memory = lab.child_of(process), 0, 0
    while process.poll() is None:
        now, size = site.stats()['open'] - 1, resident(pid)
        if now >= most:
            most, memory = now, max(memory, size)
        time.sleep(0.25)
    process.wait(lab.HARD_SECONDS)
    return most, memory


def test(verdict):
    if lab.fd_limit() < COUNT + 100:
        lab.skip(f'no process here may open {COUNT} sockets: the limit is {lab.fd_limit()}')
    with lab.folder() as path, lab.Site(path) as site:
        (path / 'urls').write_text(''.join(
            site.url(f'/pieces/{BODY}/{PIECE}/{PAUSE}?i={n}') + '\n' for n in range(COUNT)))
        with open(path / 'records', 'wb') as out, lab.started(
                [lab.FSOCK, 'get', '-s', '--json', '--no-compressed', '-P', COUNT, '--per-host',
                 COUNT, '-i', path / 'urls'], path / 'report', stdout=out) as process:
            most, memory = watch(process, site)
        cost = lab.read_report(path / 'report')
        records = [json.loads(line) for line in open(path / 'records')]
        at_once = site.stats()['max_open']
    fine = sum(record['exitcode'] == 0 and record['size_body'] == BODY for record in records)
    failed = next((record['errormsg'] for record in records if record['exitcode']), '')
    verdict.say(fine == COUNT and cost.code == 0, f'{fine} of {COUNT} bodies complete'
                + (f'; {failed}' if failed else ''))
    verdict.say(at_once >= COUNT, f'{at_once} connections at once at the server ({most} seen)')
    verdict.say(cost.rss <= EACH * COUNT, f'{cost.rss / COUNT:.1f} KiB each at the most, '
                f'{memory / COUNT:.1f} while all were open (at most {EACH:.0f})')
    print(f'  {cost.wall:.1f} s, CPU {cost.cpu:.2f} s')


run(test)
