"""fsock get: windows that follow what a host bears, and hosts that are set aside."""

import threading
import time

import pytest

from webserver import Handler, Server


class Workers(Server):
    """A site of two workers, each of which needs 20 ms for an answer; who comes more waits."""

    def __init__(self):
        self.workers = threading.Semaphore(2)
        self.lock = threading.Lock()
        self.inside = self.most = 0
        super().__init__(Worker)


class Worker(Handler):
    def do_GET(self):
        server = self.server
        with server.lock:
            server.inside += 1
            server.most = max(server.most, server.inside)
        with server.workers:
            time.sleep(0.02)
        with server.lock:
            server.inside -= 1
        self.answer("ok")


@pytest.fixture
def workers():
    with Workers() as server:
        yield server


def list_of(tmp, server, count):
    url = f"http://127.0.0.1:{server.server_address[1]}"
    (tmp / "list").write_text("".join(f"{url}/{n}\n" for n in range(count)))
    return "list"


def waits(result):
    """The median time of an answer, without the first ones, which had to find it out."""
    late = sorted(r["time_starttransfer"] - r["time_pretransfer"] for r in result.records[100:])
    return late[len(late) // 2]


def test_a_host_is_not_asked_for_more_than_it_bears(fsock, tmp, workers):
    result = fsock("get", "--json", "-i", list_of(tmp, workers, 300), "--adaptive", "-P", "64")
    assert result.code == 0 and len(result.records) == 300
    assert waits(result) < 0.02 * 4
    blunt = fsock("get", "--json", "-i", list_of(tmp, workers, 300), "--no-adaptive", "--per-host", "64")
    assert blunt.code == 0 and waits(blunt) > 0.02 * 10


def test_never_above_per_host(fsock, tmp, workers):
    result = fsock("get", "-i", list_of(tmp, workers, 100), "--adaptive", "--per-host", "3")
    assert result.code == 0 and workers.most <= 3


def test_a_dead_host_is_set_aside(site, fsock, tmp):
    """Its URLs have records that say so, soon; those of others are fetched."""
    dead = [f"http://127.0.0.1:1/{n}" for n in range(60)]
    good = [site.url(f"/sized/{n}") for n in range(1, 31)]
    (tmp / "list").write_text("\n".join(url for pair in zip(dead, good + good) for url in pair))
    result = fsock("get", "--json", "-i", "list", "--retry", "0", "--repeat")
    assert result.code == 110
    by_class = {}
    for record in result.records:
        by_class.setdefault(record["err"], []).append(record)
    assert len(by_class["ok"]) == 60 and set(by_class) == {"ok", "connect", "aside"}
    aside = by_class["aside"]
    assert len(aside) + len(by_class["connect"]) == 60 and len(aside) > 40
    assert all("set aside" in r["errormsg"] and r["exitcode"] == 7 for r in aside)


def test_no_breaker(fsock, tmp):
    (tmp / "list").write_text("".join(f"http://127.0.0.1:1/{n}\n" for n in range(60)))
    result = fsock("get", "--json", "-i", "list", "--retry", "0", "--no-breaker")
    assert result.code == 111 and result.took(0, 5)
    assert {r["err"] for r in result.records} == {"connect"}
