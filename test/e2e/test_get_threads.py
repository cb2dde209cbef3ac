"""fsock get: several threads, and records in the order of the list."""

import signal
import subprocess
import time

import pytest

from conftest import clean_env
from stopwatch import Stopwatch

HOSTS = [f"host{n}.test" for n in range(10)]


def everywhere(site):
    """The option that leads to the site from each host."""
    return f"--resolve=*:{site.http}:127.0.0.1"


def urls_of(site, n, path="/sized/{}"):
    return [site.url(path.format(i % 50 + 1), host=HOSTS[i % len(HOSTS)]) + f"?{i}" for i in range(n)]


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_each_url_has_its_record(site, fsock, tmp, threads):
    urls = urls_of(site, 3000)
    (tmp / "list").write_text("\n".join(urls))
    result = fsock("get", "--json", everywhere(site), "-i", "list", "--threads", threads, "-O", "--output-dir", "out")
    assert result.code == 0, result
    assert sorted(r["url"] for r in result.records) == sorted(urls)
    assert sorted(r["urlnum"] for r in result.records) == list(range(3000))
    for record in result.records[::97]:
        size = int(record["url"].partition("/sized/")[2].partition("?")[0])
        assert len((tmp / record["filename_effective"]).read_bytes()) == size == record["size_download"]


def test_a_host_is_one_threads(site, fsock, tmp):
    """--per-host 1 holds, though four threads fetch: as many connections as hosts."""
    (tmp / "list").write_text("\n".join(urls_of(site, 400)))
    result = fsock("get", "--json", everywhere(site), "-i", "list", "--threads", 4, "--per-host", 1)
    assert result.code == 0
    ports = {}
    for record in result.records:
        ports.setdefault(record["url"].split("/")[2].partition(":")[0], set()).add(record["local_port"])
    assert set(ports) == set(HOSTS) and all(len(p) == 1 for p in ports.values())


@pytest.mark.parametrize("threads", [1, 3])
def test_ordered(site, fsock, tmp, threads):
    urls = [site.url(f"/delay/{(i * 7) % 40}", host=HOSTS[i % 10]) + f"?{i}" for i in range(400)]
    urls[100] = "http://bad host/"
    (tmp / "list").write_text("\n".join(urls))
    result = fsock("get", "--json", "--ordered", everywhere(site), "-i", "list", "--threads", threads)
    assert result.code == 110
    assert [r["url"] for r in result.records] == urls
    assert [r["line"] for r in result.records] == list(range(1, 401))


def test_ordered_waits_for_a_late_one(site, fsock, tmp):
    """More than may wait behind the first: nothing is lost, and memory does not hold the list."""
    urls = [site.url("/delay/1500", host=HOSTS[1])] + [site.url("/sized/1")] * 20000
    (tmp / "list").write_text("\n".join(urls))
    for threads in (1, 2):
        result = fsock("get", "--ordered", "--repeat", "-w", "%{urlnum}\n", everywhere(site), "-i", "list", "--threads", threads,
                       "--no-summary", timeout=60)
        assert result.code == 0
        assert result.text.split() == [str(i) for i in range(20001)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_threads(site, build, tmp, number):
    (tmp / "list").write_text("\n".join(site.url("/delay/30000", host=h) + f"?{i}" for i in range(50) for h in HOSTS))
    run = subprocess.Popen([build / "cli/fsock", "get", "--json", everywhere(site), "-i", tmp / "list", "--threads", "3", "-P", "60"],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean_env(),
                           preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
    time.sleep(0.7)
    begun = Stopwatch()
    run.send_signal(number)
    out, err = run.communicate(timeout=5)
    assert begun.stop().between(0, 0.5)
    assert run.returncode == 128 + number
    assert out.count(b"interrupted") >= 60 // 3 and b"failed" in err


def test_the_run_is_over(site, fsock, tmp):
    (tmp / "list").write_text("\n".join(urls_of(site, 40, "/delay/30000")))
    result = fsock("get", "--json", everywhere(site), "-i", "list", "--threads", 2, "--run-time", "0.5")
    assert result.code == 111 and result.took(0, 1.5)
    assert all("--run-time" in r["errormsg"] for r in result.records) and result.records


def test_a_slow_pipe_feeds_all(site, build, tmp):
    run = subprocess.Popen([build / "cli/fsock", "get", "--json", everywhere(site), "-i", "-", "--threads", "3", "--no-summary"],
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=clean_env())
    for url in urls_of(site, 12):
        run.stdin.write(url.encode() + b"\n")
        run.stdin.flush()
        assert url.encode() in run.stdout.readline()
    run.stdin.close()
    assert run.wait(timeout=5) == 0


def test_few_descriptors(site, build, tmp):
    (tmp / "list").write_text("\n".join(urls_of(site, 500)))
    run = subprocess.run(["prlimit", "--nofile=64", build / "cli/fsock", "get", "-w", "%{http_code}\n", everywhere(site), "-i", tmp / "list",
                          "--threads", "3", "-P", "300"], capture_output=True, env=clean_env(), timeout=20)
    assert run.returncode == 0 and run.stdout == b"200\n" * 500


def test_what_one_thread_is_for(site, fsock):
    result = fsock("get", "--threads", 2, "-v", site.url("/sized/1"), site.url("/sized/1"))
    assert result.code == 2 and "--threads 1" in result.errors
    assert fsock("get", "--threads", 2, site.url("/sized/3")).code == 0
