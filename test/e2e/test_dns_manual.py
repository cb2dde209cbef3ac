"""The manual, --help and the command agree on what options and fields there are; its examples run.
"""

import os
import re
import subprocess

import pytest

from conftest import clean_env
from manual import Manual

MANUAL = Manual("dns")


def test_help_and_manual_list_the_same(fsock):
    MANUAL.agrees_with_help(fsock, 25)


def test_every_field_is_in_the_manual(site, fsock):
    named = MANUAL.fields("RECORDS")
    server = f"@127.0.0.1:{site.dns}"
    for name in ("a.site.test", "a..b"):
        assert set(fsock("dns", "--json", server, name, "A").records[0]) == named
    answer = fsock("dns", "--json", server, "a.site.test", "A").records[0]["answers"][0]
    members = set(MANUAL.find(r"^\.Va (\w+)", "RECORDS"))
    assert set(answer) == members


def test_every_status_is_in_the_manual(site, fsock):
    lines = MANUAL.find(r"^\.It ([A-Z].*[A-Z.])$", "RECORDS")
    listed = set(re.findall(r"[A-Z]{5,}", " ".join(lines)))
    names = ["a", "nodata", "nx", "servfail", "refused", "notimp", "cname-loop"]
    server = f"@127.0.0.1:{site.dns}"
    found = {r["status"] for r in fsock("dns", "--json", "-t", "A", server,
                                        *[f"{n}.site.test" for n in names], "a..b").records}
    assert len(found) == 8
    for option in ("-m", "--run-time"):
        found |= {r["status"] for r in
                  fsock("dns", "--json", option, "0.3", server, "mute.site.test", "A").records}
    assert found | {"FORMERR"} == listed


@pytest.mark.plain
@pytest.mark.parametrize("command", MANUAL.examples())
def test_examples(build, site, tmp, command):
    """As they stand, but for the name of the server and of the domain."""
    server = f"127.0.0.1:{site.dns}"
    log = "".join(f"127.0.0.{n} a {server} GET /\n" for n in range(1, 200))
    (tmp / "names.txt").write_text("site.test\n127.0.0.1\n127.0.0.0/30\nmute.site.test\n")
    (tmp / "servers.txt").write_text(f"# one\n{server}\n")
    (tmp / "access.log").write_text(log)
    (tmp / "mail.log").write_text(log)
    command = command.replace("example.org", "site.test")
    command = re.sub(r"@\S+", f"@{server}", command)
    if "@" not in command and "-r " not in command:
        command = command.replace("fsock dns", f"fsock dns @{server}")
    command = command.replace("fsock dns", "fsock dns -m 1")
    done = subprocess.run(command, shell=True, cwd=tmp, stdout=subprocess.PIPE, timeout=60,
                          stderr=subprocess.PIPE,
                          env=clean_env(PATH=f"{build}/cli:{os.environ['PATH']}"))
    written = command.rpartition("> ")[2] if "> " in command else None
    text = (tmp / written).read_text() if written else done.stdout.decode()
    assert done.returncode == (110 if command.endswith("records") else 0), done.stderr
    assert text and "INVALID" not in text
    if written == "again":
        assert text == "mute.site.test\n" * 2
    if "--log" in command:
        assert text.count(".site.test") == 199


def test_examples_were_found():
    assert len(MANUAL.examples()) > 9
