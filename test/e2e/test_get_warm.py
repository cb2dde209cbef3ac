"""fsock get --warm: caches are filled, and that is proved, with nginx and Varnish as the caches."""

import collections
import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import time

import pytest

from caches import Caches
from conftest import clean_env


@pytest.fixture(scope="module")
def caches(tmp_path_factory):
    with Caches(tmp_path_factory.mktemp("caches")) as running:
        yield running


CONTRIB = pathlib.Path(__file__).parents[2] / "contrib"
PAGES = iter(range(1, 1000000))


def pages(caches, cache, count, where="page"):
    """URLs that nobody has asked for."""
    return [caches.url(cache, f"/{where}/{next(PAGES)}") for _ in range(count)]


def path_of(url):
    return "/" + url.split("/", 3)[3]


def warm(fsock, urls, *args, code=0):
    result = fsock("get", "--warm", "--json", "-i", "-", *args, stdin="\n".join(urls).encode())
    assert result.code == code, result
    return result


@pytest.mark.parametrize("cache", ["nginx", "varnish"])
def test_verdicts(caches, fsock, cache):
    urls = pages(caches, cache, 20)
    assert {r["cache"] for r in warm(fsock, urls).records} == {"MISS"}
    result = warm(fsock, urls)
    assert {r["cache"] for r in result.records} == {"HIT"}
    assert all(r["size_body"] > 10 and r["cache_before"] is None and r["time_before"] == 0
               and r["time_after"] == 0 and r["variant"] is None and r["purge_code"] == 0
               for r in result.records)
    assert "cache: 20 HIT\n" in result.errors


@pytest.mark.parametrize("cache", ["nginx", "varnish"])
def test_proof(caches, fsock, cache):
    """A page that can't be cached is found out; its class, code and sentence say so."""
    urls, private = pages(caches, cache, 10), pages(caches, cache, 2, "private")
    result = warm(fsock, urls + private, "--prove", code=110)
    for record in result.records:
        kept = record["url"] in urls
        assert record["cache_before"] == "MISS" and record["time_before"] > 0
        assert record["cache"] == ("HIT" if kept else "MISS")
        assert record["time_after"] == record["time_total"]
        assert record["err"] == ("ok" if kept else "cache")
        assert record["exitcode"] == (0 if kept else 112)
        assert kept or "still not from the cache (MISS)" in record["errormsg"] and record["hint"]
    assert "10 ok, 2 failed (cache 2)" in result.errors
    assert "cache: 10 HIT, 2 MISS; before: 12 MISS\nbefore, times: p50 " in result.errors
    asked = collections.Counter(line[1] for line in caches.log(cache) if line[0] == "GET")
    assert all(asked[path_of(url)] == 2 for url in urls + private)
    assert warm(fsock, private, "--prove", code=111)


def test_unknown_cache_is_no_proof(site, fsock):
    record = warm(fsock, [site.url("/plain/1")], "--prove", code=111).records[0]
    assert record["cache"] == "UNKNOWN" and record["err"] == "cache" and "no header" in record["errormsg"]


def test_variants(caches, fsock):
    """Each variant is a request of its own, with its own headers and its own place in the cache."""
    urls = pages(caches, "varnish", 5)
    options = ["--vary", "accept-language=de,en", "--vary=user-agent=mobile,desktop,", "-H", "Accept-Language: xx"]
    result = warm(fsock, urls, "--prove", "-P", "1", *options)
    assert len(result.records) == 30
    by_variant = collections.defaultdict(list)
    for record in result.records:
        by_variant[record["variant"]].append(record)
    assert set(by_variant) == {f"accept-language={a}; user-agent={b}" for a in ("de", "en")
                               for b in ("mobile", "desktop", "")}
    assert all(sorted(r["url"] for r in records) == sorted(urls) for records in by_variant.values())
    assert {r["cache"] for r in result.records} == {"HIT"}
    assert sorted(r["urlnum"] for r in result.records) == list(range(30))
    assert {r["line"] for r in result.records} == {1, 2, 3, 4, 5}
    # Of the two languages the first to come was missing, in each browser: the page varies by language.
    assert sum(r["cache_before"] == "MISS" for r in result.records) == 10
    seen = [line[2:] for line in caches.log("origin") if line[1] == path_of(urls[0])]
    assert sorted(line[0] for line in seen) == ["de", "en"]
    assert {" ".join(line[1:])[:20] for line in seen} <= {"Mozilla/5.0 (iPhone;", "Mozilla/5.0 (Windows", "-"}
    assert caches.get("varnish", path_of(urls[0]), "en")["X-Varnish"].count(" ") == 1
    assert caches.get("varnish", path_of(urls[0]), "xx")["X-Varnish"].count(" ") == 0


def test_variants_take_turns(site, fsock):
    """... of one URL, since caches mix them up if they come at once; other URLs don't wait."""
    result = fsock("get", "--json", "--vary", "a=1,2,3", "-P9", "--per-host=9", site.url("/delay/200?a"),
                   site.url("/delay/200?b"))
    assert result.took(0.6, 1.1) and len(result.records) == 6
    assert [r["variant"] for r in result.records] == ["a=1", "a=1", "a=2", "a=2", "a=3", "a=3"]


def test_variants_of_what_fails(fsock):
    """Each has its record, also if nothing was asked."""
    result = fsock("get", "--warm", "--json", "--purge", "--prove", "--vary", "a=1,2,3", "http://bad host/", "ftp://x/")
    assert result.code == 111 and sorted(r["exitcode"] for r in result.records) == [1, 1, 1, 3, 3, 3]


def test_variants_without_a_cache(site, fsock):
    """--vary alone: records of a URL in its variants, in the order of --ordered."""
    result = fsock("get", "--ordered", "--vary", "a=1,2", site.url("/plain/1"), site.url("/plain/2"))
    assert result.code == 0
    fields = [line.split("\t") for line in result.lines]
    assert [(f[4][-1], f[6], f[7]) for f in fields] == [
        ("1", "UNKNOWN", "a=1"), ("1", "UNKNOWN", "a=2"), ("2", "UNKNOWN", "a=1"), ("2", "UNKNOWN", "a=2")]


def test_purge(caches, fsock):
    """What the cache had is fetched anew, once for each variant, and stays."""
    urls = pages(caches, "varnish", 30)
    vary = ["--vary", "accept-language=de,en,fr"]
    warm(fsock, urls, *vary)
    result = warm(fsock, urls, *vary, "--purge", "--prove")
    assert len(result.records) == 90
    assert {(r["purge_code"], r["cache_before"], r["cache"]) for r in result.records} == {(200, "MISS", "HIT")}
    asked = collections.Counter((line[0], line[1]) for line in caches.log("varnish"))
    assert all(asked["PURGE", path_of(url)] == 1 for url in urls)
    assert all(asked["GET", path_of(url)] == 9 for url in urls)
    assert {r["cache"] for r in warm(fsock, urls, *vary).records} == {"HIT"}


def test_purge_is_soon_followed_by_the_fetch(caches, fsock):
    """... though there is a long list: a page is missing only for as long as it takes to fetch it."""
    urls = pages(caches, "varnish", 500)
    warm(fsock, urls, "--purge", "-P", "2")
    lines = sorted(caches.log("varnish"), key=lambda line: float(line[3]))
    at = {(line[0], line[1]): i for i, line in enumerate(lines)}
    apart = sorted(at["GET", path_of(url)] - at["PURGE", path_of(url)] for url in urls)
    assert apart[len(apart) * 9 // 10] < 20


def test_purge_that_is_refused(caches, fsock):
    urls = pages(caches, "nginx", 3)
    result = warm(fsock, urls, "--purge", "--prove", code=111)
    for record in result.records:
        assert (record["purge_code"], record["http_code"], record["exitcode"]) == (405, 200, 22)
        assert record["err"] == "purge" and record["errormsg"] == "PURGE was answered 405 Not Allowed"
        assert record["cache"] == "HIT"  # the page was fetched all the same
    # Another method, which nginx hands to the origin; that knows no such page, and so has none to forget.
    record = warm(fsock, [caches.url("nginx", "/gone")], "--purge=BAN", code=111).records[0]
    assert record["purge_code"] == 404 and record["err"] == "status"
    record = warm(fsock, ["http://127.0.0.1:1/"], "--purge", code=111).records[0]
    assert record["err"] == "connect" and record["purge_code"] == 0


@pytest.mark.parametrize("cache", ["nginx", "varnish"])
def test_only_uncached(caches, fsock, cache):
    """What the cache has is not fetched. Both fetch the page when they are asked for its header."""
    urls, private = pages(caches, cache, 20), pages(caches, cache, 1, "private")
    warm(fsock, urls[:15])
    result = warm(fsock, urls + private, "--only-uncached")
    for record in result.records:
        had = record["url"] in urls[:15]
        assert record["method"] == ("HEAD" if had else "GET")
        assert record["cache"] == ("MISS" if record["url"] in private else "HIT")
        assert record["cache_before"] == (None if had else "MISS")
        assert (record["size_body"] > 0) != had
    asked = collections.Counter((line[0], line[1]) for line in caches.log(cache))
    assert all(asked["GET", path_of(url)] == 1 and asked["HEAD", path_of(url)] == 1 for url in urls + private)
    # A site that knows no HEAD is asked all the same.
    record = warm(fsock, [caches.url(cache, "/gone")], "--only-uncached", code=111).records[0]
    assert record["err"] == "status" and record["method"] == "GET"


def test_lines(caches, fsock):
    url = pages(caches, "varnish", 1)[0]
    line = fsock("get", "--warm", "--prove", "--vary", "a=b", url).lines[0].split("\t")
    assert line[0:2] == ["ok", "200"] and line[4:] == [url, "", "MISS->HIT", "a=b"]
    line = fsock("get", "--warm", "http://127.0.0.1:1/").lines[0].split("\t")
    assert line[0] == "failed" and "refused" in line[5] and line[6:] == ["", ""]
    result = fsock("get", "--warm", "-w", "%{cache}>%{variant}\n", url)
    assert result.code == 0 and result.text == "HIT>\n"


@pytest.mark.parametrize("threads", [1, 3])
def test_batches(caches, fsock, threads):
    """Between two batches the caches are left alone."""
    urls = pages(caches, "varnish", 10)
    begin = time.monotonic()
    result = warm(fsock, urls, "--batch", "4", "--pause", "300ms", "--vary", "a=1,2", "--ordered",
                  f"--threads={threads}")
    assert 0.6 <= time.monotonic() - begin < 5
    assert len(result.records) == 20
    assert warm(fsock, urls, "--batch=5", "--pause=20s", "--run-time=500ms", code=110).elapsed < 3


def test_a_stop_between_rounds(caches, fsock, tmp):
    """What had begun has a record, and says that it was interrupted; the rest has none."""
    urls = pages(caches, "varnish", 3000)
    (tmp / "list").write_text("\n".join(urls))
    for options in (["--purge", "--vary", "a=1,2,3"], ["--only-uncached", "--prove"]):
        with open(tmp / "out", "wb") as out:
            process = subprocess.Popen([fsock.program, "get", "--warm", "--json", "-i", tmp / "list", *options],
                                       stdout=out, stderr=subprocess.DEVNULL, env=clean_env())
            time.sleep(0.15)
            process.send_signal(signal.SIGINT)
            assert process.wait(5) == 130
        records = [json.loads(line) for line in (tmp / "out").read_text().splitlines()]
        assert len({r["urlnum"] for r in records}) == len(records) < 9000
        assert {r["exitcode"] for r in records} <= {0, 42}
        os.truncate(tmp / "out", 0)


def test_contrib(caches, fsock, tmp):
    """What the files for systemd and cron run is quiet, but for the pages that have failed."""
    good, private = pages(caches, "varnish", 3), pages(caches, "varnish", 1, "private")
    (tmp / "urls").write_text("\n".join(good + private))
    unit = (CONTRIB / "fsock-warm@.service").read_text().replace("\\\n", " ").replace("%%", "%")
    command = re.search(r"^ExecStart=fsock (.*)", unit, re.M).group(1)
    words = shlex.split(command.replace("/etc/fsock/%i.urls", str(tmp / "urls"))
                        .replace("$WARM_OPTIONS", "--purge --vary accept-language=de,en"))
    result = fsock(*words)
    assert result.code == 110 and len(result.lines) == 2
    assert all(line.startswith(private[0] + " accept-language=") and "still not" in line for line in result.lines)
    assert "6 ok, 2 failed (cache 2)" in result.errors
    line = re.search(r"^7 \* .*www-data  (.*)", (CONTRIB / "fsock-warm.cron").read_text(), re.M).group(1)
    env = clean_env(PATH=f"{os.path.dirname(fsock.program)}:/usr/bin:/bin")
    said = subprocess.run(line.replace("/etc/fsock/example.urls", str(tmp / "urls")), shell=True,
                          capture_output=True, env=env, timeout=60)
    assert said.stdout.count(b"failed\t") == 1 and b"3 ok, 1 failed" in said.stdout
    (tmp / "urls").write_text("\n".join(good))
    said = subprocess.run(line.replace("/etc/fsock/example.urls", str(tmp / "urls")), shell=True,
                          capture_output=True, env=env, timeout=60)
    assert (said.stdout, said.stderr) == (b"", b"")


@pytest.mark.parametrize("words, why", [
    (["--prove"], "belong to --warm"), (["--purge"], "belong to --warm"),
    (["--only-uncached"], "belong to --warm"), (["--warm", "-o", "x"], "drops the bodies"),
    (["--warm", "-O"], "drops the bodies"), (["--warm", "--include"], "drops the bodies"),
    (["--vary", "a=1,2", "-O"], "several bodies"), (["--warm", "-d", "x"], "keep no answers to -d"),
    (["--warm", "--purge", "--only-uncached"], "leave out --only-uncached"),
    (["--warm", "--only-uncached", "-I"], "by HEAD, then by GET"),
    (["--warm", "--only-uncached", "-X", "GET"], "by HEAD, then by GET"),
    (["--batch", "5"], "add --pause TIME"), (["--pause", "5"], "add --batch N"),
    (["--vary", "a"], "--vary needs NAME=VALUE,VALUE, not 'a'"), (["--vary", "a=1", "--vary=A=2"], "twice"),
    (["--vary", "a b=1"], "a b: 1"), (["--warm", "--purge=A B"], "A B"),
    (["--vary", "a=" + "," * 100], "more than 100 requests")])
def test_nonsense(fsock, words, why):
    result = fsock("get", *words, "http://127.0.0.1:1/")
    assert result.code == 2 and why in result.errors and result.errors.count("\n") == 1
