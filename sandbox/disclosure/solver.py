"""Optimal secondary suppression by τ-Argus (`pytauargus`): Fischetti & Salazar 2000 on HiGHS.

Tables go to the solver in its own format of cells and sums (`JJ`), the one that its OPENTABLEDATA batch writes
before it solves: linked tables, hierarchies and margins are then one problem, as they are for an attacker.
The solver is native code that has been seen to crash and that leaves files where it works: it runs in a process and
a folder of its own, several problems to a process, with a time limit. What it does not solve it says; nothing waits.
"""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from sandbox.disclosure.margins import Reals, Sums

Flags = npt.NDArray[np.bool_]

# Run by the child process in its own folder: one `.jj` after another, those already answered left out.
WORKER = """
import pathlib, pytauargus
for problem in sorted(pathlib.Path('.').glob('*.jj')):
    answer = problem.with_suffix('.out')
    if answer.exists():
        continue
    answer.write_text('failed')
    unfinished = problem.with_suffix('.tmp')
    if pytauargus.HiTaSCtrl().full_jj(problem.name, unfinished.name, 1) == 0:
        unfinished.replace(answer)
"""
UNSOLVED = "failed"
# The solver's infinity is 2.14e9; beyond this values are brought to scale, and bounds stay below it.
LARGEST_VALUE = 1e7
LARGEST_COST = 1e9


@dataclass(frozen=True)
class Problem:
    """One table: values, what must be protected and by how much, what may be hidden besides, and the sums.

    `upward` and `downward` are protection levels of the cells in `sensitive`: how far the attacker's upper and
    lower bounds must stay from the value. Cells in `unshown` are published nowhere and cost nothing.
    """

    values: Reals
    sensitive: Flags
    may_hide: Flags
    unshown: Flags
    upward: Reals
    downward: Reals
    sums: Sums


def solve(problems: Sequence[Problem], seconds: float) -> list[Flags | None]:
    """Return for each problem the cells to hide besides the sensitive ones, or None where it was not solved."""
    with TemporaryDirectory(prefix="tau-argus-") as name:
        folder = Path(name)
        for number, problem in enumerate(problems):
            (folder / f"{number:06d}.jj").write_text(_as_jj(problem), "ascii")
        answers = [folder / f"{number:06d}.out" for number in range(len(problems))]
        done, before = 0, -1
        while before < done < len(answers) and _ends_in_time(folder, seconds):
            before, done = done, sum(answer.exists() for answer in answers)
        return [_read(answer, problem) for answer, problem in zip(answers, problems, strict=True)]


def _ends_in_time(folder: Path, seconds: float) -> bool:
    """Run the worker until it ends or crashes, which costs one problem; a time limit ends the work."""
    try:
        subprocess.run([sys.executable, "-c", WORKER], cwd=folder, timeout=seconds, check=False, capture_output=True)
    except subprocess.TimeoutExpired:
        return False
    return True


def _as_jj(problem: Problem) -> str:
    """Write the problem: whole numbers only (the reader of the format fails on others)."""
    scale = max(1.0, float(np.abs(problem.values).max(initial=0.0)) / LARGEST_VALUE)
    values = np.rint(problem.values / scale).astype(np.int64)
    costs = np.minimum(np.rint(problem.sums.costs(np.abs(values).astype(np.float64))), LARGEST_COST).astype(np.int64)
    far = 3 * int(np.abs(values).max(initial=0)) + 1000
    lines = ["0", str(len(values))]
    for cell, value in enumerate(values.tolist()):
        state, levels = _state(problem, cell, scale)
        cost = 1 if problem.unshown[cell] else costs[cell]
        lines.append(f"{cell} {value} {cost} {state} 0 {far} {levels[0]} {levels[1]} 0")
    lines.append(str(problem.sums.matrix.shape[0]))
    matrix = problem.sums.matrix
    for row in range(matrix.shape[0]):
        span = slice(matrix.indptr[row], matrix.indptr[row + 1])
        cells, signs = matrix.indices[span], np.rint(matrix.data[span]).astype(np.int64)
        terms = " ".join(f"{cell} ({sign})" for cell, sign in zip(cells.tolist(), signs.tolist(), strict=True))
        lines.append(f"{int((values[cells] * signs).sum())} {len(cells)} : {terms}")
    return "\n".join(lines) + "\n"


def _state(problem: Problem, cell: int, scale: float) -> tuple[str, tuple[int, int]]:
    if problem.sensitive[cell]:
        levels = np.ceil([problem.downward[cell] / scale, problem.upward[cell] / scale]).astype(np.int64)
        return "u", (int(levels[0]), int(levels[1]))
    return "s" if problem.may_hide[cell] or problem.unshown[cell] else "z", (0, 0)


def _read(answer: Path, problem: Problem) -> Flags | None:
    text = answer.read_text("ascii") if answer.exists() else UNSOLVED
    if text == UNSOLVED:
        return None
    hidden = np.zeros(len(problem.values), dtype=np.bool_)
    hidden[[int(line) for line in text.split()]] = True
    return hidden & ~problem.unshown
