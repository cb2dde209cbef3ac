#!/usr/bin/python3
"""embed.py OUT.c FILE... - style sheets and scripts as C strings, for trace_assets.h.

"page.css" becomes the string page_css, and page_css_hash is how a Content-Security-Policy names it.
"""
import base64
import hashlib
import pathlib
import sys


def literal(line):
    """A line as a string literal of ASCII."""
    return '"' + "".join(chr(c) if 32 <= c < 127 and c not in b'"\\?' else f"\\{c:03o}" for c in line) + '"'


def embed(path):
    name = path.name.replace(".", "_").replace("-", "_")
    data = path.read_bytes()
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    lines = "\n    ".join(literal(line) for line in data.splitlines(keepends=True))
    return f'const char {name}[] =\n    {lines};\nconst char {name}_hash[] = "\'sha256-{digest}\'";\n'


def main():
    parts = [embed(pathlib.Path(name)) for name in sys.argv[2:]]
    pathlib.Path(sys.argv[1]).write_text('#include "trace_assets.h"\n\n' + "\n".join(parts))


if __name__ == "__main__":
    main()
