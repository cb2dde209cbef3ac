"""fsock talk --telnet: hosts that ask when nobody can answer any more, wrong escape characters, the
terminal afterwards."""

import os
import pty
import signal
import termios
import time

import pytest

from talking import receive_all, serve, talk, wait_for

DO_ECHO, AYT = b"\xff\xfd\x01", b"\xff\xf6"
MANY = 200000  # answers to so many find no room in any buffer


def asks(question, word=b"bye"):
    """A scene: ask a great deal once the client has said its last, and end."""
    def play(connection):
        receive_all(connection)
        connection.sendall(question * MANY + word)
    return play


@pytest.mark.parametrize("question", [DO_ECHO, AYT])
def test_questions_after_the_end(fsock, question):
    """-N has told the end already; what the host says is still received, up to its own end."""
    result = fsock("talk", "--telnet", "-N", "-m", "10", "127.0.0.1", serve(asks(question)))
    assert result.code == 0 and result.stdout == b"bye", result
    assert result.errors == "", result


@pytest.mark.parametrize("escape", ["xy", "", "^?x"])
def test_wrong_escape_is_found_before_anything_is_opened(fsock, escape):
    result = fsock("talk", "--telnet", "--escape", escape, "127.0.0.1", "1")
    assert result.code == 2 and "--escape needs one character" in result.errors, result


# ---- a terminal ----------------------------------------------------------------------------------

def asks_for_keys(connection):
    """A scene: a host that echoes, and so gets keys one by one; then far more than is read."""
    connection.sendall(b"\xff\xfb\x01\xff\xfb\x03login: ")
    time.sleep(0.3)
    connection.sendall(b"line\r\n" * 50000)
    receive_all(connection)


@pytest.fixture
def terminal():
    """Both sides of a pseudoterminal, of which nobody reads."""
    master, slave = pty.openpty()
    yield master, slave
    os.close(master)
    os.close(slave)


def becomes_raw(slave):
    return not termios.tcgetattr(slave)[3] & termios.ICANON


def begin(fsock, slave, *options):
    program = talk(fsock, "--telnet", *options, "127.0.0.1", serve(asks_for_keys), stdin=slave,
                   stdout=slave, stderr=slave, start_new_session=True)
    wait_for(becomes_raw, slave)
    return program


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_signals_leave_the_terminal_as_it_was(fsock, terminal, number):
    before = termios.tcgetattr(terminal[1])
    with begin(fsock, terminal[1]) as program:
        program.process.send_signal(number)
        assert program.end() == 128 + number, program
    assert termios.tcgetattr(terminal[1]) == before


def test_limit_on_a_terminal_that_takes_nothing(fsock, terminal):
    before = termios.tcgetattr(terminal[1])
    with begin(fsock, terminal[1], "-m", "1") as program:
        assert program.end() == 28 and program.took(0, 2), program
    assert termios.tcgetattr(terminal[1]) == before
