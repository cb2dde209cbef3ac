"""A server of HTTP/2 that misbehaves when asked to, by python3-h2; and nginx and nghttpd, which don't.

The first word of a path says what the peer does, see Peer.act(). It counts what it is asked.
"""

import collections
import contextlib
import pathlib
import select
import socket
import ssl
import subprocess
import threading

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings

from caches import free_ports

NGINX = """
daemon off; master_process off; pid {path}/nginx.pid;
events {{ worker_connections 256; }}
http {{
  access_log off; keepalive_requests 1000000; root {path}; client_max_body_size 0;
  client_body_temp_path {path}/temp; proxy_temp_path {path}/temp; fastcgi_temp_path {path}/temp;
  uwsgi_temp_path {path}/temp; scgi_temp_path {path}/temp;
  ssl_certificate {path}/cert.pem; ssl_certificate_key {path}/key.pem; default_type text/plain;
  gzip on; gzip_min_length 1; gzip_types *;
  server {{
    listen 127.0.0.1:{tls} ssl http2; listen 127.0.0.1:{plain} http2; listen 127.0.0.1:{http1} ssl;
    location /moved {{ return 302 /page; }}
    location /what {{ return 200 "$request_method $server_protocol $connection_requests\\n"; }}
  }}
}}
"""


def make_certificate(folder):
    """cert.pem and key.pem of 127.0.0.1, in the folder."""
    words = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30"
    subprocess.run(words.split() + ["-keyout", folder / "key.pem", "-out", folder / "cert.pem", "-subj",
                                    "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"],
                   check=True, capture_output=True)


class Real:
    """`with Real(folder) as real`: nginx, whose ports are real.tls, real.plain and real.http1, and nghttpd."""

    def __init__(self, folder):
        self.path = pathlib.Path(folder)
        self.tls, self.plain, self.http1, self.nghttpd = free_ports(4)
        (self.path / "temp").mkdir()
        (self.path / "page").write_text("a page\n")
        (self.path / "large").write_bytes(b"0123456789abcdef" * 65536 * 3)
        make_certificate(self.path)
        config = NGINX.format(path=self.path, tls=self.tls, plain=self.plain, http1=self.http1)
        (self.path / "nginx.conf").write_text(config)

    def start(self, *words):
        with open(self.path / f"{words[0]}.out", "wb") as out:
            self.processes.append(subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                                   start_new_session=True))

    def __enter__(self):
        self.processes = []
        self.start("nginx", "-p", f"{self.path}/", "-c", "nginx.conf", "-e", "error.log")
        self.start("nghttpd", "-a", "127.0.0.1", "-d", self.path, "--echo-upload", str(self.nghttpd),
                   self.path / "key.pem", self.path / "cert.pem")
        for port in (self.tls, self.nghttpd):
            wait_ready(port)
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(10)


def wait_ready(port):
    for _ in range(2000):
        with contextlib.suppress(OSError):
            return socket.create_connection(("127.0.0.1", port), 1).close()
        threading.Event().wait(0.01)
    raise RuntimeError(f"nobody listens at port {port}")


def context_of(path):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path / "cert.pem", path / "key.pem")
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


def listen_only(context, connection):
    with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as tls:
        while tls.recv(65536):
            pass


class Peer:
    """`with Peer(folder) as peer`: peer.port; peer.paths counts requests, peer.connections connections."""

    def __init__(self, folder, streams=100):
        self.path, self.streams = pathlib.Path(folder), streams
        self.context = context_of(self.path)
        self.news = threading.Condition()

    def __enter__(self):
        self.forget()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def has_reset(self, path, code):
        """Whether the client has reset a stream so, or does within 5 s."""
        with self.news:
            return self.news.wait_for(lambda: (path, code) in self.resets, 5)

    def forget(self):
        self.paths, self.connections, self.resets = collections.Counter(), 0, []
        self.most, self.fields = 0, {}

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                sock = self.listener.accept()[0]
                threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        with contextlib.suppress(OSError, h2.exceptions.ProtocolError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.context.wrap_socket(sock, server_side=True) as tls:
                self.connections += 1
                if tls.selected_alpn_protocol() == "h2":
                    Conversation(self, tls).run()
                else:
                    self.serve_http1(tls)

    def serve_http1(self, tls):
        while True:
            head = b""
            while b"\r\n\r\n" not in head:
                more = tls.recv(65536)
                if not more:
                    return
                head += more
            self.paths[head.split()[1].decode()] += 1
            tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nold\n")


class Conversation:
    """One connection of HTTP/2."""

    def __init__(self, peer, sock):
        self.peer, self.sock = peer, sock
        config = h2.config.H2Configuration(client_side=False, header_encoding="utf-8",
                                           validate_outbound_headers=False, normalize_outbound_headers=False)
        self.c = h2.connection.H2Connection(config)
        self.asked, self.bodies, self.open = {}, collections.Counter(), set()
        self.served = 0
        self.waiting = {}  # bodies that windows hold back

    def run(self):
        most = {h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: self.peer.streams}
        self.c.local_settings = h2.settings.Settings(client=False, initial_values=most)
        self.c.initiate_connection()
        self.sock.sendall(self.c.data_to_send())
        while True:
            self.bother()
            data = self.sock.recv(65536)
            if not data:
                return
            for event in self.c.receive_data(data):
                self.take(event)
            self.feed()
            self.sock.sendall(self.c.data_to_send())

    def bother(self):
        """While only such requests are open: a byte, or a PING, every 20 ms."""
        word = {self.asked[sid][":path"].split("/")[1] for sid in self.open}
        while word in ({"drip"}, {"ping"}):
            if select.select([self.sock], [], [], 0.02)[0]:
                return
            for sid in self.open:
                if word == {"ping"}:
                    self.c.ping(b"12345678")
                else:
                    self.c.send_data(sid, b"x")
            self.sock.sendall(self.c.data_to_send())

    def take(self, event):
        if isinstance(event, h2.events.RequestReceived):
            fields = dict(event.headers)
            self.asked[event.stream_id] = fields
            self.open.add(event.stream_id)
            self.peer.most = max(self.peer.most, len(self.open))
            self.peer.paths[fields[":path"]] += 1
            self.peer.fields[fields[":path"]] = event.headers
            if fields[":path"].startswith("/early"):
                self.act(event.stream_id)
        elif isinstance(event, h2.events.DataReceived):
            self.bodies[event.stream_id] += len(event.data)
            if not self.asked[event.stream_id][":path"].startswith("/deaf"):
                self.c.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            self.act(event.stream_id)
        elif isinstance(event, h2.events.StreamReset):
            self.open.discard(event.stream_id)
            self.waiting.pop(event.stream_id, None)
            with self.peer.news:
                self.peer.resets.append((self.asked[event.stream_id][":path"], int(event.error_code)))
                self.peer.news.notify_all()

    def answer(self, sid, body=b"", status="200", more=(), length=True, end=True):
        fields = [(":status", status)] + ([("content-length", str(len(body)))] if length is True else
                                          [("content-length", str(length))] if length else [])
        self.c.send_headers(sid, fields + list(more))
        self.waiting[sid] = (body, end)

    def feed(self):
        for sid, (body, end) in list(self.waiting.items()):
            while body:
                n = min(self.c.local_flow_control_window(sid), self.c.max_outbound_frame_size, len(body))
                if n <= 0:
                    break
                self.c.send_data(sid, body[:n])
                body = body[n:]
            self.waiting[sid] = (body, end)
            if not body:
                del self.waiting[sid]
                if end:
                    self.c.end_stream(sid)
                    self.open.discard(sid)

    def part(self):
        """The last words; what the client still says is heard, so that it gets them."""
        self.sock.sendall(self.c.data_to_send())
        self.sock.shutdown(socket.SHUT_WR)
        while self.sock.recv(65536):
            pass
        raise OSError("enough")

    def act(self, sid):
        """Does with a request what the first word of its path says."""
        path = self.asked[sid][":path"]
        word = path.strip("/").split("/")[0].split("?")[0]
        first = self.peer.paths[path] == 1
        if word in ("hang", "ping"):
            return
        if word == "drip":
            return self.answer(sid, b"x", length=False, end=False)
        if word == "stall":
            return self.answer(sid, b"0123456789", length=100, end=False)
        if word == "large":
            return self.answer(sid, b"x" * 3000000)
        if word == "echo":
            return self.answer(sid, f"{self.bodies[sid]}\n".encode())
        if word == "moved":
            return self.answer(sid, b"away", "302", [("location", "/ok")])
        if word == "cookie":
            return self.answer(sid, b"", "200", [("set-cookie", "a=1; Path=/")])
        if word == "early":
            self.answer(sid, b"too much\n", "413")
            self.feed()
            return self.c.reset_stream(sid, h2.errors.ErrorCodes.NO_ERROR)
        if word == "trailers":
            self.c.send_headers(sid, [(":status", "200")])
            self.c.send_data(sid, b"body\n")
            return self.c.send_headers(sid, [("x-sum", "7")], end_stream=True)
        if word == "reset":
            return self.c.reset_stream(sid, h2.errors.ErrorCodes.INTERNAL_ERROR)
        if word == "refuse" and first:
            return self.c.reset_stream(sid, h2.errors.ErrorCodes.REFUSED_STREAM)
        if word == "old" :
            return self.c.reset_stream(sid, h2.errors.ErrorCodes.HTTP_1_1_REQUIRED)
        if word == "leave" and first:
            return self.c.close_connection(last_stream_id=0)
        if word == "long":
            return self.answer(sid, b"0123456789", length=5)
        if word == "short":
            self.answer(sid, b"0123456789", length=100)
            return None
        if word == "cut":
            self.answer(sid, b"0123456789", length=100, end=False)
            self.feed()
            self.part()
        if word in ("few", "die"):  # two of a connection, with a word or without
            self.answer(sid, f"{path}\n".encode())
            self.feed()
            self.served += 1
            if self.served == 2 and word == "few":
                self.c.close_connection(last_stream_id=sid)
            if self.served == 2:
                self.part()
            return None
        if word == "full" and self.peer.connections == 1:  # nothing more, when there is no room left
            if len(self.open) == self.peer.streams:
                self.c.close_connection(last_stream_id=sid)
            return None
        if word == "blanks":
            return self.answer(sid, b"ok\n", more=[("x-blanks", " a \t")])
        if word == "bad":
            return self.c.send_headers(sid, [(":status", "200"), ("Upper", "case")], end_stream=True)
        if word == "flood":
            for _ in range(200):
                for _ in range(100):
                    self.c.ping(b"12345678")
                self.sock.sendall(self.c.data_to_send())
            return None
        return self.answer(sid, f"{path}\n".encode())
