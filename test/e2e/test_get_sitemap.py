"""fsock get: the URLs of sitemaps, and robots.txt."""

import gzip
import threading
import time

import pytest

from stopwatch import Stopwatch
from webserver import Handler, Server


class Shop(Server):
    """A site of pages: path to body, or to (status, body), or to a function; others are their path."""

    def __init__(self):
        super().__init__(Pages)
        self.pages, self.hits, self.headers, self.times = {"/robots.txt": (404, "")}, [], [], []


class Pages(Handler):
    def do_GET(self):
        self.server.hits.append(self.path)
        self.server.times.append(time.monotonic())
        self.server.headers.append((self.host(), self.path, dict(self.headers)))
        page = self.server.pages.get(self.path, self.path)
        page = page() if callable(page) else page
        status, body = page if isinstance(page, tuple) else (200, page)
        self.answer(body, status, [("Location", body)] if 300 <= status < 400 else [], type_=None)


@pytest.fixture
def shop():
    with Shop() as server:
        yield server


def urlset(*urls):
    return "<urlset>" + "".join(f"<url><loc>{u}</loc></url>" for u in urls) + "</urlset>"


def index(*urls):
    return "<sitemapindex>" + "".join(f"<sitemap><loc>{u}</loc></sitemap>" for u in urls) + "</sitemapindex>"


def paths(result, server):
    return sorted(r["url"].removeprefix(server.url("")) for r in result.records)


@pytest.mark.parametrize("threads", [1, 3])
def test_an_index_and_what_it_lists(shop, fsock, threads):
    shop.pages.update({
        "/sitemap.xml": index(shop.url("/a.xml"), "/b.xml.gz", "/list.txt", "/feed", "sitemap.xml"),
        "/a.xml": urlset(shop.url("/a1"), "/a2"),
        "/b.xml.gz": gzip.compress(urlset(*[f"/b{n}" for n in range(1000)]).encode()),
        "/list.txt": shop.url("/t1") + "\n" + shop.url("/t2"),
        "/feed": "<rss><channel><item><link>/r1</link></item></channel></rss>",
    })
    result = fsock("get", "--json", "--threads", threads, "--sitemap", shop.url("/sitemap.xml"))
    assert result.code == 0
    assert paths(result, shop) == sorted(["/a1", "/a2", "/t1", "/t2", "/r1"] + [f"/b{n}" for n in range(1000)])
    by_url = {r["url"]: r for r in result.records}
    assert by_url[shop.url("/a2")]["list"] == shop.url("/a.xml") and by_url[shop.url("/a2")]["line"] == 2
    assert sorted(r["urlnum"] for r in result.records) == list(range(1005))
    assert len(shop.hits) == len(set(shop.hits)) == 1005 + 5 + 1, "each once, and robots.txt once"
    assert "5 sitemaps, 1005 URLs\n" in result.errors


def test_beside_arguments_and_lists(shop, fsock, tmp):
    shop.pages["/s.xml"] = urlset("/found")
    (tmp / "list").write_text(shop.url("/listed"))
    result = fsock("get", "--json", shop.url("/given"), "-i", "list", "--sitemap", shop.url("/s.xml"), "-O",
                   "--output-dir", "out", "--ordered")
    assert [r["url"] for r in result.records] == [shop.url(p) for p in ("/given", "/listed", "/found")]
    assert [r["list"] for r in result.records] == [None, "list", shop.url("/s.xml")]
    assert (tmp / result.records[2]["filename_effective"]).read_text() == "/found"


def test_it_begins_while_a_list_is_silent(shop, fsock, tmp):
    import os
    shop.pages["/s.xml"] = urlset("/found")
    os.mkfifo(tmp / "list")
    late = threading.Timer(1, lambda: (tmp / "list").write_text(shop.url("/late")))
    late.start()
    assert fsock("get", "-i", "list", "--sitemap", shop.url("/s.xml")).code == 0
    assert shop.hits.index("/found") < shop.hits.index("/late")
    assert shop.times[shop.hits.index("/late")] - shop.times[shop.hits.index("/found")] > 0.5


def test_what_is_wrong_with_one_is_a_record(shop, fsock):
    shop.pages.update({
        "/sitemap.xml": index("/missing", "/html", "/cut", "/moved", "/deep1"),
        "/missing": (404, "no"),
        "/html": "<!DOCTYPE html><html></html>",
        "/cut": urlset("/x")[:-6],
        "/moved": (301, "/a.xml"),
        "/a.xml": urlset("/a"),
        **{f"/deep{n}": index(f"/deep{n + 1}") for n in range(1, 9)},
    })
    result = fsock("get", "--json", "--sitemap", shop.url("/sitemap.xml"), "--sitemap", "http://127.0.0.1:1/")
    bad = {r["url"].removeprefix(shop.url("")): r for r in result.records if r["exitcode"]}
    assert result.code == 110
    assert set(bad) == {"/missing", "/html", "/cut", "/deep5", "http://127.0.0.1:1/"}
    assert bad["/missing"]["http_code"] == 404 and bad["/missing"]["err"] == "status"
    assert bad["/html"]["errormsg"] == "the sitemap is none: it is XML with the root <html>"
    assert bad["/html"]["err"] == "sitemap" and bad["/html"]["list"] == shop.url("/sitemap.xml")
    assert "is no whole XML" in bad["/cut"]["errormsg"]
    assert bad["/deep5"]["errormsg"] == "the sitemap is an index below 5 others; those it lists aren't read"
    assert bad["http://127.0.0.1:1/"]["err"] == "connect" and bad["http://127.0.0.1:1/"]["list"] is None
    assert {"/a", "/x"} <= set(paths(result, shop)) and "/deep6" not in shop.hits
    assert fsock("get", "--sitemap", shop.url("/missing")).code == 111


def test_more_than_a_sitemap_may_have(shop, fsock):
    shop.pages["/s.xml"] = gzip.compress(urlset(*[f"/no/{n}" for n in range(50001)]).encode())
    shop.pages["/robots.txt"] = "User-agent: *\nDisallow: /no/\n"
    result = fsock("get", "--sitemap", shop.url("/s.xml"))
    lines = result.stdout.splitlines()
    assert len(lines) == 50001 and result.code == 111
    assert b"\tthe sitemap has more than 50,000 URLs; the rest isn't read" in lines[0]
    assert len(shop.hits) == 2


def test_since(shop, fsock):
    def dated(*rows):
        return "<urlset>" + "".join(f"<url><loc>{u}</loc><lastmod>{d}</lastmod></url>" for u, d in rows) + "</urlset>"

    day = lambda ago: time.strftime("%Y-%m-%d", time.gmtime(time.time() - ago * 86400))
    shop.pages["/s.xml"] = dated(("/today", day(0)), ("/yesterday", day(1)), ("/old", day(9)), ("/odd", "soon"),
                                 ("/hour", day(0) + "T00:00:00Z"))
    ask = lambda since: paths(fsock("get", "--json", "--since", since, "--sitemap", shop.url("/s.xml")), shop)
    assert ask("2d") == ["/hour", "/odd", "/today", "/yesterday"]
    assert ask("10d") == ["/hour", "/odd", "/old", "/today", "/yesterday"]
    assert ask(day(0)) == ["/hour", "/odd", "/today"]
    result = fsock("get", "--since", "2d", "--sitemap", shop.url("/s.xml"))
    assert "1 sitemap, 4 URLs, 1 passed over (--since)\n" in result.errors
    shop.pages["/i.xml"] = ("<sitemapindex><sitemap><loc>/s.xml</loc><lastmod>2001-01-01</lastmod></sitemap>"
                            "</sitemapindex>")
    assert fsock("get", "--json", "--since", "2d", "--sitemap", shop.url("/i.xml")).records == []


def test_robots(shop, fsock):
    shop.pages["/s.xml"] = urlset("/yes", "/no/1", "/no/yes", "/own")
    shop.pages["/robots.txt"] = "User-agent: *\nDisallow: /no\nAllow: /no/yes\n\nUser-agent: shopper\nDisallow: /own\n"
    result = fsock("get", "--json", "--sitemap", shop.url("/s.xml"))
    denied = [r for r in result.records if r["exitcode"]]
    assert result.code == 110 and [r["url"] for r in denied] == [shop.url("/no/1")]
    assert denied[0]["err"] == "robots" and denied[0]["exitcode"] == 113
    assert denied[0]["errormsg"] == "robots.txt disallows it (--no-robots asks all the same)"
    assert "/no/1" not in shop.hits and shop.hits.count("/robots.txt") == 1
    for words in (["-A", "Shopper/2.1 (x)"], ["-H", "User-Agent: shopper"]):
        result = fsock("get", "--json", *words, "--sitemap", shop.url("/s.xml"))
        assert [r["url"] for r in result.records if r["exitcode"]] == [shop.url("/own")]
    assert fsock("get", "--no-robots", "--sitemap", shop.url("/s.xml")).code == 0
    assert shop.hits.count("/robots.txt") == 3


def test_robots_are_asked_for_what_is_given_if_one_wants_that(shop, fsock, tmp):
    shop.pages["/robots.txt"] = "User-agent: *\nDisallow: /no\n"
    urls = [shop.url(f"/{'no' if n % 3 else 'yes'}/{n}", host=f"h{n % 5}.test") for n in range(300)]
    (tmp / "list").write_text("\n".join(urls) + "\nhttp://bad host/\n")
    everywhere = f"--resolve=*:{shop.server_port}:127.0.0.1"
    assert fsock("get", everywhere, "-i", "list").code == 110 and "/robots.txt" not in shop.hits
    shop.hits.clear()
    result = fsock("get", everywhere, "--json", "--robots", "--ordered", "-i", "list")
    assert shop.hits.count("/robots.txt") == 5
    assert [r["url"] for r in result.records[:-1]] == urls
    assert all((r["err"] == "robots") == ("/no/" in r["url"]) for r in result.records[:-1])
    assert result.records[-1]["err"] == "input"


@pytest.mark.parametrize("answer, allowed", [
    ((404, ""), True), ((403, ""), True), ((301, "/robots.txt"), True), ((200, ""), True),
    ((301, "/other"), False), ((500, ""), False), ((503, ""), False), ((429, ""), False),
])
def test_a_robots_txt_that_cant_be_read(shop, fsock, answer, allowed):
    shop.pages.update({"/s.xml": urlset("/x"), "/robots.txt": answer, "/other": "User-agent: *\nDisallow: /"})
    result = fsock("get", "--json", "--sitemap", shop.url("/s.xml"))
    assert (result.code == 0) == allowed and ("/x" in shop.hits) == allowed
    if answer[0] >= 429:
        assert result.records[0]["errormsg"].startswith("robots.txt can't be read, which disallows all")
        assert f"can't read {shop.url('/robots.txt')}: " in result.errors and str(answer[0]) in result.errors


def test_only_the_beginning_of_a_large_one_counts(shop, fsock):
    shop.pages["/s.xml"] = urlset("/no", "/late")
    shop.pages["/robots.txt"] = "User-agent: *\nDisallow: /no\n" + "# x\n" * 200000 + "Disallow: /late\n"
    result = fsock("get", "--json", "--sitemap", shop.url("/s.xml"))
    assert [r["url"] for r in result.records if r["exitcode"]] == [shop.url("/no")]


@pytest.mark.parametrize("threads", [1, 2])
def test_crawl_delay(shop, fsock, threads):
    shop.pages["/s.xml"] = urlset(*[f"/{n}" for n in range(5)])
    shop.pages["/robots.txt"] = "User-agent: *\nCrawl-delay: 0.2\n"
    result = fsock("get", "--threads", threads, "--sitemap", shop.url("/s.xml"))
    times = [t for t, path in zip(shop.times, shop.hits) if path[1:].isdigit()]
    assert result.code == 0 and len(times) == 5
    assert all(b - a > 0.12 for a, b in zip(times, times[1:])), times


def test_the_sitemaps_of_a_robots_txt(shop, fsock):
    shop.pages["/robots.txt"] = "User-agent: *\nDisallow: /no\nSitemap: " + shop.url("/s.xml") + "\n"
    shop.pages["/s.xml"] = urlset("/yes", "/no")
    result = fsock("get", "--json", "--sitemap", shop.url("/robots.txt"))
    assert paths(result, shop) == ["/no", "/yes"] and result.code == 110


def test_passwords_stay_at_the_site_that_was_given(shop, fsock):
    shop.pages["/s.xml"] = urlset("/home", shop.url("/away", "localhost"))
    result = fsock("get", "-u", "me:secret", "-b", "a=b", "-H", "Authorization: x", "-H", "X-Mine: y",
                   "--sitemap", shop.url("/s.xml"))
    assert result.code == 0
    for host, path, headers in shop.headers:
        assert headers.get("X-Mine") == "y"
        assert ("Cookie" in headers) == ("Authorization" in headers) == (host == "127.0.0.1"), path
    assert {host for host, _, _ in shop.headers} == {"127.0.0.1", "localhost"}


def test_mistakes(shop, fsock):
    assert "--since is about the URLs of sitemaps" in fsock("get", "--since", "2d", shop.url("/")).errors
    assert "--since needs a time or a date" in fsock("get", "--since", "soon", "--sitemap", "x").errors
    result = fsock("get", "-o", "x", "--sitemap", shop.url("/s.xml"))
    assert result.code == 2 and "-o names the file of one URL" in result.errors
    assert fsock("get", "--json", "--sitemap", "http://bad host/").records[0]["exitcode"] == 3
    assert shop.hits == []


def test_interrupted(shop, fsock, build):
    import signal
    import subprocess
    from conftest import clean_env
    shop.pages["/s.xml"] = urlset(*[f"/{n}" for n in range(1000)])
    shop.pages["/robots.txt"] = lambda: (time.sleep(3), "User-agent: *\n")[1]
    process = subprocess.Popen([fsock.program, "get", "--sitemap", shop.url("/s.xml")], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env=clean_env())
    time.sleep(0.7)
    begun = Stopwatch()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 130 and begun.stop().between(0, 1.5)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_sitemap_that_hangs_ends_with_the_run(site, fsock, threads):
    """... also where another thread than that of the URLs fetches it."""
    result = fsock("get", "--json", "--sitemap", site.url("/mute"), "--run-time", "0.5", "--threads", threads, timeout=10)
    assert result.code == 111 and result.took(0.4, 1.5)
    (record,) = result.records
    assert record["url"] == site.url("/mute") and "--run-time" in record["errormsg"]


def test_with_a_journal(shop, fsock):
    shop.pages["/s.xml"] = urlset("/1", "/2", "/2#x", "/no")
    shop.pages["/robots.txt"] = "User-agent: *\nDisallow: /no"
    words = ["get", "--json", "--journal", "j", "--resume", "--sitemap", shop.url("/s.xml")]
    assert sorted(paths(fsock(*words), shop)) == ["/1", "/2", "/no"], "each once"
    assert paths(fsock(*words), shop) == ["/no"], "what robots.txt forbids is asked for again"
    assert shop.hits.count("/1") == shop.hits.count("/2") == 1 and "/no" not in shop.hits


@pytest.mark.parametrize("threads", [1, 2])
def test_what_is_asked_for_by_itself_counts(shop, fsock, threads):
    shop.pages["/s.xml"] = urlset(*[f"/{n}" for n in range(50)])
    for most in (1, 2, 3, 10):
        shop.hits.clear()
        result = fsock("get", "--sitemap", shop.url("/s.xml"), "--max-requests", most, "--threads", threads)
        assert result.code == (110 if most > 2 else 111) and len(shop.hits) == most
        assert shop.hits[:2] == ["/s.xml", "/robots.txt"][:most]
        assert "the run has ended early (--max-requests raises this limit)" in result.errors
        assert "can't read" not in result.errors
    assert fsock("get", "--sitemap", shop.url("/s.xml"), "--max-requests", 52).code == 0
    record = fsock("get", "--json", "--sitemap", shop.url("/s.xml"), "--max-total", 500).records[0]
    assert (record["exitcode"], record["err"]) == (63, "spent") and "--max-total" in record["errormsg"]
