"""The manual, --help and the command agree: options, fields, services, exit codes, examples."""

import json
import shlex

import pytest

from conftest import clean_env
from manual import Manual
from mailhost import Host
from test_check import SMTP
from talking import free_port

MANUAL = Manual("check")


def test_help_and_manual_list_the_same(fsock):
    MANUAL.agrees_with_help(fsock, 30)


def test_help_fits_the_screen(fsock):
    assert max(len(line) for line in fsock("check", "--help").lines) <= 80


def test_every_service_is_in_the_manual(fsock):
    told = MANUAL.section("DESCRIPTION").split(".Bd -unfilled")[1].split(".Ed")[0].split()
    assert {line.removesuffix("://") for line in fsock("check", "--services").lines} <= set(told)


def test_every_field_is_in_the_manual(fsock):
    named = MANUAL.fields("RECORDS")
    port = Host(b"220 x\r\n", SMTP).port
    for target in (f"smtp://127.0.0.1:{port}", "smtp://127.0.0.1:1", "nosuch://x"):
        record = json.loads(fsock("check", "--json", "--starttls=no", target).text)
        assert set(record) == named - {"text"}, target


@pytest.mark.parametrize("command", MANUAL.examples())
def test_examples_are_understood(fsock, command, tmp_path):
    """Each is accepted as it stands; where it leads nobody answers."""
    (tmp_path / "services.txt").write_text("smtp://mx.example.org\n")
    (tmp_path / "pw").write_text("x\n")
    words = [str(tmp_path / "pw") if w == "/etc/check.pw" else w for w in shlex.split(command)[1:]]
    closed = f"127.0.0.1:{free_port()}"
    if "-u" in words:
        words += ["--password-env", "PW"]
    if "--every" in words:
        words[words.index("--every") + 1] = "0"  # never again
    result = fsock(*words, "-x", f"http://{closed}", cwd=tmp_path, env={"PW": "x"})
    assert result.code in (7, 110, 111, 2 if "--nagios" in words else 7), result
