"""A site of pages that link to each other, in memory."""

from webserver import Handler, Server


class Site(Server):
    """Pages: path to text, to (status, text), or to a function of the handler that gives one of these."""

    def __init__(self):
        super().__init__(Pages)
        self.pages, self.hits, self.headers = {"/robots.txt": (404, "")}, [], []


class Pages(Handler):
    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        self.server.hits.append(self.path if self.command == "GET" else f"{self.command} {self.path}")
        self.server.headers.append((self.host(), dict(self.headers)))
        page = self.server.pages.get(self.path, (404, "<a href=/from-an-error>"))
        page = page(self) if callable(page) else page
        status, body = page if isinstance(page, tuple) else (200, page)
        if 300 <= status < 400:
            self.answer("<a href=/from-a-redirect>", status, [("Location", body)])
        elif self.path[-4:] in (".txt", ".png"):
            self.answer(body, status, type_="text/plain")
        else:
            self.answer(body, status)


def links(*hrefs):
    return "".join(f"<a href={h}>x</a>\n" for h in hrefs)
