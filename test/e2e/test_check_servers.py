"""fsock check and servers that nobody here wrote."""

import pathlib
import subprocess

import pytest

import mailhost
from mailhost import ROOT, Server
from talking import free_port
from test_check import check, record
from test_talk_servers import folder, postfix, telnetd  # noqa: F401: fixtures

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


# ---- stores ----


def test_redis(fsock, folder):  # noqa: F811
    port = free_port()
    words = ["redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", folder]
    with Server([*words, "--user", "tim", "on", ">p a\\s\"s", "~*", "+@all", "--user", "default",
                 "on", "nopass", "~*", "+@all"], port):
        told = record(fsock, f"redis://127.0.0.1:{port}")
        assert told["state"] == "ok" and told["facts"]["role"] == "master", told
        assert told["facts"]["redis_version"], told
        words = ["--auth=pass", "--starttls=no", "--password-env", "PW", f"redis://tim@127.0.0.1:{port}"]
        assert record(fsock, *words, PW='p a\\s"s')["code"] == 0
        assert record(fsock, *words, PW="wrong")["code"] == 67
        # without TLS the password is not said, unless one insists
        assert record(fsock, *words[1:], PW="x")["code"] == 67
    with Server([*words_of(folder, port), "--requirepass", "x"], port):
        told = record(fsock, f"redis://127.0.0.1:{port}")
        assert told["state"] == "ok" and told["facts"] == {"login": "required"}, told


def words_of(folder, port):  # noqa: F811
    return ["redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", folder]


def test_memcached(fsock):
    port = free_port()
    words = ["memcached", "-l", "127.0.0.1", "-p", port, "-U", "0", "-t", "1"]
    with Server(words + (["-u", "nobody"] if ROOT else []), port):
        told = record(fsock, f"memcached://127.0.0.1:{port}")
    assert told["state"] == "ok" and "curr_connections" in told["facts"], told
    assert told["banner"].startswith("VERSION 1."), told


@pytest.fixture(scope="module")
def postgres(site):
    with mailhost.postgres(site) as port:
        yield port


def test_postgres(site, fsock, postgres):
    told = record(fsock, "--cacert", site.ca, f"postgres://127.0.0.1:{postgres}")
    assert told["state"] == "ok" and told["starttls"] and told["facts"] == {"login": "required"}, told
    told = record(fsock, "--starttls=no", f"postgres://127.0.0.1:{postgres}")
    assert told["state"] == "ok" and not told["starttls"], told


@pytest.mark.parametrize("user, way", [("tim", "SCRAM-SHA-256"), ("joe", "PASS"), ("ann", "PASS")])
def test_postgres_logins(site, fsock, postgres, user, way):
    target = f"postgres://{user}@127.0.0.1:{postgres}/postgres"
    words = ["--cacert", site.ca, "--password-env", "PW"]
    told = record(fsock, *words, target, PW="pencil")
    assert told["code"] == 0 and told["mechanism"] == way, told
    assert told["facts"]["server_version"].startswith("15"), told
    assert record(fsock, *words, target, PW="wrong")["code"] == 67
    assert record(fsock, *words, "--auth", way, target, PW="pencil")["code"] == 0
    told = record(fsock, *words, "--starttls=no", target, PW="pencil")
    assert told["code"] == (0 if user == "tim" else 67), told
    told = record(fsock, *words, f"postgres://{user}@127.0.0.1:{postgres}/nosuch", PW="pencil")
    assert told["code"] == 22 and "does not exist" in told["errormsg"], told


@pytest.fixture(scope="module")
def mariadb(site):
    with mailhost.mariadb(site) as port:
        yield port


def test_mariadb(site, fsock, mariadb):
    told = record(fsock, "--cacert", site.ca, f"mysql://127.0.0.1:{mariadb}")
    assert told["state"] == "ok" and told["starttls"] and "MariaDB" in told["banner"], told


@pytest.mark.parametrize("words", [[], ["--starttls=no", "--auth=pass"]])
def test_mariadb_logins(site, fsock, mariadb, words):
    words = ["--cacert", site.ca, "--password-env", "PW", *words]
    told = record(fsock, *words, f"mysql://tim@127.0.0.1:{mariadb}/shop", PW="pencil")
    assert told["code"] == 0 and told["mechanism"] == "PASS" and told["time_login"], told
    assert record(fsock, *words, f"mysql://joe@127.0.0.1:{mariadb}", PW="")["code"] == 0
    told = record(fsock, *words, f"mysql://tim@127.0.0.1:{mariadb}", PW="wrong")
    assert told["code"] == 67 and "1045 'Access denied" in told["errormsg"], told
    told = record(fsock, *words, f"mysql://tim@127.0.0.1:{mariadb}/nosuch", PW="pencil")
    assert told["code"] == 22 and "nosuch" in told["errormsg"], told


# ---- others ----


def test_sshd(fsock, folder):  # noqa: F811
    port = free_port()
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "key"], check=True)
    (folder / "sshd.conf").write_text(f"ListenAddress 127.0.0.1:{port}\nHostKey {folder}/key\n"
                                      f"PidFile none\nUsePAM no\n")
    if ROOT:
        pathlib.Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd insists on it
    with Server(["/usr/sbin/sshd", "-D", "-e", "-f", folder / "sshd.conf"], port):
        told = record(fsock, f"ssh://127.0.0.1:{port}")
    assert told["state"] == "ok" and told["banner"].startswith("SSH-2.0-OpenSSH_"), told


def test_telnetd(fsock, telnetd):  # noqa: F811
    told = record(fsock, "--expect", "ready>", f"telnet://127.0.0.1:{telnetd}")
    assert told["state"] == "ok" and told["banner"] == "ready>", told
    assert record(fsock, "-m", "1", "--expect", "moon", f"telnet://127.0.0.1:{telnetd}")["code"] == 28


def test_web(site, fsock):
    told = record(fsock, f"http://127.0.0.1:{site.http}/plain/1")
    assert told["state"] == "ok" and told["banner"].startswith("HTTP/1.1 200"), told
    told = record(fsock, f"http://127.0.0.1:{site.http}/status/404")
    assert told["code"] == 22 and " 404 " in told["errormsg"] + " ", told
    told = record(fsock, "--cacert", site.ca, f"https://127.0.0.1:{site.https}")
    assert told["state"] == "ok" and told["certificate"]["verified"], told
