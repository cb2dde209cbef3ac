"""fsock check and servers that nobody here wrote."""

import json

import pytest

import mailhost
from mailhost import ROOT
from test_check import check, record
from test_talk_servers import folder, postfix  # noqa: F401: fixtures

PASSWORD = 'tan "sta\\aft'


@pytest.fixture(scope="module")
def dovecot(site):
    with mailhost.dovecot(site) as ports:
        yield ports


def test_dovecot_is_up(site, fsock, dovecot):
    for service in ("imap", "imaps", "pop3", "pop3s"):
        told = record(fsock, "--cacert", site.ca, f"{service}://127.0.0.1:{dovecot[service]}")
        assert told["state"] == "ok" and told["certificate"]["verified"], told
        assert told["starttls"] is (not service.endswith("s")), told
        assert "Dovecot" in told["banner"] and told["capabilities"], told


@pytest.mark.parametrize("way", ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256", "PASS"])
@pytest.mark.parametrize("service", ["imap", "imaps", "pop3", "pop3s"])
def test_dovecot_logins(site, fsock, dovecot, service, way):
    target = f"{service}://tim@127.0.0.1:{dovecot[service]}"
    words = ["--cacert", site.ca, "--auth", way, "--password-env", "PW", target]
    told = record(fsock, *words, PW=PASSWORD)
    assert told["code"] == 0 and told["mechanism"] == way and told["time_login"] > 0, told
    assert told["facts"]["messages"] == "2", told
    assert record(fsock, *words, PW="wrong")["code"] == 67


def test_dovecot_best_way(site, fsock, dovecot):
    """With TLS, and without, where passwords are hidden."""
    for words in (["--cacert", site.ca], ["--starttls=no"]):
        told = record(fsock, *words, "--password-env", "PW", f"imap://tim@127.0.0.1:{dovecot['imap']}",
                      PW=PASSWORD)
        assert told["code"] == 0 and told["mechanism"] == "SCRAM-SHA-256", told


def test_dovecot_apop(fsock, dovecot):
    told = record(fsock, "--starttls=no", "--auth=APOP", "--password-env", "PW",
                  f"pop3://tim@127.0.0.1:{dovecot['pop3']}", PW=PASSWORD)
    assert told["code"] == 0 and told["mechanism"] == "APOP", told


def test_dovecot_messages(site, fsock, dovecot):
    words = ["--cacert", site.ca, "--password-env", "PW", f"pop3s://tim@127.0.0.1:{dovecot['pop3s']}"]
    result = check(fsock, "--list", "--retr", "2", *words, PW=PASSWORD)
    assert result.code == 0 and result.text.endswith("\n.dot\n"), result
    assert [line.split()[0] for line in result.lines[1:3]] == ["1", "2"], result
    assert record(fsock, "--retr", "9", *words, PW=PASSWORD)["code"] == 22


@pytest.mark.skipif(not ROOT, reason="Postfix is started by root alone")
def test_postfix(site, fsock, postfix):  # noqa: F811
    target = f"smtp://127.0.0.1:{postfix}"
    told = record(fsock, "--cacert", site.ca, target)
    assert told["state"] == "ok" and told["starttls"] and told["banner"].startswith("mail.site.test")
    told = record(fsock, "--cacert", site.ca, "--rcpt", "x@y.test", target)
    assert told["code"] == 22 and "its answer to RCPT TO" in told["errormsg"], told
    assert record(fsock, "--cacert", site.ca, "--password-env", "PW", f"smtp://a@127.0.0.1:{postfix}",
                  PW="x")["code"] == 67
