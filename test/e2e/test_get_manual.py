"""The manual, --help and the command agree on what options and fields there are."""

import pathlib
import re

from manual import Manual

MANUAL = Manual("get")
HERE = pathlib.Path(__file__).parent
TESTS = "".join(f.read_text() for f in [*HERE.glob("test_get_*.py"), HERE / "test_trace_file.py"])


def test_help_and_manual_list_the_same(fsock):
    MANUAL.agrees_with_help(fsock, 50)


def test_help_fits_the_screen(fsock):
    assert max(len(line) for line in fsock("get", "--help").lines) <= 80


def test_every_option_has_a_test(fsock):
    for name, letter in MANUAL.options_of_help(fsock).items():
        used = f"--{name}" in TESTS or f"--no-{name}" in TESTS or (letter and re.search(rf'"-\w*{letter}', TESTS))
        assert used, f"no test uses --{name}"


def test_every_field_is_in_the_manual(site, fsock):
    record = fsock("get", "--json", site.url("/plain/1")).records[0]
    assert set(record) == MANUAL.fields("RECORDS")
