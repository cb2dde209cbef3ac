"""fsock get: forms of pages are filled in and sent (--submit), and -F without a page."""

import base64
import json
import shutil
import subprocess
import urllib.parse

import pytest

from webserver import Handler, Server

LOGIN = """<!DOCTYPE html><title>Log In</title>
<form role=search action=/search><input type=search name=s><button>Search</button></form>
<form name=loginform id=loginform action=wp-login.php method=post>
<label>Username <input type=text name=log id=user_login required></label>
<input type=password name=pwd id=user_pass>
<input name=rememberme type=checkbox value=forever>
<input type=submit name=wp-submit id=wp-submit value="Log In">
<input type=hidden name=redirect_to value="/wp-admin/">
<input type=hidden name=testcookie value=1></form>"""

ORDER = """<form id=order action="/echo?old=1#x" method=get>
<input name=q value="a b&c"><input type=hidden name=t value=7><select name=size><option>S<option selected>M<option disabled>L</select>
<select name=tags multiple><option value=1 selected>one<option value=2>two<option value=3 selected>three</select>
<input type=radio name=how value=fast><input type=radio name=how value=slow checked>
<input type=checkbox name=opt value=x checked><input type=checkbox name=opt value=y>
<input name=off value=1 disabled><textarea name=note>
one
two</textarea><button name=do value=save>Save</button><input type=image name=pic src=p.png>
<button name=do value=post formmethod=post formaction=/echo>Post</button></form>
<form id=up action=/echo method=post enctype=multipart/form-data><input type=file name=f><input name='a"b' value=1>
<input type=file name=g></form>
<form id=plain action=/echo method=post enctype=text/plain><input name=a value=1><input name=b value="x y"></form>
<form id=mail action=mailto:a@b.example method=post><input name=a></form>
<form id=jump action=/><input name=q value=1><button name=go value=2 formaction="/echo#there"></button></form>"""

LATIN = ("<meta charset=iso-8859-1><form action=/echo method=post><input name=n value='Grüße'>"
         "<input type=hidden name=_charset_></form>").encode("latin-1")


class Forms(Handler):
    def handle_all(self):
        body = self.body()
        path = self.path.split("?")[0]
        here = f"http://127.0.0.1:{self.server.server_port}"
        if path == "/echo":
            seen = {"method": self.command, "path": self.path, "headers": dict(self.headers.items()),
                    "body": base64.b64encode(body).decode()}
            self.answer(json.dumps(seen), type_="application/json")
        elif path == "/wp-login.php" and self.command == "GET":
            self.answer(LOGIN, fields=[("Set-Cookie", "wordpress_test_cookie=WP%20Cookie; path=/")])
        elif path == "/wp-login.php":
            fields = dict(urllib.parse.parse_qsl(body.decode()))
            good = (fields.get("pwd") == "geheim & täglich" and fields.get("testcookie") == "1"
                    and fields.get("wp-submit") == "Log In" and "wordpress_test_cookie" in self.headers.get("Cookie", "")
                    and self.headers.get("Referer") == here + "/wp-login.php?x=1")
            if good:
                self.answer("", 302, [("Set-Cookie", "session=s1; path=/; HttpOnly"), ("Location", fields["redirect_to"])])
            else:
                self.answer(f"<title>Error</title>{fields}")
        elif path == "/wp-admin/":
            inside = "session=s1" in self.headers.get("Cookie", "")
            self.answer("<title>Dashboard</title><a href=/out>Log out</a>" if inside else "<title>Stranger</title>")
        elif path == "/moved":
            self.answer("", 302, [("Location", "/order?here")])
        elif path == "/order":
            self.answer(ORDER)
        elif path == "/latin":
            self.answer(LATIN, type_="text/html")
        elif path == "/abroad":
            self.answer(f"<form method=post action=http://localhost:{self.server.server_port}/echo><input name=a></form>")
        elif path == "/gone":
            self.answer("<form></form>", 404)
        elif path == "/button":
            self.answer("<form>")
        elif path == "/full":
            self.answer(f"<base href='/{'x' * 8000}/'>" + "<form action=x></form>" * 2200)
        elif path == "/keep":
            self.answer("", 307, [("Location", "/echo")])
        else:
            self.answer("<p>no form", type_="image/png" if path == "/png" else "text/html")

    do_GET = do_POST = do_PUT = handle_all


@pytest.fixture(scope="module")
def at():
    with Server(Forms) as server:
        yield server.url


def sent(result):
    """What /echo has seen."""
    assert result.code == 0 and not result.errors, result
    seen = json.loads(result.stdout)
    seen["body"] = base64.b64decode(seen["body"])
    return seen


def query(seen):
    return urllib.parse.parse_qsl(seen["path"].partition("?")[2], keep_blank_values=True)


# ---- Logging in ---------------------------------------------------------------------------------


def test_a_login(fsock, at, tmp):
    (tmp / "password").write_text("geheim & täglich\n")
    login = ["--submit=loginform", "-F", "log=admin", "-F", "pwd=<password", "-c", "cookies", at("/wp-login.php?x=1")]
    assert fsock("get", "--title", *login).text == "Dashboard\n"
    assert "session\ts1" in (tmp / "cookies").read_text()
    assert fsock("get", "--title", "-b", "cookies", at("/wp-admin/")).text == "Dashboard\n"
    assert fsock("get", "--links", *login).text == at("/out\n")
    record = fsock("get", "--json", "--title", *login).records[0]
    assert record["title"] == "Dashboard" and record["url"] == at("/wp-login.php?x=1")
    assert record["url_effective"] == at("/wp-admin/") and record["http_code"] == 200
    assert "Location: /wp-admin/" in fsock("get", "--no-location", "-D", "-", *login).text, "and stays there"
    assert "Error" in fsock("get", "--submit", "-F", "log=a", "-F", "pwd=b", at("/wp-login.php")).text
    assert "rememberme" in fsock("get", "--submit", "-F", "pwd=b", "-F", "rememberme=forever", at("/wp-login.php")).text


def test_what_is_in_the_answer(fsock, at):
    page = at("/wp-login.php")
    assert "'pwd': 'x'" in fsock("get", "--submit", "--text", "-F", "pwd=x", page).text
    assert fsock("get", "--submit", "--forms", "-F", "pwd=x", page).text == ""
    record = fsock("get", "--json", "--submit", "--text", "--title", "-F", "pwd=x", page).records[0]
    assert record["title"] == "Error" and "'pwd': 'x'" in record["text"] and record["method"] == "POST"


def test_the_form_that_fits(fsock, at):
    page = at("/wp-login.php")
    assert "/search?s=x" in fsock("get", "--submit", "-F", "s=x", page, "-w", "%{url_effective}").text
    assert "/search?s=" in fsock("get", "--submit", page, "-w", "%{url_effective}").text
    assert "/search?s=" in fsock("get", "--submit=1", page, "-w", "%{url_effective}").text
    assert "Error" in fsock("get", "--submit=2", page).text


# ---- What is sent -------------------------------------------------------------------------------


def test_defaults(fsock, at):
    seen = sent(fsock("get", "--submit", at("/order")))
    assert seen["method"] == "GET" and seen["path"].startswith("/echo?q=a+b%26c&t=7&")
    assert query(seen) == [("q", "a b&c"), ("t", "7"), ("size", "M"), ("tags", "1"), ("tags", "3"), ("how", "slow"),
                           ("opt", "x"), ("note", "one\r\ntwo"), ("do", "save")]
    assert seen["headers"]["Referer"] == at("/order")
    assert sent(fsock("get", "--submit", at("/moved")))["headers"]["Referer"] == at("/order?here")
    assert "Referer" not in sent(fsock("get", "--submit", "-H", "Referer:", at("/order")))["headers"]
    assert sent(fsock("get", "--submit", "-e", "http://x/", at("/order")))["headers"]["Referer"] == "http://x/"


def test_fields(fsock, at):
    given = ["q=1;2", "size=S", "tags=2", "how=fast", "opt=y", "off=2", "note=@me"]
    words = [word for g in given for word in ("--form-string", g)]
    assert query(sent(fsock("get", "--submit", *words, at("/order")))) == [
        ("q", "1;2"), ("t", "7"), ("size", "S"), ("tags", "2"), ("how", "fast"), ("opt", "y"), ("off", "2"),
        ("note", "@me"), ("do", "save")]
    seen = query(sent(fsock("get", "--submit", "-F", "opt=", "-F", "tags=1", "-F", "tags=2", at("/order"))))
    assert [v for n, v in seen if n in ("opt", "tags")] == ["1", "2"]


def test_buttons(fsock, at):
    assert ("do", "save") not in query(sent(fsock("get", "--submit", "--button", "", at("/order"))))
    assert query(sent(fsock("get", "--submit", "--button", "pic", at("/order"))))[-2:] == [("pic.x", "0"), ("pic.y", "0")]
    seen = sent(fsock("get", "--submit", "--button", "post", at("/order")))
    assert (seen["method"], seen["path"]) == ("POST", "/echo") and seen["body"].endswith(b"&do=post")
    assert seen["headers"]["Content-Type"] == "application/x-www-form-urlencoded"


def test_a_button_with_a_fragment_in_its_action(fsock, at):
    assert query(sent(fsock("get", "--submit=jump", at("/order")))) == [("q", "1"), ("go", "2")]


def test_upload_by_a_form(fsock, at, tmp):
    (tmp / "x.png").write_bytes(b"\x89PNG\0\r\n")
    seen = sent(fsock("get", "--submit=up", "-F", "f=@x.png", at("/order")))
    boundary = seen["headers"]["Content-Type"].partition("multipart/form-data; boundary=")[2].encode()
    assert seen["body"].split(b"--" + boundary) == [
        b"", b'\r\nContent-Disposition: form-data; name="f"; filename="x.png"\r\nContent-Type: image/png\r\n\r\n'
        b"\x89PNG\0\r\n\r\n",
        b'\r\nContent-Disposition: form-data; name="a%22b"\r\n\r\n1\r\n',
        b'\r\nContent-Disposition: form-data; name="g"; filename=""\r\nContent-Type: application/octet-stream\r\n\r\n\r\n',
        b"--\r\n"]


def test_what_can_be_read_once_goes_to_each_form(fsock, at):
    urls = [at(f"/order?{n}") for n in range(3)]
    words = ["--json", "--submit=up", "-F", "f=@-;filename=n", "-F", "g=@/dev/null"]
    sizes = [r["size_upload"] for r in fsock("get", *words, *urls, stdin=b"x" * 2_000_000).records]
    assert len(sizes) == 3 and min(sizes) == max(sizes) > 2_000_000
    body = sent(fsock("get", "--submit=up", "-F", "f=@-", "-F", "g=@/dev/null", urls[0], stdin=b"abc"))["body"]
    assert b'filename="-"' in body and b"\r\nabc\r\n" in body and b'filename="null"' in body


def test_plain_text(fsock, at):
    seen = sent(fsock("get", "--submit=plain", at("/order")))
    assert seen["headers"]["Content-Type"] == "text/plain" and seen["body"] == b"a=1\r\nb=x y\r\n"


def test_encodings(fsock, at):
    assert sent(fsock("get", "--submit", at("/latin")))["body"] == b"n=Gr%FC%DFe&_charset_=windows-1252"
    seen = sent(fsock("get", "--submit", "-F", "n=ß日", at("/latin")))
    assert seen["body"].startswith(b"n=%DF%26%2326085%3B&")


def test_abroad_without_secrets(fsock, at):
    home = ["-u", "me:pw", "-b", "c=1", "-H", "X-Own: 1"]
    headers = sent(fsock("get", "--submit", *home, at("/abroad")))["headers"]
    assert "Authorization" not in headers and "Cookie" not in headers and headers["X-Own"] == "1"
    assert headers["Referer"] == at("/")
    headers = sent(fsock("get", "--submit", *home, at("/order")))["headers"]
    assert "Authorization" in headers and headers["Cookie"] == "c=1"
    inside = at("/order").replace("//", "//me:pw@")
    headers = sent(fsock("get", "--submit", inside))["headers"]
    assert "Authorization" in headers and headers["Referer"] == at("/order")


def test_forms_that_are_longer_than_their_page(fsock, at):
    why = "fsock: get: the page has more in it than is kept: 16 MiB of text, 16 of forms, 64 in all\n"
    for option in ("--submit", "--forms"):
        result = fsock("get", option, at("/full"))
        assert (result.code, result.errors) == (63, why), result


def test_no_form_leads_from_https_to_http(fsock, at, site):
    class Shop(Handler):
        def do_GET(self):
            self.answer(f"<form action={at('/echo')}><input name=pwd></form><form action=/in><input name=pin></form>")

    with Server(Shop, site.context()) as server:
        submit = ["get", "--cacert", site.ca, "--submit", "-w", "%{url_effective}", server.url()]
        result = fsock(*submit, "-F", "pwd=secret")
        assert result.code == 8 and "from https to http" in result.errors and "/echo" not in result.text
        assert fsock(*submit, "-F", "pin=1").text.endswith("/in?pin=1")


def test_a_list(fsock, at):
    urls = [at(f"/order?{n}") for n in range(40)] + [at("/png"), at("/none"), at("/gone")]
    result = fsock("get", "--json", "--ordered", "--submit", "-F", "q=1", "-i", "-", stdin="\n".join(urls).encode())
    assert result.code == 110 and [r["exitcode"] for r in result.records] == [0] * 40 + [8, 8, 22]
    assert all("/echo?q=1&" in r["url_effective"] for r in result.records[:40])
    assert result.records[40]["errormsg"] == "the answer is no HTML page, but image/png"
    threads = fsock("get", "--threads", 3, "--submit", "-F", "q=1", "--no-summary", *urls[:20])
    assert threads.code == 0 and len(threads.lines) == 20


# ---- -F by itself, beside curl's ----------------------------------------------------------------


def parts(seen):
    type_, _, boundary = seen["headers"]["Content-Type"].partition("; boundary=")
    return seen["method"], type_, seen["body"].replace(boundary.encode(), b"BOUNDARY"), seen["headers"]["Content-Length"]


@pytest.mark.parametrize("words", [
    ["-F", "a=1"],
    ["-F", "a=1", "-F", "b=two words", "-F", "a=3"],
    ["-F", "a="],
    ["-F", "a=@f.txt"],
    ["-F", "a=@f.txt;type=text/x; charset=utf-8;filename=other"],
    ["-F", "a=@f.bin;filename=x.PDF"],
    ["-F", "a=@f.bin;filename=\"q;\\\"uote.jpg\"; type=image/x"],
    ["-F", "a=@sub/f.gif"],
    ["-F", "a=<f.txt"],
    ["-F", "a=<f.txt;type=text/html"],
    ["-F", "a=1;type=text/x"],
    ["-F", "a=1;filename=n.xml"],
    ["-F", "a=\"x;y\""],
    ["-F", "a=b=c"],
    ["--form-string", "a=@f;type=x"],
    ["-F", "a=@f.bin", "-F", "b=<f.txt", "-F", "x\"y=1", "-X", "PUT"],
    ["-F", "a=@big"],
])
def test_as_curl(fsock, at, tmp, words):
    curl = shutil.which("curl")
    (tmp / "f.txt").write_bytes(b"one\ntwo\n")
    (tmp / "f.bin").write_bytes(bytes(range(256)))
    (tmp / "sub").mkdir()
    (tmp / "sub/f.gif").write_bytes(b"GIF89a")
    (tmp / "big").write_bytes(b"0123456789abcdef" * 200_000)
    theirs = json.loads(subprocess.run([curl, "-s", "-H", "Expect:", *words, at("/echo")], cwd=tmp, check=True,
                                       stdout=subprocess.PIPE).stdout)
    theirs["body"] = base64.b64decode(theirs["body"])
    ours = parts(sent(fsock("get", *words, at("/echo"))))
    theirs = parts(theirs)
    boundary = len(theirs[2].split(b"\r\n")[0])
    assert ours[:3] == theirs[:3] and boundary


def test_pipes_and_redirects(fsock, at, tmp):
    seen = sent(fsock("get", "-F", "a=@-;filename=f", at("/echo"), stdin=b"x" * 3_000_000))
    assert seen["body"].count(b"x") == 3_000_000
    seen = sent(fsock("get", "-L", "-F", "a=@-", at("/keep"), stdin=b"abc"))
    assert seen["method"] == "POST" and b'filename="-"\r\n' in seen["body"] and b"\r\nabc\r\n" in seen["body"]


def limited(fsock, tmp, limit, size):
    """A run with an upload of this size, under a limit of the shell's, to where nobody listens."""
    with open(tmp / "huge", "wb") as f:
        f.truncate(size)
    command = f"trap '' XFSZ; ulimit {limit}; exec {fsock.program} get -F a=@huge http://127.0.0.1:1/"
    return subprocess.run(["sh", "-c", command], cwd=tmp, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env={"TMPDIR": str(tmp)})


@pytest.mark.plain
def test_memory_does_not_grow_with_files(fsock, tmp):
    result = limited(fsock, tmp, "-d 32768", 100 << 20)
    assert result.returncode == 7 and b"refused" in result.stderr, result


def test_no_room_for_the_body(fsock, tmp):
    result = limited(fsock, tmp, "-f 1000", 4 << 20)
    assert result.returncode == 23 and b"can't write the body to a temporary file: File too large" in result.stderr


# ---- What can't be done -------------------------------------------------------------------------


@pytest.mark.parametrize("words, why", [
    (["--submit=nope", "/order"], "the page has no form 'nope', but 5: order, up, plain, mail, jump"),
    (["--submit", "/none"], "the page has no form\n"),
    (["--submit", "--button=x", "/button"], "the form has no button 'x', nor any other\n"),
    (["--submit=x", "/gone"], "the page has no form 'x', but 1: 1; its status is 404\n"),
    (["--submit=order", "-F", "foo=1", "/order"],
     "the form has no field 'foo'; it has q, t, size, tags, how, opt, off, note"),
    (["--submit", "-F", "size=XL", "/order"], "the field 'size' has no choice 'XL' that is left; it has S, M, L"),
    (["--submit", "-F", "how=no", "/order"], "the field 'how' has no choice 'no' that is left; it has fast, slow"),
    (["--submit", "-F", "q=1", "-F", "q=2", "/order"], "the field 'q' is given more often than the form has it"),
    (["--submit", "-F", "q=@/dev/null", "/order"], "the field 'q' takes no file; q=<FILE sends what is in it"),
    (["--submit", "--button", "x", "/order"], "the form has no button 'x'; it has do, pic, do"),
    (["--submit=mail", "/order"], "the form leads nowhere that could be asked"),
    (["--submit", "/png"], "the answer is no HTML page, but image/png"),
])
def test_pages_that_do_not_have_it(fsock, at, words, why):
    result = fsock("get", *words[:-1], at(words[-1]))
    assert result.code == 8 and result.errors.startswith(f"fsock: get: {why}") and result.stdout == b""


@pytest.mark.parametrize("words, code, why", [
    (["-F", "a"], 2, "-F needs NAME=VALUE, not 'a'"),
    (["-F", "a=@"], 2, "needs the name of a file"),
    (["-F", "a=b;c"], 2, "--form-string"),
    (["-F", "a=@missing"], 26, "can't read missing: no such file"),
    (["-F", "a=<missing"], 26, "can't read missing"),
    (["-F", "a=@."], 26, "can't read .: Is a directory"),
    (["-F", "a=@-", "-F", "b=<-;type=x"], 2, "standard input can be read only once"),
    (["-F", "a=@-", "-i", "-"], 2, "standard input"),
    (["-d", "@-", "--data-urlencode", "a@-"], 2, "standard input"),
    (["-b", "-", "-w", "@-"], 2, "standard input"),
    (["-F", "a=1", "-d", "b=2"], 2, "-d"),
    (["-F", "a=1", "-G"], 2, "-G"),
    (["-F", "a=1", "-I"], 2, "-I"),
    (["-F", "a=1", "--warm"], 2, "-F"),
    (["-F", "a=1", "-H", "content-type: x"], 2, "-H"),
    (["--submit", "-X", "PUT"], 2, "-X"),
    (["--submit", "-r", "0-1"], 2, "-r"),
    (["--submit", "--no-wait"], 2, "--no-wait"),
    (["--button", "x"], 2, "--submit"),
])
def test_what_does_not_go_together(fsock, at, words, code, why):
    result = fsock("get", *words, at("/order"))
    assert result.code == code and why in result.errors and result.stdout == b"", result
