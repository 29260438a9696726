"""A copy of the kernels and their tests in which mutmut works, and what it says there."""

import os
import re
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
# The compiler is off, for mutmut chooses the mutant when a function is called, which compiled code can't do. Random
# histories come from one seed, so that a mutant dies today and tomorrow. Left out is a test of how long compiled code
# takes for a hundred thousand rows.
SETTINGS = """
[tool.mutmut]
source_paths = ["sandbox"]
only_mutate = ["sandbox/kernels/*"]
also_copy = ["README.md"]
pytest_add_cli_args = ["-m", "not slow", "-k", "not bounded_time", "--hypothesis-seed=0", "-p", "no:cacheprovider"]
pytest_add_cli_args_test_selection = ["tests/kernels"]
timeout_multiplier = 4.0
"""
ENVIRONMENT = {"NUMBA_DISABLE_JIT": "1", "PYTHONHASHSEED": "0"}
MEMORY = 8 * 2**30  # bytes; a mutant may ask for an array of any size
FIRST = "sandbox.kernels.walk.x__walk__mutmut_1"  # mutants are made on the first run, which must be asked for one


class Copy:
    """The folder in which mutmut works; `names` are all mutants that there are."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        ignored = shutil.ignore_patterns("__pycache__")
        for name in ("sandbox", "tests/kernels"):
            shutil.copytree(REPOSITORY / name, folder / name, ignore=ignored)
        for name in ("tests/conftest.py", "README.md"):
            shutil.copy(REPOSITORY / name, folder / name)
        project = (REPOSITORY / "pyproject.toml").read_text("utf-8")
        (folder / "pyproject.toml").write_text(project + SETTINGS, "utf-8")
        self.run([FIRST], None)
        self.names = list(self.statuses())

    def run(self, names: Sequence[str], seconds: float | None) -> None:
        """Run the tests against each of the mutants, one after the other, for so many seconds at the most."""
        with (self.folder / "mutmut.log").open("w", encoding="utf-8") as log:
            process = subprocess.Popen(
                [*_mutmut(), "run", "--max-children", "1", *names],
                cwd=self.folder, env=os.environ | ENVIRONMENT, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
            resource.prlimit(process.pid, resource.RLIMIT_AS, (MEMORY, MEMORY))
            try:
                code = process.wait(seconds)
            except subprocess.TimeoutExpired:
                code = 0
            finally:
                _stop(process)
        if code:
            told = (self.folder / "mutmut.log").read_text("utf-8")[-2_000:]
            raise RuntimeError(f"{told}\nmutmut ended with {code}.")

    def statuses(self) -> dict[str, str]:
        """Return of every mutant whether it was killed, survived, was not checked and so on."""
        lines = self._told("results", "--all", "true").splitlines()
        return dict(line.strip().split(": ") for line in lines if line.strip())

    def changed_line(self, name: str) -> str:
        """Return what the mutant has in the place of the source; lines joined, without indentation."""
        lines = re.findall(r"^\+(?!\+\+)(.*)$", self._told("show", name), re.MULTILINE)
        return " ".join(line.strip() for line in lines)

    def _told(self, *arguments: str) -> str:
        command = [*_mutmut(), *arguments]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=True).stdout


def _mutmut() -> list[str]:
    return [sys.executable, str(Path(sys.executable).with_name("mutmut"))]


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End mutmut and the tests that it runs; what it has found is written after each mutant."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
