"""A site of pages that link to each other, in memory."""

import http.server
import threading


class Site(http.server.ThreadingHTTPServer):
    """Pages: path to text, to (status, text), or to a function of the handler that gives one of these."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages, self.hits, self.headers = {"/robots.txt": (404, "")}, [], []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, path, host="127.0.0.1"):
        return f"http://{host}:{self.server_port}{path}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, *args):
        pass

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        self.server.hits.append(self.path if self.command == "GET" else f"{self.command} {self.path}")
        self.server.headers.append((self.headers["Host"].partition(":")[0], dict(self.headers)))
        page = self.server.pages.get(self.path, (404, "<a href=/from-an-error>"))
        page = page(self) if callable(page) else page
        status, body = page if isinstance(page, tuple) else (200, page)
        location, body = body, body.encode()
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", location)
            body = b"<a href=/from-a-redirect>"
        self.send_header("Content-Type", "text/plain" if self.path[-4:] in (".txt", ".png") else "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)


def links(*hrefs):
    return "".join(f"<a href={h}>x</a>\n" for h in hrefs)
