"""Answers made to hold up the clock: work without end for us, and nothing to show for it.

Each is cheap for the peer, and must end by a limit of its own or by -m. What may pass beside the
second that -m asks for is generous, for slow machines: unlimited they take half a minute, or never
end.
"""

import gzip
import struct
import time

from talking import serve

LIMIT = 10  # seconds at most for -m 1
SKIPPABLE = b"\x50\x2a\x4d\x18" + struct.pack("<I", 0)  # an empty zstd frame


def repeat(start, piece):
    """A scene: read the request, send `start`, then `piece` again and again."""

    def play(connection):
        connection.recv(65536)
        connection.sendall(start)
        while True:
            connection.sendall(piece)

    return play


def once(answer):
    """A scene: read the request, send the answer, wait for the end."""

    def play(connection):
        connection.recv(65536)
        connection.sendall(answer)
        connection.recv(1)

    return play


def head(*fields):
    return "".join(line + "\r\n" for line in ("HTTP/1.1 200 OK", *fields, "")).encode()


def ends(fsock, *args):
    """The command ends in time, and fails; the result."""
    result = fsock("get", "-m", "1", *args, timeout=30)
    assert result.code not in (0, 111) and result.took(0, LIMIT), result
    return result


def test_interim_answers(fsock):
    port = serve(repeat(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 4000))
    assert "interim answers" in ends(fsock, f"http://127.0.0.1:{port}/").errors
    proxied = ends(fsock, "-x", f"http://127.0.0.1:{port}", "https://site.test/")
    assert "interim answers" in proxied.errors, proxied


def test_tls_tickets(site, fsock):
    context = site.context()
    context.num_tickets = 1_000_000_000
    port = serve(lambda connection: context.wrap_socket(connection, server_side=True))
    assert "TLS messages without end" in ends(fsock, "-k", f"https://127.0.0.1:{port}/").errors


def test_empty_members(fsock):
    for coding, piece in (("gzip", gzip.compress(b"")), ("zstd", SKIPPABLE)):
        port = serve(repeat(head(f"Content-Encoding: {coding}"), piece * 4000))
        result = ends(fsock, f"http://127.0.0.1:{port}/")
        assert result.code == 28 and not result.stdout, result


def test_empty_members_in_a_small_body(fsock):
    for coding, piece in (("gzip", gzip.compress(b"")), ("zstd", SKIPPABLE)):
        body = gzip.compress(piece * (100_000_000 // len(piece)), 9)
        assert len(body) < 500_000
        fields = head(f"Content-Encoding: {coding}, gzip", f"Content-Length: {len(body)}")
        port = serve(once(fields + body))
        result = fsock("get", "-m", "0.5", f"http://127.0.0.1:{port}/", timeout=30)
        assert result.code == 28 and result.took(0, 2), result


def test_others_wait_for_no_one(site, fsock):
    """While forty such answers are unpacked, a small page is fetched."""
    port = serve(repeat(head("Content-Encoding: gzip"), gzip.compress(b"") * 4000))
    urls = [f"http://127.0.0.1:{port}/{i}" for i in range(40)] + [site.url("/plain/1")]
    start = time.monotonic()
    result = fsock(
        "get", "--json", "-m", "2", "--per-host", "50", "-i", "-", stdin="\n".join(urls).encode()
    )
    assert time.monotonic() - start < LIMIT, result
    good = [record for record in result.records if record["exitcode"] == 0]
    assert [record["url"] for record in good] == [urls[-1]], result
