"""As many at once as a site bears, and no more: nginx that limits requests, three ways, and nginx
before a site of 8 workers that take 50 ms each, where the ninth waits.

--adaptive does nine tenths of what the site can do, or more, from the first request to the last, the
window's growth from two at a time included (2,000 URLs: 12.5 s of the site's time, 20 s where 100 a
second are permitted); the site's answers take at most twice the time that they take without a queue,
of 95 in a hundred; no URL is lost, and few are refused. All of it by nginx's own log. Beside it what
the same list comes to by other means.

The limit without a burst turns away what comes 9 ms after the last, so there a busy machine decides
how much is possible, and whether a URL is unlucky three times: it is only said.
"""
import collections
import contextlib
import dataclasses
import json
import math
import statistics
import subprocess
import sys
import time

from _lab import lab, run

import _worker_site as site

URLS, RATE, MOST_OPEN = 2000, 100, 64
SHARE, LATENCY, REFUSED = 0.9, 2, 0.05  # at least; floors; of the URLs, at most
HTTP = '''\
    log_format took "$request_uri $status $request_time";
    limit_req_zone $server_port zone=strict:1m rate={rate}r/s;
    limit_req_zone $server_port zone=burst:1m rate={rate}r/s;
    limit_req_zone $server_port zone=delay:1m rate={rate}r/s;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        access_log took.log took;
        root {root};
        location /strict/ {{ limit_req zone=strict; try_files /page =404; }}
        location /burst/ {{ limit_req zone=burst burst=20 nodelay; limit_req_status 429; try_files /page =404; }}
        location /delay/ {{ limit_req zone=delay burst=20; try_files /page =404; }}
        location /workers/ {{ proxy_pass http://127.0.0.1:{upstream}; }}
    }}
'''


@dataclasses.dataclass
class Case:
    name: str
    about: str
    capacity: float  # requests a second
    exact: bool  # it can be reached
    queues: bool  # what is more than it can do at once waits, and makes answers late


CASES = [
    Case('workers', 'before 8 workers that take 50 ms', site.WORKERS / site.BUSY, True, True),
    Case('strict', f'limit_req {RATE}r/s: 503', RATE, False, False),
    Case('burst', f'limit_req {RATE}r/s burst=20 nodelay: 429', RATE, True, False),
    Case('delay', f'limit_req {RATE}r/s burst=20: delay, then 503', RATE, True, False),
]
CLIENTS = {
    'fsock --adaptive, as it is in a list': [lab.FSOCK, 'get', '-s', '--json'],
    f'fsock -P {MOST_OPEN} --adaptive': [lab.FSOCK, 'get', '-s', '--json', '-P', MOST_OPEN, '--adaptive'],
    f'fsock -P {MOST_OPEN} --no-adaptive': [lab.FSOCK, 'get', '-s', '--json', '-P', MOST_OPEN, '--per-host',
                                           MOST_OPEN, '--no-adaptive'],
    f'curl -Z --parallel-max {MOST_OPEN}': ['curl', '-q', '-s', '-Z', '--parallel-max', MOST_OPEN,
                                           '-w', '{"http_code":%{http_code}}\\n'],
}
AS_IS, OPENED = list(CLIENTS)[:2]
PER_HOST = 6  # what the command does at once unless told otherwise


@dataclasses.dataclass
class Outcome:
    share: float  # of the capacity
    p95: float  # of the answers that were not refused: seconds
    refused: int
    failed: int  # URLs


@contextlib.contextmanager
def served():
    """A running nginx and the workers behind it: (its folder, its port)."""
    port = lab.free_ports(1)[0]
    workers = subprocess.Popen([sys.executable, site.__file__], stdout=subprocess.PIPE, start_new_session=True,
                               preexec_fn=lab.pin_server, env=lab.ENV)
    upstream = int(workers.stdout.readline())
    try:
        with lab.folder() as path:
            (path / 'page').write_text('fine\n')
            with lab.Nginx(path, '', HTTP.format(rate=RATE, port=port, upstream=upstream, root=path)):
                yield path, port
    finally:
        lab.end(workers)


def logged(path, case):
    """What nginx has written down of a case: a list of (status, seconds)."""
    lines = (line.split() for line in (path / 'took.log').read_text().splitlines())
    return [(int(status), float(took)) for uri, status, took in lines if uri.startswith(f'/{case.name}/')]


def fetched(path, port, case, client):
    """The list by one client."""
    urls = [f'http://127.0.0.1:{port}/{case.name}/{n}' for n in range(URLS)]
    (path / 'list').write_text(''.join(url + '\n' for url in urls))
    (path / 'curl').write_text(''.join(f'url = "{url}"\noutput = "/dev/null"\n' for url in urls))
    source = ['-K', path / 'curl'] if client.startswith('curl') else ['-i', path / 'list']
    known = len(logged(path, case))
    time.sleep(1)  # what the last one has used of the limit is forgotten
    with open(path / 'records', 'wb') as out:
        cost = lab.measure([*CLIENTS[client], *source], stdout=out)
    answers = logged(path, case)[known:]
    fine = sorted(took for status, took in answers if status == 200)
    records = [json.loads(line) for line in (path / 'records').read_text().splitlines()]
    statuses = collections.Counter(record['http_code'] for record in records)
    return Outcome(len(fine) / cost.wall / case.capacity, fine[math.ceil(len(fine) * 0.95) - 1] if fine else 0,
                   sum(status in (429, 503) for status, _ in answers), URLS - statuses[200])


def floor_of(path, port, case):
    """How long an answer takes when there is only one at a time: seconds."""
    urls = (f'http://127.0.0.1:{port}/{case.name}/{n}' for n in range(20))
    lab.measure([lab.FSOCK, 'get', '-s', '--json', '-P', 1, *urls])
    return statistics.median(took for _, took in logged(path, case))


def possible_for(case, client, outcomes):
    """The share of the capacity that a client could have used. Where more waits than is done, that
    is what the site has done for anybody: no worker is back at once."""
    if not case.queues:
        return 1
    most = max(got.share for got in outcomes.values())
    return most * PER_HOST / site.WORKERS if client == AS_IS else most


def judge(verdict, case, client, got, floor, possible):
    if case.exact:
        verdict.say(got.share >= SHARE * possible, f'{client}: {got.share / possible:.1%} of what could be done')
        verdict.say(not got.failed, f'{client}: {got.failed} URLs failed')
    if floor:
        verdict.say(got.p95 <= LATENCY * floor, f'{client}: {got.p95 / floor:.2f} floors of {floor * 1000:.0f} ms')
    verdict.say(got.refused <= REFUSED * URLS, f'{client}: {got.refused / URLS:.1%} refused')


def test(verdict):
    for program in ('nginx', 'curl'):
        if not lab.installed(program):
            lab.skip(f'{program} is not installed')
    with served() as (path, port):
        for case in CASES:
            print(f'\n{case.about}; {URLS} URLs\n{"":40}{"capacity":>9}{"p95":>10}{"floors":>8}{"refused":>9}'
                  f'{"failed":>8}', flush=True)
            floor = floor_of(path, port, case) if case.queues else 0
            outcomes = {}
            for client in CLIENTS:
                got = outcomes[client] = fetched(path, port, case, client)
                floors = f'{got.p95 / floor:.2f}' if floor else '-'
                print(f'{client:40}{got.share:9.1%}{got.p95 * 1000:7.0f} ms{floors:>8}{got.refused:9}'
                      f'{got.failed:8}', flush=True)
            for client in (AS_IS, OPENED):
                judge(verdict, case, client, outcomes[client], floor, possible_for(case, client, outcomes))


run(test)
