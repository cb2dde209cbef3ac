"""The article's picture of a fetch: a name looked up by UDP, a connect that does not wait, SO_ERROR,
a request sent, an answer received, all closed; in this order, by our own trace."""

import json

from nameserver import NameServer


def words_of(mark):
    """What a mark is in the article's words, or None if it has none for it."""
    call, failed, option = mark.get("call"), mark.get("errno"), mark.get("option")
    if call == "socket":
        return "udp" if "SOCK_DGRAM" in mark["type"] else "tcp"
    if call in ("sendmmsg", "recvmmsg") and not failed:
        return "question" if call == "sendmmsg" else "answer"
    if call == "connect" and failed == "EINPROGRESS":
        return "connect"
    if call == "getsockopt" and option == "SO_ERROR":
        return f"error {mark['value']}"
    if call in ("sendto", "recvfrom") and not failed:
        return "send" if call == "sendto" else "receive"
    if call in ("poll", "epoll_wait") and mark["timeout"] and mark["ready"]:
        return "wait"
    return "close" if call == "close" else None


def story(marks):
    """Each word once for as long as it goes on."""
    told = []
    for word in filter(None, map(words_of, marks)):
        if told[-1:] != [word]:
            told.append(word)
    return told


def test_a_lookup_then_a_fetch(fsock, site, tmp):
    def answer(query):
        return 0.02, query.answer(("A", "127.0.0.1")) if query.kind == "A" else query.answer()

    with NameServer(answer) as server:
        url = f"http://shop.site.test:{site.ports['http']}/delay/50"
        shown = fsock("get", "-s", "--trace", "t.jsonl", "--dns-servers", server.at[1:], url, cwd=tmp)
    assert shown.code == 0
    marks = [json.loads(line) for line in (tmp / "t.jsonl").read_text().splitlines()]
    told = story(marks)
    assert told[:3] == ["udp", "question", "wait"] and "answer" in told
    fetch = told[told.index("tcp"):]
    assert [word for word in fetch if word not in ("answer", "close")] == \
        ["tcp", "connect", "wait", "error 0", "send", "wait", "receive"]
    assert told.count("close") >= 1 and told[-1] == "close"
    sent = next(m["ret"] for m in marks if m.get("call") == "sendto")
    request = next(m for m in marks if m["event"] == "request")
    assert sent == request["size"] == len(request["head"].encode())
    opened = {m["fd"] for m in marks if m.get("call") == "socket"}
    assert opened == {m["fd"] for m in marks if m.get("call") == "close"}
