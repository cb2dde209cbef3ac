"""The manual, --help and the command agree: options, fields, exit codes; its examples run."""

import contextlib
import os
import re
import signal
import socket
import ssl
import subprocess
import threading
import time

import pytest

from conftest import clean_env
from manual import Manual, plain

MANUAL = Manual("talk")
REQUEST = b"GET /plain/1 HTTP/1.0\r\n\r\n"
HELLO = b"\x16\x03hello"


# ---- options -------------------------------------------------------------------------------------

def test_help_and_manual_list_the_same(fsock):
    MANUAL.agrees_with_help(fsock, 50)


def test_help_fits_the_screen(fsock):
    assert max(len(line) for line in fsock("talk", "--help").lines) <= 80


def test_every_protocol_of_starttls_is_in_the_manual(fsock):
    words = " ".join(fsock("talk", "--help").text.split())
    names = re.search(r"first plain, then TLS: ((?:[\w-]+, )+[\w-]+) --", words)[1].split(", ")
    told = MANUAL.section("OPTIONS").split("-starttls Ar protocol\n")[1].split("\n.It ")[0]
    assert len(names) > 11 and set(names) == set(re.findall(r"^\.Li ([\w-]+)", told, re.M))


def test_every_transport_is_in_the_manual(fsock):
    for name in fsock("talk", "--list").lines:
        version = re.fullmatch(r"tlsv1\.\d://", name)
        assert name in MANUAL.text or version and "tlsv1.0 to tlsv1.3" in MANUAL.text, name


def test_comparison_names_options_that_there_are(fsock):
    """What stands below `here`; and the letters of nc that are not here."""
    options = MANUAL.options_of_help(fsock)
    letters = {letter for letter in options.values() if letter}
    compared = MANUAL.section("COMPARED WITH")
    commands = re.findall(r"^\.Li .*?fsock talk (.*)", compared, re.M)
    assert len(commands) > 35
    for command in commands:
        for word in command.split():
            if word.startswith("--"):
                assert word[2:] in options, command
            elif word.startswith("-"):
                assert word[1:] in letters, command
    missing = re.search(r"^\.Fl (.*)\nand\n\.Fl Z\nare not here\.", compared, re.M)[1].split(" , ")
    assert len(missing) == 12 and not letters & {*missing, "Z", "e", "c"}


# ---- scans ---------------------------------------------------------------------------------------

def test_every_field_is_in_the_manual(site, fsock):
    named = MANUAL.fields("SCANS")
    ports = f"{site.http},{site.tcp_refused}"
    records = fsock("talk", "-z", "--json", "127.0.0.1", ports).records
    assert len(records) == 2 and all(set(record) == named for record in records)
    states = MANUAL.find(r"^\.It ([a-z ]+)$", "SCANS")
    assert {record["state"] for record in records} == {"open", "refused"} < set(states)


# ---- exit codes ----------------------------------------------------------------------------------

def codes():
    lines = MANUAL.find(r"^\.It ([\d ,]+)$", "EXIT STATUS")
    return {int(code) for line in lines for code in line.split(" , ")}


CASES = [
    (0, "127.0.0.1 {tcp_fin}"),
    (2, ""),
    (2, r"--send \q 127.0.0.1 {http}"),
    (6, "no.such.invalid 80"),
    (7, "127.0.0.1 {tcp_refused}"),
    (7, "-u --send x 127.0.0.1 {dns_refused}"),
    (26, "--file no.such.file 127.0.0.1 {http}"),
    (28, "-w 0.2 127.0.0.1 {tcp_mute}"),
    (28, "-m 0.2 127.0.0.1 {tcp_mute}"),
    (28, "-w 0.2 tls://127.0.0.1:{tls_mute}"),
    (28, "-u -w 0.2 --send x 127.0.0.1 {dns_mute}"),
    (28, "-l -w 0.2 127.0.0.1 0"),
    (35, "tls://127.0.0.1:{tls_fin}"),
    (45, "-l 192.0.2.1 80"),
    (56, r"--send GET\x20/reset\x20HTTP/1.0\r\n\r\n 127.0.0.1 {http}"),
    (56, r"--wait 220 --send QUIT\r\n 127.0.0.1 {tcp_fin}"),
    (58, "-l --tls --cert no.such.file 127.0.0.1 0"),
    (60, "tls://127.0.0.1:{tls_selfsigned}"),
    (97, "--proxy=127.0.0.1:{socks5_refuse} 127.0.0.1 {http}"),
    (0, "-z 127.0.0.1 {http},{https}"),
    (110, "-z 127.0.0.1 {http},{tcp_refused}"),
    (111, "-z 127.0.0.1 {tcp_refused}-{tcp_refused},{dns_refused}"),
]


@pytest.mark.plain
@pytest.mark.parametrize("code, words", CASES)
def test_exit_code(site, fsock, code, words):
    ports = {name.replace("-", "_"): port for name, port in site.ports.items()}
    result = fsock("talk", *words.format(**ports).split(), stdin=b"")
    assert result.code == code and code in codes(), result
    assert bool(result.errors) == (code != 0 or "-z" in words), result


def test_an_end_of_input_alone_is_no_end(site, fsock):
    """Nothing tells the peer, and it is waited for."""
    result = fsock("talk", "-w", "0.3", "127.0.0.1", site.tcp_mute, stdin=b"hello")
    assert result.code == 28 and result.elapsed > 0.3
    assert fsock("talk", "-N", "127.0.0.1", site.tcp_mute, stdin=b"hello").code == 0


@pytest.mark.plain
@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_exit_code_of_a_signal(site, fsock, number, code):
    with subprocess.Popen([fsock.program, "talk", "127.0.0.1", str(site.tcp_mute)], env=clean_env(),
                          stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        time.sleep(0.3)
        process.send_signal(number)
        assert process.wait(5) == code and f"{code}" in MANUAL.section("EXIT STATUS")


def test_exit_code_of_an_output_that_is_full(site, fsock):
    command = [fsock.program, "talk", "--send", REQUEST.decode(), "127.0.0.1",
               str(site.http)]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, env=clean_env(),
                              timeout=20)
    assert done.returncode == 23 and 23 in codes() and b"No space left" in done.stderr


# ---- examples ------------------------------------------------------------------------------------

def once(stream):
    """A peer that sends back what comes, and ends."""
    stream.sendall(stream.recv(4096))


def mail(stream, context):
    """A mail server with STARTTLS and QUIT, which ends TLS as it should be."""
    stream.sendall(b"220 mail.example\r\n")
    while line := stream.recv(4096):
        if line.startswith(b"STARTTLS"):
            stream.sendall(b"220 go ahead\r\n")
            stream = context.wrap_socket(stream, server_side=True)
        elif line.startswith(b"QUIT"):
            stream.sendall(b"221 bye\r\n")
            if isinstance(stream, ssl.SSLSocket):
                stream.unwrap()
            return
        else:
            stream.sendall(b"250-mail.example\r\n250 STARTTLS\r\n")


def telnet(stream):
    stream.sendall(b"\xff\xfd\x18login: ")
    heard = b""
    while b"\xff\xfb\x18" not in heard or b"QUIT" not in heard:
        heard += stream.recv(4096)


def serve(stack, listener, scene):
    """Plays a scene for each connection; the listener's address."""
    def run():
        while True:
            try:
                stream = listener.accept()[0]
            except ssl.SSLError:
                continue
            except OSError:
                return
            with stream, contextlib.suppress(OSError):
                stream.settimeout(10)
                scene(stream)

    stack.callback(listener.close)
    stack.callback(listener.shutdown, socket.SHUT_RDWR)
    threading.Thread(target=run, daemon=True).start()
    return listener.getsockname()


def unix_listener(path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    return listener


def echo_of_datagrams(stack, port):
    server = stack.enter_context(socket.socket(type=socket.SOCK_DGRAM))
    server.bind(("127.0.0.1", port))
    server.settimeout(0.1)
    over = threading.Event()

    def run():
        while not over.is_set():
            with contextlib.suppress(TimeoutError):
                data, peer = server.recvfrom(2048)
                server.sendto(data, peer)

    thread = threading.Thread(target=run)
    thread.start()
    stack.callback(thread.join)
    stack.callback(over.set)


@pytest.fixture
def lab(site, tmp):
    """What stands in the examples, and what to write for it here."""
    context = site.context()
    with contextlib.ExitStack() as stack:
        def tcp(scene):
            return serve(stack, socket.create_server(("127.0.0.1", 0)), scene)[1]

        smtps = socket.create_server(("127.0.0.1", 0))
        smtps = context.wrap_socket(smtps, server_side=True)
        smtps_port = serve(stack, smtps, lambda stream: mail(stream, context))[1]
        echo = tcp(once)
        echo_of_datagrams(stack, echo)
        serve(stack, unix_listener(str(tmp / "app.sock")), once)
        serve(stack, unix_listener(f"\0fsock-{os.getpid()}"), once)
        yield {
            "mail.example 25": f"127.0.0.1 {tcp(lambda stream: mail(stream, context))}",
            "tls://mail.example:465": f"--cacert {site.ca} tls://127.0.0.1:{smtps_port}",
            "--starttls": f"--cacert {site.ca} --starttls",
            "--script": f"--cacert {site.ca} --script",
            "www.example 80": f"127.0.0.1 {site.http}",
            "www.example 22,80,8000-8099": f"127.0.0.1 {site.http},{site.tcp_refused}",
            "socks.example:1080": f"127.0.0.1:{site.socks5}",
            "proxy.example:3128": f"127.0.0.1:{site.proxy}",
            "echo.example 7": f"127.0.0.1 {echo}",
            "host.example 23": f"127.0.0.1 {tcp(telnet)}",
            "/run/app.sock": "app.sock",
            "@app": f"@fsock-{os.getpid()}",
            "talk -u": "talk -w 0.5 -u",
        }


def examples():
    return [command for command in MANUAL.examples() if " 9000 " not in command]


def expected(command):
    """A word that the output has; standard error counts, too."""
    words = {"mail.example 25": "221 bye", "-q 0 ": "* trusted", "mail.example": "221 bye",
             "-z": "\topen\t", "--dump": "> ", "www.example": "HTTP/1.", "-u": "|ping|",
             "--view c": "unsigned char received[] = {", "--telnet": "login: "}
    return next((text for part, text in words.items() if part in command), "QUIT")


@pytest.mark.plain
@pytest.mark.parametrize("command", examples())
def test_examples(build, lab, tmp, command):
    """As they stand, but for hosts and ports."""
    (tmp / "request.bin").write_bytes(REQUEST)
    (tmp / "probe.c").write_text('static const unsigned char hello[] = {0x16, 3, \'h\', \'e\'};\n'
                                 'const char *other = "other";\n')
    (tmp / "login.talk").write_text(script_of_manual())
    word = expected(command)
    for there in sorted(lab, key=len, reverse=True):
        command = command.replace(there, lab[there])
    done = subprocess.run(command, shell=True, cwd=tmp, input=b"QUIT\r\n", stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=30,
                          env=clean_env(PATH=f"{build}/cli:{os.environ['PATH']}"))
    text = done.stdout.decode() + done.stderr.decode()
    assert done.returncode == (110 if "-z" in command else 0) and word in text, (command, text)


@pytest.mark.plain
def test_example_of_two_machines(build, tmp):
    pair = [command for command in MANUAL.examples() if " 9000 " in command]
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])
    receive, send = [command.replace("9000", port).replace("receiver.example", "127.0.0.1")
                     for command in pair]
    env = clean_env(PATH=f"{build}/cli:{os.environ['PATH']}")
    for folder in ("there", "here"):
        (tmp / folder).mkdir()
    (tmp / "here/backup.tar").write_bytes(HELLO * 100000)
    with subprocess.Popen(receive, shell=True, cwd=tmp / "there", env=env) as receiver:
        for _ in range(100):
            done = subprocess.run(send, shell=True, cwd=tmp / "here", env=env, timeout=20,
                                  stderr=subprocess.PIPE)
            if done.returncode != 7:
                break
            time.sleep(0.05)
        assert done.returncode == 0 and receiver.wait(10) == 0
    assert (tmp / "there/backup.tar").read_bytes() == HELLO * 100000


def test_examples_were_found():
    assert len(examples()) > 15


# ---- scripts and notations -----------------------------------------------------------------------

def script_of_manual():
    text = re.search(r"\.Bd -literal.*?\n(.*?)\.Ed", MANUAL.section("SCRIPTS"), re.S)[1]
    return plain(text)


def test_every_word_of_scripts_is_known(fsock, site, tmp):
    """And is the manual's: a script of all of them is read before anything is opened."""
    words = re.findall(r"\bCm ([\w-]+)", " ".join(MANUAL.find(r"^\.It (Cm .*)", "SCRIPTS")))
    values = {"send": "a", "hex": "0d", "base64": "DQo=", "ebcdic": "A", "file": "probe.c",
              "c-array": "probe.c:hello", "expect": "x", "limit": "1", "delay": "0"}
    (tmp / "probe.c").write_text("char hello[] = {1}, other[] = {2};")
    assert len(words) == 13 and set(values) < set(words)
    (tmp / "all.talk").write_text("".join(f"{word} {values.get(word, '')}\n" for word in words))
    result = fsock("talk", "--script", "all.talk", "127.0.0.1", site.tcp_refused)
    assert result.code == 7, result
    (tmp / "all.talk").write_text("quit\n")
    assert fsock("talk", "--script", "all.talk", "127.0.0.1", site.tcp_refused).code == 2


def test_every_view_is_in_the_manual(fsock):
    views = MANUAL.find(r"^\.It Cm (\w+)$", "VIEWS")
    assert f"--view {'|'.join(views)}" in fsock("talk", "--help").text
