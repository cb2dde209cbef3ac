"""The documentation that Debian packages install, from a real nginx, and what is broken in it.

Links are broken in a copy, one in each of 200 pages: each of them is told with its page and line,
and besides them only what is broken in the original, too. Of that each target is looked for in the
files themselves. linkchecker finds the same in a part of it, and takes longer.
"""
import csv
import html
import os
import pathlib
import random
import re
import shutil
import urllib.parse

from _lab import lab, run

TREES = {'tree-cxx': '/usr/share/doc/gcc-12-base/libstdc++', 'tree-boost': '/usr/share/doc/libboost1.74-doc/doc'}
START = {'tree-cxx': 'index.html', 'tree-boost': 'html/index.html'}
SEEDS = 200
SERVER = '        root {path}/site;\n'
LINE = re.compile(r'(?P<page>\S+):(?P<line>\d+): (?P<link>\S+): (?P<why>.*)')


def checked(path, nginx, tree):
    """A run over one tree: its cost, its findings {(page, line, link): why} as paths, its summary."""
    with open(path / 'report', 'wb') as out, open(path / 'summary', 'wb') as err:
        cost = lab.measure([lab.FSOCK, 'get', '--check-links', '--depth', '100', '--allow', '127.0.0.1',
                            nginx.url(f'/{tree}/{START[tree.removesuffix(".seeded")]}')], stdout=out, stderr=err)
    found = {}
    for text in (path / 'report').read_text().splitlines():
        m = LINE.fullmatch(text)
        short = [u.removeprefix(nginx.url('/')) for u in (m['page'], m['link'])]
        found[short[0], int(m['line']), short[1]] = m['why']
    summary = (path / 'summary').read_text().splitlines()[-1]
    return cost, found, summary


def seed(path, tree, pages):
    """A copy of a tree with a broken link in each of these pages: {(page, line, link)}."""
    copy = f'{tree}.seeded'
    shutil.copytree(TREES[tree], path / 'site' / copy, symlinks=False, ignore_dangling_symlinks=True)
    seeds = set()
    for n, page in enumerate(pages):
        file = path / 'site' / copy / page.split('/', 1)[1]
        body = file.read_bytes()
        at = body.rindex(b'</body>')
        link = (b'<a href="seeded%d.html">', b'<img src="seeded%d.png">', b'<a href="#seeded%d">')[n % 3] % n
        file.write_bytes(body[:at] + link + body[at:])
        target = re.search(rb'"(.*)"', link)[1].decode()
        line = body[:at].count(b'\n') + 1
        seeds.add((f'{copy}/{page.split("/", 1)[1]}', line, urllib.parse.urljoin(f'{copy}/{page.split("/", 1)[1]}', target)))
    return seeds


def moved(name, tree):
    """The same in the copy."""
    return f'{tree}.seeded/{name.removeprefix(tree + "/")}' if name.startswith(tree + '/') else name


def is_really_broken(path, link, why):
    """Whether the files say so, too."""
    name, _, fragment = link.partition('#')
    file = path / 'site' / urllib.parse.unquote(name)
    if '400 Bad Request' in why:
        return re.search('%(?![0-9A-Fa-f]{2})', name)
    if 'no such place' not in why:
        return not file.exists() or (file.is_dir() and not (file / 'index.html').exists())
    text = (file / 'index.html' if file.is_dir() else file).read_text(errors='replace')
    names = {html.unescape(n) for n in re.findall(r'''\s(?:id|name)\s*=\s*["']?([^"'\s>]+)''', text)}
    return fragment not in names and urllib.parse.unquote(fragment) not in names


def beside_linkchecker(verdict, path, nginx):
    """The missing files of one small part, by both."""
    part = sorted(pathlib.Path(TREES['tree-cxx']).glob('manual/*.html'))
    (path / 'site' / 'part.html').write_text(''.join(f'<a href="tree-cxx/manual/{p.name}">x</a>\n' for p in part))
    start = nginx.url('/part.html')
    with open(path / 'ours', 'wb') as out:
        ours = lab.measure([lab.FSOCK, 'get', '--check-links', '--depth', '2', '--allow', '127.0.0.1', '-s', start],
                           stdout=out)
    with open(path / 'theirs', 'wb') as out:
        theirs = lab.measure(['env', f'HOME={path}', 'linkchecker', '-r2', '--no-robots', '--no-status',
                              '-ocsv/utf-8', start], stdout=out)  # it makes its home if it has none
    lines = (LINE.fullmatch(text) for text in (path / 'ours').read_text().splitlines())
    mine = {m['link'].partition('#')[0] for m in lines if '404' in m['why']}
    rows = csv.DictReader((r for r in open(path / 'theirs') if not r.startswith('#')), delimiter=';')
    its = {row['url'].partition('#')[0] for row in rows if row['valid'] == 'False'}
    verdict.say(mine == its and mine, f'linkchecker finds the same {len(its)} missing URLs; only ours {sorted(mine - its)[:3]}, '
                             f'only its {sorted(its - mine)[:3]}')
    verdict.say(ours.wall < theirs.wall, f'in {theirs.wall:.2f} s; here {ours.wall:.2f} s')


def one(verdict, path, nginx, tree):
    cost, before, summary = checked(path, nginx, tree)
    verdict.say(cost.code in (0, 110), f'{tree}: {summary}; {cost.wall:.1f} s, CPU {cost.cpu:.1f} s, '
                                       f'{cost.rss / 1024:.0f} MiB')
    wrong = [key for key, why in before.items() if not is_really_broken(path, key[2], why)]
    verdict.say(not wrong, f'of {len(before)} findings {len(wrong)} are invented: {wrong[:3]}')
    pages = sorted({os.path.relpath(p, TREES[tree]) for p in pathlib.Path(TREES[tree]).rglob('*.html')})
    with open(path / 'visited', 'wb') as out:
        lab.measure([lab.FSOCK, 'get', '-s', '--depth', '100', nginx.url(f'/{tree}/{START[tree]}')], stdout=out)
    visited = {line.strip().split('\t')[4].removeprefix(nginx.url(f'/{tree}/')) for line in open(path / 'visited')
               if line.startswith('ok')}
    usable = [p for p in pages if p in visited and b'</body>' in pathlib.Path(TREES[tree], p).read_bytes()]
    seeds = seed(path, tree, [f'{tree}/{p}' for p in random.Random(tree).sample(usable, min(SEEDS, len(usable)))])
    _, after, _ = checked(path, nginx, f'{tree}.seeded')
    known = {(moved(page, tree), line, moved(link, tree)) for page, line, link in before}
    verdict.say(seeds <= set(after), f'{len(seeds & set(after))} of {len(seeds)} seeds are found: '
                                     f'{sorted(seeds - set(after))[:3]}')
    verdict.say(set(after) == known | seeds, f'and nothing else: {sorted(set(after) ^ (known | seeds))[:3]}')


def test(verdict):
    missing = [tree for tree in TREES.values() if not os.path.isdir(tree)]
    if missing or not lab.installed('linkchecker'):
        lab.skip(f'no {" ".join(missing) or "linkchecker"}')
    with lab.folder() as path:
        (path / 'site').mkdir()
        for tree, place in TREES.items():
            (path / 'site' / tree).symlink_to(place)
        with lab.Nginx(path, SERVER.format(path=path)) as nginx:
            beside_linkchecker(verdict, path, nginx)
            for tree in TREES:
                one(verdict, path, nginx, tree)


run(test)
