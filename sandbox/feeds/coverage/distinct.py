"""Distinct persons of each month, day and area: a worker leaves person-months by share of persons, another counts them.

One person-month is person, month, area and the days on which the person was seen there, as bits of one number. A share
holds persons whole, so what the shares count adds up. No Spark.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sandbox.feeds.coverage.placed import Ints, Placed, labels
from sandbox.feeds.coverage.tally import added, count_rows, first_days, grouped
from sandbox.persons.columns import coded

PERSONS, PERSON_DAYS, SEEN_BEFORE = "persons", "person_days", "seen_before"
PERSONS_OF_DAY, PERSONS_OF_AREA = "persons_of_day", "persons_of_area"
MONTHS_BEFORE = 3
LONGEST_MONTH = 31
STAGED = pa.schema(
    {"person": pa.int64(), "month": pa.int32(), "area": pa.dictionary(pa.int32(), pa.string()), "days": pa.int32()}
)


class Staged:
    """Person-months of one file, written to one stream a share of persons."""

    def __init__(self, prefix: str, shares: int) -> None:
        """Write to files whose names begin with `prefix`."""
        self._prefix, self._shares, self._open = prefix, shares, ExitStack()

    def __enter__(self) -> Self:
        """Open one stream a share."""
        self._streams = [
            self._open.enter_context(pa.ipc.new_stream(share_file(self._prefix, share), STAGED))
            for share in range(self._shares)
        ]
        return self

    def __exit__(self, *_: object) -> None:
        """Close the streams."""
        self._open.close()

    def write(self, there: Placed, chosen: NDArray[np.bool_]) -> None:
        """Add the person-months of the chosen rows."""
        rows = np.flatnonzero(chosen)
        person, persons = coded(pa.chunked_array([pa.array(there.person[rows])]))
        day = there.day[rows] - first_days(there.month[rows])
        (number, month, area, day), _ = grouped(person, there.month[rows], there.area.code[rows], day)
        begins = _begins(number, month, area)
        key = persons.to_numpy()[number[begins]]
        table = pa.table(
            [
                pa.array(key),
                pa.array(month[begins].astype(np.int32)),
                pa.DictionaryArray.from_arrays(pa.array(area[begins].astype(np.int32)), there.area.texts),
                pa.array(_seen(np.left_shift(1, day), begins).astype(np.int32)),
            ],
            schema=STAGED,
        )
        share = key % self._shares
        for each, stream in enumerate(self._streams):
            stream.write_table(table.filter(pa.array(share == each)))


def share_file(prefix: str, share: int) -> str:
    """Return the file of one share of a file's person-months."""
    return f"{prefix}-{share}.arrows"


@dataclass(frozen=True)
class ShareTask:
    """One share of persons: its number, the streams with its person-months, the months that are to be counted.

    Months before those are read to know who was seen in them.
    """

    path: str
    streams: tuple[str, ...]
    wanted: tuple[int, ...] | None
    size: int


def counts_of_shares(tasks: tuple[ShareTask, ...]) -> Iterator[pa.RecordBatch]:
    """Yield the counts of persons of shares, as rows of `COUNT`."""
    for task in tasks:
        rows = pa.concat_tables([STAGED.empty_table(), *(_read(stream) for stream in task.streams)])
        if rows.num_rows:
            yield from _counted(rows, task.wanted).to_batches()


def _counted(rows: pa.Table, wanted: Sequence[int] | None) -> pa.Table:
    person, _ = coded(rows["person"])
    area = labels(rows["area"].unify_dictionaries())
    month = rows["month"].to_numpy().astype(np.int64)
    order = np.lexsort((area.code, month, person))
    person, month, area_code = person[order], month[order], area.code[order]
    seen = rows["days"].to_numpy().astype(np.int64)[order]
    by_area = _begins(person, month, area_code)
    kept = _chosen(month[by_area], wanted)
    (area_month, code), number = grouped(month[by_area][kept], area_code[by_area][kept])
    of_area = count_rows(PERSONS_OF_AREA, first_days(area_month), number, area.take(code))
    begins = _begins(person, month)
    return added([of_area, *_by_month(person[begins], month[begins], _seen(seen, begins), wanted)])


def _by_month(person: Ints, month: Ints, seen: Ints, wanted: Sequence[int] | None) -> list[pa.Table]:
    """Count person-months of all areas together, in order of person and month."""
    again = np.zeros(len(person), np.int64)
    again[1:] = (person[1:] == person[:-1]) & (month[1:] - month[:-1] <= MONTHS_BEFORE)
    kept = _chosen(month, wanted)
    month, seen, again = month[kept], seen[kept], again[kept]
    (months,), persons = grouped(month)
    found, place = first_days(months), np.searchsorted(months, month)
    parts = [count_rows(PERSONS, found, persons)]
    for count, value in ((PERSON_DAYS, np.bitwise_count(seen)), (SEEN_BEFORE, again)):
        summed = np.bincount(place, weights=value, minlength=len(months)).astype(np.int64)
        parts.append(count_rows(count, found, summed))
    for day in range(LONGEST_MONTH):
        on_day = np.bincount(place, weights=(seen >> day) & 1, minlength=len(months)).astype(np.int64)
        parts.append(count_rows(PERSONS_OF_DAY, (found + day)[on_day > 0], on_day[on_day > 0]))
    return parts


def _chosen(month: Ints, wanted: Sequence[int] | None) -> NDArray[np.bool_]:
    return np.ones(len(month), np.bool_) if wanted is None else np.isin(month, wanted)


def _begins(*columns: Ints) -> Ints:
    """Return where a new combination begins in rows that are in order of it."""
    if not len(columns[0]):
        return np.zeros(0, np.int64)
    differs = np.any([column[1:] != column[:-1] for column in columns], axis=0)
    return np.concatenate([[0], np.flatnonzero(differs) + 1])


def _seen(days: Ints, begins: Ints) -> Ints:
    """Return the days of each combination as bits of one number."""
    return np.bitwise_or.reduceat(days, begins) if len(begins) else days


def _read(path: str) -> pa.Table:
    with Path(path).open("rb") as file, pa.ipc.open_stream(file) as stream:
        return stream.read_all()
