"""fsock get: where connections go, TLS, proxies, limits and ceilings, and what is said of them."""

import socket
import subprocess
import threading
import time

import pytest


def fails(result, code, *words):
    """It failed with this code, in one sentence that has these words."""
    assert result.code == code and not result.stdout, result
    assert result.errors.startswith("fsock: get: "), result
    for word in words:
        assert word in result.errors, result


# ---- Where to ---------------------------------------------------------------------------------


def test_resolve(site, fsock):
    rule = f"some.example:{site.http}:127.0.0.1"
    url = site.url("/plain/5", host="some.example")
    assert fsock("get", "--resolve", rule, url).code == 0
    assert fsock("get", f"--resolve=*:{site.http}:127.0.0.1", url).code == 0
    fails(fsock("get", "--resolve", "nonsense", url), 2, "nonsense")


def test_dns_servers(site, fsock):
    url = site.url("/plain/5", host="a.site.test")
    result = fsock("get", "--dns-servers", f"127.0.0.1:{site.dns}", url)
    assert result.code == 0, result
    silent = ["--dns-servers", f"127.0.0.1:{site.dns_mute}"]
    result = fsock("get", *silent, "--connect-timeout", "0.5", url)
    fails(result, 28, "resolve", "--connect-timeout raises this limit")
    assert result.took(0.5, 1.5)
    fails(fsock("get", "--dns-servers", "not-an-address", url), 2)


def test_one_family_fails_while_the_other_is_not_answered(site, fsock):
    """Its refusal is the answer, long before the limit; the name server never tells of the other."""
    url = f"http://slow6.site.test:{site.ports['tcp-refused']}/"
    result = fsock("get", "--dns-servers", f"127.0.0.1:{site.dns}", "--connect-timeout", "8", url)
    fails(result, 7, "refused")
    assert result.took(0, 4)


def test_unix_socket(site, fsock):
    result = fsock("get", "--unix-socket", site.unix, "http://any.host/plain/5")
    assert result.code == 0 and result.stdout == site.get("/plain/5")[2]
    fails(fsock("get", "--unix-socket=/nonexistent", "http://any.host/"), 7, "no such file")


def test_dropped_bodies(site, fsock, tmp):
    """What nobody wants is received all the same, whatever the layers below, and counted."""
    for path in ("/huge/10000000", "/huge-chunked/10000000", "/huge-gzip/10000000"):
        for url, *args in ((site.url(path),), ("http://any" + path, "--unix-socket", site.unix),
                           (site.url(path, "https", "localhost"), "--cacert", site.ca)):
            record = fsock("get", "--json", *args, url).records[0]
            assert record["err"] == "ok" and record["size_body"] == 10000000, record


def test_interface(site, fsock):
    result = fsock("get", "--interface", "127.0.0.2", "-w", "%{local_ip}", "-o", "x",
                   site.url("/plain/5"))
    assert result.code == 0 and result.text == "127.0.0.2"
    assert fsock("get", "--interface=lo", site.url("/plain/5")).code == 0
    assert fsock("get", "--interface", "no-such-if", site.url("/plain/5")).code not in (0,)


@pytest.mark.parametrize("option, address", [("-4", "127.0.0.1"), ("--ipv6", "::1")])
def test_families(site, fsock, option, address):
    result = fsock("get", option, "-w", "%{remote_ip}", "-o", "x",
                   site.url("/plain/5", host="localhost"))
    assert result.code == 0 and result.text == address, result
    other = "[::1]" if option == "-4" else "127.0.0.1"
    assert fsock("get", option, site.url("/plain/5", host=other)).code != 0


def test_fast_open(site, fsock):
    assert fsock("get", "--tcp-fastopen", site.url("/plain/5")).code == 0


# ---- TLS --------------------------------------------------------------------------------------


def test_certificates(site, fsock):
    url = site.url("/plain/5", "https", host="localhost")
    assert fsock("get", "--cacert", site.ca, url).code == 0
    fails(fsock("get", url), 60, "tls")
    for option in ("-k", "--insecure"):
        assert fsock("get", option, url).code == 0
    fails(fsock("get", "--cacert", "/nonexistent", url), 77, "/nonexistent")
    fails(fsock("get", "--cacert", site.ca, site.url("/", "tls-expired", host="localhost")), 60)


def test_client_certificates(site, fsock):
    url = site.url("/plain/5", "tls-client-cert", host="localhost")
    cert = str(site.folder / "client.pem")
    for key in ([], ["--key", site.folder / "key.pem"]):
        result = fsock("get", "--cacert", site.ca, "--cert", cert, *key, url)
        assert result.code == 0, result
    assert fsock("get", "--cacert", site.ca, url).code in (35, 56)
    fails(fsock("get", "--cert", "/nonexistent", url), 58, "/nonexistent")
    fails(fsock("get", "--key", cert, url), 2, "--cert")


def test_tls_versions(site, fsock):
    ca = ["--cacert", site.ca]
    only12 = site.url("/plain/5", "tls12-only", host="localhost")
    only13 = site.url("/plain/5", "tls13-only", host="localhost")
    assert fsock("get", *ca, "--tls-max", "1.2", only12).code == 0
    fails(fsock("get", *ca, "--tls-min=1.3", only12), 35)
    fails(fsock("get", *ca, "--tls-max=1.2", only13), 35)
    fails(fsock("get", "--tls-min", "9", only12), 2, "1.3")


def test_key_log(site, fsock, tmp):
    url = site.url("/plain/5", "https", host="localhost")
    assert fsock("get", "-k", url, env={"SSLKEYLOGFILE": tmp / "keys"}).code == 0
    assert "CLIENT" in (tmp / "keys").read_text()


# ---- Proxies ----------------------------------------------------------------------------------


def test_proxies(site, fsock):
    url = site.url("/plain/5")
    page = site.get("/plain/5")[2]
    for proxy in (f"http://127.0.0.1:{site.proxy}", f"socks5://127.0.0.1:{site.socks5}",
                  f"socks5h://127.0.0.1:{site.socks5}"):
        result = fsock("get", "-x", proxy, url)
        assert result.code == 0 and result.stdout == page, result
    proxy = f"http://127.0.0.1:{site.proxy_auth}"
    assert fsock("get", "-f", "--proxy", proxy, url).code == 22
    assert fsock("get", "-f", "-x", proxy, "-U", "user:pass", url).code == 0
    assert fsock("get", "-f", "-x", proxy, "--proxy-user=user:pass", url).code == 0
    dead = {"http_proxy": "http://127.0.0.1:1"}
    fails(fsock("get", url, env=dead), 7)
    assert fsock("get", "--noproxy", "127.0.0.1", url, env=dead).code == 0
    assert fsock("get", "-x", "", url, env=dead).code == 0
    socks = f"socks5://127.0.0.1:{site.socks5_refuse}"
    fails(fsock("get", "-x", socks, url), 97, "proxy")


# ---- Limits and ceilings ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "service, path, args, stage, option",
    [
        ("tcp-backlog", "/", ["--connect-timeout", "0.4"], "connect", "--connect-timeout"),
        ("tls-mute", "/", ["-k", "--connect-timeout=400ms"], "tls", "--connect-timeout"),
        ("tcp-mute", "/", ["--read-timeout", "0.4"], "head", "--read-timeout"),
        ("http", "/half-body", ["--read-timeout", "0.4"], "body", "--read-timeout"),
        ("http", "/drip-body", ["-m", "0.4"], "body", "-m"),
        ("tcp-drip", "/", ["--max-time=0.4"], "head", "-m"),
        ("tcp-backlog", "/", ["-m", "0.4"], "connect", "-m"),
    ],
)
def test_limits(site, fsock, service, path, args, stage, option):
    result = fsock("get", "--json", *args, site.url(path, service))
    record = result.records[0]
    assert result.code == record["exitcode"] == 28, result
    assert record["stage"] == stage and record["err"] == "timeout"
    assert record["errormsg"].endswith(f"({option} raises this limit)")
    assert 0.4 <= record["time_total"] < 0.6 and result.took(0, 1.5)


def test_a_list_has_a_total_of_its_own(site, fsock):
    """-m 0 turns it off; that it is 60 s otherwise is more than a test can wait for."""
    result = fsock("get", "-m", "0", "--read-timeout", "0.3", *[site.url("/mute")] * 2)
    assert result.code == 111 and result.text.count("--read-timeout raises") == 2


def test_ceilings(site, fsock):
    url = site.url("/sized/5000")
    assert fsock("get", "--max-body", "5000", url).code == 0
    for option in ("--max-body", "--max-filesize"):
        result = fsock("get", option, "4999", "-o", "x", url)
        fails(result, 63, "--max-body raises this limit")
    result = fsock("get", "--max-ratio", "10", "-o", "x", site.url("/huge-gzip/10000000"))
    fails(result, 63, "--max-ratio raises this limit")
    assert fsock("get", "--max-ratio", "100000", "-o", "x", site.url("/huge-gzip/1000000")).code == 0


# ---- Exit codes and the command line ----------------------------------------------------------


@pytest.mark.parametrize(
    "path, code",
    [("/empty-reply", 52), ("/reset", 56), ("/truncated", 18), ("/no-last-chunk", 18),
     ("/bad-chunk", 56), ("/bad-crc-gzip", 61), ("/garbage", 8), ("/redirect-loop", 47),
     ("/status/404", 22), ("/plain/1", 0)],
)
def test_curls_numbers(site, fsock, path, code):
    result = fsock("get", "-f", "-L", "-o", "x", site.url(path))
    assert result.code == code, result
    assert (result.errors == "") == (code == 0)


@pytest.mark.parametrize(
    "url, code",
    [("http://nonexistent.invalid/", 6), ("http://127.0.0.1:1/", 7), ("ftp://host/", 1),
     ("http://a b/", 3), ("http://", 3), ("http://h:99999/", 3), ("", 3)],
)
def test_urls_that_lead_nowhere(fsock, url, code):
    fails(fsock("get", url), code)


@pytest.mark.parametrize(
    "args, words",
    [
        ([], "no URL"),
        (["--bogus", "u"], "unknown option --bogus"),
        (["--conect-timeout", "1", "u"], "did you mean --connect-timeout?"),
        (["-P", "0", "u"], "-P needs a whole number from 1"),
        (["-m", "soon", "u"], "-m needs a time like"),
        (["--max-body", "x", "u"], "--max-body needs a size like"),
        (["-o", "a", "-o", "b", "u"], "more -o than URLs"),
        (["-o", "a", "-i", "-"], "for a list use -O"),
        (["-o", "", "u"], "-o needs the name of a file"),
        (["-i", ""], "-i needs the name of a file"),
        (["--sitemap", ""], "--sitemap needs a URL"),
        (["--allow=", "u"], "--allow needs a host"),
        (["--deny=", "u"], "--deny needs a host"),
        (["-r", "x", "u"], "-r needs a part of the body"),
        (["-r", "5-2", "u"], "-r needs a part of the body"),
        (["-O", "--output-dir", "", "u"], "--output-dir needs the name of a directory"),
        (["-o", "-", "u", "v"], "mixed with the records"),
        (["--json", "-w", "x", "u"], "drop one of them"),
        (["-I", "-d", "x", "u"], "-I asks for the header only"),
        (["-C", "100", "-O", "u"], "-C knows only '-'"),
        (["-C", "-", "u"], "say which with -o FILE or -O"),
        (["-u", "user:password", "--password-env", "X", "u"], "has a password already"),
    ],
)
def test_usage(fsock, args, words):
    result = fsock("get", *args)
    assert result.code == 2 and not result.stdout
    assert result.errors.startswith("fsock: get: ") and words in result.errors
    assert result.errors.count("\n") == 1


def test_main(fsock):
    assert fsock("--version").text.startswith("fsock 0.")
    assert "\n  get " in fsock("--help").text and fsock("--help").code == 0
    result = fsock()
    assert result.code == 2 and "usage: fsock" in result.errors
    result = fsock("gte")
    assert result.code == 2 and result.errors == "fsock: unknown verb 'gte'; did you mean 'get'?\n"
    full = subprocess.run(["sh", "-c", '"$0" get --help >/dev/full', fsock.program])
    assert full.returncode == 23


def test_numbers_do_not_follow_the_locale(site, fsock):
    env = {"LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8"}
    result = fsock("get", "-m", "1.5", "-w", "%{time_total}", "-o", "x", site.url("/plain/1"), env=env)
    assert result.code == 0 and "." in result.text


def test_a_fast_body_that_becomes_slow(fsock):
    """Much is waited for at once, but little is never held back: each piece ends the silence."""
    def serve(listener):
        peer, _ = listener.accept()
        with peer:
            peer.recv(65536)
            peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            for burst in bursts:
                peer.sendall(b"x" * burst)
                time.sleep(0.6)
                peer.sendall(b"y" * 1000)
                time.sleep(0.6)

    bursts = [2000000, 2017000, 2029000, 2043000]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=serve, args=(listener,))
        server.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        result = fsock("get", "--read-timeout", "1", url)
        server.join()
    assert result.code == 0 and len(result.stdout) == sum(bursts) + 4000, result.stderr
