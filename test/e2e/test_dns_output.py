"""fsock dns: what is printed. Lines, data alone, JSON, their order, escapes, colour; exit codes."""

import os
import pty
import re
import subprocess

import pytest

from conftest import clean_env
from nameserver import NameServer, Unbound

KEYS = ("schema_version name qname type status answers rcode ttl server tries time flags exitcode "
        "err errormsg hint").split()

# Of each status: a name that the site gives it to, the exit code for it alone, what is said of it.
ENDS = {
    "a": ("NOERROR", 0, ""),
    "tc": ("NOERROR", 0, ""),
    "nodata": ("NODATA", 0, ""),
    "wrongname": ("NODATA", 0, ""),
    "nx1": ("NXDOMAIN", 0, ""),
    "servfail": ("SERVFAIL", 6, "{server} says SERVFAIL"),
    "refused": ("REFUSED", 6, "{server} says REFUSED"),
    "notimp": ("NOTIMP", 6, "{server} says NOTIMP"),
    "pointer": ("ERROR", 6, "{server} sent a broken answer"),
    "badlen": ("ERROR", 6, "{server} sent a broken answer"),
    "missing": ("ERROR", 6, "{server} sent a broken answer"),
    "short": ("ERROR", 6, "{server} sent a broken answer"),
    "tcfin": ("ERROR", 6, "{server} gave no whole answer by TCP"),
    "cname-loop": ("ERROR", 6, "its CNAME records lead in a circle, or too far"),
    "deeper1": ("ERROR", 6, "its CNAME records lead in a circle, or too far"),
    "mute1": ("TIMEOUT", 28, "no answer from {server}"),
    "garbage": ("TIMEOUT", 28, "no answer from {server}"),
    "tcmute": ("TIMEOUT", 28, "no answer from {server}"),
    "bad..name": ("INVALID", 3, "two dots follow each other"),
}


@pytest.fixture
def at(site):
    return f"@127.0.0.1:{site.dns}"


# ---- what a record looks like ----


def test_lines(fsock, at):
    result = fsock("dns", at, "--ordered", "Site.test", "MX", "NS", "SOA", "TXT", "AAAA")
    assert result.code == 0 and result.stderr == b""
    assert result.lines == [
        "Site.test\tMX\tNOERROR\t60\t10 mail.site.test.",
        "Site.test\tNS\tNOERROR\t60\tns.site.test.",
        "Site.test\tSOA\tNOERROR\t60\tns.site.test. hostmaster.site.test. 1 30 30 30 30",
        'Site.test\tTXT\tNOERROR\t60\t"v=site \\"quoted\\" \\001"',
        "Site.test\tAAAA\tNOERROR\t60\t::1",
    ]
    result = fsock("dns", at, "--ordered", "a.site.test")  # A and AAAA
    assert result.lines == ["a.site.test\tA\tNOERROR\t60\t127.0.0.1", "a.site.test\tAAAA\tNODATA\t-\t"]


def test_a_line_per_record_and_its_own_type(fsock, at):
    result = fsock("dns", at, "cname-chain.site.test", "A")
    assert [line.split("\t")[1:] for line in result.lines] == [
        ["CNAME", "NOERROR", "60", "c2.site.test."], ["CNAME", "NOERROR", "60", "c3.site.test."],
        ["CNAME", "NOERROR", "60", "c4.site.test."], ["A", "NOERROR", "60", "127.0.0.1"]]
    many = fsock("dns", at, "many.site.test", "A").lines
    assert many == [f"many.site.test\tA\tNOERROR\t60\t127.0.0.{n}" for n in range(1, 21)]


@pytest.mark.parametrize("word", ["--short", "+short"])
def test_short_is_what_dig_prints(site, fsock, at, word):
    names = ["a", "many", "cname-chain", "cname", "nodata", "nx1", "big"]
    for name in names:
        dig = subprocess.run(["dig", "-r", "@127.0.0.1", "-p", str(site.dns), "+short",
                              f"{name}.site.test"], capture_output=True, check=True, timeout=20)
        ours = fsock("dns", at, word, f"{name}.site.test", "A").stdout
        if name == "cname-chain":  # dig leaves it in the wrong order
            ours, dig.stdout = sorted(ours.splitlines()), sorted(dig.stdout.splitlines())
        assert ours == dig.stdout, name
    assert fsock("dns", at, word, "many.site.test", "A").stdout.count(b"\n") == 20


def test_short_says_why_there_is_nothing(fsock, at):
    result = fsock("dns", at, "--short", "servfail.site.test", "A")
    assert result.code == 6 and result.stdout == b"" and "says SERVFAIL" in result.errors
    assert fsock("dns", at, "--short", "-s", "servfail.site.test", "A").errors == ""


def test_json(site, fsock, at):
    result = fsock("dns", at, "--json", "cname.site.test", "A")
    assert result.code == 0 and result.text.count("\n") == 1
    record = result.records[0]
    assert list(record) == KEYS
    took = record.pop("time")
    assert 0 < took < 5 and isinstance(took, float)
    assert record == {
        "schema_version": 1, "name": "cname.site.test", "qname": "cname.site.test.", "type": "A",
        "status": "NOERROR",
        "answers": [
            {"name": "cname.site.test.", "type": "CNAME", "ttl": 60, "data": "a.site.test."},
            {"name": "a.site.test.", "type": "A", "ttl": 60, "data": "127.0.0.1"}],
        "rcode": 0, "ttl": 60, "server": f"127.0.0.1:{site.dns}", "tries": 1,
        "flags": ["aa", "rd", "ra"], "exitcode": 0, "err": "ok", "errormsg": "", "hint": ""}


def test_json_of_an_address(fsock, at):
    record = fsock("dns", at, "--json", "127.0.0.9").records[0]
    assert (record["name"], record["qname"], record["type"]) == (
        "127.0.0.9", "9.0.0.127.in-addr.arpa.", "PTR")
    assert record["answers"] == [{"name": "9.0.0.127.in-addr.arpa.", "type": "PTR", "ttl": 60,
                                  "data": "h9.site.test."}]


def test_json_ttl_is_the_least_and_that_of_a_no(fsock):
    def answer(query):
        if query.name == "no.test":
            soa = "ns.test. root.test. 1 2 3 4 77"
            message = query.answer(("SOA", soa, 3600), rcode=3)
            return message[:6] + b"\0\0\0\1" + message[10:]  # it stands in the authority section
        return query.answer(("A", "192.0.2.1", 500), ("A", "192.0.2.2", 400))

    with NameServer(answer) as server:
        records = fsock("dns", server.at, "--json", "--ordered", "-t", "A", "yes.test", "no.test").records
    assert [(r["status"], r["ttl"]) for r in records] == [("NOERROR", 400), ("NXDOMAIN", 77)]


def test_time_is_what_the_answer_took(fsock, at):
    for name in ("slow-200", "slow-0"):
        record = fsock("dns", at, "--json", f"{name}.site.test", "A").records[0]
        assert int(name[5:]) / 1000 <= record["time"] < int(name[5:]) / 1000 + 0.2, record
    with NameServer(lambda q: (0.15, q.answer(rcode=2))) as server:
        record = fsock("dns", server.at, "--json", "x.test", "A").records[0]
    assert record["status"] == "SERVFAIL" and record["time"] >= 0.15 * record["tries"]


# ---- how it ended ----


@pytest.mark.parametrize("name", ENDS)
def test_status_and_exit_code_of_one(site, fsock, at, name):
    status, code, text = ENDS[name]
    text = text.format(server=f"127.0.0.1:{site.dns}")
    result = fsock("dns", at, "-m", "0.4", f"{name}.site.test", "-t", "A")
    assert result.code == code, result
    line = result.lines[-1].split("\t")
    assert len(line) == 5 and line[0] == f"{name}.site.test" and line[2] == status
    assert line[1] == ("-" if status == "INVALID" else "A")
    if status != "NOERROR":
        assert line[3] == "-" and (text in line[4] if text else line[4] == "")
    record = fsock("dns", at, "--json", "-m", "0.4", f"{name}.site.test", "-t", "A").records[0]
    assert list(record) == KEYS and record["status"] == status and record["exitcode"] == code
    assert text in record["errormsg"] and bool(text) == bool(record["errormsg"])
    assert ("-m raises this limit" in record["errormsg"]) == (status == "TIMEOUT")
    assert record["err"] == {0: "ok", 3: "input", 6: "dns", 28: "timeout"}[code]


def test_a_hint_follows(fsock, at):
    """Once, though there are two questions; and in records."""
    result = fsock("dns", at, "servfail.site.test")
    record = fsock("dns", at, "--json", "servfail.site.test").records[0]
    assert result.errors == f"fsock: dns: {record['hint']}\n" and "others can be asked" in result.errors
    for more in (["-s"], ["--json"], ["a.site.test"]):
        assert "others can be asked" not in fsock("dns", at, "servfail.site.test", *more).errors


def test_one_object_per_question(fsock, at, tmp):
    names = [f"{name}.site.test" for name in ENDS]
    (tmp / "list").write_text("\n".join(names) + "\n127.0.0.1\n::1\n\xff\n" + "x" * 300)
    result = fsock("dns", at, "-m", "1", "--json", "-t", "A,MX", "-i", "list")
    records = result.records
    assert all(list(r) == KEYS for r in records)
    good = {n for n in names if ".." not in n} | {"\xff"}  # any byte may stand in a name
    got = sorted((r["name"], r["type"]) for r in records if r["status"] != "INVALID")
    assert got == sorted([(n, t) for n in good for t in ("A", "MX")]
                         + [("127.0.0.1", "PTR"), ("::1", "PTR")])
    invalid = [r["name"] for r in records if r["status"] == "INVALID"]
    assert sorted(invalid) == sorted(["bad..name.site.test", "x" * 300])  # each once


def test_a_real_server(site, fsock, tmp):
    with Unbound(tmp / "unbound", site.folder) as unbound:
        result = fsock("dns", unbound.at, "--json", "--ordered", "www.site.test", "none.site.test",
                       "other.example", "127.0.0.1", "127.0.0.2", "-t", "AAAA,MX")
    assert [(r["type"], r["status"], r["ttl"]) for r in result.records] == [
        ("AAAA", "NOERROR", 3600), ("MX", "NODATA", 900), ("AAAA", "NXDOMAIN", 900),
        ("MX", "NXDOMAIN", 900), ("AAAA", "REFUSED", 0), ("MX", "REFUSED", 0),
        ("PTR", "NOERROR", 3600), ("PTR", "NXDOMAIN", 0)], result
    assert result.code == 110


def test_exit_codes_of_many(fsock, at, tmp):
    ok, bad = "a.site.test", "servfail.site.test"
    assert fsock("dns", at, ok, "nx1.site.test", "nodata.site.test").code == 0
    assert fsock("dns", at, ok, bad).code == 110
    assert fsock("dns", at, ok, "bad..name").code == 110
    assert fsock("dns", at, bad, "bad..name").code == 111
    (tmp / "one").write_text(bad + "\n")
    assert fsock("dns", at, "-i", "one").code == 111
    # Of one name, whatever it was asked for:
    assert fsock("dns", at, "fail6.site.test").code == 6  # A is fine, AAAA isn't
    assert fsock("dns", at, "fail6.site.test", "A").code == 0


def test_a_block_is_many(fsock):
    """Even of one address; its failures are told in the summary, not one by one."""
    with NameServer(lambda q: q.answer(rcode=2 if q.name[0] in "13" else 3)) as server:
        result = fsock("dns", server.at, "192.0.2.0/30", "--short")
        assert result.code == 110 and result.stdout == b"", result
        assert re.match(r"2 [A-Z]+, 2 [A-Z]+; 4 in ", result.errors) and "says" not in result.errors
        assert fsock("dns", server.at, "192.0.2.1/32").code == 111
        assert fsock("dns", server.at, "192.0.2.1").code == 6


# ---- the order ----


def test_order(fsock, at, tmp):
    names = [f"slow-{ms}.site.test" for ms in (300, 0, 150, 5, 200)] + ["127.0.0.3"]
    (tmp / "list").write_text("\n".join(names))
    lines = fsock("dns", at, "-t", "A", "-i", "list", "--ordered").lines
    assert [line.split("\t")[0] for line in lines] == names
    lines = fsock("dns", at, "-t", "A", "-i", "list").lines
    order = [line.split("\t")[0] for line in lines]
    assert sorted(order) == sorted(names) and order[-3:] == [names[2], names[4], names[0]]


def test_order_of_many(fsock, at, tmp):
    """Records of every kind, the first of which is the last to come."""
    names = ["slow-400.site.test"] + [f"{'nx' if n % 3 else 'h'}{n}.site.test" for n in range(3000)]
    names[100:100] = ["bad..name"]
    names[2000:2000] = ["cname-chain.site.test"]
    (tmp / "list").write_text("\n".join(names))
    result = fsock("dns", at, "--json", "-t", "A", "-i", "list", "--ordered")
    assert [r["name"] for r in result.records] == names


def test_order_of_more_than_may_wait(fsock, at, tmp):
    """While the first is waited for, 16,384 others may be open; then reading stops, and goes on."""
    names = ["slow-800.site.test"] + [f"h{n}.site.test" for n in range(20_000)]
    (tmp / "list").write_text("\n".join(names))
    result = fsock("dns", at, "-s", "-t", "A", "-i", "list", "--ordered")
    assert result.code == 0 and [line.split("\t")[0] for line in result.lines] == names


# ---- escapes ----


def test_data_cannot_drive_a_terminal(fsock):
    every = bytes(range(256))

    def answer(query):
        if query.kind == "TXT":
            return query.answer(("TXT", b"\x80" + every[:128] + b"\x80" + every[128:]))
        evil = b"\x0d\x1b[2J\nx\t\0\xff.\\\x07"
        return query.answer(("PTR", bytes([len(evil)]) + evil + b"\4name\0"))

    with NameServer(answer) as server:
        for form in ([], ["--short"], ["--json"], ["--color=never", "--ordered"]):
            result = fsock("dns", server.at, *form, "-x", "192.0.2.1", "x.test", "TXT")
            assert re.fullmatch(rb"[ -~\t\n]*", result.stdout), result
            assert "\\027[2J" in result.text.replace("\\\\", "\\")
        lines = fsock("dns", server.at, "--short", "--ordered", "-x", "192.0.2.1", "x.test", "TXT").lines
    assert lines[0] == "\\013\\027[2J\\010x\\009\\000\\255\\.\\\\\\007.name."
    text = b"".join(re.findall(rb'"((?:[^"\\]|\\.)*)"', lines[1].encode()))
    plain = re.sub(rb"\\(\d{3}|.)", lambda m: bytes([int(m[1])]) if len(m[1]) == 3 else m[1], text)
    assert plain == every


def test_names_given_cannot_either(fsock, at, tmp):
    evil = b"\x1b[2J.test"
    (tmp / "list").write_bytes(evil + b"\n\xc2\x9b2J.test\n")
    result = fsock("dns", at, "-i", "list", "-t", "A")
    assert result.code == 111 and b"\x1b" not in result.stdout and b"\xc2\x9b" not in result.stdout
    assert result.stdout.count(b"INVALID") == 2 and b"\\x1b[2J.test\t-\tINVALID" in result.stdout
    result = fsock("dns", at, "--json", "-i", "list", "-t", "A")
    assert b"\x1b" not in result.stdout and result.records[0]["name"] == evil.decode()
    assert b"\x1b" not in fsock("dns", at, "--short", evil, "-t", "A").stderr


# ---- summary and colour ----


def test_summary(site, fsock, at):
    names = ["a.site.test", "a.site.test", "nx1.site.test", "servfail.site.test", "bad..name"]
    result = fsock("dns", at, *names, "-t", "A")
    first = result.errors.splitlines()[0]
    assert sorted(re.findall(r"\d+ [A-Z]+\b", first)) == [
        "1 INVALID", "1 NXDOMAIN", "1 SERVFAIL", "2 NOERROR"]
    assert re.search(r"; 5 in [\d.]+ m?s, .*/s, 1 retry$", first), first
    assert re.search(rf"^server: 127\.0\.0\.1:{site.dns} asked 5, lost \d, ", result.errors, re.M)
    assert "times: p50 " in result.errors and "SERVFAIL;" not in result.text
    for quiet in ("-s", "--silent", "--no-summary"):
        assert fsock("dns", at, quiet, *names, "-t", "A").errors == ""
    assert fsock("dns", at, "a.site.test").errors == ""  # one name
    assert "1 NOERROR" in fsock("dns", at, "--summary", "a.site.test").errors
    assert "answers to nothing dropped" in fsock("dns", at, "--summary", "forged1.site.test", "A").errors


def on_terminal(fsock, *args, env=None, which="stdout"):
    """What a run shows on a terminal, which is its standard output or its standard error."""
    ours, theirs = pty.openpty()
    streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, which: theirs}
    process = subprocess.Popen([fsock.program, "dns", *args], stdin=subprocess.DEVNULL, **streams,
                               env=dict(clean_env(TERM="xterm"), **(env or {})))
    os.close(theirs)
    text = b""
    try:
        while part := os.read(ours, 65536):
            text += part
    except OSError:
        pass  # the end of a terminal
    os.close(ours)
    process.wait(20)
    return text


def test_colour(fsock, at):
    names = ["-t", "A", "--ordered", "a.site.test", "nx1.site.test", "servfail.site.test"]
    coloured = fsock("dns", at, "--color=always", *names).lines
    assert ["\x1b[32mNOERROR\x1b[0m" in coloured[0], "\x1b[33mNXDOMAIN\x1b[0m" in coloured[1],
            "\x1b[31mSERVFAIL\x1b[0m" in coloured[2]] == [True] * 3
    plain = fsock("dns", at, *names)
    assert b"\x1b" not in plain.stdout + plain.stderr
    shown = on_terminal(fsock, at, *names)
    assert b"\x1b[32mNOERROR\x1b[0m" in shown and b"\t" not in shown
    for other in (on_terminal(fsock, at, "--color=never", *names),
                  on_terminal(fsock, at, *names, env={"NO_COLOR": "1"}),
                  on_terminal(fsock, at, *names, env={"TERM": "dumb"})):
        assert b"\x1b" not in other and b"NXDOMAIN" in other
    columns = [line.index(b"60") for line in other.splitlines() if b"NOERROR" in line]
    assert columns == [other.splitlines()[2].index(b"- ")]  # they stand below each other


def test_progress(fsock, at):
    """On a terminal, unless that is where the records go; wiped before the summary."""
    names = ["-t", "A", "slow-450.site.test", "a.site.test"]
    shown = on_terminal(fsock, at, *names, which="stderr")
    assert b"1 done, 0 failed, 1 running" in shown
    assert re.search(rb"\r\x1b\[K2 NOERROR; 2 in ", shown)
    for words in (["--no-progress"], ["-s"]):
        assert b" running" not in on_terminal(fsock, at, *words, *names, which="stderr")
    assert b" running" not in on_terminal(fsock, at, *names)
    assert b" running" not in on_terminal(fsock, at, "--progress", *names[:3], which="stderr")  # one name
