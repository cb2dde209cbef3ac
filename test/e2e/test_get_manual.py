"""The manual, --help and the command agree on what options and fields there are."""

import pathlib
import re

MANUAL = (pathlib.Path(__file__).parents[2] / "man" / "fsock-get.1").read_text()
HERE = pathlib.Path(__file__).parent
TESTS = "".join(f.read_text() for f in [*HERE.glob("test_get_*.py"), HERE / "test_trace_file.py"])


def options_of_help(fsock):
    """{long name: letter or None}"""
    rows = re.findall(r"^  (?:-(\w), |    )--([\w.-]+)", fsock("get", "--help").text, re.M)
    return {name: letter or None for letter, name in rows}


def options_of_manual():
    rows = re.findall(r"^\.It Fl (?:(\w) , )?-([\w.-]+)", MANUAL, re.M)
    return {name: letter or None for letter, name in rows}


def test_help_and_manual_list_the_same(fsock):
    in_help = options_of_help(fsock)
    assert len(in_help) > 50
    assert in_help == options_of_manual()


def test_help_fits_the_screen(fsock):
    assert max(len(line) for line in fsock("get", "--help").lines) <= 80


def test_every_option_has_a_test(fsock):
    for name, letter in options_of_help(fsock).items():
        used = f"--{name}" in TESTS or f"--no-{name}" in TESTS or (letter and re.search(rf'"-\w*{letter}', TESTS))
        assert used, f"no test uses --{name}"


def test_every_field_is_in_the_manual(site, fsock):
    section = MANUAL.split(".Sh RECORDS")[1].split(".Sh ")[0]
    named = set(re.findall(r"\w+", " ".join(re.findall(r"^\.It Va (.*)", section, re.M))))
    record = fsock("get", "--json", site.url("/plain/1")).records[0]
    assert set(record) == named
