"""Rows of `official_series`: what a source leaves open is the total, and its vintage the month of hand-over."""

import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache

import pyarrow as pa

from sandbox.concepts.codes import TOTAL
from sandbox.feeds.readers import ReadOptions, feed_rows

NEVER = date(1970, 1, 1)
LEFT_OPEN = {
    **dict.fromkeys(("area", "partner_area", "sex", "age", "subpopulation"), TOTAL),
    "frequency": "A",
}
SPAN = re.compile(r"0*(\d+)\s*(?:-|–|to)\s*0*(\d+)(?:\s*years)?")
AND_OVER = re.compile(r"(\d+)\s*(?:\+|years and over)")
QUARTERS = {"1": "01", "2": "04", "3": "07", "4": "10"}
HALVES = {"1": "01", "2": "07"}
SEXES = {"female": "F", "male": "M", "f": "F", "m": "M", "t": TOTAL, "total": TOTAL, "_t": TOTAL, "unk": "U"}


def series_rows(
    batch: pa.RecordBatch,
    options: ReadOptions,
    columns: Mapping[str, pa.Array | str],
    numbers: pa.Array | None = None,
) -> pa.RecordBatch:
    """Return rows of `official_series`; `columns` are what the source states."""
    return feed_rows(batch, {**LEFT_OPEN, "vintage": handed_over(options), **columns}, numbers)


def handed_over(options: ReadOptions) -> str:
    """Return the month of hand-over, the vintage of a source that states none; 1970-01-01 in a check."""
    return (options.delivered_on or NEVER).replace(day=1).isoformat()


@lru_cache(maxsize=1_024)
def age_code(stated: str) -> str:
    """Return `Y25T29` for `25-29 years`, `Y_GE75` for `75+`; anything else as it stands."""
    if span := SPAN.fullmatch(stated.strip()):
        return f"Y{span[1]}T{span[2]}"
    over = AND_OVER.fullmatch(stated.strip())
    return f"Y_GE{over[1]}" if over else stated


def sex_code(stated: str) -> str:
    """Return `F`, `M`, `_T` or `U`; anything else as it stands."""
    return SEXES.get(stated.lower(), stated)


@lru_cache(maxsize=4_096)
def first_day(period: str) -> str:
    """Return the first day of `2019`, `2019-05`, `2019-Q2` or `2019-S1` (with or without the dash), else the text."""
    found = re.fullmatch(r"(\d{4})(?:-?([QS])(\d)|-?M?(\d{2}))?", period)
    if not found:
        return period
    year, kind, part, month = found.groups()
    if kind:
        month = (QUARTERS if kind == "Q" else HALVES).get(part, "")
    return f"{year}-{month or '01'}-01" if month != "" else period
