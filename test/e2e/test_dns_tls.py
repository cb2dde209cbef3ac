"""fsock dns: DNS over TLS, asked of a real unbound; whose certificate is believed."""

import pathlib

import pytest

from nameserver import Unbound


@pytest.fixture(scope="module")
def unbound(site, tmp_path_factory):
    with Unbound(tmp_path_factory.mktemp("unbound"), site.folder) as server:
        yield server


def ask(fsock, server, *args):
    """(exit code, record, standard error) of one question."""
    result = fsock("dns", "@" + server, "-m", "5", "--json", "www.site.test", "A", *args)
    assert len(result.records) == 1, result
    return result.code, result.records[0], result.errors


def test_verified(site, fsock, unbound):
    """By its address, by the name that stands behind #, by a host name that is looked up."""
    for server in (f"tls://127.0.0.1:{unbound.tls}", f"tls://127.0.0.1:{unbound.tls}#site.test",
                   f"TLS://127.0.0.1:{unbound.tls}#any.site.test"):
        code, record, _ = ask(fsock, server, "--cacert", site.ca)
        assert code == 0 and record["status"] == "NOERROR", record
        assert record["answers"][0]["data"] == "192.0.2.80" and "tls" in record["flags"]
        assert "tcp" not in record["flags"] and record["server"] == f"tls://127.0.0.1:{unbound.tls}"


def test_by_host_name(site, fsock, tmp):
    """localhost may be ::1 here, where this one listens, too."""
    more = "    interface: ::1@{tls}\n    access-control: ::1 allow"
    with Unbound(tmp / "unbound", site.folder, more=more) as both:
        code, record, _ = ask(fsock, f"tls://localhost:{both.tls}", "--cacert", site.ca)
        assert code == 0 and record["status"] == "NOERROR", record
        code, record, _ = ask(fsock, f"tls://localhost:{both.tls}#site.test", "--cacert", site.ca)
        assert code == 0 and record["status"] == "NOERROR", record


def test_unknown_root(fsock, unbound):
    code, record, _ = ask(fsock, f"tls://127.0.0.1:{unbound.tls}")
    assert code == 6 and record["status"] == "ERROR" and record["answers"] == []
    assert f"tls://127.0.0.1:{unbound.tls}: " in record["errormsg"]
    assert "certificate" in record["errormsg"], record


def test_wrong_name(site, fsock, unbound):
    code, record, _ = ask(fsock, f"tls://127.0.0.1:{unbound.tls}#other.example", "--cacert", site.ca)
    assert code == 6 and record["status"] == "ERROR" and record["answers"] == []
    assert "other.example" in record["errormsg"] and "certificate" in record["errormsg"], record


@pytest.mark.parametrize("words", [["-k"], ["--insecure"]])
def test_insecure(fsock, unbound, words):
    code, record, _ = ask(fsock, f"tls://127.0.0.1:{unbound.tls}#other.example", *words)
    assert code == 0 and record["status"] == "NOERROR" and "tls" in record["flags"]


@pytest.mark.parametrize("pem, why", [
    ("expired.pem", "expired"), ("notyet.pem", "not valid before"), ("wronghost.pem", "127.0.0.1"),
    ("selfsigned.pem", "self-signed")])
def test_bad_certificates(site, fsock, tmp, pem, why):
    with Unbound(tmp / "unbound", pathlib.Path(site.folder), pem) as server:
        words = f"tls://127.0.0.1:{server.tls}"
        code, record, _ = ask(fsock, words, "--cacert", site.ca)
        assert code == 6 and record["status"] == "ERROR" and why in record["errormsg"], record
        assert "certificate" in record["errormsg"] and record["answers"] == []
        assert "error:" not in record["errormsg"]  # OpenSSL's own words
        assert ask(fsock, words, "-k")[0] == 0


@pytest.mark.parametrize("service, why", [
    ("tls_plain", "TLS"), ("tls_reset", "reset"), ("tls_alert", "alert"), ("tls_garbage", "TLS"),
    ("tcp_refused", "refused"), ("tls_fin", "closed")])
def test_servers_that_cannot_speak_tls(site, fsock, service, why):
    port = getattr(site, service)
    code, record, _ = ask(fsock, f"tls://127.0.0.1:{port}", "--cacert", site.ca)
    assert code == 6 and record["status"] == "ERROR", record
    assert why.lower() in record["errormsg"].lower(), record
    assert f"tls://127.0.0.1:{port}" in record["errormsg"], record


def test_a_silent_handshake(site, fsock):
    server = f"tls://127.0.0.1:{site.tls_mute}"
    result = fsock("dns", "@" + server, "-m", "1", "x.test", "A")
    assert result.code == 28 and result.took(0.9, 1.4) and server in result.lines[0]


def test_a_connection_is_kept_for_many_questions(site, fsock, unbound, tmp):
    (tmp / "list").write_text("www.site.test\n" * 500)
    result = fsock("dns", unbound.tls_at, "--cacert", site.ca, "-t", "A,AAAA,MX", "-i", "list", "--json")
    assert result.code == 0 and len(result.records) == 1500 and result.took(0, 5)
    assert {r["status"] for r in result.records} == {"NOERROR", "NODATA"}
    assert all("tls" in r["flags"] for r in result.records)


def test_a_good_one_beside_one_that_is_not_believed(site, fsock, unbound):
    result = fsock("dns", f"@tls://127.0.0.1:{unbound.tls}#other.example", unbound.tls_at,
                   "--cacert", site.ca, "--json", *["www.site.test"] * 4, "-t", "A")
    assert result.code == 0 and {r["server"] for r in result.records} == {unbound.tls_at[1:]}


def test_roots_that_cannot_be_read(fsock, unbound, tmp):
    (tmp / "empty").write_text("")
    for name in ("nowhere.pem", "empty"):
        result = fsock("dns", unbound.tls_at, "--cacert", name, "www.site.test")
        assert result.code == 77 and name in result.errors and result.stdout == b"", result
