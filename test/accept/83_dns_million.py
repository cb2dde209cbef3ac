"""A million inputs in constant memory: addresses through a pipe, and the lines of a log.

Each address of a million is answered rightly, in less than 64 MiB, which are no more than a hundred
thousand need. A log of a million lines with 50,000 different addresses in several spellings comes
out byte for byte as a model says, in less than 64 MiB.
"""
import ipaddress
import random
import subprocess

from _lab import dns_lab, lab, run

MILLION, FEWER = 1000000, 100000
MEMORY = 64 << 10  # KiB
GROWTH = 1024  # KiB: noise, and a byte or so per input, which is less than anything that is kept
DIFFERENT = 50000
NAMELESS = '7'  # names that begin with this label don't exist
AGENTS = (b'Mozilla/5.0 (X11; Linux x86_64)', b'caf\xe9/1.0 \xff', b'"', b'-', b'\t192.0.2.1')


# ---- Addresses through a pipe --------------------------------------------------------------------

def piped(path, count):
    """Looks that many addresses up: (cost, what was wrong)."""
    names = dns_lab.canned_names(dns_lab.addresses(count))
    (path / 'addresses').write_text(''.join(address + '\n' for address in names))
    with dns_lab.Canned() as server, open(path / 'records', 'wb') as out, subprocess.Popen(
            ['cat', path / 'addresses'], stdout=subprocess.PIPE,
            preexec_fn=lab.pin_server) as source:
        try:
            cost = lab.measure(dns_lab.fsock(server.port, '-i', '-'), stdin=source.stdout,
                               stdout=out)
        finally:
            lab.end(source)
    return cost, dns_lab.complaint(path / 'records', names)


def addresses(verdict, path):
    small, _ = piped(path, FEWER)
    cost, wrong = piped(path, MILLION)
    verdict.say(cost.code == 0 and not wrong, f'{MILLION} addresses: every name right, exit code '
                f'{cost.code}; {cost.wall:.1f} s, CPU {cost.cpu:.1f} s'
                + (f'; {wrong}' if wrong else ''))
    verdict.say(cost.rss < MEMORY, f'{cost.rss / 1024:.1f} MiB (less than {MEMORY >> 10})')
    verdict.say(cost.rss < small.rss + GROWTH,
                f'{cost.rss / 1024:.1f} MiB, after {small.rss / 1024:.1f} with {FEWER} addresses')


# ---- A log ---------------------------------------------------------------------------------------

def name_of(address):
    """The name that the server has for an address, as it stands in a log; '' if it has none."""
    mapped = getattr(address, 'ipv4_mapped', None)
    name = (mapped or address).reverse_pointer
    return '' if name.split('.')[0] == NAMELESS else 'h.' + name


def spellings(address):
    """Ways to write an address in a log: (in front, itself, behind)."""
    text = str(address)
    if address.version == 4:
        return [('', text, ''), ('', text, ''), ('', text, ':51234'), ('', '::ffff:' + text, ''),
                ('[', '::ffff:' + text, ']:443'), ('', text, ',')]
    return [('', text, ''), ('[', text, ']'), ('[', text, ']:8080'), ('', address.exploded, ''),
            ('', text.upper(), '')]


def the_addresses():
    chance = random.Random(1)
    found = [ipaddress.IPv4Address(text) for text in dns_lab.addresses(DIFFERENT * 4 // 5)]
    prefix = int(ipaddress.IPv6Address('2001:db8::'))
    seen = set()
    while len(found) + len(seen) < DIFFERENT:
        seen.add(prefix | chance.getrandbits(92))
    return found + [ipaddress.IPv6Address(value) for value in sorted(seen)]


def spelled():
    """For each address its spellings: [(what a log says, what it should say), ...]."""
    return [[tuple((before + what + behind).encode() for what in (text, name_of(address) or text))
             for before, text, behind in spellings(address)] for address in the_addresses()]


def odd_lines():
    """Lines without an address in their first field."""
    return [b'\n', b'\r\n', b'- - - [x] "GET / HTTP/1.1" 200 1\n', b'# 192.0.2.1\n',
            b'www.example.test 192.0.2.1 - -\n', b'256.1.2.3 - -\n', b'192.0.2 - -\n',
            b'2001:db8::1::2 - -\n', b'192.0.2.0/24 - -\n', b'\xff\xfe\n', b'a\0b 10.0.0.1\n',
            b'10.0.0.01 - -\n', b'x' * 5000 + b' 10.0.0.1\n']


def write_log(path):
    """Writes path/log and path/expected; how many of the addresses are in it."""
    chance = random.Random(2)
    known, odd, count, used = spelled(), odd_lines(), 0, set()
    with open(path / 'log', 'wb') as log, open(path / 'expected', 'wb') as expected:
        for n in range(MILLION):
            if n % 50 == 49:
                before = after = odd[n // 50 % len(odd)]
            else:
                # Each address once, then some often and most seldom, as visitors come.
                which = count if count < DIFFERENT else int(DIFFERENT * chance.random() ** 3)
                count += 1
                used.add(which)
                before, after = known[which][chance.randrange(len(known[which]))]
                rest = (b' - - [%02d/Jan/2024:%02d:%02d:%02d +0000] "GET /page/%d HTTP/1.1" 200 %d '
                        b'"-" "%s"' % (n // 86400 + 1, n // 3600 % 24, n // 60 % 60, n % 60,
                                       n % 977, n * 31 % 65521, AGENTS[n % len(AGENTS)]))
                end = b'' if n == MILLION - 1 else b'\r\n' if n % 97 == 0 else b'\n'
                before, after = before + rest + end, after + rest + end
            log.write(before)
            expected.write(after)
    return len(used)


def difference(expected, got):
    """The first line that differs; '' if the files are the same."""
    with open(expected, 'rb') as ours, open(got, 'rb') as theirs:
        for n, line in enumerate(ours, 1):
            other = theirs.readline()
            if line != other:
                return f'line {n} is {other[:150]!r}, not {line[:150]!r}'
        return 'there is more behind the end' if theirs.read(1) else ''


def log(verdict, path):
    used = write_log(path)
    with dns_lab.Canned('--whole', '--without', NAMELESS) as server, \
            open(path / 'log', 'rb') as source, open(path / 'out', 'wb') as out:
        cost = lab.measure([lab.FSOCK, 'dns', '--log', '-s', f'@127.0.0.1:{server.port}'],
                           stdin=source, stdout=out)
    wrong = difference(path / 'expected', path / 'out')
    verdict.say(cost.code == 0 and not wrong, f'{MILLION} lines, {used} addresses: each byte as '
                f'expected, exit code {cost.code}; {cost.wall:.1f} s, CPU {cost.cpu:.1f} s'
                + (f'; {wrong}' if wrong else ''))
    verdict.say(cost.rss < MEMORY, f'{cost.rss / 1024:.1f} MiB (less than {MEMORY >> 10})')


def test(verdict):
    with lab.folder() as path:
        addresses(verdict, path)
        log(verdict, path)


run(test)
