"""1 GiB of random bytes each way at once, between two `fsock talk`, over TCP, a unix socket and TLS:
equal by SHA-256, and no more memory than for a little.
"""
import hashlib
import os
import subprocess
import sys
import threading

from _lab import lab, run

SIZE = 1 << 30
BLOCK = 1 << 20
RSS_MIB = 24


def feed(pipe, seed, digest):
    """Random bytes that cost little: one block, turned a little for each use."""
    block = bytearray(os.urandom(BLOCK))
    try:
        for n in range(SIZE // BLOCK):
            block[n % BLOCK] ^= seed + 1
            digest.update(block)
            pipe.write(block)
    except BrokenPipeError:
        pass
    pipe.close()


def hear(pipe, digest):
    while block := pipe.read(BLOCK):
        digest.update(block)


def both_ways(listen, call, path):
    """(what each was fed, what each has said: SHA-256; exit codes; most memory in KiB)"""
    report = path / 'report'
    pipes = {'stdin': subprocess.PIPE, 'stdout': subprocess.PIPE}
    server = subprocess.Popen([lab.FSOCK, 'talk', '-l', '-N', *listen], env=lab.ENV, **pipes)
    wait_for(server)
    fed, heard = [hashlib.sha256() for _ in range(2)], [hashlib.sha256() for _ in range(2)]
    with lab.started([lab.FSOCK, 'talk', '-N', *call], report, stdin=subprocess.PIPE,
                     stdout=subprocess.PIPE, stderr=sys.stdout) as client:
        sides = [server, client]
        threads = [threading.Thread(target=feed, args=(side.stdin, n, fed[n]))
                   for n, side in enumerate(sides)]
        threads += [threading.Thread(target=hear, args=(side.stdout, heard[n]))
                    for n, side in enumerate(sides)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(lab.HARD_SECONDS)
        client.wait(60)
    codes = [server.wait(60), lab.read_report(report).code]
    return ([d.hexdigest() for d in fed], [d.hexdigest() for d in heard], codes,
            lab.read_report(report).rss)


def wait_for(server):
    """Until it listens: then it sleeps with a socket open."""
    for _ in range(500):
        links = os.listdir(f'/proc/{server.pid}/fd')
        names = [os.readlink(f'/proc/{server.pid}/fd/{n}') for n in links
                 if os.path.islink(f'/proc/{server.pid}/fd/{n}')]
        if any(name.startswith('socket:') for name in names):
            subprocess.run(['sleep', '0.1'], check=True)
            return
        subprocess.run(['sleep', '0.01'], check=True)


def test(verdict):
    with lab.folder() as path:
        lab.make_certificate(path)
        tcp, tls = lab.free_ports(2)
        cert = ['--cert', path / 'cert.pem', '--key', path / 'key.pem']
        stacks = {
            'tcp': (['127.0.0.1', str(tcp)], ['127.0.0.1', str(tcp)]),
            'unix': (['-U', path / 'talk.sock'], ['-U', path / 'talk.sock']),
            'tls': (['--tls', *cert, '127.0.0.1', str(tls)],
                    ['--cacert', path / 'cert.pem', f'tls://127.0.0.1:{tls}']),
        }
        for name, (listen, call) in stacks.items():
            fed, heard, codes, rss = both_ways(listen, call, path)
            same = fed == heard[::-1]
            verdict.say(same and codes == [0, 0], f'{name}: {SIZE >> 20} MiB each way at once, '
                        f'{"equal" if same else "NOT equal"}, exit codes {codes}')
            verdict.say(rss < RSS_MIB * 1024, f'{name}: {rss / 1024:.1f} MiB of memory (limit '
                        f'{RSS_MIB})')


run(test)
