"""DNS messages and the data of their records as text, compared with what others make of them: dig
of all types that NSD serves; dig of data that were damaged; dnspython of messages that were."""

import collections
import random
import re
import socket
import struct
import subprocess
import threading
import time

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import pytest
from conftest import clean_env

ORIGIN = "rdata.example."

# What NSD serves: owners, types, and data as they may stand in a zone file.
ZONE = r"""
@          NS      ns
@          NS      n\.s.x\@y
ns         A       192.0.2.1
many       A       0.0.0.0
many       A       255.255.255.255
ns         AAAA    2001:db8::1
many       AAAA    ::
many       AAAA    ::1
many       AAAA    ::ffff:192.0.2.1
many       AAAA    ::192.0.2.1
many       AAAA    2001:db8:0:1:1:1:1:1
many       AAAA    2001:0:0:1::1
alias      CNAME   ns
alias2     CNAME   .
below      DNAME   other.example.
1.2.0.192  PTR     host\000\255\ x.Example.
1.2.0.192  PTR     a\.b\\c\"d\;e\(f\)g\@h\$i.example.
mail       MX      10 ns
mail       MX      65535 .
text       TXT     "v=spf1 -all" "" "two  spaces"
text       TXT     "quote \" backslash \\ semicolon ; at @ tab \009 esc \027[2J high \200\255"
text       TXT     plain
text       SPF     "v=spf1 a:x.example -all"
_x._tcp    SRV     0 65535 443 ns
_x._tcp    SRV     1 2 0 .
caa        CAA     0 issue "ca.example; account=\"1\""
caa        CAA     128 iodef ""
caa        CAA     1 issuewild ";"
web        HTTPS   1 . alpn=h2,h3 port=8443 ipv4hint=192.0.2.1,192.0.2.2 ipv6hint=2001:db8::1,::1
web        HTTPS   2 svc.example. mandatory=alpn,port alpn=h2 no-default-alpn port=53 ech=YWJj
alias3     HTTPS   0 web
svc        SVCB    16 ns key65280="a \"b\" \\ ; \255" key7="/dns-query{?dns}"
svc        SVCB    1 ns alpn="f\\\\oo\\,bar,h2"
tls        TLSA    3 1 1 00ff{hex32}
tls        TLSA    0 0 0 0a
tls        SMIMEA  3 0 2 {hex32}{hex32}
naptr      NAPTR   100 10 "u" "E2U+sip" "!^.*$!sip:info@example.com!" .
naptr      NAPTR   100 20 "" "" "" ns
naptr      NAPTR   0 1 "S" "http+I2C" "/^x\\.(.*)$/\\1/i" .
key        DS      12345 13 2 {hex32}
key        DS      1 8 1 {hex20}
key        CDS     12345 8 4 {hex32}{hex16}
key        CDS     0 0 0 00
key        DNSKEY  257 3 13 {base64}
key        DNSKEY  256 3 8 AwEAAag=
key        CDNSKEY 257 3 15 {base64}
key        CDNSKEY 0 3 0 AA==
key        SSHFP   1 1 {hex20}
key        SSHFP   4 2 {hex32}
key        OPENPGPKEY {base64}
where      LOC     51 20 34.567 N 0 0 12.345 W -24m 1m 10000m 10m
where      LOC     90 N 180 W 42849672.95m 0.01m 0.10m 90000000m
where      LOC     0 0 0 S 0 0 0.001 E -100000m
signed     RRSIG   A 13 2 3600 20380119031408 20200913122640 12345 rdata.example. {base64}
signed     RRSIG   TYPE65280 8 0 0 20240229235959 20231231000000 0 . AAAA
signed     NSEC    z.rdata.example. A NS SOA MX TXT AAAA RRSIG NSEC DNSKEY CAA TYPE1234 TYPE65280
machine    HINFO   "PC \"x\"" "Linux; @"
machine    HINFO   "" ""
uri        URI     10 1 "ftp://ftp.example/\"x\"?a=b;c"
person     RP      a\.b.example. text
person     AFSDB   1 ns
odd        TYPE65280 \# 4 C00CFF1B
odd        TYPE1234 \# 0
""".replace("{hex16}", "0123456789abcdef" * 2).replace("{hex20}", "89ABCDEF01" * 4).replace(
    "{hex32}", "deadbeef" * 8
).replace("{base64}", "mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxIL" * 4)
ZONE = f"@ SOA ns host\\.master 4294967295 7200 3600 1209600 300\n{ZONE.strip()}\n"


def served():
    """{(owner, type): how many records}."""
    lines = (line.split(None, 2) for line in ZONE.splitlines())
    return collections.Counter((owner, kind) for owner, kind, data in lines)


class Server:
    """NSD with that zone, on a port of its own."""

    CONFIG = """
server:
    ip-address: 127.0.0.1@{port}
    server-count: 1
    username: ""
    chroot: ""
    database: ""
    zonesdir: "{folder}"
    xfrdir: "{folder}"
    pidfile: "{folder}/nsd.pid"
    xfrdfile: "{folder}/xfrd.state"
    zonelistfile: "{folder}/zone.list"
    cookie-secret-file: ""
    logfile: "{folder}/nsd.log"
remote-control:
    control-enable: no
zone:
    name: {origin}
    zonefile: zone
"""

    def __init__(self, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        (folder / "zone").write_text(f"$ORIGIN {ORIGIN}\n$TTL 300\n{ZONE}")
        config = folder / "nsd.conf"
        config.write_text(self.CONFIG.format(port=self.port, folder=folder, origin=ORIGIN))
        self.process = subprocess.Popen(["/usr/sbin/nsd", "-d", "-c", str(config)])
        end = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    self.stop()
                    raise RuntimeError((folder / "nsd.log").read_text()) from None
                time.sleep(0.02)

    def stop(self):
        self.process.terminate()
        self.process.wait(20)

    def ask(self, name, kind):
        """The answer to a question over TCP, as it came."""
        query = dns.message.make_query(name, kind).to_wire()
        with socket.create_connection(("127.0.0.1", self.port), 20) as s:
            s.sendall(struct.pack("!H", len(query)) + query)
            stream = s.makefile("rb")
            return stream.read(struct.unpack("!H", stream.read(2))[0])


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    nsd = Server(tmp_path_factory.mktemp("nsd"))
    yield nsd
    nsd.stop()


@pytest.fixture(scope="module")
def ours(build):
    """What our code says to each of these messages: a list of lists of lines."""

    def run(messages):
        done = subprocess.run(
            [str(build / "test/dnstext/dnstext")],
            input=b"".join(struct.pack("!H", len(m)) + m for m in messages),
            capture_output=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:].decode()
        assert re.fullmatch(rb"[ -~\n]*", done.stdout)
        blocks = done.stdout.decode("ascii").split("\n\n")
        assert len(blocks) == len(messages) + 1 and blocks.pop() == ""
        return [block.split("\n") for block in blocks]

    return run


def records(lines):
    """The (section, owner, ttl, class, type, data) of a message."""
    sections = ("answer ", "authority ", "additional ")
    return [tuple(line.split(" ", 5)) for line in lines if line.startswith(sections)]


def dig(port, *args):
    """The lines of dig's answers: (owner, ttl, class, type, data)."""
    command = ["dig", "-r", "@127.0.0.1", "-p", str(port), "+noall", "+answer", "+nosplit"]
    done = subprocess.run(
        command + list(args), capture_output=True, timeout=300, check=True, env=clean_env()
    )
    lines = done.stdout.decode("ascii").splitlines()  # and comments and dumps of bad packets
    return [tuple(line.split(None, 4)) for line in lines if re.match(r"\S*\.\s+\d+\s", line)]


@pytest.mark.parametrize("owner,kind", served())
def test_served_types(server, ours, owner, kind):
    """Each type, from a real server: owner, TTL, class, type and data are what dig prints."""
    name = ORIGIN if owner == "@" else f"{owner}.{ORIGIN}"
    expected = dig(server.port, "-q", name, "-t", kind)
    assert len(expected) == served()[owner, kind]
    got = records(ours([server.ask(name, kind)])[0])
    assert sorted(r[1:] for r in got if r[0] == "answer") == sorted(expected)


# ---- data that were damaged, by dig ----

SPECIAL = [0, 1, 2, 3, 4, 5, 12, 32, 34, 44, 59, 63, 64, 92, 127, 128, 192, 255]


def damaged(rng, data):
    """A copy with one to three bytes changed, added or removed, or with its end cut off."""
    out = bytearray(data)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        what, at = rng.random(), rng.randrange(len(out)) if out else 0
        byte = rng.choice(SPECIAL) if rng.random() < 0.5 else rng.randrange(256)
        if what < 0.5 and out:
            out[at] = byte
        elif what < 0.6:
            del out[at:]
        elif what < 0.75:
            out.insert(rng.randint(0, len(out)), byte)
        elif what < 0.9:
            del out[at : at + 1]
        else:
            out += bytes(rng.randrange(256) for _ in range(rng.randint(1, 6)))
    return bytes(out)


def zone_data():
    """[(type, data as in a message, uncompressed)] of the zone."""
    origin, found = dns.name.from_text(ORIGIN), []
    for line in ZONE.splitlines():
        owner, kind, text = line.split(None, 2)
        data = dns.rdata.from_text("IN", kind, text, origin=origin, relativize=False)
        found.append((data.rdtype, data.to_wire()))
    return found


def one_record(question, kind, class_, data):
    """An answer of one record to a question that came, or whose first 12 bytes are a header."""
    body = question[12:] + b"\xc0\x0c" + struct.pack("!HHIH", kind, class_, 300, len(data)) + data
    return question[:2] + struct.pack("!5H", 0x8400, 1, 1, 0, 0) + body


class Parrot(threading.Thread):
    """A name server over UDP that answers the question for qN with the data number N."""

    def __init__(self, items):
        super().__init__(daemon=True)
        self.items = items
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def run(self):
        while True:
            query, client = self.socket.recvfrom(65535)
            if not query:  # from stop()
                return
            number = int(query[14 : 13 + query[12]])
            self.socket.sendto(one_record(query, *self.items[number]), client)

    def stop(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.sendto(b"", ("127.0.0.1", self.port))
        self.join(20)
        self.socket.close()


def dig_differs(kind, class_, data):
    """Whether it is known that dig takes these data otherwise than our code: rdata.h says why."""
    if class_ != 1 and kind == dns.rdatatype.A:
        return True  # class CH has another type A; HS has the same
    if kind == dns.rdatatype.RRSIG and len(data) > 16 and max(data[8], data[12]) >= 0xE0:
        return True  # a date more than 68 years from now
    return re.search(rb"\xc0[\x00-\x0b]", data)  # pointers into the header: dig follows them


def test_damaged_data(ours, tmp_path):
    """Whatever dig prints of damaged data, our code prints the same."""
    rng = random.Random(1035)
    zone = zone_data()
    items = [
        (kind, rng.choice([1] * 20 + [3, 4]), damaged(rng, data))
        for kind, data in zone * 120
    ]
    items = [item for item in items if not dig_differs(*item)]
    questions = [
        bytes(12) + b"%cq%d\0" % (len(str(i)) + 1, i) + struct.pack("!HH", kind, class_)
        for i, (kind, class_, data) in enumerate(items)
    ]
    batch = tmp_path / "batch"
    batch.write_text(
        "".join(
            f"q{i}. -t TYPE{kind} -c CLASS{class_}\n" for i, (kind, class_, _) in enumerate(items)
        )
    )
    parrot = Parrot(items)
    parrot.start()
    flags = ["+noedns", "+tries=1", "+ignore"]
    answers = dig(parrot.port, "-f", str(batch), *flags)
    parrot.stop()
    printed = {int(answer[0][1:-1]): answer for answer in answers}
    seen = collections.Counter()
    messages = [one_record(question, *item) for question, item in zip(questions, items)]
    for i, lines in enumerate(ours(messages)):
        if i in printed:
            section, owner, ttl, class_, kind, data = records(lines)[0]
            class_ = {"CLASS3": "CH", "CLASS4": "HS"}.get(class_, class_)
            assert (owner, ttl, class_, kind, data) == printed[i], items[i]
            seen[items[i][0]] += 1
    assert len(seen) == len({kind for kind, data in zone})  # of each type some survived
    assert len(items) > 5000 and sum(seen.values()) > 2000, seen


# ---- messages that were damaged, by dnspython ----


def whole_messages():
    """Answers with all kinds of records, names compressed, EDNS; each with authority and so on."""
    origin = dns.name.from_text(ORIGIN)
    kinds = collections.defaultdict(list)
    for kind, data in zone_data():
        kinds[kind].append(dns.rdata.from_wire("IN", kind, data, 0, len(data)))
    other = [dns.rrset.from_rdata(origin, 300, rd) for rd in kinds[dns.rdatatype.NS]]
    glue = dns.rrset.from_rdata(f"ns.{ORIGIN}", 7200, kinds[dns.rdatatype.A][0])
    for kind, datas in kinds.items():
        query = dns.message.make_query(f"www.{ORIGIN}", kind, use_edns=0, id=1234)
        answer = dns.message.make_response(query, recursion_available=True)
        owner = query.question[0].name
        answer.answer = [dns.rrset.from_rdata(owner, 60 * i, rd) for i, rd in enumerate(datas)]
        answer.authority = list(other)
        answer.additional = [glue]
        yield answer.to_wire(max_size=65535)


# Types that dnspython 2.3 doesn't know by name.
NAMELESS = dict(EID=31, NIMLOC=32, ATMA=34, SINK=40, RKEY=57, TALINK=58, DSYNC=66, HHIT=67, BRID=68)
NAMELESS |= dict(UINFO=100, UID=101, GID=102, DOA=259, RESINFO=261, WALLET=262)


def damaged_message(rng, wire):
    """As damaged(), but the end is cut more seldom, and it stays an answer to a QUERY."""
    out = damaged(rng, wire)
    if len(out) < len(wire) // 2 and rng.random() < 0.9:
        out = wire
    out = bytearray(out)
    if rng.random() < 0.3 and len(out) > 40:  # a pointer to somewhere
        at = rng.randrange(12, len(out) - 1)
        out[at : at + 2] = struct.pack("!H", 0xC000 | rng.randrange(0, len(out)))
    if len(out) > 2:
        out[2] &= 0x87  # dnspython reads UPDATE by other rules
    return bytes(out)


def parsed(wire):
    """(the message, None) or (None, why not) by dnspython."""
    try:
        return dns.message.from_wire(wire, one_rr_per_rrset=True, ignore_trailing=True), None
    except (dns.exception.DNSException, ValueError) as e:
        return None, f"{type(e).__name__}: {e}"


def runs_over(wire):
    """Whether a pointer leads to a label that ends behind the pointer."""
    for i in range(12, len(wire) - 1):
        if wire[i] >= 0xC0:
            at = (wire[i] & 63) << 8 | wire[i + 1]
            while at < i and 0 < wire[at] < 64:
                at += 1 + wire[at]
            if at > i:
                return True
    return False


def allowed(wire, lines, why_not):
    """Why one of the two may refuse what the other takes; None is no reason."""
    if why_not is None:  # ours refuses
        into_header = re.search(rb"\xc0[\x00-\x0b]", wire)
        return "a pointer into the header is none" if into_header else None
    if "tc" in lines[0].split("flags=")[1].split()[0].split(","):
        return "cut off, it says, and then the whole records are taken"
    if any(r[5].startswith("\\#") and r[4] != "OPT" for r in records(lines)):
        return "data of other types than A, CNAME and the like are looked at when they are printed"
    if re.search("digest|reserved", why_not):
        return "a digest of a wrong length is shown as it is"
    if runs_over(wire):  # dig takes it as our code does
        return "what follows a name follows its pointer, not the end of where that leads"
    return None


def quoted(data):
    """A string in its quotes; dnspython's own parser takes \\200 for U+00C8."""
    text = re.sub(r'(["\\])', r"\\\1", data.decode("latin-1"))
    return '"' + re.sub("[^ -~]", lambda m: f"\\{ord(m[0]):03}", text) + '"'


STRINGS = {
    "CAA": lambda d: f"{d.flags} {d.tag.decode()} {quoted(d.value)}",
    "HINFO": lambda d: f"{quoted(d.cpu)} {quoted(d.os)}",
    "NAPTR": lambda d: f"{d.order} {d.preference} {quoted(d.flags)} {quoted(d.service)} "
    f"{quoted(d.regexp)} {d.replacement}",
    "URI": lambda d: f"{d.priority} {d.weight} {quoted(d.target)}",
}


def by_number(kind, text):
    """The text, types that dnspython has no name for as numbers."""
    words = text.split(" ")
    last = {"NSEC": len(words), "RRSIG": 1}.get(kind, 0)
    words[:last] = [f"TYPE{NAMELESS[w]}" if w in NAMELESS else w for w in words[:last]]
    return " ".join(words)


def nearly(a, b):
    """The same but for the number in the last four bytes, which may differ by one."""
    last = [int.from_bytes(data[-4:], "big") for data in (a, b)]
    return a[:-4] == b[:-4] and abs(last[0] - last[1]) <= 1


def check_record(got, section, rrset):
    """The same facts about a record, and text that dnspython reads as the same data."""
    where, owner, ttl, class_, kind, text = got
    number = NAMELESS.get(kind) or dns.rdatatype.from_text(kind)
    assert where == section and dns.name.from_text(owner).labels == rrset.name.labels
    assert int(ttl) == rrset.ttl and number == rrset.rdtype
    assert dns.rdataclass.from_text(class_) == rrset.rdclass
    data = rrset[0]
    if isinstance(data, dns.rdata.GenericRdata):  # dnspython doesn't know the type in that class
        assert class_ != "IN" or text == f"\\# {len(data.data)} {data.data.hex().upper()}".strip()
    elif text.startswith("\\#") or class_ != "IN":
        pass  # or ours doesn't; or LOC has a size of 0 * 10^2, SVCB a key twice: dig says no, too
    elif kind in STRINGS:
        assert text == STRINGS[kind](data)
    elif kind == "LOC":  # whose altitude dnspython rounds
        assert nearly(dns.rdata.from_text(class_, kind, text).to_wire(), data.to_wire())
    elif "TYPE0 " not in text and not re.fullmatch(r"\d+ \d+", text):
        # dnspython reads neither TYPE0 among NSEC's types nor SSHFP without a fingerprint
        back = dns.rdata.from_text(class_, kind, by_number(kind, text))
        assert back.to_wire() == data.to_wire(), got


def check_message(lines, theirs):
    flags = dns.flags.to_text(theirs.flags).lower().replace(" ", ",")
    edns = "-"
    if theirs.edns >= 0:
        edns = f"{theirs.edns},{theirs.payload}" + ",do" * bool(theirs.ednsflags & dns.flags.DO)
    assert lines[0] == (
        f"header {theirs.id} opcode={theirs.opcode()} rcode={theirs.rcode()} flags={flags} "
        f"questions={len(theirs.question)} edns={edns}"
    )
    got = [r for r in records(lines) if r[4] != "OPT"]
    expected = [("answer", r) for r in theirs.answer]
    expected += [("authority", r) for r in theirs.authority]
    expected += [("additional", r) for r in theirs.additional]
    assert len(got) == len(expected)
    for record, (section, rrset) in zip(got, expected):
        check_record(record, section, rrset)


def test_damaged_messages(ours):
    """Both take a message and say the same of it, or both refuse it, or there is a reason."""
    rng = random.Random(1035)
    good = list(whole_messages())
    messages = good + [damaged_message(rng, wire) for wire in good for _ in range(150)]
    seen = collections.Counter()
    for wire, lines in zip(messages, ours(messages)):
        bad = lines[0].startswith("bad ")
        theirs, why_not = parsed(wire)
        if bad and not theirs:
            seen["both refuse"] += 1
        elif not bad and theirs:
            seen["both take"] += 1
            check_message(lines, theirs)
        else:
            reason = allowed(wire, lines, why_not)
            assert reason, (wire.hex(), lines, why_not)
            seen[reason] += 1
    assert seen["both refuse"] > 1000 and seen["both take"] > 1000 and len(seen) == 7, seen
