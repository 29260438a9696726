"""Whole histories in an order that any file of the same rows gives, and how often each person was seen."""

from dataclasses import dataclass, replace

import h3
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sandbox.kernels.silences import days_seen
from sandbox.persons.presence import Counted, PresenceColumns, days_of, presence_read, ranked

EARTH_KM = 6371.0088  # mean radius, International Union of Geodesy and Geophysics
COORDINATES = ("lat", "lon")

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]


@dataclass(frozen=True)
class Histories:
    """Evidence by person, day and place; persons and places are numbered in the order of their text.

    `share` and `span` are one a person: days seen of the days from the first seen to the last, and these.
    `at` is latitude and longitude of each place, in radians; NaN where it isn't known.
    """

    evidence: Counted
    offsets: Ints
    share: Reals
    span: Ints
    at: Reals

    def of_rows(self, kept: NDArray[np.bool_]) -> "Histories":
        """Return the same persons, seen only in these rows of the evidence."""
        seen = self.evidence
        left = Counted(seen.person[kept], seen.key[kept], seen.place[kept], seen.rows[kept], seen.weight[kept])
        return _measured(left, len(self.span), self.at)

    def km(self, from_place: Ints, to_place: Ints) -> Reals:
        """Return the distance between places as the crow flies (haversine); NaN where one of them isn't known."""
        (lat, lon), (to_lat, to_lon) = self.at[from_place].T, self.at[to_place].T
        half = np.sin((to_lat - lat) / 2) ** 2 + np.cos(lat) * np.cos(to_lat) * np.sin((to_lon - lon) / 2) ** 2
        return np.asarray(2 * EARTH_KM * np.arcsin(np.sqrt(half)), np.float64)


def histories_of(rows: pa.Table) -> Histories:
    """Return the histories of a table of presence; refuse one with a row without person, date or place."""
    presence = presence_read(rows, PresenceColumns())
    person, persons = ranked(rows["person_id"])
    evidence = days_of(replace(presence, person=person, persons=persons))
    return _measured(evidence, len(persons), _coordinates(rows, presence.place, presence.places))


def _measured(evidence: Counted, persons: int, at: Reals) -> Histories:
    offsets = np.searchsorted(evidence.person, np.arange(persons + 1))
    number, span = days_seen(offsets, evidence.key)
    return Histories(evidence, offsets, number / np.maximum(span, 1), span, at)


def _coordinates(rows: pa.Table, place: Ints, places: pa.Array) -> Reals:
    """Return where each place lies: from H3 cells, or the columns `lat, lon` (the middle one where rows differ)."""
    at = np.full((len(places), 2), np.nan)
    if all(name in rows.column_names for name in COORDINATES):
        for axis, name in enumerate(COORDINATES):
            value = _degrees(rows[name])
            order = np.lexsort((value, place))  # NaN is last
            known = np.bincount(place, ~np.isnan(value), len(places)).astype(np.int64)
            first = np.searchsorted(place[order], np.arange(len(places)))
            middle = value[order[np.minimum(first + known // 2, len(order) - 1)]]
            at[:, axis] = np.where(known > 0, middle, np.nan)
    else:
        for number, cell in enumerate(places.cast(pa.string()).to_pylist()):  # one a place, not one a row
            if h3.is_valid_cell(cell):
                at[number] = h3.cell_to_latlng(cell)
    return np.radians(at)


def _degrees(column: pa.ChunkedArray) -> Reals:
    """Return degrees; NaN where a value is empty or, in a column of text, no decimal number."""
    if not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type)):
        text = pc.utf8_trim_whitespace(pc.cast(column, pa.string()))
        column = pc.if_else(pc.match_substring_regex(text, r"^[+-]?\d{1,3}(\.\d+)?$"), text, None)
    return np.asarray(pc.fill_null(pc.cast(column, pa.float64()), np.nan).to_numpy(), np.float64)
