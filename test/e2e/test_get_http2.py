"""fsock get by HTTP/2: with nginx and nghttpd, and with a peer that misbehaves."""

import functools
import json

import pytest

import http2
import talking


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    with http2.Real(tmp_path_factory.mktemp("http2")) as real:
        yield real


@pytest.fixture(scope="module")
def peer_of_all(real):
    with http2.Peer(real.path) as peer:
        yield peer


@pytest.fixture
def peer(peer_of_all):
    peer_of_all.forget()
    return peer_of_all


@pytest.fixture
def get(real, fsock):
    """Runs `fsock get --json` with the certificate of both: get(code, *words)."""

    def run(code, *words, **more):
        result = fsock("get", "--cacert", real.path / "cert.pem", "--json", *words, **more)
        assert result.code == code, result
        return result

    return run


def urls(port, *paths, host="127.0.0.1"):
    return [f"https://{host}:{port}{path}" for path in paths]


def each(records, name):
    return [record[name] for record in sorted(records, key=lambda record: record["urlnum"])]


# ---- Real servers --------------------------------------------------------------------------------


@pytest.mark.parametrize("server", ["tls", "nghttpd"])
def test_all_by_one_connection(real, get, tmp, server):
    (tmp / "list").write_text("".join(f"{u}\n" for u in urls(getattr(real, server), *[f"/page?{n}" for n in range(300)])))
    records = get(0, "-i", "list").records
    assert len(records) == 300
    assert {(r["http_version"], r["http_code"], r["size_body"], r["scheme"]) for r in records} == {("2", 200, 7, "HTTPS")}
    assert sum(r["num_connects"] for r in records) == 1
    assert len({r["local_port"] for r in records}) == 1


def test_a_body_is_what_it_is(real, fsock, get, tmp):
    for port in (real.tls, real.nghttpd):
        result = fsock("get", "--cacert", real.path / "cert.pem", *urls(port, "/large"), "-o", "large")
        assert result.code == 0 and (tmp / "large").read_bytes() == (real.path / "large").read_bytes()
    record = get(0, "-o", "large", *urls(real.tls, "/large")).records[0]
    assert record["size_download"] < record["size_body"] == 3 * 2**20  # by gzip


def test_header_as_text(real, fsock):
    result = fsock("get", "--cacert", real.path / "cert.pem", "--include", *urls(real.tls, "/page"))
    head, body = result.text.split("\r\n\r\n")
    assert head.startswith("HTTP/2 200\r\nserver: nginx") and body == "a page\n"
    result = fsock("get", "--cacert", real.path / "cert.pem", "-I", *urls(real.tls, "/page"))
    assert result.code == 0 and result.text.startswith("HTTP/2 200\r\n")


@pytest.mark.parametrize("words, port, version", [
    ([], "tls", "HTTP/2.0"),
    (["--http1.1"], "tls", "HTTP/1.1"),
    (["--http1.1", "--http2"], "tls", "HTTP/2.0"),
    (["--http1.0"], "tls", "HTTP/1.0"),
    ([], "http1", "HTTP/1.1"),
    (["--http2-prior-knowledge"], "tls", "HTTP/2.0"),
])
def test_which_version(real, fsock, words, port, version):
    result = fsock("get", "--cacert", real.path / "cert.pem", *words, *urls(getattr(real, port), "/what"))
    assert result.text == f"GET {version} 1\n"


def test_prior_knowledge(real, fsock, site):
    url = f"http://127.0.0.1:{real.plain}/what"
    assert fsock("get", "--http2-prior-knowledge", url).text == "GET HTTP/2.0 1\n"
    result = fsock("get", "--http2-prior-knowledge", site.url("/hello"))
    assert result.code and "the peer broke HTTP/2" in result.errors


def test_redirects_and_uploads(real, get, tmp):
    record = get(0, "-L", *urls(real.tls, "/moved"), "-o", "page").records[0]
    assert (record["http_version"], record["num_redirects"], record["num_connects"]) == ("2", 1, 1)
    (tmp / "data").write_bytes(b"some data" * 300000)
    for _ in range(2):
        record = get(0, "--data-binary", "@data", *urls(real.nghttpd, "/"), "-o", "back").records[0]
        assert record["size_upload"] == record["size_body"] == 2700000
        assert (tmp / "back").read_bytes() == (tmp / "data").read_bytes()


# ---- Places --------------------------------------------------------------------------------------


def test_those_who_know_nothing_wait_for_one(peer, get):
    records = get(0, *urls(peer.port, *[f"/ok/{n}" for n in range(20)])).records
    assert peer.connections == 1 and each(records, "num_connects").count(1) == 1
    assert peer.most <= 6


def test_no_more_than_the_peer_allows(real, get):
    with http2.Peer(real.path, streams=2) as peer:
        records = get(0, "--per-host", 20, *urls(peer.port, *[f"/ok/{n}" for n in range(40)])).records
        assert each(records, "http_code") == [200] * 40
        assert peer.connections == 1


def test_a_refused_connection_is_no_wait(get):
    records = get(111, *urls(http2.free_ports(1)[0], *[f"/{n}" for n in range(6)]), "--retry", 0).records
    assert each(records, "err") == ["connect"] * 6
    assert max(each(records, "time_total")) < 1


def test_hoping_is_part_of_the_connect_limit(site, get):
    records = get(111, "--connect-timeout", 0.4, "--retry", 0, *urls(site.tls_mute, "/1", "/2", "/3")).records
    assert [(r["err"], r["stage"]) for r in records] == [("timeout", "tls")] * 3
    assert all(0.39 <= r["time_total"] < 0.4 + 0.3 for r in records), records


def test_a_mute_peer_fails_all_at_once(real, get):
    """It agrees on HTTP/2 and says no word: those who hope for its connection don't wait in a row."""
    mute = talking.serve(functools.partial(http2.listen_only, http2.context_of(real.path)))
    records = get(111, "--retry", 0, "--read-timeout", 0.3, "--connect-timeout", 0.4,
                  *urls(mute, *[f"/{n}" for n in range(6)])).records
    assert each(records, "err") == ["timeout"] * 6
    assert max(each(records, "time_total")) < 1.2, records


# ---- One stream's trouble is its own -------------------------------------------------------------


def test_a_stream_that_hangs_holds_nobody_up(peer, get):
    records = get(110, "--retry", 0, "--read-timeout", 0.4, *urls(peer.port, "/hang", "/stall", "/ok/1", "/ok/2")).records
    assert each(records, "err") == ["timeout", "timeout", "ok", "ok"]
    assert each(records, "stage")[:2] == ["head", "body"]
    assert peer.has_reset("/hang", 8) and peer.has_reset("/stall", 8)  # CANCEL
    assert peer.connections == 1


def test_no_peer_puts_a_limit_off(peer, get, tmp):
    (tmp / "data").write_bytes(b"some data" * 100000)
    for path, words, stage in (("/ping", ["--read-timeout", 0.3], "head"),
                               ("/drip", ["-m", 0.3], "body"),
                               ("/deaf", ["--read-timeout", 0.3, "--data-binary", "@data"], "send")):
        result = get(28, "--retry", 0, *words, *urls(peer.port, path), "-o", "out")
        assert (result.records[0]["err"], result.records[0]["stage"]) == ("timeout", stage)
        assert 0.3 <= result.records[0]["time_total"] and result.elapsed < 0.3 + 1


def test_the_total_limit_of_one(peer, get):
    result = get(110, "--retry", 0, "-m", 0.4, *urls(peer.port, "/hang", *[f"/ok/{n}" for n in range(10)]))
    assert each(result.records, "err") == ["timeout"] + ["ok"] * 10
    assert 0.4 <= each(result.records, "time_total")[0] and result.elapsed < 0.4 + 1


@pytest.mark.parametrize("path, err, code, words", [
    ("/reset", "reset", 56, "the peer reset the stream (INTERNAL_ERROR)"),
    ("/short", "truncated", 18, "the peer ended the stream after 10 of 100 bytes"),
    ("/long", "protocol", 56, "the peer sends more than its Content-Length of 5 bytes"),
    ("/cut", "truncated", 18, "the peer closed the connection"),
    ("/bad", "protocol", 8, "the peer broke HTTP/2"),
    ("/flood", "protocol", 8, "floods the connection"),
])
def test_failures_have_words(peer, get, path, err, code, words):
    record = get(code, "--retry", 0, *urls(peer.port, path), "-o", "out").records[0]
    assert record["err"] == err
    assert words in record["errormsg"]


def test_what_was_not_taken_is_asked_again(peer, get):
    records = get(0, "--retry", 0, "-X", "POST", "-d", "x", *urls(peer.port, *[f"/refuse/{n}" for n in range(5)])).records
    assert each(records, "num_repeats") == [1] * 5 and set(peer.paths.values()) == {2}
    assert peer.connections == 1


def test_going_away(peer, get):
    records = get(0, "--retry", 0, "-X", "POST", "-d", "x", *urls(peer.port, "/leave", "/ok/1", "/ok/2")).records
    assert each(records, "http_code") == [200] * 3
    assert peer.paths["/leave"] == 2 and peer.connections == 2


def test_a_reset_is_an_answer(peer, get):
    """It is not asked for again and again, on a connection that stays."""
    paths = [f"/reset/{n}" for n in range(5)]
    records = get(110, "--retry", 0, "-m", 2, *urls(peer.port, "/ok", *paths)).records
    assert each(records, "err") == ["ok"] + ["reset"] * 5
    assert all(peer.paths[path] == 1 for path in paths), peer.paths


def test_who_waits_for_room_looks_elsewhere(real, get):
    """A connection that takes no more lasts as long as its last request; nobody else waits for that."""
    with http2.Peer(real.path, streams=2) as peer:
        records = get(110, "--retry", 0, "-m", 0.6, *urls(peer.port, *[f"/full/{n}" for n in range(6)])).records
        assert sorted(each(records, "err")) == ["ok"] * 4 + ["timeout"] * 2
        assert all(r["time_total"] < 0.5 for r in records if r["err"] == "ok"), records
        assert peer.connections == 2


@pytest.mark.parametrize("word, n", [("few", 20), ("die", 8)])
def test_few_requests_of_a_connection(peer, get, word, n):
    """What is not taken is asked again as often as it takes, while each connection answers some."""
    records = get(0, "--retry", 0, "--per-host", 20, *urls(peer.port, *[f"/{word}/{i}" for i in range(n)])).records
    assert each(records, "http_code") == [200] * n
    assert set(peer.paths.values()) == {1} and max(each(records, "num_repeats")) >= n / 2 - 1


def test_blanks_around_a_value(peer, fsock, real):
    words = ["--cacert", real.path / "cert.pem", "-w", "[%header{x-blanks}]", "-o", "out"]
    assert "[a]" in fsock("get", *words, *urls(peer.port, "/blanks")).text


def test_a_peer_that_wants_http1(peer, get):
    records = get(0, "--retry", 0, *urls(peer.port, *[f"/old/{n}" for n in range(10)])).records
    assert set(each(records, "http_version")) == {"1.1"}


def test_an_early_answer_ends_the_upload(peer, get, tmp):
    (tmp / "data").write_bytes(b"some data" * 1000000)
    record = get(0, "--data-binary", "@data", *urls(peer.port, "/early")).records[0]
    assert record["http_code"] == 413 and record["size_upload"] < 9000000


def test_trailers_and_cookies(peer, fsock, real, get):
    words = ["--cacert", real.path / "cert.pem", "--include=decoded", *urls(peer.port, "/trailers")]
    assert "x-sum: 7\r\n" in fsock("get", *words).text
    get(0, "-b", "", "-P", 1, *urls(peer.port, "/cookie", "/ok"))
    assert ("cookie", "a=1") in peer.fields["/ok"]


def test_nothing_of_http1_is_sent(peer, get):
    get(0, "-H", "Connection: close", "-H", "X-Upper: Value", "-H", "TE: gzip", *urls(peer.port, "/ok"))
    names = [name for name, _ in peer.fields["/ok"]]
    assert names[:4] == [":method", ":path", ":scheme", ":authority"]
    assert "x-upper" in names and not {"connection", "te", "host"} & set(names)


def test_a_trace_keeps_no_secrets(peer, get, fsock, tmp):
    get(0, "--trace", "t.jsonl", "--trace-data", "-u", "joe:secret-word", *urls(peer.port, "/cookie"), "-o", "out")
    text = (tmp / "t.jsonl").read_text()
    assert "secret-word" not in text and "am9lOnNlY3JldC13b3Jk" not in text
    assert "GET /cookie HTTP/2" in text and "HTTP/2 200" in text and '"a=1' not in text


def test_a_trace_tells_the_version(peer, get, fsock):
    get(0, "--trace", "t.jsonl", *urls(peer.port, "/ok/1", "/ok/2"))
    entries = json.loads(fsock("trace", "--har", "t.jsonl").stdout)["log"]["entries"]
    assert [e["response"]["httpVersion"] for e in entries] == ["HTTP/2"] * 2
    assert len({e["connection"] for e in entries}) == 1
