"""Servers for the tests of `fsock check`: some that play a scene by a table, and real ones."""

import base64
import contextlib
import getpass
import hashlib
import hmac
import os
import pathlib
import shutil
import ssl
import subprocess
import tempfile

from talking import PATIENCE, Program, free_port, listens, serve, wait_for

ROOT = os.geteuid() == 0


class Host:
    """Greets, then answers each line by the first row that it begins with; `heard` has the lines.

    An answer that is a function is given the line and returns the answer. "<TLS>" in an answer puts
    TLS on, and what follows is said within; None hangs up. `first`: TLS from the start."""

    def __init__(self, greeting, rows, tls=None, first=False):
        self.greeting, self.rows, self.tls, self.heard = greeting, rows, tls, []
        self.first = first
        self.port = serve(self.play)

    def told(self, last="QUIT"):
        """What it has heard, when the last word is there: the client does not wait for it."""
        wait_for(lambda: self.heard[-1:] == [last])
        return self.heard

    def play(self, connection):
        with contextlib.suppress(ssl.SSLError):
            if self.first:
                connection = self.tls.wrap_socket(connection, server_side=True)
            connection.sendall(self.greeting)
            while connection:
                connection = self.answer(connection)

    def line(self, connection):
        data = b""
        while not data.endswith(b"\n"):
            byte = connection.recv(1)
            if not byte:
                return None
            data += byte
        return data.decode("utf-8", "replace").rstrip("\r\n")

    def answer(self, connection):
        line = self.line(connection)
        if line is None:
            return None
        self.heard.append(line)
        for begin, answer in self.rows:
            if line.startswith(begin):
                break
        else:
            answer = "500 what?\r\n"
        if callable(answer):
            answer = answer(line)
        if answer is None:
            return None
        said, tls, within = answer.partition("<TLS>")
        connection.sendall(said.encode())
        if tls:
            self.heard.append("<TLS>")
            connection = self.tls.wrap_socket(connection, server_side=True)
            connection.sendall(within.encode())
        return connection


class Scram:
    """The server's part of SCRAM-SHA-256 (RFC 5802), of the password "pencil"; a liar does not know it."""

    salt, rounds = b"salt", 4096

    def __init__(self, honest=True):
        self.honest = honest

    def first(self, text):
        """The challenge to the client's first message; both in base64."""
        self.bare = base64.b64decode(text).decode()[3:]
        nonce = self.bare.split("r=")[1] + "server"
        self.challenge = f"r={nonce},s={base64.b64encode(self.salt).decode()},i={self.rounds}"
        return base64.b64encode(self.challenge.encode()).decode()

    def final(self, text):
        """The proof of ours, to that of the client's, which is verified."""
        text, proof = base64.b64decode(text).decode().split(",p=")
        message = f"{self.bare},{self.challenge},{text}".encode()
        salted = hashlib.pbkdf2_hmac("sha256", b"pencil", self.salt, self.rounds)
        key = hmac.digest(salted, b"Client Key", "sha256")
        signature = hmac.digest(hashlib.sha256(key).digest(), message, "sha256")
        assert base64.b64decode(proof) == bytes(a ^ b for a, b in zip(key, signature))
        server = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), message, "sha256")
        server = server if self.honest else bytes(32)
        return base64.b64encode(b"v=" + base64.b64encode(server)).decode()


class Server(Program):
    """A server that listens at a port soon; it and what it has started end with the context."""

    def __init__(self, words, port, **kw):
        super().__init__(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL, **kw)
        self.port = port
        self.watchdog.cancel()  # a module's tests may take longer

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


@contextlib.contextmanager
def open_folder():
    """A directory that servers can enter which are nobody by then."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="fsock-check-"))
    path.chmod(0o777)
    yield path
    shutil.rmtree(path)


DOVECOT = """\
base_dir = {folder}/run
log_path = {folder}/log
state_dir = {folder}/run
protocols = imap pop3
listen = 127.0.0.1
ssl = yes
ssl_cert = <{site}/site.pem
ssl_key = <{site}/key.pem
disable_plaintext_auth = yes
auth_mechanisms = plain login cram-md5 scram-sha-256 apop
auth_failure_delay = 0
mail_location = maildir:{folder}/mail
login_trusted_networks =
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/users
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
    port = {imaps}
  }}
  chroot =
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
  }}
  chroot =
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""


@contextlib.contextmanager
def dovecot(site):
    """{service: port} of a Dovecot that knows tim, whose password is `tan "sta\\aft`."""
    with open_folder() as folder:
        ports = {name: free_port() for name in ("imap", "imaps", "pop3", "pop3s")}
        user = "nobody" if ROOT else getpass.getuser()
        text = DOVECOT.format(folder=folder, site=site.folder, user=user, **ports,
                              group="nogroup" if ROOT else os.getgid())
        if ROOT:
            text += "first_valid_uid = 1\n"
        else:
            text += f"default_internal_user = {user}\ndefault_login_user = {user}\n"
        (folder / "users").write_text('tim:tan "sta\\aft::::::\n')
        new = folder / "mail" / "new"
        for name in ("new", "cur", "tmp"):
            (folder / "mail" / name).mkdir(parents=True)
        (new / "1.a").write_text("Subject: first\n\nhello\n")
        (new / "2.a").write_text("Subject: second\n\n.dot\n")
        if ROOT:
            subprocess.run(["chown", "-R", "nobody:nogroup", folder / "mail"], check=True)
        (folder / "dovecot.conf").write_text(text)
        with Server(["/usr/sbin/dovecot", "-F", "-c", folder / "dovecot.conf"], ports["imap"]):
            for port in ports.values():
                wait_for(listens, port)
            yield ports


@contextlib.contextmanager
def postgres(site):
    """(port, with TLS) of a PostgreSQL that knows tim by SCRAM, joe by MD5, ann in the clear."""
    binaries = pathlib.Path("/usr/lib/postgresql/15/bin")
    with open_folder() as folder:
        port = free_port()
        run = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if ROOT else []
        data = folder / "data"
        for name in ("site.pem", "key.pem"):
            shutil.copy(site.folder / name, folder / name)
            if ROOT:
                shutil.chown(folder / name, "postgres")
            (folder / name).chmod(0o600)
        subprocess.run([*run, binaries / "initdb", "-D", data, "-A", "trust", "-U", "root_",
                        "--no-sync"], check=True, stdout=subprocess.DEVNULL)
        single = [*run, binaries / "postgres", "--single", "-D", data, "postgres"]
        subprocess.run(single, input=b"set password_encryption = 'scram-sha-256';\n"
                       b"create role tim login password 'pencil';\n"
                       b"set password_encryption = 'md5';\n"
                       b"create role joe login password 'pencil';\n"
                       b"create role ann login password 'pencil';\n",
                       check=True, stdout=subprocess.DEVNULL)
        (data / "pg_hba.conf").write_text("host all tim all scram-sha-256\nhost all joe all md5\n"
                                          "host all ann all password\nhost all eve all trust\n")
        with Server([*run, binaries / "postgres", "-D", data, "-p", port, "-h", "127.0.0.1", "-k", "",
                     "-c", "ssl=on", "-c", f"ssl_cert_file={folder}/site.pem", "-c",
                     f"ssl_key_file={folder}/key.pem", "-c", "fsync=off"], port) as server:
            yield port
            server.process.send_signal(2)  # a fast end


@contextlib.contextmanager
def mariadb(site):
    """The port of a MariaDB, with TLS, that knows tim, and joe without a password."""
    with open_folder() as folder:
        port, data = free_port(), folder / "data"
        user = getpass.getuser()
        (folder / "init").write_text("create user tim@'%' identified by 'pencil';\n"
                                     "create user joe@'%';\ncreate database shop;\n"
                                     "grant all on shop.* to tim@'%';\n")
        words = ["/usr/sbin/mariadbd", "--no-defaults", f"--datadir={data}", f"--user={user}"]
        tables = b"create database mysql;\nuse mysql;\n"
        for name in ("tables", "tables_data"):  # as mariadb-install-db does
            tables += pathlib.Path(f"/usr/share/mysql/mysql_system_{name}.sql").read_bytes()
        data.mkdir()
        subprocess.run([*words, "--bootstrap"], check=True, input=tables, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        with Server([*words, f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder}/socket",
                     f"--init-file={folder}/init", f"--ssl-cert={site.folder}/site.pem",
                     f"--ssl-key={site.folder}/key.pem"], port):
            yield port
