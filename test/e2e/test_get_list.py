"""fsock get: lists from files and pipes, bad lines, exit codes of many, parallelism."""

import os
import subprocess
import time

import pytest

from conftest import clean_env


def test_bad_lines_do_not_stop_it(site, fsock, tmp):
    good = site.url("/sized/7")
    (tmp / "list").write_bytes(
        b"# comment\r\n\r\n  " + good.encode() + b" \r\n"
        b"http://bad host/\n"
        b"nul\0byte\n" + b"x" * 100000 + b"\n" + good.encode()
    )
    result = fsock("get", "--json", "--repeat", "-i", "list")
    records = {r["line"]: r for r in result.records}
    assert result.code == 110 and set(records) == {3, 4, 5, 6, 7}
    assert [records[n]["exitcode"] for n in (3, 4, 5, 6, 7)] == [0, 3, 3, 3, 0]
    assert "space" in records[4]["errormsg"]
    assert records[5]["errormsg"] == "list line 5: the line holds a NUL byte"
    assert records[6]["errormsg"] == "list line 6: the line is longer than 64 KiB"
    assert records[5]["url"] == "nul\0byte" and len(records[6]["url"]) == 200


def test_bytes_that_are_not_text(site, fsock, tmp):
    (tmp / "list").write_bytes(site.url("/echo").encode() + b"?\xff\xc3\xa9\n")
    result = fsock("get", "--json", "-i", "list")
    assert result.records[0]["url"].endswith("?\u00ff\u00e9")
    (tmp / "list").write_bytes(b"http://\x1b[2Jx/\n")
    assert b"\x1b" not in fsock("get", "-i", "list").stdout


def test_exit_codes_of_many(site, fsock, tmp):
    ok, bad = site.url("/plain/1"), "http://127.0.0.1:1/"
    assert fsock("get", ok, ok).code == 0
    assert fsock("get", ok, bad).code == 110
    assert fsock("get", bad, bad).code == 111
    (tmp / "empty").write_text("# nothing\n")
    assert fsock("get", "-i", "empty").code == 0
    (tmp / "one").write_text(bad + "\n")
    assert fsock("get", "-i", "one").code == 111


def test_several_lists_and_arguments(site, fsock, tmp):
    for name in ("a", "b"):
        (tmp / name).write_text(site.url(f"/plain/1?{name}") + "\n")
    result = fsock("get", site.url("/plain/1?arg"), "-i", "a", "--input-file=b", "-i", "-",
                   "--json", stdin=site.url("/plain/1?stdin").encode())
    assert result.code == 0
    seen = {(r["list"], r["line"], r["url"].partition("?")[2]) for r in result.records}
    assert seen == {(None, 0, "arg"), ("a", 1, "a"), ("b", 1, "b"), ("-", 1, "stdin")}


def test_unreadable_list(site, fsock, tmp):
    before = site.stats()["pages"].get("/plain/", 0)
    result = fsock("get", site.url("/plain/1"), "-i", "nowhere")
    assert result.code == 26
    assert result.errors == "fsock: get: can't read the list nowhere: no such file\n"
    assert site.stats()["pages"].get("/plain/", 0) == before
    assert "directory" in fsock("get", "-i", tmp).errors
    result = subprocess.run(["sh", "-c", "\"$0\" get -i - <&-", fsock.program],
                            capture_output=True, env=clean_env())
    assert result.returncode == 26 and b"can't read the list -" in result.stderr


def test_a_url_is_started_as_soon_as_it_is_read(site, fsock):
    process = subprocess.Popen([fsock.program, "get", "-i", "-"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=clean_env())
    for n in (1, 2, 3):
        process.stdin.write(site.url(f"/sized/{n}\n").encode())
        process.stdin.flush()
        line = process.stdout.readline()  # it comes while the list is still open
        assert line.startswith(b"ok\t200\t%d\t" % n)
    process.stdin.close()
    assert process.wait(10) == 0
    process.stdout.close()


def test_a_silent_pipe_does_not_hold_up_what_runs(site, fsock):
    process = subprocess.Popen([fsock.program, "get", "-i", "-"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=clean_env())
    process.stdin.write(site.url("/delay/300\n").encode() + b"http://127.0")
    process.stdin.flush()
    assert process.stdout.readline().startswith(b"ok\t")
    process.stdin.write(b".0.1:1/")  # the last line has no newline
    process.stdin.close()
    assert process.stdout.readline().startswith(b"failed\t000\t0\t")
    assert process.wait(10) == 110
    process.stdout.close()


def test_parallel_and_per_host(site, fsock, tmp):
    (tmp / "list").write_text(site.url("/delay/200\n") * 12)

    def took(*args):
        start = time.monotonic()
        assert fsock("get", "-i", "list", "--repeat", *args).code == 0
        return time.monotonic() - start

    assert took("-P", "12", "--per-host", "12") < 0.9
    assert took("--parallel=12", "--per-host=3") >= 0.8
    assert took("-P3", "--per-host", "12") >= 0.8
    assert 0.4 <= took() < 1.2  # six to a host


def test_a_long_list(site, fsock, tmp):
    (tmp / "list").write_text("".join(site.url(f"/sized/{n % 50}?{n}\n") for n in range(20000)))
    result = fsock("get", "-i", "list", "--json")
    assert result.code == 0
    records = result.records
    assert len(records) == 20000 and {r["line"] for r in records} == set(range(1, 20001))
    assert all(r["size_body"] == (r["line"] - 1) % 50 for r in records)


def test_connections_are_kept_for_hosts_in_turn(site, fsock, tmp):
    hosts = ("127.0.0.1", "localhost")
    urls = [site.url(f"/sized/{n}", host=host) for n in range(4) for host in hosts]
    (tmp / "list").write_text("".join(url + "\n" for url in urls))
    result = fsock("get", "-i", "list", "-P", "1", "--json")
    assert result.code == 0 and len(result.records) == 8, result
    assert sum(record["num_connects"] for record in result.records) == 2


@pytest.mark.parametrize("limit", [11, 32])
def test_few_descriptors(site, fsock, tmp, limit):
    """Slow, but not broken. 11 is the least: standard ones (two of them twice), epoll, signals (2),
    the list, a connection, a file."""
    (tmp / "list").write_text("".join(site.url(f"/sized/{n}\n") for n in range(300)))
    script = f"ulimit -n {limit}; exec \"$0\" get -i list -P 200 --per-host 200 -O " \
             "--output-dir out --create-dirs"
    done = subprocess.run(["sh", "-c", script, fsock.program], cwd=tmp, env=clean_env(),
                          capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert len(os.listdir(tmp / "out")) == 300


def test_run_time(site, fsock, tmp):
    (tmp / "list").write_text(site.url("/plain/1\n") + site.url("/mute\n") * 200)
    result = fsock("get", "-i", "list", "--repeat", "--run-time", "0.5", "--json")
    assert result.code == 110 and result.took(0, 1.5), result
    late = [r for r in result.records if r["exitcode"]]
    assert len(late) == 6  # those that had left the queue
    assert all(r["exitcode"] == 28 and "--run-time" in r["errormsg"] for r in late)
    result = fsock("get", "--run-time=300ms", site.url("/mute"))
    assert result.code == 28 and "--run-time" in result.errors and result.took(0, 1.5)
