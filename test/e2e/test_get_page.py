"""fsock get: what is in a page (--links, --images, --text, --forms, --title, --meta)."""

import json
import pathlib
import signal
import subprocess
import time

import pytest

from stopwatch import Stopwatch
from webserver import Handler, Server

SHOP = """<!DOCTYPE html>
<html lang=en><head><title>The
 shop &amp; more</title>
<meta name=Description content="All of it"><link rel=stylesheet href=/style.css>
<link rel=canonical href=/shop></head>
<body><h1>Hello</h1>
<p>Read <a href="next.html#part">the next page</a>, <a href=next.html>again</a>
or <a href="mailto:shop@example.org">write</a>.
<img src=/logo.png alt="Our logo"><script src=app.js></script>
<ul><li>one<li>two</ul>
<form id=login method=post action=/in><input name=log value=me>
<input type=password name=pwd><input type=hidden name=token value=t1>
<select name=lang><option value=de>Deutsch<option value=en selected>English</select>
<input type=submit name=go value=Go></form>
"""

PAGES = {
    "/d/shop.html": ("text/html; charset=utf-8", SHOP.encode()),
    "/latin1": ("text/html; charset=iso-8859-1", "<title>Grüße</title><p>Straße".encode("latin-1")),
    "/sjis": ("text/html", '<meta charset=shift_jis><p>日本'.encode("shift_jis")),
    "/base": ("text/html", b"<base href='http://other.example/x/'><a href=y>"),
    "/untyped": (None, b"<a href=x>"),
    "/picture": ("image/png", b"\x89PNG\0" * 100),
    "/empty": ("text/html", b""),
    "/escape": ("text/html", b"<title>a&#27;[31mb</title><p>c&#27;[31md<a href='x:&#27;y'>"),
    "/broken": ("text/html", b"<table><a href=1><tr><b><td><p><a href=2></table></b><a href=3"),
    "/deep": ("text/html", b"<div>" * 400_000),
    "/long": ("text/html", b" " * (8 * 1024 * 1024 + 1)),
}


class Shop(Handler):
    def do_GET(self):
        if self.path == "/moved":
            self.answer(status=302, fields=[("Location", "/d/shop.html")])
            return
        type_, body = PAGES.get(self.path, ("text/html", b"<p>nothing <a href=home>home</a>"))
        self.answer(body, 200 if self.path in PAGES else 404, type_=type_)


@pytest.fixture(scope="module")
def at():
    """The URL of a page."""
    with Server(Shop) as server:
        yield server.url


def found(fsock, *args):
    result = fsock("get", *args)
    assert result.code == 0 and not result.errors, result
    return result.text


# ---- One page, as lines -------------------------------------------------------------------------


def test_links(fsock, at):
    page = at("/d/shop.html")
    assert found(fsock, "--links", page) == at("/d/next.html\n")
    assert found(fsock, "--links", "--fragments", page) == at("/d/next.html#part\n") + at("/d/next.html\n")
    assert found(fsock, "--links=a,other", page) == at("/d/next.html\n") + "mailto:shop@example.org\n"
    assert found(fsock, "--links=script,css", page) == at("/style.css\n") + at("/d/app.js\n")
    everything = found(fsock, "--links=all", page).splitlines()
    assert everything == [at(p) for p in ("/style.css", "/shop", "/d/next.html", "/logo.png", "/d/app.js")]
    assert found(fsock, "--images", page) == at("/logo.png\n")
    assert found(fsock, "--links", at("/base")) == "http://other.example/x/y\n"
    assert found(fsock, "--links", "-L", at("/moved")) == at("/d/next.html\n"), "relative to where it came from"
    assert found(fsock, "--links", at("/untyped")) == at("/x\n")
    assert found(fsock, "--links", at("/broken")) == at("/1\n") + at("/2\n")
    assert found(fsock, "--links", at("/missing")) == at("/home\n"), "without -f an error's page is one, too"


def test_text_and_title(fsock, at):
    text = "Hello\n\nRead the next page, again or write. Our logo\n\n* one\n* two\n"
    assert found(fsock, "--text", at("/d/shop.html")).startswith(text)
    assert found(fsock, "--title", at("/d/shop.html")) == "The shop & more\n"
    assert found(fsock, "--text", at("/latin1")) == "Straße\n"
    assert found(fsock, "--title", at("/latin1")) == "Grüße\n"
    assert found(fsock, "--text", at("/sjis")) == "日本\n"
    assert found(fsock, "--text", at("/empty")) == ""


def test_meta(fsock, at):
    assert found(fsock, "--meta", at("/d/shop.html")).splitlines() == [
        "charset\tUTF-8", "lang\ten", "description\tAll of it", f"canonical\t{at('/shop')}"]


def test_forms(fsock, at):
    assert found(fsock, "--forms", at("/d/shop.html")).splitlines() == [
        f"form\t1\tlogin\tPOST\t{at('/in')}\tapplication/x-www-form-urlencoded",
        "field\ttext\tlog\tme",
        "field\tpassword\tpwd\t",
        "field\thidden\ttoken\tt1",
        "field\tselect\tlang\ten",
        "option\tde\tDeutsch",
        "option\ten\tEnglish\tselected",
        "field\tsubmit\tgo\tGo",
    ]


def test_nothing_steers_the_terminal(fsock, at):
    for option in ("--title", "--text", "--links=all,other"):
        assert "\x1b" not in found(fsock, option, at("/escape"))


def test_into_files(fsock, at, tmp):
    page = at("/d/shop.html")
    assert found(fsock, "--links", "-o", "links", page) == ""
    assert (tmp / "links").read_text() == at("/d/next.html\n")
    result = fsock("get", "--title", "-O", "--no-summary", page, at("/latin1"), at("/picture"))
    assert result.code == 110 and (tmp / "shop.html").read_text() == "The shop & more\n"
    assert (tmp / "latin1").read_text() == "Grüße\n" and not (tmp / "picture").exists()


# ---- Records ------------------------------------------------------------------------------------


def test_records_of_a_list(fsock, at):
    urls = [at(p) for p in ("/d/shop.html", "/picture", "/missing", "/latin1")]
    result = fsock("get", "--json", "--ordered", "--title", "--links=a,other", "--images", "--text", "--forms", "--meta",
                   "-i", "-", stdin="\n".join(urls).encode())
    shop, picture, missing, latin1 = result.records
    assert result.code == 110
    assert shop["title"] == "The shop & more" and shop["page_error"] is None
    assert shop["links"] == [
        {"url": at("/d/next.html"), "kind": "a", "line": 7, "column": 9},
        {"url": "mailto:shop@example.org", "kind": "a", "line": 8, "column": 4}]
    assert shop["images"] == [{"url": at("/logo.png"), "kind": "img", "alt": "Our logo", "line": 9, "column": 1}]
    assert {"name": "description", "content": "All of it"} in shop["meta"]
    assert shop["text"].startswith("Hello\n\nRead the")
    form = shop["forms"][0]
    assert (form["number"], form["id"], form["method"], form["action"]) == (1, "login", "POST", at("/in"))
    assert [f["name"] for f in form["fields"]] == ["log", "pwd", "token", "lang", "go"]
    assert form["fields"][3]["options"][1] == {
        "value": "en", "text": "English", "selected": True, "disabled": False}
    names = ("title", "links", "images", "text", "forms", "meta")
    assert picture["exitcode"] == 0 and picture["page_error"] == "no HTML page, but image/png"
    assert all(picture[n] is None for n in names)
    assert missing["exitcode"] == 22 and all(missing[n] is None for n in names) and missing["page_error"] is None
    assert latin1["title"] == "Grüße" and latin1["links"] == [] and latin1["forms"] == []


def test_a_record_beside_the_body(fsock, at, tmp):
    record = fsock("get", "--json", "--title", "-o", "page", at("/d/shop.html")).records[0]
    assert record["title"] == "The shop & more" and (tmp / "page").read_text() == SHOP
    assert "title" not in fsock("get", "--json", at("/d/shop.html")).records[0]


@pytest.mark.parametrize("threads", [1, 3])
def test_many(fsock, at, threads):
    urls = [at(f"/d/shop.html?{n}") for n in range(200)]
    PAGES.update({f"/d/shop.html?{n}": PAGES["/d/shop.html"] for n in range(200)})
    result = fsock("get", "--json", "--links", "--threads", threads, *urls)
    assert result.code == 0 and len(result.records) == 200
    assert all(r["links"][0]["url"] == at("/d/next.html") for r in result.records)


# ---- What can't be had --------------------------------------------------------------------------


def test_no_page(fsock, at):
    result = fsock("get", "--links", at("/picture"))
    assert result.code == 8 and result.errors == "fsock: get: the answer is no HTML page, but image/png\n"
    assert result.stdout == b""


@pytest.mark.plain
def test_links_that_are_longer_than_their_page(fsock, at):
    PAGES["/srcset"] = ("text/html", b"<base href='/" + b"x" * 8000 + b"/'><img srcset='"
                        + b",".join(b"%x " % n for n in range(100_000)) + b"'>")
    result = fsock("get", "--images", at("/srcset"))
    why = {63: "has links of more than 32 MiB", 28: "takes too long to parse"}  # the latter on a busy machine
    assert result.errors == f"fsock: get: the page {why[result.code]}\n" and result.elapsed < 2, result
    record = fsock("get", "--json", "--depth", "1", "--no-summary", at("/srcset")).records[0]
    assert record["exitcode"] == 0, "pictures aren't followed"


def wait_until_busy(process):
    """Until it has computed for a while, as it does with a page that takes long to parse."""
    ticks = 0
    while ticks < 20 and process.poll() is None:
        time.sleep(0.01)
        ticks = int(pathlib.Path(f"/proc/{process.pid}/stat").read_text().split()[13])


@pytest.mark.plain
def test_ctrl_c_while_a_page_is_parsed(fsock, at, tmp):
    (tmp / "list").write_text(at("/deep"))
    process = subprocess.Popen([fsock.program, "get", "--json", "--links", "--journal", "j", "-i", "list"], cwd=tmp,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_until_busy(process)
    sent = Stopwatch()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=5)
    assert sent.stop().between(0, 0.2) and process.returncode == 130, err
    assert json.loads(out)["exitcode"] == 42 and "/deep" not in (tmp / "j").read_text(), "it is for the next run"


def test_pages_that_cost_too_much(fsock, at):
    for path, code, why in [("/long", 63, "is larger than 8 MiB"), ("/deep", 28, "takes too long to parse")]:
        result = fsock("get", "--links", "-m", "0.5", at(path))
        assert (result.code, result.errors) == (code, f"fsock: get: the page {why}\n")
        assert result.elapsed < 0.95, "and not only after the second that a parse may take"


@pytest.mark.parametrize("words, why", [
    (["--links=foo", "URL"], "not 'foo'"),
    (["--links=", "URL"], "--links knows"),
    (["--links", "--text", "URL"], "add --json"),
    (["--links", "URL", "URL"], "add --json"),
    (["--fragments", "URL"], "--links"),
    (["--text", "-I", "URL"], "-I"),
    (["--text", "--raw", "URL"], "--raw"),
    (["--text", "--warm", "URL"], "--warm"),
    (["--text", "--include", "URL"], "--include"),
    (["--text", "-C", "-", "-o", "f", "URL"], "-C"),
])
def test_what_does_not_go_together(fsock, at, words, why):
    result = fsock("get", *[at("/d/shop.html") if w == "URL" else w for w in words])
    assert result.code == 2 and why in result.errors and result.stdout == b""
