"""What the statistics office sends: its own series, each with the month of publication, and reference tables."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from sandbox.concepts.codes import Direction, Subpopulation
from sandbox.synthetic.chance import Ints, Reals, Texts, stream
from sandbox.synthetic.country import Truth
from sandbox.synthetic.crossings import RULE_ID
from sandbox.synthetic.days import day_date, day_number, later, year_of
from sandbox.synthetic.facts import home_on, residents_on, subpopulations
from sandbox.synthetic.handover import Handover
from sandbox.synthetic.office_error import measured
from sandbox.synthetic.office_population import population_series
from sandbox.synthetic.people import OWN
from sandbox.synthetic.places import outline
from sandbox.synthetic.population import CENSUS_DAY

PARTNER = "statistics_office"
TOTAL = "_T"
SOURCE = "Statistics office of Aurelia"
CENSUS_OUT = date(2024, 3, 1)
INTERNAL_DELAY, STOCK_DELAY = 6, 9
HOLIDAYS = {(1, 1): "New Year", (3, 14): "Landing Day", (8, 2): "Republic Day", (12, 25): "Christmas"}
DIMENSIONS = ("area", "partner_area", "sex", "age", "subpopulation")
SUBPOPULATIONS = [each.value for each in Subpopulation if each is not Subpopulation.UNKNOWN]
FLOWS = {"OFFICIAL_IMM": Direction.ARRIVAL.value, "OFFICIAL_EMI": Direction.DEPARTURE.value}


def write_office(truth: Truth, landing: Path, seed: int) -> Iterator[Path]:
    """Write the official series and the three reference tables, one delivery each."""
    window = truth.scenario.window
    tables = {
        "official_series": official_series(truth, seed),
        "area": _areas(truth),
        "network": _networks(truth),
        "calendar": _calendar(truth),
    }
    for feed, rows in tables.items():
        told = Handover(PARTNER, feed, "all", window.border_from, window.observed_to, days_later=0)
        yield told.write(landing, {f"{feed}.csv": pa.Table.from_pandas(rows, preserve_index=False)})


def official_series(truth: Truth, seed: int) -> pd.DataFrame:
    """Return every published value; a later vintage of the same period is a revision of it."""
    parts = [
        *_migration(truth, seed),
        _census_population(truth),
        _census_stock(truth),
        _internal(truth, seed),
        _stocks(truth, seed),
        population_series(truth, seed),
    ]
    rows = pd.concat(parts, ignore_index=True)
    for name in DIMENSIONS:
        rows[name] = rows[name].fillna(TOTAL)
    rows = rows[rows["vintage"] <= truth.scenario.window.observed_to].reset_index(drop=True)
    return rows.assign(source=SOURCE, licence="CC-BY-4.0", value=rows["value"].round(1), se=rows["se"].round(2))


def _migration(truth: Truth, seed: int) -> Iterator[pd.DataFrame]:
    """Yield first estimates and revisions of the flows by month and year, in all and by subpopulation."""
    told = truth.scenario.office
    months = np.unique(truth.migration["month"])
    counts = (
        truth.migration.pivot_table(
            index="month", columns=["direction", "subpopulation"], values="migrations", aggfunc="sum", fill_value=0
        )
        .reindex(index=months, columns=pd.MultiIndex.from_product([list(FLOWS.values()), SUBPOPULATIONS]))
        .fillna(0.0)
    )
    editions = (("first", told.relative_error, 0), ("revised", told.revised_error, told.revision_months))
    for status, error, further in editions:
        rng = stream(seed, f"official {status}")
        arrivals, departures = (measured(rng, counts[direction].to_numpy(), error) for direction in FLOWS.values())
        net = arrivals[0] - departures[0], np.hypot(arrivals[1], departures[1])
        for series, (values, se) in zip((*FLOWS, "OFFICIAL_NET"), (arrivals, departures, net), strict=True):
            yield _flow_rows(series, months, values, se, status, told.delay_months + further)


def _flow_rows(series: str, months: Ints, values: Reals, se: Reals, status: str, delay: int) -> pd.DataFrame:
    """Return one series by month and by year; columns of `values` are the total and the subpopulations."""
    parts = []
    years = year_of(months)
    for column, name in enumerate((TOTAL, *SUBPOPULATIONS)):
        value, error = values[:, column], se[:, column]
        monthly = pd.DataFrame({"period": [day_date(month) for month in months], "value": value, "se": error})
        monthly = monthly.assign(frequency="M", vintage=[later(period, delay) for period in monthly["period"]])
        yearly = pd.DataFrame({"year": years, "value": value, "se": error**2}).groupby("year", as_index=False).sum()
        yearly = yearly.assign(
            frequency="A",
            se=np.sqrt(yearly["se"]),
            period=[date(year, 1, 1) for year in yearly["year"]],
            vintage=[later(date(year, 12, 1), delay) for year in yearly["year"]],
        ).drop(columns="year")
        parts.append(pd.concat([monthly, yearly]).assign(subpopulation=name))
    return pd.concat(parts, ignore_index=True).assign(
        series_id=series, concept=RULE_ID, population="all travellers", unit="persons", status=status
    )


def age_groups(born: Ints, day: int) -> Texts:
    """Return five-year age groups on a day, the last open at 85."""
    low = (np.minimum((day - born) / 365.25, 85.0) // 5 * 5).astype(int)
    return np.where(low >= 85, "Y_GE85", [f"Y{year}T{year + 4}" for year in low]).astype(object)


def _census(truth: Truth) -> pd.DataFrame:
    """Return one row a resident on the day of the census."""
    day = day_number(CENSUS_DAY)
    people = truth.persons[residents_on(truth.crossings, truth.persons, day)]
    area = home_on(truth.homes, people["person_id"].to_numpy(), np.full(len(people), day))
    return pd.DataFrame(
        {
            "area": np.array([*truth.scenario.area_ids, None], dtype=object)[area],
            "sex": np.array(["F", "M"], dtype=object)[people["sex"]],
            "age": age_groups(people["born"].to_numpy(), day),
            "subpopulation": subpopulations(truth.persons)[people["person_id"]],
            "partner_area": np.array([*truth.scenario.countries, truth.scenario.country.code])[people["birth"]],
            "value": 1.0,
        }
    ).dropna(subset="area")


def _census_population(truth: Truth) -> pd.DataFrame:
    people = _census(truth)
    by = [["area", "sex", "age"], ["area", "subpopulation"], ["area"], ["subpopulation"]]
    parts = [_summed(people, names) for names in by]
    parts.append(pd.DataFrame({"value": [people["value"].sum()]}))
    return _of_census(pd.concat(parts, ignore_index=True), "CENSUS_POP")


def _census_stock(truth: Truth) -> pd.DataFrame:
    people = _census(truth)
    foreign = people[people["partner_area"] != truth.scenario.country.code]
    return _of_census(_summed(foreign, ["partner_area"]), "CENSUS_STOCK")


def _summed(people: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    return people.groupby(names)[["value"]].sum().reset_index()


def _of_census(rows: pd.DataFrame, series: str) -> pd.DataFrame:
    return rows.assign(
        series_id=series,
        concept="usual residence",
        population="usual residents",
        unit="persons",
        frequency="A",
        period=CENSUS_DAY,
        vintage=CENSUS_OUT,
        status="final",
        se=0.0,
    )


def _internal(truth: Truth, seed: int) -> pd.DataFrame:
    """Return moves between areas by year, and arrivals by area."""
    error = truth.scenario.office.relative_error
    rng = stream(seed, "official internal")
    moves = truth.internal[truth.internal["usual"].to_numpy()]
    years = year_of(moves["day"].to_numpy())
    codes = np.array(truth.scenario.area_ids, dtype=object)
    cells = pd.DataFrame(
        {"year": years, "area": codes[moves["from_area"]], "partner_area": codes[moves["to_area"]], "value": 1.0}
    )
    cells = cells[cells["year"] >= truth.scenario.window.border_from.year]
    matrix = cells.groupby(["year", "area", "partner_area"], as_index=False)["value"].sum()
    noisy = matrix["value"] * (1 + error * rng.standard_normal(len(matrix)))
    matrix = matrix.assign(value=noisy, se=error * noisy, series_id="OFFICIAL_INT")
    arrivals = matrix.assign(area=matrix["partner_area"], partner_area=TOTAL, se=matrix["se"] ** 2)
    arrivals = arrivals.groupby(["year", "area", "partner_area"], as_index=False)[["value", "se"]].sum()
    arrivals = arrivals.assign(se=np.sqrt(arrivals["se"]), series_id="OFFICIAL_IN_AREA")
    rows = pd.concat([matrix, arrivals], ignore_index=True)
    return _yearly(rows, INTERNAL_DELAY).assign(concept="INT_50", population="usual residents")


def _stocks(truth: Truth, seed: int) -> pd.DataFrame:
    """Return foreign-born residents at the middle of each year by country of birth."""
    error = truth.scenario.office.relative_error
    rng = stream(seed, "official stocks")
    stock = truth.stock[(truth.stock["birth"] != OWN).to_numpy()]
    middle = stock[pd.to_datetime(stock["month"], unit="D").dt.month.to_numpy() == 7]
    value = middle["residents"].to_numpy() * (1 + error * rng.standard_normal(len(middle)))
    rows = pd.DataFrame(
        {
            "year": year_of(middle["month"].to_numpy()),
            "partner_area": np.array(truth.scenario.countries, dtype=object)[middle["birth"]],
            "value": value,
            "se": error * value,
        }
    )
    return _yearly(rows, STOCK_DELAY).assign(
        series_id="OFFICIAL_STOCK", concept="usual residence, 1 July", population="foreign-born residents"
    )


def _yearly(rows: pd.DataFrame, delay: int) -> pd.DataFrame:
    """Return rows of years (column `year`) as published so many months after the year."""
    return rows.assign(
        frequency="A",
        unit="persons",
        status="first",
        period=[date(year, 1, 1) for year in rows["year"]],
        vintage=[later(date(year, 12, 1), delay) for year in rows["year"]],
    ).drop(columns="year")


def _areas(truth: Truth) -> pd.DataFrame:
    """Return one row an area and year."""
    rows, window, parent = [], truth.scenario.window, truth.scenario.country.code
    for year in range(window.border_from.year, window.observed_to.year + 1):
        day = day_number(date(year, 1, 1))
        people = truth.persons["person_id"].to_numpy()[residents_on(truth.crossings, truth.persons, day)]
        home = home_on(truth.homes, people, np.full(len(people), day))
        counts = np.bincount(home[home >= 0], minlength=len(truth.scenario.area))
        rows += [
            (area.id, parent, area.name, area.time_zone, outline(truth.scenario, n), year, int(counts[n]), SOURCE)
            for n, area in enumerate(truth.scenario.area)
        ]
    names = ["area_id", "parent", "name", "time_zone", "geometry", "year", "population", "source"]
    return pd.DataFrame(rows, columns=names)


def _networks(truth: Truth) -> pd.DataFrame:
    country = truth.scenario.country
    pairs = [(country.mcc, country.code), *((origin.mcc, origin.code) for origin in truth.scenario.origin)]
    return pd.DataFrame([(*pair, "ITU-T E.212") for pair in pairs], columns=["mcc", "country", "source"])


def _calendar(truth: Truth) -> pd.DataFrame:
    """Return the holidays of every year, and the shocks that the whole country knows of."""
    scenario, rows = truth.scenario, []
    for year in range(scenario.window.border_from.year, scenario.window.observed_to.year + 1):
        rows += [(date(year, *day), TOTAL, "holiday", name, 0.0, SOURCE) for day, name in HOLIDAYS.items()]
    quake, closure = scenario.earthquake, scenario.closure
    rows += [
        (closure.start, TOTAL, "shock", "Border closed", 1.0, SOURCE),
        (closure.end, TOTAL, "shock", "Border opened", 0.6, SOURCE),
        (quake.day, quake.area, "shock", "Earthquake", 0.9, SOURCE),
    ]
    rows += [(g.opens, TOTAL, "shock", f"Visa opened: {g.name}", 0.3, SOURCE) for g in scenario.group if g.opens]
    return pd.DataFrame(rows, columns=["day", "area_id", "kind", "name", "severity", "source"]).sort_values("day")
