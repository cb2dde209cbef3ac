"""get.py [OPTION]... [JOB]... - `fsock get` beside other clients; bench/get.sh prepares and runs it.

Starts an nginx on loopback, one process on the first CPU, and runs each client on the second one
through each job. Prints medians of wall time, CPU time and the most resident memory, and what part
of curl's times each needed: of curl's best setting, for each figure on its own. The last columns
are the same for h2load, which does as little with an answer as a client can.
"""
import argparse
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import jobs  # noqa: E402
import lab  # noqa: E402

NAMES = [name for name, _ in jobs.CLIENTS.values()]


def arguments():
    parser = argparse.ArgumentParser(
        prog='bench/get.sh', description='fsock get beside other clients, on loopback',
        epilog='jobs: ' + '; '.join(f'{job.name} ({job.about})' for job in jobs.JOBS))
    parser.add_argument('job', nargs='*', help='which jobs to run (all)')
    parser.add_argument('--runs', type=int, default=5, help='runs of each, of which medians (5)')
    parser.add_argument('--clients', default=','.join(NAMES), help=f'of {",".join(NAMES)} (all)')
    parser.add_argument('--json', action='store_true', help='a JSON object per line of the table')
    asked = parser.parse_args()
    known = [job.name for job in jobs.JOBS]
    asked.clients = asked.clients.split(',')
    if not set(asked.job) <= set(known):
        parser.error(f'jobs are {", ".join(known)}')
    if not set(asked.clients) <= set(NAMES):
        parser.error(f'clients are {", ".join(NAMES)}')
    if asked.runs < 1:
        parser.error('--runs: at least one')
    asked.job = asked.job or known
    return asked


def ratio(figure, of):
    return figure / of if of else None


def rows_of(job, results):
    """The table's rows for a job, as objects."""
    wall, cpu = (jobs.best(results, 'curl', figure) for figure in ('wall', 'cpu'))
    least_wall, least_cpu = (jobs.best(results, 'h2load', figure) for figure in ('wall', 'cpu'))
    for label, result in results.items():
        cost = result.cost
        yield {'job': job.name, 'client': label, 'wall': round(cost.wall, 4),
               'cpu': round(cost.cpu, 4), 'rss_kib': int(cost.rss),
               'connections': result.connections, 'wall_ratio': ratio(cost.wall, wall),
               'cpu_ratio': ratio(cost.cpu, cpu), 'wall_limit': ratio(cost.wall, least_wall),
               'cpu_limit': ratio(cost.cpu, least_cpu), 'wrong': result.wrong}


def line(row):
    ratios = ''.join(f'{row[name]:11.2f}' if row[name] else f'{"-":>11}'
                     for name in ('wall_ratio', 'cpu_ratio', 'wall_limit', 'cpu_limit'))
    return (f'  {row["client"]:<16}{row["wall"]:9.3f}{row["cpu"]:9.3f}'
            f'{row["rss_kib"] / 1024:9.1f}{row["connections"]:7}{ratios}'
            + (f'  WRONG: {row["wrong"]}' if row['wrong'] else ''))


def main():
    asked = arguments()
    lab.stop_on_sigterm()
    for name in jobs.missing(asked.clients):
        print(f'bench: {name} is not installed and left out', file=sys.stderr)
    if not asked.json:
        control = pathlib.Path('/proc/sys/net/ipv4/tcp_congestion_control').read_text().strip()
        print(f'medians of {asked.runs}; server on CPU {lab.SERVER_CPU}, clients on CPU '
              f'{lab.CLIENT_CPU} (-1: any); congestion control: {control}')
        print(f'  {"client":<16}{"wall s":>9}{"CPU s":>9}{"RSS MiB":>9}{"conns":>7}'
              f'{"wall/curl":>11}{"CPU/curl":>11}{"wall/h2l":>11}{"CPU/h2l":>11}')
    wrong = False
    for name in asked.job:
        job = jobs.job(name)
        if not asked.json:
            print(f'{job.name}: {job.about}', flush=True)
        for row in rows_of(job, jobs.compare(job, asked.clients, asked.runs)):
            wrong = wrong or bool(row['wrong'])
            print(json.dumps(row) if asked.json else line(row), flush=True)
    return 1 if wrong else 0


if __name__ == '__main__':
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
