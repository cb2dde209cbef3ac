"""fsock dns: what can't go together on a command line; where the verb is listed."""

import re

import pytest


@pytest.mark.parametrize("args, why", [
    ([], "no name; give one"), (["@127.0.0.1"], "no name; give one"), (["-t", "A"], "no name; give one"),
    (["--log", "a.test"], "names of the command line have no place"),
    (["--log", "--json"], "can't go with it"), (["--log", "--short"], "can't go with it"),
    (["--log", "-t", "A"], "can't go with it"), (["--append", "a.test"], "belong to --log"),
    (["--field", "2", "a.test"], "belong to --log"), (["--cache", "x", "a.test"], "belong to --log"),
    (["--log", "--cache-min", "1h"], "name it with --cache"), (["--log", "--cache", ""], "needs the name"),
    (["--short", "--json", "a.test"], "drop one of them"),
    (["-r", "-", "-i", "-"], "can't be both"), (["-r", "-", "--log"], "can't be both"),
    (["+trace", "a.test"], "only +short, +tcp and +norecurse"),
    (["--shrot", "a.test"], "did you mean --short?"),
    (["-P", "0", "a.test"], "-P needs a whole number"), (["--rate", "0", "a.test"], "--rate needs a whole"),
    (["-m", "soon", "a.test"], "-m needs a time"), (["-q", "a.test"], "unknown option -q"),
    (["--color", "pink", "a.test"], "--color must be one of")])
def test_what_makes_no_sense(fsock, args, why):
    """One sentence, exit code 2, and nothing is done."""
    result = fsock("dns", *args, stdin=b"a.test\n")
    assert result.code == 2 and result.stdout == b"", result
    assert why in result.errors and result.errors.startswith("fsock: dns: ")
    assert result.errors.count("\n") == 1


def test_dns_is_in_the_list_of_verbs(fsock):
    assert re.search(r"^ *dns\b", fsock("--help").text, re.M)
