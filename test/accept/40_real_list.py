"""A real list: the documentation that Debian packages install, from a real nginx.

At least 5,000 files over http and https, with gzip and without; every body is the file, by SHA-256.
"""
import hashlib
import json
import os
import pathlib
import subprocess
import urllib.parse

from _lab import lab, run

PACKAGES = ('libboost1.74-doc', 'libstdc++-12-doc')
ROOT = '/usr/share/doc'
AT_LEAST = 5000
SERVER = '''\
        root {root};
        location /packed/ {{ alias {root}/; gzip on; gzip_types *; gzip_comp_level 1;
                             gzip_min_length 1; }}
'''


def files():
    """The documentation's files, as paths below ROOT."""
    names = subprocess.run(['dpkg', '-L', *PACKAGES], capture_output=True, text=True).stdout
    found = {name for name in names.splitlines()
             if name.startswith(ROOT + '/') and os.path.isfile(name) and not os.path.islink(name)}
    return [os.path.relpath(name, ROOT) for name in sorted(found)]


def digest(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).digest()


def one(verdict, nginx, path, names, tls, packed):
    """Fetches the list once and compares each body."""
    base = nginx.url('/packed/' if packed else '/', tls)
    lines = [base + urllib.parse.quote(name) for name in names]
    (path / 'urls').write_text(''.join(line + '\n' for line in lines))
    with lab.folder() as out, open(path / 'records', 'wb') as records_file:
        cost = lab.measure([lab.FSOCK, 'get', '-s', '--json', '--cacert', nginx.ca, '-O',
                            '--output-dir', out, '-i', path / 'urls'], stdout=records_file)
        records = [json.loads(line) for line in open(path / 'records')]
        equal, wrong = 0, []
        for record in records:
            name = names[record['line'] - 1]
            body = record['filename_effective']
            if record['exitcode'] == 0 and body and digest(body) == digest(f'{ROOT}/{name}'):
                equal += 1
            else:
                wrong.append(f'{record["url"]}: {record["errormsg"] or "another body"}')
    for text in wrong[:10]:
        print(f'  {text}')
    size = sum(record['size_body'] for record in records)
    moved = sum(record['size_download'] for record in records)
    verdict.say(cost.code == 0 and equal == len(names) == len(records),
                f'{"https" if tls else "http"}{", gzip" if packed else ""}: {equal} of '
                f'{len(names)} bodies equal; {size >> 20} MiB in {moved >> 20} MiB, '
                f'{cost.wall:.2f} s, CPU {cost.cpu:.2f} s')
    if packed:
        verdict.say(moved < size / 2, 'the bodies came packed')


def test(verdict):
    names = files()
    pages = sum(name.endswith(('.html', '.htm')) for name in names)
    if len(names) < AT_LEAST:
        lab.skip(f'{len(names)} files of {", ".join(PACKAGES)} are in {ROOT}')
    verdict.say(len(names) >= AT_LEAST, f'{len(names)} files (at least {AT_LEAST}), {pages} pages')
    with lab.folder() as path, lab.Nginx(path, SERVER.format(root=ROOT)) as nginx:
        for tls in (False, True):
            for packed in (False, True):
                one(verdict, nginx, path, names, tls, packed)


run(test)
