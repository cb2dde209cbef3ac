#!/usr/bin/python3
"""tracee_lab.py FOLDER COMMAND... - runs a command where names and a site are ours: in a network and a
mount namespace of its own, with a name server at 127.0.0.1:53 and a web server at 127.0.0.1:80.

The name server knows shop.test (127.0.0.1, no IPv6 address) and twice.test (127.0.0.9, where nobody
listens, and 127.0.0.1); every other name does not exist. Needs root, or a kernel that lets users have
namespaces. Exit code: the command's.
"""
import os
import pathlib
import socket
import subprocess
import sys
import threading

import nameserver

KNOWN = {'shop.test': ['127.0.0.1'], 'twice.test': ['127.0.0.9', '127.0.0.1']}
PAGE = b'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n'


def words(folder, *command):
    """What to run, from outside."""
    user = [] if os.getuid() == 0 else ['--map-root-user']
    return ['unshare', '--net', '--mount', *user, sys.executable, __file__, str(folder), *map(str, command)]


def names():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(('127.0.0.1', 53))
    while True:
        wire, peer = server.recvfrom(4096)
        query = nameserver.Query(wire, 'udp')
        found = [('A', a) for a in KNOWN.get(query.name, []) if query.kind == 'A']
        server.sendto(query.answer(*found, rcode=0 if query.name in KNOWN else 3), peer)


def pages():
    server = socket.create_server(('127.0.0.1', 80), backlog=64)
    while True:
        client, _ = server.accept()
        got = b''
        while b'\r\n\r\n' not in got and (more := client.recv(4096)):
            got += more
        client.sendall(PAGE)
        client.close()


def main():
    folder, command = pathlib.Path(sys.argv[1]), sys.argv[2:]
    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
    (folder / 'resolv.conf').write_text('nameserver 127.0.0.1\noptions timeout:1 attempts:1\n')
    subprocess.run(['mount', '--bind', folder / 'resolv.conf', os.path.realpath('/etc/resolv.conf')], check=True)
    threading.Thread(target=names, daemon=True).start()
    threading.Thread(target=pages, daemon=True).start()
    sys.exit(subprocess.run(command, check=False).returncode)


if __name__ == '__main__':
    main()
