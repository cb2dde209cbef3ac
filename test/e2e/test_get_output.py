"""fsock get: bodies in their places, records, -w, headers, the terminal."""

import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import termios
import time

import pytest

from conftest import clean_env


def on_terminal(build, *args, env=None, timeout=10, columns=80):
    """Runs the command with standard output and error on a terminal; (code, bytes)."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        [str(build / "cli/fsock"), *map(str, args)],
        stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, env=clean_env(**(env or {})),
    )
    os.close(theirs)
    shown, end = b"", time.monotonic() + timeout
    while time.monotonic() < end:
        if select.select([ours], [], [], 0.1)[0]:
            try:
                shown += os.read(ours, 65536)
            except OSError:
                break
    os.close(ours)
    return process.wait(5), shown


def write_list(tmp, *lines):
    (tmp / "urls.txt").write_text("".join(line + "\n" for line in lines))
    return tmp / "urls.txt"


def test_one_body_to_stdout(site, fsock):
    result = fsock("get", site.url("/plain/9"))
    assert result.code == 0 and result.stdout == site.get("/plain/9")[2] and not result.stderr


def test_output_file(site, fsock, tmp):
    for option in ["-ofile", "--output=file"]:
        result = fsock("get", option, site.url("/plain/9"))
        assert result.code == 0 and not result.stdout, result
        assert (tmp / "file").read_bytes() == site.get("/plain/9")[2]
    assert sorted(p.name for p in tmp.iterdir()) == ["file"]


def test_each_o_for_its_url(site, fsock, tmp):
    urls = [site.url(f"/sized/{n}") for n in (1, 2, 3)]
    result = fsock("get", *urls, "-o", "a", "-o", "b")
    assert result.code == 0 and len(result.lines) == 3
    assert (tmp / "a").stat().st_size == 1 and (tmp / "b").stat().st_size == 2
    assert sorted(p.name for p in tmp.iterdir()) == ["a", "b"]


def test_remote_names_of_arguments(site, fsock, tmp):
    urls = [site.url("/plain/1"), site.url("/sized/5"), site.url("/chunked/1")]
    result = fsock("get", "-O", "--json", *urls)
    names = [r["filename_effective"] for r in sorted(result.records, key=lambda r: r["urlnum"])]
    assert names[1] == "5"  # nobody else wants that name
    assert names[0] != names[2] and all(n.startswith("1-") and len(n) == 14 for n in names[::2])
    again = fsock("get", "--remote-name", "--json", *reversed(urls))
    assert {r["filename_effective"] for r in again.records} == set(names)
    assert sorted(p.name for p in tmp.iterdir()) == sorted(names)


def test_remote_names_of_a_list(site, fsock, tmp):
    urls = [site.url(f"/{kind}/{n}") for kind in ("plain", "gzip", "br") for n in range(10)]
    result = fsock("get", "-i", write_list(tmp, *urls), "-O", "--output-dir", "out", "--json")
    assert result.code == 0, result
    for record in result.records:
        file = tmp / record["filename_effective"]
        assert file.stat().st_size == record["size_body"]
    assert len(list((tmp / "out").iterdir())) == 30


def test_missing_directory(site, fsock, tmp):
    result = fsock("get", "-o", "no/where/file", site.url("/plain/1"))
    assert result.code == 23
    assert result.errors == "fsock: get: can't open no/where/file.part: no such file\n"
    assert fsock("get", "--create-dirs", "-o", "no/where/file", site.url("/plain/1")).code == 0
    assert (tmp / "no/where/file").exists()


def test_failures_leave_no_file(site, fsock, tmp):
    (tmp / "old").write_text("old")
    for page in ("/truncated", "/bad-crc-gzip", "/no-last-chunk", "/reset-body", "/empty-reply"):
        assert fsock("get", "-o", "old", site.url(page)).code not in (0, 2), page
        assert (tmp / "old").read_text() == "old"
    assert fsock("get", "-f", "-o", "new", site.url("/status/404")).code == 22
    assert fsock("get", "-o", "error", site.url("/status/404")).code == 0
    assert sorted(p.name for p in tmp.iterdir()) == ["error", "old"]


def test_full_disk(site, fsock, tmp):
    result = fsock("get", "-o", "/dev/full", site.url("/plain/5"))
    assert result.code == 23
    assert result.errors == "fsock: get: can't write /dev/full: No space left on device\n"


def test_include(site, fsock, tmp):
    page = site.get("/gzip/5")[2]
    result = fsock("get", "--include", site.url("/gzip/5"))
    head, _, body = result.stdout.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK") and b"Content-Encoding: gzip" in head
    assert body == fsock("get", site.url("/plain/5")).stdout and page
    decoded = fsock("get", "--include=decoded", site.url("/gzip/5"))
    head, _, rest = decoded.stdout.partition(b"\r\n\r\n")
    assert b"Content-Encoding" not in head and rest == body
    assert f"Content-Length: {len(body)}".encode() in head
    head = fsock("get", "-I", site.url("/plain/5")).stdout
    assert b"Content-Length: " in head
    assert fsock("get", "-I", "--include=decoded", site.url("/plain/5")).stdout == head
    fsock("get", "--include=decoded", "-o", "file", site.url("/chunked/7"))
    saved = (tmp / "file").read_bytes()
    assert b"chunked" not in saved.partition(b"\r\n\r\n")[0]
    assert saved.partition(b"\r\n\r\n")[2] == site.get("/chunked/7")[2]


def test_dump_header(site, fsock, tmp):
    result = fsock("get", "-D", "heads", site.url("/plain/1"), site.url("/plain/2"))
    assert result.code == 0
    assert (tmp / "heads").read_bytes().count(b"HTTP/1.1 200 OK\r\n") == 2
    out = fsock("get", "--dump-header=-", site.url("/sized/3")).stdout
    assert out.startswith(b"HTTP/1.1 200 OK\r\n") and len(out.partition(b"\r\n\r\n")[2]) == 3


def test_records(site, fsock, tmp):
    urls = [site.url("/sized/10"), site.url("/status/404"), "http://127.0.0.1:1/", "ftp://x/"]
    result = fsock("get", "-i", write_list(tmp, "# list", *urls))
    assert result.code == 110
    rows = {row[4]: row for row in (line.split("\t") for line in result.lines)}
    assert rows[urls[0]][:3] == ["ok", "200", "10"]
    assert rows[urls[1]][:2] == ["failed", "404"]
    assert rows[urls[2]][:3] == ["failed", "000", "0"] and "refused" in rows[urls[2]][5]
    assert rows[urls[3]][0] == "failed" and "scheme" in rows[urls[3]][5]
    assert "1 ok, 3 failed (" in result.errors


def test_json(site, fsock, tmp):
    urls = [site.url("/sized/10"), "http://user:secret@127.0.0.1:1/"]
    result = fsock("get", "--json", "-i", write_list(tmp, "", *urls))
    good, bad = sorted(result.records, key=lambda r: r["line"])
    assert good["schema_version"] == 1 and good["line"] == 2 and good["list"].endswith("urls.txt")
    assert good["url"] == urls[0] and good["http_code"] == good["response_code"] == 200
    assert good["size_download"] == good["size_body"] == 10 and good["errormsg"] is None
    assert good["remote_ip"] == "127.0.0.1" and good["remote_port"] == site.http
    assert 0 < good["time_starttransfer"] <= good["time_total"] < 5
    assert good["exitcode"] == 0 and good["err"] == "ok" and good["scheme"] == "HTTP"
    assert bad["exitcode"] == 7 and bad["stage"] == "connect" and bad["errno"] == 111
    assert bad["tries"][0]["addr"] == "127.0.0.1:1" and bad["tries"][0]["errno"] == 111
    assert bad["url"] == "http://***@127.0.0.1:1/" and "secret" not in result.text


def test_json_has_curls_names(site, fsock):
    """Every key of curl's own -w json, but for what belongs to other protocols."""
    record = fsock("get", "--json", site.url("/plain/1")).records[0]
    done = subprocess.run(["curl", "-qs", "--noproxy", "*", "-o", "/dev/null", "-w", "%{json}",
                           site.url("/plain/1")], capture_output=True, check=True)
    curl = json.loads(done.stdout)
    others = {"certs", "num_certs", "ftp_entry_path", "http_connect", "curl_version",
              "proxy_ssl_verify_result"}
    assert set(curl) - others <= set(record)
    for key in ("http_code", "http_version", "scheme", "method", "content_type", "size_download",
                "size_header", "num_headers", "url_effective", "redirect_url", "exitcode"):
        assert record[key] == curl[key] or (not record[key] and not curl[key]), key


@pytest.mark.parametrize("name", ["http_code", "size_download", "content_type", "url_effective",
                                  "method", "scheme", "remote_ip", "num_connects", "exitcode",
                                  "http_version", "redirect_url", "filename_effective"])
def test_write_out_agrees_with_curl(site, fsock, tmp, name):
    args = ["-w", "[%{" + name + "}]\\n%%\\t%header{content-length}|%header{none}", "-o", "x",
            site.url("/plain/5")]
    curl = subprocess.run(["curl", "-qs", "--noproxy", "*", *args], capture_output=True, cwd=tmp)
    assert fsock("get", *args).stdout == curl.stdout


def test_write_out_elsewhere(site, fsock, tmp):
    (tmp / "format").write_text("%{http_code} %{stderr}%{exitcode}%{stdout}!")
    result = fsock("get", "-w", "@format", "-o", "x", site.url("/plain/1"))
    assert result.text == "200 !" and result.errors == "0"
    result = fsock("get", "--write-out=%{onerror}%{errormsg}", "-s", "http://127.0.0.1:1/")
    assert "refused" in result.text and not result.stderr
    assert fsock("get", "-w", "@nowhere", site.url("/")).code == 26
    result = fsock("get", "-w", "%{htp_code}", site.url("/"))
    assert result.code == 2 and "-w knows no %{htp_code}" in result.errors
    urls = [site.url(f"/status/{n}") for n in (404, 200)]
    result = fsock("get", "-w", "%{http_code}\\n", *urls)
    assert sorted(result.lines) == ["200", "404"] and result.code == 110


def test_summary(site, fsock, tmp):
    urls = write_list(tmp, site.url("/plain/1"), "http://127.0.0.1:1/")
    assert "1 ok, 1 failed (connect 1); " in fsock("get", "-i", urls).errors
    assert fsock("get", "-s", "-i", urls).errors == ""
    assert fsock("get", "--no-summary", "-i", urls).errors == ""
    assert "1 ok" in fsock("get", "-s", "--summary", "-i", urls).errors
    assert "1 ok, 0 failed; " in fsock("get", "--summary", "-o", "x", site.url("/plain/1")).errors


def test_silent(site, fsock):
    assert fsock("get", "-s", "http://127.0.0.1:1/").errors == ""
    assert "refused" in fsock("get", "-sS", "http://127.0.0.1:1/").errors
    assert "refused" in fsock("get", "--silent", "--show-error", "http://127.0.0.1:1/").errors


def test_verbose(site, fsock):
    result = fsock("get", "-v", site.url("/plain/5"))
    lines = result.errors.splitlines()
    assert any(line.startswith("* ") and " connect " in line for line in lines)
    assert "< HTTP/1.1 200 OK" in lines and lines[lines.index("< HTTP/1.1 200 OK") - 1] != "< "
    sent = lines.index("> GET /plain/5 HTTP/1.1")
    assert f"> Host: 127.0.0.1:{site.http}" in lines[sent:] and "> " in lines[sent:]
    assert not any(" request " in line for line in lines)
    assert result.stdout == site.get("/plain/5")[2]
    result = fsock("get", "--verbose", site.url("/plain/1"), site.url("/plain/2"))
    assert any("[2] " in line for line in result.errors.splitlines())
    assert "> [2] GET /plain/2 HTTP/1.1" in result.errors.splitlines()
    result = fsock("get", "-v", "-u", "me:secret", "-b", "a=secret", site.url("/plain/5"))
    assert "secret" not in result.errors and "> Authorization: " in result.errors
    cookies = site.url("/set-cookie/secret")
    result = fsock("get", "-v", cookies)
    assert "site=" not in result.errors and "< Set-Cookie: ***" in result.errors.splitlines()
    assert "< Set-Cookie: site=secret; Path=/" in fsock("get", "-v", "--trace-secrets", cookies).errors


def test_binary_is_kept_from_the_terminal(site, build):
    code, shown = on_terminal(build, "get", site.url("/gzip/9"), "--raw")
    assert code == 23 and b"is binary" in shown and b"-o FILE" in shown
    code, shown = on_terminal(build, "get", site.url("/gzip/9"), "--raw", "-o", "-")
    assert code == 0 and b"\x1f\x8b" in shown
    code, shown = on_terminal(build, "get", site.url("/plain/5"))
    assert code == 0 and b"binary" not in shown


def test_colour_and_progress(site, build):
    urls = [site.url("/delay/700"), site.url("/plain/1")]
    code, shown = on_terminal(build, "get", *urls, env={"TERM": "xterm"})
    assert code == 0 and b"\x1b[32mok" in shown
    assert b" running, " in shown and b"\r\x1b[K" in shown
    code, shown = on_terminal(build, "get", "--no-progress", *urls,
                              env={"TERM": "xterm", "NO_COLOR": "1"})
    assert code == 0 and b"\x1b[" not in shown
    _, shown = on_terminal(build, "get", "--color=never", "--no-progress", *urls[1:],
                           urls[1], env={"TERM": "xterm"})
    assert b"\x1b[" not in shown


def test_progress_keeps_to_its_line(site, build):
    _, shown = on_terminal(build, "get", site.url("/delay/500"), site.url("/plain/1"), columns=30,
                           env={"TERM": "xterm"})
    drawn = [part.split(b"\r")[0] for part in shown.split(b"\r\x1b[K")[1:]]
    drawn = [part for part in drawn if b" done, " in part]
    assert drawn and all(part == b"1 done, 0 failed, 1 running, "[:29] for part in drawn)


def test_colour_elsewhere(site, fsock):
    urls = [site.url("/plain/1")] * 2
    assert b"\x1b[" not in fsock("get", *urls).stdout
    assert fsock("get", "--color=always", *urls).stdout.startswith(b"\x1b[32mok\x1b[0m\t")
    assert b"\x1b[" not in fsock("get", "--color=never", *urls).stdout
