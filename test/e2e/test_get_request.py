"""fsock get: the options that shape the request, as the server hears it."""

import pytest


def echo(site, fsock, *args, path="/echo", **kw):
    """What the server heard: the request line and headers, and the body."""
    result = fsock("get", *args, site.url(path), **kw)
    assert result.code == 0, result
    head, _, body = result.text.partition("\r\n\r\n")
    return head.replace("\r\n", "\n") + "\n", body


def headers(head, name):
    """The values of a header field."""
    fields = [line.partition(":") for line in head.splitlines()[1:]]
    return [value.strip() for key, _, value in fields if key.lower() == name.lower()]


def test_plain_get(site, fsock):
    head, body = echo(site, fsock)
    assert head.startswith("GET /echo HTTP/1.1\n")
    assert headers(head, "host") == [f"127.0.0.1:{site.http}"]
    assert "gzip" in headers(head, "accept-encoding")[0]
    assert headers(head, "user-agent")[0].startswith("fsock/")
    assert body == ""


@pytest.mark.parametrize(
    "args, name, values",
    [
        (["-H", "X-Test: one"], "x-test", ["one"]),
        (["-H", "User-Agent:"], "user-agent", []),
        (["-H", "X-Empty;"], "x-empty", [""]),
        (["--header=X-Test: two"], "x-test", ["two"]),
        (["-A", "me/1"], "user-agent", ["me/1"]),
        (["--user-agent", "me/1", "-H", "User-Agent: me/2"], "user-agent", ["me/2"]),
        (["-A", ""], "user-agent", []),
        (["-e", "http://from/"], "referer", ["http://from/"]),
        (["--referer=http://from/"], "referer", ["http://from/"]),
        (["-b", "a=1; b=2"], "cookie", ["a=1; b=2"]),
        (["--cookie", "c=3"], "cookie", ["c=3"]),
        (["-u", "user:pass"], "authorization", ["Basic dXNlcjpwYXNz"]),
        (["--user", "user:"], "authorization", ["Basic dXNlcjo="]),
        (["-r", "0-4"], "range", ["bytes=0-4"]),
        (["--range=-5"], "range", ["bytes=-5"]),
        (["--no-compressed"], "accept-encoding", []),
    ],
)
def test_headers(site, fsock, args, name, values):
    assert headers(echo(site, fsock, *args)[0], name) == values


@pytest.mark.parametrize(
    "args, line",
    [
        (["-X", "PATCH"], "PATCH /echo HTTP/1.1"),
        (["--request=DELETE"], "DELETE /echo HTTP/1.1"),
        (["-d", "a"], "POST /echo HTTP/1.1"),
        (["-d", "a", "-X", "PUT"], "PUT /echo HTTP/1.1"),
        (["--http1.0"], "GET /echo HTTP/1.0"),
        (["-0"], "GET /echo HTTP/1.0"),
        (["-G", "-d", "a=1", "-d", "b=2"], "GET /echo?a=1&b=2 HTTP/1.1"),
        (["--get", "--data-urlencode", "q=a b"], "GET /echo?q=a%20b HTTP/1.1"),
        (["-G"], "GET /echo HTTP/1.1"),
    ],
)
def test_request_line(site, fsock, args, line):
    assert echo(site, fsock, *args)[0].splitlines()[0] == line


def test_query_of_get_keeps_the_urls_own(site, fsock):
    head, _ = echo(site, fsock, "-Gd", "b=2", path="/echo?a=1#part")
    assert head.startswith("GET /echo?a=1&b=2 HTTP/1.1\n")


@pytest.mark.parametrize(
    "args, body",
    [
        (["-d", "a=1"], "a=1"),
        (["--data", "a=1", "-d", "b=2"], "a=1&b=2"),
        (["-d", "@file"], "linetwo"),
        (["--data-raw", "@file"], "@file"),
        (["--data-binary", "@file"], "line\ntwo\r\n"),
        (["--data-urlencode", "x=a&b/é"], "x=a%26b%2F%C3%A9"),
        (["--data-urlencode", "=a=b"], "a%3Db"),
        (["--data-urlencode", "a~b c"], "a~b%20c"),
        (["--data-urlencode", "n@file"], "n=line%0Atwo%0D%0A"),
        (["--data-urlencode", "@file"], "line%0Atwo%0D%0A"),
        (["-d", "1", "--data-raw", "2", "--data-binary", "3", "--data-urlencode", "4"], "1&2&3&4"),
        (["-d", ""], ""),
        (["-d", "@-"], "fromstdin"),
    ],
)
def test_data(site, fsock, tmp, args, body):
    (tmp / "file").write_bytes(b"line\ntwo\r\n")
    result = fsock("get", *args, site.url("/echo"), stdin=b"from\nstdin")
    assert result.code == 0, result
    head, _, heard = result.stdout.partition(b"\r\n\r\n")
    assert heard.decode() == body
    assert f"Content-Length: {len(body)}" in head.decode()
    assert "application/x-www-form-urlencoded" in head.decode()


def test_data_that_cannot_be_read(site, fsock):
    result = fsock("get", "-d", "@nowhere", site.url("/echo"))
    assert result.code == 26
    assert result.errors == "fsock: get: can't read nowhere: no such file\n"


def test_head_only(site, fsock):
    result = fsock("get", "-I", site.url("/plain/5"))
    assert result.code == 0
    assert result.text.startswith("HTTP/1.1 200 OK\r\n") and result.text.endswith("\r\n\r\n")
    assert fsock("get", "--head", site.url("/head-only")).code == 0


def test_redirects(site, fsock):
    result = fsock("get", "-w", "%{http_code} %{num_redirects} %{redirect_url}",
                   "-o", "x", site.url("/redirect/2"))
    assert result.text.startswith("30") and " 0 http://" in result.text, result
    result = fsock("get", "-L", "-w", "%{http_code} %{num_redirects}", "-o", "x",
                   site.url("/redirect/3"))
    assert result.text == "200 3", result
    result = fsock("get", "-L", "--max-redirs", "2", site.url("/redirect/3"))
    assert result.code == 47 and "--max-redirs raises this limit" in result.errors
    assert fsock("get", "--location", "--max-redirs=3", site.url("/redirect/3")).code == 0


@pytest.mark.parametrize("option", ["-u", "-H"])
def test_no_credentials_across_origins(site, fsock, option):
    value = "user:pass" if option == "-u" else "Authorization: Basic dXNlcjpwYXNz"
    head, _ = echo(site, fsock, "-L", option, value, "-b", "a=1", path="/redirect-cross")
    assert not headers(head, "authorization") and not headers(head, "cookie")


def test_raw_keeps_the_coding(site, fsock):
    raw = fsock("get", "--raw", site.url("/gzip/5")).stdout
    assert raw[:2] == b"\x1f\x8b"
    decoded = fsock("get", site.url("/gzip/5")).stdout
    assert decoded == fsock("get", "--no-compressed", site.url("/plain/5")).stdout


@pytest.mark.parametrize(
    "args",
    [
        ["-H", "a: b\r\nc: d"],
        ["-H", "no colon"],
        ["-X", "GET /x"],
        ["-A", "a\nb"],
        ["-b", "a=1\r\n"],
        ["-e", "x\ny"],
        ["-r", "0-\n"],
    ],
)
def test_what_cannot_be_sent_is_a_usage_error(site, fsock, args):
    before = site.stats()["pages"].get("/echo", 0)
    result = fsock("get", *args, site.url("/echo"))
    assert result.code == 2 and result.errors.startswith("fsock: get: "), result
    assert site.stats()["pages"].get("/echo", 0) == before
