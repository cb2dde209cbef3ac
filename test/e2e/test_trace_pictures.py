"""fsock trace --svg and --html in a browser: bars where the times are, nothing that complains, nothing
that a trace could do to the page; --har as its readers check it."""

import itertools
import json
import math
import pathlib
import re
import shutil
import subprocess
import xml.dom.minidom
from html.parser import HTMLParser

import pytest

import browser as browsers

ROOT = pathlib.Path(__file__).parents[2]
RUN = {"event": "run", "schema_version": 1, "run": "9f", "time": 1764118772.5, "mono": 1.5,
       "program": "fsock 1", "pid": 1, "args": ["get"]}
HOSTILE = ['"><script>alert(1)</script>', "]]>", "<!--", "</style><svg onload=alert(1)>", "&lt;b&gt;", "'x'",
           "\x01\x1b[31m\x7f\x85", "\u202egnp.\u2028\ufffe", "javascript:alert(1)"]

needs_browser = [pytest.mark.plain, pytest.mark.skipif(not browsers.PROGRAM, reason="no chromium")]


def ms(seconds):
    return seconds / 1000


def transfer(number, url, start, stages=(5, 10, 20, 1, 300, 30), **more):
    """Marks of one transfer: lookup, connect, tls, send, wait, body in ms."""
    lookup, connect, tls, send, wait, body = stages
    at, marks = start, []

    def mark(event, after=0, **fields):
        nonlocal at
        at += after
        marks.append({"t": ms(at), "event": event, "id": number, **fields})
    mark("start", url=url)
    mark("lookup", host="h")
    mark("addresses", lookup, host="h", addresses="192.0.2.1")
    mark("connect", conn=number, addr="192.0.2.1:443")
    mark("connected", connect, conn=number, addr="192.0.2.1:443")
    mark("tls", tls, version="TLSv1.3", cipher="TLS_AES_256_GCM_SHA384")
    mark("request", method="GET", size=100, **({"head": more["head"]} if "head" in more else {}))
    mark("sent", send, size=100)
    mark("first-byte", wait)
    mark("head", status=more.get("status", 200), size=50, **({"head": more["head"]} if "head" in more else {}))
    mark("body", body, size=1234)
    mark("done", **more.get("done", {}))
    return marks


@pytest.fixture
def draw(fsock, tmp):
    """Marks, or a trace file, as a picture: its path."""
    def run(kind, marks):
        trace = tmp / "t.jsonl"
        if marks is not None:
            marks = sorted(marks, key=lambda mark: mark["t"])
            trace.write_text("".join(json.dumps(line) + "\n" for line in [RUN, *marks]))
        result = fsock("trace", f"--{kind}", "-o", f"picture.{kind}", trace, cwd=tmp)
        assert result.code == 0 and not result.stderr, result
        return tmp / f"picture.{kind}"
    return run


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    with browsers.Browser(tmp_path_factory.mktemp("browser")) as browser:
        yield browser


def many(n):
    hosts = [f"h{i}.example" for i in range(n // 25 + 1)]
    marks = []
    for i in range(n):
        fails = {"err": "timeout", "stage": "body", "why": "too slow"} if i % 40 == 39 else {}
        marks += transfer(i + 1, f"https://{hosts[i * 7 % len(hosts)]}/page/{i}", 10 * i, done=fails)
    return marks


# ---- Bars ----

# Of each bar: where its axis begins, how many pixels a nanosecond has, and its stages in ms.
BARS = """(() => {
    const {first, last} = document.querySelector('.plot').dataset;
    return Array.from(document.querySelectorAll('.exchange'), (row) => {
        const box = row.querySelector('.bar').getBoundingClientRect();
        const per = box.width / (last - first) * 1e6;
        const stages = {};
        for (const rect of row.querySelectorAll('.bar > rect')) {
            const r = rect.getBoundingClientRect();
            stages[rect.classList[0]] = [(r.left - box.left) / per, r.width / per, r.height];
        }
        return {start: row.dataset.start / 1e6, took: row.dataset.took / 1e6, stages, pixel: 1 / per,
                failed: !!row.querySelector('.cross')};
    });
})()"""


def check_bar(bar, stages=(5, 10, 20, 1, 300, 30)):
    at = bar["start"]
    near = 1.1 * bar["pixel"] + 0.02
    for name, took in zip(("lookup", "connect", "tls", "send", "wait", "body"), stages):
        left, width, height = bar["stages"][name]
        assert abs(left - at) < near and abs(width - took) < near and height >= 8, (name, bar)
        at += took


@pytest.mark.parametrize("n", [pytest.param(n, marks=needs_browser) for n in (1, 1000)])
def test_bars_are_where_the_times_are(chromium, draw, n):
    page = chromium.open(draw("html", many(n)).as_uri())
    bars = page.evaluate(BARS)
    assert len(bars) == n
    for bar in bars:
        check_bar(bar)
    assert sum(bar["failed"] for bar in bars) == n // 40
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not page.complaints and page.requests == [page.evaluate("location.href")]


@pytest.mark.plain
@pytest.mark.skipif(not browsers.PROGRAM, reason="no chromium")
def test_a_page_that_waits_300_ms(chromium, site, fsock, draw, tmp):
    fsock("get", "-s", "-P", "1", "--trace", "t.jsonl", site.url("/delay/300"), site.url("/plain/5"), cwd=tmp)
    page = chromium.open(draw("html", None).as_uri())
    slow, quick = page.evaluate(BARS)
    assert 299 < slow["stages"]["wait"][1] < slow["took"] + 1 < 600
    assert quick["stages"]["wait"][1] < 200 and quick["start"] >= slow["took"]
    assert not page.complaints
    picture = chromium.open(draw("svg", None).as_uri())
    width = picture.evaluate("document.querySelector('.row rect.wait').getBoundingClientRect().width")
    whole = picture.evaluate("document.querySelector('rect.busy').getBoundingClientRect().width")
    assert width / whole > 0.3 and not picture.complaints


@pytest.mark.plain
@pytest.mark.skipif(not browsers.PROGRAM, reason="no chromium")
def test_svg_in_a_browser(chromium, draw):
    """A row shows its details to the pointer and to the keyboard; both themes can be read."""
    picture = chromium.open(draw("svg", many(60)).as_uri())
    shown = """Array.from(document.querySelectorAll('.more'))
               .filter((e) => getComputedStyle(e).display !== 'none').map((e) => e.textContent)"""
    assert picture.evaluate(shown) == []
    x, y = picture.evaluate("""(() => { const r = document.querySelectorAll('.row')[20]
                               .querySelector('.hit').getBoundingClientRect(); return [r.x + 700, r.y + 12]; })()""")
    picture.move(x, y)
    assert "wait 300 ms" in picture.evaluate(shown)[0]
    picture.move(5, 5)
    picture.evaluate("document.querySelectorAll('.row > g')[3].focus()")
    assert len(picture.evaluate(shown)) == 1
    colour = "getComputedStyle(document.querySelector('.title')).fill"
    light = picture.evaluate(colour)
    picture.emulate(prefers_color_scheme="dark")
    assert picture.evaluate(colour) != light and not picture.complaints


# ---- The page's script ----

@pytest.fixture
def page(chromium, draw):
    marks = transfer(1, "https://b.example/slow", 0, (5, 10, 20, 1, 900, 30))
    marks += transfer(2, "https://a.example/quick", 100, (0, 1, 2, 1, 5, 1))
    marks += transfer(3, "https://b.example/bad", 200, done={"err": "timeout", "stage": "body", "why": "slow"})
    marks += transfer(4, "https://b.example/moved", 300, status=302)
    page = chromium.open(draw("html", marks).as_uri())
    yield page
    assert not page.complaints


SHOWN = """Array.from(document.querySelectorAll('.exchange')).filter((e) => e.checkVisibility())
           .map((e) => e.querySelector('.what').textContent.split('/').pop())"""
CHOOSE = "((e) => { e.%s; e.dispatchEvent(new Event('change')); })(document.getElementById('%s'))"


class TestScript:
    pytestmark = needs_browser

    def test_sort(self, page):
        assert page.evaluate(SHOWN) == ["slow", "bad", "moved", "quick"]
        page.evaluate(CHOOSE % ("checked = false", "group"))
        assert page.evaluate(SHOWN) == ["slow", "quick", "bad", "moved"]
        for order, wanted in (("took", ["slow", "bad", "moved", "quick"]), ("result", ["bad", "slow", "quick", "moved"]),
                              ("host", ["quick", "slow", "bad", "moved"])):
            page.evaluate(CHOOSE % (f"value = '{order}'", "sort"))
            assert page.evaluate(SHOWN) == wanted
        page.evaluate(CHOOSE % ("checked = true", "group"))
        assert page.evaluate(SHOWN) == ["quick", "slow", "bad", "moved"]

    def test_failures_only(self, page):
        page.evaluate(CHOOSE % ("checked = true", "failures"))
        assert page.evaluate(SHOWN) == ["bad"]
        assert page.evaluate("document.getElementById('shown').textContent") == "1 of 4 shown"

    def test_fold(self, page):
        page.evaluate("document.getElementById('fold').click()")
        assert page.evaluate(SHOWN) == ["quick"]
        page.evaluate("document.getElementById('fold').click()")
        assert len(page.evaluate(SHOWN)) == 4

    def test_zoom(self, page):
        wide = "document.querySelector('.bar').getBoundingClientRect().width"
        before = page.evaluate(wide)
        for _ in range(3):
            page.evaluate("document.getElementById('in').click()")
        assert abs(page.evaluate(wide) / before - 1.5 ** 3) < 0.01
        for bar in page.evaluate(BARS):
            if bar["took"] > 360:
                assert abs(bar["stages"]["wait"][1] - (900 if bar["took"] > 900 else 300)) < bar["pixel"] + 0.1
        page.evaluate("document.getElementById('fit').click()")
        assert page.evaluate(wide) == before
        page.wheel(900, 400, -300, ctrl=True)
        settle = "new Promise((done) => setTimeout(done, 300))"
        page.evaluate(settle)
        assert page.evaluate(wide) > before * 2
        labels = page.evaluate("Array.from(document.querySelectorAll('.ticks text'), (e) => e.textContent)")
        assert len(labels) > 2 and all(re.fullmatch(r"0|\d+(\.\d+)? (m?s)", label) for label in labels)

    def test_two_fingers(self, page):
        for kind, apart in ("touchStart", 50), ("touchMove", 75), ("touchMove", 100), ("touchEnd", 0):
            page.call("Input.dispatchTouchEvent", type=kind, touchPoints=[] if not apart else [
                {"x": 900 - apart, "y": 400, "id": 0}, {"x": 900 + apart, "y": 400, "id": 1}])
        assert page.evaluate("document.getElementById('level').textContent") == "200%"

    def test_keyboard(self, page):
        page.evaluate("document.querySelector('summary').focus()")
        page.press("ArrowDown")
        page.press("ArrowDown")
        assert "/bad" in page.evaluate("document.activeElement.textContent")
        page.press("Enter", "\r")
        assert page.evaluate("document.activeElement.parentElement.open")
        page.press("+", "+")
        assert page.evaluate("document.getElementById('level').textContent") == "150%"

    def test_narrow(self, page):
        page.resize(360, 700)
        assert page.evaluate("document.documentElement.scrollWidth <= 360")
        assert page.evaluate(wide := "document.querySelector('.bar').getBoundingClientRect().width") > 100, wide


@pytest.mark.plain
@pytest.mark.skipif(not browsers.PROGRAM, reason="no chromium")
def test_without_script(chromium, draw):
    page = chromium.open(draw("html", many(3)).as_uri(), script=False)
    page.call("Emulation.setScriptExecutionDisabled", value=False)
    for bar in page.evaluate(BARS):
        check_bar(bar)
    assert page.evaluate("document.querySelector('.tools').hidden")
    assert len(page.evaluate("Array.from(document.querySelectorAll('.ticks text'), (e) => e.textContent)")) > 3


# ---- Colours ----

# How colours look to those who see no red, no green, no blue (Machado, Oliveira, Fernandes 2009).
SEEN = {
    "all": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red": ((.152286, 1.052583, -.204868), (.114503, .786281, .099216), (-.003882, -.048116, 1.051998)),
    "no green": ((.367322, .860646, -.227968), (.280085, .672501, .047413), (-.011820, .042940, .968881)),
    "no blue": ((1.255528, -.076749, -.178779), (-.078411, .930809, .147602), (.004733, .691367, .303900)),
}


def light(colour, seen=SEEN["all"]):
    """Linear red, green and blue."""
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    parts = [c / 12.92 if c <= .04045 else ((c + .055) / 1.055) ** 2.4 for c in parts]
    return [min(1, max(0, sum(a * b for a, b in zip(row, parts)))) for row in seen]


def lab(colour, seen):
    """CIE L*a*b*, in which distances are differences that are seen."""
    r, g, b = light(colour, seen)
    xyz = (.4124 * r + .3576 * g + .1805 * b) / .95047, .2126 * r + .7152 * g + .0722 * b, \
        (.0193 * r + .1192 * g + .9505 * b) / 1.08883
    x, y, z = (t ** (1 / 3) if t > .008856 else 7.787 * t + 16 / 116 for t in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def contrast(colour, page):
    def luminance(c):
        return sum(a * b for a, b in zip((.2126, .7152, .0722), light(c)))
    low, high = sorted((luminance(colour), luminance(page)))
    return (high + .05) / (low + .05)


@pytest.mark.parametrize("theme, page", enumerate(("#ffffff", "#14171c")))
def test_colours_can_be_told_apart(theme, page):
    """By everybody; and from the page (WCAG 1.4.11: 3 to 1, and text 4.5 to 1)."""
    def rules(name):
        text = (ROOT / "cli" / name).read_text().split("@media (prefers-color-scheme: dark)")[theme]
        return dict(re.findall(r"\.([a-z]+)(?:, [^{]*)? \{ (?:fill|stroke): (#[0-9a-f]{6})", text))
    stages = [rules("trace_colours.css")[name] for name in
              ("lookup", "connect", "proxy", "tls", "send", "wait", "body")]
    for colour in stages + [rules("trace_colours.css")[name] for name in ("whole", "failed", "cross")]:
        assert contrast(colour, page) >= 3, colour
    for name in ("quiet", "bad"):
        assert contrast(rules("trace_svg.css")[name], page) >= 4.5, name
    for eyes, seen in SEEN.items():
        for a, b in itertools.combinations(stages, 2):
            assert math.dist(lab(a, seen), lab(b, seen)) > 15, (eyes, a, b)


# ---- What a trace holds does nothing ----

def hostile():
    marks = []
    for i, text in enumerate(HOSTILE):
        marks += transfer(i + 1, f"https://{text}.example/{text}?{text}", i, head=f"GET {text}\r\nA: {text}\r\n\r\n",
                          done={"err": text, "stage": text, "why": text})
    return marks


class Elements(HTMLParser):
    """The names of a page's elements and attributes."""

    def __init__(self):
        super().__init__()
        self.elements, self.attributes, self.scripts = set(), set(), 0

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.scripts += tag == "script"


def test_markup_in_a_trace_is_text(draw):
    picture = xml.dom.minidom.parse(str(draw("svg", hostile())))
    names = {e.tagName for e in picture.getElementsByTagName("*")}
    assert names <= {"svg", "title", "style", "rect", "text", "g", "line", "path"}
    titles = [e.firstChild.data for e in picture.getElementsByTagName("title")]
    assert f"https://{HOSTILE[0]}.example/{HOSTILE[0]}?{HOSTILE[0]}: {HOSTILE[0]}, 366 ms" in titles
    text = draw("html", hostile()).read_text()
    parser = Elements()
    parser.feed(text)
    assert parser.scripts == 1 and not parser.elements & {"img", "a", "iframe", "link", "object"}
    assert not {name for name in parser.attributes if name.startswith("on")} and "style" not in parser.attributes
    for character in "\x01\x1b\x7f\x85\u202e\u2028\ufffe":
        assert character not in text


@pytest.mark.plain
@pytest.mark.skipif(not browsers.PROGRAM, reason="no chromium")
def test_markup_in_a_trace_does_nothing(chromium, draw):
    for kind in ("html", "svg"):
        page = chromium.open(draw(kind, hostile()).as_uri())
        assert not page.complaints and len(page.requests) == 1
    page = chromium.open(draw("html", hostile()).as_uri())
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color:red\" id=bad>x</p>')")
    page.evaluate("""(() => { const s = document.createElement('script'); s.textContent = 'window.injected = 1';
                     document.body.append(s); })()""")
    assert page.evaluate("window.injected === undefined")
    assert page.evaluate("getComputedStyle(document.getElementById('bad')).color") != "rgb(255, 0, 0)"


def test_bytes_that_are_no_text(draw, fsock, tmp):
    trace = tmp / "bad.jsonl"
    trace.write_bytes(json.dumps(RUN).encode() + b'\n{"t":1,"event":"start","id":1,"url":"http://\xff\xfe/"}\n'
                      b'{"t":1,"event":"start","id":2,"url":"http://good/\\u0000"}\n'
                      b'{"t":1,"event":"start","id":3,"url":"http://good/"}\n{"t":2,"event":"don')
    for kind in ("svg", "html"):
        result = fsock("trace", f"--{kind}", trace)
        assert result.code == 0 and result.errors.count("\n") == 3 and "http://good/" in result.text
    xml.dom.minidom.parseString(fsock("trace", "--svg", trace).stdout)


# ---- Other traces, and sizes ----

def test_lookups_and_streams(site, fsock, tmp):
    fsock("dns", "--trace", "dns.jsonl", f"@127.0.0.1:{site.dns}", "a.site.test", "A", cwd=tmp)
    fsock("talk", "--trace", "talk.jsonl", "127.0.0.1", site.tcp_fin, cwd=tmp, stdin=b"")
    for name in ("dns", "talk"):
        picture = fsock("trace", "--svg", f"{name}.jsonl", cwd=tmp)
        xml.dom.minidom.parseString(picture.stdout)
        assert f"fsock {name}" in picture.text and picture.text.count('class="row"') == 1
    assert 'class="lookup' in fsock("trace", "--html", "dns.jsonl", cwd=tmp).text
    assert 'class="connect' in fsock("trace", "--html", "talk.jsonl", cwd=tmp).text


@pytest.mark.plain
def test_a_hundred_thousand(fsock, tmp):
    with open(tmp / "big.jsonl", "w") as file:
        file.write(json.dumps(RUN) + "\n")
        for i in range(1, 100001):
            for event, after in ("start", 0), ("lookup", 1), ("done", 5):
                file.write(f'{{"t":{i / 100 + after / 1000:.3f},"event":"{event}","id":{i},"url":"http://h{i % 9999}/"}}\n')
    for kind in ("svg", "html"):
        result = fsock("trace", f"--{kind}", "big.jsonl", cwd=tmp)
        assert result.code == 0 and len(result.stdout) < 8 << 20
        assert "Only the first 2,000 of 100,000 exchanges have a row" in result.text


def test_nothing(draw):
    assert "The trace holds no exchange." in draw("svg", []).read_text()
    assert "The trace holds no exchange." in draw("html", []).read_text()


# ---- HTTP Archive ----

VALIDATE = """require("har-validator").har(JSON.parse(require("fs").readFileSync(0)))
    .catch((e) => { console.log(JSON.stringify(e.errors)); process.exit(1); })"""


@pytest.mark.skipif(not shutil.which("node"), reason="no node")
def test_archive_holds_to_the_schema(site, fsock, tmp):
    fsock("get", "-s", "-L", "-k", "--trace", "t.jsonl", "--trace-headers", site.url("/redirect/1"),
          site.url("/gzip/3?a=1&b", "https"), "http://127.0.0.1:1/", site.url("/status/503"),
          site.url("/set-cookie/1"), cwd=tmp)
    (tmp / "hostile.jsonl").write_text("".join(json.dumps(m) + "\n" for m in [RUN, *hostile()]))
    for name in ("t", "hostile"):
        archive = fsock("trace", "--har", f"{name}.jsonl", cwd=tmp)
        assert len(json.loads(archive.text)["log"]["entries"]) >= 6
        check = subprocess.run(["node", "-e", VALIDATE], input=archive.stdout, capture_output=True, timeout=60,
                               env={"NODE_PATH": "/usr/share/nodejs", "PATH": "/usr/bin:/bin"})
        assert check.returncode == 0, check.stdout + check.stderr
