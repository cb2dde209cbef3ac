"""fsock dns: whom it asks, how it gets an answer out of servers that make it hard, how fast it asks.

That without any server named those of /etc/resolv.conf are asked is not tested here: there is no
option to name another file, and to change the system's own is not a test's business. The unit tests
of the library do it with files of their own.
"""

import random
import time

import pytest

from nameserver import NameServer, reverse


@pytest.fixture
def at(site):
    return f"@127.0.0.1:{site.dns}"


def good(query):
    """An A for every name."""
    return query.answer(("A", "192.0.2.1")) if query.kind == "A" else query.answer()


def one(fsock, *args):
    """The record of the one question that is asked."""
    result = fsock("dns", "--json", *args)
    assert len(result.records) == 1, result
    return result.records[0]


# ---- how servers are named ----


def test_ways_to_name_a_server(site, fsock, tmp):
    port = site.dns
    for name, said in {
        f"127.0.0.1:{port}": f"127.0.0.1:{port}", f"[::1]:{port}": f"[::1]:{port}",
        f"udp://127.0.0.1:{port}": f"127.0.0.1:{port}", f"tcp://127.0.0.1:{port}": f"tcp://127.0.0.1:{port}",
        f"TCP://[::1]:{port}": f"tcp://[::1]:{port}",
        f"[::1%lo]:{port}": f"[::1]:{port}",
    }.items():
        (tmp / "servers").write_text(name + "\n")
        for words in ([f"@{name}"], ["--dns-servers", name], ["-r", tmp / "servers"],
                      [f"--resolvers={tmp / 'servers'}"]):
            record = one(fsock, *words, "a.site.test", "A")
            assert record["status"] == "NOERROR" and record["server"] == said, (words, record)
            assert ("tcp" in record["flags"]) == ("tcp" in said)


def test_a_server_by_its_host_name(site, fsock):
    """The hosts file knows this one."""
    for name in (f"localhost:{site.dns}", f"tcp://localhost:{site.dns}"):
        record = one(fsock, "@" + name, "a.site.test", "A")
        assert record["status"] == "NOERROR"
        assert record["server"].replace("tcp://", "") in (f"127.0.0.1:{site.dns}", f"[::1]:{site.dns}")
    result = fsock("dns", "@ns.nowhere.invalid", "a.site.test")
    assert result.code == 6 and result.stdout == b"" and "ns.nowhere.invalid" in result.errors


@pytest.mark.parametrize("name, why", [
    ("", "@ needs the name server's address"), ("ftp://127.0.0.1", "only udp://, tcp:// and tls://"),
    ("127.0.0.1:0", "port 0 can't be asked"), ("127.0.0.1:65536", "it is no host"),
    ("127.0.0.1:x", "it is no host"), ("[::1", "it is no host"), ("127.0.0.1#ns", "belongs to tls://"),
    ("tls://127.0.0.1#", "no name behind #"), ("127.0.0.1,,127.0.0.2", "it is empty"),
    ("[fe80::1%nowhere0]", "no interface of that name")])
def test_bad_servers(fsock, name, why):
    result = fsock("dns", "@" + name, "a.site.test")
    assert result.code == 2 and result.stdout == b"" and why in result.errors
    assert result.errors.count("\n") == 1 and result.errors.startswith("fsock: dns: ")


def test_file_of_servers(site, fsock, tmp):
    """Comments, blanks, CR LF and empty lines are passed over; all the servers are asked."""
    with NameServer(good) as a, NameServer(good) as b:
        text = f"# ours\r\n\r\n  127.0.0.1:{a.port} \r\n#127.0.0.1:1\n\ttcp://127.0.0.1:{b.port}"
        (tmp / "servers").write_text(text)
        (tmp / "list").write_text("".join(f"n{i}.test\n" for i in range(40)))
        result = fsock("dns", "-r", "servers", "-i", "list", "-t", "A")
        assert result.code == 0 and len(result.lines) == 40
        assert {q.via for q in a.queries} == {"udp"} and {q.via for q in b.queries} == {"tcp"}
        result = fsock("dns", "-r", "-", "x.test", "A", stdin=text.encode())
        assert result.code == 0 and result.lines == ["x.test\tA\tNOERROR\t60\t192.0.2.1"]


def test_bad_files_of_servers(fsock, tmp):
    for name, content, code, why in (
            ("nowhere", None, 26, "no such file"), ("empty", b"# none\n", 2, "no name server in empty"),
            ("nul", b"127.0.0.1\0\n", 26, "NUL"), ("bad", b"127.0.0.1:x\n", 2, '"127.0.0.1:x"')):
        if content is not None:
            (tmp / name).write_bytes(content)
        result = fsock("dns", "-r", name, "a.test")
        assert result.code == code and why in result.errors and result.stdout == b"", result
    assert fsock("dns", "-r", tmp, "a.test").code == 26


def test_servers_are_asked_in_turn(fsock, tmp):
    with NameServer(reverse) as a, NameServer(reverse) as b, NameServer(reverse) as c:
        result = fsock("dns", a.at, b.at, "--dns-servers", f"127.0.0.1:{c.port}", "192.0.2.0/24", "-s")
        assert result.code == 0 and len(result.lines) == 256
        shares = [len(server.queries) for server in (a, b, c)]
    assert min(shares) > 20 and sum(shares) >= 256, shares


# ---- servers that don't answer, or not well ----


def test_dead_and_good(site, fsock, at):
    """The good one answers all, soon, whichever is named first."""
    for dead in (f"127.0.0.1:{site.dns_mute}", f"127.0.0.1:{site.dns_refused}",
                 f"127.0.0.1:{site.dns_garbage}", f"tcp://127.0.0.1:{site.dns_refused}",
                 f"tcp://127.0.0.1:{site.tcp_fin}"):
        for order in ([at, "@" + dead], ["@" + dead, at])[dead.endswith(str(site.dns_garbage)):]:
            result = fsock("dns", *order, "--json", "-m", "5", "-t", "A",
                           *[f"h{n}.site.test" for n in range(9)])
            assert result.code == 0 and result.took(0, 2.5), result
            assert {r["server"] for r in result.records} == {at[1:]}


def test_rcodes_of_one_server_and_another_one_that_knows(site, fsock, at):
    """SERVFAIL, REFUSED and so on are no last word."""
    for rcode in (1, 2, 4, 5):
        with NameServer(lambda q, rcode=rcode: q.answer(rcode=rcode)) as bad:
            result = fsock("dns", bad.at, at, "--json", "-t", "A", *[f"h{n}.site.test" for n in range(4)])
            assert bad.queries and result.code == 0, result
            assert {r["server"] for r in result.records} == {at[1:]}


def test_nxdomain_is_the_last_word(fsock):
    with NameServer(lambda q: q.answer(rcode=3)) as a, NameServer(lambda q: q.answer(rcode=3)) as b:
        record = one(fsock, a.at, b.at, "x.test", "A")
    assert record["status"] == "NXDOMAIN" and len(a.queries + b.queries) == record["tries"] == 1


def test_all_that_failed_are_named(site, fsock):
    servers = [f"127.0.0.1:{site.dns_mute}", f"127.0.0.1:{site.dns_refused}"]
    with NameServer(lambda q: q.answer(rcode=5)) as refusing:
        record = one(fsock, refusing.at, *["@" + s for s in servers], "-m", "1", "x.test", "A")
    assert record["status"] == "REFUSED" and record["exitcode"] == 6
    for text in (f"{refusing.at[1:]} says REFUSED", f"no answer from {servers[0]}", f"{servers[1]} refused"):
        assert text in record["errormsg"], record


def test_race(fsock):
    """Both are asked at once; the slow one doesn't hold up the answer."""
    with NameServer(good) as fast, NameServer(lambda q: (1.5, good(q))) as slow:
        for order in ([fast, slow], [slow, fast]):
            record = one(fsock, *[s.at for s in order], "--race", "2", "x.test", "A")
            assert record["status"] == "NOERROR" and record["server"] == fast.at[1:]
            assert record["time"] < 0.5
        fast.wait(2)
        slow.wait(2)
    bad = fsock("dns", fast.at, "--race", "5", "x.test")
    assert bad.code == 2 and "--race needs a whole number from 1 to 4" in bad.errors


def test_a_first_datagram_that_is_lost(fsock, at):
    record = one(fsock, at, f"once{time.monotonic_ns()}.site.test", "A")
    assert record["status"] == "NOERROR" and record["tries"] == 2


def test_truncated_answers_come_by_tcp(site, fsock, at):
    record = one(fsock, at, "tc.site.test", "A")
    assert record["status"] == "NOERROR" and "tcp" in record["flags"] and record["tries"] == 1
    record = one(fsock, at, "big.site.test", "TXT")
    assert [r["data"] for r in record["answers"]] == ['"' + "b" * 255 + '"'] * 20
    assert "tcp" in record["flags"]

    def answer(query):  # what stands in a truncated answer doesn't count
        lie = query.answer(("A", "127.0.0.66"), tc=True)
        return lie if query.via == "udp" else query.answer(("A", "192.0.2.7"))

    with NameServer(answer) as server:
        record = one(fsock, server.at, "x.test", "A")
        assert [r["data"] for r in record["answers"]] == ["192.0.2.7"]
        assert [q.via for q in server.queries] == ["udp", "tcp"]


@pytest.mark.parametrize("words", [["--tcp"], ["+tcp"], ["+vc"]])
def test_tcp_only(fsock, words):
    with NameServer(good) as server:
        record = one(fsock, server.at, *words, "x.test", "A")
    assert record["status"] == "NOERROR" and {q.via for q in server.queries} == {"tcp"}
    assert record["server"] == server.at[1:] and "tcp" in record["flags"]


@pytest.mark.parametrize("rcode", [1, 4])
def test_a_server_without_edns(fsock, rcode):
    """FORMERR, or NOTIMP, to what it doesn't know: asked again without, and from then on."""
    with NameServer(lambda q: q.answer(rcode=rcode) if q.edns else good(q)) as server:
        result = fsock("dns", server.at, "-P", "1", "-s", "-t", "A", *[f"n{n}.test" for n in range(5)])
        assert result.code == 0, result
        assert [q.edns for q in server.queries] == [True] + [False] * 5


def test_a_server_that_folds_case(fsock, at):
    assert one(fsock, at, "lower.site.test", "A")["status"] == "NOERROR"
    with NameServer(lambda q: q.answer(("A", "192.0.2.1"), question=q.question.lower())) as server:
        result = fsock("dns", server.at, "-m", "5", "-t", "A", "somename.test", "--json")
        assert result.records[0]["status"] == "NOERROR", result
        assert result.records[0]["answers"][0]["data"] == "192.0.2.1"


def test_forged_answers(fsock, at):
    """Wrong id, question, type, case, no answer, other port: none of them counts."""
    result = fsock("dns", at, "--json", "-t", "A", "--summary", *[f"forged{n}.site.test" for n in range(20)])
    assert result.code == 0 and "127.0.0.66" not in result.text
    assert {r["answers"][0]["data"] for r in result.records} == {"127.0.0.1"}
    assert "answers to nothing dropped" in result.errors


def test_a_server_of_many_manners(fsock, tmp):
    """Silence, noise, copies, late answers, echoes, answers cut short, rcodes: each question has one
    end and soon, and what is told as data was such."""
    rng = random.Random(3)

    def answer(query):
        good = query.answer(("A", "192.0.2.1"))
        manners = [None, rng.randbytes(rng.randrange(60)), [good] * 3, query.answer(tc=True), (0.2, good),
                   good[: rng.randrange(12, len(good))], [query.wire, good],
                   query.answer(rcode=rng.randrange(16))]
        return rng.choice(manners) if rng.random() < 0.4 else good

    names = [f"n{n}.test" for n in range(600)]
    (tmp / "list").write_text("\n".join(names))
    with NameServer(answer) as server:
        result = fsock("dns", server.at, "-m", "4", "--json", "-t", "A", "-i", "list")
    records = result.records
    assert result.code == 110 and result.took(0, 6)
    assert sorted(r["name"] for r in records) == sorted(names)
    assert {a["data"] for r in records for a in r["answers"]} == {"192.0.2.1"}
    assert sum(r["status"] == "NOERROR" for r in records) > 400
    assert all((r["status"] == "NOERROR") == bool(r["answers"]) for r in records)


def test_answers_as_big_as_a_message_can_be(fsock):
    """By TCP; all of their bytes escaped, lines are longer than the buffers of the way."""
    many = [("TXT", (b"\xff" + b"\0" * 255) * 250)]
    with NameServer(lambda q: q.answer(*many) if q.via == "tcp" else q.answer(tc=True)) as server:
        for form in (["--short"], ["--short", "--ordered"]):
            result = fsock("dns", server.at, *form, "x.test", "TXT")
            assert result.text == " ".join(['"' + "\\000" * 255 + '"'] * 250) + "\n"


def test_no_two_queries_look_alike(fsock):
    """Ids are random: with 200 of them, few are the same or follow each other."""
    with NameServer(reverse) as server:
        assert fsock("dns", server.at, "-s", "192.0.2.0/24").code == 0
        ids = [int.from_bytes(q.wire[:2], "big") for q in server.queries]
    assert len(set(ids)) > len(ids) * 0.97 and max(ids) > 50000 and min(ids) < 15000
    assert sum(abs(a - b) < 16 for a, b in zip(ids, ids[1:])) < 8


@pytest.mark.parametrize("words, recurse", [
    ([], True), (["--recurse"], True), (["--no-recurse"], False), (["+norecurse"], False),
    (["+norec"], False)])
def test_recursion(fsock, words, recurse):
    with NameServer(good) as server:
        record = one(fsock, server.at, *words, "x.test", "A")
        assert [q.recurse for q in server.queries] == [recurse]
    assert ("rd" in record["flags"]) == recurse


# ---- how fast ----


def test_rate(fsock, at, tmp):
    """Never faster than said, and not much slower."""
    for option, count in (("--rate", 1000), ("--server-rate", 300)):
        (tmp / "list").write_text("".join(f"h{n}.site.test\n" for n in range(count)))
        result = fsock("dns", at, option, "500", "-s", "-t", "A", "-i", "list")
        assert result.code == 0 and len(result.lines) == count
        assert result.took(count / 500 * 0.95, count / 500 * 1.5 + 0.2), result.elapsed


def test_rate_of_each_server(fsock, tmp):
    (tmp / "list").write_text("192.0.2.0/24\n192.0.3.0/25")
    with NameServer(reverse) as a, NameServer(reverse) as b:
        result = fsock("dns", a.at, b.at, "--server-rate", "200", "-s", "-i", "list")
        assert result.code == 0 and result.took(0.85, 2.5), result.elapsed
        for server in (a, b):
            assert abs(len(server.queries) - 192) < 60
            times = [q.time for q in server.queries]
            gaps = [times[i + 40] - times[i] for i in range(len(times) - 40)]
            assert sorted(gaps)[len(gaps) // 2] > 0.15, gaps  # 40 at 200 a second take 0.2 s


def test_parallel(fsock):
    """No more than so many open at once."""
    with NameServer(lambda q: (0.1, reverse(q))) as server:
        start = time.monotonic()
        result = fsock("dns", server.at, "-P", "8", "-s", "192.0.2.0/27")
        assert result.code == 0 and time.monotonic() - start > 0.4
        times = [q.time for q in server.queries]
        assert len(times) == 32
        assert all(times[i + 8] - times[i] > 0.09 for i in range(24)), times


def test_many_at_once(fsock, at, tmp):
    """What a slow server makes of a thousand questions is hardly longer than what it makes of one:
    not 200 seconds."""
    (tmp / "list").write_text("slow-200.site.test\n" * 1000)
    result = fsock("dns", at, "-t", "A", "-s", "-i", "list")
    assert result.code == 0 and len(result.lines) == 1000 and result.took(0.2, 4)
    (tmp / "list").write_text("slow-200.site.test\n" * 60)  # fewer than one window holds
    result = fsock("dns", at, "-t", "A", "-s", "-i", "list")
    assert result.code == 0 and len(result.lines) == 60 and result.took(0.2, 0.7)
