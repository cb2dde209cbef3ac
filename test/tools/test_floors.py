"""tools/check-floors finds each kind of breach in a small tree made for it, and nothing else."""
import pathlib
import subprocess

import pytest

TOOL = pathlib.Path(__file__).parents[2] / 'tools' / 'check-floors'
DOWN = 'includes point down'
CLOCK = 'only base/time.c reads the clock'
SLEEP = 'only drive/ sleeps'
NAMES = 'no names from the C library'


def check(tree, path, text):
    """Runs the tool on a tree of one file; returns its exit code, failed rules and output."""
    file = tree / path
    file.parent.mkdir(parents=True)
    file.write_text(text)
    done = subprocess.run([TOOL, tree], stdout=subprocess.PIPE, text=True, timeout=20)
    failed = [line[5:] for line in done.stdout.splitlines() if line.startswith('FAIL ')]
    return done.returncode, failed, done.stdout


@pytest.mark.parametrize('path, text', [
    ('src/wire/h1.c', '#include "base/span.h"\n#include "wire/h1.h"\n#include <fsock.h>\n'),
    ('src/face/get.c', '#include "op/dial.h"\n#include "drive/run.h"\n'),
    ('src/drive/run.c', '#include "op/op.h"\n#include "drive/run.h"\nint a = poll(0, 0, 1);\n'),
    ('src/op/connect.c', '#include "op/op.h"\n#include "op/connect.h"\n#include "net/sock.h"\n'),
    ('src/op/dial.c', '#include "op/resolve.h"\n#include "op/connect.h"\n'),
    ('src/op/query_tcp.c', '#include "op/query.h"\n'),
    ('src/base/time.c', 'int a = clock_gettime(0, 0);\n'),
    ('cli/main.c', '#include "get.h"\n#include "face/get.h"\n'),
    ('src/net/sock.c', '/* poll() */ // sleep(1)\nconst char *a = "\\"getaddrinfo()";\n'
                       'int b = x->poll(1) + x.time(2) + fsk_poll(3) + poll_it(4);\n'
                       '/*\n#include "face/get.h"\n*/\n'),
])
def test_accepts(tmp_path, path, text):
    code, failed, output = check(tmp_path, path, text)
    assert (code, failed) == (0, []), output


@pytest.mark.parametrize('path, text, rule, line', [
    ('src/base/buf.c', '\n#include "wire/h1.h"\n', DOWN, 2),
    ('src/wire/h1.c', '# include "op/op.h"\n', DOWN, 1),
    ('src/net/tls.h', '#include "drive/loop.h"\n', DOWN, 1),
    ('src/op/dial.c', '#include "drive/loop.h"\n', DOWN, 1),
    ('src/face/get.c', '#include "cli/get.h"\n', DOWN, 1),
    ('src/drive/loop.c', '#include "op/dial.h"\n', DOWN, 1),
    ('src/op/connect.c', '#include "op/resolve.h"\n', DOWN, 1),
    ('src/op/op.h', '#include "op/connect.h"\n', DOWN, 1),
    ('src/op/dialog.c', '#include "op/transfer.h"\n', DOWN, 1),
    ('src/op/novelty.c', '#include "op/op.h"\n', DOWN, 1),
    ('src/wire/h1.c', '#include "h1.h"\n', DOWN, 1),
    ('cli/main.c', '#include "../src/base/buf.h"\n', DOWN, 1),
    ('src/net/sock.c', '/* a\n b */\nint a = clock_gettime(0, 0);\n', CLOCK, 3),
    ('src/op/dial.c', 'long a = time (0);\n', CLOCK, 1),
    ('src/base/time_other.c', 'int a = gettimeofday(0, 0);\n', CLOCK, 1),
    ('src/net/sock.c', 'int a = poll(0, 0, 1);\n', SLEEP, 1),
    ('cli/main.c', 'int a = epoll_wait(0, 0, 0, 1), b = 2;\n', SLEEP, 1),
    ('src/op/dial.c', 'int a = nanosleep(0, 0);\n', SLEEP, 1),
    ('src/face/get.c', 'int a = getaddrinfo(0, 0, 0, 0);\n', NAMES, 1),
    ('src/drive/run.c', 'void *a = gethostbyname_r(0);\n', NAMES, 1),
])
def test_refuses(tmp_path, path, text, rule, line):
    code, failed, output = check(tmp_path, path, text)
    assert (code, failed) == (1, [rule]), output
    assert output.startswith(f'{path}:{line}: '), output


def test_refuses_an_empty_tree(tmp_path):
    done = subprocess.run([TOOL, tmp_path], stderr=subprocess.PIPE, timeout=20)
    assert done.returncode == 1 and b'no sources' in done.stderr
