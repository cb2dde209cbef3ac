"""What the documents name is there: the files, and the tests that hold the invariants."""
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parents[2]
DESIGN = (ROOT / 'doc/DESIGN.md').read_text()
INVARIANTS = DESIGN[DESIGN.index('\n## 12.'):DESIGN.index('\n## 13.')]


def test_every_invariant_has_a_number():
    numbers = re.findall(r'^\| (\d+) \|', INVARIANTS, re.M)
    assert numbers == [str(n) for n in range(1, len(numbers) + 1)] and len(numbers) > 9


@pytest.mark.parametrize('file, case', re.findall(r'\b([a-z_]+):([a-z_]+)\b', INVARIANTS))
def test_unit_test_exists(file, case):
    text = (ROOT / f'test/unit/test_{file}.c').read_text()
    assert re.search(rf'\b(test_)?{case}\(void \*\*', text)


@pytest.mark.parametrize('file, case', re.findall(r'(test/\S+?\.py)::(\w+)', INVARIANTS))
def test_python_test_exists(file, case):
    assert f'def {case}(' in (ROOT / file).read_text()


SNOOPY = (ROOT / 'doc/SNOOPY.md').read_text()


@pytest.mark.parametrize('file, case', re.findall(r'\b(test_\w+\.py)::(\w+)', SNOOPY))
def test_what_shows_snoopys_work_exists(file, case):
    assert f'def {case}(' in (ROOT / 'test/e2e' / file).read_text()


@pytest.mark.parametrize('file, case', re.findall(r'\b([a-z_]+):([a-z_]+)\b', SNOOPY))
def test_unit_test_of_snoopys_work_exists(file, case):
    test_unit_test_exists(file, case)


SNOOPYS = """fetch fetchtext fetchlinks fetchform submit submittext submitlinks set_submit_multipart
set_submit_normal getResults scheme host port proxy_host proxy_port proxy_user proxy_pass agent referer cookies
rawheaders maxredirs lastredirectaddr offsiteok maxframes expandlinks passcookies user pass accept results error
response_code headers maxlength read_timeout timed_out status temp_dir use_gzip cafile capath"""


@pytest.mark.parametrize('name', SNOOPYS.split())
def test_all_of_snoopy_has_its_counterpart(name):
    assert re.search(rf'^\| [^|]*`{name}[`(]', SNOOPY, re.M)


@pytest.mark.parametrize('document', ['README.md', 'doc/DESIGN.md', 'doc/SNOOPY.md'])
def test_files_exist(document):
    """Everything in it that looks like a path from the root."""
    tops = 'bench|cli|doc|examples|fuzz|include|man|src|test|tools'
    text = (ROOT / document).read_text()
    for path in re.findall(rf'(?<![\w./])((?:{tops})/[\w./-]*\w)', text):
        assert (ROOT / path).exists(), path
