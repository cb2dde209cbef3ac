"""fsock get: where it must not go, what it may cost, and requests whose answers nobody waits for."""

import time


def forbidden(result, *words):
    """It failed with 113, in one sentence that has these words."""
    assert result.code == 113 and not result.stdout, result
    assert result.errors.startswith("fsock: get: connect "), result
    assert "--public-only, --allow, --deny" in result.errors, result
    for word in words:
        assert word in result.errors, result


def test_public_only(site, fsock):
    url = site.url("/plain/5")
    forbidden(fsock("get", "--public-only", url), f"127.0.0.1:{site.http} is a loopback address")
    pin = ["--resolve", f"a.example:{site.http}:127.0.0.1"]
    forbidden(fsock("get", "--public-only", *pin, site.url("/plain/5", host="a.example")),
              f"connect a.example:{site.http}: 127.0.0.1:{site.http} is a loopback address")
    forbidden(fsock("get", "--public-only", "http://169.254.169.254/latest/meta-data/"), "link-local")
    proxy = ["-x", f"http://127.0.0.1:{site.proxy}"]
    assert fsock("get", "--public-only", *proxy, site.url("/plain/5", host="localhost")).code == 0
    result = fsock("get", "--public-only", "--unix-socket", site.unix, "http://a.example/")
    assert result.code == 2 and "--unix-socket is no public address" in result.errors


def test_allow_and_deny(site, fsock):
    here, there = site.url("/plain/5"), site.url("/plain/5", host="localhost")
    assert fsock("get", "--allow", "localhost,*.example", there).code == 0
    assert fsock("get", "--allow", "*.example", "--allow", "localhost", there).code == 0
    forbidden(fsock("get", "--allow", "*.example", "--allow", "localhost", here), "not among those allowed")
    forbidden(fsock("get", "--deny", "localhost", "--deny", "a.example", there), "among those denied")
    forbidden(fsock("get", "--deny", "127.0.0.0/8,::1", there), "is among the hosts denied")
    assert fsock("get", "--deny", "localhost", here).code == 0
    result = fsock("get", "--deny", "10.0.0.0/99", here)
    assert result.code == 2 and '"10.0.0.0/99" is no host' in result.errors


def test_a_redirect_is_held_to_the_rules(site, fsock):
    result = fsock("get", "-L", "--json", "--allow", "127.0.0.1", site.url("/redirect-cross"))
    record = result.records[0]
    assert (record["exitcode"], record["err"], record["num_redirects"]) == (113, "forbidden", 1)
    assert "localhost" in record["url_effective"]


def test_a_circle_of_redirects_ends_at_once(site, fsock):
    for page, followed in (("/redirect-loop", 0), ("/redirect-ring/3", 3)):
        record = fsock("get", "-L", "--json", "--max-redirs", "900", site.url(page)).records[0]
        assert (record["exitcode"], record["num_redirects"]) == (47, followed)
        assert "redirects to itself" in record["errormsg"]
    result = fsock("get", "-L", "-d", "x", site.url("/redirect-after-post"))
    assert result.code == 0 and result.text == "done\n"


def count(site, page, expected, seconds=5):
    """Waits until the site has had so many requests for a page."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and site.stats()["pages"].get(page, 0) < expected:
        time.sleep(0.01)
    return site.stats()["pages"].get(page, 0)


def test_no_wait(site, fsock, tmp):
    mute = f"http://127.0.0.1:{site.tcp_mute}/job"
    result = fsock("get", "--no-wait", mute)
    assert (result.code, result.stdout, result.stderr) == (0, b"", b"") and result.took(0, 1)
    record = fsock("get", "--no-wait", "--json", "-f", mute).records[0]
    assert (record["exitcode"], record["http_code"], record["err"]) == (0, 0, "ok")
    before = site.stats()["pages"].get("/upload", 0)
    urls = [site.url(f"/upload?{i}", *tls) for i in range(20) for tls in ((), ("https", "localhost"))]
    (tmp / "list").write_text("\n".join(urls))
    result = fsock("get", "--no-wait", "--cacert", site.ca, "--data-binary", "@-", "-i", "list",
                   stdin=b"x" * 1000000)
    assert result.code == 0 and len(result.lines) == 40, result
    assert {tuple(line.split("\t")[:3]) for line in result.lines} == {("ok", "000", "0")}, result
    assert count(site, "/upload", before + 40) == before + 40


def test_no_wait_needs_what_is_sent_only(site, fsock):
    url = site.url("/plain/1")
    for args in (["-o", "x"], ["-O"], ["-D", "x"], ["--include"], ["-C", "-", "-o", "x"], ["-L"], ["-I"],
                 ["--warm"]):
        result = fsock("get", "--no-wait", *args, url)
        assert result.code == 2 and "--no-wait gets no answer" in result.errors, result
    result = fsock("get", "--no-wait", f"http://127.0.0.1:{site.tcp_refused}/")
    assert result.code == 7 and "refused" in result.errors


# ---- Shards ----------------------------------------------------------------------------------


def test_shards_share_a_list(site, fsock, tmp):
    hosts = [f"{www}shop{i}.example" for i in range(60) for www in ("", "www.")]
    urls = [f"http://{host}:{site.http}/plain/1" for host in hosts]
    (tmp / "list").write_text("\n".join(["# a list", *urls, "http://bad host/"]))
    pin = ["--resolve", f"*:{site.http}:127.0.0.1"]
    seen = []
    for i in range(1, 5):
        result = fsock("get", "--json", *pin, "--shard", f"{i}/4", "--threads", 1 + i % 2, "-i", "list")
        mine = [record["url"] for record in result.records]
        assert 10 <= len(mine) <= 60, result
        assert f"passed over: {121 - len(mine)} of other shards\n" in result.errors, result
        sites = {url.removeprefix("http://").removeprefix("www.") for url in mine}
        assert all((url in mine) == (url.removeprefix("http://").removeprefix("www.") in sites) for url in urls)
        seen += mine
    assert sorted(seen) == sorted([*urls, "http://bad host/"])


def test_shards_are_the_manual_s(site, fsock):
    urls = ["http://www.example.com/", "http://example.org/", "http://192.0.2.1/"]
    where = ["-x", f"http://127.0.0.1:{site.tcp_refused}", "--json"]
    for part, url in (("6/8", urls[0]), ("3/8", urls[1]), ("346/1000", urls[2])):
        assert [r["url"] for r in fsock("get", *where, "--shard", part, *urls).records] == [url]


def test_shards_from_the_environment(site, fsock):
    urls = [site.url("/plain/1"), site.url("/plain/1", host="localhost")]
    slurm = {f"SLURM_ARRAY_TASK_{k}": v for k, v in (("MIN", 0), ("MAX", 1), ("COUNT", 2), ("STEP", 1))}
    for env in ({"JOB_COMPLETION_INDEX": "{}"}, {"SLURM_ARRAY_TASK_ID": "{}", **slurm}):
        seen = []
        for i in range(2):
            mine = {k: str(v).format(i) for k, v in env.items()}
            result = fsock("get", "--json", "--shard", "auto/2", *urls, env=mine)
            assert result.code == 0, result
            seen += [record["url"] for record in result.records]
        assert sorted(seen) == sorted(urls)
    for text, word in (("0/2", "counted from 1"), ("x", "takes I/N"), ("auto", "neither")):
        result = fsock("get", "--shard", text, *urls)
        assert result.code == 2 and word in result.errors, result
    assert fsock("get", "--shard", "1/2", urls[0]).code == 2
