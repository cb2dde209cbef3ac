"""fsock get through httpbin, route by route: a site made to try HTTP clients by, which nobody here wrote."""

import json
import logging
import threading
import urllib.request

import httpbin
import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

# Which test goes through which route; the last test holds that none is forgotten.
ROUTES = {}


def routes(*rules):
    """Says of a test which routes it goes through."""

    def note(test):
        ROUTES.update({rule: test.__name__ for rule in rules})
        return test

    return note


@pytest.fixture(scope="module")
def base():
    """Where httpbin listens."""

    class Handler(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    server = make_server("127.0.0.1", 0, httpbin.app, threaded=True, request_handler=Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def get(fsock, base):
    """fsock get: get("/path", "-x", ...); what it gives is to be a body in JSON with as_json."""

    def run(path, *args, code=0, as_json=False):
        r = fsock("get", *args, base + path)
        assert r.code == code, r
        return json.loads(r.stdout) if as_json else r

    return run


def python(url):
    """The body that Python's own client gets."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=20) as answer:
        return answer.read()


# ---- Bodies --------------------------------------------------------------------------------------

FIXED = ["/", "/html", "/robots.txt", "/deny", "/encoding/utf8", "/xml", "/image/png", "/image/jpeg", "/image/webp",
         "/image/svg", "/forms/post", "/base64/aGVsbG8gw6Q%3D", "/range/2000", "/links/9/0", "/ip"]


@routes("/", "/html", "/robots.txt", "/deny", "/encoding/utf8", "/xml", "/image/png", "/image/jpeg", "/image/webp",
        "/image/svg", "/forms/post", "/base64/<value>", "/range/<int:numbytes>",
        "/links/<int:n>/<int:offset>", "/ip")
def test_bodies_are_what_python_gets(fsock, base, tmp):
    """All in one run, which asks for them side by side."""
    names = [word for i in range(len(FIXED)) for word in ("-o", f"body{i}")]
    r = fsock("get", "--json", "-s", "--output-dir", tmp / "out", *names, *[base + p for p in FIXED])
    codes = {record["url"]: record["response_code"] for record in r.records}
    assert len(codes) == len(FIXED) and r.code == 0
    for i, path in enumerate(FIXED):
        assert codes[base + path] == 200 and (tmp / f"out/body{i}").read_bytes() == python(base + path), path


@routes("/bytes/<int:n>", "/stream-bytes/<int:n>")
@pytest.mark.parametrize("path", ["/bytes/3000?seed=7", "/stream-bytes/3000?seed=7&chunk_size=100"])
def test_bytes_at_random(get, base, path):
    """One after the other, since all share the state of one generator."""
    assert get(path).stdout == python(base + path) and len(get(path).stdout) == 3000


@routes("/gzip", "/deflate", "/brotli")
@pytest.mark.parametrize("path, word", [("/gzip", "gzipped"), ("/deflate", "deflated"), ("/brotli", "brotli")])
def test_codings(get, path, word):
    assert get(path, as_json=True)[word] is True
    raw = get(path, "--raw", "-D", "head")
    assert b"origin" not in raw.stdout and raw.stdout


@routes("/stream/<int:n>", "/drip")
def test_pieces(get):
    lines = get("/stream/5").lines
    assert [json.loads(line)["id"] for line in lines] == list(range(5))
    assert get("/drip?numbytes=10&duration=0.1").stdout == b"*" * 10
    r = get("/drip?numbytes=3&duration=30", "-m", "0.3", code=28)
    assert r.stdout == b"*" and r.elapsed < 5


@routes("/delay/<delay>")
def test_delay(get):
    assert get("/delay/0", as_json=True)["args"] == {}
    assert "read" in get("/delay/1", "--read-timeout", "100ms", code=28).errors


@routes("/image")
def test_what_is_accepted(get, tmp):
    for kind, magic in (("png", b"\x89PNG"), ("jpeg", b"\xff\xd8"), ("webp", b"RIFF"), ("svg+xml", b"<")):
        assert get("/image", "-H", f"Accept: image/{kind}").stdout.startswith(magic)
    get("/image", "-f", "-H", "Accept: text/plain", code=22)


# ---- Requests ------------------------------------------------------------------------------------


@routes("/headers", "/user-agent", "/get", "/uuid")
def test_what_is_sent(get, base):
    heard = get("/headers", "-H", "X-One: 1", "-H", "Accept: text/x", "-e", "http://r/", as_json=True)["headers"]
    assert heard.items() >= {"X-One": "1", "Accept": "text/x", "Referer": "http://r/"}.items()
    assert get("/user-agent", "-A", "me/1", as_json=True) == {"user-agent": "me/1"}
    got = get("/get?a=1&b=%C3%A4&a=2", "-G", "--data-urlencode", "c=d e&", as_json=True)
    assert got["args"] == {"a": ["1", "2"], "b": "ä", "c": "d e&"}
    assert len(get("/uuid", as_json=True)["uuid"]) == 36
    assert get("/get", "-0", as_json=True)["url"] == base + "/get"


@routes("/post", "/put", "/patch", "/delete")
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_bodies_that_are_sent(get, tmp, method):
    path = "/" + method.lower()
    got = get(path, "-X", method, "-d", "a=1", "--data-urlencode", "b=ä&", as_json=True)
    assert got["form"] == {"a": "1", "b": "ä&"}
    (tmp / "file").write_bytes(b'{"x": [1,\n2]}')
    got = get(path, "-X", method, "--data-binary", "@file", "-H", "Content-Type: application/json", as_json=True)
    assert got["json"] == {"x": [1, 2]} and got["headers"]["Content-Length"] == "13"


@routes("/anything", "/anything/<path:anything>")
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "TRACE"])
def test_methods(get, method):
    for path in ("/anything", "/anything/x/y"):
        got = get(path, "-X", method, as_json=True)
        assert got["method"] == method and got["url"].endswith(path)


def test_methods_that_are_not_there(get):
    get("/post", "-f", code=22)
    assert get("/get", "-X", "OPTIONS").stdout == b""
    assert "200 OK" in get("/html", "-I").text


# ---- Redirects and statuses ----------------------------------------------------------------------


@routes("/redirect/<int:n>", "/relative-redirect/<int:n>", "/absolute-redirect/<int:n>")
@pytest.mark.parametrize("kind", ["redirect", "relative-redirect", "absolute-redirect"])
def test_redirects(get, base, kind):
    assert get(f"/{kind}/5", "-L", as_json=True)["url"] == base + "/get"
    (record,) = get(f"/{kind}/5", "-L", "--json", "-s", "-o", "out").records
    assert record["num_redirects"] == 5
    get(f"/{kind}/5", "-L", "--max-redirs", "4", code=47)
    assert get(f"/{kind}/5", "-w", "%{http_code}", "-o", "out").text == "302"


@routes("/redirect-to")
@pytest.mark.parametrize("status, method", [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")])
def test_what_redirects_make_of_a_post(get, base, status, method):
    got = get(f"/redirect-to?url=/anything&status_code={status}", "-L", "-d", "a=1", as_json=True)
    assert got["method"] == method and got["form"] == ({"a": "1"} if method == "POST" else {})


@routes("/status/<codes>")
@pytest.mark.parametrize("status, code", [(200, 0), (204, 0), (304, 0), (404, 22), (418, 22), (503, 22)])
def test_statuses(get, status, code):
    get(f"/status/{status}", "-f", code=code)
    assert get(f"/status/{status}", "-w", "%{http_code}", "-o", "out").text == str(status)


def test_statuses_that_may_pass(get):
    """One of four is 503: that all of 16 are is less likely than one in a billion."""
    get("/status/503:1,200:3", "-f", "--retry", "15", "--retry-delay", "1ms")


@routes("/response-headers")
def test_headers_of_answers(get, tmp):
    get("/response-headers?X-One=a%20b&X-One=c", "-D", "head", "-o", "out")
    assert {"X-One: a b", "X-One: c"} <= set((tmp / "head").read_text().splitlines())


# ---- Cookies -------------------------------------------------------------------------------------


@routes("/cookies", "/cookies/set", "/cookies/set/<name>/<value>", "/cookies/delete")
def test_cookies(get, tmp):
    def cookies(path, *args):
        return get(path, "-L", *args, as_json=True)["cookies"]

    assert cookies("/cookies", "-b", "a=1; b=2") == {"a": "1", "b": "2"}
    assert cookies("/cookies/set/one/1", "-b", "", "-c", "jar") == {"one": "1"}
    assert cookies("/cookies/set?two=2&three=3", "-b", "jar", "-c", "jar") == {"one": "1", "two": "2", "three": "3"}
    assert cookies("/cookies/delete?one=&two=", "-b", "jar", "-c", "jar") == {"three": "3"}
    assert cookies("/cookies/set/one/1") == {}


# ---- Logging in ----------------------------------------------------------------------------------


@routes("/basic-auth/<user>/<passwd>", "/hidden-basic-auth/<user>/<passwd>", "/bearer")
def test_basic_and_tokens(get):
    there = {"authenticated": True, "user": "ann"}
    for path in ("/basic-auth/ann/pw", "/hidden-basic-auth/ann/pw"):
        assert get(path, "-u", "ann:pw", as_json=True) == there
        get(path, "-f", "-u", "ann:no", code=22)
        get(path, "-f", code=22)
    assert get("/basic-auth/ann/pw", "--anyauth", "-u", "ann:pw", as_json=True) == there
    get("/hidden-basic-auth/ann/pw", "-f", "--anyauth", "-u", "ann:pw", code=22)  # it doesn't ask
    assert get("/bearer", "--bearer", "t0ken", as_json=True) == {"authenticated": True, "token": "t0ken"}
    get("/bearer", "-f", code=22)


@routes("/digest-auth/<qop>/<user>/<passwd>", "/digest-auth/<qop>/<user>/<passwd>/<algorithm>")
@pytest.mark.parametrize("qop", ["auth", "auth-int", "either"])
def test_digest(get, qop):
    for algorithm in ("", "/MD5", "/SHA-256"):
        path = f"/digest-auth/{qop}/ann/pw{algorithm}"
        assert get(path, "--digest", "-u", "ann:pw", as_json=True)["authenticated"] is True
        get(path, "-f", "--digest", "-u", "ann:no", code=22)
    r = get(f"/digest-auth/{qop}/ann/pw/SHA-512", "-f", "--digest", "-u", "ann:pw", code=22)
    assert "no way to log in" in r.errors  # SHA-512 is in no RFC


@routes("/digest-auth/<qop>/<user>/<passwd>/<algorithm>/<stale_after>")
def test_nonces_that_become_stale(get, base, fsock):
    """It counts in a cookie: a nonce for so many requests; then another one is needed."""
    for after in ("never", "1", "2"):
        url = f"{base}/digest-auth/auth/ann/pw/MD5/{after}"
        r = fsock("get", "-P", "1", "--repeat", "--json", "-s", "-b", "", "--digest", "-u", "ann:pw", *[url] * 4)
        assert [record["response_code"] for record in r.records] == [200] * 4, after
    r = get("/digest-auth/auth/ann/pw/MD5/0", "-f", "-b", "", "--digest", "-u", "ann:pw", code=22)
    assert "401" in r.errors


# ---- Caches, ranges, pages -----------------------------------------------------------------------


@routes("/cache", "/cache/<int:value>", "/etag/<etag>")
def test_conditions(get, tmp):
    def status(path, *headers):
        words = [word for header in headers for word in ("-H", header)]
        return int(get(path, *words, "-w", "%{http_code}", "-o", "out").text)

    assert status("/cache") == 200
    assert status("/cache", "If-Modified-Since: Thu, 26 Nov 2026 11:00:00 GMT") == 304
    assert status("/etag/x", 'If-None-Match: "x"') == 304 and status("/etag/x", 'If-None-Match: "y"') == 200
    assert status("/etag/x", 'If-Match: "y"') == 412
    assert "max-age=60" in get("/cache/60", "-I").text


def test_ranges(get, tmp):
    letters = (b"abcdefghijklmnopqrstuvwxyz" * 50)[:1000]
    assert get("/range/1000", "-r", "10-19").stdout == letters[10:20]
    assert get("/range/1000", "-r", "990-").stdout == letters[990:]
    assert get("/range/1000", "-r", "-7").stdout == letters[-7:]
    get("/range/1000", "-f", "-r", "2000-3000", code=22)
    get("/range/1000?duration=20&chunk_size=100", "-C", "-", "-o", "file", "-m", "0.2", code=28)
    assert not any(tmp.iterdir())  # its ETag has no quotes, so nothing vouches for a part
    get("/range/1000", "-C", "-", "-o", "file")
    assert (tmp / "file").read_bytes() == letters


@routes("/links/<int:n>")
def test_what_is_in_pages(get, base):
    assert get("/links/4", "-L", "--links").lines == [f"{base}/links/4/{i}" for i in (1, 2, 3)]
    assert "Herman Melville" in get("/html", "--text").text
    assert get("/html", "--title").text == "\n"
    (record,) = get("/forms/post", "--forms", "--json").records
    (form,) = record["forms"]
    assert form["method"] == "POST" and form["action"] == base + "/post"
    assert [field.get("name") for field in form["fields"]] == ["firstname", "lastname", None]


def test_every_route_is_here():
    rules = {rule.rule for rule in httpbin.app.url_map.iter_rules()} - {"/static/<path:filename>"}
    assert rules == set(ROUTES)
