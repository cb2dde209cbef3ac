"""fsock get: cookies, kept and sent back; cookie files, with curl as the other one who reads them."""

import json
import os
import stat
import subprocess
import time

import pytest

from conftest import clean_env
from webserver import Handler, Server


class Shop(Server):
    """A site under any name. Pages: path to (status, headers); others are 200 without headers."""

    def __init__(self):
        super().__init__(Pages)
        self.pages, self.heard = {}, []

    def url(self, path="/", host="shop.example"):
        return super().url(path, host)

    def sets(self, path, *cookies, to=None, status=None):
        """A page that sets cookies, and perhaps redirects."""
        headers = [("Set-Cookie", cookie) for cookie in cookies]
        headers += [("Location", to)] if to else []
        self.pages[path] = (status or (302 if to else 200), headers)

    def cookies(self):
        """What was heard since the last call: of each request its host, path and Cookie field."""
        heard, self.heard = self.heard, []
        return heard


class Pages(Handler):
    def do_GET(self):
        body = self.body()
        fields = self.headers.get_all("Cookie")
        assert fields is None or len(fields) == 1, fields
        self.server.heard.append((self.host(), self.path, fields and fields[0]))
        status, headers = self.server.pages.get(self.path, (200, []))
        self.answer("page\n", status, headers, type_=None)
        return body

    do_POST = do_PUT = do_GET


@pytest.fixture
def shop():
    with Shop() as server:
        yield server


@pytest.fixture
def get(fsock, shop):
    """fsock get, to whom every name of the shop's port is this machine."""

    def run(*args, **kw):
        return fsock("get", "--resolve", f"*:{shop.server_port}:127.0.0.1", *args, **kw)

    return run


def fields(file):
    """The cookies in a file, by name."""
    lines = [line.removeprefix("#HttpOnly_") for line in file.read_text().splitlines()]
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return {row[5]: row for row in rows}


def is_fine(result):
    assert result.code == 0, result
    return result


# ---- kept and sent ------------------------------------------------------------------------------


def test_redirects_set_and_get(shop, get, tmp):
    shop.sets("/", "a=1; HttpOnly", "b=2; Domain=shop.example", to="/next")
    shop.sets("/next", "c=3; Path=/next", "a=; Max-Age=0", to=shop.url("/end", "www.shop.example"))
    is_fine(get("-L", "-b", "", shop.url()))
    assert shop.cookies() == [
        ("shop.example", "/", None),
        ("shop.example", "/next", "a=1; b=2"),
        ("www.shop.example", "/end", "b=2"),
    ]


def test_answers_that_fail_set_too(shop, get, tmp):
    for path, status in (("/404", 404), ("/401", 401), ("/503", 503)):
        shop.sets(path, f"c{status}=1", status=status)
    assert get("-f", "-c", "jar", shop.url("/404")).code == 22
    assert get("-b", "jar", "-c", "jar", shop.url("/401")).code == 0
    assert get("-b", "jar", "-c", "jar", "--retry", "1", "--retry-delay", "1ms", shop.url("/503")).code == 0
    assert set(fields(tmp / "jar")) == {"c404", "c401", "c503"}
    assert [field for _, _, field in shop.cookies()] == [
        None, "c404=1", "c404=1; c401=1", "c404=1; c401=1; c503=1"]


def test_without_a_jar_nothing_is_kept(shop, get):
    shop.sets("/", "a=1", to="/next")
    is_fine(get("-L", "-b", "own=1", shop.url()))
    assert [field for _, _, field in shop.cookies()] == ["own=1", "own=1"]


def test_own_cookies_are_joined(shop, get):
    is_fine(get("-b", "own=1; two=2", "-b", "", "--cookie", "three=3", shop.url("/x"), shop.url("/y", "other.example")))
    assert {field for _, _, field in shop.cookies()} == {"own=1; two=2; three=3"}


def test_a_foreign_host_gets_its_own_alone(shop, get, tmp):
    shop.sets("/", "kept=1", to=shop.url("/abroad", "other.example"))
    shop.sets("/abroad", "theirs=2", to=shop.url("/back"))
    shop.sets("/back", to=shop.url("/again", "other.example"))
    is_fine(get("-L", "-b", "own=1", "-c", "jar", shop.url()))
    assert shop.cookies() == [
        ("shop.example", "/", "own=1"),
        ("other.example", "/abroad", None),
        ("shop.example", "/back", "kept=1"),
        ("other.example", "/again", "theirs=2"),
    ]
    assert set(fields(tmp / "jar")) == {"kept", "theirs"}


def test_a_header_stands_for_all(shop, get):
    shop.sets("/", "kept=1", to="/next")
    is_fine(get("-L", "-b", "own=1", "-b", "", "-H", "Cookie: mine=3", shop.url()))
    assert [field for _, _, field in shop.cookies()] == ["mine=3", "mine=3"]
    is_fine(get("-L", "-b", "own=1", "-b", "", "-H", "Cookie:", shop.url()))
    assert [field for _, _, field in shop.cookies()] == [None, None]


def test_nobody_sets_cookies_for_all(shop, get, tmp):
    shop.sets("/", "a=1; Domain=example", "b=2; Domain=other.example", "c=3; Domain=.example",
              "d=4; Domain=w.shop.example", "e=5; SameSite=None", "f=6; Domain=shop.example")
    is_fine(get("-c", "jar", shop.url()))
    assert set(fields(tmp / "jar")) == {"f"}


def test_secure(shop, site, get, fsock, tmp):
    """https alone, or this machine by its own name; and not what a proxy might call so."""
    shop.sets("/", "a=1; Secure", "__Secure-b=2", "__Host-c=3; Secure; Path=/")
    is_fine(get("-c", "jar", shop.url()))
    assert fields(tmp / "jar") == {}
    is_fine(get("-c", "jar", shop.url(host="localhost")))
    assert set(fields(tmp / "jar")) == {"a", "__Host-c"}
    shop.cookies()
    is_fine(get("-b", "jar", shop.url(host="localhost")))
    assert shop.cookies() == [("localhost", "/", "a=1; __Host-c=3")]
    is_fine(get("-b", "jar", "-x", shop.url(host="127.0.0.1"), shop.url(host="localhost")))
    assert shop.cookies()[0][2] is None
    port = site.https
    tls = ["-k", "--resolve", f"h.example:{port}:127.0.0.1"]
    is_fine(fsock("get", *tls, "-c", "jar", f"https://h.example:{port}/set-cookie/1;Secure"))
    assert fields(tmp / "jar")["site"][3] == "TRUE"
    result = is_fine(fsock("get", *tls, "-b", "jar", f"https://h.example:{port}/echo"))
    assert "\r\nCookie: site=1\r\n" in result.text
    plain = ["--resolve", f"h.example:{site.http}:127.0.0.1", f"http://h.example:{site.http}/echo"]
    assert "Cookie" not in is_fine(fsock("get", "-b", "jar", *plain)).text


@pytest.mark.parametrize("method, sent", [("GET", "unset=1; lax=2"), ("POST", "unset=1")])
def test_same_site_across_redirects(shop, get, tmp, method, sent):
    shop.sets("/set", "unset=1", "lax=2; SameSite=Lax", "strict=3; SameSite=Strict")
    shop.sets("/from", to=shop.url("/to"), status=307)
    is_fine(get("-b", "", "-P1", "-X", method, "-L", shop.url("/set"), shop.url("/from", "other.example"),
                shop.url("/from", "www.shop.example"), shop.url("/from")))
    heard = {(host, n): field for n, (host, _, field) in enumerate(h for h in shop.cookies() if h[1] == "/to")}
    assert heard == {
        ("shop.example", 0): sent,
        ("shop.example", 1): "unset=1; lax=2; strict=3",
        ("shop.example", 2): "unset=1; lax=2; strict=3",
    }


@pytest.mark.parametrize("threads", ["1", "3"])
def test_one_jar_for_the_run(shop, get, tmp, threads):
    hosts = [f"h{n}.example" for n in range(30)]
    for n in range(30):
        shop.sets(f"/{n}", f"c{n}=x; HttpOnly")
    urls = "".join(shop.url(f"/{n}", host) + "\n" for n, host in enumerate(hosts))
    is_fine(get("-i", "-", "-c", "jar", "--threads", threads, stdin=urls.encode()))
    assert len(fields(tmp / "jar")) == 30
    shop.cookies()
    is_fine(get("-i", "-", "-b", "jar", "--threads", threads, stdin=urls.encode()))
    assert {(host, field) for host, _, field in shop.cookies()} == {
        (host, f"c{n}=x") for n, host in enumerate(hosts)}


def test_masked(shop, get, tmp):
    """Neither -v nor a trace shows a cookie."""
    shop.sets("/", "name=s3cr3t", to="/next")
    shop.sets("/next", "name=s3cr3t2")
    result = is_fine(get("-v", "-L", "-b", "own=s3cr3t", "-c", "jar", "--trace", "trace", shop.url()))
    assert "Set-Cookie: ***" in result.errors and "Cookie: ***" in result.errors
    assert "s3cr3t" not in result.errors and "s3cr3t" not in (tmp / "trace").read_text()
    assert "s3cr3t" in (tmp / "jar").read_text()


# ---- files --------------------------------------------------------------------------------------

SETS = [
    "plain=1",
    'quoted="a b"; Path=/',
    "wide=2; Domain=shop.example; Path=/x",
    "http=3; HttpOnly; Domain=.shop.example",
    "late=4; Max-Age=86400",
    "date=5; Expires=Fri, 01-Jan-2038 00:00:00 GMT; Domain=shop.example",
    "gone=6; Max-Age=0",
    "past=7; Expires=Thu, 01 Jan 1970 00:00:10 GMT",
    "equals=a=b=c",
    "empty=",
    "suffix=8; Domain=example",
    "foreign=9; Domain=other.example",
    "secure=10; Secure",
]


def curl(shop, *args):
    command = ["curl", "-sS", "--resolve", f"*:{shop.server_port}:127.0.0.1", *map(str, args)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, env=clean_env(), timeout=60).stdout


def asked_by(shop, run):
    """What each of some pages hears of cookies."""
    shop.cookies()
    pages = [("/", "shop.example"), ("/x/y", "shop.example"), ("/", "www.shop.example"),
             ("/x", "www.shop.example"), ("/", "other.example"), ("/", "localhost")]
    for path, host in pages:
        run(shop.url(path, host))
    return [(host, path, field and sorted(field.split("; "))) for host, path, field in shop.cookies()]


def test_curl_reads_ours_and_we_read_curls(shop, get, tmp):
    shop.sets("/set", *SETS)
    shop.sets("/alone", "alone=1; Secure; HttpOnly; Path=/")
    is_fine(get("-c", "ours", shop.url("/set"), shop.url("/alone", "localhost"), "-P1"))
    curl(shop, "-c", tmp / "curls", shop.url("/set"), shop.url("/alone", "localhost"))
    ours, curls = fields(tmp / "ours"), fields(tmp / "curls")
    assert set(ours) == set(curls)
    for name, row in curls.items():
        expected = ours[name]
        if name not in ("late", "date"):  # times of the run; and 400 days are the most
            assert row == expected, name
    assert int(ours["date"][4]) <= time.time() + 400 * 86400 < int(curls["date"][4])
    heard = {}
    for name in ("ours", "curls"):
        heard[name, "fsock"] = asked_by(shop, lambda url: is_fine(get("-b", name, url)))
        heard[name, "curl"] = asked_by(shop, lambda url: curl(shop, "-b", tmp / name, url))
    assert heard["ours", "curl"] == heard["ours", "fsock"] == heard["curls", "fsock"] == heard["curls", "curl"]
    assert [field for _, _, field in heard["ours", "curl"]][4] is None


def test_junk_session_cookies(shop, get, tmp):
    shop.sets("/set", "session=1", "lasting=2; Max-Age=1000")
    is_fine(get("-c", "jar", shop.url("/set")))
    is_fine(get("-j", "-b", "jar", shop.url("/1")))
    is_fine(get("--junk-session-cookies", "-b", "jar", "--cookie-jar", "next", shop.url("/2")))
    assert [field for _, _, field in shop.cookies()] == [None, "lasting=2", "lasting=2"]
    assert set(fields(tmp / "next")) == {"lasting"}


def test_what_was_read_is_written_again(shop, get, tmp):
    (tmp / "a").write_text("# Netscape HTTP Cookie File\r\n\r\n#HttpOnly_.other.example\tTRUE\t/\tTRUE\t0\tn\tv\r\n")
    (tmp / "b").write_text("h.example\tFALSE\t/p\tFALSE\t4000000000\tm\tw")
    is_fine(get("-b", "a", "-b", "b", "-c", "jar", shop.url()))
    assert (tmp / "jar").read_text().splitlines()[-2:] == [
        "#HttpOnly_.other.example\tTRUE\t/\tTRUE\t0\tn\tv", "h.example\tFALSE\t/p\tFALSE\t4000000000\tm\tw"]
    assert (tmp / "jar").read_text().startswith("# Netscape HTTP Cookie File\n")
    expired = "h.example\tFALSE\t/\tFALSE\t1000\tm\tw\n.co.uk\tTRUE\t/\tFALSE\t0\tm\tw\n"
    is_fine(get("-b", "-", "-c", "jar", shop.url(), stdin=expired.encode()))
    assert fields(tmp / "jar") == {}


def test_standard_output(shop, get):
    shop.sets("/", "a=1")
    result = is_fine(get("-s", "-o", "page", "-c", "-", shop.url()))
    assert result.text.endswith("\nshop.example\tFALSE\t/\tFALSE\t0\ta\t1\n")


def test_the_file_is_whole_and_ones_own(shop, get, tmp):
    shop.sets("/", "a=1")
    os.mkdir(tmp / "dir")
    (tmp / "dir/jar").write_text("old")
    (tmp / "link").symlink_to("dir/jar")
    is_fine(get("-c", "link", shop.url()))
    assert (tmp / "link").is_symlink() and set(fields(tmp / "dir/jar")) == {"a"}
    assert stat.S_IMODE((tmp / "dir/jar").stat().st_mode) == 0o600
    assert sorted(f.name for f in tmp.iterdir()) == ["dir", "link"]
    assert [f.name for f in (tmp / "dir").iterdir()] == ["jar"]
    is_fine(get("-c", "/dev/null", shop.url()))
    assert get("-c", "jar", "-f", shop.url("/none")).code == 0


def test_files_that_fail(shop, get, tmp):
    """They are told of before anything is asked."""
    (tmp / "page.html").write_text("# a page\n<html>\n")
    for args, code, text in [
        (["-b", "nowhere"], 26, "NAME=VALUE or a file of cookies; can't read nowhere: no such file"),
        (["-b", "."], 26, "can't read .: Is a directory"),
        (["-b", "page.html"], 26, "-b page.html, line 2: no cookie"),
        (["-c", "missing/jar"], 23, "can't write the cookies to missing/jar: no such file"),
        (["-c", ""], 2, "-c needs the name of a file"),
        (["-j"], 2, "name one with -b FILE"),
        (["-j", "-b", "a=b"], 2, "name one with -b FILE"),
        (["-c", "-", "--json"], 2, "mixed with the records"),
    ]:
        result = get(*args, shop.url())
        assert result.code == code and text in result.errors, result
    assert shop.cookies() == []
    is_fine(get("-b", "nowhere", "-c", "nowhere", shop.url()))


def test_a_full_disk(shop, get, tmp):
    result = get("-c", "/dev/full", shop.url())
    assert result.code == 23 and "can't write the cookies to /dev/full: No space left" in result.errors


def test_an_interrupted_run_keeps_what_it_has(shop, fsock, tmp):
    shop.sets("/", "a=1")
    listing = subprocess.Popen(
        [fsock.program, "get", "--resolve", f"*:{shop.server_port}:127.0.0.1", "-i", "-", "--json", "-c", "jar"],
        cwd=tmp, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=clean_env())
    listing.stdin.write(shop.url().encode() + b"\n")
    listing.stdin.flush()
    assert json.loads(listing.stdout.readline())["http_code"] == 200
    listing.terminate()
    assert listing.wait(20) == 143
    listing.stdin.close()
    listing.stdout.close()
    assert set(fields(tmp / "jar")) == {"a"}
