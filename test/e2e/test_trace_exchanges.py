"""fsock trace --view timeline, --summary and --har, of a run with a page that waits 300 ms, one
that is redirected, and one that can't be connected to."""

import json

import pytest


@pytest.fixture
def trace(site, fsock, tmp):
    urls = [site.url("/delay/300"), site.url("/redirect/1"), "http://127.0.0.1:1/"]
    fsock("get", "-s", "-L", "-P", "1", "--retry", "0", "--trace", "t.jsonl", "--trace-headers", *urls, cwd=tmp)
    return tmp / "t.jsonl"


def test_timeline(fsock, trace):
    shown = fsock("trace", "--view", "timeline", trace)
    assert shown.code == 0
    legend, *lines = shown.text.splitlines()
    slow, moved, there, refused = sorted(lines, key=lambda line: (line[1:8], line[0] == "+"))
    assert legend.startswith("4 exchanges in 0.3") and "w wait" in legend
    assert slow.startswith("#1 ") and " 200 " in slow and slow.count("w") > 15
    assert moved.startswith("#2 ") and " 302 " in moved and there.startswith("+2 ") and " 200 " in there
    assert refused.startswith("#3 ") and "!connect" in refused and refused.endswith("X")
    assert "\033" not in shown.text
    coloured = fsock("trace", "--view", "timeline", "--color=always", trace)
    assert "\033[32m" in coloured.text


def test_width(fsock, trace, monkeypatch):
    for columns, width in ("200", 200), ("60", 66), ("nonsense", 80):
        shown = fsock("trace", "--view", "timeline", trace, env={"COLUMNS": columns})
        longest = max(len(line) for line in shown.text.splitlines()[1:])
        assert width * 0.7 < longest <= width, shown.text


def test_summary(fsock, site, trace):
    shown = fsock("trace", "--summary", trace)
    assert shown.code == 0
    assert f"127.0.0.1:{site.ports['http']}: 3 exchanges, 0 failed; 1 connected, 2 reused" in shown.text
    assert "127.0.0.1:1: 1 exchange, 1 failed (connect 1)" in shown.text
    records = [json.loads(line) for line in fsock("trace", "--summary", "--json", trace).text.splitlines()]
    assert [r["count"] for r in records] == [1, 3, 4] or [r["count"] for r in records] == [3, 1, 4]
    assert records[-1]["host"] is None and 0.29 <= records[-1]["times"]["wait"]["max"] < 0.6


def test_har(fsock, site, trace):
    har = json.loads(fsock("trace", "--har", trace).text)["log"]
    assert har["version"] == "1.2" and har["creator"]["name"] == "fsock"
    slow, moved, there, refused = sorted(har["entries"], key=lambda entry: entry["_id"])
    assert slow["request"]["url"] == site.url("/delay/300")
    assert 299 <= slow["timings"]["wait"] < 600 and slow["timings"]["ssl"] == -1
    assert {"name": "Host", "value": f"127.0.0.1:{site.ports['http']}"} in slow["request"]["headers"]
    assert moved["response"]["status"] == 302 and moved["response"]["redirectURL"]
    assert there["_id"] == moved["_id"] and there["timings"]["connect"] == -1
    assert refused["response"]["status"] == 0 and "refused" in refused["response"]["_error"]
    for entry in har["entries"]:
        parts = [t for k, t in entry["timings"].items() if k != "ssl" and t > 0]
        assert abs(sum(parts) - entry["time"]) < 0.01


def test_json_is_for_the_summary(fsock, trace):
    shown = fsock("trace", "--har", "--json", trace)
    assert shown.code == 2 and "--json is for --summary" in shown.stderr.decode()


@pytest.mark.parametrize("words", [["--summary", "--html"], ["--svg", "--har"], ["--view", "all", "--har"]])
def test_one_thing_is_made_at_a_time(fsock, trace, words):
    shown = fsock("trace", *words, trace)
    assert shown.code == 2 and not shown.stdout and "only one can be given" in shown.stderr.decode()
    assert fsock("trace", "--svg", "--svg", trace).code == 0
