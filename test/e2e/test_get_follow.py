"""fsock get: the links of pages, followed (--depth, --span-hosts, --max-frames)."""

import threading

import pytest

from linked import Site, links


@pytest.fixture(scope="module")
def server():
    with Site() as server:
        yield server


@pytest.fixture
def web(server):
    server.pages, server.hits, server.headers = {"/robots.txt": (404, "")}, [], []
    return server


def crawl(fsock, web, *args, start="/"):
    """Path to record."""
    result = fsock("get", "--json", *args, web.url(start))
    records = {r["url"].removeprefix(web.url("")): r for r in result.records}
    assert len(records) == len(result.records), "each URL once"
    return records


def test_links_are_followed_so_deep(fsock, web):
    web.pages.update({
        "/": links("a", "/b#part", "b", "//other.example/x", "mailto:x@y", "a?q=1&amp;r=2"),
        "/a": links("c", "/", "."), "/a?q=1&r=2": "", "/b": "<map><area href=c></map><a href=/gone>",
        "/c": links("d"), "/d": links("e"), "/e": "",
    })
    found = crawl(fsock, web, "--depth", "2")
    assert set(found) == {"/", "/a", "/b", "/a?q=1&r=2", "/c", "/gone"}
    assert [found[p]["depth"] for p in ("/", "/a", "/b", "/c", "/gone")] == [0, 1, 1, 2, 2]
    assert (found["/"]["referrer"], found["/"]["line"]) == ("", 0)
    assert (found["/b"]["referrer"], found["/b"]["line"]) == (web.url("/"), 2)
    assert found["/gone"]["exitcode"] == 22 and found["/gone"]["referrer"] == web.url("/b")
    assert sorted(r["urlnum"] for r in found.values()) == list(range(6))
    assert web.hits.count("/robots.txt") == 1 and len(web.hits) == len(set(web.hits)) == 7
    assert set(crawl(fsock, web, "--depth", "1")) == {"/", "/a", "/b", "/a?q=1&r=2"}


def test_depth_is_that_of_the_shortest_way(fsock, web):
    later = threading.Event()

    def slow(_):
        later.wait(0.3)
        return links("deep")

    web.pages.update({"/": links("quick", "slow"), "/quick": links("between"),
                      "/between": lambda _: later.set() or links("deep"), "/slow": slow,
                      "/deep": links("end"), "/end": ""})
    found = crawl(fsock, web, "--depth", "3")
    assert found["/deep"]["depth"] == 2 and found["/deep"]["referrer"] == web.url("/slow") and "/end" in found


def test_other_hosts_if_they_are_named(fsock, web):
    web.pages.update({"/": links(web.url("/a", "a.test"), web.url("/b", "b.test")), "/a": links(web.url("/x")),
                      "/b": "", "/x": links(web.url("/y", "sub.a.test")), "/y": ""})
    args = ["--resolve", f"*:{web.server_port}:127.0.0.1", "-u", "me:secret", "--depth", "4"]
    assert set(crawl(fsock, web, *args)) == {"/"}
    found = crawl(fsock, web, *args, "--span-hosts", ".a.test,c.test")
    assert {r["url"] for r in found.values()} == {
        web.url("/"), web.url("/a", "a.test"), web.url("/x"), web.url("/y", "sub.a.test")}
    assert {host for host, headers in web.headers if "Authorization" in headers} == {"127.0.0.1"}, "no passwords abroad"


def test_a_host_in_its_own_letters_and_in_ascii(fsock, web):
    web.pages.update({"/": links(web.url("/a", "xn--bcher-kva.test")), "/a": links(web.url("/b", "bücher.test")), "/b": ""})
    result = fsock("get", "--depth", "2", "--resolve", f"*:{web.server_port}:127.0.0.1", web.url("/", "bücher.test"))
    assert result.code == 0 and len(result.lines) == 3, result


def test_a_start_without_a_scheme(fsock, web):
    web.pages.update({"/": links("a"), "/a": links("b"), "/b": links("c"), "/c": ""})
    crawl(fsock, web, "--depth", "3", "--no-robots", "-u", "me:secret", start="/")
    with_scheme = [headers.get("Authorization") for _, headers in web.headers]
    web.headers = []
    result = fsock("get", "--depth", "3", "--no-robots", "-u", "me:secret", web.url("/").removeprefix("http://"))
    assert result.code == 0 and len(result.lines) == 4
    assert [headers.get("Authorization") for _, headers in web.headers] == with_scheme and all(with_scheme)


def test_redirects_are_links_of_the_same_depth(fsock, web):
    web.pages.update({"/": links("r1", "away", "round"), "/r1": (301, "/r2"), "/r2": (302, "/page"), "/page": links("p"),
                      "/p": "", "/away": (302, "http://other.example/"), "/round": (302, "/round2"),
                      "/round2": (302, "/round")})
    found = crawl(fsock, web, "--depth", "2")
    assert set(found) == {"/", "/r1", "/r2", "/page", "/p", "/away", "/round", "/round2"}
    assert found["/page"]["depth"] == 1 and found["/page"]["referrer"] == web.url("/r2")
    assert "/page" not in crawl(fsock, web, "--depth", "2", "--max-redirs", "1")


def test_the_host_is_where_the_first_url_leads(fsock, web):
    web.pages.update({"/": (301, web.url("/home", "www.test")), "/home": links("a", web.url("/back")), "/a": "", "/back": ""})
    found = crawl(fsock, web, "--depth", "1", "--resolve", f"*:{web.server_port}:127.0.0.1")
    assert set(found) == {"/", web.url("/home", "www.test"), web.url("/a", "www.test")}


def test_frames_and_refreshes(fsock, web):
    web.pages.update({"/": "<iframe src=f1></iframe><meta http-equiv=refresh content='0;url=m1'>",
                      **{f"/f{n}": f"<frameset><frame src=f{n + 1}></frameset>" for n in range(1, 9)},
                      **{f"/m{n}": f"<meta http-equiv=refresh content='0;url=m{n + 1}'>" for n in range(1, 9)}})
    found = crawl(fsock, web, "--depth", "1", "--max-redirs", "3")
    assert set(found) == {"/", "/f1", "/f2", "/f3", "/f4", "/f5", "/m1", "/m2", "/m3"}
    assert {r["depth"] for r in found.values()} == {0}
    assert set(crawl(fsock, web, "--depth", "1", "--max-frames", "0", "--max-redirs", "0")) == {"/"}


def test_a_frame_is_no_door_to_other_hosts(fsock, web):
    away = web.url("/ad", "ads.test")
    web.pages.update({"/": "<iframe src=out></iframe><iframe src=in></iframe>", "/out": (302, away), "/in": (302, "/in2"),
                      "/in2": links("deep", away), "/deep": "", "/ad": links("/ad2", web.url("/ad3", "ads.test"))})
    found = crawl(fsock, web, "--depth", "3", "--resolve", f"*:{web.server_port}:127.0.0.1")
    assert set(found) == {"/", "/out", "/in", "/in2", "/deep"}


def test_redirects_to_what_is_no_url_of_the_web(fsock, web):
    web.pages.update({"/": links("mail", "app", "long"), "/mail": (302, "mailto:a@b.example"), "/app": (302, "app://127.0.0.1/x"),
                      "/long": (302, "/" + "x" * 9000)})
    assert set(crawl(fsock, web, "--depth", "2")) == {"/", "/mail", "/app", "/long"}


def test_where_a_url_was_found_is_its_referer(fsock, web):
    web.pages.update({"/": links("/a?x=1#y", web.url("/b", "b.test")), "/a?x=1": links("/c"), "/b": "", "/c": ""})
    args = ["--depth", "2", "--span-hosts", "b.test", "--resolve", f"*:{web.server_port}:127.0.0.1"]

    def referers():
        return {p: h.get("Referer") for p, (_, h) in zip(web.hits, web.headers) if p != "/robots.txt"}

    found = crawl(fsock, web, *args, start="/?start")
    assert set(found) == {"/?start"}, "no such page"
    web.pages["/?start"] = web.pages["/"]
    web.hits, web.headers = [], []
    found = crawl(fsock, web, *args, start="/?start")
    assert referers() == {"/?start": None, "/a?x=1": web.url("/?start"), "/b": web.url("/"), "/c": web.url("/a?x=1")}
    assert found["/c"]["referer"] == web.url("/a?x=1") and found["/?start"]["referer"] is None
    for own, seen in ((["-e", "http://x/"], "http://x/"), (["-H", "Referer:"], None)):
        web.hits, web.headers = [], []
        crawl(fsock, web, *args, *own)
        assert set(referers().values()) == {seen}


def test_pages_that_ask_not_to_be_followed(fsock, web):
    web.pages.update({"/": links("a", "b"), "/a": "<meta name=robots content='noindex, nofollow'>" + links("x"),
                      "/b": "<a rel=nofollow href=y>", "/x": "", "/y": ""})
    result = fsock("get", "--depth", "2", "--json", web.url("/"))
    assert {r["url"] for r in result.records} == {web.url(p) for p in ("/", "/a", "/b", "/y")}
    assert "<meta name=robots>" in result.errors and "--no-robots" in result.errors
    result = fsock("get", "--depth", "2", "--json", "--no-robots", web.url("/"))
    assert web.url("/x") in {r["url"] for r in result.records} and "<meta" not in result.errors


def test_no_more_of_a_page_is_received_than_can_be_read(fsock, web):
    web.pages.update({"/": links("big"), "/big": " " * (60 * 1024 * 1024)})
    found = crawl(fsock, web, "--depth", "1")
    assert found["/big"]["exitcode"] == 63 and found["/big"]["size_download"] < 10 * 1024 * 1024


def test_robots_txt_is_obeyed(fsock, web):
    web.pages.update({"/robots.txt": "User-agent: *\nDisallow: /private", "/": links("private/a", "open"), "/open": ""})
    found = crawl(fsock, web, "--depth", "1")
    assert found["/private/a"]["exitcode"] == 113 and "/private/a" not in web.hits and "/open" in web.hits
    assert crawl(fsock, web, "--depth", "1", "--no-robots")["/private/a"]["exitcode"] == 22


def test_into_files_and_with_what_is_in_the_pages(fsock, web, tmp):
    web.pages.update({"/": links("a.html", "n.txt"), "/a.html": "<title>A</title>" + links("b.html"),
                      "/b.html": " " * (8 * 1024 * 1024 + 1), "/n.txt": "<a href=/not-a-page>"})
    found = crawl(fsock, web, "--depth", "3", "--title", "-O", "--output-dir", "out")
    assert set(found) == {"/", "/a.html", "/b.html", "/n.txt"}
    assert found["/a.html"]["title"] == "A" and found["/n.txt"]["page_error"] == "no HTML page, but text/plain"
    assert (tmp / found["/a.html"]["filename_effective"]).read_text() == web.pages["/a.html"]
    found = crawl(fsock, web, "--depth", "3", "-O", "--output-dir", "whole")
    assert found["/b.html"]["exitcode"] == 63 and "larger than 8 MiB" in found["/b.html"]["errormsg"]
    assert max(f.stat().st_size for f in (tmp / "whole").iterdir()) == 8 * 1024 * 1024 + 1, "the file is whole"


def test_a_list_of_starts(fsock, web, tmp):
    web.pages.update({"/1/": links("a", "/2/"), "/1/a": "", "/2/": links("a"), "/2/a": ""})
    (tmp / "list").write_text("\n".join(web.url(p) for p in ("/1/", "/2/", "/1/a")))
    result = fsock("get", "--json", "--ordered", "--depth", "1", "-i", "list")
    assert [(r["url"], r["depth"]) for r in result.records] == [
        (web.url("/1/"), 0), (web.url("/2/"), 0), (web.url("/1/a"), 0), (web.url("/2/a"), 1)]


def test_many(fsock, web):
    web.pages.update({f"/{n}": links(*range(n * 10, n * 10 + 10), *range(50)) for n in range(1000)})
    result = fsock("get", "--depth", "9", web.url("/1"), "--max-requests", "301")
    assert "300 ok" in result.errors and result.code == 110
    result = fsock("get", "--depth", "2", web.url("/1"))
    assert result.code == 0 and len(result.lines) == len({line.split("\t")[4] for line in result.lines})


@pytest.mark.parametrize("words, why", [
    (["--span-hosts", "a.test"], "add --depth"),
    (["--max-frames", "1"], "add --depth"),
    (["--depth", "1", "--span-hosts", "a/b/c"], "--span-hosts needs hosts"),
    (["--depth", "1", "-I"], "no whole pages"),
    (["--depth", "1", "-d", "x"], "-d"),
    (["--depth", "1", "-L"], "-L"),
    (["--depth", "1", "--threads", "2"], "one thread"),
    (["--depth", "1", "--shard", "1/2"], "--shard"),
    (["--depth", "1", "--journal", "j", "--resume"], "--resume"),
    (["--depth", "0"], "--depth"),
])
def test_what_does_not_go_together(fsock, web, words, why):
    result = fsock("get", *words, web.url("/"))
    assert result.code == 2 and why in result.errors and not web.hits
