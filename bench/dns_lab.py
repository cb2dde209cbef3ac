"""dns_lab.py - name servers of their own for bench/dns.py and test/accept/, and reading answers.

As in lab.py everything lives in a `with` and traffic stays on loopback; servers run on SERVER_CPU.
"""
import contextlib
import ctypes
import ipaddress
import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import time

import lab

CANNED = str(lab.BUILD / 'bench/fsock-dns-canned')
LIMIT = str(lab.BUILD / 'bench/fsock-dns-limit')
GETNAMEINFO = str(lab.BUILD / 'bench/fsock-dns-getnameinfo')
CLONE_NEWNET = 0x40000000
PROVIDERS = ('alder', 'birch-net', 'cedar', 'elm-telecom', 'fir', 'hazel-online', 'larch', 'maple',
             'oak-broadband', 'pine', 'rowan-cable', 'spruce', 'walnut-hosting', 'willow', 'yew')
FORMS = (  # a name for each 10.b.c.d, as long as those of the world are
    '10-{b}-{c}-{d}.dsl.dyn.{provider}.example.',
    'ip{d}-{c}-{b}.pool-{n}.access.{provider}.example.',
    'mail{n}.{provider}.example.',
    'vm-10-{b}-{c}-{d}.north-1.compute.{provider}.example.',
    'host-{n:06x}.customers.{provider}.example.',
    'srv{n}.{provider}.example.',
    'static.{d}.{c}.{b}.10.clients.{provider}.example.',
    'crawl-{b}-{c}-{d}.search.{provider}.example.',
)


# ---- Addresses and names -------------------------------------------------------------------------

def addresses(count):
    """That many different addresses of 10.0.0.0/8, the same each time, in no order."""
    return [f'10.{v >> 16}.{v >> 8 & 255}.{v & 255}'
            for v in (n * 10368889 & 0xffffff for n in range(count))]  # odd: none comes twice


def reverse(address):
    """The name whose PTR record is asked for; '1.2.0.192.in-addr.arpa.'."""
    return ipaddress.ip_address(address).reverse_pointer + '.'


def names_of(some):
    """{address: name} as NameServer has them; the addresses are of 10.0.0.0/8, none comes twice."""
    names = {}
    for n, address in enumerate(some):
        _, b, c, d = address.split('.')
        names[address] = FORMS[n % len(FORMS)].format(
            b=b, c=c, d=d, n=n, provider=PROVIDERS[n // 3 % len(PROVIDERS)])
    return names


def canned_names(some):
    """{address: name} as Canned has them."""
    return {address: 'h.' + '.'.join(reversed(address.split('.'))) + '.in-addr.arpa.'
            for address in some}


# ---- Servers -------------------------------------------------------------------------------------

def can_bind(address, port):
    """Whether both protocols' port is free there, and may be had."""
    with contextlib.ExitStack() as stack:
        try:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                sock = stack.enter_context(socket.socket(socket.AF_INET, kind))
                sock.bind((address, port))
        except OSError:
            return False
    return True


def free_port():
    """A port of 127.0.0.1 that is free now, for UDP and for TCP."""
    return next(port for port in lab.free_ports(50) if can_bind('127.0.0.1', port))


def port_53():
    """An address of loopback whose port 53 is free, for clients that know no other; or None."""
    return next((address for address in (f'127.53.0.{n}' for n in range(1, 20))
                 if can_bind(address, 53)), None)


def started_server(command, **how):
    """The command as a server; it ends when we do, even if we are killed."""
    return subprocess.Popen(['setpriv', '--pdeathsig', 'TERM', *map(str, command)], env=lab.ENV,
                            preexec_fn=lab.pin_server, stdin=subprocess.DEVNULL,
                            start_new_session=True, **how)


def answers(address, port, name):
    """Whether the server has an answer to a PTR question."""
    labels = b''.join(bytes([len(label)]) + label.encode() for label in name.split('.'))
    query = struct.pack('>6H', 7, 0, 1, 0, 0, 0) + labels + struct.pack('>HH', 12, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.2)
        sock.connect((address, port))
        with contextlib.suppress(OSError):
            sock.send(query)
            answer = sock.recv(4096)
            return answer[:2] == query[:2] and not answer[3] & 15 and answer[6:8] != b'\0\0'
    return False


# nsd and not knot: both answer in batches and as fast as each other, but nsd's socket buffers can
# be set, and knot lost questions of clients that keep a few hundred open. nsd's main process and
# the one for transfers sleep; one serves.
NSD_CONF = '''\
server:
    server-count: 1
    ip-address: {address}@{port}
    username: ""
    chroot: ""
    zonesdir: "{path}"
    xfrdir: "{path}"
    xfrdfile: "{path}/xfrd.state"
    zonelistfile: "{path}/zone.list"
    pidfile: "{path}/nsd.pid"
    logfile: "{path}/nsd.log"
    database: ""
    receive-buffer-size: 4194304
    send-buffer-size: 4194304
    rrl-ratelimit: 0
remote-control:
    control-enable: no
zone:
    name: "10.in-addr.arpa"
    zonefile: "reverse"
zone:
    name: "example"
    zonefile: "forward"
'''
ZONE_HEAD = '''\
$ORIGIN {origin}
$TTL 3600
@ SOA ns.lab.example. hostmaster.lab.example. 1 3600 600 86400 300
@ NS ns.lab.example.
'''


class NameServer:
    """An nsd that knows `names`, {address: name}, of 10.0.0.0/8.

    At port 53 of an address of loopback if `standard`, for clients that know no other, and with an
    address for each name then, for those that look whether a name leads back.
    """

    def __init__(self, path, names, standard=False):
        self.path, self.names = pathlib.Path(path), names
        self.address, self.port = (port_53(), 53) if standard else ('127.0.0.1', free_port())
        (self.path / 'nsd.conf').write_text(
            NSD_CONF.format(address=self.address, port=self.port, path=self.path))
        with open(self.path / 'reverse', 'w') as zone:
            zone.write(ZONE_HEAD.format(origin='10.in-addr.arpa.'))
            for address, name in names.items():
                _, b, c, d = address.split('.')
                zone.write(f'{d}.{c}.{b} PTR {name}\n')
        with open(self.path / 'forward', 'w') as zone:
            zone.write(ZONE_HEAD.format(origin='example.'))
            if standard:
                zone.writelines(f'{name} A {address}\n' for address, name in names.items())

    def __enter__(self):
        self.process = started_server(['nsd', '-d', '-c', self.path / 'nsd.conf'],
                                      stderr=subprocess.DEVNULL)
        try:
            self.wait_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        lab.end(self.process)
        with contextlib.suppress(ProcessLookupError):  # its children, if it could not end them
            os.killpg(self.process.pid, signal.SIGKILL)

    def wait_ready(self):
        name = reverse(next(iter(self.names)))
        deadline = time.monotonic() + lab.READY_SECONDS
        while not answers(self.address, self.port, name):
            if self.process.poll() is not None or time.monotonic() > deadline:
                log = self.path / 'nsd.log'
                why = log.read_text() if log.exists() else 'no word from it'
                raise RuntimeError(f'nsd did not start: {why}')
            time.sleep(0.02)


class Canned:
    """A running fsock-dns-canned."""

    def __init__(self, *options):
        self.options = options

    def __enter__(self):
        self.process = started_server([CANNED, *self.options], stdout=subprocess.PIPE)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f'fsock-dns-canned did not start: {self.process.wait()}')
        self.port = int(line)
        return self

    def __exit__(self, *_):
        lab.end(self.process)


def private_network():
    """Moves this process into a network of its own, loopback only; why it can't, or ''.

    Each datagram goes by itself there, however it was sent, so that it can be lost by itself.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) < 0:
        return f'no network namespace: {os.strerror(ctypes.get_errno())}'
    for program in ('ip', 'nft', 'ethtool'):
        if not lab.installed(program):
            return f'{program} is not installed'
    for command in ('ip link set lo up', 'ethtool -K lo tx-udp-segmentation off'):
        done = subprocess.run(command.split(), capture_output=True, text=True)
        if done.returncode:
            return done.stderr.strip()
    return ''


# ---- What fsock says -----------------------------------------------------------------------------

def fsock(port, *more):
    """The command that asks a server of ours and writes a record per question."""
    return [lab.FSOCK, 'dns', '-s', '--json', f'@127.0.0.1:{port}', *more]


def compare_records(path, names, kind='PTR'):
    """(how many were answered rightly, how many were answered wrongly, the first complaint).

    Each name or address of `names` is to come once, with status NOERROR and the one record that
    `names` has for it. What failed is neither right nor wrong; what comes twice, or was never asked
    for, is wrong. Names are equal whatever their case.
    """
    right, wrong, first, seen = 0, 0, '', set()
    with open(path) as records:
        for line in records:
            record = json.loads(line)
            name = record['name']
            data = [answer['data'].lower() for answer in record.get('answers') or []
                    if answer['type'] == kind]
            what = ''
            if name not in names or name in seen or record['type'] != kind:
                wrong, what = wrong + 1, 'not asked for, or twice'
            elif record['status'] == 'NOERROR' and data == [names[name]]:
                right += 1
            elif record['status'] in ('NOERROR', 'NODATA', 'NXDOMAIN'):
                wrong, what = wrong + 1, f'{record["status"]} {" ".join(data)}'
            else:
                what = f'{record["status"]} {record["errormsg"]}'
            seen.add(name)
            if what and not first:
                first = f'{name}: {what}'
    return right, wrong, first or ('' if len(seen) == len(names) else
                                   f'{len(names) - len(seen)} without a record')


def complaint(path, names, kind='PTR'):
    """What is wrong with the records of a run in which nothing may be; '' if nothing is."""
    right, wrong, first = compare_records(path, names, kind)
    return '' if right == len(names) and not wrong else f'{right} right, {wrong} wrong; {first}'
