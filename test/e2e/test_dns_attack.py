"""fsock dns: inputs, servers and readers that mean harm, each found to do some."""

import os
import signal
import struct
import subprocess
import threading
import time

import pytest

from conftest import clean_env
from nameserver import NameServer


@pytest.fixture
def at(site):
    return f"@127.0.0.1:{site.dns}"


def start(fsock, *args, **kw):
    kw = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **kw}
    return subprocess.Popen([fsock.program, "dns", *map(str, args)], env=clean_env(), **kw)


# ---- lists ----


@pytest.mark.plain
@pytest.mark.parametrize("verb", ["dns", "get"])
def test_a_list_without_an_entry_does_not_hold_up_the_clock(fsock, at, tmp, verb):
    """A terabyte of zeros, or of blank lines: no entry comes, but --run-time and signals count."""
    zeros = tmp / "zeros"
    with zeros.open("wb") as file:
        file.truncate(1 << 40)
    words = [at, "-i", zeros] if verb == "dns" else ["-i", zeros]
    result = fsock(verb, *words, "--run-time", "0.3", timeout=20)
    assert result.code == 111 and 0.3 <= result.elapsed < 0.6, result.elapsed
    process = subprocess.Popen([fsock.program, verb, *map(str, words)], env=clean_env(),
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    assert process.wait(2) == 130
