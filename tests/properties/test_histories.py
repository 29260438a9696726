"""Invariants of the rule on any history of crossings."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.kernels.outcomes import COMPLETE_HISTORY, outcomes
from sandbox.kernels.walk import NO_DAY

WINDOW, THRESHOLD = 487, 365
UNSEEN = 3 * WINDOW


@st.composite
def histories(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Days and alternating directions of one person."""
    gaps = draw(st.lists(st.integers(0, 600), min_size=1, max_size=12))
    first = draw(st.integers(0, 1))
    return np.cumsum(gaps).astype(np.int64), ((np.arange(len(gaps)) + first) % 2).astype(np.int8)


def judged(day: np.ndarray, direction: np.ndarray, until: int):
    none = np.array([-1], np.int8)
    return outcomes(np.array([0, len(day)]), day, direction, none, np.array([NO_DAY]), WINDOW, THRESHOLD, until)


@settings(deadline=None)
@given(histories(), st.integers(0, UNSEEN))
def test_what_is_decided_stays_decided_when_more_is_seen(history: tuple[np.ndarray, np.ndarray], later: int) -> None:
    day, direction = history
    seen = len(day) // 2 + 1
    until = int(day[seen - 1])
    if seen < len(day) and day[seen] == until:
        return  # crossings of the last day itself are all in the file
    early = judged(day[:seen], direction[:seen], until)
    late = judged(day, direction, int(day[-1]) + later)
    for field in ("resident_before", "resident_after", "is_migration"):
        before, after = getattr(early, field), getattr(late, field)[:seen]
        assert (after[before >= 0] == before[before >= 0]).all()
    for field in ("before_decided_on", "after_decided_on", "migration_decided_on"):
        before, after = getattr(early, field), getattr(late, field)[:seen]
        assert (after[before != NO_DAY] == before[before != NO_DAY]).all()
    known = late.migration_decided_on[:seen] != NO_DAY
    dates = late.migration_decided_on[:seen][known]
    assert (early.earliest_decision[known] <= dates).all()
    assert (dates <= early.latest_decision[known]).all()


@settings(deadline=None)
@given(histories())
def test_long_after_the_last_crossing_both_modes_agree(history: tuple[np.ndarray, np.ndarray]) -> None:
    day, direction = history
    complete, observed = judged(day, direction, COMPLETE_HISTORY), judged(day, direction, int(day[-1]) + UNSEEN)
    for field in ("resident_before", "resident_after", "is_migration", "before_decided_on", "migration_decided_on"):
        assert getattr(complete, field).tolist() == getattr(observed, field).tolist()


@settings(deadline=None)
@given(histories(), st.integers(0, UNSEEN))
def test_outcomes_hang_together(history: tuple[np.ndarray, np.ndarray], later: int) -> None:
    day, direction = history
    found = judged(day, direction, int(day[-1]) + later)
    migrates = found.is_migration == 1
    assert (found.resident_after[migrates] == direction[migrates]).all()
    assert (found.earliest_decision <= found.latest_decision).all()
    assert (found.days_migrating[migrates] >= THRESHOLD).all()
    undecided = found.is_migration < 0
    assert (found.days_migrating[undecided] < THRESHOLD).all()
    assert (found.days_returned[undecided] <= WINDOW - THRESHOLD).all()


@settings(deadline=None)
@given(st.lists(histories(), min_size=1, max_size=4))
def test_persons_do_not_touch_each_other(people: list[tuple[np.ndarray, np.ndarray]]) -> None:
    until = max(int(day[-1]) for day, _ in people) + 100
    offsets = np.cumsum([0, *(len(day) for day, _ in people)])
    together = outcomes(
        offsets,
        np.concatenate([day for day, _ in people]),
        np.concatenate([direction for _, direction in people]),
        np.full(len(people), -1, np.int8),
        np.full(len(people), NO_DAY),
        WINDOW,
        THRESHOLD,
        until,
    )
    for number, (day, direction) in enumerate(people):
        for alone, all_of_them in zip(judged(day, direction, until), together, strict=True):
            assert all_of_them[offsets[number] : offsets[number + 1]].tolist() == alone.tolist()
