"""pySocialWatcher's collection (CSV) → `audience_estimate`: one line is one query to Meta's advertising platform.

Columns `name, ages_ranges, geo_locations, genders, behavior, …, targeting, response` and the answer: `audience` (2017,
users reached) or `dau_audience, mau_audience, timestamp, publisher_platforms` (since). Cells hold Python or JSON
objects as text; each distinct one is parsed once, as data and never as code. The place is the country, region or city
of `geo_locations`; the country of origin is read from the name of `behavior` (`Expats (Serbia)`), which stands as it
is where it names none, and is `_T` where there is no such filter. A query that also filters by interests, schooling,
language or the like is not of all users: `definition_regime` says `restricted by …`. Where the file has no time of
the query the snapshot stays empty; where the answer was not yet taken out of `response`, it is taken from there.
Source: github.com/maraujo/pySocialWatcher; UNDP's expat collection of 2020.
"""

import ast
import json
import re
from collections.abc import Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sandbox.concepts.codes import TOTAL
from sandbox.feeds.readers import ReadOptions, feed_rows
from sandbox.feeds.readers.audience import floors, query_hash
from sandbox.feeds.readers.countries import alpha_3
from sandbox.feeds.readers.csv import figures, joined, mapped, number, source_batches

NEEDED = ("ages_ranges", "geo_locations", "genders", "targeting")
RESTRICTIONS = (
    "interests",
    "scholarities",
    "languages",
    "family_statuses",
    "relationship_statuses",
    "household_composition",
)
LEVELS = {"countries": "country", "regions": "area", "cities": "city"}
SEXES = {"0": TOTAL, "1": "M", "2": "F"}
BOUNDS = ("mau_lower", "mau_upper")
ANSWERS = {
    "mau": ("estimate_mau", "users"),
    "dau": ("estimate_dau",),
    "mau_lower": ("estimate_mau_lower_bound", "users_lower_bound"),
    "mau_upper": ("estimate_mau_upper_bound", "users_upper_bound"),
}
EXPATS = re.compile(r"Expats \((.+)\)")
LAST_SECOND = 4_102_444_800  # the year 2100
LONGEST_CELL, MOST_BRACKETS = 1 << 16, 4_096


def read(path: Path, options: ReadOptions) -> Iterator[pa.RecordBatch]:
    """Yield rows of `audience_estimate`, one a line."""
    for batch in source_batches(path, options, NEEDED):
        yield estimates(batch)


def estimates(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return rows of `audience_estimate` made from a collection's columns as text."""
    names = batch.schema.names
    snapshot = _moment(_column(batch, "timestamp"))
    answers = {name: mapped(_column(batch, "response"), partial(_answer, name)) for name in ("mau", "dau", *BOUNDS)}
    mau = pc.coalesce(_column(batch, "mau_audience"), _column(batch, "audience"), answers["mau"])
    dau = pc.coalesce(_column(batch, "dau_audience"), answers["dau"])
    floor = floors(snapshot)
    columns = {
        "snapshot_ts": snapshot,
        "platform": pc.fill_null(mapped(_column(batch, "publisher_platforms"), _platform), "facebook"),
        "query_hash": mapped(batch["targeting"], query_hash),
        "geo_level": mapped(batch["geo_locations"], lambda cell: _place(cell)[0]),
        "geo_code": mapped(batch["geo_locations"], lambda cell: _place(cell)[1]),
        "origin_code": pc.fill_null(mapped(_column(batch, "behavior"), origin), TOTAL),
        "age_min": mapped(batch["ages_ranges"], lambda cell: _member(cell, "min")),
        "age_max": mapped(batch["ages_ranges"], lambda cell: _member(cell, "max")),
        "sex": mapped(batch["genders"], lambda code: SEXES.get(code.removesuffix(".0"), code)),
        "dau": number(dau),
        "mau": number(mau),
        "mau_lower": answers["mau_lower"],
        "mau_upper": answers["mau_upper"],
        "floor_value": floor,
        "is_censored": pc.less_equal(figures(mau), pc.cast(floor, pa.float64())),
        "definition_regime": _regime(batch, "users reached" if "audience" in names else "monthly active users"),
    }
    return feed_rows(batch, columns)


@lru_cache(maxsize=16_384)
def parsed(cell: str) -> Any:
    """Return what a cell's text says, as Python or JSON; None where it says nothing, or more than a cell should."""
    if len(cell) > LONGEST_CELL or sum(map(cell.count, "([{")) > MOST_BRACKETS:
        return None
    for reading in (ast.literal_eval, json.loads):
        try:
            return reading(cell)
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            continue
    return None


@lru_cache(maxsize=16_384)
def _answer(name: str, cell: str) -> str | None:
    """Return one figure of the platform's answer: the body as text, or as the text of Python's bytes."""
    body = parsed(cell)
    body = parsed(body.decode("utf-8", "replace")) if isinstance(body, bytes) else body
    data = body.get("data") if isinstance(body, dict) else None
    data = data[0] if isinstance(data, list) and data else data
    if not isinstance(data, dict):
        return None
    return next((str(data[each]) for each in ANSWERS[name] if data.get(each) is not None), None)


def origin(cell: str) -> str:
    """Return the country of origin that a behaviour names; the name or the ids as they stand where it names none."""
    behaviour = parsed(cell)
    if not isinstance(behaviour, dict):
        return cell
    name = str(behaviour.get("name", ""))
    found = EXPATS.fullmatch(name)
    if found and "or" in behaviour:
        return alpha_3(found[1])
    ids = [str(each) for way in ("or", "and", "not") for each in _list(behaviour.get(way))]
    return name or "+".join(ids) or cell


@lru_cache(maxsize=16_384)
def _place(cell: str) -> tuple[str, str]:
    """Return level and code of a place; codes of several places are joined."""
    place = parsed(cell)
    if not isinstance(place, dict):
        return cell, cell
    kind = str(place.get("name", ""))
    codes = [str(each.get("key", "") if isinstance(each, dict) else each) for each in _list(place.get("values"))]
    return LEVELS.get(kind, kind), "+".join(alpha_3(code) if kind == "countries" else code for code in codes)


def _member(cell: str, name: str) -> str | None:
    ages = parsed(cell)
    if not isinstance(ages, dict):
        return cell
    return None if ages.get(name) is None else str(ages[name])


def _platform(cell: str) -> str:
    return "+".join(str(each) for each in _list(parsed(cell))) or cell


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _column(batch: pa.RecordBatch, name: str) -> pa.Array:
    return batch[name] if name in batch.schema.names else pa.nulls(batch.num_rows, pa.string())


def _moment(seconds: pa.Array) -> pa.Array:
    """Return seconds since 1970 as ISO text; what is none stays what it is, for the row rules."""
    whole = pc.round(figures(seconds))
    within = pc.if_else(pc.less(pc.abs(whole), LAST_SECOND), whole, None).cast(pa.int64())
    return pc.coalesce(pc.strftime(within.cast(pa.timestamp("s", tz="UTC")), "%Y-%m-%dT%H:%M:%SZ"), seconds)


def _regime(batch: pa.RecordBatch, counts: str) -> pa.Array:
    """Return what the figure counts, and by what else than place, age, sex and origin the query was restricted."""
    filters = [pc.if_else(_column(batch, name).is_valid(), name, None) for name in RESTRICTIONS]
    restricted = joined(filters, ", ")
    both = pc.binary_join_element_wise(f"{counts}; restricted by ", restricted, "")
    return pc.if_else(pc.equal(restricted, ""), counts, both)
