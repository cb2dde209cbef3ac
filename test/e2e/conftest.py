"""Fixtures of the end-to-end tests: the site to talk to, and the command to talk with.

FSOCK_BUILD is the Meson build directory whose fsock and fsock-site are tested.
"""

import json
import os
import pathlib
import signal
import ssl
import subprocess
import time
import urllib.request

import pytest

from stopwatch import Stopwatch

READY_SECONDS = 20  # how long the site may take to come up
HARD_SECONDS = 60  # when a command that does not return is killed


@pytest.fixture(scope="session")
def build():
    """The build directory."""
    path = pathlib.Path(os.environ.get("FSOCK_BUILD", "build")).resolve()
    if not (path / "build.ninja").exists():
        pytest.exit(f"FSOCK_BUILD: no build directory at {path}", returncode=2)
    return path


def clean_env(**extra):
    """An environment in which nothing outside decides: no proxies, the C locale, no colour."""
    env = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    for name in ("NO_COLOR", "CLICOLOR", "SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE"):
        env.pop(name, None)
    env.update({"LC_ALL": "C", "TERM": "dumb"})
    env.update({k: str(v) for k, v in extra.items()})
    return env


class Site:
    """A running fsock-site. site.http, site.dns and so on are its ports; see --list for them all."""

    def __init__(self, program, folder, *options):
        self.folder = pathlib.Path(folder)
        self.unix = str(self.folder / "site.sock")
        args = [str(program), "--stdin", "--cert-dir", str(self.folder), "--unix", self.unix]
        self.process = subprocess.Popen(
            args + list(options), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=clean_env()
        )
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"fsock-site did not start: {self.process.wait(READY_SECONDS)}")
        self.ports = json.loads(line)

    def __getattr__(self, name):
        try:
            return self.ports[name.replace("_", "-")]
        except KeyError:
            raise AttributeError(f"the site has no service {name}") from None

    @property
    def ca(self):
        """The certificate to trust."""
        return str(self.folder / "ca.pem")

    def context(self):
        """What a server needs to have the site's own certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "site.pem", self.folder / "key.pem")
        return context

    def url(self, path="/", service="http", host="127.0.0.1"):
        """The URL of a page; services whose name has tls in it, and https, speak https."""
        scheme = "https" if service == "https" or service.startswith("tls") else "http"
        return f"{scheme}://{host}:{self.ports[service]}{path}"

    def get(self, path, service="http", headers=None):
        """Fetches a page with Python's own client: (status, headers, body)."""
        handlers = [urllib.request.ProxyHandler({})]
        if service != "http":
            context = ssl.create_default_context(cafile=self.ca)
            handlers.append(urllib.request.HTTPSHandler(context=context))
        request = urllib.request.Request(self.url(path, service), headers=headers or {})
        with urllib.request.build_opener(*handlers).open(request, timeout=20) as answer:
            return answer.status, answer.headers, answer.read()

    def stats(self):
        """The site's counters."""
        return json.loads(self.get("/stats")[2])

    def stop(self):
        """Ends the process by the end of its input; its exit code."""
        self.process.stdin.close()
        self.process.stdout.close()
        try:
            return self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


@pytest.fixture(scope="session")
def site(build, tmp_path_factory):
    """The site, one for the whole run."""
    server = Site(build / "test/site/fsock-site", tmp_path_factory.mktemp("site"))
    yield server
    code = server.stop()
    assert code == 0, f"fsock-site ended with {code}"


class Result:
    """What a run of the command gave: code (negative: killed by that signal), bytes, seconds."""

    def __init__(self, args, code, stdout, stderr, watch):
        self.args, self.code = args, code
        self.stdout, self.stderr = stdout, stderr
        self.elapsed, self.took = watch.seconds, watch.between

    @property
    def text(self):
        return self.stdout.decode("utf-8", "surrogateescape")

    @property
    def errors(self):
        return self.stderr.decode("utf-8", "surrogateescape")

    @property
    def lines(self):
        return self.text.splitlines()

    @property
    def records(self):
        """The JSON Lines on stdout."""
        return [json.loads(line) for line in self.lines]

    def __repr__(self):
        return (
            f"<{' '.join(self.args)}: code {self.code} after {self.elapsed:.3f} s\n"
            f"stdout {self.stdout[:2000]!r}\nstderr {self.stderr[:2000]!r}>"
        )


@pytest.fixture
def fsock(build, tmp_path):
    """Runs the command in a directory of its own: fsock("get", url, stdin=b"", timeout=5)."""

    def run(*args, stdin=None, timeout=HARD_SECONDS, env=None, cwd=None):
        words = [str(build / "cli/fsock")] + [str(a) for a in args]
        watch = Stopwatch()
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=clean_env(**(env or {})),
            cwd=cwd or tmp_path,
        )
        try:
            out, err = process.communicate(stdin, timeout)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            out, err = process.communicate()
            pytest.fail(f"{words} did not return within {timeout} s: {out[-500:]!r} {err[-500:]!r}")
        return Result(words, process.returncode, out, err, watch.stop())

    run.program = str(build / "cli/fsock")
    return run


@pytest.fixture
def tmp(tmp_path):
    """A directory for this test alone."""
    return tmp_path
