"""Continuous residence against a slow twin that goes from night to night and tries every continuation."""

from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.kernels.continuous import Period, continuous
from sandbox.kernels.outcomes import COMPLETE_HISTORY
from sandbox.kernels.walk import NO_DAY, Outcomes

FIELDS = Outcomes._fields
AGREED = FIELDS[:6]
DECISIONS = ("is_migration", "resident_after", "after_decided_on", "migration_decided_on")
EMPTY = {field: NO_DAY if field.endswith("_on") else -1 for field in AGREED}
YEAR = Period(365, 182, 30)


@dataclass(frozen=True)
class Case:
    """One person: days and directions of the crossings, initial status (-1: none), period, day of observation."""

    day: tuple[int, ...]
    direction: tuple[int, ...]
    initial: tuple[int, int]
    period: Period
    until: int

    def found(self, until: int | None = None) -> list[dict[str, int]]:
        result = continuous(
            np.array([0, len(self.day)]),
            np.array(self.day, np.int64),
            np.array(self.direction, np.int8),
            np.array([self.initial[0]], np.int8),
            np.array([self.initial[1]], np.int64),
            self.period,
            self.until if until is None else until,
        )
        return [{field: int(getattr(result, field)[row]) for field in FIELDS} for row in range(len(self.day))]


def night_by_night(case: Case, row: int) -> tuple[int | None, int]:
    """Follow the period that crossing `row` opens: (1 fulfilled, 0 broken, None open; decision date or last day)."""
    opened, there = case.day[row], case.direction[row]
    absence = away = 0
    for night in range(opened, case.until):
        side = [way for day, way in zip(case.day, case.direction, strict=True) if day <= night][-1]
        if side == there:
            absence = 0
            if night + 1 - opened >= case.period.days:
                return 1, night + 1
        else:
            absence, away = absence + 1, away + 1
            if absence > case.period.longest_absence or away > case.period.tolerated:
                return 0, night
    return None, case.until


def by_definition(case: Case) -> list[dict[str, int]]:
    """The five steps; what is open on the last day is left empty."""
    status = 1 - case.direction[0]
    if case.initial[0] >= 0 and case.initial[1] <= case.day[0]:
        status = case.initial[0]
    rows: list[dict[str, int]] = []
    while len(rows) < len(case.day):
        row = len(rows)
        own = {"migration_decided_on": case.day[row], "before_decided_on": case.day[row], "resident_before": status}
        if status == case.direction[row]:
            rows.append(
                own | {"is_migration": 0, "resident_after": status, "after_decided_on": case.day[row], "opens": 0}
            )
            continue
        outcome, decided_on = night_by_night(case, row)
        # On the day of a break the night after it is known to be spent away; on that of fulfilment it is not.
        inside = [day < decided_on + (outcome != 1) for day in case.day[row:]].count(True)
        after = {None: -1, 0: status, 1: 1 - status}[outcome]
        on = NO_DAY if outcome is None else decided_on
        held = {"resident_after": after, "after_decided_on": on}
        own |= {"is_migration": -1 if outcome is None else outcome, "migration_decided_on": on, "opens": 1}
        rows.append(own | held)
        for day in case.day[row + 1 : row + inside]:
            between = {"resident_before": after, "before_decided_on": on, "is_migration": 0, "opens": 0}
            rows.append(held | between | {"migration_decided_on": day})
        status = after
    return rows


def nights_of_periods(case: Case) -> list[tuple[int, int]]:
    """Nights there and away of each crossing's period, to the end of the stay that decided it; 0 if it opened none."""
    nights = []
    for row, judged in enumerate(by_definition(case)):
        if not judged["opens"]:
            nights.append((0, 0))
            continue
        outcome, decided_on = night_by_night(case, row)
        later = [day for day in case.day[row:] if outcome is not None and day >= decided_on + (outcome != 1)]
        side = dict(zip(case.day, case.direction, strict=True))
        spent = [0, 0]
        for night in range(case.day[row], later[0] if later else case.until):
            spent[side[max(day for day in side if day <= night)] != case.direction[row]] += 1
        nights.append((spent[0], spent[1]))
    return nights


def futures(case: Case, touches: bool) -> list[Case]:
    """Every path of nights after the day of observation, long enough to decide; with stays without a night if asked."""
    length = case.period.days + case.period.longest_absence + 2
    ways = product(product((0, 1), (0, 1) if touches else (0,)), repeat=length)
    found = []
    for path in ways:
        day, direction = list(case.day), list(case.direction)
        for offset, (side, touched) in enumerate(path):
            for _ in range((side != direction[-1]) + 2 * touched):
                day.append(case.until + offset)
                direction.append(1 - direction[-1])
        found.append(replace(case, day=tuple(day), direction=tuple(direction), until=case.until + length))
    return found


def by_continuations(case: Case, touches: bool = False) -> list[dict[str, int]]:
    """What all continuations say of each crossing."""
    judged = [by_definition(future) for future in futures(case, touches)]
    answers = []
    for row, (there, away) in enumerate(nights_of_periods(case)):
        values = {field: {future[row][field] for future in judged} for field in AGREED}
        one = {field: next(iter(said)) if len(said) == 1 else EMPTY[field] for field, said in values.items()}
        if one["is_migration"] == -1:
            one |= {field: EMPTY[field] for field in DECISIONS}
        dates = values["migration_decided_on"]
        one |= {"earliest_decision": min(dates), "latest_decision": max(dates)}
        answers.append(one | {"days_migrating": there, "days_returned": away})
    return answers


def random_case(random: np.random.Generator, period: Period) -> Case:
    crossings = int(random.integers(1, 7))
    day = np.cumsum(random.integers(0, random.integers(2, period.days + 2), crossings)).tolist()
    until = day[-1] + int(random.integers(0, period.days))
    first = int(random.integers(0, 2))
    initial = (-1, 0)
    if random.random() < 0.6:
        initial = (int(random.integers(0, 2)), int(random.integers(-1, until + 3)))
    return Case(tuple(day), tuple((first + k) % 2 for k in range(crossings)), initial, period, until)


SMALL = [Period(4, 1, 1), Period(5, 2, 1), Period(5, 4, 2), Period(6, 2, 2), Period(3, 2, 0), Period(4, 0, 2)]


@pytest.mark.parametrize("period", SMALL)
def test_observed_until_says_what_all_continuations_agree_on(period: Period) -> None:
    random = np.random.default_rng(period.days)
    for _ in range(25):
        case = random_case(random, period)
        assert case.found() == by_continuations(case), case


@pytest.mark.slow
@pytest.mark.parametrize(
    ("period", "histories"), [*((period, 1600) for period in SMALL), (Period(7, 3, 2), 300), (Period(8, 3, 1), 300)]
)
def test_observed_until_says_what_all_continuations_agree_on_in_many_histories(period: Period, histories: int) -> None:
    random = np.random.default_rng(period.days * 7)
    for _ in range(histories):
        case = random_case(random, period)
        assert case.found() == by_continuations(case), case


def test_a_stay_without_a_night_changes_no_continuation() -> None:
    random = np.random.default_rng(3)
    for _ in range(25):
        case = random_case(random, Period(2, 1, 1))
        assert by_continuations(case, touches=True) == by_continuations(case) == case.found(), case


@given(
    st.lists(st.integers(0, 70), min_size=1, max_size=14),
    st.sampled_from([YEAR, Period(183, 91, 30), Period(365, 182, 91), Period(40, 39, 60)]),
    st.integers(0, 1),
    st.integers(-1, 1),
    st.integers(0, 400),
)
@settings(max_examples=60, deadline=None)
def test_what_is_decided_is_the_definition_night_by_night(
    gaps: list[int], period: Period, first: int, status: int, seen: int
) -> None:
    day = tuple(int(number) for number in np.cumsum(gaps))
    case = Case(day, tuple((first + k) % 2 for k in range(len(day))), (status, 0), period, day[-1] + seen)
    for found, expected in zip(case.found(), by_definition(case), strict=True):
        assert {field: found[field] for field in AGREED} == {field: expected[field] for field in AGREED}
    complete = replace(case, until=day[-1] + period.days + period.longest_absence + 1)
    assert case.found(COMPLETE_HISTORY) == complete.found()
    assert all(row["is_migration"] >= 0 for row in complete.found())


@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=8),
    st.sampled_from([YEAR, Period(183, 91, 30)]),
    st.integers(0, 500),
)
@settings(max_examples=60, deadline=None)
def test_both_bounds_are_attained_by_a_continuation(gaps: list[int], period: Period, seen: int) -> None:
    day = tuple(int(number) for number in np.cumsum(gaps))
    case = Case(day, tuple((1 + k) % 2 for k in range(len(day))), (0, 0), period, day[-1] + seen)
    for row, found in enumerate(case.found()):
        if found["is_migration"] >= 0:
            continue
        paths = {"earliest_decision": earliest_paths(case), "latest_decision": latest_paths(case, row, found)}
        for bound, nights in paths.items():
            dates = {going_on(case, path).found()[row]["migration_decided_on"] for path in nights}
            assert (min(dates) if bound == "earliest_decision" else max(dates)) == found[bound]


def earliest_paths(case: Case) -> list[list[int]]:
    """Stay for good where the person is, or cross at once and stay."""
    length = case.period.days + case.period.longest_absence + 2
    return [[0] * length, [1] * length]


def latest_paths(case: Case, row: int, found: dict[str, int]) -> list[list[int]]:
    """Be there to the eve of the end, then away for as long as is forgiven, then there; or away from now on."""
    there, away = case.direction[row], 1 - case.direction[row]
    eve = max(case.day[row] + case.period.days - case.until - 1, 0)
    longest = min(case.period.longest_absence, case.period.tolerated - found["days_returned"])
    return [[there] * eve + [away] * absence + [there] * (case.period.days + 1) for absence in range(longest + 1)]


def going_on(case: Case, nights: list[int]) -> Case:
    """The history with the nights that follow, a side each."""
    day, direction = list(case.day), list(case.direction)
    for offset, side in enumerate(nights):
        if side != direction[-1]:
            day.append(case.until + offset)
            direction.append(side)
    return replace(case, day=tuple(day), direction=tuple(direction), until=case.until + len(nights))


def test_the_plain_function_says_what_the_compiled_one_says() -> None:
    from sandbox.kernels.continuous import _continuous

    arguments = (
        np.array([0, 2, 2, 3]), np.array([0, 100, 7]), np.array([0, 1, 0], np.int8), np.array([1, 0, 0], np.int8),
        np.array([0, 0, 0]), YEAR, 200,
    )  # fmt: skip
    for plain, compiled in zip(_continuous(*arguments), continuous(*arguments), strict=True):
        assert plain.tolist() == compiled.tolist()
