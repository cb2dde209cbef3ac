"""fsock get: how fast at most. What is tested is that nothing is too early; a busy machine is late."""

import pytest

LATE = 8  # seconds that a machine may lose


def list_of(tmp, *urls):
    """No two of them are the same, else one would be passed over."""
    (tmp / "list").write_text("".join(f"{url}?{n}\n" for n, url in enumerate(urls)))
    return "list"


def served(site, page):
    return site.stats()["pages"].get(page, 0)


@pytest.mark.parametrize("parallel", ["1", "8", "100"])
@pytest.mark.parametrize("words", [["--rate", "50/s"], ["--rate=3000/m"], ["--host-rate", "50"]])
def test_requests_a_second(site, fsock, tmp, words, parallel):
    before = served(site, "/sized/")
    urls = list_of(tmp, *[site.url(f"/sized/{n}") for n in range(51)])
    result = fsock("get", "-i", urls, "-P", parallel, "--per-host", "100", *words)
    assert result.code == 0 and len(result.lines) == 51
    assert served(site, "/sized/") - before == 51
    assert 1 - 0.05 <= result.elapsed < 1 + LATE


def test_hosts_have_rates_of_their_own(site, fsock, tmp):
    hosts = [f"shop{n}.test" for n in range(8)]
    urls = list_of(tmp, *[site.url("/sized/1", host=host) for host in hosts for _ in range(5)])
    result = fsock("get", "-i", urls, "--host-rate", "10", "--resolve", f"*:{site.http}:127.0.0.1")
    assert result.code == 0
    assert 0.4 - 0.05 <= result.elapsed < 3.2, "one after the other they would take four seconds"


def test_threads_share_the_rate(site, fsock, tmp):
    hosts = [f"shop{n}.test" for n in range(8)]
    urls = list_of(tmp, *[site.url("/sized/1", host=host) for host in hosts for _ in range(10)])
    result = fsock("get", "-i", urls, "--rate", "80", "--limit-rate", "10M", "--threads", "4",
                   "--resolve", f"*:{site.http}:127.0.0.1")
    assert result.code == 0 and len(result.lines) == 80
    assert 0.98 - 0.05 <= result.elapsed < 1 + LATE


def test_delay(site, fsock, tmp):
    urls = list_of(tmp, *[site.url("/sized/1")] * 6)
    result = fsock("get", "-i", urls, "--delay", "200ms", "--host-rate", "100")
    assert result.code == 0 and 1 <= result.elapsed < 1 + LATE
    result = fsock("get", "-i", urls, "--delay", "10ms", "--host-rate", "300/m")
    assert result.code == 0 and 1 - 0.05 <= result.elapsed < 1 + LATE


def test_redirects_count(site, fsock):
    result = fsock("get", "-L", "--delay=300ms", site.url("/redirect/3"))
    assert result.code == 0 and 0.9 <= result.elapsed < 0.9 + LATE
    result = fsock("get", "-L", "--rate=1/m", "-m", "500ms", site.url("/redirect/3"))
    assert result.code == 28 and "the pace left no room for this request in time" in result.errors


@pytest.mark.parametrize("option", ["--limit-rate", "--host-limit-rate"])
def test_bytes_a_second(site, fsock, tmp, option):
    expected = site.get("/plain/19")[2]
    least = len(expected) / (200 << 10) - 0.15
    result = fsock("get", option, "200k", site.url("/plain/19"))
    assert result.code == 0 and result.stdout == expected
    assert least <= result.elapsed < least + LATE
    result = fsock("get", option, "400k", "--cacert", site.ca,
                   *[site.url("/plain/19", "https", host="localhost")] * 2)
    assert result.code == 0 and least <= result.elapsed < least + LATE
    result = fsock("get", option, "200k", "-d", "x" * 100000, site.url("/upload"))
    assert result.code == 0 and 100000 / (200 << 10) - 0.15 <= result.elapsed < LATE


def test_our_waiting_is_nobody_s_silence(site, fsock, tmp):
    urls = list_of(tmp, *[site.url("/plain/5")] * 20)
    result = fsock("get", "-i", urls, "--limit-rate", "20k", "--read-timeout", "400ms",
                   "--per-host", "20")
    assert result.code == 0


def test_the_run_can_end_while_all_wait(site, fsock, tmp):
    urls = list_of(tmp, *[site.url("/sized/1")] * 100)
    result = fsock("get", "-i", urls, "--rate", "1", "--run-time", "1.5s")
    assert result.code == 110 and len(result.lines) == 2 and result.elapsed < 1.5 + LATE


@pytest.mark.parametrize("words, sentence", [
    (["--rate", "fast"], "--rate needs a rate like 0.5, 200/s, 30/m or 100/h, not 'fast'"),
    (["--host-rate", "5/d"], "--host-rate needs a rate like 0.5, 200/s, 30/m or 100/h, not '5/d'"),
    (["--limit-rate", "10Q"], "--limit-rate needs a size like 500, 64k, 10M or 2G, not '10Q'"),
    (["--host-limit-rate", "9T"], "--host-limit-rate needs a size like 500, 64k, 10M or 2G, not '9T'"),
    (["--delay", "-1"], "--delay needs a time like 1.5, 500ms, 10s or 2m, not '-1'"),
])
def test_nonsense_is_refused(fsock, words, sentence):
    result = fsock("get", *words, "http://127.0.0.1:1/")
    assert result.code == 2 and sentence in result.errors
