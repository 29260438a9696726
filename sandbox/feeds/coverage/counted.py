"""The counts of a feed of persons as the measures and warnings read them."""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from sandbox.feeds.coverage.distinct import PERSON_DAYS, PERSONS, PERSONS_OF_AREA, PERSONS_OF_DAY, SEEN_BEFORE
from sandbox.feeds.coverage.persons import NOWHERE
from sandbox.feeds.coverage.tally import CODE, HOUR, NUMBER, ROWS


@dataclass(frozen=True)
class Counted:
    """Counts of one partner's feed of persons; no row is about a person.

    `place_days`: day, area, place, rows · `days`: day, persons · `months`: month, persons, person_days, seen_before (in
    the three months before) · `area_months`: month, area, persons · `hours`: month, hour (local), rows · `codes`:
    period, column, code, rows · `medians`: period, column, median.
    """

    place_days: pa.Table
    days: pa.Table
    months: pa.Table
    area_months: pa.Table
    hours: pa.Table
    codes: pa.Table
    medians: pa.Table

    @classmethod
    def of(cls, rows: pa.Table) -> "Counted":
        """Sort out rows of `feed_count` of one partner's feed."""
        hours = _of(rows, HOUR, period="month", place="hour", value="rows")
        return cls(
            place_days=_of(rows, ROWS, period="day", area="area", place="place", value="rows"),
            days=_of(rows, PERSONS_OF_DAY, period="day", value="persons"),
            months=_months(rows),
            area_months=_of(rows, PERSONS_OF_AREA, period="month", area="area", value="persons"),
            hours=hours.set_column(1, "hour", hours["hour"].cast(pa.int64())),
            codes=_codes(rows),
            medians=_by_column(rows, NUMBER, period="period", value="median"),
        )


def _months(rows: pa.Table) -> pa.Table:
    """Return one row a month: those seen before may be none, and then have no row of their own."""
    months = _of(rows, PERSONS, period="month", value=PERSONS)
    for count in (PERSON_DAYS, SEEN_BEFORE):
        own = _of(rows, count, period="month", value=count)
        months = months.append_column(count, own[count].take(pc.index_in(months["month"], own["month"])))
    return months


def _codes(rows: pa.Table) -> pa.Table:
    """Return rows by code; none at all is no code."""
    own = _by_column(rows, CODE, period="period", place="code", value="rows")
    return own.set_column(1, "code", pc.if_else(pc.equal(own["code"], NOWHERE), None, own["code"]))


def _of(rows: pa.Table, count: str, **names: str) -> pa.Table:
    own = rows.filter(pc.equal(rows["count"], count))
    found = own.select(list(names)).rename_columns(list(names.values()))
    return found.set_column(len(names) - 1, names["value"], pc.cast(own["value"], pa.int64()))


def _by_column(rows: pa.Table, prefix: str, **names: str) -> pa.Table:
    own = rows.filter(pc.starts_with(rows["count"], prefix))
    column = pc.utf8_slice_codeunits(own["count"], len(prefix))
    return own.select(list(names)).rename_columns(list(names.values())).append_column("column", column)
