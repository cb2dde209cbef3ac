"""What the sites of these tests have in common: a server that is there until it is closed, and a
handler that keeps quiet and answers at once."""

import http.server
import threading


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512
    thread = None

    def __init__(self, handler, context=None):
        """With an SSLContext it speaks TLS."""
        super().__init__(("127.0.0.1", 0), handler)
        self.context = context
        self.thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def finish_request(self, request, address):
        try:
            if self.context:
                request = self.context.wrap_socket(request, server_side=True)
            super().finish_request(request, address)
        except OSError:
            pass  # the client is gone; or it was no TLS, or the certificate not to its taste

    def url(self, path="/", host="127.0.0.1"):
        return f"{'https' if self.context else 'http'}://{host}:{self.server_port}{path}"

    def server_close(self):
        if self.thread:
            self.shutdown()
            self.thread.join()
        super().server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, *args):
        pass

    def host(self):
        """The name by which we are asked."""
        return self.headers["Host"].partition(":")[0]

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def answer(self, body=b"", status=200, fields=(), type_="text/html; charset=utf-8", length=None):
        """Header fields are pairs; `length` is a lie about the body's, `type_` may be None."""
        body = body if isinstance(body, bytes) else body.encode()
        self.send_response(status)
        for name, value in [("Content-Type", type_)] * (type_ is not None) + list(fields):
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
