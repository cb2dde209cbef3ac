"""fsock get: which links of pages are broken (--check-links)."""

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


@pytest.fixture
def check(fsock, web):
    """Runs it, and gives its lines with paths in place of URLs."""

    def run(*args, code=110, start="/"):
        result = fsock("get", "--check-links", *args, web.url(start))
        assert result.code == code, result
        return [line.replace(web.url(""), "") for line in result.lines]

    return run


GONE = "the answer is 404 Not Found"


def test_each_place_where_a_broken_link_stands(web, check):
    web.pages.update({"/": "<p>\n" + links("gone", "a") + "<img src=gone.png>",
                      "/a": "<link rel=stylesheet href=gone.css><script src=there.js></script>\n<a href=gone>",
                      "/there.js": ""})
    assert check("--depth", "2") == [
        f"/:2: /gone: {GONE}", f"/:4: /gone.png: {GONE}", f"/a:1: /gone.css: {GONE}", f"/a:2: /gone: {GONE}"]
    assert check() == [f"/:2: /gone: {GONE}", f"/:4: /gone.png: {GONE}"], "the links of the page itself"
    assert web.hits.count("/gone") == 2, "once a run, however often it is linked to"


def test_a_page_is_read_whatever_links_to_it(web, check):
    web.pages.update({"/": "<link rel=next href=a>" + links("a"), "/a": links("gone")})
    assert check("--depth", "2") == [f"/a:1: /gone: {GONE}"]


def test_all_is_well(fsock, web):
    web.pages.update({"/": links("a", "a#x", "mailto:x@y", "javascript:go()", "tel:1", "#", "#top") +
                      "<link rel=preconnect href=http://nowhere.invalid/><img src=a.png>", "/a": "<p id=x>", "/a.png": ""})
    result = fsock("get", "--check-links", web.url("/"))
    assert (result.code, result.stdout) == (0, b"") and "5 links in 1 page: 0 broken\n" in result.errors


def test_anchors(web, check):
    web.pages.update({
        "/": links("#here", "#nowhere", "a#one", "a#two", "a#caf%C3%A9", "a#b%20c", "a#%6fne", "/r#one", "/r#two", "n.txt#x",
                   "a#:~:text=one", "a#one:~:text=x", "a#!route", "a#/route", "a#old") + "<h1 id=here>",
        "/a": "<p id=one><p id=café><p id='b c'><a name=old>", "/r": (301, "/a"), "/n.txt": "text"})
    lost = "the page has no such place"
    assert check() == [f"/:2: /#nowhere: {lost}", f"/:4: /a#two: {lost}", f"/:9: /r#two: leads to /a: {lost}"]


def test_redirects(web, check):
    web.pages.update({"/": links("ok", "bad", "round"), "/ok": (301, "/ok2"), "/ok2": (302, "/page"), "/page": "",
                      "/bad": (302, "/bad2"), "/bad2": (302, "/gone"), "/round": (302, "/round")})
    assert check() == [f"/:2: /bad: leads to /gone: {GONE}",
                       "/:3: /round: leads to /round: redirects go in a circle, or too far"]
    assert check("--max-redirs", "1")[0] == "/:1: /ok: leads to /page: redirects go in a circle, or too far"


def test_other_hosts_are_asked_by_head(web, check):
    there = lambda path: web.url(path, "other.test")
    web.pages.update({
        "/": links(there("/fine"), there("/gone"), there("/no-head"), there("/gone-no-head"), there("/moved")),
        "/fine": links("/never"), "/moved": (301, "/fine"),
        "/no-head": lambda h: (405, "") if h.command == "HEAD" else "x" * 5_000_000,
        "/gone-no-head": lambda h: (501 if h.command == "HEAD" else 410, "")})
    assert check("--depth", "3", "-u", "me:secret", "--resolve", f"*:{web.server_port}:127.0.0.1") == [
        f"/:2: {there('/gone')}: {GONE}", f"/:4: {there('/gone-no-head')}: the answer is 410 Gone"]
    assert {hit for hit in web.hits if hit.startswith("HEAD ")} == {
        f"HEAD {p}" for p in ("/fine", "/gone", "/no-head", "/gone-no-head", "/moved")}
    assert [h for h in web.hits if not h.startswith("HEAD ")].count("/robots.txt") == 0, "who asks once is no robot"
    assert not any("Authorization" in headers for host, headers in web.headers if host == "other.test")


def test_where_head_fails_get_decides(web, check):
    there = lambda path: web.url(path, "other.test")

    def only_get(answer):
        return lambda h: answer(h) if h.command == "HEAD" else (200, "")

    def hangs_up(h):
        h.close_connection = True
        h.connection.shutdown(2)
        return 200, ""

    pages = {f"/{status}": only_get(lambda h, status=status: (status, "")) for status in (400, 403, 404, 500, 429)}
    web.pages.update({"/": links(*[there(p) for p in pages], there("/hangs-up")), "/hangs-up": only_get(hangs_up), **pages})
    assert check("--retry", "0", "--resolve", f"*:{web.server_port}:127.0.0.1") == [
        f"/:5: {there('/429')}: the answer is 429 Too Many Requests"]


def test_redirects_to_what_is_no_url_of_the_web(web, check):
    web.pages.update({"/": links("mail", "long", "bad"), "/mail": (302, "mailto:a@b.example"),
                      "/long": (302, "/" + "x" * 9000), "/bad": (302, "http://a_b..:x/")})
    first, second = check()
    assert first.startswith("/:2: /long: leads to /xxx") and first.endswith("xxx: the URL is longer than 8 KiB")
    assert second == "/:3: /bad: leads to http://a_b..:x/: the URL has a port that isn't a number"


def test_what_was_given_and_is_forbidden_is_no_success(fsock, web, check, tmp):
    web.pages.update({"/robots.txt": "User-agent: *\nDisallow: /", "/": links("a")})
    assert check("--robots", code=111) == ["/: robots.txt disallows it (--no-robots asks all the same)"]
    assert "denied" in check("--deny", "127.0.0.1", code=111)[0]
    (tmp / "list").write_text("x" * 70_000 + "\n" + web.url("/y" * 20_000))
    result = fsock("get", "--check-links", "-i", "list")
    assert result.code == 111 and [line[:7] for line in result.lines] == ["list:1:", "list:2:"], result


def test_sitemaps(fsock, web):
    web.pages.update({"/map.txt": web.url("/a") + "\nhttp://b:x/\n" + web.url("/private"), "/a": links("gone"),
                      "/robots.txt": "User-agent: *\nDisallow: /private"})
    result = fsock("get", "--check-links", "--sitemap", web.url("/map.txt"))
    assert result.code == 110 and len(result.lines) == 2 and "1 not checked" in result.errors
    assert result.lines[0].startswith(web.url("/map.txt") + ":2: http://b:x/: ")
    assert result.lines[1] == f"{web.url('/a')}:1: {web.url('/gone')}: {GONE}"
    result = fsock("get", "--check-links", "--sitemap", web.url("/no-map.xml"))
    assert result.code == 111 and result.lines == [f"{web.url('/no-map.xml')}: {GONE}"]


def test_pages_that_ask_not_to_be_followed(fsock, web):
    web.pages.update({"/": "<meta name=robots content=none>" + links("gone", "/"), "/x": ""})
    result = fsock("get", "--check-links", web.url("/"))
    assert result.code == 0 and "2 links in 1 page: 0 broken, 1 not checked\n" in result.errors
    assert fsock("get", "--check-links", "--no-robots", web.url("/")).code == 110


def test_a_host_that_is_not_there(web, check):
    web.pages["/"] = links("http://127.0.0.3:1/", "http://127.0.0.3:1/x")
    first, second = check("--retry", "0")
    assert first.startswith("/:1: http://127.0.0.3:1/: ") and "refused" in first and "/:2: " in second


def test_what_robots_txt_forbids_is_not_checked(fsock, web, check):
    web.pages.update({"/robots.txt": "User-agent: *\nDisallow: /private", "/": links("private/x", "gone")})
    assert check() == [f"/:2: /gone: {GONE}"] and "/private/x" not in web.hits
    assert "2 links in 1 page: 1 broken, 1 not checked\n" in fsock("get", "--check-links", web.url("/")).errors
    assert len(check("--no-robots")) == 2


def test_what_the_user_has_given(fsock, web, check, tmp):
    assert check(start="/missing", code=111) == [f"/missing: {GONE}"]
    web.pages.update({"/": links("a#b"), "/a": ""})
    (tmp / "list").write_text(web.url("/") + "\n" + web.url("/missing"))
    result = fsock("get", "--check-links", "-i", "list")
    assert result.code == 110 and f"list:2: {web.url('/missing')}: {GONE}" in result.lines and len(result.lines) == 2


def test_records(fsock, web):
    web.pages.update({"/": "<p>\n <a href='r#x'>r</a>", "/r": (302, "/gone")})
    result = fsock("get", "--json", "--check-links", "--no-summary", web.url("/"))
    assert result.code == 110 and not result.errors and result.records == [{
        "page": web.url("/"), "line": 2, "column": 2, "url": web.url("/r#x"), "kind": "a",
        "url_effective": web.url("/gone"), "http_code": 404, "exitcode": 22, "err": "status", "errormsg": GONE}]


def test_pages_that_cannot_be_read_are_told(web, check):
    web.pages.update({"/": links("big"), "/big": " " * (8 * 1024 * 1024 + 1)})
    assert check() == ["/:1: /big: the page is larger than 8 MiB"]


def test_nothing_steers_the_terminal_and_passwords_are_masked(web, check):
    web.pages["/"] = "<a href='http://me:secret@127.0.0.2:1/'><a href='/gone?&#27;[31m'>"
    first, second = check("--retry", "0")
    assert "\x1b" not in second and "secret" not in first and "***@127.0.0.2" in first


def test_a_url_that_is_none(web, check):
    web.pages["/"] = links("http://a_b..:x/", "https:///x")
    first, second = check()
    assert first == "/:1: http://a_b..:x/: the URL has a port that isn't a number" and "/:2: https:///x: the URL" in second


def test_many_links_cost_little_memory(fsock, web):
    nav = links(*[f"/{n}" for n in range(300)])
    web.pages.update({f"/{n}": nav + links(f"#no{n}") for n in range(300)})
    result = fsock("get", "--check-links", "--depth", "2", web.url("/0"))
    assert result.code == 110 and len(result.lines) == 300
    assert "90300 links in 300 pages: 300 broken\n" in result.errors


def test_a_run_that_is_cut_short_invents_nothing(fsock, web):
    web.pages.update({f"/{n}": links(*range(200)) for n in range(200)})
    result = fsock("get", "--check-links", "--depth", "2", "--max-requests", "20", web.url("/0"))
    assert result.code == 110 and result.stdout == b"" and "not checked" in result.errors


@pytest.mark.parametrize("words, why", [
    (["-O"], "-O"), (["--text", "--json"], "--links"), (["--ordered"], "--ordered"), (["-w", "x"], "-w")])
def test_what_does_not_go_together(fsock, web, words, why):
    result = fsock("get", "--check-links", *words, web.url("/"))
    assert result.code == 2 and why in result.errors and not web.hits
