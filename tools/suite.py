"""tools/suite.py [--quick] [STAGE...] - what tools/test runs once the packages are there.

The stages, all of them if none is named:
  build   build/ by gcc, build-asan/ by clang with ASan and UBSan and the fuzz targets, what is
          needed of build-tsan/ with TSan, all with -Werror
  checks  the house rules, the layout of the code, the exported symbols
  unit    what Meson knows as tests, in build/ and build-asan/; each cmocka case counts
  threads streams in many threads, under ThreadSanitizer and valgrind: no races, no errors of
          memory, nothing lost or left open
  e2e     pytest over test/, against build/ and (all but the tests marked `plain`) build-asan/; the
          tests of runs in threads against build-tsan/
  fuzz    ten seconds of each fuzz target over the seeds in fuzz/corpus/
A stage other than build expects the builds to be up to date. Nothing is tested of a build that
fails, and if that is build/, only checks follow.
--quick leaves out the sanitizers, the fuzzing and the end-to-end tests marked `slow`.

First all of build/ is tested, then build-asan/. The tests wait more than they work, so several go
on side by side; not more than that, since they measure time. The other builds take what the tests
of build/ leave, the fuzzing what the end-to-end tests of build-asan/ leave.

Prints a line per part and the log of each part that fails. The last line is `N passed, N failed`,
with `, N skipped` if any were; the exit code is 1 if any failed.
"""
import concurrent.futures
import glob
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree

BUILDS = {  # directory: (compiler, options of meson setup)
    'build': ('gcc', []),
    'build-asan': ('clang', ['-Db_sanitize=address,undefined', '-Db_lundef=false',
                             '-Dfuzzers=true', '-Doptimization=1',
                             '-Dc_args=-gline-tables-only']),  # all that a backtrace needs
    'build-tsan': ('clang', ['-Db_sanitize=thread', '-Db_lundef=false', '-Dbuildtype=debug']),
}
THREADS = 'test/threads/stream-threads'
TARGETS = {'build-tsan': [THREADS, 'cli/fsock', 'test/site/fsock-site']}  # if not everything
THREADED = ['test/e2e/test_get_threads.py']
FUZZ_SECONDS = 10
UNITS = 2 * os.cpu_count()  # unit tests at a time: they wait more than they work
LANES = 2 * os.cpu_count()  # shards of the end-to-end tests at a time: they wait even more
SHARDS = 3 * LANES
PART_LIMIT = 600  # seconds that any one command may take
ENV = dict(os.environ, ASAN_OPTIONS='exitcode=99', LSAN_OPTIONS='exitcode=99',
           UBSAN_OPTIONS='halt_on_error=1:print_stacktrace=1:exitcode=99',
           TSAN_OPTIONS='exitcode=99', PYTHONDONTWRITEBYTECODE='1')


class Score:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def add(self, name, passed=0, failed=0, skipped=0, seconds=0.0, log=''):
        """Counts one part and prints its line, and its log if any of it failed."""
        passed, failed = int(passed), int(failed)
        self.passed += passed
        self.failed += failed
        self.skipped += skipped
        if failed and log:
            print(log.rstrip())
        print(f'{"FAIL" if failed else "ok":<5}{name:<32}{summary(passed, failed, skipped)}'
              f'  [{seconds:.1f} s]', flush=True)


def summary(passed, failed, skipped):
    return f'{passed} passed, {failed} failed' + (f', {skipped} skipped' if skipped else '')


def run(command, limit=PART_LIMIT, env=ENV, background=False):
    """Runs a command; returns its exit code, its output and its seconds.

    In the background it takes what time nothing else wants. It has a process group of its own,
    which is killed when the command ends or its time is up, so that no server which it started
    stays behind.
    """
    start = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, start_new_session=True, env=env)
    if background:
        stand_back(process.pid)
    try:
        output = process.communicate(timeout=limit)[0]
    except subprocess.TimeoutExpired:
        kill_group(process)
        output = process.communicate()[0] + f'\nkilled after {limit} s\n'.encode()
    finally:
        kill_group(process)
    text = f'$ {shlex.join(command)}\n' + output.decode(errors='replace')
    return process.returncode, text, time.monotonic() - start


def stand_back(pid):
    """The policy counts within a session alone where sessions share the CPU (sched(7), autogroup)."""
    try:
        os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0))
        with open(f'/proc/{pid}/autogroup', 'w', encoding='ascii') as group:
            group.write('19')
    except OSError:
        pass  # it has ended, or there are no such groups


def kill_group(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


# ---- build ---------------------------------------------------------------------------------------

def build(directory, background=False):
    """Configures, if that hasn't been done, and compiles; as run() returns."""
    if not os.path.exists(f'{directory}/build.ninja'):
        compiler, options = BUILDS[directory]
        done = run(['meson', 'setup', directory, *options],
                   env=dict(ENV, CC=compiler, CC_LD='lld'),  # a quarter of ld's time
                   background=background)
        if done[0] != 0:
            return done
    return run(['ninja', '-C', directory, '--quiet', *TARGETS.get(directory, [])],
               background=background)


def count_build(score, directory, code, log, seconds):
    score.add(f'build {directory} ({BUILDS[directory][0]})', passed=code == 0, failed=code != 0,
              seconds=seconds, log=log)


class Building:
    """Builds, one after the other, in the background; with none, all are there."""

    def __init__(self, directories):
        pool = concurrent.futures.ThreadPoolExecutor(1)
        self.ends = {directory: pool.submit(build, directory, background=True)
                     for directory in directories}
        self.untold = list(directories)

    def good(self, directory):
        """Waits for one of them."""
        return directory not in self.ends or self.ends[directory].result()[0] == 0

    def tell(self, score, *directories):
        """Waits for these, and counts those that are new. True: all are good."""
        for directory in directories:
            if directory in self.untold:
                count_build(score, directory, *self.ends[directory].result())
                self.untold.remove(directory)
        return all(map(self.good, directories))


# ---- checks --------------------------------------------------------------------------------------

def check_tool(score, name, command):
    """Counts the lines PASS and FAIL of a tool; one that ends badly without a FAIL counts as one."""
    code, log, seconds = run(command)
    failed = len(re.findall(r'^FAIL ', log, re.M))
    score.add(name, passed=len(re.findall(r'^PASS ', log, re.M)),
              failed=failed or int(code != 0), seconds=seconds, log=log)


def stage_checks(score):
    check_tool(score, 'floors', ['tools/check-floors'])
    check_tool(score, 'symbols', ['tools/check-symbols', 'build'])
    sources = [path for top in ('include', 'src', 'cli', 'test', 'fuzz', 'bench', 'examples')
               for path in sorted(glob.glob(f'{top}/**/*.[ch]', recursive=True))]
    code, log, seconds = run(['clang-format-14', '--dry-run', '-Werror', *sources])
    first = {}  # breach of each file
    for path, line in re.findall(r'^([^:\n]+):(\d+):.*clang-format-violations', log, re.M):
        first.setdefault(path, f'{path}:{line}: not as clang-format-14 -i leaves it')
    score.add('layout (clang-format)', passed=code == 0, failed=code != 0, seconds=seconds,
              log='\n'.join(first.values()) or log)


# ---- unit ----------------------------------------------------------------------------------------

def count_tap(entry):
    """(passed, failed) of one line of Meson's testlog.json. A test without TAP is one case."""
    cases = re.findall(r'^(ok|not ok)\b', entry['stdout'], re.M)
    good = entry['result'] == 'OK'
    if not cases:
        return (1, 0) if good else (0, 1)
    failed = cases.count('not ok')
    return cases.count('ok'), failed or int(not good)


def unit(directory):
    """Runs what Meson knows as the tests of one build; what Score.add() counts."""
    record = f'{directory}/meson-logs/testlog.json'
    if os.path.exists(record):
        os.unlink(record)
    code, log, seconds = run(['meson', 'test', '-C', directory, '--no-rebuild',
                              '--print-errorlogs', '--num-processes', str(UNITS)])
    passed = failed = 0
    if os.path.exists(record):
        with open(record, encoding='utf-8') as lines:
            counts = [count_tap(json.loads(line)) for line in lines]
        passed, failed = sum(c[0] for c in counts), sum(c[1] for c in counts)
    return dict(name=f'unit {directory}', passed=passed,
                failed=failed or int(code != 0 or not passed), seconds=seconds, log=log)


# ---- threads -------------------------------------------------------------------------------------

VALGRIND = ['valgrind', '-q', '--error-exitcode=99', '--leak-check=full', '--show-leak-kinds=all',
            '--errors-for-leak-kinds=all', '--track-fds=yes']


def left_open(log):
    """How many descriptors valgrind lists as open at the end, but for those it was started with."""
    return len(re.findall(r'^==\d+== Open ', log, re.M)) - log.count('<inherited from parent>')


def threads_tsan():
    code, log, seconds = run([f'build-tsan/{THREADS}'])
    return dict(name='threads build-tsan', passed=code == 0, failed=code != 0, seconds=seconds,
                log=log)


def threads_valgrind():
    code, log, seconds = run([*VALGRIND, f'build/{THREADS}', '3', '3'])
    good = code == 0 and left_open(log) == 0
    return dict(name='threads build (valgrind)', passed=good, failed=not good, seconds=seconds,
                log=log)


# ---- e2e -----------------------------------------------------------------------------------------

def report_of(directory, shard):
    return os.path.abspath(f'{directory}/e2e-{shard}.xml')


def pytest(directory, shard, marks, places):
    """Runs pytest with the programs of one build, which its tests find through FSOCK_BUILD."""
    report = report_of(directory, shard)
    if os.path.exists(report):
        os.unlink(report)
    command = [sys.executable, '-m', 'pytest', '-q', '-c', 'test/pytest.ini', '--rootdir=test',
               f'--junitxml={report}', '-m', marks, *places]
    code, log, seconds = run(command, env=dict(ENV, FSOCK_BUILD=os.path.abspath(directory)))
    passed = failed = skipped = 0
    if os.path.exists(report):
        for suite in xml.etree.ElementTree.parse(report).getroot().iter('testsuite'):
            failed += int(suite.get('failures')) + int(suite.get('errors'))
            skipped += int(suite.get('skipped'))
            passed += int(suite.get('tests'))
        passed -= failed + skipped
    return dict(name=f'e2e {directory} {shard}', passed=passed, failed=failed or int(code != 0),
                skipped=skipped, seconds=seconds, log=log)


def shards(places, count):
    """The files of tests, dealt out to as many that run side by side."""
    files = sorted(file for place in places
                   for file in glob.glob(f'{place}/**/test_*.py', recursive=True))
    return [files[n::count] for n in range(count)]


def e2e(score, directory, marks, places, threaded=None):
    with concurrent.futures.ThreadPoolExecutor(LANES) as lanes:
        ends = [lanes.submit(pytest, directory, shard, marks, files)
                for shard, files in enumerate(shards(places, SHARDS), 1)]
        if threaded:
            ends.append(lanes.submit(pytest, threaded, 1, marks, THREADED))
        for end in ends:
            score.add(**end.result())


# ---- fuzz ----------------------------------------------------------------------------------------

def fuzz(program):
    """Fuzzes one target. What it finds stays in build-asan/found/."""
    name = os.path.basename(program)[len('fuzz_'):]
    found, seeds = f'build-asan/found/{name}', f'fuzz/corpus/{name}'
    shutil.rmtree(found, ignore_errors=True)
    os.makedirs(f'{found}/corpus')
    code, log, seconds = run(
        [program, f'-max_total_time={FUZZ_SECONDS}', '-timeout=5',
         '-rss_limit_mb=1024', '-print_final_stats=1', f'-artifact_prefix={found}/',
         f'{found}/corpus', *([seeds] if os.path.isdir(seeds) else [])],
        FUZZ_SECONDS + 60, background=True)
    return dict(name=f'fuzz_{name}', passed=code == 0, failed=code != 0, seconds=seconds,
                log=log[-8000:])


def targets():
    return sorted(p for p in glob.glob('build-asan/fuzz/fuzz_*')
                  if os.access(p, os.X_OK) and os.path.isfile(p))


class Fuzzing:
    """All targets, in the background, from begin() on."""

    def __init__(self):
        self.pool = concurrent.futures.ThreadPoolExecutor(2 * os.cpu_count())
        self.ends = None

    def begin(self):
        if self.ends is None:
            self.ends = [self.pool.submit(fuzz, program) for program in targets()]

    def tell(self, score):
        self.begin()
        if not self.ends:
            score.add('fuzz', failed=1, log='no targets in build-asan/fuzz/')
        for end in self.ends:
            score.add(**end.result())


# ---- all of it -----------------------------------------------------------------------------------

STAGES = ('build', 'checks', 'unit', 'threads', 'e2e', 'fuzz')


def stages_of_build(score, names, quick):
    if 'unit' in names:
        score.add(**unit('build'))
    if 'e2e' in names:
        e2e(score, 'build', 'not slow' if quick else '', ['test'])


def stages_of_others(score, names, building, fuzzing):
    if building.tell(score, 'build-asan') and 'unit' in names:
        score.add(**unit('build-asan'))
    if building.tell(score, 'build-tsan') and 'threads' in names:
        score.add(**threads_tsan())
    if 'threads' in names:
        score.add(**threads_valgrind())
    if not building.good('build-asan'):
        return
    if fuzzing:
        fuzzing.begin()
    if 'e2e' in names:
        e2e(score, 'build-asan', 'not plain', ['test/e2e'],
            'build-tsan' if building.good('build-tsan') else None)
    if fuzzing:
        fuzzing.tell(score)


def main():
    words = sys.argv[1:]
    quick = '--quick' in words
    names = [word for word in words if word != '--quick'] or STAGES
    for name in names:
        if name not in STAGES:
            sys.exit(f'test: no stage {name!r}; there are {", ".join(STAGES)}')
    os.chdir(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    score = Score()
    if 'build' in names:
        count_build(score, 'build', *build('build'))
    built = not score.failed  # else what an earlier build has left would be tested
    others = [directory for directory in BUILDS if directory != 'build']
    building = Building(others if built and 'build' in names and not quick else [])
    if 'checks' in names:
        stage_checks(score)
    if built:
        stages_of_build(score, names, quick)
    if built and not quick:
        stages_of_others(score, names, building, Fuzzing() if 'fuzz' in names else None)
    print(summary(score.passed, score.failed, score.skipped))
    return 1 if score.failed else 0


if __name__ == '__main__':
    sys.exit(main())
