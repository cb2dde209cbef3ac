"""What the tests of the manuals have in common: a verb's page, taken apart, and its --help."""

import pathlib
import re


def plain(text):
    """What a reader sees of roff's escapes."""
    return text.replace(r"\e", "\\").replace(r"\(dq", '"').replace(r"\(aq", "'")


def by_name(rows):
    """{long name: letter or None}"""
    return {name: letter or None for letter, name in rows}


class Manual:
    """The page of `fsock VERB`."""

    def __init__(self, verb):
        self.verb = verb
        self.text = (pathlib.Path(__file__).parents[2] / "man" / f"fsock-{verb}.1").read_text()

    def section(self, name):
        return self.text.split(f".Sh {name}\n")[1].split("\n.Sh ")[0]

    def find(self, pattern, section):
        """All that this matches there, line by line."""
        return re.findall(pattern, self.section(section), re.M)

    def options(self):
        return by_name(self.find(r"^\.It Fl (?:(\w) , )?-([\w.-]+)", "OPTIONS"))

    def options_of_help(self, fsock):
        text = fsock(self.verb, "--help").text
        return by_name(re.findall(r"^  (?:-(\w), |    )--([\w.-]+)", text, re.M))

    def fields(self, section):
        """The names of a record's members."""
        return set(re.findall(r"\w+", " ".join(self.find(r"^\.It Va (.*)", section))))

    def examples(self):
        """The commands, as a shell takes them."""
        return [plain(command) for command in self.find(r"^\.Dl \$ (.*)$", "EXAMPLES")]

    def agrees_with_help(self, fsock, least):
        """Both list the same options, more than `least` of them."""
        in_help = self.options_of_help(fsock)
        assert len(in_help) > least
        assert in_help == self.options()
