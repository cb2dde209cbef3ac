"""The pages of section 3 and the headers say the same, and the pages' examples compile.

In them a display that is -literal is C: a program if it has a main(), or else some lines out of a
function, for which DECLARATIONS has what they don't declare themselves. Anything else is -unfilled.
"""
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).parents[2]
PAGES = {path.stem: path.read_text() for path in sorted((ROOT / 'man').glob('*.3'))}
HEADERS = [ROOT / 'include/fsock.h', *sorted((ROOT / 'include/fsock').glob('*.h'))]
CODE = '\n'.join(re.sub(r'/\*.*?\*/', ' ', path.read_text(), flags=re.S) for path in HEADERS)
WIDTH = 66  # columns of an example, so that none needs more than 80 on a terminal

DECLARATIONS = '''
#include <fsock.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
extern fsock_stream *stream, *from, *to;
extern fsock_listener *listener;
extern fsock_fetch *fetch;
extern fsock_dns *dns;
extern fsock_result *result;
extern struct fsock_options options;
extern struct fsock_request request;
extern struct fsock_fault fault;
extern struct fsock_event e;
extern enum fsock_err err;
extern fsock_time deadline;
extern const char *target, *path, *url;
extern char buf[4096], line[1000];
extern size_t n, len;
extern long got;
extern FILE *file;
'''


# ---- what is read --------------------------------------------------------------------------------

def words(text):
    return ' '.join(text.split())


def declared():
    """Name of each public function: its type and its parameters, as they are written."""
    found = re.findall(r'^FSOCK_API ([^;()]*?)(\w+)\(([^;]*?)\)(?: FSOCK_PRINTF\([^)]*\))?;', CODE,
                       re.M)
    return {name: (words(kind), [words(p) for p in parameters.split(',')])
            for kind, name, parameters in found}


def members():
    """(struct, member) of each struct that the headers show, a member being 'int fd'."""
    for struct, body in re.findall(r'^struct (\w+) \{(.*?)^\};', CODE, re.M | re.S):
        for line in body.split(';')[:-1]:
            kind, names = re.match(r'(.*?[\s*])(\w+(?:\[\w+\])?(?:, \w+(?:\[\w+\])?)*)$',
                                   words(line)).groups()
            for name in names.split(', '):
                yield struct, kind + name


def constants():
    """Each constant that an enum of the headers names."""
    for body in re.findall(r'enum(?: \w+)? \{(.*?)\}', CODE, re.S):
        yield from re.findall(r'\bFSOCK_\w+\b(?=\s*(?:=|,|$))', body)


def arguments(line):
    """Of a macro: quoted or not."""
    return [quoted or plain for quoted, plain in re.findall(r'"([^"]*)"|(\S+)', line)]


def section(page, name):
    match = re.search(rf'^\.Sh {name}\n(.*?)(?=^\.Sh |\Z)', page, re.M | re.S)
    return match and match[1]


def names_of(page):
    return re.findall(r'^\.Nm (\w+)', section(page, 'NAME'), re.M)


def synopsis(page):
    """What the page's SYNOPSIS says, as declared() does."""
    found, kind, name = {}, None, None
    for line in section(page, 'SYNOPSIS').splitlines():
        macro, *rest = arguments(line)
        if macro == '.Ft':
            kind = ' '.join(rest)
        elif macro in ('.Fn', '.Fo'):
            name = rest[0]
            found[name] = (kind, rest[1:])
        elif macro == '.Fa':
            found[name][1].extend(rest)
    return found


def examples():
    """(page, number, code) of each display that is C."""
    glyphs = {r'\e': '\\', r'\(aq': "'", r'\(ha': '^', r'\(ti': '~', r'\(ga': '`', r'\&': ''}
    for name, page in PAGES.items():
        blocks = re.findall(r'^\.Bd -literal.*?\n(.*?)^\.Ed$', page, re.M | re.S)
        for number, block in enumerate(blocks):
            yield name, number, re.sub(r'\\(?:e|&|\(..)', lambda m: glyphs[m[0]], block)


def table():
    """man/meson.build's: each page with its other names."""
    text = (ROOT / 'man/meson.build').read_text()
    rows = re.findall(r"'(\w+)': \[(.*?)\]", text[text.index('calls = {'):text.index('}\n')], re.S)
    return {page: re.findall(r'\w+', names) for page, names in rows}


DECLARED = declared()
EXAMPLES = list(examples())


# ---- what has to hold ----------------------------------------------------------------------------

def test_something_is_read():
    assert len(PAGES) > 20 and len(DECLARED) > 90 and len(EXAMPLES) > 50
    assert DECLARED['fsock_now'] == ('fsock_time', ['void'])
    assert DECLARED['fsock_open_pair'] == ('enum fsock_err', ['fsock_stream *pair[2]',
                                                              'struct fsock_fault *fault'])
    assert ('fsock_try', 'char addr[72]') in members() and 'FSOCK_ERR_NAME' in constants()
    assert sum('int main(' in code for _, _, code in EXAMPLES) >= 10


def test_every_page_and_name_is_installed():
    assert set(table()) == set(PAGES)
    for page, others in table().items():
        assert {page, *others} == set(names_of(PAGES[page])), page


@pytest.mark.parametrize('function', DECLARED)
def test_function_has_a_page(function):
    assert [name for name, page in PAGES.items() if function in names_of(page)]


@pytest.mark.parametrize('page', PAGES)
def test_prototypes_are_the_headers(page):
    shown = synopsis(PAGES[page])
    assert shown == {name: DECLARED[name] for name in shown}
    assert set(shown) == {name for name in names_of(PAGES[page]) if name in DECLARED}


@pytest.mark.parametrize('page', PAGES)
def test_sections(page):
    for name in ('EXAMPLES', 'DESCRIPTION', 'RETURN VALUES', 'ERRORS', 'SEE ALSO'):
        assert section(PAGES[page], name), name
    assert PAGES[page].startswith('.Dd ') and f'.Dt {page.upper()} 3' in PAGES[page]


@pytest.mark.parametrize('struct, member', members())
def test_member_is_told(struct, member):
    """On the page that has a heading for the struct, or is about this one alone."""
    told = [page for page in PAGES.values()
            if f'.Ss struct {struct}\n' in page or struct in names_of(page)]
    items = [item for page in told for line in re.findall(r'^\.It Va (.*)', page, re.M)
             for item in arguments(line)]
    assert member in items


@pytest.mark.parametrize('constant', sorted(set(constants())))
def test_constant_is_told(constant):
    assert any(re.search(rf'^\..*\b{constant}\b', page, re.M) for page in PAGES.values())


def test_every_error_is_explained():
    errors = re.findall(r'FSOCK_\w+', re.search(r'enum fsock_err \{(.*?)\}', CODE, re.S)[1])
    told = re.findall(r'^\.It Er (\w+)', PAGES['fsock_errors'], re.M)
    assert [*told, 'FSOCK_ERR_COUNT_'] == errors


@pytest.mark.parametrize('page', PAGES)
def test_references_lead_somewhere(page):
    named = {name for text in PAGES.values() for name in names_of(text)}
    for name in re.findall(r'^\.(?:It )?Xr (\w+) 3', PAGES[page], re.M):
        assert not name.startswith(('fsock', 'libfsock')) or name in named, name
    for name in re.findall(r'^\.Fn (fsock\w+)', PAGES[page], re.M):
        assert name in DECLARED, name


@pytest.mark.parametrize('page, number, code', EXAMPLES)
def test_example_compiles(page, number, code):
    assert max(map(len, code.splitlines())) <= WIDTH
    command = ['gcc', '-std=c99', '-pedantic', '-Wall', '-Wextra', '-Werror', '-fsyntax-only',
               f'-I{ROOT}/include', '-xc', '-']
    if 'int main(' not in code:
        code = f'{DECLARATIONS}int lines(void);\nint lines(void)\n{{\n{code}return 0;\n}}\n'
        command += ['-Wno-unused']
    done = subprocess.run(command, input=code, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
