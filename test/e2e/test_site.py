"""The site itself, seen by clients that nobody here wrote: what the other tests stand on."""

import hashlib
import http.client
import socket
import subprocess
import time

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
    assert curl(site, site.url("/", "tcp-reset")).returncode in (52, 56)


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
