"""fsock errno: numbers, names, kinds and words; the article's tables; what this machine says.

test/data has the article's facts as they were handed down; oracles are Python's errno and strerror,
and PHP.
"""

import errno
import json
import os
import pathlib
import pty
import re
import shutil
import subprocess

import pytest

from conftest import clean_env

ROOT = pathlib.Path(__file__).parents[2]
MANUAL = (ROOT / "man" / "fsock-errno.1").read_text()
ARTICLE = json.loads((ROOT / "test/data/error-tables.json").read_text())
PHP = json.loads((ROOT / "test/data/php-socket-constants.json").read_text())
MEMBERS = ["schema_version", "kind", "number", "name", "names", "php", "text", "class", "table1",
           "table2", "explanations"]


def table(result):
    """{number: text} of lines, as strings."""
    assert result.code == 0 and result.errors == "", result
    return dict(line.split("\t") for line in result.lines)


@pytest.fixture
def records(fsock):
    """{number: record} of all error numbers."""
    return {r["number"]: r for r in fsock("errno", "--json").records}


# ---- the article ---------------------------------------------------------------------------------

@pytest.mark.parametrize("which", ["1", "2"])
def test_tables_are_the_articles(fsock, records, which):
    """6.01, 6.07: unchanged, as a list, one by one, and in records."""
    facts = ARTICLE[f"table{which}"]
    assert table(fsock("errno", "--table", which)) == facts
    assert table(fsock("errno", "--table", which, *facts)) == facts
    for number, record in records.items():
        assert record[f"table{which}"] == facts.get(str(number)), record


def test_a_number_that_no_table_has_is_its_text(fsock):
    """6.01."""
    assert table(fsock("errno", "--table", "1", "134", "-1", "4711")) == {
        "134": "134", "-1": "-1", "4711": "4711"}
    assert table(fsock("errno", "--table", "2", "41")) == {"41": "41"}
    assert table(fsock("errno", "--table", "1", "EPIPE")) == {"32": "Broken pipe"}


def test_differences_of_the_tables(fsock):
    """6.03."""
    one, two = (table(fsock("errno", "--table", n)) for n in "12")
    assert {n for n in one if one[n] != two.get(n)} == {"4", "5", "41", "58", "116"}
    assert set(one) - set(two) == {"41", "58"} and not set(two) - set(one)
    assert one["4"] == two["4"] + " - DNS lookup failure" and "NFS" in one["116"]


def test_live_is_what_the_machine_says(fsock):
    """6.02: the article's loop, in Python; on glibc it is the second table."""
    loop = {str(i): os.strerror(i) for i in range(-50, 250) if "nknown error" not in os.strerror(i)}
    said = table(fsock("errno", "--live"))
    assert said == loop == ARTICLE["table2"] and len(said) == 132 and said["0"] == "Success"


@pytest.mark.skipif(not shutil.which("php"), reason="no PHP")
def test_live_is_what_php_says(fsock):
    loop = ('for ($i = -50; $i < 250; $i++) { $s = posix_strerror($i);'
            ' if (strpos($s, "nknown error") === false) echo "$i\t$s\n"; }')
    done = subprocess.run(["php", "-r", loop], capture_output=True, text=True, timeout=30)
    if done.returncode == 0:
        assert done.stdout == fsock("errno", "--live").text


def test_legacy_numbers(fsock):
    """6.05: -3, -4, -5, of which the notes at 4 and 5 of the first table are the last two."""
    legacy = {r["number"]: r for r in fsock("errno", "--json", "--kind", "legacy").records}
    assert set(legacy) == {-3, -4, -5}
    for number in (-4, -5):
        assert ARTICLE["table1"][str(-number)].endswith(" - " + legacy[number]["text"])
    for record in legacy.values():
        assert "before 4.0.5" in record["explanations"][0]["cause"]
    for word in ("-3", "legacy:-3"):
        assert fsock("errno", "--json", word).records[0] == legacy[-3]


def test_constants(fsock, records):
    """6.06: 82 of the article, 19 more of PHP."""
    lines = [line.split("\t") for line in fsock("errno", "--constants").lines]
    assert len(lines) == 82 and {name: int(n) for n, name in lines} == ARTICLE["constants"]
    for name, number in ARTICLE["constants"].items():
        assert f"{number}\t{name}" in fsock("errno", "--constants", name).lines
    found = {name: r["number"] for r in records.values() for name in r["php"]}
    assert found == PHP and len(found) == 82 + 19


@pytest.mark.skipif(not shutil.which("php"), reason="no PHP")
def test_constants_of_this_php(records):
    code = ('foreach (get_defined_constants(true)["sockets"] ?? [] as $k => $v)'
            ' if (substr($k, 0, 8) == "SOCKET_E") echo "$k\t$v\n";')
    done = subprocess.run(["php", "-r", code], capture_output=True, text=True, timeout=30)
    found = {name: r["number"] for r in records.values() for name in r["php"]}
    for line in done.stdout.splitlines():
        name, number = line.split("\t")
        assert found[name] == int(number)


# ---- error numbers -------------------------------------------------------------------------------

def test_names_and_texts_are_the_machines(records):
    for number, record in records.items():
        if number in errno.errorcode:
            assert errno.errorcode[number] in record["names"]
            assert record["text"] == os.strerror(number)
    for name in dir(errno):
        if name.startswith("E"):
            assert name in records[getattr(errno, name)]["names"]
    assert set(range(134)) <= set(records)


def test_records(records):
    for record in records.values():
        assert list(record) == MEMBERS and record["schema_version"] == 1 and record["text"]
        for e in record["explanations"]:
            assert list(e) == ["stages", "cause", "remedy"] and e["cause"] and e["remedy"]
    for number in (101, 104, 110, 111, 113, 99, 98, 13, 24):
        assert records[number]["explanations"][0]["stages"]
    assert not records[116]["explanations"]


@pytest.mark.parametrize("word", ["110", "ETIMEDOUT", "etimedout", "SOCKET_ETIMEDOUT", "errno:110"])
def test_one_number(fsock, word):
    result = fsock("errno", word)
    rows = [line.split("\t") for line in result.lines]
    assert result.code == 0 and len(rows) > 2 and {len(row) for row in rows} == {7}
    assert {tuple(row[:4]) for row in rows} == {
        ("errno", "110", "ETIMEDOUT", "Connection timed out")}
    assert rows[0][4] == "connect" and rows[-1][4] == "-"


@pytest.mark.parametrize("number, names", [(11, ["EAGAIN", "EWOULDBLOCK"]),
                                           (35, ["EDEADLK", "EDEADLOCK"]),
                                           (95, ["EOPNOTSUPP", "ENOTSUP"])])
def test_numbers_with_two_names(fsock, number, names):
    for word in (number, *names):
        record, = fsock("errno", "--json", word).records
        assert record["number"] == number and record["names"] == names
    assert fsock("errno", number).lines[0].split("\t")[2] == ",".join(names)


def test_hints_are_the_same_words(fsock):
    hint = fsock("talk", "127.0.0.1", "1").errors.splitlines()[1]
    row = [r for r in fsock("errno", "111").lines if r.split("\t")[4] == "connect"][0].split("\t")
    assert hint == f"fsock: talk: {row[5]}; {row[6]}"


# ---- other kinds ---------------------------------------------------------------------------------

@pytest.mark.parametrize("word, name, text", [
    ("tls:40", "handshake_failure", "No common parameters"),
    ("http:503", None, "Service Unavailable"),
    ("dns:3", "NXDOMAIN", "Non-existent domain"),
    ("dns:servfail", "SERVFAIL", "Server failure"),
    ("socks5:5", None, "connection refused"),
    ("socks4:91", None, "refused, or failed"),
    ("x509:10", "X509_V_ERR_CERT_HAS_EXPIRED", "certificate has expired"),
    ("exit:28", "EXIT_TIMEOUT", "A limit of time struck"),
    ("eai:-2", "EAI_NONAME", "Name or service not known"),
    ("h_errno:1", "HOST_NOT_FOUND", "Unknown host"),
    ("proxy:407", None, "Proxy Authentication Required"),
    ("fault:timeout", "timeout", "a limit of time struck"),
    ("HOST_NOT_FOUND", "HOST_NOT_FOUND", "Unknown host"),
    ("NXDOMAIN", "NXDOMAIN", "Non-existent domain"),
])
def test_kinds(fsock, word, name, text):
    record, = fsock("errno", "--json", word).records
    assert (record["name"], record["text"]) == (name, text) and record["explanations"]
    assert (record["class"] is not None) == (record["kind"] in ("http", "proxy"))


def kinds_of_help(fsock):
    return re.findall(r"[a-z_0-9]+", re.search(r"Kinds: (.*)See", fsock("errno", "--help").text,
                                               re.S)[1])


def test_every_kind(fsock):
    told = re.findall(r"Cm (\w+)", MANUAL.split(".Sh KINDS")[1].split(".Sh ")[0])
    assert len(told) == 13 and set(told) <= set(kinds_of_help(fsock))
    everything = fsock("errno", "--json", "--all").records
    assert len(everything) > 400 and {r["kind"] for r in everything} == set(told)
    for kind in told:
        listed = fsock("errno", "--json", "--kind", kind).records
        assert listed == [r for r in everything if r["kind"] == kind]
        assert fsock("errno", "--json", f"{kind}:").code == 0


def test_a_number_of_several_kinds(fsock):
    one = fsock("errno", "--json", "28").records
    assert [r["kind"] for r in one] == ["errno"]
    every = [r["kind"] for r in fsock("errno", "--json", "--all", "28").records]
    assert every[0] == "errno" and {"exit", "x509"} <= set(every)
    assert {r["kind"] for r in fsock("errno", "--json", "503").records} == {"http", "proxy"}
    assert [r["kind"] for r in fsock("errno", "--json", "-k", "exit", "28").records] == ["exit"]


def test_exit_codes_are_those_of_the_manuals(fsock):
    known = {r["number"] for r in fsock("errno", "--json", "--kind", "exit").records}
    for page in ("get", "dns", "talk", "check"):
        text = (ROOT / f"man/fsock-{page}.1").read_text().split(".Sh EXIT STATUS")[1].split("\n.Sh ")[0]
        listed = {int(n) for line in re.findall(r"^\.It ([\d ,]+)$", text, re.M)
                  for n in re.findall(r"\d+", line)}
        assert len(listed) > 5 and listed <= known, page


# ---- words ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("words, first", [
    (["refused"], 111), (["Refused", "connection"], 111), (["connection refused"], 111),
    (["too many", "files"], 23), (["stale nfs"], 116), (["route to host"], 113),
    (["already", "in", "use"], 98)])
def test_words(fsock, words, first):
    result = fsock("errno", "--json", *words)
    assert result.code == 0 and result.records[0]["number"] == first
    assert len({(r["kind"], r["number"]) for r in result.records}) == len(result.records)


def test_numbers_and_words_together(fsock):
    result = fsock("errno", "--json", "32", "-5", "http:404", "brown", "teapot", "104")
    assert result.code == 1 and "'brown' and 'teapot'" in result.errors
    found = [(r["kind"], r["number"]) for r in result.records]
    assert found == [("errno", 32), ("legacy", -5), ("eai", -5), ("http", 404), ("errno", 104)]


@pytest.mark.parametrize("word, near", [("ECONREFUSED", "ECONNREFUSED"), ("nxdomian", "NXDOMAIN"),
                                        ("EAI_AGIAN", "EAI_AGAIN"), ("etimedot", "ETIMEDOUT")])
def test_nearest(fsock, word, near):
    result = fsock("errno", word)
    assert result.code == 1 and result.text == ""
    assert result.errors == f"fsock: errno: there is no error '{word}'; did you mean {near}?\n"


@pytest.mark.parametrize("word", ["4711", "-1000", "http:42", "qqqqqqqqq", "", "tls:qqqq",
                                  "x" * 5000, "\x1b[31m", "99999999999999999999999"])
def test_nothing(fsock, word):
    result = fsock("errno", "--", word)
    assert result.code == 1 and result.text == "" and len(result.errors) < 300, result
    assert result.errors.startswith("fsock: errno: there is no error '") and "\x1b" not in result.errors
    assert result.errors.count("\n") == 1


def test_nothing_does_not_hide_the_rest(fsock):
    result = fsock("errno", "EPIPE", "4711", "http:404")
    assert result.code == 1 and {line.split("\t")[1] for line in result.lines} == {"32", "404"}


# ---- mistakes, outputs ---------------------------------------------------------------------------

@pytest.mark.parametrize("args", [
    ["--live", "5"], ["--live", "--table", "1"], ["--table", "3"], ["--table", "-1"], ["--table"],
    ["--json", "--constants"], ["--kind", "colour"], ["--all", "--kind", "tls"], ["--frob"], ["-x"],
    ["w"] * 33])
def test_usage(fsock, args):
    result = fsock("errno", *args)
    assert result.code == 2 and result.text == "" and result.errors.count("\n") == 1, result
    assert result.errors.startswith("fsock: errno: ")


@pytest.mark.parametrize("args", [[], ["110"], ["--json"], ["--live"], ["--table", "1"], ["--all"]])
@pytest.mark.parametrize("redirect, why", [(">/dev/full", "No space left on device"),
                                           (">&-", "Bad file descriptor")])
def test_output_that_fails(fsock, args, redirect, why):
    done = subprocess.run(["sh", "-c", f'"$0" errno "$@" {redirect}', fsock.program, *args],
                          capture_output=True, text=True, env=clean_env(), timeout=20)
    assert done.returncode == 23
    assert done.stderr == f"fsock: errno: can't write standard output: {why}\n"


def test_a_reader_that_goes_away(fsock):
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([fsock.program, "errno", "--all"], stdout=write, stderr=subprocess.PIPE,
                          timeout=20)
    os.close(write)
    assert done.returncode == 23 and done.stderr == b""


def on_terminal(fsock, *args):
    ours, theirs = pty.openpty()
    process = subprocess.Popen([fsock.program, "errno", *args], stdout=theirs, env=clean_env())
    os.close(theirs)
    text = b""
    try:
        while piece := os.read(ours, 65536):
            text += piece
    except OSError:  # the end of a terminal
        pass
    os.close(ours)
    assert process.wait(10) == 0
    return text.decode().replace("\r\n", "\n")


def test_on_a_terminal(fsock):
    card = on_terminal(fsock, "ECONNREFUSED")
    assert card.startswith("errno 111 ECONNREFUSED: Connection refused\n")
    assert "  connect\n    the machine is up" in card and "\n    > check" in card
    assert "PHP: SOCKET_ECONNREFUSED" in card and "\x1b" not in card
    assert max(map(len, card.splitlines())) <= 80 and " \n" not in card
    assert "\x1b[1m" in on_terminal(fsock, "--color", "always", "EPIPE")
    assert on_terminal(fsock, "28").endswith("28 is also x509:28, exit:28, fault:28 (--all)\n")
    assert "table 1: Stale NFS file handle" in on_terminal(fsock, "116")
    rows = on_terminal(fsock).splitlines()
    assert len(rows) > 133 and rows[111].startswith("errno:111  ECONNREFUSED ")


# ---- the manual ----------------------------------------------------------------------------------

def test_help_and_manual_list_the_same(fsock):
    text = fsock("errno", "--help").text
    assert max(map(len, text.splitlines())) <= 80
    in_help = {name: letter or None
               for letter, name in re.findall(r"^  (?:-(\w), |    )--([\w.-]+)", text, re.M)}
    section = MANUAL.split(".Sh OPTIONS\n")[1].split(".Sh ")[0]
    told = {name: letter or None
            for letter, name in re.findall(r"^\.It Fl (?:(\w) , )?-([\w.-]+)", section, re.M)}
    assert len(in_help) == 8 and in_help == told


def test_every_member_is_in_the_manual():
    section = MANUAL.split(".Sh RECORDS\n")[1].split(".Sh ")[0]
    assert re.findall(r"\w+", " ".join(re.findall(r"^\.It Va (.*)", section, re.M))) == MEMBERS


EXAMPLES = re.findall(r"^\.Dl \$ (.*)$", MANUAL, re.M)


@pytest.mark.parametrize("command", EXAMPLES)
def test_examples(build, tmp, command):
    done = subprocess.run(["bash", "-c", command], cwd=tmp, capture_output=True, timeout=60,
                          env=clean_env(PATH=f"{build}/cli:{os.environ['PATH']}"))
    assert done.returncode == 0 and done.stderr == b"" and (done.stdout or "diff" in command)


def test_examples_were_found():
    assert len(EXAMPLES) > 12


def test_ipv6_that_is_switched_off(fsock):
    """With the sysctl, connect gives EADDRNOTAVAIL; EAFNOSUPPORT only comes of the kernel's option."""
    assert "disable_ipv6" in fsock("errno", "EADDRNOTAVAIL").text
    assert "disable_ipv6" not in fsock("errno", "EAFNOSUPPORT").text
