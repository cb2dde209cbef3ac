"""fsock talk and servers that nobody here wrote: telnetd, sshd, Postfix, Dovecot, Redis, memcached.

Each is started by the test at a port that it picks, with a configuration and a folder of its own, by
root or by anybody else; only Postfix has to be started by root.
"""

import getpass
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

from conftest import clean_env
from talking import PATIENCE, Program, Terminal, free_port, listens, serve, talk, wait_for

ROOT = os.geteuid() == 0


@pytest.fixture
def folder():
    """A directory that servers can enter which are nobody by then."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="fsock-talk-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


class Server(Program):
    """A server that listens at a port soon; it and what it has started end with the context."""

    def __init__(self, words, port, **kw):
        super().__init__(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL, **kw)
        self.port = port

    def __enter__(self):
        wait_for(lambda: self.process.poll() is not None or listens(self.port))
        assert self.process.poll() is None, self
        return self

    def __exit__(self, *unused):
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        finally:
            super().__exit__()


# ---- telnet ----


@pytest.fixture
def telnetd(folder):
    """The port of a telnetd that lets everybody in, to a shell."""
    children = []
    shell = folder / "shell"
    shell.write_text("#!/bin/sh\nPS1='ready> ' exec sh\n")
    shell.chmod(0o755)

    def play(connection):
        with subprocess.Popen(["/usr/sbin/telnetd", "-h", "-E", shell], stdin=connection,
                              stdout=connection, stderr=connection, env=clean_env()) as child:
            children.append(child)

    yield serve(play)
    for child in children:
        if child.poll() is None:
            child.terminate()


def test_telnet_session(fsock, telnetd):
    """The host echoes; its shell knows the window, and its change."""
    with Terminal(fsock, "--telnet", "127.0.0.1", telnetd) as terminal:
        terminal.see(b"ready> ")
        wait_for(lambda: terminal.mode() == (False, False))
        terminal.type(b"echo a$((1+2))b\r")
        terminal.see(b"echo a$((1+2))b\r\n")
        terminal.see(b"a3b\r\n")
        terminal.type(b"stty size\r")
        terminal.see(b"\r\n40 100\r\n")
        terminal.resize(50, 120)
        terminal.process.send_signal(signal.SIGWINCH)
        time.sleep(0.2)
        terminal.type(b"stty size; echo $TERM\r")
        terminal.see(b"\r\n50 120\r\nxterm\r\n")
        terminal.type(b"exit\r")
        assert terminal.process.wait(PATIENCE) == 0
        assert terminal.mode() == (True, True)


def test_telnet_keys(fsock, telnetd):
    """Ctrl-C is the host's; Ctrl-] is ours: a help, itself, the way out."""
    with Terminal(fsock, "--telnet", "127.0.0.1", telnetd) as terminal:
        terminal.see(b"ready> ")
        wait_for(lambda: terminal.mode() == (False, False))
        terminal.type(b"sleep 60\r")
        terminal.see(b"sleep 60\r\n")
        time.sleep(0.2)
        terminal.type(b"\x03")
        terminal.see(b"ready> ")
        terminal.type(b"\x1d?")
        terminal.see(b"q leaves")
        terminal.type(b"\x1dq")
        assert terminal.process.wait(PATIENCE) == 0
        assert terminal.mode() == (True, True)


def test_telnet_signal_restores_the_terminal(fsock, telnetd):
    with Terminal(fsock, "--telnet", "127.0.0.1", telnetd) as terminal:
        terminal.see(b"ready> ")
        wait_for(lambda: terminal.mode() == (False, False))
        terminal.process.terminate()
        assert terminal.process.wait(PATIENCE) == 143
        assert terminal.mode() == (True, True)


def test_telnet_without_a_terminal(fsock, telnetd):
    """By a pipe, and of bytes that mean something to telnet: 255, CR, CR NUL."""
    with talk(fsock, "--telnet", "-v", "127.0.0.1", telnetd) as client:
        client.take_until(b"ready> ")
        client.stdin.write(b"stty raw -echo; echo it is\r\n")
        client.take_until(b"\nit is\n")
        client.stdin.write(b"printf '\\377\\15\\12\\15\\0x\\377\\377y'\n")
        got = client.take_until(b"\xffy")
        assert got.endswith(b"\xff\r\n\rx\xff\xffy") or got.endswith(b"\xff\r\n\r\0x\xff\xffy"), got
        client.stdin.write(b"exit\n")  # not before: telnetd drops what a shell said last
        client.stdin.close()
        assert client.end() == 0, client


def test_telnet_pieces(fsock, telnetd):
    result = fsock("talk", "--telnet", "--wait", "ready> ", "--send", "echo $((40+2))\\r\\n",
                   "--wait", "\\n42\\r\\n", "--send", "exit\\r\\n", "-w5", "127.0.0.1", telnetd)
    assert result.code == 0 and b"\n42\r\n" in result.stdout, result


# ---- ssh ----


def test_ssh_banner(fsock, folder):
    port = free_port()
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "key"], check=True)
    (folder / "sshd.conf").write_text(f"ListenAddress 127.0.0.1:{port}\nHostKey {folder}/key\n"
                                      f"PidFile none\nUsePAM no\n")
    if ROOT:
        pathlib.Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd insists on it
    with Server(["/usr/sbin/sshd", "-D", "-e", "-f", folder / "sshd.conf"], port):
        result = fsock("talk", "-d", "--wait", "\\n", "-q0", "127.0.0.1", port)
        assert result.code == 0 and result.stdout.startswith(b"SSH-2.0-OpenSSH_"), result
        assert result.stdout.endswith(b"\r\n"), result


# ---- mail ----

POSTFIX_MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
myhostname = mail.site.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
smtpd_tls_security_level = may
smtpd_tls_chain_files = {folder}/both.pem
smtpd_peername_lookup = no
smtpd_relay_restrictions = reject
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
"""

POSTFIX_MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
tlsmgr unix - - n 1000? 1 tlsmgr
anvil unix - - n - 1 anvil
rewrite unix - - n - - trivial-rewrite
cleanup unix n - n - 0 cleanup
proxymap unix - - n - - proxymap
"""


@pytest.fixture
def postfix(site, folder):
    """The port of a Postfix that takes no mail."""
    port = free_port()
    (folder / "both.pem").write_text((site.folder / "key.pem").read_text() +
                                     (site.folder / "site.pem").read_text())
    names = {"folder": folder, "port": port}
    (folder / "main.cf").write_text(POSTFIX_MAIN.format(**names))
    (folder / "master.cf").write_text(POSTFIX_MASTER.format(**names))
    (folder / "queue").mkdir()
    (folder / "data").mkdir()
    shutil.chown(folder / "data", "postfix")
    for name in "pid private public incoming active deferred hold".split():
        (folder / "queue" / name).mkdir()
        if name != "pid":
            shutil.chown(folder / "queue" / name, "postfix")
    with Server(["/usr/lib/postfix/sbin/master", "-c", folder, "-d"], port):
        yield port


@pytest.mark.skipif(not ROOT, reason="Postfix is started by root alone")
def test_postfix(site, fsock, postfix):
    """By hand, and with STARTTLS first: then it offers none any more, and its certificate is seen."""
    dialog = ["--wait", "220 ", "--send", "EHLO me.test\\r\\n", "--wait", "250 ", "--send",
              "QUIT\\r\\n", "-w5", "127.0.0.1", postfix]
    result = fsock("talk", *dialog)
    assert result.code == 0 and b"250-STARTTLS\r\n" in result.stdout, result
    assert b"\n221 " in result.stdout, result
    secure = ["--send", "EHLO me.test\\r\\n", "--wait", "250 ", "--send", "QUIT\\r\\n", "-w5", "-v",
              "--starttls", "smtp", "127.0.0.1", postfix]
    result = fsock("talk", "--cacert", site.ca, *secure)
    assert result.code == 0 and b"STARTTLS" not in result.stdout, result
    assert b"\n221 " in result.stdout and "* TLSv1.3, " in result.errors, result
    assert "\n* trusted\n" in result.errors, result
    result = fsock("talk", *secure)
    assert result.code == 60 and not result.stdout, result


DOVECOT = """\
base_dir = {folder}/run
log_path = {folder}/log
state_dir = {folder}/run
protocols = imap pop3
listen = 127.0.0.1
ssl = yes
ssl_cert = <{site}/site.pem
ssl_key = <{site}/key.pem
mail_location = maildir:{folder}/mail
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
  chroot =
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = 0
  }}
  chroot =
}}
service anvil {{
  chroot =
}}
"""


@pytest.fixture
def dovecot(site, folder):
    """(port of IMAP, port of POP3) of a Dovecot that believes everybody."""
    imap, pop3 = free_port(), free_port()
    user = "nobody" if ROOT else getpass.getuser()
    text = DOVECOT.format(folder=folder, site=site.folder, imap=imap, pop3=pop3, user=user,
                          group="nogroup" if ROOT else os.getgid())
    if not ROOT:
        text += f"default_internal_user = {user}\ndefault_login_user = {user}\n"
    if ROOT:
        text += "first_valid_uid = 1\n"
        folder.chmod(0o777)
    (folder / "dovecot.conf").write_text(text)
    with Server(["/usr/sbin/dovecot", "-F", "-c", folder / "dovecot.conf"], imap):
        wait_for(listens, pop3)
        yield imap, pop3


def test_dovecot(site, fsock, dovecot):
    """In the clear, and after STARTTLS and STLS."""
    imap, pop3 = dovecot
    result = fsock("talk", "--wait", "* OK", "--send", "a CAPABILITY\\r\\n", "--wait", "a OK",
                   "--send", "b LOGOUT\\r\\n", "-w5", "127.0.0.1", imap)
    assert result.code == 0 and b" STARTTLS" in result.stdout, result
    result = fsock("talk", "--starttls", "imap", "--cacert", site.ca, "--send", "a LOGIN me x\\r\\n",
                   "--wait", "a OK", "--send", "b LOGOUT\\r\\n", "-w5", "127.0.0.1", imap)
    assert result.code == 0 and b"Logged in" in result.stdout, result
    result = fsock("talk", "--starttls", "pop3", "--cacert", site.ca, "--send", "USER me\\r\\n",
                   "--wait", "+OK", "--send", "PASS x\\r\\n", "--wait", "+OK Logged in",
                   "--send", "QUIT\\r\\n", "-w5", "127.0.0.1", pop3)
    assert result.code == 0 and result.stdout.endswith(b"+OK Logging out.\r\n"), result


# ---- stores ----


def test_redis(fsock, folder):
    port = free_port()
    (folder / "dialog").write_text("""\
# a client by hand
send PING\\r\\n
expect +PONG\\r\\n
limit 2s
send SET name "a value"\\r\\n
expect +OK
send GET name\\r\\n
expect $7\\r\\na value\\r\\n
send QUIT\\r\\n
""")
    with Server(["redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir",
                 folder], port):
        result = fsock("talk", "--script", folder / "dialog", "127.0.0.1", port)
        assert result.code == 0, result
        assert result.stdout == b"+PONG\r\n+OK\r\n$7\r\na value\r\n+OK\r\n", result
        result = fsock("talk", "127.0.0.1", port, stdin=b"PING\r\nGET name\r\nQUIT\r\n")
        assert result.code == 0 and result.stdout == b"+PONG\r\n$7\r\na value\r\n+OK\r\n", result


def test_memcached(fsock, folder):
    port = free_port()
    (folder / "dialog").write_text("""\
send set name 0 0 3\\r\\nabc\\r\\n
expect STORED\\r\\n
send get name\\r\\n
expect VALUE name 0 3\\r\\nabc\\r\\nEND\\r\\n
send no such command\\r\\n
expect ERROR\\r\\n
close
""")
    words = ["memcached", "-l", "127.0.0.1", "-p", port, "-U", "0", "-t", "1"]
    with Server(words + (["-u", "nobody"] if ROOT else []), port):
        result = fsock("talk", "--script", folder / "dialog", "127.0.0.1", port)
        assert result.code == 0 and result.stdout.endswith(b"END\r\nERROR\r\n"), result
        result = fsock("talk", "127.0.0.1", port, stdin=b"get name\r\nquit\r\n")
        assert result.code == 0 and result.stdout == b"VALUE name 0 3\r\nabc\r\nEND\r\n", result
