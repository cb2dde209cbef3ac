"""tools/demo: the list is fetched, and the promise is kept in every row."""

import os
import pathlib
import re
import signal
import subprocess

import pytest

ROOT = pathlib.Path(__file__).parents[2]


def demo(build, **how):
    return subprocess.Popen(
        [ROOT / "tools/demo"], env=dict(os.environ, FSOCK_BUILD=str(build)),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **how
    )


def in_session(leader):
    """The processes of a session, by /proc/PID/stat (proc(5): the fourth field after the name)."""
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if int(words[3]) == leader and words[0] != "Z":
            found.append(stat.parent.name)
    return found


@pytest.mark.plain
@pytest.mark.slow
def test_demo(build):
    process = demo(build)
    text = process.communicate(timeout=120)[0].decode()
    assert process.returncode == 0, text
    assert re.search(r"^\d+ ok, \d+ failed \(.*\btimeout 1\b", text, re.M), text
    table = dict(re.findall(r"^(fsock \w+|curl|nc|socat)\b.*?((?: +\S+| +> 12){3})$", text, re.M))
    for verb in ["fsock get", "fsock talk"]:
        assert len(table[verb].split()) == 3, text
        assert all(1.0 <= float(cell) < 1.5 for cell in table[verb].split()), text
    assert "time is up, no complete header" in text, text


def test_demo_ends_what_it_started(build):
    """A signal while the tools are running: nothing that it started goes on."""
    process = demo(build, start_new_session=True)
    for line in process.stdout:
        if line.startswith(b"Who goes on"):
            break
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 143
    assert in_session(process.pid) == []
