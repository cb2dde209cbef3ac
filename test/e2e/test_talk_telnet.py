"""fsock talk --telnet: hosts that ask when nobody can answer any more, and wrong escape characters."""

import pytest

from talking import receive_all, serve

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
