"""A stranger's first hour: install, read the README, compile its first C program, run it.

The program is the README's own text, so that it can't go stale.
"""
import os
import pathlib
import re
import socket
import subprocess
import threading

import pytest

ROOT = pathlib.Path(__file__).parents[2]
BUILD = pathlib.Path(os.environ.get('FSOCK_BUILD', ROOT / 'build')).resolve()
FUNCTIONS = (ROOT / 'src/fsock.symbols').read_text().split()
GREETING = b'HTTP/1.0 200 OK\r\n\r\nfrom the other side\n'


class Installed:
    """What `meson install` puts under a directory, and pkg-config's words for it."""

    def __init__(self, top):
        subprocess.run(['meson', 'install', '-C', BUILD, '--no-rebuild', '--quiet', '--destdir',
                        top], check=True, stdout=subprocess.DEVNULL)
        self.pc = next(top.rglob('fsock.pc'))
        self.lib = self.pc.parents[1]
        self.prefix = next(top.rglob('bin/fsock')).parents[1]

    def words(self, *options):
        command = ['pkg-config', f'--define-variable=prefix={self.prefix}', *options, 'fsock']
        return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE,
                              env={**os.environ, 'PKG_CONFIG_PATH': str(self.pc.parent)}
                              ).stdout.split()


@pytest.fixture(scope='module')
def installed(tmp_path_factory):
    return Installed(tmp_path_factory.mktemp('installed'))


def program_of_the_readme():
    return re.search(r'^```c\n(.*?)^```', (ROOT / 'README.md').read_text(), re.S | re.M)[1]


def serve(answer):
    """Answers one connection, once it has said something; its target, and what it said."""
    listener = socket.create_server(('127.0.0.1', 0))
    listener.settimeout(20)
    heard = []

    def scene():
        with listener, listener.accept()[0] as connection:
            heard.append(connection.recv(4096))
            connection.sendall(answer)

    thread = threading.Thread(target=scene, daemon=True)
    thread.start()
    return f'tcp://127.0.0.1:{listener.getsockname()[1]}', heard


@pytest.fixture(scope='module', params=['shared', 'static'])
def hello(request, installed, tmp_path_factory):
    """The README's program, linked either way; a function that runs it."""
    folder = tmp_path_factory.mktemp(request.param)
    (folder / 'hello.c').write_text(program_of_the_readme())
    words = installed.words('--cflags', '--libs')
    if request.param == 'static':  # libfsock alone: not every library here has an archive
        words = [word if word != '-lfsock' else '-l:libfsock.a'
                 for word in installed.words('--static', '--cflags', '--libs')]
    subprocess.run(['cc', '-std=c99', '-pedantic', '-Wall', '-Wextra', '-Werror', 'hello.c', '-o',
                    'hello', *words], check=True, cwd=folder, timeout=60)
    env = {'PATH': os.defpath}
    if request.param == 'shared':
        env['LD_LIBRARY_PATH'] = str(installed.lib)
    return lambda target: subprocess.run([folder / 'hello', target], env=env, timeout=20,
                                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                         stderr=subprocess.PIPE)


def test_the_program_is_ten_lines_or_so():
    body = program_of_the_readme().partition('{\n')[2].splitlines()
    assert 'fsockopen(' in program_of_the_readme() and len(body) <= 12


def test_it_talks(hello):
    target, heard = serve(GREETING)
    done = hello(target)
    assert (done.returncode, done.stdout, done.stderr) == (0, GREETING, b'')
    assert heard[0].startswith(b'GET / HTTP/1.0\r\n')


def test_it_says_what_is_wrong(hello):
    with socket.socket() as bound:  # but nobody listens
        bound.bind(('127.0.0.1', 0))
        port = bound.getsockname()[1]
        done = hello(f'tcp://127.0.0.1:{port}')
    assert done.returncode == 1 and not done.stdout
    assert f'127.0.0.1:{port} refused' in done.stderr.decode() and done.stderr.count(b'\n') == 1


def test_headers(installed):
    ours = {path.relative_to(ROOT / 'include') for path in (ROOT / 'include').rglob('*.h')}
    include = installed.prefix / 'include'
    assert {path.relative_to(include) for path in include.rglob('*.h')} == ours


def test_manual(installed):
    """A page for each function and each subcommand, which man(1) can find."""
    man = installed.prefix / 'share/man'
    pages = {path.name for path in man.rglob('*.[13]')}
    assert {f'{name}.3' for name in FUNCTIONS} <= pages and 'libfsock.3' in pages
    assert {path.name for path in (ROOT / 'man').glob('*.[13]')} <= pages
    alias = (man / 'man3/fsock_read_line.3').read_text()
    assert (man / re.match(r'\.so (\S+)', alias)[1]).exists()


def test_library(installed):
    version = installed.words('--modversion')[0]
    assert (installed.lib / 'libfsock.so').resolve().name == f'libfsock.so.{version}'
    assert (installed.lib / 'libfsock.a').exists()
    assert os.access(installed.prefix / 'bin/fsock', os.X_OK)
