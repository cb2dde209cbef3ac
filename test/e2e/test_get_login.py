"""fsock get: logging in by Basic and Digest, at a strict server to which curl logs in, too."""

import base64
import json
import os
import pathlib
import pty
import subprocess

import pytest

from conftest import clean_env
from gatekeeper import PASSWORD, USER, Gatekeeper
from test_trace_file import has_secret

WHO = f"{USER}:{PASSWORD}"
PLAIN = "Basic " + base64.b64encode(WHO.encode()).decode()
KINDS = ["md5/auth", "md5/none", "md5/auth-int", "md5/auth,auth-int", "md5-sess/auth", "sha-256/auth",
         "sha-256-sess/auth", "sha-512-256/auth", "sha-512-256-sess/auth-int", "sha-256/auth/userhash"]


@pytest.fixture(scope="module")
def gate():
    with Gatekeeper() as server:
        yield server


@pytest.fixture(autouse=True)
def nothing_heard(gate):
    gate.listen()


# ---- Digest --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_digest(gate, fsock, kind):
    r = fsock("get", "--digest", "-u", WHO, gate.url(f"/digest/{kind}?a=1"))
    assert r.code == 0 and r.stdout == b"hello"
    heard = gate.listen()
    assert [(field or "-").split()[0] for _, _, field, _ in heard] == ["-", "Digest"]
    assert heard[0][3] == heard[1][3]  # on one connection


@pytest.mark.parametrize("kind", ["md5/auth", "md5/none", "md5-sess/auth", "sha-256/auth"])
def test_curl_gets_in_as_well(gate, kind):
    """So the server is no stricter than those that there are."""
    r = subprocess.run(["curl", "-sf", "--noproxy", "*", "--digest", "-u", WHO, gate.url(f"/digest/{kind}")],
                       capture_output=True, timeout=20)
    assert r.returncode == 0 and r.stdout == b"hello"


@pytest.mark.parametrize("method", ["-d", "-I", "-X"])
def test_other_methods(gate, fsock, method):
    args = {"-d": ["-d", "a=1"], "-I": ["-I"], "-X": ["-X", "PUT", "-d", "x"]}[method]
    r = fsock("get", "-f", "--digest", "-u", WHO, *args, gate.url("/digest/sha-256/auth-int"))
    assert r.code == 0 and [m for m, *_ in gate.listen()] == [{"-d": "POST", "-I": "HEAD", "-X": "PUT"}[method]] * 2


def test_a_wrong_password_is_told_once(gate, fsock):
    r = fsock("get", "-f", "--digest", "-u", "alice:wrong", gate.url("/digest/md5/auth"))
    assert r.code == 22 and "the user or the password was refused" in r.errors
    assert gate.ways() == ["-", "Digest"]
    r = fsock("get", "--digest", "-u", WHO, gate.url("/digest/md5/auth/always-stale"))
    assert r.code == 0 and r.stdout == b"who?" and gate.ways() == ["-"] + ["Digest"] * 3


def test_what_is_not_known_is_not_answered(gate, fsock):
    r = fsock("get", "-f", "--anyauth", "-u", WHO, gate.url("/foreign/"))
    assert r.code == 22 and "no way to log in" in r.errors and gate.ways() == ["-"]
    r = fsock("get", "-f", "--digest", "-u", WHO, gate.url("/basic/"))
    assert r.code == 22 and "no way to log in" in r.errors and gate.ways() == ["-"]


@pytest.mark.parametrize("word", ["cut", "long"])
def test_a_challenge_with_an_odd_body(gate, fsock, word):
    r = fsock("get", "-f", "--digest", "-u", WHO, gate.url(f"/digest/md5/auth/{word}"))
    assert r.code == 0 and r.stdout == b"hello"
    ports = [port for *_, port in gate.listen()]
    assert len(ports) == 2 and ports[0] != ports[1]


def test_the_best_that_is_offered(gate, fsock):
    assert fsock("get", "--anyauth", "-u", WHO, gate.url("/several/x")).stdout == b"hello"
    assert gate.ways() == ["-", "Digest"]
    assert fsock("get", "--anyauth", "-u", WHO, gate.url("/basic/x")).stdout == b"hello"
    assert gate.ways() == ["-", "Basic"]
    assert fsock("get", "-f", "--anyauth", "-u", "x:y", gate.url("/basic/x")).code == 22
    assert gate.ways() == ["-", "Basic"]


# ---- Lists ---------------------------------------------------------------------------------------


def urls(gate, path, n=6):
    return [gate.url(f"/{path}/{i}") for i in range(n)]


def test_a_list_is_asked_once(gate, fsock):
    r = fsock("get", "-P", "1", "-s", "--digest", "-u", WHO, *urls(gate, "digest/md5/auth"))
    assert r.code == 0
    heard = gate.listen()
    assert [(field or "-").split()[0] for _, _, field, _ in heard] == ["-"] + ["Digest"] * 6
    counts = [field.partition("nc=")[2][:8] for _, _, field, _ in heard[1:]]
    assert counts == [f"{i:08x}" for i in range(1, 7)]
    r = fsock("get", "-P", "1", "-s", "--anyauth", "-u", WHO, *urls(gate, "basic/a"))
    assert r.code == 0 and gate.ways() == ["-"] + ["Basic"] * 6


def test_nonces_that_change(gate, fsock):
    r = fsock("get", "-P", "1", "-s", "--digest", "-u", WHO, *urls(gate, "digest/sha-256/auth/nextnonce"))
    nonces = [field.partition('nonce="')[2].partition('"')[0] for _, _, field, _ in gate.listen() if field]
    assert r.code == 0 and len(nonces) == len(set(nonces)) == 6
    r = fsock("get", "-P", "1", "-s", "--digest", "-u", WHO, *urls(gate, "digest/sha-256/auth/once", 3))
    assert r.code == 0 and gate.ways() == ["-"] + ["Digest"] * 5


def test_many_at_once(gate, fsock):
    """Requests overtake each other, and the server takes no count that is not above the last."""
    r = fsock("get", "-P", "8", "--per-host", "8", "-s", "--digest", "-u", WHO, *urls(gate, "digest/md5/auth", 60))
    assert r.code == 0
    assert len(gate.listen()) < 100


# ---- To whom -------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["--basic", "--digest", "--anyauth"])
def test_no_passwords_for_another_origin(gate, fsock, how):
    for kind in ("basic/x", "digest/md5/auth"):
        there = gate.url("/moved/" + gate.url(f"/{kind}", host="localhost"))
        r = fsock("get", "-L", how, "-u", WHO, there)
        assert r.stdout == b"who?" and gate.ways()[1:] == ["-"]
    r = fsock("get", "-f", "-L", how, "-u", WHO, gate.url("/moved/" + gate.url("/several/x")))
    assert r.code == (22 if how == "--basic" else 0)


def test_the_url_has_a_user(gate, fsock):
    url = gate.url("/digest/md5/auth", user="alice:wonder%3Aland@")
    assert fsock("get", "--digest", url).stdout == b"hello"
    assert fsock("get", gate.url("/basic/", user="alice:wonder:land@")).stdout == b"hello"


@pytest.mark.parametrize("url", ["http://joe:secret word@127.0.0.1/", "http://joe:secret@127.0.0.1:99999/",
                                 "http://joe:secret@127.0.0.1/\x01", "ftp://joe:secret@127.0.0.1/"])
def test_no_password_in_a_sentence(fsock, url):
    for words in ([], ["--json"]):
        r = fsock("get", *words, url)
        assert r.code and "***@127.0.0.1" in r.text + r.errors, r
        assert "secret" not in r.text + r.errors, r


def test_bearer(gate, fsock, tmp_path):
    (tmp_path / "token").write_text("abc.def-_~+/==\n")
    for args in (["--bearer", "abc.def-_~+/=="], ["--oauth2-bearer", f"@{tmp_path}/token"]):
        assert fsock("get", *args, gate.url("/open/")).code == 0
        assert gate.listen()[0][2] == "Bearer abc.def-_~+/=="
    fsock("get", "-L", "--bearer", "abc", gate.url("/moved/" + gate.url("/open/", host="localhost")))
    assert gate.ways() == ["Bearer", "-"]
    r = fsock("get", "-f", "--bearer", "abc", gate.url("/basic/"))
    assert "the token was refused" in r.errors and gate.ways() == ["Bearer"]
    assert fsock("get", "--bearer", "a\nb", gate.url("/open/")).code == 2


def test_a_line_of_the_callers_own_is_all_there_is(gate, fsock):
    r = fsock("get", "-f", "--digest", "-u", WHO, "-H", "Authorization: Odd x", gate.url("/digest/md5/auth"))
    assert r.code == 22 and gate.ways() == ["Odd"]


# ---- At a proxy ----------------------------------------------------------------------------------


def test_digest_at_a_proxy(gate, fsock):
    proxy = ["-x", f"http://127.0.0.1:{gate.server_port}", "-U", "alice:wonder%3Aland"]
    pages = [f"http://shop.example/open/{i}" for i in range(3)]
    r = fsock("get", "-P", "1", "-s", "--proxy-digest", *proxy, *pages)
    assert r.code == 0 and gate.ways() == ["-", "Digest", "-", "Digest", "-", "Digest", "-"]
    r = fsock("get", "--proxy-anyauth", "--digest", "-u", WHO, *proxy, "http://shop.example/digest/sha-256/auth")
    assert r.stdout == b"hello" and gate.ways() == ["-", "Digest", "-", "Digest", "Digest"]
    r = fsock("get", "-f", "--proxy-basic", *proxy, pages[0])
    assert r.code == 22 and "the user or the password was refused" in r.errors and gate.ways() == ["Basic"]


def test_any_way_at_a_proxy(gate, fsock):
    proxy = ["-x", f"http://127.0.0.1:{gate.server_port}", "-U", "alice:wonder%3Aland"]
    gate.basic_proxy = True
    try:
        r = fsock("get", "--proxy-anyauth", *proxy, "http://shop.example/open/")
        assert r.stdout == b"hello" and gate.ways() == ["-", "Basic", "-"]
        r = fsock("get", "-f", "--proxy-digest", *proxy, "http://shop.example/open/")
        assert r.code == 22 and gate.ways() == ["-"]
    finally:
        gate.basic_proxy = False


@pytest.fixture
def tunnel(gate, site):
    """What leads to the site's https, through a proxy."""
    gate.tunnel = site.https
    return ["-x", f"http://127.0.0.1:{gate.server_port}", "-U", "alice:wonder%3Aland", "--cacert", site.ca]


def test_digest_at_a_tunnel(gate, site, fsock, tunnel):
    """A list is asked once; what can't be met, or was refused, is said so, and no password in the clear."""
    page = f"https://localhost:{site.https}/sized/5"
    for way in ("--proxy-digest", "--proxy-anyauth"):
        r = fsock("get", "-s", way, *tunnel, page)
        assert r.code == 0 and len(r.stdout) == 5 and gate.ways() == ["-", "Digest"], r
    pages = [page + f"?{i}" for i in range(3)]
    r = fsock("get", "-P", "1", "-s", "--proxy-digest", "-H", "Connection: close", *tunnel, *pages)
    assert r.code == 0 and gate.ways() == ["-", "Digest", "Digest", "Digest"], r
    r = fsock("get", "--proxy-digest", *tunnel, "-U", "alice:wrong", page)
    assert r.code == 97 and "the user or the password was refused" in r.errors and gate.ways() == ["-", "Digest"], r
    r = fsock("get", *tunnel, page)
    assert r.code == 97 and gate.ways() == ["Basic"], r


def test_any_way_at_a_tunnel(gate, site, fsock, tunnel):
    page = f"https://localhost:{site.https}/sized/5"
    gate.basic_proxy = True
    try:
        r = fsock("get", "--proxy-anyauth", *tunnel, page)
        assert len(r.stdout) == 5 and gate.ways() == ["-", "Basic"], r
        r = fsock("get", "--proxy-digest", *tunnel, page)
        assert r.code == 97 and "no way to log in" in r.errors and gate.ways() == ["-"], r
    finally:
        gate.basic_proxy = False


def test_curl_gets_through_the_tunnel_as_well(gate, site, tunnel):
    r = subprocess.run(["curl", "-sf", "--noproxy", "", "--proxy-digest", *tunnel, "-U", WHO, f"https://localhost:{site.https}/sized/5"],
                       capture_output=True, timeout=20)
    assert r.returncode == 0 and len(r.stdout) == 5 and gate.ways() == ["-", "Digest"]


# ---- Where passwords come from -------------------------------------------------------------------


def test_password_file_and_environment(gate, fsock, tmp_path):
    (tmp_path / "pw").write_text(PASSWORD + "\nsecond line\n")
    url = gate.url("/basic/")
    assert fsock("get", "-u", USER, "--password-file", f"{tmp_path}/pw", url).stdout == b"hello"
    assert fsock("get", "-u", USER, "--password-file", "-", url, stdin=PASSWORD.encode()).stdout == b"hello"
    assert fsock("get", "-u", USER, "--password-env", "PW", url, env={"PW": PASSWORD}).stdout == b"hello"
    assert set(gate.ways()) == {"Basic"}
    for args, code, why in [
        (["-u", USER, "--password-file", f"{tmp_path}/none"], 26, "can't read"),
        (["-u", USER, "--password-env", "NONE"], 2, "no NONE in the environment"),
        (["--password-env", "PW"], 2, "-u USER"),
        (["-u", WHO, "--password-env", "PW"], 2, "has a password already"),
        (["-u", WHO, "--bearer", "x"], 2, "drop one"),
        (["-u", USER, "--password-env", "PW", "--password-file", "x"], 2, "drop one"),
        (["-u", WHO, "--digest", "--no-wait"], 2, "--no-wait"),
        (["--bearer", "x", "--digest"], 2, "drop"),
    ]:
        r = fsock("get", *args, url)
        assert r.code == code and why in r.errors, r
    assert not gate.listen()


def test_the_terminal_is_asked(gate, build):
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(build / "cli/fsock", ["fsock", "get", "-s", "-u", USER, gate.url("/basic/")], clean_env())
    shown = b""
    while b"password of alice: " not in shown:
        shown += os.read(fd, 1000)
    os.write(fd, PASSWORD.encode() + b"x\x7f\n")
    try:
        while chunk := os.read(fd, 1000):
            shown += chunk
    except OSError:  # the terminal is gone
        pass
    assert os.waitpid(pid, 0)[1] == 0
    os.close(fd)
    assert shown.endswith(b"\r\nhello") and PASSWORD.encode() not in shown
    assert [field for _, _, field, _ in gate.listen()] == [PLAIN]


def test_without_a_terminal_it_is_said_what_to_do(gate, build):
    r = subprocess.run([build / "cli/fsock", "get", "-u", USER, gate.url("/basic/")], capture_output=True,
                       env=clean_env(), start_new_session=True, timeout=20)
    assert r.returncode == 2 and b"--password-file" in r.stderr and not gate.listen()


# ---- netrc ---------------------------------------------------------------------------------------

NETRC = f"""# machine localhost login not password this
machine 127.0.0.1 login {USER} password "{PASSWORD}"
machine localhost login bob password secret
machine localhost login {USER} password {PASSWORD}
default login anonymous password guest
"""


@pytest.fixture
def netrc(tmp_path):
    path = tmp_path / ".netrc"
    path.write_text(NETRC)
    path.chmod(0o600)
    return str(path)


def users(gate):
    return [base64.b64decode(field.split()[1]).decode() if field else None for _, _, field, _ in gate.listen()]


def test_netrc(gate, fsock, netrc, tmp_path):
    here, local = gate.url("/basic/"), gate.url("/basic/", host="localhost")
    other = ["--resolve", f"other.example:{gate.server_port}:127.0.0.1", gate.url("/open/", host="other.example")]
    for args in (["-n", here], ["--netrc", here], [f"--netrc={netrc}", here], ["--netrc-file", netrc, here],
                 ["-n", "-u", USER, local], ["-n", gate.url("/basic/", host="localhost", user="alice@")]):
        assert fsock("get", *args, env={"HOME": str(tmp_path)}).stdout == b"hello", args
        assert users(gate) == [WHO]
    fsock("get", f"--netrc={netrc}", local)
    fsock("get", f"--netrc={netrc}", *other)
    fsock("get", f"--netrc={netrc}", "-u", "x:y", here)
    assert users(gate) == ["bob:secret", "anonymous:guest", "x:y"]
    assert fsock("get", f"--netrc={netrc}", "--digest", gate.url("/digest/md5/auth")).stdout == b"hello"
    gate.listen()
    r = fsock("get", f"--netrc={netrc}", "-s", here, local)
    assert sorted(users(gate)) == [WHO, "bob:secret"] and r.code == 110


def test_netrc_of_redirects(gate, fsock, netrc):
    """Each host gets its own; what is for all is for none that a redirect leads to."""
    args = ["get", "-L", f"--netrc={netrc}", "--resolve", f"other.example:{gate.server_port}:127.0.0.1"]
    fsock(*args, gate.url("/moved/" + gate.url("/basic/"), host="localhost"))
    fsock(*args, gate.url("/moved/" + gate.url("/open/", host="other.example")))
    assert users(gate) == ["bob:secret", WHO, WHO, None]


def test_netrc_that_others_can_read(gate, fsock, netrc):
    os.chmod(netrc, 0o640)
    r = fsock("get", f"--netrc={netrc}", gate.url("/basic/"))
    assert r.code == 26 and "chmod 600" in r.errors and not gate.listen()
    r = fsock("get", "--netrc-file", netrc + "x", gate.url("/basic/"))
    assert r.code == 26 and "can't read" in r.errors


def test_netrc_with_long_words(gate, fsock, netrc):
    """A token is told whole, or not at all."""
    for n, code in ((8192, 0), (8193, 26)):
        pathlib.Path(netrc).write_text(f"machine 127.0.0.1 login alice password {'x' * n}\n")
        assert fsock("get", f"--netrc={netrc}", gate.url("/open/")).code == code
    assert users(gate) == ["alice:" + "x" * 8192]


# ---- Traces --------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["--basic", "--digest"])
def test_no_trace_has_a_secret(gate, fsock, tmp_path, how):
    trace = tmp_path / "t.jsonl"
    page = "/basic/x" if how == "--basic" else "/digest/md5/auth"
    r = fsock("get", how, "-u", WHO, "--trace", str(trace), "--trace-data", gate.url(page))
    text = trace.read_text()
    assert r.stdout == b"hello" and "***" in text
    assert not has_secret(text, PASSWORD, PLAIN.split()[1], "response=", "cnonce=")
    if how == "--digest":
        assert any(json.loads(line).get("why") == "Digest is asked for" for line in text.splitlines())
