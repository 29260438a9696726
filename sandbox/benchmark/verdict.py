"""The verdict: the worst gate, under what the alignment allows. It comes from the numbers alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from sandbox.benchmark.alignment import DECIDING, Alignment, Likeness
from sandbox.benchmark.gates import Gate, GateStatus
from sandbox.concepts.codes import Verdict

FROM_BEST = (
    Verdict.PUBLISH,
    Verdict.CAUTION,
    Verdict.UNBENCHMARKED,
    Verdict.WITHHOLD,
    Verdict.NOT_ASSESSABLE,
)
OF_STATUS = {
    GateStatus.PUBLISH: Verdict.PUBLISH,
    GateStatus.NOT_EVALUABLE: Verdict.CAUTION,
    GateStatus.CAUTION: Verdict.CAUTION,
    GateStatus.WITHHOLD: Verdict.WITHHOLD,
}


@dataclass(frozen=True)
class Judged:
    """A verdict and why it is not better."""

    verdict: Verdict
    reasons: tuple[str, ...]


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the worst of some verdicts; of none, `PUBLISH`."""
    return max(verdicts, key=FROM_BEST.index, default=Verdict.PUBLISH)


def judged(gates: Sequence[Gate], alignment: Alignment | None, notes: Sequence[str] = ()) -> Judged:
    """Return the verdict of a series that has a benchmark; `notes` cap nothing, they only stand with it."""
    if alignment is not None and not alignment.is_assessable:
        differing = [f"different_{name}" for name in alignment.differing]
        return Judged(Verdict.NOT_ASSESSABLE, tuple(differing))
    if alignment is not None and alignment.in_sample:
        return Judged(Verdict.NOT_ASSESSABLE, ("calibrated_to: the benchmark was used to fit the estimate",))
    doubts = _doubts(alignment)
    verdicts = [OF_STATUS[gate.status] for gate in gates] + ([Verdict.CAUTION] if doubts else [])
    return Judged(worst(verdicts), (*doubts, *_words(gates), *notes))


def unpaired() -> Judged:
    """Return the verdict where not one cell stands on both sides: nothing was compared."""
    return Judged(Verdict.NOT_ASSESSABLE, ("no_pairs: nothing to compare",))


def judged_alone(gates: Sequence[Gate]) -> Judged:
    """Return the verdict of a series of which no official one exists, from the gates that need none."""
    if any(gate.status is GateStatus.WITHHOLD for gate in gates):
        return Judged(Verdict.WITHHOLD, ("no_benchmark", *_words(gates)))
    return Judged(Verdict.UNBENCHMARKED, ("no_benchmark", *_words(gates)))


def _doubts(alignment: Alignment | None) -> list[str]:
    if alignment is None:
        return ["alignment_not_declared"]
    missing = [name for name, like in alignment.likeness.items() if like is Likeness.NOT_DECLARED]
    found = ["alignment_not_declared: " + ", ".join(missing)] if missing else []
    # A concept that had to be converted is another estimand to some extent: never shown as if it were the same.
    found += [
        f"convertible_{name}: {alignment.conversions[name]}"
        for name in DECIDING
        if alignment.likeness.get(name) is Likeness.CONVERTIBLE
    ]
    return found + [f"different_{name}" for name in alignment.differing]


def _words(gates: Sequence[Gate]) -> list[str]:
    return [_word(gate) for gate in gates if gate.status is not GateStatus.PUBLISH]


def _word(gate: Gate) -> str:
    value = f" {gate.value:.3g}" if isfinite(gate.value) else ""
    return f"{gate.id}{value}: {gate.status.value} (n = {gate.n})"
