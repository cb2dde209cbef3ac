"""fsock get --hsts: https where a site has asked for it, in a run and from one run to the next."""

import re
import subprocess
import threading
import time

import pytest

from conftest import clean_env
from webserver import Handler, Server

ALWAYS = "max-age=31536000; includeSubDomains"


class House(Server):
    """A site with or without TLS. policy: the field of each answer; moved: path to Location; busy:
    path to what has to be before it is answered by 503."""

    def __init__(self, context=None):
        self.policy, self.moved, self.busy, self.heard = None, {}, {}, []
        super().__init__(Rooms, context)

    def url(self, path="/", scheme="http", host="localhost"):
        return f"{scheme}://{host}:{self.server_port}{path}"

    def listen(self):
        """What was asked for since the last call: host, path and Authorization."""
        heard, self.heard = self.heard, []
        return heard


class Rooms(Handler):
    def do_GET(self):
        house = self.server
        house.heard.append((self.host(), self.path, self.headers["Authorization"]))
        if self.path in house.busy:
            assert house.busy[self.path](20)
        fields = [("Strict-Transport-Security", house.policy)] if house.policy else []
        if self.path in house.moved:
            self.answer("page\n", 302, [("Location", house.moved[self.path]), *fields])
        else:
            self.answer("page\n", 503 if self.path in house.busy else 200, fields)


@pytest.fixture(scope="module")
def houses(site):
    with House(site.context()) as with_tls, House() as without:
        yield with_tls, without


@pytest.fixture
def safe(houses):
    """Speaks TLS alone."""
    houses[0].policy, houses[0].moved, houses[0].heard = ALWAYS, {}, []
    return houses[0]


@pytest.fixture
def plain(houses):
    """Speaks no TLS."""
    houses[1].policy, houses[1].busy, houses[1].heard = ALWAYS, {}, []
    return houses[1]


@pytest.fixture
def get(site, fsock):
    """fsock get, to whom every name is this machine; the certificate is of site.test and below."""

    def run(*args, **kw):
        ports = {re.match(r"https?://[^/]*:(\d+)", str(arg))[1] for arg in args if str(arg).startswith("http")}
        resolve = [word for port in sorted(ports) for word in ("--resolve", f"*:{port}:127.0.0.1")]
        return fsock("get", "--cacert", site.ca, "-s", *resolve, "-P", "1", *args, **kw)

    return run


def hosts(file):
    """The hosts in a file, with what stands behind them."""
    lines = [line for line in file.read_text().splitlines() if not line.startswith("#")]
    return dict(line.split(" ", 1) for line in lines)


def test_within_a_run(safe, get):
    first, then = safe.url("/1", "https"), safe.url("/2")
    assert get("--retry", "0", first, then).code != 0  # http stays http
    safe.listen()
    r = get("--hsts", "", "--json", first, then, safe.url("/3", host="LOCALHOST"))
    assert r.code == 0 and [path for _, path, _ in safe.listen()] == ["/1", "/2", "/3"]
    assert [record["url_effective"] for record in r.records][1] == safe.url("/2", "https")


def test_from_run_to_run(safe, get, tmp):
    file = tmp / "hsts"
    before = time.time()
    assert get("--hsts", file, safe.url("/1", "https", "site.test")).code == 0
    (when,) = [value for host, value in hosts(file).items() if host == ".site.test"]
    expires = time.mktime(time.strptime(when, '"%Y%m%d %H:%M:%S"')) - time.timezone
    assert before + 31535990 < expires < before + 31536060 and len(hosts(file)) == 1
    assert get("--hsts", file, safe.url("/2", host="a.site.test")).code == 0
    safe.policy = "max-age=0"
    assert get("--hsts", file, safe.url("/3", host="site.test")).code == 0
    assert list(hosts(file)) == [".a.site.test"]
    assert get("--hsts", file, safe.url("/4", host="site.test")).code != 0


def test_curl_reads_what_we_write_and_we_what_curl_writes(safe, site, get, tmp):
    def curl(url):
        return subprocess.run(
            ["curl", "-sf", "--noproxy", "*", "--cacert", site.ca, "--hsts", str(tmp / "hsts"), "--resolve",
             f"*:{safe.server_port}:127.0.0.1", url], capture_output=True, timeout=20, env=clean_env()).returncode

    assert get("--hsts", tmp / "hsts", safe.url("/1", "https", "site.test")).code == 0
    assert curl(safe.url("/2", host="a.site.test")) == 0
    safe.policy = "max-age=1000"
    assert curl(safe.url("/3", "https")) == 0
    assert sorted(hosts(tmp / "hsts")) == [".site.test", "localhost"]
    assert get("--hsts", tmp / "hsts", safe.url("/4"), safe.url("/5", host="site.test")).code == 0
    assert [path for _, path, _ in safe.listen()] == ["/1", "/2", "/3", "/4", "/5"]


def test_who_is_not_believed(safe, plain, get, tmp):
    assert get("--hsts", tmp / "hsts", plain.url("/1"), plain.url("/2")).code == 0  # not over http,
    assert get("--hsts", tmp / "hsts", safe.url("/", "https", "127.0.0.1")).code == 0  # no address,
    assert get("--hsts", tmp / "hsts", "-k", safe.url("/", "https")).code == 0  # nor unverified
    safe.policy = "includeSubDomains"
    assert get("--hsts", tmp / "hsts", safe.url("/", "https")).code == 0
    assert not hosts(tmp / "hsts")


def test_redirects(safe, get):
    safe.moved = {"/": safe.url("/next"), "/self": safe.url("/self")}
    assert get("-L", safe.url("/", "https")).code != 0  # http, after https
    safe.listen()
    r = get("-L", "--hsts", "", "-u", "a:b", safe.url("/", "https"))
    assert r.code == 0 and r.stdout == b"page\n"
    heard = safe.listen()
    assert [path for _, path, _ in heard] == ["/", "/next"] and heard[0][2] == heard[1][2] is not None
    r = get("-L", "--hsts", "", safe.url("/self", "https"))
    assert r.code == 47 and len(safe.listen()) == 1  # a circle, now


def test_what_goes_along_goes_by_https(safe, get, tmp):
    """Passwords in the URL, too; and what was queued before the host was known."""
    urls = [safe.url(f"/{i}").replace("//", "//u:p@") for i in range(20)]
    r = get("--hsts", "", "--json", safe.url("/first", "https"), *urls)
    assert r.code == 0 and len(safe.listen()) == 21
    assert sum(record["num_connects"] for record in r.records) == 1  # all at one place, the one of https
    safe.policy = None
    (tmp / "hsts").write_text('localhost "unlimited"\n127.0.0.1 "unlimited"\n')
    r = get("--hsts", tmp / "hsts", "-P", "4", "--threads", "2", *urls)
    heard = safe.listen()
    assert r.code == 0 and len(heard) == 20 and all(field == "Basic dTpw" for *_, field in heard)
    assert hosts(tmp / "hsts") == {"localhost": '"unlimited"'}


def test_what_is_tried_again_goes_by_https(safe, plain, get):
    """The host is known when the second page is asked for; then the one that waits at http fails."""
    second = threading.Event()
    safe.busy, plain.busy = {"/2": lambda _: second.set() or True}, {"/late": second.wait}
    r = get("--hsts", "", "-P", "2", "--retry", "1", "--retry-delay", "1ms", "--json", plain.url("/late"),
            safe.url("/1", "https"), safe.url("/2", "https"))
    late = [record for record in r.records if record["url"] == plain.url("/late")]
    assert [(record["url_effective"], record["err"]) for record in late] == [(plain.url("/late", "https"), "tls")]
    assert len(plain.listen()) == 1


def test_files_that_cannot_be_used(fsock, tmp):
    (tmp / "bad").write_text('# x\na.example "unlimited"\na.example tomorrow\n')
    (tmp / "hsts").mkdir()
    for words, code, sentence in (
        (["--hsts", tmp / "bad"], 26, "line 3"),
        (["--hsts", tmp / "hsts"], 26, "can't read"),
        (["--hsts", tmp / "no/hsts"], 23, "can't write"),
        (["--hsts", "-"], 2, "needs a file"),
    ):
        r = fsock("get", *words, "http://127.0.0.1:9/")
        assert r.code == code and sentence in r.errors, r
