"""The measures of the profile, each with its denominator: of persons' feeds, of panels of figures, of deliveries."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd
import pyarrow as pa

from sandbox.concepts.codes import TOTAL
from sandbox.feeds.coverage.counted import Counted
from sandbox.feeds.coverage.past import Measured
from sandbox.feeds.coverage.persons import ABROAD, NOWHERE
from sandbox.feeds.coverage.thresholds import THRESHOLDS
from sandbox.feeds.set_rules.panel import PANELS
from sandbox.lakehouse.tables.feeds import MOBILE_EVENT

FILLED = "filled:"
# The column of a panel's rows that says where a figure is about.
PANEL_AREAS = {"audience_estimate": "geo_code", "air_od_month": "origin"}


def delivery_measures(deliveries: pd.DataFrame, quality: pd.DataFrame) -> list[Measured]:
    """Measure freshness, duplicates, quarantine and unknown values of one partner's deliveries of one feed.

    Deliveries of the same last day are counted together.
    """
    late = pd.to_datetime(deliveries["received_at"]).dt.tz_localize(None).dt.normalize()
    days = (late - pd.to_datetime(deliveries["period_to"])).dt.days
    rows = deliveries.assign(days_after=days)
    by_period = rows.groupby("period_to")
    freshness = by_period["days_after"].max().rename("numerator").rename_axis("period").reset_index()
    shares = []
    for measure, counted in (("duplicates", "rows_duplicate"), ("quarantined", "rows_quarantined")):
        summed = by_period[[counted, "rows_in"]].sum().rename_axis("period").reset_index()
        shares.append(
            Measured(measure, "delivery", summed.rename(columns={counted: "numerator", "rows_in": "denominator"}))
        )
    return [Measured("days_after_period", "delivery", freshness), *shares, *_unknown(rows, quality)]


def person_measures(feed: str, counted: Counted, promised: Sequence[date], population: pd.DataFrame) -> list[Measured]:
    """Measure what a feed of persons covers on the days, and in the months, that its deliveries say they cover."""
    days, months = days_of(counted), _frame(counted.months, "month")
    days = days[days["period"].isin(promised)]
    persons, plain = days["persons"], days[["period"]]
    whole = _months_covered(promised)
    measures = [
        Measured("rows", "D", days.rename(columns={"rows": "numerator"})[["period", "numerator", "persons"]]),
        Measured("active_subscribers", "D", plain.assign(numerator=persons, persons=persons)),
        Measured("rows_per_subscriber", "D", days.rename(columns={"rows": "numerator"}).assign(denominator=persons)),
        Measured("days_with_rows", "M", _days_with_rows(days, promised)),
        *_month_measures(months[months["period"].isin(whole)], counted.area_months, population),
    ]
    places = _frame(counted.place_days, "day")
    places = places[places["period"].isin(promised)]
    if places["area"].nunique() > 1:
        by_area = places[places["area"] != NOWHERE].groupby(["period", "area"])["rows"].sum()
        measures.append(Measured("rows_by_area", "D", by_area.rename("numerator").reset_index()))
    if feed == MOBILE_EVENT.name:
        measures.append(Measured("silent_cells", "D", silent_cells(places[places["place"] != NOWHERE])))
    return measures


def days_of(counted: Counted) -> pd.DataFrame:
    """Return `period` (a day), `rows` and `persons`, in order of time."""
    rows = _frame(counted.place_days, "day").groupby("period")["rows"].sum()
    persons = _frame(counted.days, "day").set_index("period")["persons"]
    return rows.rename("rows").to_frame().join(persons).reset_index()


def panel_measures(feed: str, rows: pa.Table, population: pd.DataFrame) -> list[Measured]:
    """Measure figures with a value, by month and area, their sum, and for audiences the coverage of the population."""
    _, clock, value = PANELS[feed]
    wanted = [clock, value, PANEL_AREAS[feed], *(["denominator_mau"] if feed == "audience_estimate" else [])]
    frame = rows.select(wanted).to_pandas().rename(columns={clock: "clock", value: "figure", PANEL_AREAS[feed]: "area"})
    frame["period"] = month_of(frame["clock"])
    figures = frame.groupby(["period", "area"])["figure"].agg(numerator="count", denominator="size").reset_index()
    total = frame.groupby("period")["figure"].agg(numerator="count", denominator="size").reset_index()
    sums = frame.groupby("period")["figure"].sum().rename("numerator").reset_index()
    measures = [
        Measured("figures", "M", pd.concat([figures, total.assign(area=TOTAL)])),
        Measured("sum_of_figures", "M", sums),
    ]
    if feed == "audience_estimate":
        users = frame.groupby(["period", "area"])["denominator_mau"].max().rename("numerator").dropna().reset_index()
        measures.append(Measured("coverage", "M", _per_resident(users, population)))
    return measures


def silent_cells(place_days: pd.DataFrame) -> pd.DataFrame:
    """Return, by day, the antennas of the month without an event, of those that the month or the one before has.

    An antenna belongs to a month if it is heard on half of the month's days or more.
    """
    heard = place_days.assign(month=month_of(place_days["period"]))
    days = heard.groupby("month")["period"].nunique()
    steady = heard.groupby(["month", "place"])["period"].nunique().unstack(fill_value=0)
    steady = steady.ge(THRESHOLDS.steady_cell * days, axis=0)
    expected = steady | steady.shift(1, fill_value=False)
    there = heard.groupby(["period", "place"]).size().unstack(fill_value=0).reindex(columns=steady.columns) > 0
    wanted = expected.reindex(month_of(pd.Series(there.index))).to_numpy(bool)
    silent = wanted & ~there.to_numpy(bool)
    return pd.DataFrame({"period": there.index, "numerator": silent.sum(axis=1), "denominator": wanted.sum(axis=1)})


def population_of(areas: pa.Table) -> pd.DataFrame:
    """Return residents by `year` and `area`; an area's parent and the whole are the sums of their areas."""
    rows = areas.select(["area_id", "parent", "year", "population"]).to_pandas()
    own = rows.groupby(["year", "area_id"])["population"].sum().rename_axis(["year", "area"])
    above = rows.dropna(subset=["parent"]).groupby(["year", "parent"])["population"].sum()
    children = rows[~rows["area_id"].isin(set(rows["parent"].dropna()))]
    whole = children.assign(area=TOTAL).groupby(["year", "area"])["population"].sum()
    both = pd.concat([own, above.rename_axis(["year", "area"]), whole])
    return both[~both.index.duplicated()].rename("population").reset_index()


def month_of(days: Any) -> Any:
    """Return the first day of the month of each day or time of a Series."""
    return pd.to_datetime(days).dt.tz_localize(None).dt.to_period("M").dt.start_time.dt.date.astype(object)


def _month_measures(months: pd.DataFrame, area_months: pa.Table, population: pd.DataFrame) -> list[Measured]:
    plain, persons = months[["period"]], months["persons"]
    length = pd.to_datetime(months["period"]).dt.days_in_month
    areas = _frame(area_months, "month").rename(columns={"persons": "numerator"})
    areas = areas[areas["period"].isin(set(months["period"]))]
    residents = areas[~areas["area"].isin([NOWHERE, ABROAD])]
    whole = plain.assign(numerator=persons, area=TOTAL)
    covered = pd.concat([residents[["period", "area", "numerator"]], whole])
    seen = plain.assign(numerator=months["person_days"], denominator=persons * length, persons=persons)
    return [
        Measured("active_subscribers", "M", plain.assign(numerator=persons, persons=persons)),
        Measured("days_seen", "M", seen),
        Measured(
            "seen_before", "M", plain.assign(numerator=months["seen_before"], denominator=persons, persons=persons)
        ),
        Measured("coverage", "M", _per_resident(covered, population).assign(persons=lambda rows: rows["numerator"])),
    ]


def _per_resident(rows: pd.DataFrame, population: pd.DataFrame) -> pd.DataFrame:
    """Add the residents of each area in the latest year known by then; areas without any are left out."""
    if population.empty:
        return rows.iloc[:0].assign(denominator=0.0)
    known = population.pivot(index="year", columns="area", values="population").sort_index()
    years = sorted({*known.index, *pd.to_datetime(rows["period"]).dt.year})
    residents = known.reindex(years).ffill().bfill().rename_axis("year").reset_index()
    by_year = residents.melt(id_vars="year", var_name="area", value_name="denominator").dropna()
    dated = rows.assign(year=pd.to_datetime(rows["period"]).dt.year)
    return dated.merge(by_year, on=["year", "area"]).drop(columns="year")


def _days_with_rows(days: pd.DataFrame, promised: Sequence[date]) -> pd.DataFrame:
    there = pd.Series(list(promised), dtype=object).isin(set(days["period"]))
    months = [day.replace(day=1) for day in promised]
    rows = pd.DataFrame({"period": months, "numerator": there.astype(int), "denominator": 1})
    return rows.groupby("period", as_index=False).sum()


def _months_covered(promised: Sequence[date]) -> set[date]:
    """Return months of which at least half is covered: at a month's edge local days spill over by hours."""
    days = Counter(day.replace(day=1) for day in promised)
    return {month for month, count in days.items() if 2 * count >= pd.Timestamp(month).days_in_month}


def _unknown(deliveries: pd.DataFrame, quality: pd.DataFrame) -> list[Measured]:
    filled = quality[quality["measure"].str.startswith(FILLED)]
    rows = filled.merge(deliveries[["delivery_id", "period_to"]], on="delivery_id")
    summed = rows.groupby(["measure", "period_to"])[["value", "denominator"]].sum().reset_index()
    summed = summed.assign(numerator=summed["denominator"] - summed["value"], period=summed["period_to"])
    return [
        Measured(
            f"unknown:{str(measure).removeprefix(FILLED)}", "delivery", own[["period", "numerator", "denominator"]]
        )
        for measure, own in summed.groupby("measure")
    ]


def _frame(rows: pa.Table, clock: str) -> pd.DataFrame:
    return rows.to_pandas().rename(columns={clock: "period"}).sort_values("period", ignore_index=True)
