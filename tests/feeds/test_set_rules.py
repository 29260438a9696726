"""What no row shows by itself: a year that is not the calendar's, a volume that is not the partner's."""

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from sandbox.feeds.contract import ALL_FEEDS
from sandbox.feeds.ingest import FileNote, FileTask, checked_rows
from sandbox.feeds.set_rules import month_totals, set_findings, volume_findings, with_years_mended

MONTHS = [date(year, month, 1) for year in range(2015, 2021) for month in range(1, 13)]
SENT_ON = date(2021, 2, 1)


def months_of(totals: dict[date, float]) -> pa.Table:
    passengers = pa.array([round(total) for total in totals.values()], pa.int64())
    columns = {"period": pa.array(list(totals), pa.date32()), "passengers": passengers}
    return pa.table({**columns, "year_basis": pa.nulls(len(totals), pa.string())})


def truth() -> dict[date, float]:
    """Growth of 8 % a year and a season: months of different years differ, and not by chance."""
    return {m: 1e6 * 1.08 ** (m.year - 2015) * (1 + 0.2 * np.sin(m.month)) for m in MONTHS}


def labelled_by_year_ended(month: int) -> dict[date, float]:
    return {m.replace(year=m.year + (m.month > month)): total for m, total in truth().items()}


@pytest.mark.parametrize("ended", [3, 6, 8])
def test_a_year_that_ends_in_any_month_is_found_and_mended(ended: int) -> None:
    rows, reference = months_of(labelled_by_year_ended(ended)), months_of(truth())
    (finding,) = set_findings("air_od_month", rows, reference, SENT_ON)
    assert (finding.months, finding.shift_years) == (tuple(range(ended + 1, 13)), -1)
    assert month_totals(with_years_mended(rows, finding)) == month_totals(reference)


def test_calendar_years_give_no_finding() -> None:
    assert set_findings("air_od_month", months_of(truth()), months_of(truth()), SENT_ON) == []


def test_another_level_is_no_wrong_year() -> None:
    half = {month: total / 2 for month, total in truth().items()}
    assert set_findings("air_od_month", months_of(half), months_of(truth()), SENT_ON) == []


def test_a_gap_that_sources_have_anyway_is_no_wrong_year() -> None:
    slow = {m: 1e6 * 1.02 ** (m.year - 2015) for m in MONTHS}
    labelled = {m.replace(year=m.year + (m.month > 8)): total for m, total in slow.items()}
    late_enough = date(2030, 1, 1)
    assert set_findings("air_od_month", months_of(labelled), months_of(slow), late_enough) == []


def test_without_a_reference_only_the_day_of_delivery_speaks() -> None:
    rows, nothing = months_of(labelled_by_year_ended(8)), months_of({})
    (finding,) = set_findings("air_od_month", rows, nothing, SENT_ON)
    assert (finding.rule, finding.months) == ("after_delivery", ())


def staged(shared: Path, file_format: str, name: str) -> pa.Table:
    path = shared / "data" / "au_bitre" / name
    task = FileTask(str(path), name, file_format, "air_od_month", "bitre", "d", "p", "1", "UTC", "utf-8", "", 1)
    rows = [batch for kind, batch in checked_rows(task, FileNote("d", name)) if kind == "good"]
    return pa.Table.from_batches(rows)


def test_the_defect_of_bitre_is_found_and_mended(shared: Path) -> None:
    raw = staged(shared, "bitre_city_pairs", "city_pairs_raw.csv")
    airlines = staged(shared, "bitre_airlines", "airlines.csv")
    (finding,) = set_findings("air_od_month", raw, airlines, date(2025, 10, 1))
    assert (finding.months, finding.shift_years) == ((9, 10, 11, 12), -1)
    right = staged(shared, "bitre_city_pairs", "city_pairs.csv")
    assert month_totals(with_years_mended(raw, finding)) == month_totals(right)
    assert set_findings("air_od_month", right, airlines, date(2025, 10, 1)) == []


def test_twice_the_rows_of_earlier_deliveries_are_found() -> None:
    assert volume_findings([100, 110, 90, 105]) == []
    assert [finding.rule for finding in volume_findings([100, 110, 90, 210])] == ["volume"]
    assert volume_findings([100, 500]) == [], "one delivery is no past to compare with"


def test_every_feed_can_be_asked() -> None:
    for feed in ALL_FEEDS:
        assert set_findings(feed, months_of({}), months_of({}), SENT_ON) == []
