"""fsock check: services that play by a table, and lie; what is told of them, and what is not."""

import base64
import hashlib
import json
import socket
import threading
import time

import pytest

from gatekeeper import Gatekeeper
from mailhost import Host, Scram
from talking import Terminal, free_port, serve

SMTP = [("EHLO", "250-mx.test\r\n250-STARTTLS\r\n250-AUTH PLAIN LOGIN\r\n250 SIZE 1\r\n"),
        ("STARTTLS", "220 go\r\n<TLS>"),
        ("AUTH PLAIN", "334 \r\n"),
        (base64.b64encode(b"\0tim\0secret").decode(), "235 in\r\n"),
        (base64.b64encode(b"\0tim\0wrong").decode(), "535 5.7.8 no\r\n"),
        ("MAIL FROM:<>", "250 fine\r\n"), ("RCPT TO:<good@mx.test>", "250 fine\r\n"),
        ("RCPT TO:<bad@mx.test>", "550 no such user\r\n"), ("RSET", "250 fine\r\n")]


@pytest.fixture
def smtp(site):
    return Host(b"220 mx.test ready\r\n", SMTP, site.context())


def check(fsock, *words, **env):
    return fsock("check", *words, env=env)


def record(fsock, *words, **env):
    result = check(fsock, "--json", *words, **env)
    assert len(result.lines) == 1, result
    return json.loads(result.text) | {"code": result.code}


# ---- what is told ----


def test_smtp(site, fsock, smtp):
    target = f"smtp://127.0.0.1:{smtp.port}"
    told = record(fsock, "--cacert", site.ca, target)
    assert told["state"] == "ok" and told["code"] == told["exitcode"] == 0, told
    assert told["banner"] == "mx.test ready" and told["starttls"] is True
    assert told["capabilities"] == ["STARTTLS", "AUTH PLAIN LOGIN", "SIZE 1"]
    assert told["tls_version"] == "TLSv1.3" and told["certificate"]["verified"] is True
    assert told["certificate"]["days_left"] > 0
    assert 0 < told["time_connect"] < told["time_greeting"] < told["time_appconnect"]
    assert told["time_appconnect"] < told["time_total"] and told["time_login"] == 0
    assert smtp.told() == ["EHLO [127.0.0.1]", "STARTTLS", "<TLS>", "EHLO [127.0.0.1]", "QUIT"]
    result = check(fsock, "--cacert", site.ca, target)
    assert result.code == 0
    target_, state, took, text = result.text.rstrip("\n").split("\t")
    assert (target_, state) == (target, "ok") and took.endswith(" ms")
    assert text.startswith("mx.test ready; TLSv1.3; certificate ")


def test_helo_and_no_tls(fsock, smtp):
    told = record(fsock, "--helo", "me.test", "--starttls=no", f"smtp://127.0.0.1:{smtp.port}")
    assert told["state"] == "ok" and told["tls_version"] is None, told
    assert smtp.told() == ["EHLO me.test", "QUIT"]


def test_certificate(site, fsock, smtp):
    target = f"smtp://127.0.0.1:{smtp.port}"
    assert record(fsock, target)["code"] == 60
    assert record(fsock, "-k", target)["certificate"]["verified"] is False
    told = record(fsock, "--cacert", site.ca, "--tls-name", "other.test", target)
    assert told["code"] == 60 and told["stage"] == "tls", told


def test_several(site, fsock, smtp, tmp_path):
    """A list and arguments; a bad line is told, the others go on."""
    names = tmp_path / "list"
    good = f"smtp://127.0.0.1:{smtp.port}"
    names.write_text(f"# hosts\n{good}\nnosuch://x\n\nsmtp://127.0.0.1:{free_port()}\n")
    result = check(fsock, "--json", "--cacert", site.ca, "-i", names, good)
    told = {r["target"]: r for r in map(json.loads, result.lines)}
    assert result.code == 110 and len(result.lines) == 4, result
    assert told[good]["state"] == "ok" and told["nosuch://x"]["exitcode"] == 2
    assert sorted(r["exitcode"] for r in told.values()) == [0, 2, 7]
    assert result.errors == "2 ok, 2 failed\n"
    assert check(fsock, "-s", "tcp://127.0.0.1:1", "tcp://127.0.0.1:2").code == 111
    assert check(fsock, "--cacert", site.ca, good, good).code == 0


def test_hundreds_at_once(fsock):
    """Each greets after half a second; two hundred take little longer than one."""
    def slow(connection):
        time.sleep(0.5)
        connection.sendall(b"220 x\r\n")
        connection.recv(100)
        connection.sendall(b"250 x\r\n")
        connection.recv(100)
    port = serve(slow)
    result = fsock("check", "-i", "-", stdin=f"smtp://127.0.0.1:{port}\n".encode() * 200)
    assert result.code == 0 and len(result.lines) == 200, result.errors
    assert result.elapsed < 5, result.elapsed


def test_text(fsock):
    def echo(connection):
        connection.sendall(b"hello " + connection.recv(100))
        connection.recv(1)
    port = serve(echo)
    assert check(fsock, f"tcp://127.0.0.1:{port}").code == 0
    target = f"127.0.0.1:{port}"
    assert check(fsock, "--send", "wor\\x6cd", "--expect", "hello world", target).code == 0
    told = record(fsock, "--send", "x", "--expect", "moon", "-m", "0.3", target)
    assert told["code"] == 28 and told["stage"] == "dialog", told


def test_unix(fsock, tmp_path):
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        assert check(fsock, f"unix://{path}").code == 0
    assert check(fsock, f"unix://{path}").code == 7


def test_services(fsock):
    names = fsock("check", "--services").lines
    assert "smtp://" in names and "imaps://" in names and len(names) == len(set(names))


# ---- failures ----


@pytest.mark.parametrize("code, stage, service, greeting, rows", [
    (8, "dialog", "smtp", b"HTTP/1.1 400 Bad Request\r\n", []),
    (8, "dialog", "imap", b"220 mx.test\r\n", []),
    (8, "dialog", "pop3", b"\0\n", []),
    (22, "dialog", "smtp", b"554 go away\r\n", []),
    (22, "dialog", "pop3", b"-ERR busy\r\n", []),
    (22, "dialog", "imap", b"* BYE busy\r\n", []),
    (52, "dialog", "smtp", b"220 x\r\n", [("EHLO", None)]),
    (56, "dialog", "smtp", b"220-" + b"x" * 20000, []),
    (28, "dialog", "smtp", b"", []),
    (28, "dialog", "smtp", b"220-never\r\n" * 3, []),
    (35, "tls", "smtp", b"220 x\r\n", [("EHLO", "250-x\r\n250 STARTTLS\r\n"), ("START", "454 no\r\n")]),
    (28, "tls", "smtp", b"220 x\r\n", [("EHLO", "250-x\r\n250 STARTTLS\r\n"), ("START", "220 go\r\n"),
                                       ("", "")]),
    (35, "tls", "pop3", b"+OK\r\n", [("CAPA", "+OK\r\nSTLS\r\n.\r\n"), ("STLS", "-ERR no\r\n")]),
])
def test_failures(fsock, code, stage, service, greeting, rows):
    host = Host(greeting, rows)
    told = record(fsock, "-m", "0.5", f"{service}://127.0.0.1:{host.port}")
    assert (told["code"], told["stage"]) == (code if code != 56 else 8, stage), told
    assert told["state"] == "critical" and told["errormsg"], told


def test_endless_answer(fsock):
    """Lines without end: 64 KiB are heard, no more."""
    host = Host(b"220-x\r\n" * 20000, [])
    told = record(fsock, f"smtp://127.0.0.1:{host.port}")
    assert told["code"] == 56 and told["err"] == "too-big", told


def test_dripping(fsock):
    """A byte now and then does not stretch the limit."""
    def drip(connection):
        while True:
            connection.sendall(b"2")
            time.sleep(0.05)
    result = check(fsock, "-m", "0.5", f"smtp://127.0.0.1:{serve(drip)}")
    assert result.code == 28 and result.took(0.45, 1.5), result


def test_silence(fsock):
    result = check(fsock, "--read-timeout", "0.3", f"smtp://127.0.0.1:{serve(lambda c: c.recv(1))}")
    assert result.code == 28 and "--read-timeout raises" in result.text, result


# ---- TLS and logins ----


def test_login(site, fsock, smtp):
    target = f"submission://127.0.0.1:{smtp.port}"
    told = record(fsock, "--cacert", site.ca, "-u", "tim", "--password-env", "PW", target, PW="secret")
    assert told["code"] == 0 and told["mechanism"] == "PLAIN" and told["time_login"] > 0, told
    told = record(fsock, "--cacert", site.ca, "-u", "tim", "--password-env", "PW", target, PW="wrong")
    assert told["code"] == 67 and told["stage"] == "login" and "535 5.7.8 no" in told["errormsg"]


def test_stripped_starttls(fsock, smtp):
    """Somebody on the way takes the offer out: no password is said."""
    smtp.rows = [("EHLO", "250-mx.test\r\n250 AUTH PLAIN LOGIN\r\n")] + SMTP[1:]
    target = f"smtp://tim@127.0.0.1:{smtp.port}"
    for words, code in (([], 35), (["--starttls=require"], 35), (["--starttls=try"], 67),
                        (["--starttls=no"], 67)):
        told = record(fsock, "--password-env", "PW", *words, target, PW="secret")
        assert told["code"] == code, told
    assert not any("AUTH" in line for line in smtp.heard), smtp.heard
    told = record(fsock, "--password-env", "PW", "--starttls=no", "--auth=plain", target, PW="secret")
    assert told["code"] == 0 and "AUTH PLAIN" in smtp.heard, told
    assert record(fsock, "--starttls=require", f"smtp://127.0.0.1:{smtp.port}")["code"] == 35


def test_injected_answers(site, fsock, smtp):
    """What stands behind the go-ahead is not taken for an answer within TLS."""
    smtp.rows = [("STARTTLS", "220 go\r\n250-evil.test\r\n250 AUTH NONE\r\n<TLS>")] + SMTP
    told = record(fsock, "--cacert", site.ca, f"smtp://127.0.0.1:{smtp.port}")
    assert told["code"] == 0 and "AUTH NONE" not in told["capabilities"], told
    assert int(told["facts"]["bytes_before_tls"]) == len("250-evil.test\r\n250 AUTH NONE\r\n")


def test_scram(site, fsock):
    """Python does the server's part; one that does not know the password is found out."""
    for honest, code in ((True, 0), (False, 8)):
        server = Scram(honest)

        def first(line):
            host.rows = [("", final)]
            return f"334 {server.first(line)}\r\n"

        def final(line):
            host.rows = [("", "235 in\r\n")]
            return f"334 {server.final(line)}\r\n"

        host = Host(b"220 x\r\n", [("EHLO", "250-x\r\n250 AUTH SCRAM-SHA-256 PLAIN\r\n"),
                                   ("AUTH SCRAM-SHA-256", "334 \r\n"), ("", first)])
        told = record(fsock, "--starttls=no", "--password-env", "PW",
                      f"smtp://user@127.0.0.1:{host.port}", PW="pencil")
        assert told["code"] == code and told["mechanism"] == "SCRAM-SHA-256", told


def test_xoauth2(fsock):
    """The token in place of a password; the reason of a failure comes as a challenge."""
    good = base64.b64encode(b"user=tim\1auth=Bearer token\1\1").decode()
    rows = [("EHLO", "250-x\r\n250 AUTH XOAUTH2\r\n"), ("AUTH XOAUTH2", "334 \r\n"),
            (good, "235 in\r\n"), ("dXNlcj", "334 eyJzdGF0dXMiOiI0MDEifQ==\r\n"),
            ("", "535 no\r\n")]
    host = Host(b"220 x\r\n", rows)
    words = ["--starttls=no", "--auth=xoauth2", "--password-env", "PW",
             f"smtp://tim@127.0.0.1:{host.port}"]
    told = record(fsock, *words, PW="token")
    assert told["code"] == 0 and told["mechanism"] == "XOAUTH2", told
    assert record(fsock, *words, PW="old")["code"] == 67


def test_recipients(site, fsock, smtp):
    target = f"smtp://127.0.0.1:{smtp.port}"
    words = ["--cacert", site.ca, "--rcpt", "good@mx.test"]
    assert record(fsock, *words, target)["code"] == 0
    assert smtp.told()[-4:] == ["MAIL FROM:<>", "RCPT TO:<good@mx.test>", "RSET", "QUIT"]
    told = record(fsock, *words, "--rcpt", "bad@mx.test", target)
    assert told["code"] == 22 and "no such user" in told["errormsg"], told
    smtp.rows = [("MAIL FROM:<me@a.test>", "250 x\r\n")] + SMTP
    assert record(fsock, *words, "--mail-from", "me@a.test", target)["code"] == 0
    assert record(fsock, "--rcpt", "a>\r\nDATA", target)["code"] == 2


# ---- services that no machine here has ----


def test_ftp(site, fsock):
    rows = [("FEAT", "211-what there is\r\n AUTH TLS\r\n UTF8\r\n211 end\r\n"),
            ("AUTH TLS", "234 go\r\n<TLS>"), ("USER tim", "331 and?\r\n"),
            ("PASS secret", "230 in\r\n"), ("PASS", "530 no\r\n")]
    host = Host(b"220-hello\r\nthere\r\n220 ftp.test\r\n", rows, site.context())
    words = ["--cacert", site.ca, "--password-env", "PW", f"ftp://tim@127.0.0.1:{host.port}"]
    told = record(fsock, *words, PW="secret")
    assert told["code"] == 0 and told["starttls"] and told["banner"] == "ftp.test", told
    assert host.told() == ["FEAT", "AUTH TLS", "<TLS>", "FEAT", "USER tim", "PASS secret", "QUIT"]
    assert record(fsock, *words, PW="wrong")["code"] == 67
    assert record(fsock, "--starttls=no", f"ftp://127.0.0.1:{host.port}")["capabilities"] == [
        "AUTH TLS", "UTF8"]
    told = record(fsock, "--cacert", site.ca, f"ftp://tim@127.0.0.1:{host.port}")
    assert told["code"] == 67 and "no password was given" in told["errormsg"], told


def test_mysql(site, fsock):
    def greeting(flags, text=b"8.0.36-test"):
        body = b"\x0a" + text + b"\0" + bytes(4) + b"12345678\0" + flags.to_bytes(2, "little")
        body += bytes(30)
        return len(body).to_bytes(3, "little") + b"\0" + body

    def play(connection):
        connection.sendall(greeting(0x0a00))
        packet = connection.recv(36)
        assert packet[:4] == b"\x20\0\0\1" and packet[5] & 8
        site.context().wrap_socket(connection, server_side=True).recv(1)

    told = record(fsock, "--cacert", site.ca, f"mysql://127.0.0.1:{serve(play)}")
    assert told["state"] == "ok" and told["banner"] == "8.0.36-test" and told["starttls"], told
    port = serve(lambda c: c.sendall(greeting(0x0200)) or c.recv(1))
    told = record(fsock, f"mysql://127.0.0.1:{port}")
    assert told["state"] == "ok" and not told["starttls"], told
    assert record(fsock, "--starttls=require", f"mysql://127.0.0.1:{port}")["code"] == 35
    busy = b"\x17\0\0\0\xff\x10\x04Too many connections"
    told = record(fsock, f"mysql://127.0.0.1:{serve(lambda c: c.sendall(busy) or c.recv(1))}")
    assert told["code"] == 22 and "1040 'Too many connections'" in told["errormsg"], told
    told = record(fsock, f"mysql://127.0.0.1:{serve(lambda c: c.sendall(b'220 hi there') or c.recv(1))}")
    assert told["code"] == 8 and "this is no MySQL" in told["errormsg"], told


def test_mysql_changes_its_mind(fsock):
    """A server may name another way to log in, once."""
    heard = []

    def play(connection):
        body = b"\x0a8.0\0" + bytes(4) + b"12345678\0\0\x82" + bytes(30)
        connection.sendall(len(body).to_bytes(3, "little") + b"\0" + body)
        while packet := connection.recv(1000):
            heard.append(packet)
            body = b"\xfemysql_native_password\0" + b"0123456789abcdefghij\0"
            connection.sendall(len(body).to_bytes(3, "little") + bytes([packet[3] + 1]) + body)
    told = record(fsock, "--starttls=no", "--password-env", "PW", f"mysql://tim@127.0.0.1:{serve(play)}", PW="x")
    assert told["code"] == 67 and "again and again" in told["errormsg"], told
    assert len(heard) == 3 and heard[2] == b"\1\0\0\0\1", heard  # the login, the other way, the farewell


def sha2(known, scramble=b"0123456789abcdefghij", first=b"caching_sha2_password"):
    """A MySQL 8 whose cache has the password, or wants it in the clear."""
    def packet(n, body):
        return len(body).to_bytes(3, "little") + bytes([n]) + body

    def play(connection):
        connection.sendall(packet(0, b"\x0a8.4.0\0" + bytes(4) + scramble[:8] + b"\0\0\x82\x2d"
                                  + bytes(2) + b"\x08\0\x15" + bytes(10) + scramble[8:] + b"\0"
                                  + first + b"\0"))
        login = connection.recv(1000)
        digest = lambda text: hashlib.sha256(text).digest()
        proof = bytes(a ^ b for a, b in zip(digest(b"pencil"),
                                            digest(digest(digest(b"pencil")) + scramble)))
        if first == b"caching_sha2_password":
            assert b"\0tim\0\x20" + proof + b"caching_sha2_password\0" in login, login
        else:
            connection.sendall(packet(2, b"\xfecaching_sha2_password\0" + scramble + b"\0"))
            assert connection.recv(1000) == packet(3, proof)
        connection.sendall(packet(4, b"\1\3" if known else b"\1\4"))
        if not known:
            assert connection.recv(1000) in (b"", packet(0, b"\1"))  # we leave
        connection.sendall(packet(5, b"\0\0\0\2\0\0\0"))
        connection.recv(100)
    return serve(play)


def test_mysql_8(fsock):
    words = ["--starttls=no", "--password-env", "PW"]
    for port in (sha2(True), sha2(True, first=b"mysql_native_password")):
        told = record(fsock, *words, f"mysql://tim@127.0.0.1:{port}", PW="pencil")
        assert told["code"] == 0 and told["banner"] == "8.4.0", told
    told = record(fsock, *words, f"mysql://tim@127.0.0.1:{sha2(False)}", PW="pencil")
    assert told["code"] == 67 and "others could read" in told["errormsg"], told


def datagrams(answer):
    """A UDP server; answer(packet, n) gives a list of datagrams for the n-th one."""
    listener = socket.socket(type=socket.SOCK_DGRAM)
    listener.bind(("127.0.0.1", 0))

    def run():
        for n in range(1000):
            packet, sender = listener.recvfrom(2000)
            for datagram in answer(packet, n):
                listener.sendto(datagram, sender)
    threading.Thread(target=run, daemon=True).start()
    return listener.getsockname()[1]


def ntp(ahead=0.0, stratum=2, first=0x24):
    def answer(packet, n):
        now = time.time() + ahead + 2208988800
        stamp = int(now * 2**32).to_bytes(8, "big")
        forged = bytes([first, 1]) + bytes(46)
        return [forged, bytes([first, stratum]) + bytes(10) + b"RATE" + bytes(8) + packet[40:48]
                + stamp + stamp]
    return datagrams(answer)


def test_ntp(fsock):
    told = record(fsock, f"ntp://127.0.0.1:{ntp(100)}")
    assert told["state"] == "ok" and told["facts"]["stratum"] == "2", told
    assert abs(int(told["facts"]["offset_us"]) - 100e6) < 2e6, told
    told = record(fsock, f"ntp://127.0.0.1:{ntp(stratum=16)}")
    assert told["code"] == 22 and "not synchronised" in told["errormsg"], told
    told = record(fsock, f"ntp://127.0.0.1:{ntp(stratum=0)}")
    assert told["code"] == 22 and "'RATE'" in told["errormsg"], told
    assert record(fsock, f"ntp://127.0.0.1:{ntp(first=0xe4)}")["code"] == 22
    assert record(fsock, "-m", "0.4", f"ntp://127.0.0.1:{datagrams(lambda p, n: [p])}")["code"] == 28


def test_dns(fsock):
    def answer(code):
        return datagrams(lambda p, n: [b"xx" + p[2:], p[:2] + bytes([0x81, 0x80 | code]) + p[4:]])
    told = record(fsock, f"dns://127.0.0.1:{answer(0)}/example.org/MX")
    assert told["state"] == "ok" and told["facts"]["rcode"] == "NOERROR", told
    assert told["facts"]["recursion"] == "yes", told
    assert record(fsock, f"dns://127.0.0.1:{answer(3)}")["facts"]["rcode"] == "NXDOMAIN"
    told = record(fsock, f"dns://127.0.0.1:{answer(5)}")
    assert told["code"] == 22 and "REFUSED" in told["errormsg"], told


def test_udp(fsock):
    """It is said again after a second; what does not hold the text is passed over."""
    port = datagrams(lambda p, n: [b"no", p * 2] if n else [])
    told = record(fsock, "--send", "ab", "--expect", "abab", f"udp://127.0.0.1:{port}")
    assert told["code"] == 0 and told["banner"] == "abab" and told["time_total"] > 0.9, told
    assert record(fsock, f"udp://127.0.0.1:{port}")["code"] == 2
    assert record(fsock, "--send", "x", f"udp://127.0.0.1:{free_port(socket.SOCK_DGRAM)}")["code"] in (7, 56)


@pytest.mark.parametrize("service", ["ssh", "redis", "memcached", "http", "postgres", "mysql", "imap",
                                     "lmtp", "sieve", "nntp", "irc", "xmpp", "ldap"])
def test_anything_else_is_not_the_service(fsock, service):
    host = serve(lambda c: c.sendall(b"\x16\x03\x01 what?\r\n" * 3) or c.recv(1))
    told = record(fsock, "-m", "1", f"{service}://127.0.0.1:{host}")
    assert told["code"] in (8, 28, 35, 52, 56), told


# ---- where passwords come from ----


def test_password_file(site, fsock, smtp, tmp_path):
    (tmp_path / "pw").write_text("secret\nmore\n")
    words = ["check", "--cacert", site.ca, "-u", "tim", f"smtp://127.0.0.1:{smtp.port}"]
    assert fsock(*words, "--password-file", tmp_path / "pw").code == 0
    assert fsock(*words, "--password-file", "-", stdin=b"secret\n").code == 0
    assert fsock(*words, "--password-file", tmp_path / "no").code == 26
    assert fsock(*words, "--password-env", "NOSUCH").code == 2


def test_netrc(site, fsock, smtp, tmp_path):
    (tmp_path / ".netrc").touch(mode=0o600)
    (tmp_path / ".netrc").write_text("# mine\nmachine other login x password y\n"
                                     'machine 127.0.0.1\n login "tim" password "s\\ecret"\n')
    words = ["check", "--cacert", site.ca, f"smtp://127.0.0.1:{smtp.port}"]
    assert fsock(*words, "--netrc", env={"HOME": tmp_path}).code == 0
    assert "AUTH PLAIN" in smtp.heard
    assert fsock(*words, f"--netrc={tmp_path}/.netrc").code == 0
    smtp.heard.clear()
    (tmp_path / ".netrc").write_text("machine 127.0.0.2 login tim password secret\n")
    assert fsock(*words, "--netrc", env={"HOME": tmp_path}).code == 0
    assert "AUTH PLAIN" not in smtp.heard
    smtp.heard.clear()
    (tmp_path / ".netrc").chmod(0o604)
    r = fsock(*words, "--netrc", env={"HOME": tmp_path})
    assert r.code == 26 and "chmod 600" in r.errors
    assert not any("EHLO" in line for line in smtp.heard), smtp.heard  # the last QUIT may come late


def test_user_of_the_target_counts(site, fsock, smtp):
    words = ["--cacert", site.ca, "-u", "somebody", "--password-env", "PW"]
    told = record(fsock, *words, f"smtp://tim@127.0.0.1:{smtp.port}", PW="secret")
    assert told["code"] == 0 and told["mechanism"] == "PLAIN", told


def test_no_password_in_a_target(fsock):
    result = check(fsock, "smtp://tim:secret@127.0.0.1:1")
    assert result.code == 2 and "by a file or the environment" in result.text, result
    told = record(fsock, "nosuch://x")
    assert told["state"] == "unknown" and told["service"] is told["host"] is told["remote_ip"] is None, told


def test_no_password_in_a_trace(site, fsock, smtp, tmp_path):
    """Neither plain nor in base64, in the clear or within TLS; with --trace-secrets it is there."""
    target = f"smtp://tim@127.0.0.1:{smtp.port}"
    secrets = [b"secret", base64.b64encode(b"\0tim\0secret")]
    trace = tmp_path / "trace"

    def moved():
        """The bytes that the trace has kept."""
        marks = [json.loads(line) for line in trace.read_text().splitlines()]
        return b"".join(base64.b64decode(mark.get("data", "")) for mark in marks)

    for words in (["--cacert", site.ca], ["--starttls=no", "--auth=plain"]):
        words += ["--password-env", "PW", "--trace", trace, "--trace-data", target]
        done = check(fsock, *words, PW="secret")
        assert done.code == 0 and b"EHLO" in moved(), done
        assert b"fsock check" in fsock("trace", "--svg", trace).stdout
        assert not any(s in moved() or s in trace.read_bytes() + done.stdout for s in secrets)
        check(fsock, "--trace-secrets", *words, PW="secret")
        assert any(s in moved() for s in secrets)


def test_password_at_the_terminal(site, fsock, smtp):
    words = ["--cacert", site.ca, "-u", "tim", f"smtp://127.0.0.1:{smtp.port}"]
    with Terminal(fsock, *words, verb="check", front=["setsid", "--ctty"]) as terminal:
        terminal.see(b"password of tim: ")
        terminal.type(b"secreX\x7ft\r")
        assert terminal.process.wait(20) == 0
    assert "AUTH PLAIN" in smtp.heard
    with Terminal(fsock, *words, verb="check", front=["setsid", "--ctty"]) as terminal:
        terminal.see(b"password of tim: ")
        terminal.type(b"sec\x03")
        assert terminal.process.wait(20) == 2


# ---- options ----


@pytest.mark.parametrize("words", [
    [], ["--netrc", "-u", "x", "tcp://a:1"], ["--mail-from", "x", "smtp://a"],
    ["--password-file", "x", "--password-env", "y", "smtp://a"], ["--key", "x", "smtp://a"],
    ["--auth", "GSSAPI", "smtp://a"], ["--send", "\\q", "tcp://a:1"], ["-u", "x", "smtp://a"],
    ["--auth=plain", "ftp://x@a"], ["--password-file", "-", "-i", "-"], ["--list", "smtp://a"], ["--retr", "1", "pop3://a"],
    ["--rcpt", "x@y", "imap://a"], ["--send", "x", "smtp://a"], ["--starttls=require", "tcp://a:1"],
])
def test_mistakes(fsock, words):
    result = check(fsock, *words)
    assert result.code == 2, result
    assert result.errors or "unknown" in result.text, result


def test_ways_to_log_in_at_a_proxy(site, fsock):
    with Gatekeeper() as gate:
        gate.tunnel = site.tcp_fin
        for way, heard in (("--proxy-digest", ["-", "Digest"]), ("--proxy-anyauth", ["-", "Digest"]), ("--proxy-basic", ["Basic"])):
            told = record(fsock, way, "--proxy-user", "alice:wonder%3Aland", "-x", gate.url(""), "tcp://a.test:7")
            assert gate.ways() == heard and told["code"] == (97 if way == "--proxy-basic" else 0), told
