"""fsock get -C -: what an earlier run left is continued, or begun again if it has changed."""

import os

import pytest

from webserver import Handler, Server

BODY = os.urandom(200_000)


class File(Handler):
    """Serves BODY; cuts it off after server.cut bytes; keeps what was asked in server.asked."""

    def do_GET(self):
        server = self.server
        server.asked.append((self.headers.get("Range"), self.headers.get("If-Range")))
        body, start = server.body, 0
        asked = self.headers.get("Range")
        if asked and self.headers.get("If-Range") == server.validator:
            start = int(asked[len("bytes="):-1])
        if start >= len(body):
            self.answer("", 416, [("Content-Range", f"bytes */{len(body)}")])
            return
        fields = [("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")] if start else []
        if server.validator:
            fields.append(("ETag" if '"' in server.validator else "Last-Modified", server.validator))
        self.answer(body[start : server.cut], 206 if start else 200, fields, length=len(body) - start)
        self.close_connection = True


@pytest.fixture
def server():
    with Server(File) as made:
        made.body, made.cut, made.validator, made.asked = BODY, 120_000, '"v1"', []
        made.page = made.url("/file.bin")
        yield made


def names(tmp):
    return sorted(p.name for p in tmp.iterdir())


@pytest.mark.parametrize("validator", ['"v1"', "Mon, 02 Jan 2006 15:04:05 GMT"])
def test_continued(server, fsock, tmp, validator):
    server.validator = validator
    result = fsock("get", "-O", server.page)
    assert result.code == 18, result
    assert names(tmp) == ["file.bin.part", "file.bin.part.meta"]
    assert (tmp / "file.bin.part").read_bytes() == BODY[:120_000]
    server.cut = None
    result = fsock("get", "-O", "-C", "-", server.page, "-w", "%{http_code} %{resumed} %{size_body}")
    assert result.code == 0 and result.text == "206 1 80000", result
    assert server.asked[1] == ("bytes=120000-", validator)
    assert names(tmp) == ["file.bin"] and (tmp / "file.bin").read_bytes() == BODY


def test_continued_in_steps(server, fsock, tmp):
    for cut in (50_000, 60_000, 150_000):
        server.cut = cut
        assert fsock("get", "-o", "x", "--continue-at=-", server.page).code == 18
        assert (tmp / "x.part").read_bytes() == BODY[:cut]
    server.cut = None
    assert fsock("get", "-o", "x", "-C-", server.page).code == 0
    assert names(tmp) == ["x"] and (tmp / "x").read_bytes() == BODY


def test_changed_on_the_server(server, fsock, tmp):
    assert fsock("get", "-O", server.page).code == 18
    server.cut, server.validator, server.body = None, '"v2"', BODY[::-1]
    result = fsock("get", "-O", "-C", "-", server.page, "-w", "%{http_code}")
    assert result.code == 0 and result.text == "200"
    assert names(tmp) == ["file.bin"] and (tmp / "file.bin").read_bytes() == BODY[::-1]


def test_without_C_it_begins_again(server, fsock, tmp):
    assert fsock("get", "-O", server.page).code == 18
    server.cut = None
    assert fsock("get", "-O", server.page).code == 0
    assert server.asked[1] == (None, None)
    assert names(tmp) == ["file.bin"] and (tmp / "file.bin").read_bytes() == BODY


@pytest.mark.parametrize("validator", [None, 'W/"v1"'])
def test_nothing_is_kept_that_cannot_be_continued(server, fsock, tmp, validator):
    server.validator = validator
    assert fsock("get", "-O", server.page).code == 18
    assert names(tmp) == []


def test_another_url_is_not_continued(server, fsock, tmp):
    assert fsock("get", "-O", server.page).code == 18
    server.cut = None
    assert fsock("get", "-O", "-C", "-", server.page + "?other").code == 0
    assert server.asked[1] == (None, None)
    assert (tmp / "file.bin").read_bytes() == BODY


def test_all_was_there_already(server, fsock, tmp):
    assert fsock("get", "-O", server.page).code == 18
    (tmp / "file.bin.part").write_bytes(BODY)
    result = fsock("get", "-O", "-C", "-", server.page)
    assert result.code == 0, result
    assert names(tmp) == ["file.bin"] and (tmp / "file.bin").read_bytes() == BODY


def test_a_failure_before_the_first_byte_loses_nothing(server, fsock, tmp):
    assert fsock("get", "-O", server.page).code == 18
    result = fsock("get", "-O", "-C", "-", "--proxy", "http://127.0.0.1:1", server.page)
    assert result.code == 7, result
    assert names(tmp) == ["file.bin.part", "file.bin.part.meta"]
