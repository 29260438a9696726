"""Stopped by a person in every step, and started again: the same release. Slow."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.pipeline import STAGES

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]
WORDS = (sys.executable, "-m", "sandbox", "demo", "--scale", "0.3", "--seed", "11", "--folder")


def stopped_after(step: str, folder: Path) -> tuple[int, str]:
    """Run the demo and press Ctrl-C as soon as `step` is over; return the exit code and what was said."""
    with subprocess.Popen(
        [*WORDS, str(folder)],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as demo:
        assert demo.stderr is not None
        said = []
        for line in demo.stderr:
            said.append(line)
            if line.strip().startswith(step):
                # A terminal tells every process of its group.
                os.killpg(demo.pid, signal.SIGINT)
                break
        said += demo.stderr.readlines()
        return demo.wait(), "".join(said)


@pytest.fixture(autouse=True)
def _heard() -> Iterator[None]:
    """Hear Ctrl-C: tests that run in the background ignore it, and so would all that they start."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def sums(folder: Path) -> str:
    (release,) = [each for each in (folder / "workspace" / "published").iterdir() if each.is_dir()]
    return (release / "SHA256SUMS").read_text("utf-8")


def test_a_demo_stopped_in_every_step_ends_with_the_same_release(tmp_path: Path) -> None:
    for step in ("the country", *(stage.name for stage in STAGES[:-1])):
        code, said = stopped_after(step, tmp_path / "stopped")
        assert (code, "Stopped." in said, "Traceback" in said) == (130, True, False), f"{step}: {said}"
    for folder in ("stopped", "whole"):
        done = subprocess.run([*WORDS, str(tmp_path / folder)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    assert sums(tmp_path / "stopped") == sums(tmp_path / "whole")
