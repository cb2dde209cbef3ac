"""A site that wants to know who one is, and is strict about how that is said.

What a page asks for stands in its path: /digest/ALGORITHM/QOP/... with words among the rest:

    userhash, nextnonce     as RFC 7616 has them
    once                    a nonce is good for one request; then it is stale
    always-stale            nothing is good, and every nonce is called stale
    refused                 nothing is good
    cut                     the challenge's body is cut off
    long                    ... has a megabyte

/basic/... asks for Basic; /several/... for Negotiate, Basic and two kinds of Digest in two fields;
/foreign/... for what nobody does; /open/... for nothing. /moved/URL redirects.

It is a proxy, too: what is asked for with a whole URL needs Digest (MD5) at the proxy, or Basic if
`basic_proxy` is set, and is answered by the site itself, whatever the host. So does CONNECT, whose
tunnel leads to `tunnel`, a port of this machine, whatever the target.
"""

import base64
import hashlib
import itertools
import re
import select
import socket
import threading
import urllib.parse

from webserver import Handler, Server

USER, PASSWORD, REALM, OPAQUE = "alice", "wonder:land", 'a "quoted" realm', "5ccc069c403ebaf9"
PARAM = re.compile(r'\s*([a-z*]+)=(?:"((?:[^"\\]|\\.)*)"|([^",\s]+))\s*(?:,|$)')
HASHES = {"md5": "md5", "sha-256": "sha256", "sha-512-256": "sha512_256"}
QUOTED = REALM.replace('"', '\\"')


def digest_of(algorithm, *parts):
    h = hashlib.new(HASHES[algorithm.removesuffix("-sess")])
    h.update(b":".join(p if isinstance(p, bytes) else p.encode() for p in parts))
    return h.hexdigest()


def params_of(text):
    """The parameters of a Digest field; each once, and nothing between them."""
    found, at = {}, 0
    while at < len(text):
        match = PARAM.match(text, at)
        assert match and match[1] not in found, text[at:]
        found[match[1]] = match[3] if match[2] is None else match[2]
        at = match.end()
    return found


class Gatekeeper(Server):
    """heard: of each request its method, path, Authorization field (or None) and client port."""

    basic_proxy = False
    tunnel = 0

    def __init__(self):
        self.heard, self.nonces, self.lock = [], {}, threading.Lock()
        self.numbers = itertools.count(1)
        super().__init__(Gate)

    def url(self, path, host="127.0.0.1", user=""):
        return f"http://{user}{host}:{self.server_port}{path}"

    def listen(self):
        """What was heard since the last call."""
        heard, self.heard = self.heard, []
        return heard

    def ways(self):
        """How each request since then said who it is: '-', or the scheme."""
        return [(field or "-").split()[0] for _, _, field, _ in self.listen()]

    def new_nonce(self):
        with self.lock:
            nonce = base64.b64encode(f"nonce {next(self.numbers)}".encode()).decode()
            self.nonces[nonce] = 0
        return nonce


class Gate(Handler):
    def ask(self, *challenges):
        fields = [("WWW-Authenticate", c) for c in challenges]
        if "cut" in self.words:
            self.close_connection = True
            return self.answer("who", 401, fields, length=1000)
        return self.answer("w" * 1000000 if "long" in self.words else "who?", 401, fields)

    def challenge(self, algorithm, qop, stale=False):
        text = f'Digest realm="{QUOTED}", nonce="{self.server.new_nonce()}", opaque="{OPAQUE}"'
        text += "" if algorithm == "md5" else f", algorithm={algorithm.upper()}"
        text += "" if qop == "none" else f', qop="{qop}"'
        return text + (", userhash=true" if "userhash" in self.words else "") + (", stale=true" if stale else "")

    def judge(self, field, algorithm, qop, uri=None):
        """'good', 'stale' or 'bad'; what no client may do is an exception, and no answer."""
        p = params_of(field.removeprefix("Digest "))
        nonce = p["nonce"]
        assert p["realm"] == QUOTED and p["opaque"] == OPAQUE and p["uri"] in (uri, self.path), p
        assert p.get("algorithm", "MD5").lower() == algorithm and nonce in self.server.nonces, p
        user = digest_of(algorithm, USER, REALM) if "userhash" in self.words else USER
        assert p["username"] == user and ("userhash" in p) == ("userhash" in self.words), p
        secret = digest_of(algorithm, USER, REALM, PASSWORD)
        if algorithm.endswith("-sess"):
            secret = digest_of(algorithm, secret, nonce, p["cnonce"])
        asked = [self.command, p["uri"]]
        if qop == "auth-int":
            asked.append(digest_of(algorithm, self.sent))
        asked = digest_of(algorithm, *asked)
        if qop == "none":
            assert "qop" not in p and "nc" not in p, p
            return "good" if p["response"] == digest_of(algorithm, secret, nonce, asked) else "bad"
        assert p["qop"] == ("auth" if "auth" in qop.split(",") else qop) and len(p["cnonce"]) > 15, p
        if p["response"] != digest_of(algorithm, secret, nonce, p["nc"], p["cnonce"], p["qop"], asked):
            return "bad"
        with self.server.lock:
            late = int(p["nc"], 16) <= self.server.nonces[nonce] or ("once" in self.words and p["nc"] != "00000001")
            self.server.nonces[nonce] = max(self.server.nonces[nonce], int(p["nc"], 16))
        return "stale" if late else "good"

    def by_digest(self, field, algorithm, qop):
        verdict = self.judge(field, algorithm, qop) if field and field.startswith("Digest ") else "bad"
        if "refused" in self.words or "always-stale" in self.words:
            verdict = "bad"
        if verdict != "good":
            stale = verdict == "stale" or "always-stale" in self.words
            return self.ask(self.challenge(algorithm, qop, stale))
        info = [("Authentication-Info", f'nextnonce="{self.server.new_nonce()}", qop=auth')]
        return self.answer("hello", fields=info if "nextnonce" in self.words else [])

    def by_basic(self, field):
        good = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if field != good or "refused" in self.words:
            return self.ask('Basic realm="b"')
        return self.answer("hello")

    def several(self, field):
        if field and field.startswith("Digest "):
            return self.by_digest(field, "sha-256", "auth")
        return self.ask('Negotiate, Basic realm="b, Digest c=d"',
                        f"{self.challenge('md5', 'auth')}, Digest algorithm=none, realm=\"x\", nonce=y, "
                        f"{self.challenge('sha-256', 'auth')}")

    def let_through(self, field):
        """As a proxy; else it is answered here."""
        if self.server.basic_proxy:
            good = field == "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
            challenge = 'Basic realm="proxy"'
        else:
            verdict = self.judge(field, "md5", "auth", self.path) if field and field.startswith("Digest ") else "bad"
            good, challenge = verdict == "good", self.challenge("md5", "auth", verdict == "stale")
        if not good:
            closes = [("Connection", "close")] if self.command == "CONNECT" else []
            self.answer("who?", 407, [("Proxy-Authenticate", challenge), *closes])
        return good

    def do_CONNECT(self):
        self.sent, self.words = b"", []
        login = self.headers.get("Proxy-Authorization")
        self.server.heard.append(("CONNECT", self.path, login, self.client_address[1]))
        self.close_connection = True
        if not self.let_through(login):
            return
        with socket.create_connection(("127.0.0.1", self.server.tunnel)) as there:
            self.send_response(200)
            self.end_headers()
            self.wfile.flush()
            self.pass_on({self.connection: there, there: self.connection})

    def pass_on(self, ways):
        while True:
            for one in select.select(list(ways), [], [], 20)[0]:
                data = one.recv(65536)
                if not data:
                    return
                ways[one].sendall(data)

    def do_GET(self):
        self.sent, self.words = self.body(), []
        if self.path.startswith("http://"):
            login = self.headers.get("Proxy-Authorization")
            self.server.heard.append(("PROXY", self.path, login, self.client_address[1]))
            if not self.let_through(login):
                return None
            self.path = "/" + self.path.split("/", 3)[3]
        fields = self.headers.get_all("Authorization") or [None]
        assert len(fields) == 1, fields
        self.server.heard.append((self.command, self.path, fields[0], self.client_address[1]))
        self.words = self.path.partition("?")[0].split("/")[1:]
        if self.words[0] == "digest":
            return self.by_digest(fields[0], self.words[1], urllib.parse.unquote(self.words[2]))
        if self.words[0] == "basic":
            return self.by_basic(fields[0])
        if self.words[0] == "several":
            return self.several(fields[0])
        if self.words[0] == "foreign":
            return self.ask("Negotiate", 'Digest realm="r", nonce="n", algorithm=SHA-3')
        if self.words[0] == "moved":
            return self.answer("hello", 302, [("Location", urllib.parse.unquote(self.path[7:]))])
        return self.answer("hello")

    do_POST = do_HEAD = do_PUT = do_GET
