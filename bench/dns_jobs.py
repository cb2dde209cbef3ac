"""dns_jobs.py - the jobs that name server clients are compared in, and how each is told to do them.

Each client looks up the PTR records of the same addresses. Clients run in turns, as in jobs.py.
What a client has written is looked at after each run: every address must have its name. One that
only counts its answers (dnsperf, the limit) must have counted all of them.
"""
import contextlib
import dataclasses
import re

import dns_lab
import lab

COUNT = 200000
SHARE = 10  # clients that ask one question at a time do a part of the work, and cost as many times
DNSPERF = ((1, 100), (1, 500), (1, 1000), (10, 1000))  # (clients, open questions) that are tried
MASSDNS = (500, 2000, 10000)
ADNS = (50, 100)  # more, and a busy machine loses answers: its socket buffer is the default
LIMIT = 512
SOCKET_BUFFER = 4 << 20  # theirs, so that a burst of answers is not lost to the default one


@dataclasses.dataclass
class Job:
    name: str
    about: str
    canned: bool = False


JOBS = [
    Job('nsd', f'{COUNT:,} PTR records of an nsd'),
    Job('canned', f'{COUNT:,} PTR records of a server that has one answer for all', canned=True),
]


def job(name):
    return next(job for job in JOBS if job.name == name)


@dataclasses.dataclass
class Given:
    """What clients are given: where to ask, for what, and what must come out."""
    port: int
    address_53: str  # the same names are there at port 53; None: they are not
    names: dict  # {address: name}
    path: object  # a folder: addresses, queries, ..., and `output`

    def part(self):
        """Of the addresses, for one that is slow: as many as it gets."""
        return list(self.names)[:len(self.names) // SHARE]


@dataclasses.dataclass
class Command:
    argv: list
    check: object  # given its standard output's path: what is wrong with it, or ''
    times: int = 1  # what it costs counts so often
    wrote: object = None  # what to check instead of the standard output


# ---- What is right -------------------------------------------------------------------------------

def same_lines(path, expected):
    """Compares what each line begins with; case and the last dot make no difference."""
    with open(path, encoding='latin-1') as lines:
        got = [line.split()[0].rstrip('.').lower() if line.strip() else '' for line in lines]
    right = sum(one == other.rstrip('.') for one, other in zip(got, expected))
    return '' if right == len(got) == len(expected) else f'{right} of {len(expected)} names right'


def dnsperf_complaint(path, count):
    text = path.read_text()
    done = re.search(r'Queries completed: +(\d+)', text)
    fine = re.search(r'Response codes: +NOERROR (\d+)', text)
    done, fine = (int(found.group(1)) if found else 0 for found in (done, fine))
    return '' if done == fine == count else f'{done} of {count} answered, {fine} well'


def massdns_complaint(path, names):
    """Its simple output: question, type, data. It may ask, and write, twice."""
    with open(path) as lines:
        got = {line.split()[0]: line.split()[2].lower() for line in lines if ' PTR ' in line}
    right = sum(got.get(dns_lab.reverse(address)) == name for address, name in names.items())
    return '' if right == len(names) else f'{right} of {len(names)} names right'


# ---- The clients ---------------------------------------------------------------------------------
# Each gives {label: Command}. Labels begin with the client's name.

def fsock_commands(given):
    return {'fsock': Command(dns_lab.fsock(given.port, '-i', given.path / 'addresses'),
                             lambda path: dns_lab.complaint(path, given.names))}


def dnsperf_commands(given):
    return {f'dnsperf -c {clients} -q {window}': Command(
        ['dnsperf', '-s', '127.0.0.1', '-p', given.port, '-d', given.path / 'queries', '-n', 1,
         '-T', 1, '-c', clients, '-q', window, '-b', SOCKET_BUFFER >> 10],
        lambda path: dnsperf_complaint(path, len(given.names)))
        for clients, window in DNSPERF}


def massdns_commands(given):
    return {f'massdns -s {window}': Command(
        ['massdns', '--quiet', '--root', '--processes', 1, '--socket-count', 1,
         '--sndbuf', SOCKET_BUFFER, '--rcvbuf', SOCKET_BUFFER, '--hashmap-size', window,
         '--type', 'PTR', '--resolvers', given.path / 'resolvers', '--output', 'S',
         '--outfile', given.path / 'massdns.out', given.path / 'queries-only'],
        lambda path: massdns_complaint(path, given.names), wrote=given.path / 'massdns.out')
        for window in MASSDNS}


def adns_commands(given):
    if not given.address_53:
        return {}  # it knows port 53 only
    return {f'adnslogres -c {window}': Command(
        ['adnslogres', '-p', '-c', window, '-C', f'nameserver {given.address_53}',
         given.path / 'log'],
        lambda path: same_lines(path, list(given.names.values()))) for window in ADNS}


def dig_commands(given):
    expected = [given.names[address] for address in given.part()]
    return {f'dig -f (1/{SHARE})': Command(
        ['dig', '-r', '@127.0.0.1', '-p', given.port, '+short', '-f', given.path / 'dig'],
        lambda path: same_lines(path, expected), times=SHARE)}


def getnameinfo_commands(given):
    expected = [given.names[address] for address in given.part()]
    return {f'getnameinfo (1/{SHARE})': Command(
        [dns_lab.GETNAMEINFO, given.port, given.path / 'part'],
        lambda path: same_lines(path, expected), times=SHARE)}


def limit_commands(given):
    return {'limit': Command(
        [dns_lab.LIMIT, given.port, LIMIT, given.path / 'addresses'], lambda path: '')}


CLIENTS = {  # the name it is asked for by: (program, its commands)
    'fsock': (lab.FSOCK, fsock_commands),
    'dnsperf': ('dnsperf', dnsperf_commands),
    'massdns': ('massdns', massdns_commands),
    'adnslogres': ('adnslogres', adns_commands),
    'dig': ('dig', dig_commands),
    'getnameinfo': (dns_lab.GETNAMEINFO, getnameinfo_commands),
    'limit': (dns_lab.LIMIT, limit_commands),
}
PEERS = [name for name in CLIENTS if name not in ('fsock', 'limit')]


def missing(clients):
    """The names of the clients that are not installed."""
    return [name for name in clients if not lab.installed(CLIENTS[name][0])]


# ---- Comparing -----------------------------------------------------------------------------------

@dataclasses.dataclass
class Result:
    cost: lab.Cost  # medians
    wrong: str  # what was wrong with a run; '' if nothing was


def prepare(stack, job, clients):
    """Starts the servers of a job and writes what clients read: Given."""
    addresses = dns_lab.addresses(COUNT)
    address_53 = None
    if job.canned:
        names = dns_lab.canned_names(addresses)
        port = stack.enter_context(dns_lab.Canned()).port
    else:
        names = dns_lab.names_of(addresses)
        port = stack.enter_context(
            dns_lab.NameServer(stack.enter_context(lab.folder()), names)).port
        if 'adnslogres' in clients and not missing(['adnslogres']) and dns_lab.port_53():
            address_53 = stack.enter_context(dns_lab.NameServer(
                stack.enter_context(lab.folder()), names, standard=True)).address
    given = Given(port, address_53, names, stack.enter_context(lab.memory_folder()))
    write_lists(given)
    return given


def write_lists(given):
    def write(name, lines):
        (given.path / name).write_text(''.join(line + '\n' for line in lines))
    write('addresses', given.names)
    write('part', given.part())
    write('queries', (f'{dns_lab.reverse(address)} PTR' for address in given.names))
    write('queries-only', map(dns_lab.reverse, given.names))
    write('log', (f'{address} - - [01/Jan/2024] "GET /"' for address in given.names))
    write('dig', (f'-x {address}' for address in given.part()))
    write('resolvers', [f'127.0.0.1:{given.port}'])


def run_once(given, command):
    """One run: (cost, what was wrong)."""
    output = given.path / 'output'
    with open(output, 'wb') as out:
        cost = lab.measure(command.argv, stdout=out)
    wrong = f'exit code {cost.code}' if cost.code else command.check(command.wrote or output)
    return dataclasses.replace(cost, wall=cost.wall * command.times,
                               cpu=cost.cpu * command.times), wrong


def compare(job, clients, runs):
    """Runs a job with each client `runs` times, in turns: {label: Result}."""
    with contextlib.ExitStack() as stack:
        given = prepare(stack, job, clients)
        commands = {}
        for name in clients:
            if not missing([name]):
                commands.update(CLIENTS[name][1](given))
        all_runs = {label: [] for label in commands}
        for _ in range(runs):
            for label, command in commands.items():
                all_runs[label].append(run_once(given, command))
    return {label: Result(lab.median([cost for cost, _ in outcomes]),
                          next((wrong for _, wrong in outcomes if wrong), ''))
            for label, outcomes in all_runs.items()}


def best(results, client, figure):
    """The best of a client's settings in one figure ('wall', 'cpu', 'rss'); None: no good run."""
    return min((getattr(result.cost, figure) for label, result in results.items()
                if label.startswith(client) and not result.wrong), default=None)
