"""Rates are kept, from above and from below: --rate 200/s for 10 s are 2,000 requests within 1 %,
--limit-rate 10M for 6 s are 60 MiB within 3 %, whatever runs side by side, and however bodies are
received: dropped, written to files, over TLS, in one piece or many. What disturbs a run only makes
it slower: bodies that come too slowly get a second chance.
"""
import subprocess

from _lab import lab, run

RATE, SECONDS, OFF = 200, 10, 0.01
MIB, PARTS, SPEED, SPEED_OFF = 1 << 20, 60, 10, 0.03
SERVER = '''\
        root {root};
        location /k/ {{ return 200 'fine'; }}
'''


def requests(verdict, nginx):
    """As many as nginx has answered when --run-time has ended the run."""
    for option in ('--rate', '--host-rate'):
        for parallel in (1, 8, 512):
            before = nginx.served()[1]
            source = subprocess.Popen(['seq', '-f', nginx.url('/k/%.0f'), '1', '100000'],
                                      stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            with source:
                lab.measure([lab.FSOCK, 'get', '-s', '-i', '-', option, f'{RATE}/s', '-P', parallel,
                             '--per-host', parallel, '--run-time', f'{SECONDS}s'],
                            stdin=source.stdout)
                source.stdout.close()
            count = nginx.served()[1] - before
            wanted = RATE * SECONDS
            verdict.say(abs(count - wanted) <= OFF * wanted,
                        f'{option} {RATE}/s, -P {parallel}: {count} requests in {SECONDS} s')


def fetched(command, path):
    with open(path / 'log', 'wb') as log:
        return lab.measure(command, stdout=log)


def bandwidth(verdict, nginx, path):
    one, many = [nginx.url('/whole')], [nginx.url(f'/part?{n}') for n in range(PARTS)]
    secure = [nginx.url(f'/part?{n}', tls=True) for n in range(PARTS)]
    files = ['-O', '--output-dir', path / 'out']
    ways = [('one body, dropped', one, ['-P', 1, '--json']), ('one body into a file', one, files)]
    for parallel in (1, 8, 60):
        ways.append((f'{PARTS} bodies, dropped, -P {parallel}', many, ['-P', parallel]))
    ways.append((f'{PARTS} bodies into files, -P 8', many, [*files, '-P', 8]))
    ways.append((f'{PARTS} bodies over TLS, -P 8', secure, ['-P', 8, '--cacert', nginx.ca]))
    for option in ('--limit-rate', '--host-limit-rate'):
        for name, urls, words in ways:
            (path / 'list').write_text('\n'.join(urls))
            command = [lab.FSOCK, 'get', '-s', option, f'{SPEED}M', '--per-host', 60, *words,
                       *(urls if len(urls) == 1 else ['-i', path / 'list'])]
            costs = [fetched(command, path)]
            if PARTS / costs[0].wall < (1 - SPEED_OFF) * SPEED:
                costs.append(fetched(command, path))
            best = min(costs, key=lambda cost: cost.wall)
            speed = PARTS / best.wall
            verdict.say(not any(cost.code for cost in costs) and
                        abs(speed - SPEED) <= SPEED_OFF * SPEED,
                        f'{option} {SPEED}M, {name}: {speed:.3f} MiB/s, CPU {best.cpu:.3f} s')


def test(verdict):
    if not lab.installed('nginx'):
        lab.skip('nginx is not installed')
    with lab.memory_folder() as path:
        for name, size in (('whole', PARTS * MIB), ('part', MIB)):
            with open(path / name, 'wb') as out:
                out.truncate(size)
        with lab.folder() as home, lab.Nginx(home, SERVER.format(root=path)) as nginx:
            requests(verdict, nginx)
            bandwidth(verdict, nginx, path)


run(test)
