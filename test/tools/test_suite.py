"""tools/suite.py counts what the tests report, and never takes a broken run for a good one."""
import importlib.util
import pathlib
import sys

import pytest

SUITE = pathlib.Path(__file__).parents[2] / 'tools' / 'suite.py'
spec = importlib.util.spec_from_file_location('suite', SUITE)
suite = importlib.util.module_from_spec(spec)
spec.loader.exec_module(suite)


@pytest.mark.parametrize('result, stdout, counts', [
    ('OK', '1..2\nok 1 - a\nok 2 - b\n# ok - all\n', (2, 0)),
    ('FAIL', '1..2\nok 1 - a\nnot ok 2 - b\n# not ok - all\n', (1, 1)),
    ('ERROR', '1..2\nok 1 - a\n', (1, 1)),
    ('ERROR', '1..1\nok 1 - a\n', (1, 1)),
    ('TIMEOUT', '', (0, 1)),
    ('OK', 'some words\n', (1, 0)),
])
def test_counts_tap(result, stdout, counts):
    assert suite.count_tap({'result': result, 'stdout': stdout}) == counts


@pytest.mark.parametrize('script, counts', [
    ('print("PASS a"); print("PASS b")', (2, 0)),
    ('print("PASS a"); print("FAIL b"); raise SystemExit(1)', (1, 1)),
    ('raise SystemExit("broken")', (0, 1)),
])
def test_counts_a_tool(script, counts):
    score = suite.Score()
    suite.check_tool(score, 'tool', [sys.executable, '-c', script])
    assert (score.passed, score.failed) == counts


@pytest.mark.parametrize('body, counts', [
    ('def test_a(): pass\ndef test_b(): pass\n', (2, 0, 0)),
    ('def test_a(): pass\ndef test_b(): assert 0\n', (1, 1, 0)),
    ('import pytest\ndef test_a(): pytest.skip()\n', (0, 0, 1)),
    ('import nothing_of_this_name\n', (0, 1, 0)),
    ('', (0, 1, 0)),
])
def test_counts_pytest(tmp_path, monkeypatch, body, counts):
    monkeypatch.chdir(SUITE.parents[1])
    (tmp_path / 'test_it.py').write_text(body)
    score = suite.Score()
    score.add(**suite.pytest(str(tmp_path), 1, '', [str(tmp_path)]))
    assert (score.passed, score.failed, score.skipped) == counts


def test_counts_descriptors_left_open():
    log = ('==7== FILE DESCRIPTORS: 5 open (3 std) at exit.\n'
           '==7== Open file descriptor 9: /dev/null\n==7==    <inherited from parent>\n==7== \n')
    socket = '==7== Open AF_INET socket 5: 127.0.0.1:1 <-> unbound\n==7==    at 0x1: socket (x.S:1)\n'
    assert suite.left_open(log) == 0 and suite.left_open(log + socket) == 1


def test_a_command_that_hangs_is_killed():
    code, log, seconds = suite.run(['sh', '-c', 'sleep 60 & sleep 60'], limit=0.2)
    assert code != 0 and 'killed after' in log and seconds < 30


@pytest.fixture
def ran(monkeypatch):
    """The names of the parts that a run has run; each of them is one passed, and takes no time."""
    names = []

    def part(name):
        names.append(name)
        return dict(name=name, passed=1)

    monkeypatch.setattr(suite, 'stage_checks', lambda score: names.append('checks'))
    monkeypatch.setattr(suite, 'unit', lambda directory: part(f'unit {directory}'))
    monkeypatch.setattr(suite, 'pytest', lambda directory, *rest: part(f'e2e {directory}'))
    monkeypatch.setattr(suite, 'targets', lambda: ['fuzz_it'])
    monkeypatch.setattr(suite, 'fuzz', part)
    for name in ('threads_tsan', 'threads_valgrind'):
        monkeypatch.setattr(suite, name, lambda name=name: part(name))
    monkeypatch.setattr(sys, 'argv', ['suite.py'])
    return names


def builds_fail(monkeypatch, *bad):
    monkeypatch.setattr(suite, 'build',
                        lambda directory, **_: (int(directory in bad), 'words', 0.0))


def test_everything_is_run_once_and_each_build_tested(monkeypatch, capsys, ran):
    builds_fail(monkeypatch)
    assert suite.main() == 0
    assert sorted(set(ran)) == ['checks', 'e2e build', 'e2e build-asan', 'e2e build-tsan', 'fuzz_it',
                                'threads_tsan', 'threads_valgrind', 'unit build', 'unit build-asan']
    assert capsys.readouterr().out.splitlines()[-1] == f'{len(ran) + 2} passed, 0 failed'


def test_after_a_failed_build_nothing_old_is_tested(monkeypatch, capsys, ran):
    builds_fail(monkeypatch, 'build')
    assert suite.main() == 1 and ran == ['checks']
    assert capsys.readouterr().out.splitlines()[-1] == '0 passed, 1 failed'


def test_of_another_that_failed_neither(monkeypatch, capsys, ran):
    builds_fail(monkeypatch, 'build-asan')
    assert suite.main() == 1
    assert sorted(set(ran)) == ['checks', 'e2e build', 'threads_tsan', 'threads_valgrind',
                                'unit build']
    assert ' 1 failed' in capsys.readouterr().out.splitlines()[-1]


def test_threads_need_their_build(monkeypatch, ran):
    builds_fail(monkeypatch, 'build-tsan')
    assert suite.main() == 1
    assert 'e2e build-asan' in ran and 'e2e build-tsan' not in ran and 'threads_tsan' not in ran


def test_stages_by_name(monkeypatch, ran):
    builds_fail(monkeypatch, 'build', 'build-asan')  # they aren't built
    monkeypatch.setattr(sys, 'argv', ['suite.py', 'unit', 'fuzz'])
    assert suite.main() == 0 and sorted(ran) == ['fuzz_it', 'unit build', 'unit build-asan']
    ran.clear()
    monkeypatch.setattr(sys, 'argv', ['suite.py', '--quick', 'unit', 'e2e', 'fuzz'])
    assert suite.main() == 0 and set(ran) == {'unit build', 'e2e build'}


def test_without_targets_fuzzing_has_failed(monkeypatch, capsys, ran):
    monkeypatch.setattr(suite, 'targets', lambda: [])
    monkeypatch.setattr(sys, 'argv', ['suite.py', 'fuzz'])
    assert suite.main() == 1 and 'no targets' in capsys.readouterr().out


def test_shards_are_everything_once(tmp_path):
    for name in 'abcde':
        (tmp_path / f'test_{name}.py').touch()
    both = suite.shards([str(tmp_path)], 2)
    assert [len(files) for files in both] == [3, 2]
    assert sorted(both[0] + both[1]) == sorted(map(str, tmp_path.glob('test_*.py')))


def test_what_stands_back():
    code, log, _ = suite.run(['sh', '-c', 'sleep 0.2; chrt -p $$; cat /proc/self/autogroup'],
                             background=True)
    assert code == 0 and 'SCHED_IDLE' in log
    assert 'autogroup' not in log.partition('\n')[2] or 'nice 19' in log
