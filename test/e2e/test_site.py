"""The site itself, seen by clients that nobody here wrote: what the other tests stand on."""

import concurrent.futures
import gzip
import hashlib
import http.client
import resource
import socket
import ssl
import subprocess
import time
import zlib

import pytest


def curl(site, *args, timeout=20):
    words = ["curl", "-q", "-sS", "--noproxy", "*", "--cacert", site.ca] + [str(a) for a in args]
    return subprocess.run(words, capture_output=True, timeout=timeout)


@pytest.mark.parametrize("page", [f"/plain/{n}" for n in range(20)] + ["/chunked/7", "/chunked/19"])
def test_text_has_its_hash(site, page):
    status, headers, body = site.get(page)
    assert status == 200
    assert hashlib.sha256(body).hexdigest() == headers["X-SHA256"]


def test_lists(site):
    urls = site.get("/list.txt")[2].decode().split()
    assert 60 <= len(urls) <= 200
    assert len(set(urls)) == len(urls)
    assert len(set(site.get("/list.txt?n=3000")[2].split())) == 3000
    assert len(set(site.get("/hostile.txt?n=1000")[2].split())) == 1000


def test_echo_and_upload(site):
    body = bytes(range(256)) * 5000
    sent = subprocess.run(
        ["curl", "-sS", "--data-binary", "@-", site.url("/upload")], input=body, capture_output=True
    )
    words = sent.stdout.split()
    assert words == [b"POST", b"1280000", hashlib.sha256(body).hexdigest().encode()]
    echo = curl(site, "-H", "X-Test: yes", site.url("/echo?a=b")).stdout
    assert echo.startswith(b"GET /echo?a=b HTTP/1.1\r\n") and b"X-Test: yes\r\n" in echo


def test_range(site):
    whole = site.get("/range/1000")[2]
    assert curl(site, "-r", "10-19", site.url("/range/1000")).stdout == whole[10:20]
    assert curl(site, "-r", "-5", site.url("/range/1000")).stdout == whole[-5:]
    code = curl(site, "-r", "1000-", "-w", "%{http_code}", site.url("/range/1000")).stdout
    assert code == b"416"
    other = ["-H", 'If-Range: "other"', "-r", "1-2"]
    assert curl(site, *other, site.url("/range/1000")).stdout == whole


def test_head(site):
    answer = curl(site, "-I", site.url("/plain/9"), site.url("/plain/10"))
    assert answer.returncode == 0 and answer.stdout.count(b"HTTP/1.1 200 OK") == 2


def test_mute(site):
    for url in (site.url("/mute"), site.url("/", "tcp-mute"), site.url("/", "tcp-drip")):
        start = time.monotonic()
        assert curl(site, "-m", "0.5", url).returncode == 28
        assert time.monotonic() - start < 5
    assert curl(site, site.url("/", "tcp-reset")).returncode in (7, 52, 55, 56)


def test_delay(site):
    start = time.monotonic()
    assert site.get("/delay/100")[0] == 200
    assert time.monotonic() - start >= 0.1


def test_keeps_the_connection(site):
    link = http.client.HTTPConnection("127.0.0.1", site.http)
    ports = set()
    for path in ("/plain/5", "/chunked/9", "/status/404", "/empty"):
        link.request("GET", path)
        link.getresponse().read()
        ports.add(link.sock.getsockname())
    assert len(ports) == 1
    link.close()


def test_pipelining(site):
    with socket.create_connection(("127.0.0.1", site.http), timeout=10) as s:
        s.sendall(b"GET /plain/5 HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
        s.shutdown(socket.SHUT_WR)
        heard = b""
        while data := s.recv(65536):
            heard += data
    assert heard.count(b"HTTP/1.1 200 OK\r\n") == 50


def test_unix(site):
    answer = curl(site, "--unix-socket", site.unix, "http://site.test/plain/6")
    assert answer.stdout == site.get("/plain/6")[2]


CODED = [f"/{kind}/{n}" for kind in ("gzip", "br", "zstd", "deflate") for n in (0, 4, 9, 19)]


@pytest.mark.parametrize("page", CODED + ["/gzip-chunked/19", "/stacked", "/rawdeflate/19"])
def test_coded_text_has_its_hash(site, page, tmp):
    heads = tmp / "heads"
    answer = curl(site, "--compressed", "-D", heads, site.url(page))
    sha = [h.split()[1] for h in heads.read_text().splitlines() if h.startswith("X-SHA256")]
    assert answer.returncode == 0 and sha == [hashlib.sha256(answer.stdout).hexdigest()]


def test_gzip_of_several_members(site):
    _, headers, body = site.get("/multi-gzip")
    assert hashlib.sha256(gzip.decompress(body)).hexdigest() == headers["X-SHA256"]


def test_huge_pages_agree(site):
    size = 3_333_333
    text = site.get(f"/huge/{size}")[2]
    assert len(text) == size
    assert site.get(f"/huge-chunked/{size}")[2] == text
    assert gzip.decompress(site.get(f"/huge-gzip/{size}")[2]) == text


def test_bombs_are_small(site):
    assert len(site.get("/bomb-br")[2]) < 1_000_000
    body = site.get("/bomb")[2]
    assert 9_000_000 < len(body) < 12_000_000
    assert zlib.decompressobj(31).decompress(body, 100_000) == bytes(100_000)


def test_redirects(site):
    answer = curl(site, "-L", "-w", "%{num_redirects} %{http_code}", site.url("/redirect/7"))
    assert answer.stdout.endswith(b"7 200")
    assert curl(site, "-L", site.url("/redirect-loop")).returncode == 47
    echo = curl(site, "-L", "-u", "user:pass", site.url("/redirect-cross")).stdout
    assert b"Host: localhost:" in echo and b"Authorization" not in echo
    muted = curl(site, "-L", "-m", "0.5", site.url("/redirect-to/tcp-mute/x"))
    assert muted.returncode == 28


def test_every_bad_manner_is_survived(site):
    """Each one leaves the site alive; and curl has to fail at some of them."""
    urls = site.get("/hostile.txt")[2].decode().split()
    args = ["-k", "-m", "0.25", "--max-filesize", "1000000", "-o", "/dev/null"]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        results = pool.map(lambda url: curl(site, *args, url).returncode, urls)
    codes = dict(zip((url.split("/", 3)[3] for url in urls), results))
    assert len(urls) > 90
    for page, code in {
        "mute": 28, "truncated": 18, "truncated-chunked": 18, "reset": 56, "reset-head": 56,
        "reset-body": 56, "close-reset": 56, "empty-reply": 52, "http09": 1, "nul-header": 8,
        "negative-length": 8, "bad-chunk": 56, "drip-head": 28, "stop-reading": 28,
    }.items():  # fmt: skip
        assert codes[page] == code, page
    assert site.get("/plain/5")[0] == 200


def test_reuse_that_dies(site):
    before = site.stats()["reuse_deaths"]
    for how in ("", "?rst"):
        link = http.client.HTTPConnection("127.0.0.1", site.http, timeout=10)
        link.request("GET", "/die-on-reuse" + how)
        assert link.getresponse().read()
        link.request("GET", "/die-on-reuse" + how)
        with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
            link.getresponse()
        link.close()
    assert site.stats()["reuse_deaths"] == before + 2


TLS = {
    "https": 0, "tls12-only": 0, "tls13-only": 0, "tls-cnonly": 0, "tls-expired": 60,
    "tls-notyet": 60, "tls-wronghost": 60, "tls-selfsigned": 60, "tls-plain": 35, "tls-reset": 35,
    "tls-fin": 35, "tls-alert": 35, "tls-garbage": 35, "tls-mute": 28, "tls-drip": 28,
}  # fmt: skip


@pytest.mark.parametrize("service", TLS)
def test_tls(site, service):
    answer = curl(site, "-m", "1", "-o", "/dev/null", site.url("/plain/9", service, "localhost"))
    assert answer.returncode == TLS[service], answer.stderr


def test_strict_certificate(site):
    names = ["site.pem", "expired.pem", "partialwild.pem", "cnonly.pem"]
    words = ["openssl", "verify", "-x509_strict", "-no_check_time", "-CAfile", site.ca]
    subprocess.run(words + [str(site.folder / n) for n in names], check=True)


def test_client_certificate(site):
    url = site.url("/plain/9", "tls-client-cert", "localhost")
    assert curl(site, "-o", "/dev/null", url).returncode != 0
    assert curl(site, "-o", "/dev/null", "-E", site.folder / "client.pem", url).returncode == 0


def test_end_without_close_notify(site):
    context = ssl.create_default_context(cafile=site.ca)
    context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0x80)
    for path, clean in (("/close", True), ("/https-no-close-notify", False)):
        plain = socket.create_connection(("127.0.0.1", site.https), timeout=10)
        with context.wrap_socket(
            plain, server_hostname="localhost", suppress_ragged_eofs=False
        ) as s:
            s.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            try:
                while s.recv(65536):
                    pass
                assert clean
            except ssl.SSLError:
                assert not clean


def test_connects_that_hang_or_fail(site):
    start = time.monotonic()
    assert curl(site, "-m", "1", site.url("/", "tcp-backlog")).returncode == 28
    assert time.monotonic() - start >= 1
    assert curl(site, site.url("/", "tcp-refused")).returncode == 7
    for service in ("hang6", "hang4", "refuse6"):
        assert curl(site, "-m", "5", site.url("/plain/2", service, "localhost")).returncode == 0


def test_upload_that_is_never_read(site):
    body = bytes(20_000_000)
    for url in (site.url("/stop-reading"), site.url("/", "tcp-stopread")):
        words = ["curl", "-q", "-sS", "-m", "1", "--data-binary", "@-", "-H", "Expect:", url]
        assert subprocess.run(words, input=body, capture_output=True).returncode == 28


def dig(site, name, *args, service="dns", server="127.0.0.1"):
    words = ["dig", "@" + server, "-p", str(site.ports[service]), "+time=1", "+tries=1", "+short"]
    words += [name] + list(args)
    return subprocess.run(words, capture_output=True, text=True).stdout.split()


def test_dns_answers(site):
    assert dig(site, "a.site.test") == ["127.0.0.1"]
    assert dig(site, "aaaa.site.test", "AAAA") == ["::1"]
    assert dig(site, "A.Site.Test", "+tcp") == ["127.0.0.1"]
    assert dig(site, "a.site.test", server="::1") == ["127.0.0.1"]
    assert len(dig(site, "many.site.test")) == 20
    assert len(dig(site, "big.site.test")) == 100
    assert dig(site, "cname.site.test") == ["a.site.test.", "127.0.0.1"]
    assert dig(site, "tc.site.test") == ["127.0.0.1"]
    assert dig(site, "noedns.site.test", "+noedns") == ["127.0.0.1"]
    assert dig(site, "p4711.site.test") == ["127.0.0.1"]
    assert dig(site, "5.0.0.127.in-addr.arpa", "PTR") == ["h5.site.test."]
    assert dig(site, "nx1.site.test") == dig(site, "nodata.site.test") == []
    assert "127.0.0.1" not in dig(site, "once.site.test")
    assert dig(site, "once.site.test") == ["127.0.0.1"]


def test_dns_forgeries(site):
    """All lies come before the truth, and none of them fits the query."""
    query = bytes.fromhex("abcd0100000100000000000006466f5267654404736974650474657374")
    query += bytes.fromhex("0000010001")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(5)
        s.sendto(query, ("127.0.0.1", site.dns))
        heard = [s.recvfrom(2000) for _ in range(7)]
    right = [(m, a) for m, a in heard if a[1] == site.dns and m[2] & 128 and m[:2] == query[:2]]
    right = [m for m, _ in right if m[12:].startswith(query[12:])]
    assert len(right) == 1 and right[0] == heard[-1][0] and right[0].endswith(b"\x7f\0\0\1")


def test_dns_silence(site):
    for name, service in (("mute.site.test", "dns"), ("a.site.test", "dns-mute")):
        start = time.monotonic()
        assert "127.0.0.1" not in dig(site, name, service=service)
        assert time.monotonic() - start >= 1


PROXIES = {
    "socks5h://{socks5}": b"200", "socks5h://user:pass@{socks5-auth}": b"200",
    "socks5h://user:no@{socks5-auth}": b"000", "socks5h://{socks5-refuse}": b"000",
    "socks4a://{socks4}": b"200",
    "socks4a://user@{socks4}": b"200", "socks4a://other@{socks4}": b"000",
    "socks4a://{socks4-refuse}": b"000", "socks4a://{socks4-drip}": b"000",
    "http://{proxy}": b"200", "http://user:pass@{proxy-auth}": b"200",
    "http://{proxy-auth}": b"407", "http://{proxy-403}": b"403", "http://{proxy-mute}": b"000",
    "http://{proxy-drip}": b"000", "socks5h://{socks5-mute}": b"000",
    "socks5h://{socks5-drip}": b"000",
}  # fmt: skip


@pytest.mark.parametrize("proxy", PROXIES)
def test_proxies(site, proxy):
    address = {name: f"127.0.0.1:{port}" for name, port in site.ports.items()}
    where = ["-x", proxy.format(**address), "--noproxy", "none", "-m", "1"]
    url = f"http://p1.site.test:{site.http}/plain/19"
    words = ["curl", "-q", "-s", "-o", "/dev/null", "-w", "%{http_code} %{size_download}"]
    status, size = subprocess.run(words + where + [url], capture_output=True).stdout.split()
    assert status == PROXIES[proxy]
    assert status != b"200" or size == b"204800"
    tunnel = subprocess.run(words + where + ["-p", url], capture_output=True).stdout
    assert tunnel.startswith(b"200") == (status == b"200")


def test_thousands_at_once(site):
    """The site holds as many as the limits let us open, and forgets them when they go."""
    wanted = min(5000, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 200)
    links = [socket.create_connection(("127.0.0.1", site.http)) for _ in range(wanted)]
    for s in links:
        s.sendall(b"GET /mute HTTP/1.1\r\nHost: x\r\n\r\n")
    assert site.stats()["open"] >= wanted
    for s in links:
        s.close()
    for _ in range(100):
        if site.stats()["open"] < 100:
            return
        time.sleep(0.1)
    pytest.fail("connections are still open")
