"""The times of a transfer as curl -w tells them and as our records and traces do, of the same pages:
within 5 ms. Each program has several tries, since the machine may be busy; the nearest ones count.
"""
import json
import subprocess

from _lab import lab, run

TRIES, WITHIN = 7, 0.005
NAMES = ('time_connect', 'time_appconnect', 'time_starttransfer', 'time_total')
FORMAT = '{' + ','.join(f'"{name}":%{{{name}}}' for name in NAMES) + '}'


def times(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=lab.ENV)
    return json.loads(done.stdout)


def of_trace(path):
    """When the stages ended, by the marks of a trace."""
    kinds = {'connected': 'time_connect', 'tls': 'time_appconnect', 'first-byte': 'time_starttransfer',
             'done': 'time_total', 'start': 'start'}
    at = {}
    for line in open(path):
        mark = json.loads(line)
        if mark['event'] in kinds:
            at[kinds[mark['event']]] = mark['t']
    start = at.pop('start')
    return {'time_appconnect': 0, **{name: t - start for name, t in at.items()}}


def compare(verdict, site, url, path):
    curl, ours, traced = [], [], []
    for _ in range(TRIES):
        curl.append(times(['curl', '-s', '-o', path / 'body', '--cacert', site.ca, '-w', FORMAT, url]))
        record = times([lab.FSOCK, 'get', '-s', '-o', path / 'body', '--cacert', site.ca, '--json',
                        '--trace', path / 'trace', url])
        ours.append({name: record[name] for name in NAMES})
        traced.append(of_trace(path / 'trace'))
    for who, figures in (('record', ours), ('trace', traced)):
        for name in NAMES:
            apart = min(abs(a[name] - b[name]) for a in figures for b in curl)
            verdict.say(apart <= WITHIN, f'{url.split(":")[0]} {name} of the {who}: '
                                         f'{apart * 1000:.2f} ms apart from curl\'s')


def test(verdict):
    if not lab.installed('curl'):
        lab.skip('curl is not installed')
    with lab.folder() as path, lab.Site(path) as site:
        for service in ('http', 'https'):
            url = site.url('/delay/200', service).replace('http:', f'{service}:', 1)
            compare(verdict, site, url, path)


run(test)
