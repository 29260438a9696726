"""What the runs say of each kernel: mutants run, killed, survived, and survivors that are explained."""

import random
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

EXPLAINED = Path(__file__).with_name("survivors.toml")
ALIVE = {"survived", "no tests"}
NOT_RUN = {"not checked", "skipped", "check was interrupted by user"}
ALL = "all kernels"


class Survivor(NamedTuple):
    """A mutant that no test noticed: where it is, the changed line, why that is right (empty: not explained)."""

    kernel: str
    function: str
    line: str
    reason: str


def place_of(name: str) -> tuple[str, str]:
    """Return kernel and function of a mutant."""
    found = re.fullmatch(r".*\.(\w+)\.x_(\w+)__mutmut_\d+", name)
    if found is None:
        raise ValueError("Not the name of a mutant of a function.")
    return found[1], found[2]


def sample(names: Sequence[str], size: int, seed: int) -> list[str]:
    """Return so many mutants of each kernel, all of one that has fewer."""
    by_kernel: dict[str, list[str]] = {}
    for name in sorted(names):
        by_kernel.setdefault(place_of(name)[0], []).append(name)
    chosen = random.Random(seed)
    return [name for own in by_kernel.values() for name in chosen.sample(own, min(size, len(own)))]


def explanations() -> dict[str, dict[str, dict[str, str]]]:
    """Return kernel → function → changed line → why no test can notice it."""
    return tomllib.loads(EXPLAINED.read_text("utf-8"))


def explained(name: str, line: str, known: Mapping[str, Mapping[str, Mapping[str, str]]]) -> Survivor:
    """Return the survivor with its reason, if there is one."""
    kernel, function = place_of(name)
    return Survivor(kernel, function, line, known.get(kernel, {}).get(function, {}).get(line, ""))


def rows(statuses: Mapping[str, str], survivors: Sequence[Survivor]) -> list[dict[str, str | int]]:
    """Return one row a kernel and one for all; a mutant whose tests don't end, or crash, is killed."""
    run = [place_of(name)[0] for name, status in statuses.items() if status not in NOT_RUN]
    alive = [place_of(name)[0] for name, status in statuses.items() if status in ALIVE]
    told = [survivor.kernel for survivor in survivors if survivor.reason]

    def counted(kernel: str, *groups: list[str]) -> list[int]:
        return [len(group) if kernel == ALL else group.count(kernel) for group in groups]

    table: list[dict[str, str | int]] = []
    for kernel in [*sorted(set(run)), ALL]:
        number, left, known = counted(kernel, run, alive, told)
        table.append({"kernel": kernel, "run": number, "killed": number - left, "survived": left, "explained": known})
    return table
