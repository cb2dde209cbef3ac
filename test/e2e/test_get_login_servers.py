"""fsock get: logging in at servers that nobody here wrote: nginx, by password and by certificate, and
tinyproxy with a password, for http and for https."""

import contextlib
import pathlib
import socket
import subprocess
import time

import pytest

from caches import free_ports
from conftest import clean_env

READY_SECONDS = 20

NGINX = """
daemon off; master_process off; pid {path}/nginx.pid;
events {{ }}
http {{
  access_log off;
  client_body_temp_path {path}/t; proxy_temp_path {path}/t; fastcgi_temp_path {path}/t;
  uwsgi_temp_path {path}/t; scgi_temp_path {path}/t;
  server {{
    listen 127.0.0.1:{http};
    location /in {{ auth_basic "in here"; auth_basic_user_file {path}/users; alias {path}/page; }}
    location /open {{ alias {path}/page; }}
  }}
  server {{
    listen 127.0.0.1:{https} ssl;
    ssl_certificate {site}/site.pem; ssl_certificate_key {site}/key.pem;
    ssl_client_certificate {site}/ca.pem; ssl_verify_client optional;
    location / {{ if ($ssl_client_verify != SUCCESS) {{ return 403; }} return 200 "$ssl_client_s_dn\\n"; }}
    location /open {{ alias {path}/page; }}
  }}
}}
"""

TINYPROXY = """
Port {proxy}
Listen 127.0.0.1
Allow 127.0.0.1
Timeout 60
MaxClients 20
BasicAuth alice wonderland
"""


def wait_ready(port):
    until = time.monotonic() + READY_SECONDS
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        assert time.monotonic() < until, f"nobody listens at {port}"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def servers(site, tmp_path_factory):
    path = tmp_path_factory.mktemp("login")
    ports = dict(zip(("http", "https", "proxy"), free_ports(3)))
    (path / "page").write_text("hello")
    (path / "users").write_text("alice:{PLAIN}wonderland\n")
    (path / "nginx.conf").write_text(NGINX.format(path=path, site=pathlib.Path(site.folder), **ports))
    (path / "tiny.conf").write_text(TINYPROXY.format(**ports))
    commands = [["nginx", "-p", f"{path}/", "-c", "nginx.conf", "-e", "error.log"], ["tinyproxy", "-d", "-c", path / "tiny.conf"]]
    with contextlib.ExitStack() as stack:
        for command in commands:
            process = stack.enter_context(subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=clean_env()))
            stack.callback(process.kill)
        for port in ports.values():
            wait_ready(port)
        yield ports


def test_basic_at_nginx(servers, fsock):
    url = f"http://127.0.0.1:{servers['http']}/in"
    assert fsock("get", "-u", "alice:wonderland", url).stdout == b"hello"
    assert fsock("get", "--anyauth", "-u", "alice:wonderland", url).stdout == b"hello"
    assert fsock("get", "-f", "--anyauth", "-u", "alice:wrong", url).code == 22
    assert fsock("get", "-f", url).code == 22


def test_certificates_at_nginx(servers, site, fsock):
    url = f"https://localhost:{servers['https']}/"
    r = fsock("get", "-f", "--cacert", site.ca, "--cert", f"{site.folder}/client.pem", url)
    assert r.code == 0 and r.stdout.startswith(b"CN="), r
    assert fsock("get", "-f", "--cacert", site.ca, url).code == 22


def test_basic_at_tinyproxy(servers, site, fsock):
    plain, tls = f"http://127.0.0.1:{servers['http']}/open", f"https://localhost:{servers['https']}/open"
    proxy = f"127.0.0.1:{servers['proxy']}"
    for url in (plain, tls):
        args = ["get", "-f", "--cacert", site.ca, "-x"]
        for ways in ([], ["--proxy-basic"], ["--proxy-anyauth"]):
            r = fsock(*args, proxy, "-U", "alice:wonderland", *ways, url)
            assert r.stdout == b"hello", r
        assert fsock(*args, f"http://alice:wonderland@{proxy}", url).stdout == b"hello"
        assert fsock(*args, proxy, "-U", "alice:wrong", url).code in (22, 97)
        assert fsock(*args, proxy, url).code in (22, 97)
