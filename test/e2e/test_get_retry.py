"""fsock get --retry: what failed for a reason that may pass is tried again, and sites are heeded."""

import itertools
import time

import pytest

KEYS = itertools.count()


@pytest.fixture
def fresh(site):
    """The URL of a page of the site that nobody has asked for yet."""
    return lambda path, query="", **where: site.url(f"{path}/e2e-{next(KEYS)}{query}", **where)


@pytest.fixture
def urls(tmp):
    """A list of URLs, as arguments."""

    def make(*lines):
        (tmp / "urls").write_text("".join(line + "\n" for line in lines))
        return "-i", str(tmp / "urls")

    return make


FAST = "--retry-delay=10ms"
WROTE = ("-w", "%{http_code} %{num_retries} %{exitcode}")


@pytest.mark.parametrize("how", ["408", "429", "500", "502", "503", "504", "reset", "fin"])
def test_tried_again(fsock, fresh, how):
    result = fsock("get", "--retry", "2", FAST, fresh(f"/again/{how}/2"))
    assert result.code == 0 and result.text == "try 3\n", result


def test_silence_is_tried_again(fsock, fresh):
    result = fsock("get", "--retry", "1", FAST, "--read-timeout", "100ms", fresh("/again/mute/1"))
    assert result.code == 0 and result.text == "try 2\n"


def test_one_url_is_tried_once_unless_said(fsock, fresh):
    result = fsock("get", "-f", "-s", *WROTE, fresh("/again/503/1"))
    assert result.code == 22 and result.text == "503 0 22"


def test_a_list_is_tried_three_times(fsock, fresh, urls):
    lines = [fresh("/again/502/2"), fresh("/again/502/3"), fresh("/again/404/1")]
    result = fsock("get", *urls(*lines), FAST, "--json")
    assert result.code == 110
    by_url = {r["url"]: (r["http_code"], r["num_retries"]) for r in result.records}
    assert [by_url[line] for line in lines] == [(200, 2), (502, 2), (404, 0)]
    assert result.errors.splitlines()[0].endswith("/s, 4 retries"), result
    result = fsock("get", *urls(fresh("/again/502/1")), "--retry=0", "--json")
    assert result.code == 111 and result.records[0]["num_retries"] == 0


def test_methods(fsock, fresh):
    post = ("get", "-s", "-d", "x", "--retry=1", FAST, *WROTE, "-o", "x")
    assert fsock(*post, fresh("/again/503/1")).text == "503 0 0"
    assert fsock(*post, "--retry-all-methods", fresh("/again/503/1")).text == "200 1 0"
    assert fsock(*post, "--retry-all-errors", fresh("/again/503/1")).text == "200 1 0"


def test_refused(fsock, site):
    url = site.url("/", service="tcp-refused")
    result = fsock("get", "-s", "--retry=3", "--retry-connrefused", FAST, *WROTE, url)
    assert result.code == 7 and result.text == "000 3 7"


@pytest.mark.parametrize("url", ["http://nobody.invalid/", "http://[::1", "gopher://127.0.0.1/"])
def test_what_would_fail_again(fsock, url):
    began = time.monotonic()
    assert fsock("get", "-s", "--retry=5", "--retry-delay=20s", url).code != 0
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("query, least, most", [("?after=1", 1, 1.2), ("?date=2", 1, 2.2), ("?rate=1", 1, 1.2)])
@pytest.mark.parametrize("status", [429, 503])
def test_sites_are_heeded(fsock, fresh, urls, site, status, query, least, most):
    """To a tenth of a second; and other sites go on meanwhile."""
    lines = [fresh(f"/again/{status}/1", query), site.url("/plain/1"), site.url("/plain/1", host="localhost")]
    result = fsock("get", *urls(*lines), "--per-host=1", "--json")
    assert result.code == 0 and result.took(least, most), result
    assert result.records[0]["url"] == lines[2], "the other site had to wait"
    assert all(r["time_total"] < 0.5 for r in result.records[1:] if r["url"] != lines[0])


def test_a_pause_that_does_not_fit(fsock, fresh):
    began = time.monotonic()
    result = fsock("get", "-f", "-s", "--retry=3", "-m", "2", *WROTE, fresh("/again/503/1", "?after=30"))
    assert time.monotonic() - began < 1
    assert result.code == 22 and result.text == "503 0 22"


@pytest.mark.parametrize("query", ["", "?rst"])
def test_a_body_goes_on(site, fsock, fresh, tmp, query):
    whole = site.get("/cut/3000000/0/0/whole")[2]
    result = fsock("get", "--retry=4", FAST, "-O", "--output-dir", tmp / "out", *WROTE, fresh("/cut/3000000/700000/4", query))
    assert result.code == 0 and result.text == "200 4 0", result
    (saved,) = (tmp / "out").iterdir()
    assert saved.read_bytes() == whole
    result = fsock("get", "--retry=4", FAST, fresh("/cut/3000000/700000/4", query))
    assert result.code == 0 and result.stdout == whole


@pytest.mark.parametrize("query", ["?etag=none", "?etag=new", "?norange"])
@pytest.mark.parametrize("include", [(), ("--include=received",), ("--include=decoded",)])
def test_a_body_begins_anew(site, fsock, fresh, tmp, query, include):
    whole = site.get("/cut/300000/0/0/whole")[2]
    result = fsock("get", "--retry=4", FAST, "-o", "x", *include, *WROTE, fresh("/cut/300000/90000/2", query))
    assert result.code == 0 and result.text == "200 2 0", result
    assert [p.name for p in tmp.iterdir()] == ["x"]
    head, body = b"", (tmp / "x").read_bytes()
    if include:
        head, body = body.split(b"\r\n\r\n", 1)
        assert head.startswith(b"HTTP/1.1 200") and head.count(b"HTTP/1.1") == 1
    assert body == whole


def test_standard_output_cannot_begin_anew(fsock, fresh):
    result = fsock("get", "--retry=4", FAST, fresh("/cut/300000/90000/2", "?etag=none"))
    assert result.code == 18 and len(result.stdout) == 90000


def test_what_was_saved_is_not_lost(fsock, fresh, tmp):
    """When the page is gone, what came of it stays for -C."""
    result = fsock("get", "-s", "--retry=4", FAST, "-o", "x", *WROTE, fresh("/cut/3000000/90000/2", "?then=404"))
    assert result.code == 18 and result.text == "200 1 18"
    assert (tmp / "x.part").stat().st_size == 90000


def test_continued_and_broken_off_again(site, fsock, fresh, tmp):
    url = fresh("/cut/3000000/700000/3")
    assert fsock("get", "-s", "-o", "x", url).code == 18
    result = fsock("get", "--retry=4", FAST, "-o", "x", "-C-", "-w", "%{http_code} %{num_retries} %{resumed}", url)
    assert result.code == 0 and result.text == "206 2 1", result
    assert (tmp / "x").read_bytes() == site.get("/cut/3000000/0/0/whole")[2]


@pytest.mark.parametrize("option", ["--retry-delay=1s", "--retry-all-methods", "--retry-connrefused"])
def test_how_without_how_often(fsock, site, option):
    result = fsock("get", option, site.url("/plain/1"))
    assert result.code == 2 and "add --retry N" in result.errors


@pytest.mark.parametrize("value", ["-1", "1001", "two", ""])
def test_bad_numbers(fsock, site, value):
    assert fsock("get", f"--retry={value}", site.url("/plain/1")).code == 2
