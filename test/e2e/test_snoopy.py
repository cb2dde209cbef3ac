"""What Snoopy, the PHP class, was used for, and that its known bugs are not here (doc/SNOOPY.md)."""

import gzip
import io
import urllib.parse

import pytest

from webserver import Handler, Server

FRAMES = "<frameset><frame src=left.html><frame src='right.html'></frameset>"
LINKS = ("<a href=../up><a href=?q=1><a href=//other.example/x><a href='#here'><a href='a b'><a href=/root>"
         "<area href=x/./y/../z>")


class Pages(Handler):
    def do_GET(self):
        path, _, query = self.path.partition("?")
        if path == "/frames":
            self.answer(FRAMES)
        elif path == "/d/e/links":
            self.answer(LINKS)
        elif path == "/base":
            self.answer("<base href=/d/e/>" + LINKS)
        elif path == "/gzip":
            packed = io.BytesIO()
            with gzip.GzipFile("a name in the header", "wb", fileobj=packed) as f:
                f.write(b"\n all of it \n\0")
            self.answer(packed.getvalue(), fields=[("Content-Encoding", urllib.parse.unquote(query))])
        elif path.startswith("/to/"):
            self.answer("", 302, [("Location", urllib.parse.unquote(query))])
        elif path == "/uri":
            self.answer("stays", fields=[("URI", "/frames")])
        elif path == "/set":
            self.answer("<title>set</title>", fields=[("Set-Cookie", "a=1; path=/in")])
        elif path == "/set-old":
            self.answer("<title>old</title>", fields=[("Set-Cookie", "b=1; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT")])
        else:
            self.answer(f"<title>{self.path} {self.headers.get('Cookie', '-')} {self.headers['Host']}</title>")


@pytest.fixture(scope="module")
def at():
    with Server(Pages) as server:
        yield server.url


def test_frames(fsock, at):
    """maxframes: the frames of a page, fetched, one after the other in its order."""
    frames = fsock("get", "--links=frame", at("/frames")).stdout
    records = fsock("get", "--json", "--ordered", "--title", "-i", "-", stdin=frames).records
    assert [r["title"].split()[0] for r in records] == ["/left.html", "/right.html"]


def test_links_are_absolute(fsock, at):
    """expandlinks knows no <base>, no "..", no query alone."""
    expected = [at("/d/up"), at("/d/e/links?q=1"), "http://other.example/x", at("/d/e/a%20b"), at("/root"),
                at("/d/e/x/z")]
    assert fsock("get", "--links", at("/d/e/links")).lines == expected
    expected[1] = at("/d/e/?q=1")
    assert fsock("get", "--links", at("/base")).lines == expected


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "x-gzip"])
def test_gzip_as_gzip_writes_it(fsock, at, coding):
    """Ten bytes of header were taken for granted, and one spelling of its name; bodies were trimmed."""
    assert fsock("get", at(f"/gzip?{coding}")).stdout == b"\n all of it \n\0"


def test_each_url_has_its_own_port(fsock, site, at):
    """After a https URL, port 443 stayed for the next one."""
    urls = [site.url("/plain/5", "https"), at("/a"), site.url("/plain/5"), at("/b")]
    result = fsock("get", "--cacert", site.ca, "--json", "--ordered", "--title", *urls)
    assert result.code == 0, result
    assert [r["remote_port"] for r in result.records] == [urllib.parse.urlsplit(u).port for u in urls]
    assert result.records[1]["title"].endswith(urllib.parse.urlsplit(urls[1]).netloc), "Host has the port, too"


def test_https_through_a_proxy(fsock, site):
    url = site.url("/plain/5", "https", "localhost")
    result = fsock("get", "--cacert", site.ca, "-x", f"http://127.0.0.1:{site.proxy}", url)
    assert result.code == 0 and result.stdout == site.get("/plain/5")[2]


def test_locations_of_any_form(fsock, at):
    """A Location without a host was glued to scheme://host:port."""
    netloc = urllib.parse.urlsplit(at("/")).netloc
    for location, where in [("next", "/to/next"), ("/next", "/next"), (f"//{netloc}/x", "/x"), ("../up", "/up"),
                            (at("/whole"), "/whole")]:
        url = at("/to/?" + urllib.parse.quote(location))
        assert fsock("get", "-L", "-w", "\n%{url_effective}", url).lines[-1] == at(where)
    assert fsock("get", "-L", at("/uri")).text == "stays", "URI is no header of HTTP"
    result = fsock("get", "-L", "--max-redirs", "0", at("/to/?/x"))
    assert result.code == 47


def test_a_site_alone(fsock, at):
    """offsiteok = false."""
    away = at("/to/?" + urllib.parse.quote(at("/x").replace("127.0.0.1", "localhost")))
    assert fsock("get", "-L", away).code == 0
    result = fsock("get", "-L", "--allow", "127.0.0.1", away)
    assert result.code == 113 and b"forbids this host" in result.stderr


def test_cookies_go_where_they_belong(fsock, at):
    """Path, domain and date of a cookie were passed over."""
    jar = ["-b", "jar", "-c", "jar", "--title"]
    assert fsock("get", *jar, at("/set")).text == "set\n" and fsock("get", *jar, at("/set-old")).text == "old\n"
    assert " a=1 " in fsock("get", *jar, at("/in/x")).text
    assert " - " in fsock("get", *jar, at("/out")).text


def test_too_long_is_no_success(fsock, at):
    """maxlength cut a body, and nobody was told."""
    result = fsock("get", "--max-body", "10", at("/d/e/links"))
    assert result.code == 63 and result.errors
