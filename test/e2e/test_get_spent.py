"""fsock get: --max-requests and --max-total, what the run may cost in all."""

import signal
import subprocess
import time

import pytest

from conftest import clean_env

HOSTS = [f"host{n}.test" for n in range(10)]
OVER = "the run has ended early ({} raises this limit)"


def write_list(site, tmp, n, path):
    """n URLs on ten hosts, in the file `list`."""
    urls = [site.url(path, host=HOSTS[i % 10]) + f"?{i}" for i in range(n)]
    (tmp / "list").write_text("".join(url + "\n" for url in urls))
    return urls


class Counted:
    """Runs of the command against the site, with the requests that each of them made."""

    def __init__(self, site, fsock):
        self.site, self.fsock = site, fsock

    def __call__(self, *args, code, list_file="list", **more):
        before = self.site.stats()["requests"]
        words = ["--json", f"--resolve=*:{self.site.http}:127.0.0.1"] + (["-i", list_file] if list_file else [])
        result = self.fsock("get", *words, *args, **more)
        result.requests = self.site.stats()["requests"] - before - 1
        assert result.code == code, result
        result.fine = [r for r in result.records if not r["exitcode"]]
        result.spent = [r for r in result.records if r["exitcode"]]
        assert all((r["exitcode"], r["err"]) == (63, "spent") for r in result.spent), result
        return result


@pytest.fixture
def get(site, fsock):
    return Counted(site, fsock)


# ---- Requests ------------------------------------------------------------------------------------


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("parallel", [1, 64])
@pytest.mark.parametrize("most", [1, 100])
def test_not_one_request_more(site, get, tmp, threads, parallel, most):
    write_list(site, tmp, 3000, "/sized/7")
    result = get("--max-requests", most, "--threads", threads, "-P", parallel, "--per-host", 20, code=110)
    assert result.requests == most == len(result.fine)
    assert OVER.format("--max-requests") in result.errors


@pytest.mark.parametrize("threads", [1, 2])
def test_as_many_as_are_needed_are_enough(site, get, tmp, threads):
    write_list(site, tmp, 200, "/sized/7")
    result = get("--max-requests", 200, "--threads", threads, code=0)
    assert result.requests == len(result.fine) == 200 and "ended early" not in result.errors


@pytest.mark.parametrize("threads", [1, 2])
def test_redirects_are_requests(site, get, tmp, threads):
    write_list(site, tmp, 400, "/redirect/3")
    result = get("-L", "--max-requests", 101, "--threads", threads, "-P", 8, code=110)
    assert result.requests == 101 and result.fine
    assert len(result.fine) * 4 + sum(r["num_redirects"] for r in result.spent) == 101
    for record in result.spent:
        assert "no request is left of the 101 allowed (--max-requests raises this limit)" in record["errormsg"]


def test_tries_are_requests(site, get, tmp):
    (tmp / "list").write_text("".join(site.url(f"/again/503/2/spent-{n}\n") for n in range(50)))
    result = get("--max-requests", 40, "--retry", 2, "--retry-delay", "1ms", code=110)
    assert result.requests == 40
    assert any("before, the answer is 503" in r["errormsg"] for r in result.spent)


def test_one_url(site, get, fsock):
    url = site.url("/redirect/3")
    result = fsock("get", "-L", "--max-requests", 3, url)
    assert result.code == 63 and not result.stdout
    assert result.errors.startswith("fsock: get: queue ") and result.errors.count("\n") == 1
    assert "(--max-requests raises this limit)" in result.errors
    assert fsock("get", "-L", "--max-requests", 4, url).code == 0
    assert get("-L", "--max-requests", 2, url, list_file=None, code=63).requests == 2


def test_each_round_is_a_request(site, get, tmp):
    (tmp / "list").write_text("".join(site.url(f"/sized/7?{n}\n") for n in range(20)))
    words = ["--warm", "--purge=GET", "--vary", "User-Agent=mobile,desktop", "-P", 1, "--max-requests"]
    assert get(*words, 60, code=0).requests == 60
    result = get(*words, 17, code=110)
    assert result.requests == 17 and len(result.fine) == 11  # and six times to forget
    assert get("--warm", "--only-uncached", "--max-requests", 17, "-P", 1, code=110).requests == 17


def test_what_was_asked_for_is_answered(site, get, tmp):
    urls = [site.url("/delay/400")] + [site.url(f"/plain/1?{n}") for n in range(50)]
    (tmp / "list").write_text("\n".join(urls))
    result = get("--max-requests", 5, "--per-host", 20, code=110)
    assert result.requests == 5 == len(result.fine)
    assert urls[0] in [r["url"] for r in result.fine]


@pytest.mark.parametrize("threads", [1, 2])
def test_nobody_waits_for_a_turn(site, get, tmp, threads):
    write_list(site, tmp, 100, "/plain/1")
    result = get("--max-requests", 10, "--delay", "20s", "--threads", threads, code=110)
    assert result.requests == 10 == len(result.fine) and result.elapsed < 5


def test_a_signal_ends_what_is_still_answered(site, build, tmp):
    urls = [site.url("/mute")] + [site.url(f"/plain/1?{n}") for n in range(9)]
    (tmp / "list").write_text("\n".join(urls))
    run = subprocess.Popen([build / "cli/fsock", "get", "--json", "-i", tmp / "list", "--max-requests", "3"],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean_env(),
                           preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
    time.sleep(0.7)
    begun = time.monotonic()
    run.send_signal(signal.SIGINT)
    out, _ = run.communicate(timeout=5)
    assert run.returncode == 130 and time.monotonic() - begun < 0.5
    assert out.count(b'"exitcode":0') == 2 and out.count(b"interrupted") == 1


# ---- Bytes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("threads", [1, 2])
def test_many_small_bodies(site, get, tmp, threads):
    write_list(site, tmp, 1000, "/sized/10000")
    most = 300000
    result = get("--max-total", most, "--threads", threads, "-P", 64, code=110)
    received = sum(r["size_download"] + r["size_header"] for r in result.records)
    assert received <= most + (threads - 1) * 65536
    assert 10 <= len(result.fine) <= 36 and result.requests <= 100
    assert OVER.format("--max-total") in result.errors
    for record in result.spent:
        assert "no byte is left of the 300000 allowed (--max-total raises this limit)" in record["errormsg"]


@pytest.mark.parametrize("service", ["http", "https"])
def test_one_huge_body(site, fsock, tmp, service):
    url = site.url("/huge/2000000000", service, "localhost")
    result = fsock("get", "--cacert", site.ca, "--max-total", "1M", url)
    assert result.code == 63 and 1000000 < len(result.stdout) < 1 << 20
    assert result.errors.startswith("fsock: get: body ") and result.errors.count("\n") == 1
    assert "no byte is left of the 1048576 allowed (--max-total raises this limit)" in result.errors
    assert fsock("get", "--cacert", site.ca, "--max-total", "1M", "-o", "body", url).code == 63
    assert not (tmp / "body").exists()
    result = fsock("get", "--cacert", site.ca, "--max-total", "1M", site.url("/sized/1000000", service, "localhost"))
    assert result.code == 0 and len(result.stdout) == 1000000


def test_bytes_are_those_received(site, fsock):
    """Before decoding."""
    assert fsock("get", "--max-total", "3M", site.url("/huge-gzip/100000000"), timeout=20).code == 0


def test_nothing_is_waited_for_without_bytes(site, get, tmp):
    urls = [site.url(f"/mute?{n}") for n in range(5)] + [site.url("/huge/100000000")]
    (tmp / "list").write_text("\n".join(urls))
    result = get("--max-total", "100k", "--per-host", 10, code=111)
    assert result.elapsed < 5 and sorted(r["url"] for r in result.spent) == sorted(urls)


# ---- The next run --------------------------------------------------------------------------------


@pytest.mark.parametrize("threads", [1, 2])
def test_the_next_run_fetches_the_rest(site, get, tmp, threads):
    urls = write_list(site, tmp, 250, "/sized/7")
    words = ["--journal", "j", "--resume", "--max-requests", 100, "--threads", threads]
    fine = []
    for code in (110, 110, 0):
        result = get(*words, code=code)
        assert result.requests == len(result.fine) <= 100
        fine += [r["url"] for r in result.fine]
    assert sorted(fine) == sorted(urls)


def test_failures_are_remembered_to_the_last(site, fsock, tmp):
    (tmp / "list").write_text("".join(site.url(f"/status/404?{n}\n") for n in range(20)))
    words = ["get", "--journal", "j", "-i", "list", "--retry", "0", "--per-host", "10", "--max-requests", 8]
    assert fsock(*words).code == 111
    assert (tmp / "j").read_text().count("\t404\t") == 8
    result = fsock(*words, "--resume")
    assert result.code == 111 and (tmp / "j").read_text().count("\t404\t") == 16


# ---- Nonsense ------------------------------------------------------------------------------------


@pytest.mark.parametrize("words, sentence", [
    (["--max-requests", "0"], "--max-requests needs a whole number from 1 to"),
    (["--max-requests", "-1"], "--max-requests needs a whole number from 1 to"),
    (["--max-requests", "many"], "--max-requests needs a whole number from 1 to"),
    (["--max-total", "0"], "with --max-total 0 nothing could be received"),
    (["--max-total", "-1"], "--max-total needs a size like"),
    (["--max-total", "much"], "--max-total needs a size like"),
])
def test_nonsense_is_refused(fsock, words, sentence):
    result = fsock("get", *words, "http://127.0.0.1:1/")
    assert result.code == 2 and sentence in result.errors
