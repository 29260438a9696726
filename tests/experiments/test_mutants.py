"""Mutants: which are drawn, and how they are counted; the runs themselves are no test."""

import re
from pathlib import Path

from experiments.mutants.verdicts import ALL, Survivor, explained, explanations, rows, sample

KERNELS = Path(__file__).parents[2] / "sandbox" / "kernels"
NAMES = [f"sandbox.kernels.{kernel}.x__find__mutmut_{number}" for kernel in ("order", "walk") for number in range(9)]


def test_a_seed_draws_the_same_mutants_of_each_kernel_in_any_order_of_names() -> None:
    drawn = sample(NAMES, 4, 1)
    assert drawn == sample(NAMES[::-1], 4, 1)
    assert [sum(f".{kernel}." in name for name in set(drawn)) for kernel in ("order", "walk")] == [4, 4]
    assert sorted(sample(NAMES, 100, 1)) == NAMES


def test_a_survivor_is_explained_by_its_kernel_function_and_line() -> None:
    known = {"order": {"_find": {"size = 3 * rows": "More room."}}}
    assert explained(NAMES[0], "size = 3 * rows", known).reason == "More room."
    assert explained(NAMES[0], "size = rows", known).reason == ""
    assert explained(NAMES[-1], "size = 3 * rows", known).reason == ""


def test_mutants_are_counted_by_kernel_and_those_not_reached_are_not() -> None:
    statuses = dict(
        zip(NAMES, ["killed", "timeout", "survived", "survived", "no tests"] + ["not checked"] * 4, strict=False)
    )
    statuses[NAMES[9]] = "killed"
    survivors = [Survivor("order", "_find", "a = 2", "Room."), Survivor("order", "_find", "a = 3", "")]
    assert rows(statuses, survivors) == [
        {"kernel": "order", "run": 5, "killed": 2, "survived": 3, "explained": 1},
        {"kernel": "walk", "run": 1, "killed": 1, "survived": 0, "explained": 0},
        {"kernel": ALL, "run": 6, "killed": 3, "survived": 3, "explained": 1},
    ]


def test_what_is_explained_is_in_a_function_that_there_is() -> None:
    for kernel, functions in explanations().items():
        source = (KERNELS / f"{kernel}.py").read_text("utf-8")
        for function, lines in functions.items():
            assert re.search(rf"^def {function}\(", source, re.MULTILINE), f"{kernel}.{function}"
            assert all(reason.endswith(".") for reason in lines.values())
