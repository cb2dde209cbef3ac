"""fsock check: services of mail, news, chats and directories that play by a table; TLS, logins, lies."""

import base64

import pytest

from mailhost import Host, Scram
from talking import serve
from test_check import record

PLAIN = base64.b64encode(b"\0tim\0secret").decode()
LOGIN = ["--password-env", "PW"]


# ---- mail and news ----


def test_lmtp(site, fsock):
    rows = [("LHLO", "250-x\r\n250-SIZE 1\r\n250 STARTTLS\r\n"), ("STARTTLS", "220 go\r\n<TLS>"),
            ("MAIL FROM:<>", "250 x\r\n"), ("RCPT TO:<a@b.test>", "250 x\r\n"),
            ("RCPT", "550 no such user\r\n"), ("RSET", "250 x\r\n")]
    host = Host(b"220 lmtp.test\r\n", rows, site.context())
    target = f"lmtp://127.0.0.1:{host.port}"
    told = record(fsock, "--cacert", site.ca, "--rcpt", "a@b.test", target)
    assert told["state"] == "ok" and told["starttls"] and told["banner"] == "lmtp.test", told
    assert host.told() == ["LHLO [127.0.0.1]", "STARTTLS", "<TLS>", "LHLO [127.0.0.1]", "MAIL FROM:<>",
                           "RCPT TO:<a@b.test>", "RSET", "QUIT"]
    told = record(fsock, "--cacert", site.ca, "--rcpt", "x@b.test", target)
    assert told["code"] == 22 and "no such user" in told["errormsg"], told
    assert record(fsock, "-u", "tim", *LOGIN, target, PW="secret")["code"] == 2


CAN = '"IMPLEMENTATION" "Test 1"\r\n"SASL" "{}"\r\n"STARTTLS"\r\nOK "ready"\r\n'


def test_sieve(site, fsock):
    rows = [("STARTTLS", "OK\r\n<TLS>" + CAN.format("PLAIN")), ('AUTHENTICATE "PLAIN"', '""\r\n'),
            (f'"{PLAIN}"', "OK\r\n"), ("", 'NO "not you"\r\n')]
    host = Host(CAN.format("").encode(), rows, site.context())
    words = ["--cacert", site.ca, *LOGIN, f"sieve://tim@127.0.0.1:{host.port}"]
    told = record(fsock, *words, PW="secret")
    assert told["code"] == 0 and told["mechanism"] == "PLAIN" and told["banner"] == "Test 1", told
    assert "SASL PLAIN" in told["capabilities"] and told["starttls"], told
    assert host.told("LOGOUT") == ["STARTTLS", "<TLS>", 'AUTHENTICATE "PLAIN"', f'"{PLAIN}"', "LOGOUT"]
    told = record(fsock, *words, PW="wrong")
    assert told["code"] == 67 and "not you" in told["errormsg"], told
    assert record(fsock, "--starttls=no", *words, PW="secret")["code"] == 67


@pytest.mark.parametrize("honest, last", [(True, "OK"), (True, "challenge"), (False, "OK"),
                                          (False, "challenge"), (False, "nothing")])
def test_sieve_scram(fsock, honest, last):
    """The server's proof comes with its yes, or before it; without one it is no login."""
    server = Scram(honest)

    def first(line):
        host.rows = [("", final)]
        return '"' + server.first(line.strip('"')) + '"\r\n'

    def final(line):
        host.rows = [("", "OK\r\n")]
        proof = server.final(line.strip('"'))
        return {"OK": f'OK (SASL "{proof}") "in"\r\n', "challenge": f"{{{len(proof)}}}\r\n{proof}\r\n",
                "nothing": "OK\r\n"}[last]

    host = Host(CAN.format("SCRAM-SHA-256").encode(), [("AUTHENTICATE", "{0}\r\n\r\n"), ("", first)])
    told = record(fsock, "--starttls=no", *LOGIN, f"sieve://user@127.0.0.1:{host.port}", PW="pencil")
    assert told["code"] == (0 if honest else 8) and told["mechanism"] == "SCRAM-SHA-256", told


def test_nntp(site, fsock):
    rows = [("CAPABILITIES", "101 x\r\nVERSION 2\r\nSTARTTLS\r\nAUTHINFO USER\r\n.\r\n"),
            ("STARTTLS", "382 go\r\n<TLS>"), ("AUTHINFO USER tim", "381 and?\r\n"),
            ("AUTHINFO PASS secret", "281 in\r\n"), ("AUTHINFO", "481 no\r\n")]
    host = Host(b"201 news.test\r\n", rows, site.context())
    words = ["--cacert", site.ca, *LOGIN, f"nntp://tim@127.0.0.1:{host.port}"]
    told = record(fsock, *words, PW="secret")
    assert told["code"] == 0 and told["mechanism"] == "PASS" and told["banner"] == "news.test", told
    assert host.told() == ["CAPABILITIES", "STARTTLS", "<TLS>", "CAPABILITIES", "AUTHINFO USER tim",
                           "AUTHINFO PASS secret", "QUIT"]
    assert record(fsock, *words, PW="wrong")["code"] == 67
    assert record(fsock, "--starttls=no", *words, PW="secret")["code"] == 67
    assert not any("secret" in line for line in host.heard[7:]), host.heard


# ---- chats ----


def test_irc(site, fsock):
    rows = [("CAP LS", ":irc.test NOTICE * :hello\r\n:irc.test CAP * LS :tls sasl=PLAIN\r\n"),
            ("STARTTLS", ":irc.test 670 * :go\r\n<TLS>")]
    host = Host(b"", rows, site.context())
    told = record(fsock, "--cacert", site.ca, f"irc://127.0.0.1:{host.port}")
    assert told["state"] == "ok" and told["starttls"] and told["banner"] == "irc.test", told
    assert told["capabilities"] == ["tls", "sasl=PLAIN"], told
    assert host.told() == ["CAP LS", "STARTTLS", "<TLS>", "CAP LS", "QUIT"]
    old = Host(b"", [("CAP", ":irc.test 451 * :Register first\r\n"), ("STARTTLS", "421 x :what?\r\n")])
    assert record(fsock, f"irc://127.0.0.1:{old.port}")["state"] == "ok"
    told = record(fsock, "--starttls=require", f"irc://127.0.0.1:{old.port}")
    assert told["code"] == 35 and "421 x :what?" in told["errormsg"], told


STREAM = b"<?xml version='1.0'?><stream:stream id='1' version='1.0'><stream:features>%b</stream:features>"


def hear(connection, until):
    heard = b""
    while not heard.endswith(until):
        byte = connection.recv(1)
        assert byte, heard
        heard += byte
    return heard


def xmpp(site, asked):
    def play(connection):
        asked.append(hear(connection, b"streams'>"))
        connection.sendall(STREAM % b"<starttls xmlns='x'><required/></starttls>")
        hear(connection, b"xmpp-tls'/>")
        connection.sendall(b"<proceed/>")
        with site.context().wrap_socket(connection, server_side=True) as safe:
            asked.append(hear(safe, b"streams'>"))
            safe.sendall(STREAM % b"<mechanisms><mechanism>PLAIN</mechanism></mechanisms><bind/>")
            hear(safe, b"</stream:stream>")
    return serve(play)


@pytest.mark.parametrize("service, namespace", [("xmpp", b"jabber:client"), ("xmpp-server", b"jabber:server")])
def test_xmpp(site, fsock, service, namespace):
    """The path is the domain whose server it is to be."""
    asked = []
    told = record(fsock, "--cacert", site.ca, f"{service}://127.0.0.1:{xmpp(site, asked)}/chat.test")
    assert told["state"] == "ok" and told["starttls"], told
    assert told["capabilities"] == ["mechanisms", "SASL PLAIN", "bind"], told
    assert len(asked) == 2 and all(b"to='chat.test'" in a and namespace in a for a in asked), asked
    told = record(fsock, "--cacert", site.ca, f"{service}://127.0.0.1:{xmpp(site, asked)}")
    assert told["state"] == "ok" and b"to='127.0.0.1'" in asked[-1], told


# ---- LDAP ----


def element(tag, *parts):
    body = b"".join(parts)
    return bytes([tag, 0x82]) + len(body).to_bytes(2, "big") + body


def response(number, op, code=0, text=b""):
    return element(0x30, element(2, bytes([number])),
                   element(op, element(10, bytes([code])), element(4), element(4, text)))


def ldap_message(connection):
    """(number, operation, the rest) of the next request."""
    def take(n):
        data = b""
        while len(data) < n:
            piece = connection.recv(n - len(data))
            if not piece:
                raise ConnectionError
            data += piece
        return data

    head = take(2)
    n = head[1] if head[1] < 0x80 else int.from_bytes(take(head[1] & 0x7f), "big")
    body = take(n)
    assert head[0] == 0x30 and body[:2] == b"\2\1", body
    return body[2], body[3], body[4:]


def ldap(site, heard, tls=True, login_required=False):
    """A directory in which tim has the password "secret"."""
    def values(name, *all_of):
        return element(0x30, element(4, name), element(0x31, *(element(4, v) for v in all_of)))

    def play(connection):
        while True:
            number, op, rest = ldap_message(connection)
            heard.append(op)
            if op == 0x77:
                assert b"1.3.6.1.4.1.1466.20037" in rest
                connection.sendall(response(number, 0x78, 0 if tls else 2))
                if tls:
                    connection = site.context().wrap_socket(connection, server_side=True)
            elif op == 0x60:
                good = b"cn=tim,o=test" in rest and rest.endswith(b"secret")
                connection.sendall(response(number, 0x61, 0 if good else 49, b"" if good else b"who?"))
            elif op == 0x63 and login_required:
                connection.sendall(response(number, 0x65, 50))
            elif op == 0x63:
                entry = element(0x64, element(4), element(0x30, values(b"namingContexts", b"o=test"),
                                                          values(b"supportedExtension", b"1.2.3", b"1.2.4")))
                connection.sendall(element(0x30, element(2, bytes([number])), entry))
                connection.sendall(response(number, 0x65))
            else:
                assert op == 0x42
                return
    return serve(play)


def test_ldap(site, fsock):
    heard = []
    target = f"ldap://cn=tim,o=test@127.0.0.1:{ldap(site, heard)}"
    told = record(fsock, "--cacert", site.ca, *LOGIN, target, PW="secret")
    assert told["code"] == 0 and told["starttls"] and told["mechanism"] == "PASS", told
    assert told["facts"] == {"naming_context": "o=test"}, told
    assert told["capabilities"] == ["1.2.3", "1.2.4"] and told["time_login"] > 0, told
    assert heard[:3] == [0x77, 0x60, 0x63], heard
    told = record(fsock, "--cacert", site.ca, *LOGIN, target, PW="wrong")
    assert told["code"] == 67 and "49 (invalid credentials), 'who?'" in told["errormsg"], told
    told = record(fsock, "--cacert", site.ca, *LOGIN, target, PW="")
    assert told["code"] == 67 and "no password" in told["errormsg"], told


def test_ldap_without_tls(site, fsock):
    """Nobody hears the password; who must log in to see more is told so."""
    heard = []
    port = ldap(site, heard, tls=False, login_required=True)
    told = record(fsock, f"ldap://127.0.0.1:{port}")
    assert told["state"] == "ok" and told["facts"] == {"login": "required"}, told
    told = record(fsock, *LOGIN, f"ldap://cn=tim,o=test@127.0.0.1:{port}", PW="secret")
    assert told["code"] == 35 and "2 (protocol error)" in told["errormsg"], told
    told = record(fsock, "--starttls=no", *LOGIN, f"ldap://cn=tim,o=test@127.0.0.1:{port}", PW="secret")
    assert told["code"] == 67 and 0x60 not in heard, told


# ---- liars ----


@pytest.mark.parametrize("service, greeting, rows", [
    ("lmtp", b"220 x\r\n", [("LHLO", "250-x\r\n250 STARTTLS\r\n"), ("START", "220 go\r\n250 EVIL\r\n<TLS>")]),
    ("nntp", b"200 x\r\n", [("CAP", "101 x\r\nSTARTTLS\r\n.\r\n"),
                            ("START", "382 go\r\n101 x\r\nEVIL\r\n.\r\n<TLS>")]),
    ("sieve", b'"STARTTLS"\r\nOK\r\n', [("START", 'OK\r\n"EVIL"\r\nOK\r\n<TLS>"GOOD"\r\nOK\r\n')]),
    ("irc", b"", [("CAP", "CAP * LS :tls\r\n"), ("START", "670 x\r\nCAP * LS :EVIL\r\n<TLS>")]),
])
def test_injected_answers(site, fsock, service, greeting, rows):
    host = Host(greeting, rows, site.context())
    told = record(fsock, "--cacert", site.ca, f"{service}://127.0.0.1:{host.port}")
    assert told["state"] == "ok" and told["starttls"] and "EVIL" not in told["capabilities"], told
    assert int(told["facts"]["bytes_before_tls"]) > 5, told
