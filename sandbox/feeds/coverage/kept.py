"""What has been counted of a feed of persons, kept by month, and counted again where a month is made of other things.

A month is made of files of bronze, of the area and time zone of each antenna heard in it, and of this code. Whatever
came, late or out of order, was corrected or erased changes a file: what is kept is what a full count would give.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.feeds.coverage.bronze import BronzeFile, bronze_files
from sandbox.feeds.coverage.counted import Counted
from sandbox.feeds.coverage.distinct import MONTHS_BEFORE
from sandbox.feeds.coverage.persons import NOWHERE, Antennas, PersonFeed, Source
from sandbox.feeds.coverage.placed import Ints, months_of
from sandbox.feeds.coverage.spread import counts_of
from sandbox.feeds.coverage.tally import NUMBER, ROWS, first_days, medians
from sandbox.lakehouse import store
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.tables.books import FEED_COUNT
from sandbox.lakehouse.tables.feeds import MOBILE_CELL

MADE_OF, FILE, ANTENNAS = "made_of", "file ", "antennas "
CODE_OF_COUNTS = ("counted", "count", "distinct", "persons", "placed", "tally")
MadeOf = dict[int, set[str]]


def counted(run: StageRun, feed: PersonFeed, partner: str, deliveries: Sequence[str], anew: bool) -> Counted:
    """Return the counts of one partner's feed; only months that have changed are counted, unless `anew`."""
    run.check_purpose(feed.table)
    source, where = source_of(run, feed, partner), {"feed": feed.table.name, "partner": partner}
    missing = store.latest_version(run.workspace, FEED_COUNT) is None
    kept = FEED_COUNT.stored.empty_table() if missing or anew else run.read_small(FEED_COUNT, **where)
    before = _made_of(kept)
    files = bronze_files(run.workspace, feed, deliveries, _files_in(before))
    now = _ingredients(files, _heard(kept, source), source)
    stale = _stale(before, now)
    if stale or anew:
        others = before.keys() - stale
        fresh = _counts(run, source, files, tuple(sorted(stale)) if others else None, where)
        told = _ingredients(files, _heard(fresh, source), source)
        fresh = pa.concat_tables([fresh, _told(told, stale, where)])
        months = {"month": _first_days(sorted(stale)).to_pylist()} if others else {}
        run.write_small(fresh, FEED_COUNT, **where, **months)
        kept = run.read_small(FEED_COUNT, **where)
    return Counted.of(kept)


def source_of(run: StageRun, feed: PersonFeed, partner: str) -> Source:
    """Return what the partner's rows are read with, as it is known now."""
    country = run.workspace.settings.country
    return Source(feed, country.code, country.time_zone, _antennas(run, feed, partner))


def _antennas(run: StageRun, feed: PersonFeed, partner: str) -> Antennas:
    """Return the partner's antennas; one that moved has area and time zone of its newest period."""
    if not feed.by_antenna or store.latest_version(run.workspace, MOBILE_CELL) is None:
        return Antennas(*(pa.array([], pa.string()) for _ in range(3)))
    rows = run.read_small(MOBILE_CELL, partner=partner).sort_by("valid_from")
    newest = rows.group_by("cell_id", use_threads=False).aggregate([("area_id", "last"), ("time_zone", "last")])
    return Antennas(*(newest[name].combine_chunks() for name in ("cell_id", "area_id_last", "time_zone_last")))


def _stale(before: MadeOf, now: MadeOf) -> set[int]:
    """Return months to count again: those made of other things, and those that look back on them.

    With an antenna's zone, rows may go to the month before, or to the one after, which looks back anyway.
    """
    changed = {month for month in before.keys() | now.keys() if before.get(month) != now.get(month)}
    of_antennas = {
        month for month in changed & before.keys() if _antennas_in(before, month) != _antennas_in(now, month)
    }
    moved = changed | {month - 1 for month in of_antennas}
    return moved | {month + later for month in moved for later in range(1, MONTHS_BEFORE + 1)}


def _antennas_in(made_of: MadeOf, month: int) -> set[str]:
    return {text for text in made_of.get(month, ()) if text.startswith(ANTENNAS)}


def _ingredients(files: Iterable[BronzeFile], heard: Mapping[int, str], source: Source) -> MadeOf:
    """Return what each month would be counted from: its files, antennas and this code."""
    code, found = _code(source), MadeOf()
    for file in files:
        for month in file.months:
            found.setdefault(month, {code}).add(f"{FILE}{file.name}")
    for month, antennas in heard.items():
        found.setdefault(month, {code}).add(f"{ANTENNAS}{antennas}")
    return found


def _code(source: Source) -> str:
    files = (Path(__file__).with_name(f"{name}.py").read_bytes() for name in CODE_OF_COUNTS)
    settings = f"{source.feed} {source.country} {source.time_zone}".encode()
    return f"code {hashlib.sha256(b''.join([settings, *files])).hexdigest()}"


def _heard(rows: pa.Table, source: Source) -> dict[int, str]:
    """Return, by month, a hash over the antennas that are heard in it, with area and zone as they are known now."""
    if not source.feed.by_antenna:
        return {}
    own = rows.filter(pc.and_(pc.equal(rows["count"], ROWS), pc.not_equal(rows["place"], NOWHERE)))
    pairs = own.group_by(["month", "place"], use_threads=False).aggregate([])
    pairs = pairs.sort_by([("month", "ascending"), ("place", "ascending")])
    number = pc.index_in(pairs["place"], source.antennas.name)
    known = (pc.fill_null(each.take(number), "") for each in (source.antennas.area, source.antennas.time_zone))
    pairs = pairs.append_column("text", pc.binary_join_element_wise(pairs["place"], *known, "\t"))
    texts = pairs.group_by("month", use_threads=False).aggregate([("text", "list")])
    told = zip(_months(texts["month"]).tolist(), texts["text_list"].to_pylist(), strict=True)
    return {month: hashlib.sha256("\n".join(each).encode()).hexdigest() for month, each in told}


def _made_of(kept: pa.Table) -> MadeOf:
    own = kept.filter(pc.equal(kept["count"], MADE_OF))
    found: MadeOf = {}
    for month, text in zip(_months(own["month"]).tolist(), own["place"].to_pylist(), strict=True):
        found.setdefault(month, set()).add(text)
    return found


def _files_in(made_of: MadeOf) -> dict[str, range]:
    """Return the files that were counted, each with its months from first to last."""
    months: dict[str, list[int]] = {}
    for month, texts in made_of.items():
        for text in texts:
            if text.startswith(FILE):
                months.setdefault(text.removeprefix(FILE), []).append(month)
    return {name: range(min(own), max(own) + 1) for name, own in months.items()}


def _counts(
    run: StageRun, source: Source, files: Sequence[BronzeFile], wanted: tuple[int, ...] | None, where: Mapping[str, str]
) -> pa.Table:
    """Count these months (since 1970-01; None for all), as rows of `feed_count`."""
    found = counts_of(run, source, files, wanted)
    of_values = pc.starts_with(found["count"], NUMBER)
    parts = [found.filter(pc.invert(of_values)), medians(found.filter(of_values))]
    return pa.concat_tables(
        FEED_COUNT.rows_from(part, {**where, "month": _dates(first_days(_months(part["period"]))), **_blank(part)})
        for part in parts
    )


def _told(made_of: MadeOf, months: Iterable[int], where: Mapping[str, str]) -> pa.Table:
    """Return what these months were counted from, as rows of `feed_count`."""
    pairs = [(month, text) for month in sorted(months) for text in sorted(made_of.get(month, ()))]
    days, texts = _first_days([month for month, _ in pairs]), pa.array([text for _, text in pairs], pa.string())
    known = {"count": MADE_OF, "month": days, "period": days, "area": "", "place": texts, "value": 1.0}
    return FEED_COUNT.rows_from(pa.table({"place": texts}), {**where, **known})


def _blank(part: pa.Table) -> dict[str, str]:
    return {name: "" for name in ("area", "place") if name not in part.column_names}


def _months(days: pa.ChunkedArray) -> Ints:
    """Return months since 1970-01 of dates."""
    return months_of(days.cast(pa.int32()).to_numpy().astype(np.int64))


def _first_days(months: Sequence[int]) -> pa.Array:
    return _dates(first_days(np.array(months, np.int64)))


def _dates(days: Ints) -> pa.Array:
    return pa.array(days.astype(np.int32)).cast(pa.date32())
