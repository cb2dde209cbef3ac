"""_lab.py - gives the scripts here what bench/ has, and runs them one like another."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / 'bench'))
import dns_jobs  # noqa: E402,F401
import dns_lab  # noqa: E402,F401
import jobs  # noqa: E402,F401
import lab  # noqa: E402


def run(test):
    """Runs test(verdict) and exits as its verdict says."""
    lab.stop_on_sigterm()
    verdict = lab.Verdict()
    test(verdict)
    sys.exit(verdict.code)
