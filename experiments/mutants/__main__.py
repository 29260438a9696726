"""Mutants of the kernels: `python -m experiments.mutants [--sample N] [--seed S] [--minutes M] [--out FILE] [KERNEL]`.

Prints the survivors that nobody has explained, and one line a kernel; `--out` keeps the lines as JSON.
"""

import argparse
import json
import signal
import sys
import tempfile
from pathlib import Path

from experiments.mutants.copy import Copy
from experiments.mutants.verdicts import ALIVE, NOT_RUN, Survivor, explained, explanations, place_of, rows, sample


def survivors_of(copy: Copy, statuses: dict[str, str]) -> list[Survivor]:
    """Return the mutants that no test noticed, with the reason where one is written down."""
    known = explanations()
    return [explained(name, copy.changed_line(name), known) for name, status in statuses.items() if status in ALIVE]


def run(folder: Path, asked: argparse.Namespace) -> list[dict[str, str | int]]:
    """Run the sample in a folder of its own, print what is new, return the table."""
    copy = Copy(folder)
    names = [name for name in copy.names if not asked.kernels or place_of(name)[0] in asked.kernels]
    chosen = set(sample(names, asked.sample, asked.seed))
    copy.run(sorted(chosen), asked.minutes * 60)
    statuses = {name: status for name, status in copy.statuses().items() if name in chosen}
    survivors = survivors_of(copy, statuses)
    for one in survivors:
        if not one.reason:
            sys.stdout.write(f"not explained: [{one.kernel}.{one.function}] {one.line}\n")
    left_out = sum(status in NOT_RUN for status in statuses.values())
    if left_out:
        sys.stdout.write(f"{left_out} mutants were not reached in the time given\n")
    return rows(statuses, survivors)


def main() -> None:
    """Read the options, run, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kernels", nargs="*", help="Kernels to take mutants of; none: all.")
    parser.add_argument("--sample", type=int, default=36, help="Mutants of each kernel.")
    parser.add_argument("--seed", type=int, default=0, help="Which ones.")
    parser.add_argument("--minutes", type=float, default=60, help="Stop after as many; the slowest come last.")
    parser.add_argument("--out", type=Path, help="JSON file to write.")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # so that mutmut ends too and the folder goes
    with tempfile.TemporaryDirectory() as folder:
        table = run(Path(folder), asked)
    for row in table:
        sys.stdout.write("{kernel:14} run {run:4}  killed {killed:4}  survived {survived:3}".format_map(row))
        sys.stdout.write(f"  explained {row['explained']}\n")
    if asked.out:
        asked.out.write_text(json.dumps(table, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
