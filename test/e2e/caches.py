"""Real caches before a real origin: nginx's proxy_cache and Varnish, and what they log."""

import contextlib
import pathlib
import socket
import subprocess
import time
import urllib.request

READY_SECONDS = 20

# /page/N varies by language and is cached; /private/N never is; the origin knows no other.
NGINX = """
daemon off; master_process off; pid {path}/nginx.pid;
events {{ worker_connections 1024; }}
http {{
  access_log off; server_tokens off; keepalive_requests 1000000;
  client_body_temp_path {path}/temp; proxy_temp_path {path}/temp; fastcgi_temp_path {path}/temp;
  uwsgi_temp_path {path}/temp; scgi_temp_path {path}/temp;
  log_format cache "$request_method $uri $upstream_cache_status";
  log_format origin "$request_method $uri $http_accept_language $http_user_agent";
  proxy_cache_path {path}/cache levels=1:2 keys_zone=pages:10m;
  server {{
    listen 127.0.0.1:{origin}; access_log {path}/origin.log origin;
    location /page/ {{
      add_header Cache-Control "max-age=1000"; add_header Vary "Accept-Language";
      return 200 "page $uri in $http_accept_language\\n";
    }}
    location /private/ {{ add_header Cache-Control "private"; return 200 "yours\\n"; }}
    location / {{ return 404; }}
  }}
  server {{
    listen 127.0.0.1:{nginx}; access_log {path}/nginx.log cache;
    location / {{
      if ($request_method = PURGE) {{ return 405; }}
      proxy_pass http://127.0.0.1:{origin}; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_cache pages; proxy_cache_key $request_uri;
      add_header X-Cache-Status $upstream_cache_status always;
    }}
  }}
}}
"""

VCL = """
vcl 4.1;
backend default {{ .host = "127.0.0.1"; .port = "{origin}"; }}
sub vcl_recv {{
  if (req.method == "PURGE") {{ return (purge); }}
}}
"""


def free_ports(count):
    """Ports of 127.0.0.1 that are free now."""
    with contextlib.ExitStack() as stack:
        socks = [stack.enter_context(socket.socket()) for _ in range(count)]
        for sock in socks:
            sock.bind(("127.0.0.1", 0))
        return [sock.getsockname()[1] for sock in socks]


class Caches:
    """`with Caches(folder) as caches`: caches.nginx, caches.varnish and caches.origin are ports."""

    def __init__(self, folder):
        self.path = pathlib.Path(folder)
        self.origin, self.nginx, self.varnish = free_ports(3)
        self.processes = []
        for name in ("temp", "cache", "varnish"):
            (self.path / name).mkdir()
        ports = {"path": self.path, "origin": self.origin, "nginx": self.nginx}
        (self.path / "nginx.conf").write_text(NGINX.format(**ports))
        (self.path / "cache.vcl").write_text(VCL.format(**ports))

    def start(self, *words):
        with open(self.path / f"{words[0]}.out", "wb") as out:
            self.processes.append(subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out,
                                                   stderr=out, start_new_session=True))

    def __enter__(self):
        try:
            self.start("nginx", "-p", f"{self.path}/", "-c", "nginx.conf", "-e", "error.log")
            self.start("varnishd", "-j", "none", "-F", "-n", self.path / "varnish", "-f", self.path / "cache.vcl",
                       "-a", f"127.0.0.1:{self.varnish}", "-s", "malloc,100m", "-T", "none",
                       "-p", "vsl_space=200M")
            for port in (self.origin, self.nginx, self.varnish):
                self.wait_ready(port)
            self.start("varnishncsa", "-n", self.path / "varnish", "-w", self.path / "varnish.log",
                       "-F", "%m %U %{Varnish:hitmiss}x %{VSL:Timestamp:Start[1]}x")
            self.wait_logged()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()

    def wait_ready(self, port):
        deadline = time.monotonic() + READY_SECONDS
        while True:
            with contextlib.suppress(OSError):
                return socket.create_connection(("127.0.0.1", port), 1).close()
            if time.monotonic() > deadline:
                raise RuntimeError(f"no server at {port}: see {self.path}")
            time.sleep(0.05)

    def wait_logged(self):
        """Until Varnish's requests are written down."""
        deadline, log = time.monotonic() + READY_SECONDS, self.path / "varnish.log"
        while not log.exists() or not log.stat().st_size:
            self.get("varnish", "/page/0")
            time.sleep(0.1)
            if time.monotonic() > deadline:
                raise RuntimeError(f"varnishncsa writes nothing: see {self.path}")

    def url(self, cache, path):
        return f"http://127.0.0.1:{getattr(self, cache)}{path}"

    def get(self, cache, path, language="-", method="GET"):
        """Asks by Python's own client: the answer's header."""
        request = urllib.request.Request(self.url(cache, path), method=method,
                                         headers={"Accept-Language": language})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=20) as answer:
            answer.read()
            return answer.headers

    def log(self, cache):
        """What that server has written of its requests: a list of lists of words."""
        path, size = self.path / f"{cache}.log", -1
        while size != path.stat().st_size:  # a request is written down after its answer has been sent
            size = path.stat().st_size
            time.sleep(0.3)
        return [line.split(" ") for line in path.read_text().splitlines()]
