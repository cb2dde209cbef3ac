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


@pytest.mark.parametrize('document', ['README.md', 'doc/DESIGN.md'])
def test_files_exist(document):
    """Everything in it that looks like a path from the root."""
    tops = 'bench|cli|doc|examples|fuzz|include|man|src|test|tools'
    text = (ROOT / document).read_text()
    for path in re.findall(rf'(?<![\w./])((?:{tops})/[\w./-]*\w)', text):
        assert (ROOT / path).exists(), path
