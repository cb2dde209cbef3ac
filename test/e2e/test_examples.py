"""The programs in examples/, and what a stranger does: install, pkg-config, compile, run."""

import gzip
import os
import pathlib
import re
import subprocess
import time

import pytest

from conftest import clean_env
from webserver import Handler, Server

ROOT = pathlib.Path(__file__).parents[2]


EXAMPLES = sorted(path.stem for path in (ROOT / "examples").glob("*.c"))


def run(program, *args, stdin=b"", **env):
    return subprocess.run([program, *args], input=stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env=clean_env(**env), timeout=60)


def test_get(build, site):
    done = run(build / "examples/get", site.url("/plain/9"))
    assert done.returncode == 0 and done.stdout == site.get("/plain/9")[2] and not done.stderr


@pytest.mark.plain
def test_get_ends_in_time(build, site):
    done = run(build / "examples/get", site.url("/drip-head"))
    assert done.returncode == 1 and b"time is up" in done.stderr and not done.stdout


def test_fetch(build, site):
    good = [site.url(f"/sized/{n}") for n in range(1, 300)]
    text = "\n".join([*good, "", "http://[broken/", site.url("/reset"), site.url("/redirect/2")])
    done = run(build / "examples/fetch", stdin=text.encode())
    lines = done.stdout.decode().splitlines()
    assert done.returncode == 1 and len(lines) == len(good) + 3
    assert sorted(lines)[:2] == sorted(line for line in lines if line.startswith("--- "))
    assert {f"200 {n} {url}" for n, url in enumerate(good, 1)} < set(lines)
    assert sum(line.startswith("200 ") for line in lines) == len(good) + 1


def test_fetch_waits_for_room(build, site):
    """More URLs than the queue takes at once."""
    url = site.url("/empty?" + "x" * 4000)
    done = run(build / "examples/fetch", stdin=f"{url}\n".encode() * 2000)
    assert done.returncode == 0 and done.stdout.count(b"\n") == 2000


def test_lookup(build, site):
    def lookup(*args):
        return run(build / "examples/lookup", *args, f"127.0.0.1:{site.dns}")

    done = lookup("site.test", "MX")
    assert done.returncode == 0 and done.stdout == b"site.test. 60 MX 10 mail.site.test.\n"
    assert lookup("127.0.0.9", "PTR").stdout == b"9.0.0.127.in-addr.arpa. 60 PTR h9.site.test.\n"
    done = lookup("nx.site.test", "A")
    assert done.returncode == 0 and done.stdout == b"nx.site.test. NXDOMAIN\n" and not done.stderr
    done = lookup("servfail.site.test", "A")
    assert done.returncode == 1 and not done.stdout and b"says SERVFAIL" in done.stderr


@pytest.mark.plain
def test_lookup_ends_in_time(build, site):
    start = time.monotonic()
    done = run(build / "examples/lookup", "mute.site.test", "A", f"127.0.0.1:{site.dns}")
    assert done.returncode == 1 and b"no answer from" in done.stderr
    assert 2.9 < time.monotonic() - start < 3.3


def test_reverse(build, site):
    """More addresses than the queue takes at once, and what isn't one."""
    good = {f"127.0.0.{n}": f"h{n}.site.test." for n in range(256)}
    text = "\n".join([*good, *good, *good, "", "a..b", "192.0.2.1"])
    done = run(build / "examples/reverse", f"127.0.0.1:{site.dns}", stdin=text.encode())
    lines = done.stdout.decode().splitlines()
    assert done.returncode == 1 and not done.stderr and len(lines) == 3 * len(good) + 2
    assert set(lines) == {*(f"{a} {name}" for a, name in good.items()), "192.0.2.1 NXDOMAIN",
                          '--- "a..b": two dots follow each other, or the name begins with one'}


@pytest.fixture(scope="module")
def installed(build, tmp_path_factory):
    """pkg-config's words for what `meson install` has put under a directory of its own."""
    top = tmp_path_factory.mktemp("installed")
    subprocess.run(["meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", top],
                   check=True, stdout=subprocess.DEVNULL)
    found = next(top.rglob("fsock.pc"))
    env = dict(os.environ, PKG_CONFIG_PATH=str(found.parent), PKG_CONFIG_SYSROOT_DIR=str(top))

    def words(*options):
        done = subprocess.run(["pkg-config", *options, "fsock"], check=True, env=env, text=True,
                              stdout=subprocess.PIPE)
        return done.stdout.split()

    words.top = top
    words.lib = str(found.parents[1])
    return words


@pytest.mark.plain
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("name", ["get", "fetch", "lookup", "reverse"])
def test_install_and_compile(installed, site, tmp, compiler, name):
    program = tmp / name
    subprocess.run(
        [compiler, "-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-o", program,
         ROOT / f"examples/{name}.c", *installed("--cflags", "--libs")], check=True)
    server, url = f"127.0.0.1:{site.dns}", site.url("/plain/9")
    args, text = {"get": ([url], ""), "fetch": ([], url), "reverse": ([server], "127.0.0.1"),
                  "lookup": (["127.0.0.1", "PTR", server], "")}[name]
    done = subprocess.run([program, *args], input=text.encode(), stdout=subprocess.PIPE,
                          env=clean_env(LD_LIBRARY_PATH=installed.lib), timeout=60)
    assert done.returncode == 0 and done.stdout


@pytest.mark.plain
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_installed(installed, tmp, compiler, name):
    """Each compiles against what was installed, as the strictest C99, and finds the library."""
    program = tmp / name
    subprocess.run(
        [compiler, "-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-o", program,
         ROOT / f"examples/{name}.c", *installed("--cflags", "--libs")], check=True)
    done = run(program, *["["] * 30, LD_LIBRARY_PATH=installed.lib)  # sense for none of them
    assert done.returncode in (0, 1, 2)  # the loader's failure would be 127


@pytest.mark.plain
def test_examples_are_listed():
    """examples/README.md has a row for each, and no other; so has the build."""
    table = (ROOT / "examples/README.md").read_text()
    rows = re.findall(r"^\| \[(\w+)\.c\]\((\w+)\.c\) ", table, re.M)
    assert sorted(name for name, _ in rows) == sorted(name for _, name in rows) == EXAMPLES
    built = (ROOT / "examples/meson.build").read_text()
    assert sorted(re.findall(r"'(\w+)'", built.partition("\n  executable")[0])) == EXAMPLES


@pytest.mark.plain
def test_installed_command(installed, fsock):
    program = next(installed.top.rglob("bin/fsock"))
    version = installed("--modversion")[0]
    assert run(program, "--version").stdout.decode() == f"fsock {version}\n"


@pytest.mark.plain
def test_readme_shows_the_example():
    """The README's second C program is examples/get.c. (The first: test/tools/test_install.py.)"""
    shown = re.findall(r"```c\n(.*?)```", (ROOT / "README.md").read_text(), re.S)[1]
    program = (ROOT / "examples/get.c").read_text()
    assert shown == program[program.index("#include"):]


def readme_commands():
    """The commands of the README's first screen."""
    text = (ROOT / "README.md").read_text().partition("\n| ")[0]
    return re.findall(r"^    ((?:zcat .*)?fsock (?:get|dns) .*?)(?: +#.*)?$", text, re.M)


class Page(Handler):
    """A page with a link and a form, whatever is asked for."""

    def do_GET(self):
        self.answer("<a href=/x>x</a><form id=login><input name=user><input name=pw></form>")


@pytest.fixture(scope="module")
def pages():
    with Server(Page) as server:
        yield server.url()


@pytest.mark.plain
@pytest.mark.parametrize("command", readme_commands())
def test_readme_commands(build, site, pages, tmp, command):
    urls = "".join(site.url(f"/plain/{n}") + "\n" for n in range(10)).encode()
    (tmp / "urls.txt").write_bytes(urls)
    (tmp / "urls.gz").write_bytes(gzip.compress(urls))
    (tmp / "names.txt").write_text("site.test\n127.0.0.1\n")
    (tmp / "access.log").write_text("127.0.0.7 - GET /\n" * 9)
    (tmp / "file").write_text("secret")
    command = command.replace("https://example.org/sitemap.xml", site.url("/list.txt?n=5"))
    if "--links" in command or "--submit" in command:
        command = command.replace("https://example.org/", pages)
    command = command.replace("https://example.org/", site.url("/plain/9"))
    command = command.replace("fsock dns", f"fsock dns @127.0.0.1:{site.dns}")
    done = subprocess.run(command, shell=True, cwd=tmp, stdout=subprocess.PIPE, timeout=60,
                          env=clean_env(PATH=f"{build}/cli:{os.environ['PATH']}"))
    written = [f for f in ("page.html", "records") if (tmp / f).exists()]
    assert done.returncode == 0 and (done.stdout or written)


def test_readme_has_its_commands():
    assert len(readme_commands()) == 17
