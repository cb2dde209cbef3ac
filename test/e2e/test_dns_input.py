"""fsock dns: what can be asked for, on the command line and in lists: names, addresses, blocks."""

import ipaddress
import os
import subprocess
import time

import pytest

from conftest import clean_env
from nameserver import NameServer, reverse


@pytest.fixture
def at(site):
    return f"@127.0.0.1:{site.dns}"


@pytest.fixture
def parrot():
    """A server that knows every address, and the A of every name."""

    def answer(query):
        if query.kind == "PTR":
            return reverse(query)
        return query.answer(("A", "192.0.2.1")) if query.kind == "A" else query.answer()

    with NameServer(answer) as server:
        yield server


def asked(fsock, parrot, *args, **kw):
    """The result of a run, and a list of what it asked for: (name as sent, in lower case; type)."""
    del parrot.queries[:]
    result = fsock("dns", parrot.at, "-P", "1", "--json", "--ordered", *args, **kw)
    return result, [(q.name, q.kind) for q in parrot.queries]


# ---- the command line ----


def test_types(fsock, parrot):
    n = "n.test"
    for words, expected in {
        (n,): ["A", "AAAA"],
        (n, "MX"): ["MX"],
        (n, "MX", "TXT", "CAA"): ["MX", "TXT", "CAA"],
        ("-t", "mx,A", n): ["MX", "A"],
        ("-t", "mx", "-t", "Txt,aaaa", n): ["MX", "TXT", "AAAA"],
        ("-t", "TYPE65280,type16", n): ["TYPE65280", "TXT"],
        (n, "TYPE65280"): ["TYPE65280"],
        (n, "ANY"): ["ANY"],
        ("-t", "A", n, "MX"): ["A", "MX"],
    }.items():
        result, questions = asked(fsock, parrot, *words)
        assert result.code == 0 and questions == [(n, kind) for kind in expected], words
        assert [r["type"] for r in result.records] == expected


def test_words_that_are_no_types(fsock, parrot):
    """In lower case, or in front of all names, or of no type: a name."""
    assert asked(fsock, parrot, "-t", "A", "mx")[1] == [("mx", "A")]
    assert asked(fsock, parrot, "MX", "NS")[1] == [("mx", "NS")]
    assert asked(fsock, parrot, "-t", "A", "n.test", "BOX")[1] == [("n.test", "A"), ("box", "A")]
    assert asked(fsock, parrot, "n.test", "TYPE65536")[1][-1] == ("type65536", "AAAA")


@pytest.mark.parametrize(
    "types", ["BOX", "A,,MX", "", "TYPE65536", "TYPE0", "A,", "TYPE-1", "mx txt"])
def test_unknown_types(fsock, parrot, types):
    result, questions = asked(fsock, parrot, "-t", types, "n.test")
    assert result.code == 2 and "is no type of records" in result.errors and not questions


def test_too_many_types(fsock, parrot):
    types = [f"TYPE{n}" for n in range(300, 365)]
    assert len(set(asked(fsock, parrot, "-t", ",".join(types[:64]), "n.test")[1])) == 64
    for args in (["-t", ",".join(types), "n.test"], ["n.test", *types]):
        result, questions = asked(fsock, parrot, *args)
        assert result.code == 2 and "'TYPE364' is one type too many" in result.errors
        assert not questions


def test_types_that_cannot_be_looked_up(fsock, parrot):
    result, questions = asked(fsock, parrot, "-t", "AXFR,IXFR,A", "n.test")
    assert [r["status"] for r in result.records] == ["INVALID", "NOERROR"]
    assert result.code == 3 and questions == [("n.test", "A")]


def test_addresses(fsock, parrot):
    words = ["192.0.2.1", "2001:db8::1", "::ffff:192.0.2.7", "fe80::1%lo", "::1", "0.0.0.0"]
    result, questions = asked(fsock, parrot, *words, "-t", "MX")  # -t is for names
    pointers = [ipaddress.ip_address(w).reverse_pointer for w in
                ["192.0.2.1", "2001:db8::1", "192.0.2.7", "fe80::1", "::1", "0.0.0.0"]]
    assert questions == [(p, "PTR") for p in pointers]
    assert [(r["name"], r["qname"], r["type"]) for r in result.records] == [
        (w, p + ".", "PTR") for w, p in zip(words, pointers)]
    assert result.records[0]["answers"][0]["data"] == "h-192-0-2-1.name.test."


def test_reverse_option(fsock, parrot):
    result, questions = asked(fsock, parrot, "-x", "192.0.2.9", "--reverse=2001:db8::9")
    assert result.code == 0 and [name.split(".")[0] for name, _ in questions] == ["9", "9"]
    for word in ("n.test", "192.0.2", "192.0.2.0/30", "192.0.2.256", ""):
        result, questions = asked(fsock, parrot, "-x", word)
        assert result.code == 3 and not questions
        assert [(r["status"], r["name"]) for r in result.records] == [("INVALID", word)]
        assert "it is no IP address" in result.records[0]["errormsg"]


def test_what_only_looks_like_an_address_is_a_name(fsock, parrot):
    for word in ("127.1", "192.0.2.256", "010.0.0.1", "1.2.3.4.5", "192.0.2.1.", "x/24"):
        assert asked(fsock, parrot, "-t", "A", word)[1] == [(word.rstrip("."), "A")]


# ---- blocks ----


@pytest.mark.parametrize("block", [
    "192.0.2.0/24", "198.51.100.77/29", "255.255.255.252/30", "203.0.113.9/32", "0.0.0.0/31",
    "10.255.252.0/22", "2001:db8::/120", "2001:db8::ffff/126", "::1/128",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff0/124", "2001:db8:0:ff::fe00/119"])
def test_block(fsock, parrot, block):
    """All addresses of it, each once, and no other."""
    result = fsock("dns", parrot.at, "--json", "-s", block)
    expected = sorted(ipaddress.ip_network(block, strict=False))
    assert result.code == 0
    assert sorted(ipaddress.ip_address(r["name"]) for r in result.records) == expected
    assert sorted({q.address for q in parrot.queries}) == expected
    for record in result.records:
        address = ipaddress.ip_address(record["name"])
        assert record["name"] == str(address) and record["qname"] == address.reverse_pointer + "."
        assert record["answers"][0]["data"] == "h-" + record["name"].replace(".", "-").replace(
            ":", "-").strip("-") + ".name.test."


def test_ordered_block_and_blocks_in_a_list(fsock, parrot, tmp):
    (tmp / "list").write_text("192.0.2.6/31\nn.test\n192.0.2.0/30\n")
    result, _ = asked(fsock, parrot, "-t", "A", "-i", "list")
    assert [r["name"] for r in result.records] == [
        "192.0.2.6", "192.0.2.7", "n.test", "192.0.2.0", "192.0.2.1", "192.0.2.2", "192.0.2.3"]


@pytest.mark.parametrize("block, why", [
    ("0.0.0.0/0", "at most 16777216"), ("10.0.0.0/7", "at most 16777216"),
    ("::/0", "at most 16777216"), ("2001:db8::/103", "at most 16777216"),
    ("192.0.2.0/33", "up to 32"), ("192.0.2.0/", "up to 32"), ("192.0.2.0/-1", "up to 32"),
    ("192.0.2.0/24x", "up to 32"), ("192.0.2.0/24/24", "up to 32"), ("::/129", "up to 128"),
    ("192.0.2.0/99999999999999999999", "up to 32"), ("::1/ 8", "up to 128")])
def test_bad_block(fsock, parrot, block, why):
    result, questions = asked(fsock, parrot, block)
    assert result.code == 3 and not questions and len(result.records) == 1
    record = result.records[0]
    assert record["status"] == "INVALID" and why in record["errormsg"] and record["name"] == block


def test_a_huge_block_begins_at_once(fsock, parrot):
    """No list of it is made first; memory would show it."""
    limit = "" if "asan" in fsock.program else "ulimit -v 300000;"  # those need terabytes
    script = limit + ' exec "$0" dns "$@"'
    process = subprocess.Popen(["sh", "-c", script, fsock.program, parrot.at, "10.0.0.0/8", "-s"],
                               stdout=subprocess.PIPE, env=clean_env())
    first = process.stdout.readline()
    process.terminate()
    process.communicate(timeout=10)
    assert first.startswith(b"10.0.0.") and process.returncode == 143


# ---- lists ----


def test_lists_and_arguments(fsock, parrot, tmp):
    (tmp / "a").write_text("a.test\n")
    (tmp / "b").write_text("b.test\nbb.test")  # no newline at the end
    result, _ = asked(fsock, parrot, "arg.test", "-i", "a", "--input-file=b", "-i", "-", "-t", "A",
                      stdin=b"c.test\n")
    names = [r["name"] for r in result.records]
    assert result.code == 0 and names == ["arg.test", "a.test", "b.test", "bb.test", "c.test"]


def test_lines_of_a_list(fsock, parrot, tmp):
    (tmp / "list").write_bytes(
        b"# comment\r\n\r\n \t one.test \t\r\n#two.test\ntwo.test\r\n\n192.0.2.1\r\nnul\0.test\n"
        + b"x" * 70000 + b"\n  # no name\ntwo words\nthree.test")
    result, questions = asked(fsock, parrot, "-i", "list", "-t", "A")
    records = {r["name"]: (r["status"], r["errormsg"]) for r in result.records}
    assert result.code == 110
    assert [name for name, _ in questions] == ["one.test", "two.test", "1.2.0.192.in-addr.arpa",
                                               "three.test"]
    assert len(records) == len(result.records) == 7, records
    assert records["nul\0.test"] == ("INVALID", "line 8 of list: the line holds a NUL byte")
    assert records["x" * 200] == ("INVALID", "line 9 of list: the line is longer than 64 KiB")
    assert records["two words"][0] == "INVALID" and "blanks" in records["two words"][1]


def test_lists_with_nothing_in_them(fsock, parrot, tmp):
    (tmp / "empty").write_text("")
    (tmp / "comments").write_text("# nothing\n\n")
    for name in ("empty", "comments", "/dev/null", "-"):
        result, questions = asked(fsock, parrot, "-i", name)
        assert result.code == 0 and result.stdout == b"" and not questions
        assert result.errors.startswith("0 in ")


def test_lists_that_cannot_be_read(fsock, parrot, tmp):
    result, questions = asked(fsock, parrot, "n.test", "-i", "nowhere")
    assert result.code == 26 and result.stdout == b"" and not questions
    assert result.errors == "fsock: dns: can't read the list nowhere: no such file\n"
    result, questions = asked(fsock, parrot, "-i", tmp)
    assert result.code == 26 and "directory" in result.errors and not questions
    closed = subprocess.run(["sh", "-c", '"$0" dns "$1" -i - <&-', fsock.program, parrot.at],
                            capture_output=True, env=clean_env(), timeout=20)
    assert closed.returncode == 26 and b"can't read -: " in closed.stderr


@pytest.mark.parametrize("more", [[], ["--json"], ["--short"], ["--ordered"]])
def test_a_record_comes_while_the_list_is_open(fsock, parrot, more):
    process = subprocess.Popen([fsock.program, "dns", parrot.at, "-i", "-", *more, "-s"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=clean_env())
    for n in range(3):
        process.stdin.write(b"192.0.2.%d\n" % n)
        process.stdin.flush()
        line = process.stdout.readline()  # before the next one is given
        assert b"h-192-0-2-%d.name.test." % n in line
    process.stdin.write(b"192.0.2.9")
    process.stdin.close()
    assert b"h-192-0-2-9.name.test." in process.stdout.read()
    assert process.wait(10) == 0


def test_a_silent_pipe_does_not_hold_up_what_runs(site, fsock, at):
    """Half a line has come, and nothing more; the answer and its record don't wait for it."""
    process = subprocess.Popen([fsock.program, "dns", at, "-i", "-", "-t", "A", "-s"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=clean_env())
    start = time.monotonic()
    process.stdin.write(b"slow-200.site.test\na.si")
    process.stdin.flush()
    assert process.stdout.readline().startswith(b"slow-200") and time.monotonic() - start > 0.2
    process.stdin.write(b"te.test")
    process.stdin.close()
    assert process.stdout.readline().startswith(b"a.site.test\tA\tNOERROR")
    assert process.wait(10) == 0
    process.stdout.close()


def test_a_list_in_a_fifo(fsock, parrot, tmp):
    os.mkfifo(tmp / "fifo")
    process = subprocess.Popen([fsock.program, "dns", parrot.at, "-i", tmp / "fifo", "-s"],
                               stdout=subprocess.PIPE, env=clean_env())
    with open(tmp / "fifo", "wb") as fifo:
        fifo.write(b"192.0.2.1\n")
    assert b"h-192-0-2-1" in process.communicate(timeout=10)[0] and process.returncode == 0


# ---- names ----


def test_international_names(fsock, parrot):
    for name, sent in {
        "bücher.example": "xn--bcher-kva.example", "BÜCHER.Example": "xn--bcher-kva.example",
        "faß.example": "xn--fa-hia.example", "例え.test": "xn--r8jz45g.test",
        "bu\u0308cher.example": "xn--bcher-kva.example", "a.例え.test": "a.xn--r8jz45g.test",
        "xn--bcher-kva.example": "xn--bcher-kva.example", "_x.bücher.example": "_x.xn--bcher-kva.example",
    }.items():
        result, questions = asked(fsock, parrot, "-t", "A", name)
        assert questions == [(sent, "A")], (name, result)
        assert result.records[0]["name"] == name
        assert result.records[0]["qname"].lower() == sent + "."
    for bad in ("-ü.example", "ü" * 63 + ".example", "\u2603\u200d.example"):
        result, questions = asked(fsock, parrot, "-t", "A", "--", bad)
        assert result.code == 3 and not questions and result.records[0]["status"] == "INVALID"


LONG = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 61])  # 255 bytes, with lengths and root


@pytest.mark.parametrize("name, sent", [
    (LONG, LONG), (LONG + ".", LONG), ("e" * 63 + ".test", "e" * 63 + ".test"),
    ("a_b.-c-.test", "a_b.-c-.test"), (r"\065\.b.test", "a.b.test"), (r"a\032b.test", "a b.test"),
    (r"\000\255.test", "\0\xff.test"), ("\\097" * 63 + ".test", "a" * 63 + ".test"),
    (".", ""), ("1-4.2.0.192.in-addr.arpa", "1-4.2.0.192.in-addr.arpa"),
    ("0/25.2.0.192.in-addr.arpa", "0/25.2.0.192.in-addr.arpa")])
def test_name(fsock, parrot, name, sent):
    result, questions = asked(fsock, parrot, "-t", "A", name)
    assert result.code == 0 and questions == [(sent, "A")], result
    assert result.records[0]["name"] == name and result.records[0]["qname"].endswith(".")


@pytest.mark.parametrize("name", [
    LONG + "d", "e" * 64 + ".test", "a..b", ".a", "", "..", r"\256.test", "a\\", r"\25", r"\1x.test",
    "a b", "a\tb", "\x07", "a\x7f", "x" * 5000, "\\097" * 64])
def test_bad_name(fsock, parrot, name):
    result, questions = asked(fsock, parrot, "-t", "A,MX", name)
    assert result.code == 3 and not questions, result
    assert [r["status"] for r in result.records] == ["INVALID"]
    assert result.records[0]["name"] == name and result.records[0]["errormsg"]


def test_case_of_the_question_is_random_and_of_the_record_ours(fsock, parrot):
    name = "aLongNameWithManyLetters.Test"
    result, _ = asked(fsock, parrot, *[name] * 8, "-t", "A")
    sent = {q.sent for q in parrot.queries}
    assert len(sent) == 8 and {s.lower() for s in sent} == {name.lower()}
    assert {r["name"] for r in result.records} == {name}
    assert {r["qname"] for r in result.records} == {name + "."}
