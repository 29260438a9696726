"""Several SIMs of one person: what nights away from home tell of it. Arrow in, Arrow out.

A record linkage (Fellegi & Sunter 1969, with shares by frequency after Winkler 1989). Compared are keys that have the
same usual places, by all nights that either was seen in a place to which neither usually goes: one place is one piece
of evidence, since who goes there once goes there again.
"""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sandbox.lakehouse.table import FLAG, INT, REAL, TEXT, Column, Table
from sandbox.lakehouse.tables.feeds import BUCKET, PERSON
from sandbox.persons.columns import days
from sandbox.persons.presence import ranked
from sandbox.settings import Zone

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]

LEAST_NIGHTS = 2  # a single night elsewhere may be a day that was put into the wrong place
MANY_NIGHTS = 6  # of both keys together, from which nights in another area of the country tell anything
UNSEEN_NIGHTS = 1  # between two nights of one run
STRAY = 4  # nights that agree for one that may differ by error
DAYS_OF_WEEK, WORKDAYS = 7, 5
MONDAY = 3  # weekday of 1970-01-01, a Thursday

# Measured on the synthetic country with seed 7; seed 11 judges them (docs/explanation/people-and-devices.md). Rows:
# areas of the country, other countries.
SAME_USUAL = 0.87  # share of persons of whom both SIMs show the same usual places
# Share of the places of a key in which the nights of the person's other SIM tell nothing, agree, agree many times.
SAME_AGREES: Reals = np.array([[0.58, 0.04, 0.38], [0.46, 0.28, 0.26]])
# Share of other persons with the same usual places whose nights agree; how even it is from place to place (shape of a
# gamma distribution): most trips are nobody else's, some are everybody's.
OTHERS_AGREE: Reals = np.array([[1.0, 0.0019, 0.0020], [1.0, 0.00035, 0.00025]])
EVENNESS = 0.2
# Evidence against one person, in bits, by nights spent elsewhere: none, 1, 2, 3 or more.
BITS_AGAINST: Reals = np.array([[0.0, 2.0, 2.0, 4.0], [0.0, 4.0, 4.0, 5.0]])
MOST_BITS = 60.0  # more would be certainty to a computer too, and no share of strangers is known so well

RUN = Table(
    "run",
    Zone.SILVER,
    "Nights of one person key in one place, nearly one after another; moved between workers, never written",
    (
        PERSON,
        BUCKET,
        Column("usual", TEXT, "Places of most nights and of most working hours"),
        Column("place", TEXT, "Area inside the country, country abroad"),
        Column("is_away", FLAG, "Whether the place is neither of these"),
        Column("is_abroad", FLAG, "Whether it is another country"),
        Column("begins", INT, "First night", "days since 1970-01-01"),
        Column("ends", INT, "Last night", "days since 1970-01-01"),
        Column("seen", INT, "Nights on which the key was seen", "nights"),
        Column("first", INT, "First night of the whole stay", "days since 1970-01-01"),
        Column("last", INT, "Last night of the whole stay", "days since 1970-01-01"),
        Column("nights", INT, "Nights of the whole stay on which the key was seen", "nights"),
    ),
    ("person_key", "begins"),
)
PAIR = Table(
    "pair",
    Zone.SILVER,
    "What the nights of one person key say of another; moved between workers, never written",
    (
        PERSON,
        BUCKET,
        Column("other", INT, "The other key; the key itself for what its trips say if nobody shares one"),
        Column("bits", REAL, "Evidence for one person, per key with the same usual places", "bits"),
    ),
    ("person_key", "other"),
)


class Nights(NamedTuple):
    """One element a person and night, sorted by these: codes of person and place, day, and the row it comes from."""

    person: Ints
    day: Ints
    place: Ints
    row: Ints

    def take(self, chosen: Flags | Ints) -> "Nights":
        """Return these nights."""
        return Nights(*(column[chosen] for column in self))

    @property
    def lengths(self) -> Ints:
        """Nights of each run of nights of one person in one place."""
        starts = np.flatnonzero(changes(self.person) | changes(self.place))
        return np.diff(np.append(starts, len(self.day)))


def runs_of(rows: pa.Table, country: str) -> pa.Table:
    """Return rows of `RUN` from all rows of `presence_day` of each person, sorted by person.

    A night is where most of its hours were. Nights in one place are one stay until the next nights elsewhere; a
    single night elsewhere does not end one. A run is a part of a stay of which nearly every night was seen.
    """
    day = days(rows["local_date"])
    place, places = ranked(rows["place"])
    person = np.cumsum(changes(rows["person_key"].to_numpy())) - 1
    nights = _by_night(rows, Nights(person, day, place, np.arange(len(day))))
    home = _leading(nights.person, nights.place, np.ones(len(nights.day), np.int64), len(places))
    hours = np.maximum(rows["hours"].to_numpy() - rows["night_hours"].to_numpy(), 0)
    work = _leading(person, place, hours * ((day + MONDAY) % DAYS_OF_WEEK < WORKDAYS), len(places))
    stays = _stays(nights)
    starts = np.flatnonzero(
        changes(nights.person) | changes(nights.place) | (np.diff(nights.day, prepend=0) > 1 + UNSEEN_NIGHTS)
    )
    seen = np.diff(np.append(starts, len(nights.day)))
    runs = nights.take(starts)
    slept, worked = home[runs.person], work[runs.person]
    chosen = rows.take(pa.array(runs.row))
    known = {
        "usual": pc.binary_join_element_wise(places.take(pa.array(slept)), places.take(pa.array(worked)), "/"),
        "is_away": pa.array((runs.place != slept) & (runs.place != worked)),
        "is_abroad": pc.not_equal(chosen["country"], country),
        "begins": pa.array(runs.day),
        "ends": pa.array(nights.day[starts + seen - 1]),
        "seen": pa.array(seen),
        **{name: pa.array(of_night[starts]) for name, of_night in zip(("first", "last", "nights"), stays, strict=True)},
    }
    return RUN.rows_from(chosen, known)


def changes(values: NDArray[np.generic]) -> Flags:
    """Return where a sorted column has another value than in the row before; the first row has."""
    return np.asarray(np.append(True, values[1:] != values[:-1])[: len(values)], np.bool_)


def _by_night(rows: pa.Table, each: Nights) -> Nights:
    """Return one row a person and night: the place of most hours of the night, hours, events, the first by name."""
    night, hours, events = (rows[name].to_numpy() for name in ("night_hours", "hours", "events"))
    order = np.lexsort((each.place, -events, -hours, -night, each.day, each.person))
    ordered = each.take(order[night[order] > 0])
    return ordered.take(changes(ordered.person) | changes(ordered.day))


def _leading(person: Ints, place: Ints, weight: Ints, places: int) -> Ints:
    """Return each person's place of most weight, the first by name at a tie; persons are numbers from 0."""
    code, number = np.unique(person * max(places, 1) + place, return_inverse=True)
    total = np.bincount(number, weight, len(code))
    whom, where = np.divmod(code, max(places, 1))
    order = np.lexsort((where, -total, whom))
    best = order[changes(whom[order])]
    led = np.zeros(int(person.max(initial=-1)) + 1, np.int64)
    led[whom[best]] = where[best]
    return led


def _stays(nights: Nights) -> tuple[Ints, Ints, Ints]:
    """Return first night, last night and nights seen of the stay of each night."""
    first, last, count = nights.day.copy(), nights.day.copy(), np.ones(len(nights.day), np.int64)
    is_long = np.repeat(nights.lengths >= LEAST_NIGHTS, nights.lengths)
    kept = nights.take(is_long)
    length = kept.lengths
    end = np.cumsum(length)
    first[is_long] = np.repeat(kept.day[end - length], length)
    last[is_long] = np.repeat(kept.day[end - 1], length)
    count[is_long] = np.repeat(length, length)
    return first, last, count


def pairs_of(rows: pa.Table) -> pa.Table:
    """Return rows of `PAIR`: keys whose nights agree with the person's in one place or more, and the key itself.

    `rows` are sorted by `person_key, other, place`: for every place in which either stayed, `at`, the nights that
    either spent there while the other stayed there, and `elsewhere`, those spent in another place meanwhile;
    `is_abroad`, and `alike`, the number of keys with the same usual places. A row with the key itself as `other`
    stands for each place in which it stayed.
    """
    if not rows.num_rows:
        return PAIR.stored.empty_table()
    key, other, at, elsewhere, alike = (
        rows[name].to_numpy() for name in ("person_key", "other", "at", "elsewhere", "alike")
    )
    abroad = rows["is_abroad"].to_numpy().astype(np.int64)
    is_own = key == other
    agrees = np.where(at > STRAY * elsewhere, 1 + (at >= MANY_NIGHTS), 0)
    agrees[is_own] = 0
    strangers = _strangers(key, ranked(rows["place"])[0], agrees, OTHERS_AGREE[abroad, agrees] * alike)
    bits = np.log2(SAME_AGREES[abroad, agrees] * alike / strangers)
    against = np.clip(elsewhere - at // STRAY, 0, BITS_AGAINST.shape[1] - 1)
    bits = np.where(agrees > 0, bits, np.where(is_own, np.log2(SAME_AGREES[abroad, 0]), -BITS_AGAINST[abroad, against]))
    starts = np.flatnonzero(changes(key) | changes(other))
    told = np.add.reduceat(bits, starts) - np.where(is_own[starts], 0.0, np.log2(alike[starts]))
    is_told = (np.maximum.reduceat(agrees, starts) > 0) | is_own[starts]
    found = rows.take(pa.array(starts[is_told]))
    return PAIR.rows_from(found, {"bits": pa.array(np.minimum(told[is_told], MOST_BITS))})


def _strangers(key: Ints, place: Ints, agrees: Ints, usual: Reals) -> Reals:
    """Return how many strangers agree as well as this row: by those that do here, and by what is usual."""
    _, cell = np.unique(np.stack([key, place, agrees]), axis=1, return_inverse=True)
    found = np.bincount(cell.ravel())[cell.ravel()] - 1
    return np.asarray((EVENNESS + found) / (EVENNESS / usual + 1), np.float64)


def chance_of_another(person_month: Ints, is_own: Flags, bits: Reals, second_sims: float) -> Reals:
    """Return for each person and month the probability that another key, active in it, is the same person's.

    `person_month` numbers the rows' person and month from 0, ascending; `bits` are those of `PAIR` (NaN: no row).
    A person is taken to have two SIMs at most. `second_sims` is the share of persons with a second one: of all keys,
    2s / (1 + s) share their person with another.
    """
    prior = 2 * second_sims / (1 + second_sims)
    odds = np.where(np.isnan(bits), 0.0, np.exp2(np.nan_to_num(bits)))
    count = int(person_month.max(initial=-1)) + 1
    found = np.bincount(person_month, np.where(is_own, 0.0, odds), count)
    unshared = np.bincount(person_month, np.where(is_own, odds, 0.0), count)
    has_trips = np.bincount(person_month, is_own, count) > 0
    unseen = SAME_USUAL * np.where(has_trips, unshared, 1.0) + 1 - SAME_USUAL
    shared = prior * (SAME_USUAL * found + unseen)
    return np.asarray(shared / (shared + 1 - prior), np.float64)
