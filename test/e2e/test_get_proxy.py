"""fsock get by SOCKS proxies: Dante, which nobody here wrote, and the site's own."""

import socket
import subprocess
import time

import pytest

READY_SECONDS = 20  # how long Dante may take to come up

CONFIG = """\
logoutput: {folder}/danted.log
internal: 127.0.0.1 port = {port}
external: 127.0.0.1
clientmethod: none
socksmethod: none
client pass {{
    from: 127.0.0.0/8 to: 0.0.0.0/0
}}
socks block {{
    from: 127.0.0.0/8 to: 127.0.0.2/32
}}
socks pass {{
    from: 127.0.0.0/8 to: 0.0.0.0/0
    command: connect
}}
"""


@pytest.fixture(scope="module")
def dante(tmp_path_factory):
    """HOST:PORT of a Dante that goes everywhere but to 127.0.0.2. It does not know SOCKS4a."""
    folder = tmp_path_factory.mktemp("dante")
    log = folder / "danted.log"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "danted.conf").write_text(CONFIG.format(folder=folder, port=port))
    process = subprocess.Popen(["/usr/sbin/danted", "-f", str(folder / "danted.conf"),
                                "-p", str(folder / "danted.pid")])
    end = time.monotonic() + READY_SECONDS
    while not (log.exists() and "running" in log.read_text()):
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            pytest.fail(log.read_text() if log.exists() else "Dante did not start")
        time.sleep(0.02)
    yield f"127.0.0.1:{port}"
    process.terminate()
    process.wait(READY_SECONDS)


def fails(result, code, *words):
    """It failed with this code, in a sentence that has these words."""
    assert result.code == code and not result.stdout, result
    for word in words:
        assert word in result.errors, result


@pytest.mark.parametrize("proxy", ["socks4://", "socks4://me@", "socks5://", "socks5h://"])
def test_dante(site, fsock, dante, proxy):
    page = site.get("/plain/19")[2]
    for url in (site.url("/plain/19"), site.url("/plain/19", "https")):
        result = fsock("get", "-k", "-x", proxy + dante, url)
        assert result.code == 0 and result.stdout == page, result
    refused = f"http://127.0.0.1:{site.ports['tcp-refused']}/"
    for url in (refused, site.url("/", host="127.0.0.2")):
        fails(fsock("get", "-x", proxy + dante, url), 97, "the proxy says: ")


def test_dante_looks_up_nothing_for_socks4(site, fsock, dante):
    """The name is known here alone, and of its addresses only IPv4's are for SOCKS4."""
    url = site.url("/plain/5", host="here.example")
    here = ["--resolve", f"here.example:{site.http}:[::1],127.0.0.1"]
    result = fsock("get", "-x", f"socks4://{dante}", *here, url)
    assert result.code == 0 and result.stdout == site.get("/plain/5")[2], result
    only6 = ["--resolve", f"here.example:{site.http}:[::1]"]
    fails(fsock("get", "-x", f"socks4://{dante}", *only6, url), 6, "no address of this family")


def test_socks4a_names_are_looked_up_there(site, fsock):
    """The site's proxy knows names that no name server is asked for."""
    proxy = f"socks4a://127.0.0.1:{site.socks4}"
    silent = ["--dns-servers", f"127.0.0.1:{site.dns_mute}"]
    url = site.url("/plain/5", host="a.site.test")
    result = fsock("get", "-x", proxy, *silent, url)
    assert result.code == 0 and result.stdout == site.get("/plain/5")[2], result
    assert fsock("get", *silent, url, env={"all_proxy": proxy}).code == 0
    secret = site.url("/plain/5", "https", host="localhost")
    assert fsock("get", "--cacert", site.ca, "-x", proxy, *silent, secret).code == 0


def test_socks4_users_and_refusals(site, fsock):
    url, at = site.url("/plain/5"), f"127.0.0.1:{site.socks4}"
    assert fsock("get", "-x", f"socks4://user@{at}", url).code == 0
    assert fsock("get", "-x", f"socks4a://{at}", "-U", "user", url).code == 0
    fails(fsock("get", "-x", f"socks4://other@{at}", url), 97, "93, the identd")
    fails(fsock("get", "-x", f"socks4://127.0.0.1:{site.socks4_refuse}", url), 97, "91, refused")
    fails(fsock("get", "-x", f"socks4://127.0.0.1:{site.socks5}", url), 97, "the proxy closed")


def test_what_socks4_can_not_carry(site, fsock):
    """It is refused before anybody is asked: the proxy isn't even there."""
    url = site.url("/plain/5")
    for proxy in ("socks4", "socks4a"):
        nobody = f"{proxy}://127.0.0.1:1"
        fails(fsock("get", "-x", nobody, site.url("/", host="[::1]")), 3, "has an IPv6 address")
        fails(fsock("get", "-x", nobody, "-U", "user:pass", url), 2, "SOCKS4 knows none")
    fails(fsock("get", "-x", f"socks4://127.0.0.1:{site.socks4}", "http://0.0.0.9/"), 3,
          "stands for a name")
