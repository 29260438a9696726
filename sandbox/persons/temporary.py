"""Temporary spells of whole persons: how long they lasted, and their type by the rules of `concepts.temporary`.

Arrow in, Arrow out, through the kernels of `kernels.temporary`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sandbox.concepts.codes import TemporaryMobility
from sandbox.concepts.temporary import ABROAD, DAYS_AFTER_SHOCK, INSIDE, STAY_DAYS, WEEKEND, Feature, TypingRule
from sandbox.kernels.temporary import Spells, rhythms, share_after, spells_away
from sandbox.kernels.walk import NO_DAY
from sandbox.persons.columns import date_column, days, number_column
from sandbox.persons.homes import named, presence_of, timelines_of
from sandbox.persons.moves import LONGEST_AWAY, SHORTEST_AWAY, likely_days
from sandbox.persons.presence import Counted

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]
Features = Mapping[Feature, Reals]

UNKNOWN = str(TemporaryMobility.UNKNOWN)  # the same word in both lists of codes
IS_WEEKEND = np.isin(np.arange(7), WEEKEND)


@dataclass(frozen=True)
class Shock:
    """A shock that may displace people: where, and when."""

    area: str
    day: date


@dataclass(frozen=True)
class Span:
    """One element a spell: likeliest first day, and day of return or, where that is not seen, the day after `last`."""

    start: Ints
    end: Ints


def spells_of(presence: pa.Table, shocks: Sequence[Shock] = ()) -> pa.Table:
    """Return one row a spell away from home, by person and start.

    `presence` has `person_key, local_date, place, country, weight`, sorted by person; a place that is a country is
    typed as a stay abroad, any other as one inside a country. Columns: `person_key, from_place, place`; `start` and
    `end` (exclusive), the likeliest days; `shortest_days`, `longest_days` (empty where an end is not seen);
    `days_seen`; `begin_seen, end_seen`; `code`, `unknown` where no rule holds. A spell of which no rule knows the type
    is there if it is an episode of 7 to 182 days: a shorter one is not told from misplaced evidence.
    """
    persons, places, evidence = presence_of(presence)
    found = _away(evidence)
    span = likely_span(found)
    features = presence_features(found, span, *_shocks(shocks, places))
    is_abroad = np.asarray(pc.is_in(places, pc.unique(presence["country"])), np.bool_)[found.place]
    code = pc.if_else(pa.array(is_abroad), typed(ABROAD, features), typed(INSIDE, features))
    length = span.end - span.start
    is_long = found.is_episode & (length >= SHORTEST_AWAY) & (length <= LONGEST_AWAY)
    kept = np.flatnonzero(is_long | np.asarray(pc.not_equal(code, UNKNOWN)))
    kept = kept[np.lexsort((found.place[kept], span.start[kept], found.person[kept]))]
    of = Spells(**{name: column[kept] for name, column in found._asdict().items()})
    begun, ended = of.before != NO_DAY, of.after != NO_DAY
    return pa.table(
        {
            "person_key": persons.take(pa.array(of.person)),
            "from_place": named(places, of.home),
            "place": named(places, of.place),
            "start": date_column(span.start[kept]),
            "end": date_column(span.end[kept]),
            "shortest_days": number_column(of.last - of.first + 1),
            "longest_days": number_column(np.where(begun & ended, of.after - of.before - 1, 0), ~(begun & ended)),
            "days_seen": number_column(of.days_seen),
            "begin_seen": begun,
            "end_seen": ended,
            "code": code.take(pa.array(kept)),
        }
    )


def likely_span(found: Spells) -> Span:
    """Return the likeliest days of each spell; contrary evidence lasted as long as it was seen."""
    begun, ended = (found.is_episode & (day != NO_DAY) for day in (found.before, found.after))
    before, after = np.where(begun, found.before, found.first - 1), np.where(ended, found.after, found.last + 1)
    return Span(*likely_days(before, found.first, found.last, after))


def presence_features(found: Spells, span: Span, shock_place: Ints, shock_day: Ints) -> Features:
    """Return what rules may ask of spells that presence shows."""
    earliest = np.where(found.before == NO_DAY, found.first, found.before + 1)
    group = group_of(found.person, found.place)
    return {
        **rhythm_features(group, span.start, span.end),
        Feature.WEEKEND_SHARE: np.bincount(group, found.weekend_days)[group]
        / np.bincount(group, found.days_seen)[group],
        Feature.SHOCK_SHARE: share_after(found.home, earliest, found.first, shock_place, shock_day, DAYS_AFTER_SHOCK),
    }


def rhythm_features(group: Ints, start: Ints, end: Ints) -> dict[Feature, Reals]:
    """Return what is known of the spells [start, end) of each group, a person in a place, taken together."""
    length = end - start
    is_stay = length >= STAY_DAYS
    visits, stays = _rhythm(group, start, end, np.ones(len(group), np.bool_)), _rhythm(group, start, end, is_stay)
    return {
        Feature.DAYS: length.astype(np.float64),
        Feature.VISITS: visits["spells"],
        Feature.VISITS_IN_YEAR: visits["in_year"],
        Feature.STAYS: stays["spells"],
        Feature.STAYS_IN_YEAR: stays["in_year"],
        Feature.YEARS: stays["years"],
        Feature.CYCLE_DAYS: stays["cycle"],
        Feature.REGULAR_SHARE: stays["regular"],
        Feature.AWAY_SHARE: length / stays["cycle"],
    }


def group_of(person: Ints, place: Ints) -> Ints:
    """Return the number of each person and place, from 0 on."""
    keys = np.stack([person, place])
    return np.unique(keys, axis=1, return_inverse=True)[1].reshape(-1)


def typed(rules: Sequence[TypingRule], features: Features, visa: pa.Array | pa.ChunkedArray | None = None) -> pa.Array:
    """Return the code of the first rule that holds for each spell, `unknown` where none does.

    A bound on a feature that is not given or not a number does not hold; nor does a rule for visas without `visa`.
    """
    rows = len(features[Feature.DAYS])
    first = np.full(rows, len(rules))
    for number in reversed(range(len(rules))):
        first[_holds(rules[number], features, visa, rows)] = number
    codes = pa.array([*(str(rule.code) for rule in rules), UNKNOWN])
    return codes.take(pa.array(first))


def _holds(rule: TypingRule, features: Features, visa: pa.Array | pa.ChunkedArray | None, rows: int) -> Flags:
    holds = np.ones(rows, np.bool_)
    for bound in rule.bounds:
        value = features.get(bound.feature, np.full(rows, np.nan))
        holds &= (value >= bound.least) & (value <= bound.most)
    if rule.visas:
        asked = visa is not None and pc.is_in(visa, pa.array(rule.visas))
        holds &= np.asarray(asked, np.bool_)
    return holds


def _away(evidence: Counted) -> Spells:
    persons = int(evidence.person[-1]) + 1 if len(evidence.person) else 0
    offsets = np.searchsorted(evidence.person, np.arange(persons + 1))
    found = timelines_of(evidence)
    return spells_away(offsets, evidence.key, evidence.place, evidence.weight, found, IS_WEEKEND)


def _shocks(shocks: Sequence[Shock], places: pa.Array) -> tuple[Ints, Ints]:
    """Return places and days of the shocks; a place where nobody was seen is none."""
    place = pc.index_in(pa.array([each.area for each in shocks], pa.string()), places.cast(pa.string()))
    day = days(pa.chunked_array([pa.array([each.day for each in shocks], pa.date32())]))
    return np.asarray(pc.fill_null(place, -1).to_numpy(zero_copy_only=False), np.int64), day


def _rhythm(group: Ints, start: Ints, end: Ints, asked: Flags) -> dict[str, Reals]:
    """Return the rhythm of the spells `asked` for, as numbers; NaN for the others. A spell lasts a day at least."""
    rows = np.flatnonzero(asked)
    until = np.maximum(end, start + 1)
    rows = rows[np.lexsort((until[rows], start[rows], group[rows]))]
    offsets = np.searchsorted(group[rows], np.arange(int(group.max()) + 2 if len(group) else 1))
    found = rhythms(offsets, start[rows], until[rows])
    out = {}
    for name, column in found._asdict().items():
        out[name] = np.full(len(group), np.nan)
        out[name][rows] = column
    return out
