"""fsock get -C -: what an earlier run left is continued, or begun again if it has changed."""

import http.server
import os
import threading

import pytest

BODY = os.urandom(200_000)


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves BODY; cuts it off after server.cut bytes; keeps what was asked in server.asked."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        server = self.server
        server.asked.append((self.headers.get("Range"), self.headers.get("If-Range")))
        body, start = server.body, 0
        asked = self.headers.get("Range")
        if asked and self.headers.get("If-Range") == server.validator:
            start = int(asked[len("bytes="):-1])
        if start >= len(body):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(body)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(body) - start))
        if server.validator:
            name = "ETag" if '"' in server.validator else "Last-Modified"
            self.send_header(name, server.validator)
        self.end_headers()
        self.wfile.write(body[start : server.cut])
        self.close_connection = True

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.body, made.cut, made.validator, made.asked = BODY, 120_000, '"v1"', []
    made.url = f"http://127.0.0.1:{made.server_port}/file.bin"
    thread = threading.Thread(target=made.serve_forever, args=(0.05,))
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def names(tmp):
    return sorted(p.name for p in tmp.iterdir())


@pytest.mark.parametrize("validator", ['"v1"', "Mon, 02 Jan 2006 15:04:05 GMT"])
def test_continued(server, fsock, tmp, validator):
    server.validator = validator
    result = fsock("get", "-O", server.url)
    assert result.code == 18, result
    assert names(tmp) == ["file.bin.part", "file.bin.part.meta"]
    assert (tmp / "file.bin.part").read_bytes() == BODY[:120_000]
    server.cut = None
    result = fsock("get", "-O", "-C", "-", server.url, "-w", "%{http_code} %{resumed} %{size_body}")
    assert result.code == 0 and result.text == "206 1 80000", result
    assert server.asked[1] == ("bytes=120000-", validator)
    assert names(tmp) == ["file.bin"] and (tmp / "file.bin").read_bytes() == BODY


def test_continued_in_steps(server, fsock, tmp):
    for cut in (50_000, 60_000, 150_000):
        server.cut = cut
        assert fsock("get", "-o", "x", "--continue-at=-", server.url).code == 18
        assert (tmp / "x.part").read_bytes() == BODY[:cut]
    server.cut = None
    assert fsock("get", "-o", "x", "-C-", server.url).code == 0
    assert names(tmp) == ["x"] and (tmp / "x").read_bytes() == BODY


def test_changed_on_the_server(server, fsock, tmp):
    assert fsock("get", "-O", server.url).code == 18
    server.cut, server.validator, server.body = None, '"v2"', BODY[::-1]
    result = fsock("get", "-O", "-C", "-", server.url, "-w", "%{http_code}")
    assert result.code == 0 and result.text == "200"
    assert names(tmp) == ["file.bin"] and (tmp / "file.bin").read_bytes() == BODY[::-1]


def test_without_C_it_begins_again(server, fsock, tmp):
    assert fsock("get", "-O", server.url).code == 18
    server.cut = None
    assert fsock("get", "-O", server.url).code == 0
    assert server.asked[1] == (None, None)
    assert names(tmp) == ["file.bin"] and (tmp / "file.bin").read_bytes() == BODY


@pytest.mark.parametrize("validator", [None, 'W/"v1"'])
def test_nothing_is_kept_that_cannot_be_continued(server, fsock, tmp, validator):
    server.validator = validator
    assert fsock("get", "-O", server.url).code == 18
    assert names(tmp) == []


def test_another_url_is_not_continued(server, fsock, tmp):
    assert fsock("get", "-O", server.url).code == 18
    server.cut = None
    assert fsock("get", "-O", "-C", "-", server.url + "?other").code == 0
    assert server.asked[1] == (None, None)
    assert (tmp / "file.bin").read_bytes() == BODY


def test_all_was_there_already(server, fsock, tmp):
    assert fsock("get", "-O", server.url).code == 18
    (tmp / "file.bin.part").write_bytes(BODY)
    result = fsock("get", "-O", "-C", "-", server.url)
    assert result.code == 0, result
    assert names(tmp) == ["file.bin"] and (tmp / "file.bin").read_bytes() == BODY


def test_a_failure_before_the_first_byte_loses_nothing(server, fsock, tmp):
    assert fsock("get", "-O", server.url).code == 18
    result = fsock("get", "-O", "-C", "-", "--proxy", "http://127.0.0.1:1", server.url)
    assert result.code == 7, result
    assert names(tmp) == ["file.bin.part", "file.bin.part.meta"]
