"""Name servers for the tests of `fsock dns`: one that says what a function of the test says, and
unbound, which nobody here wrote."""

import contextlib
import ipaddress
import os
import socket
import struct
import subprocess
import threading
import time

import dns.rdata
import dns.rdatatype

READY_SECONDS = 20


class Query:
    """A question that came: its name in lower case without the last dot, as it was sent, and so on."""

    def __init__(self, wire, via):
        at, labels = 12, []
        while wire[at]:
            labels.append(wire[at + 1 : at + 1 + wire[at]])
            at += 1 + wire[at]
        self.wire, self.via, self.time = wire, via, time.monotonic()
        self.question = wire[12 : at + 5]
        self.sent = b".".join(labels).decode("latin-1")
        self.name = self.sent.lower()
        self.kind = dns.rdatatype.to_text(struct.unpack("!H", wire[at + 1 : at + 3])[0])
        self.recurse = bool(wire[2] & 1)
        self.edns = struct.unpack("!H", wire[10:12])[0] > 0

    @property
    def address(self):
        """Of a reverse name: whose it is."""
        labels = self.name.split(".")[::-1][2:]
        if self.name.endswith(".in-addr.arpa"):
            return ipaddress.ip_address(".".join(labels))
        return ipaddress.ip_address(int("".join(labels), 16).to_bytes(16, "big"))

    def answer(self, *records, rcode=0, tc=False, question=None):
        """A message: of each record its type and data, as in a zone file or in bytes, perhaps its
        TTL, perhaps its owner in wire form."""
        flags = 0x8480 | (self.wire[2] & 1) << 8 | (0x200 if tc else 0) | rcode
        message = self.wire[:2] + struct.pack("!5H", flags, 1, len(records), 0, 0)
        message += self.question if question is None else question
        for kind, data, *more in records:
            if isinstance(data, str):
                data = dns.rdata.from_text("IN", kind, data).to_wire()
            ttl = more[0] if more else 60
            owner = more[1] if len(more) > 1 else b"\xc0\x0c"
            number = dns.rdatatype.from_text(kind)
            message += owner + struct.pack("!HHIH", number, 1, ttl, len(data)) + data
        return message


class NameServer:
    """Serves UDP and TCP at one port of 127.0.0.1 (or another host) while it is used as a context.

    answer(query) gives a message, a list of them, or None for silence; or (seconds, message) for
    one that comes later. All queries are kept in self.queries.
    """

    def __init__(self, answer, host="127.0.0.1"):
        self.answer, self.queries, self.arrived = answer, [], threading.Condition()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        while True:  # the same number twice
            self.tcp = socket.create_server((host, 0), family=family, backlog=256)
            self.port = self.tcp.getsockname()[1]
            self.udp = socket.socket(family, socket.SOCK_DGRAM)
            self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            try:
                self.udp.bind((host, self.port))
                break
            except OSError:
                self.tcp.close()
                self.udp.close()
        self.address, self.family = (host, self.port), family
        self.at = f"@[{host}]:{self.port}" if ":" in host else f"@{host}:{self.port}"
        self.ended = False
        for serve in (self.serve_udp, self.serve_tcp):
            threading.Thread(target=serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Wake both threads, which close; a query that came just now may have woken them already."""
        self.ended = True
        with socket.socket(self.family, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", self.address)
        with contextlib.suppress(ConnectionRefusedError):
            socket.create_connection(self.address).close()

    def names(self, kind=None):
        """The names that were asked for, in order."""
        return [q.name for q in self.queries if kind in (None, q.kind)]

    def wait(self, count, seconds=10):
        """Until so many queries have come."""
        with self.arrived:
            enough = self.arrived.wait_for(lambda: len(self.queries) >= count, seconds)
        assert enough, f"{len(self.queries)} queries of {count} after {seconds} s"

    def handle(self, wire, via, send):
        query = Query(wire, via)
        with self.arrived:
            self.queries.append(query)
            self.arrived.notify_all()
        message = self.answer(query)
        if isinstance(message, tuple):
            threading.Timer(message[0], send, message[1:]).start()
        elif message is not None:
            for one in message if isinstance(message, list) else [message]:
                send(one)

    def serve_udp(self):
        with self.udp:
            while True:
                wire, peer = self.udp.recvfrom(4096)
                if self.ended:
                    return
                self.handle(wire, "udp", lambda m, peer=peer: self.send(m, peer))

    def send(self, message, peer):
        try:
            self.udp.sendto(message, peer)
        except OSError:
            pass  # they have gone, or we have

    def serve_tcp(self):
        with self.tcp:
            while True:
                connection = self.tcp.accept()[0]
                if self.ended:
                    connection.close()
                    return
                threading.Thread(target=self.serve_one, args=[connection], daemon=True).start()

    def serve_one(self, connection):
        def send(message):
            connection.sendall(struct.pack("!H", len(message)) + message)

        with connection, connection.makefile("rb") as stream:
            try:
                while head := stream.read(2):
                    self.handle(stream.read(struct.unpack("!H", head)[0]), "tcp", send)
            except OSError:
                pass  # they have gone


def reverse(query):
    """An answer with a name for any address: "h-" and its digits, and two labels."""
    if query.kind != "PTR":
        return query.answer()
    digits = str(query.address).replace(".", "-").replace(":", "-").strip("-")
    return query.answer(("PTR", f"h-{digits}.name.test."))


class Unbound:
    """unbound with the zone site.test of its own, by UDP and TCP, and by TLS with a certificate."""

    CONFIG = """
server:
    interface: 127.0.0.1@{port}
    interface: 127.0.0.1@{tls}
    tls-port: {tls}
    tls-service-key: "{key}"
    tls-service-pem: "{pem}"
    access-control: 127.0.0.0/8 allow
    do-daemonize: no
    use-syslog: no
    logfile: "{folder}/unbound.log"
    directory: "{folder}"
    pidfile: ""
    username: ""
    chroot: ""
    num-threads: 1
    module-config: "iterator"
    local-zone: "." refuse
    local-zone: site.test. static
    local-zone: 127.in-addr.arpa. static
    local-data: "site.test. 3600 IN SOA ns.site.test. root.site.test. 1 2 3 4 900"
    local-data: "www.site.test. 3600 IN A 192.0.2.80"
    local-data: "www.site.test. 3600 IN AAAA 2001:db8::80"
    local-data: "mail.site.test. 300 IN MX 10 www.site.test."
    local-data: "1.0.0.127.in-addr.arpa. 3600 IN PTR www.site.test."
{more}
remote-control:
    control-enable: no
"""

    def __init__(self, folder, certificates, pem="site.pem", more=""):
        os.makedirs(folder, exist_ok=True)
        ports = []
        for _ in range(2):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                ports.append(probe.getsockname()[1])
        self.port, self.tls = ports
        self.at, self.tls_at = f"@127.0.0.1:{self.port}", f"@tls://127.0.0.1:{self.tls}"
        (folder / "unbound.conf").write_text(
            self.CONFIG.format(port=self.port, tls=self.tls, folder=folder,
                               more=more.format(tls=self.tls),
                               key=certificates / "key.pem", pem=certificates / pem))
        self.log = folder / "unbound.log"
        self.process = subprocess.Popen(
            ["/usr/sbin/unbound", "-d", "-c", str(folder / "unbound.conf")])

    def __enter__(self):
        end = time.monotonic() + READY_SECONDS
        for port in (self.port, self.tls):
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    if self.process.poll() is not None or time.monotonic() > end:
                        self.__exit__()
                        raise RuntimeError(self.log.read_text()) from None
                    time.sleep(0.02)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(READY_SECONDS)
