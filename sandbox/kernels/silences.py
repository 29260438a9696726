"""Silence that says nothing: how long a person who is there goes unseen, judged by that person's own days seen.

Chi et al. (2020) join days over gaps of at most a week. Of a person seen nearly every day that is right: a week without
a day in the place was spent elsewhere. Of one seen on every fifth day it is not: most stays hold a longer silence, fall
to pieces, and no move is left. So here a gap is joined as long as it is *no evidence of absence*.

A silence is the step from one day on which the person was seen, anywhere, to the next. Let the person be seen over L
days, with N(g) steps of g days or more. A stay of S days then holds N(g) · S / L of them: a rate of the person's own,
so that bursts count as they come and no geometric law is assumed. A silence of g days is evidence of absence only if a
stay would hold one very rarely: the longest g for which the rate is at least `COMMON` still is none.

Two bounds hold. Never less than Chi's gap: the method is not made stricter. Never more than the gap that Chi et al.
leave open between the two stays of a move: where a person was for longer is not known, and no stay is filled up with
it. Who is silent for longer in every second stay (`USUAL`) is out of the method's reach.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

# Silences in a stay: from `COMMON` on they are no evidence (chosen on seed 1 of experiments/bench_detection).
COMMON, USUAL = 0.1, 0.5
ROUNDING = 1e-9  # a tenth of thirty is three

Days = NDArray[np.int64]


def _longest_silence(seen: Days, stay: int, times: float) -> int:
    """Return the longest step that a stay of so many days holds so many times or more; 0 if none is so common.

    `seen` int64[n] are the days on which one person was seen, ascending, none twice.
    """
    if len(seen) < 2:
        return 0
    steps = np.sort(seen[1:] - seen[:-1])
    held = times * (seen[-1] - seen[0] + 1) / stay
    needed = max(1, int(np.ceil(held - ROUNDING)))
    return int(steps[len(steps) - needed]) if needed <= len(steps) else 0


longest_silence = njit(_longest_silence, cache=True)


def _gap_allowed(seen: Days, stay: int, most: int) -> int:
    """Return the longest gap that is no evidence of absence, `most` at the most."""
    return min(longest_silence(seen, stay, COMMON), most)


gap_allowed = njit(_gap_allowed, cache=True)


def _seen_between(seen: Days, first: int, last: int) -> int:
    """Return how many of the days seen lie from `first` to `last`."""
    return int(np.searchsorted(seen, last, "right") - np.searchsorted(seen, first, "left"))


seen_between = njit(_seen_between, cache=True)


def _days_seen(person_offsets: Days, day: Days) -> tuple[Days, Days]:
    """Return of each person on how many days it was seen, and how many lie from the first to the last of them.

    `day` int64[n] needs no order within a person and may hold days twice; both are 0 for a person without rows.
    """
    persons = len(person_offsets) - 1
    number, span = np.zeros(persons, np.int64), np.zeros(persons, np.int64)
    seen_by = np.full(1, -1)  # the last person that was seen on each day since its first
    for person in range(persons):
        days = day[person_offsets[person] : person_offsets[person + 1]]
        if not len(days):
            continue
        first = days.min()
        span[person] = days.max() - first + 1
        if span[person] > len(seen_by):
            seen_by = np.full(2 * span[person], -1)
        for each in days:
            number[person] += seen_by[each - first] != person
            seen_by[each - first] = person
    return number, span


days_seen = njit(_days_seen, cache=True)


def _silent_longer(person_offsets: Days, day: Days, stay: int, most: int) -> NDArray[np.bool_]:
    """Return whether every second stay holds a silence longer than `most`, bool[persons]; rows as for `days_seen`."""
    longer = np.zeros(len(person_offsets) - 1, np.bool_)
    for person in range(len(longer)):
        seen = np.unique(day[person_offsets[person] : person_offsets[person + 1]])
        longer[person] = longest_silence(seen, stay, USUAL) > most
    return longer


silent_longer = njit(_silent_longer, cache=True)
