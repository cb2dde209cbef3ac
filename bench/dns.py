"""dns.py [OPTION]... [JOB]... - `fsock dns` beside others; bench/dns.sh prepares and runs it.

Starts a name server on loopback, on the first CPU, and runs each client on the second one through
each job. Prints medians of wall time, CPU time and the most resident memory, then what part of each
other client's figures fsock needed: of its best setting, for each figure on its own.
"""
import argparse
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import dns_jobs  # noqa: E402
import dns_lab  # noqa: E402
import lab  # noqa: E402

NAMES = list(dns_jobs.CLIENTS)
FIGURES = ('wall', 'cpu', 'rss')


def arguments():
    parser = argparse.ArgumentParser(
        prog='bench/dns.sh', description='fsock dns beside other clients, on loopback',
        epilog='jobs: ' + '; '.join(f'{job.name} ({job.about})' for job in dns_jobs.JOBS))
    parser.add_argument('job', nargs='*', help='which jobs to run (all)')
    parser.add_argument('--runs', type=int, default=5, help='runs of each, of which medians (5)')
    parser.add_argument('--clients', default=','.join(NAMES), help=f'of {",".join(NAMES)} (all)')
    parser.add_argument('--json', action='store_true', help='a JSON object per line of the table')
    asked = parser.parse_args()
    known = [job.name for job in dns_jobs.JOBS]
    asked.clients = asked.clients.split(',')
    if not set(asked.job) <= set(known):
        parser.error(f'jobs are {", ".join(known)}')
    if not set(asked.clients) <= set(NAMES):
        parser.error(f'clients are {", ".join(NAMES)}')
    if asked.runs < 1:
        parser.error('--runs: at least one')
    asked.job = asked.job or known
    return asked


def rows_of(job, results):
    """The table's rows for a job, as objects."""
    for label, result in results.items():
        cost = result.cost
        yield {'job': job.name, 'client': label, 'wall': round(cost.wall, 4),
               'cpu': round(cost.cpu, 4), 'rss_kib': int(cost.rss), 'wrong': result.wrong}


def ratios_of(job, results):
    """What part of each other client's figures fsock needed, as objects; None: not comparable."""
    for peer in [*dns_jobs.PEERS, 'limit']:
        if 'fsock' not in results or not any(label.startswith(peer) for label in results):
            continue
        row = {'job': job.name, 'of': peer}
        for figure in FIGURES:
            mine, theirs = (dns_jobs.best(results, name, figure) for name in ('fsock', peer))
            row[f'{figure}_ratio'] = round(mine / theirs, 3) if mine and theirs else None
        yield row


def line(row):
    return (f'  {row["client"]:<22}{row["wall"]:9.3f}{row["cpu"]:9.3f}{row["rss_kib"] / 1024:9.1f}'
            + (f'  WRONG: {row["wrong"]}' if row['wrong'] else ''))


def ratio_line(row):
    return f'  {"fsock / " + row["of"]:<22}' + ''.join(
        f'{"-":>9}' if row[f'{figure}_ratio'] is None else f'{row[f"{figure}_ratio"]:9.2f}'
        for figure in FIGURES)


def say_what_is_left_out(asked):
    for name in dns_jobs.missing(asked.clients):
        print(f'bench: {name} is not installed and left out', file=sys.stderr)
    if 'adnslogres' in asked.clients and not dns_lab.port_53():
        print('bench: adnslogres is left out: it asks at port 53, which can\'t be had here',
              file=sys.stderr)


def main():
    asked = arguments()
    lab.stop_on_sigterm()
    if not lab.installed('nsd') and 'nsd' in asked.job:
        sys.exit('bench: nsd is not installed')
    say_what_is_left_out(asked)
    if not asked.json:
        print(f'medians of {asked.runs}; server on CPU {lab.SERVER_CPU}, clients on CPU '
              f'{lab.CLIENT_CPU} (-1: any)\nadnslogres also looks whether each name leads back; '
              f'(1/{dns_jobs.SHARE}): asked for a part, times multiplied')
        print(f'  {"client":<22}{"wall s":>9}{"CPU s":>9}{"RSS MiB":>9}')
    wrong = False
    for name in asked.job:
        job = dns_jobs.job(name)
        if not asked.json:
            print(f'{job.name}: {job.about}', flush=True)
        results = dns_jobs.compare(job, asked.clients, asked.runs)
        wrong = wrong or any(result.wrong for result in results.values())
        for row in rows_of(job, results):
            print(json.dumps(row) if asked.json else line(row), flush=True)
        for row in ratios_of(job, results):
            print(json.dumps(row) if asked.json else ratio_line(row), flush=True)
    return 1 if wrong else 0


if __name__ == '__main__':
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
