"""fsock get: journals, runs that go on after kill -9, repeated URLs, locks."""

import fcntl
import hashlib
import os
import pathlib
import random
import signal
import subprocess
import time
import zlib

import pytest

from conftest import clean_env
from stopwatch import Stopwatch

FIRST = "# fsock journal 1\n"


def read(path):
    """The whole lines of a journal, as lists of fields; each must pass its check."""
    text = pathlib.Path(path).read_bytes()
    lines = text[: text.rfind(b"\n") + 1].decode().splitlines()
    assert not lines or lines[0] + "\n" == FIRST
    for line in lines[1:]:
        check, _, rest = line.partition("\t")
        assert int(check, 16) == zlib.crc32(rest.encode())
    return [line.split("\t") for line in lines[1:]]


def urls_in(path):
    return [fields[-1] for fields in read(path)]


def line_of(*fields):
    rest = "\t".join(fields)
    return f"{zlib.crc32(rest.encode()):08x}\t{rest}\n"


def old_line(url, seconds_ago, err="ok", status=200, code=0):
    when = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() - seconds_ago))
    return line_of(when, err, f"{status:03}", str(code), "0.001000", "-", "-", url)


def write_list(tmp, *urls):
    (tmp / "list").write_text("".join(url + "\n" for url in urls))
    return "list"


def asked(site, path):
    return site.stats()["pages"].get(path, 0)


# ---- What is recorded ----------------------------------------------------------------------------


def test_a_line_per_url(site, fsock, tmp):
    good, bad = site.url("/sized/7"), site.url("/status/404")
    nobody = "http://127.0.0.1:1/"
    result = fsock("get", "--journal", "j", good, bad, nobody, "http://bad host/")
    assert result.code == 110
    assert (tmp / "j").stat().st_mode & 0o777 == 0o600
    lines = {fields[-1]: fields[1:-1] for fields in read(tmp / "j")}
    assert [fields[1:4] for fields in (lines[good], lines[bad], lines[nobody], lines["http://bad host/"])] == [
        ["ok", "200", "0"], ["status", "404", "22"], ["connect", "000", "7"], ["input", "000", "3"]]
    for fields in lines.values():
        when = time.strptime(fields[0][:19] + " UTC", "%Y-%m-%dT%H:%M:%S %Z")
        assert abs(time.time() - time.mktime(when) + time.timezone) < 60 and float(fields[4]) < 5
        assert fields[5:] == ["-", "-"]


def test_a_single_url(site, fsock, tmp):
    url = site.url("/sized/7")
    assert fsock("get", "--journal", "j", url).stdout == site.get("/sized/7")[2]
    assert urls_in(tmp / "j") == [url]
    result = fsock("get", "--journal", "j", "--fresh", "1h", url)
    assert result.code == 0 and result.stdout == b""


def test_each_run_appends(site, fsock, tmp):
    url = site.url("/sized/7")
    for n in range(3):
        assert fsock("get", "--journal", "j", "-i", write_list(tmp, url)).code == 0
        assert urls_in(tmp / "j") == [url] * (n + 1)


@pytest.mark.parametrize("threads", [1, 3])
def test_many_in_threads(site, fsock, tmp, threads):
    urls = [site.url(f"/sized/{n % 9}?{n}", host=f"127.0.0.{n % 7 + 1}") for n in range(3000)]
    result = fsock("get", "--journal", "j", "-i", write_list(tmp, *urls), "--threads", threads, "--json",
                   f"--resolve=*:{site.http}:127.0.0.1")
    assert result.code == 0 and len(result.records) == 3000
    assert sorted(urls_in(tmp / "j")) == sorted(urls)


# ---- What is passed over -------------------------------------------------------------------------


def test_resume(site, fsock, tmp):
    urls = [site.url(f"/sized/{n}") for n in range(20)]
    (tmp / "j").write_text(FIRST + old_line(urls[3], 86400) + old_line(urls[5], 9, "timeout", 0, 28))
    result = fsock("get", "--journal", "j", "--resume", "--json", "-i", write_list(tmp, *urls))
    assert {r["url"] for r in result.records} == set(urls) - {urls[3], urls[5]}
    assert "passed over: 2 in the journal\n" in result.errors
    assert sorted(r["urlnum"] for r in result.records) == list(range(18))
    result = fsock("get", "--journal", "j", "--resume", "-i", "list")
    assert result.code == 0 and result.text == "" and "20 in the journal" in result.errors
    assert fsock("get", "--journal", "new", "--resume", *urls).code == 0  # there is none yet


def test_only_failed(site, fsock, tmp):
    good, bad, new = site.url("/sized/1"), "http://127.0.0.1:1/a", site.url("/sized/2")
    mended = site.url("/sized/3")
    broken = site.url("/status/404")
    (tmp / "j").write_text(FIRST + old_line(good, 5) + old_line(bad, 5, "connect", 0, 7) +
                           old_line(mended, 5, "reset", 0, 56) + old_line(mended, 4) +
                           old_line(broken, 5) + old_line(broken, 4, "reset", 0, 56) +
                           old_line(broken, 3, "status", 404, 22))
    before = (tmp / "j").read_text()
    result = fsock("get", "--journal", "j", "--only-failed", "--retry", 0, "--json", "-i",
                   write_list(tmp, good, bad, new, mended, broken))
    assert {r["url"] for r in result.records} == {bad, broken} and result.code == 111
    assert "passed over: 2 in the journal, 1 not failed\n" in result.errors
    (tmp / "j").write_text(before)
    result = fsock("get", "--journal", "j", "--only-failed", "--retry", 0, "--json")  # all of them, without a list
    assert sorted((r["url"], r["list"], r["line"]) for r in result.records) == [(bad, "j", 3), (broken, "j", 7)]
    (tmp / "j").write_text(before)
    result = fsock("get", "--journal", "j", "--only-failed", "--resume", "--retry", 0, "--json", "-i", "list")
    assert {r["url"] for r in result.records} == {bad, broken, new}
    result = fsock("get", "--journal", "nowhere", "--only-failed")
    assert result.code == 26 and result.errors == "fsock: get: can't read the journal nowhere: no such file\n"
    assert not (tmp / "nowhere").exists()


def test_only_failed_of_a_long_journal(fsock, tmp):
    """The journal is read while it grows."""
    with open(tmp / "j", "w") as out:
        out.write(FIRST)
        for n in range(20000):
            out.write(old_line(f"http://127.0.0.1:1/{n}", 5, "connect", 0, 7))
    result = fsock("get", "--journal", "j", "--only-failed", "-w", "%{url}\n", "--threads", 2, "--retry", 0)
    assert result.code == 111 and len(set(result.lines)) == len(result.lines) == 20000
    assert len(read(tmp / "j")) == 40000


def test_fresh(site, fsock, tmp):
    young, old, failed, future = (site.url(f"/sized/{n}") for n in range(4))
    once_fine = site.url("/sized/5")
    (tmp / "j").write_text(FIRST + old_line(young, 3000) + old_line(old, 4000) + old_line(failed, 10, "reset", 0, 56) +
                           old_line(future, -7200) + old_line(once_fine, 20) + old_line(once_fine, 10, "reset", 0, 56))
    result = fsock("get", "--journal", "j", "--fresh", "1h", "--json", "-i",
                   write_list(tmp, young, old, failed, future, once_fine))
    assert {r["url"] for r in result.records} == {old, failed, future, once_fine}
    assert "passed over: 1 fresh\n" in result.errors


def test_repeated_urls(site, fsock, tmp):
    url = site.url("/sized/7")
    port = site.http
    same = [url, url + "#top", url.replace("http", "HTTP"), url + "?", f"127.0.0.1:{port}/sized/7",
            f"http://127.0.0.1:{port}/a/../sized/%37", "bad url", "bad url"]
    result = fsock("get", "--json", "-i", write_list(tmp, *same))
    assert [r["line"] for r in sorted(result.records, key=lambda r: r["line"])] == [1, 4, 7]
    assert "passed over: 5 repeated\n" in result.errors
    result = fsock("get", "--json", "--repeat", "-i", "list")
    assert len(result.records) == 8 and "passed over" not in result.errors
    (tmp / "list2").write_text(url + "\n")
    result = fsock("get", url, url, "--json", "-i", "list", "-i", "list2")  # each of the command line, no more
    assert [r["list"] for r in result.records if "?" not in r["url"] and r["exitcode"] == 0] == [None, None]
    result = fsock("get", "-o", "a", "-o", "b", url, url)
    assert result.code == 0 and (tmp / "a").read_bytes() == (tmp / "b").read_bytes()


# ---- Files that are no journals, or no good ------------------------------------------------------


@pytest.mark.parametrize("content", [b"my only copy\n", b"\0", b"# fsock journal 9\n", FIRST[:-1].encode()])
def test_what_is_no_journal_is_left_alone(site, fsock, tmp, content):
    (tmp / "j").write_bytes(content)
    before = asked(site, "/sized/")
    result = fsock("get", "--journal", "j", "--resume", site.url("/sized/1"), "-D", "heads")
    assert result.code == 2 and "j is no journal" in result.errors
    assert (tmp / "j").read_bytes() == content
    assert asked(site, "/sized/") == before and not (tmp / "heads").exists()


def test_a_torn_end(site, fsock, tmp):
    urls = [site.url(f"/sized/{n}") for n in range(3)]
    last = old_line(urls[2], 5)
    (tmp / "j").write_text(FIRST + old_line(urls[0], 5) + old_line(urls[1], 5) + last[:-5])
    result = fsock("get", "--journal", "j", "--resume", "--json", "-i", write_list(tmp, *urls))
    assert [r["url"] for r in result.records] == [urls[2]]
    assert "fsock: get: the journal j ended in a half-written line, which was cut off\n" in result.errors
    assert urls_in(tmp / "j") == urls


def test_damaged_lines(site, fsock, tmp):
    urls = [site.url(f"/sized/{n}") for n in range(3)]
    lines = [old_line(url, 5) for url in urls]
    (tmp / "j").write_text(FIRST + lines[0] + lines[1].replace("ok", "OK") + lines[2])
    result = fsock("get", "--journal", "j", "--resume", "--json", "-i", write_list(tmp, *urls))
    assert [r["url"] for r in result.records] == [urls[1]]
    assert "the journal j is damaged: 1 line, the first of them 3, can't be read\n" in result.errors
    assert fsock("get", "-s", "--journal", "j", "--resume", "-i", "list").errors == ""


def test_a_full_disk(site, fsock, tmp):
    (tmp / "list").write_text("".join(site.url(f"/sized/1?{n}") + "\n" for n in range(20000)))
    script = "ulimit -f 16; trap '' XFSZ; exec \"$0\" get -i list --journal j --no-summary >/dev/null"
    run = subprocess.run(["bash", "-c", script, fsock.program], cwd=tmp, env=clean_env(), capture_output=True, timeout=30)
    assert run.returncode == 23 and b"can't write the journal j: " in run.stderr
    assert 0 < len(read(tmp / "j")) < 20000


# ---- Locks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("option, what", [("--journal", "the journal j is in use by another run"),
                                          ("--lock", "another run has the lock j")])
def test_one_run_at_a_time(site, fsock, tmp, option, what):
    first = subprocess.Popen([fsock.program, "get", option, "j", site.url("/delay/1500")], cwd=tmp, env=clean_env(),
                             stdout=subprocess.DEVNULL)
    time.sleep(0.4)
    before = asked(site, "/sized/")
    result = fsock("get", option, "j", site.url("/sized/1"))
    assert result.code == 2 and result.errors == f"fsock: get: {what}\n" and asked(site, "/sized/") == before
    assert first.wait(10) == 0
    assert fsock("get", option, "j", site.url("/sized/1")).code == 0


def test_a_lock_needs_no_rights_to_write(site, fsock, tmp):
    (tmp / "lock").write_text("mine")
    os.chmod(tmp / "lock", 0o444)
    assert fsock("get", "--lock", "lock", site.url("/sized/1")).code == 0
    assert (tmp / "lock").read_text() == "mine"
    result = fsock("get", "--lock", "no/lock", site.url("/sized/1"))
    assert result.code == 23 and "can't open the lock no/lock" in result.errors


# ---- Joining -------------------------------------------------------------------------------------


def test_merge(fsock, tmp):
    a, b, c = (f"http://host.test/{n}" for n in "abc")
    second_a, second_b = old_line(a, 80), old_line(b, 70)
    first_b = old_line(b, 90, "reset", 0, 56)
    (tmp / "one").write_text(FIRST + old_line(a, 100) + first_b + second_a)
    (tmp / "two").write_text(FIRST + second_b + old_line("HTTP://HOST.test/a", 85) + old_line(c, 60)[:-3])
    result = fsock("get", "--merge", "out", "one", "two")
    assert result.code == 0 and result.errors == "fsock: get: 5 records of 2 journals, 2 of them in out\n"
    assert (tmp / "out").read_text() == FIRST + second_a + second_b
    assert not (tmp / "out.part").exists()
    before = (tmp / "out").read_text()
    result = fsock("get", "--merge", "out", "one")
    assert result.code == 2 and "out is there already" in result.errors and (tmp / "out").read_text() == before
    assert fsock("get", "-s", "--merge", "one", "one").errors == ""
    assert (tmp / "one").read_text() == FIRST + first_b + second_a


def test_merge_refuses(fsock, tmp):
    (tmp / "good").write_text(FIRST)
    (tmp / "other").write_text("text\n")
    for args, code, what in [
        (["out", "nowhere"], 26, "can't read the journal nowhere: no such file"),
        (["out", "good", "other"], 2, "other is no journal"),
        (["out", "good", "good"], 2, "in use by another run, or was given twice"),
        (["no/out", "good"], 23, "can't write no/out.part"),
        (["out"], 2, "needs the journals"),
        (["-", "good"], 2, "needs the name of the file"),
        (["out", "good", "--lock", "x"], 2, "only joins journals"),
    ]:
        result = fsock("get", "--merge", *args)
        assert result.code == code and what in result.errors, result
        assert not (tmp / "out").exists() and not (tmp / "out.part").exists()
    with open(tmp / "good") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert fsock("get", "--merge", "out", "good").code == 2


@pytest.mark.parametrize("args, why", [
    (["--resume", "x"], "--journal FILE"),
    (["--only-failed"], "--journal FILE"),
    (["--fresh", "1h", "x"], "--journal FILE"),
    (["--journal", "-", "x"], "needs the name of a file"),
    (["--journal", "", "x"], "needs the name of a file"),
    (["--journal", "j", "--resume", "--fresh", "1h", "x"], "drop it or --fresh"),
    (["--journal", "j", "-G", "-d", "a=b", "x"], "-G changes each URL"),
    (["--lock", "", "x"], "--lock needs the name"),
    (["--lock", "j", "--journal", "j", "x"], "drop --lock"),
])
def test_what_makes_no_sense(fsock, tmp, args, why):
    result = fsock("get", *args)
    assert result.code == 2 and why in result.errors and not os.listdir(tmp)


# ---- Runs that are ended -------------------------------------------------------------------------

COUNT = 2000


@pytest.fixture(scope="module")
def bodies(site, build, tmp_path_factory):
    """Many URLs, each with a body of its own: their list, and the SHA-256 of each file of -O."""
    folder = tmp_path_factory.mktemp("bodies")
    (folder / "list").write_text("".join(site.url(f"/body-sha/{n}/{n % 7 * 1000 + 1}\n") for n in range(COUNT)))
    run = subprocess.run([build / "cli/fsock", "get", "-i", "list", "-O", "--output-dir", "out", "-s",
                          "-w", "%{filename_effective} %header{x-sha256}\n"], cwd=folder, env=clean_env(),
                         capture_output=True, timeout=60)
    assert run.returncode == 0
    sums = dict(line.split() for line in run.stdout.decode().splitlines())
    assert len(sums) == COUNT
    return folder / "list", sums


def all_bodies_right(tmp, sums):
    names = {f"out/{name}" for name in os.listdir(tmp / "out")}
    return names == set(sums) and all(
        hashlib.sha256((tmp / name).read_bytes()).hexdigest().lower() == sums[name].lower() for name in names)


def killed_and_resumed(fsock, tmp, bodies, after, number, code):
    """Ends a run after so many seconds, and goes on: each URL is fetched once that was not recorded."""
    urls, sums = bodies
    command = [fsock.program, "get", "-i", urls, "-O", "--output-dir", "out", "--journal", "j", "--resume", "-P", "8", "-s"]
    run = subprocess.Popen(command, cwd=tmp, env=clean_env(), stdout=subprocess.DEVNULL)
    time.sleep(after)
    run.send_signal(number)
    sent = Stopwatch()
    assert run.wait(10) in (code, 0)
    took = sent.stop()
    recorded = urls_in(tmp / "j") if (tmp / "j").exists() else []
    assert len(set(recorded)) == len(recorded)
    result = fsock(*command[1:], "-w", "%{url}\n")
    assert result.code == 0
    assert not set(result.lines) & set(recorded)
    assert sorted(result.lines + recorded) == sorted(urls.read_text().split())
    assert sorted(urls_in(tmp / "j")) == sorted(urls.read_text().split())
    assert all_bodies_right(tmp, sums)
    return took


@pytest.mark.parametrize("moment", range(5))
def test_kill_and_resume(fsock, tmp, bodies, moment):
    after = random.Random(moment).uniform(0, 0.35)
    killed_and_resumed(fsock, tmp, bodies, after, signal.SIGKILL, -signal.SIGKILL)


@pytest.mark.plain
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_and_resume(fsock, tmp, bodies, number):
    assert killed_and_resumed(fsock, tmp, bodies, 0.15, number, 128 + number).between(0, 0.2)


def test_what_was_interrupted_is_not_recorded(site, fsock, tmp):
    fine = site.url("/sized/1")
    urls = [fine] + [site.url(f"/mute?{n}") for n in range(5)]
    result = fsock("get", "--journal", "j", "--run-time", "0.5", "-i", write_list(tmp, *urls))
    assert result.code == 110 and urls_in(tmp / "j") == [fine]
    process = subprocess.Popen([fsock.program, "get", "--journal", "j", "--resume", "-i", "list"], cwd=tmp,
                               env=clean_env(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(0.4)
    process.send_signal(signal.SIGINT)
    assert process.wait(5) == 130 and urls_in(tmp / "j") == [fine]
