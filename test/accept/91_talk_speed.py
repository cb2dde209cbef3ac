"""One direction over TCP at least as fast as socat with its best block size, over TLS no slower than
openssl s_client and s_server: medians of bench/talk.sh, wall time and CPU time.
"""
import json
import subprocess
import sys

from _lab import lab, run

TIE = 1.1  # two runs of one program differ by as much
WANTED = [('out', 'socat -b262144'), ('in', 'socat -b262144'), ('tls-out', 'openssl s_client'),
          ('tls-in', 'openssl s_client'), ('tls-serve', 'openssl s_server')]


def test(verdict):
    bench = lab.ROOT / 'bench/talk.py'
    done = subprocess.run([sys.executable, bench, '--json', '--runs', '5', '--clients',
                           'fsock,socat -b,openssl', *dict(WANTED)], stdout=subprocess.PIPE,
                          text=True)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    verdict.say(done.returncode == 0, 'all bytes have gone')
    ratios = {(row['job'], row['of']): row for row in rows if 'of' in row}
    for job, peer in WANTED:
        row = ratios.get((job, peer))
        verdict.say(row is not None and row['wall_ratio'] < TIE and row['cpu_ratio'] < TIE,
                    f'{job}: {row["wall_ratio"]} of {peer}\'s wall time, {row["cpu_ratio"]} of its '
                    f'CPU time (limit {TIE})' if row else f'{job}: {peer} was not measured')


run(test)
