"""BITRE passengers → contract, ingest (the year defect is found) → net migration → ABS → verdict by year."""

from collections.abc import Mapping, Sequence
from datetime import date
from math import isfinite
from pathlib import Path

import pandas as pd

from experiments.au_passengers.model import (
    YearEstimate,
    latest_known,
    monthly_passengers,
    official_years,
    year_estimates,
)
from experiments.journey import Found, Sent, estimate_row, findings, keep, report, take_in, tracked
from sandbox.benchmark.alignment import Alignment, Declared, aligned
from sandbox.benchmark.gates import all_gates
from sandbox.benchmark.measures import all_measures
from sandbox.benchmark.pairs import Pairs, Side, paired
from sandbox.benchmark.records import Row, SeriesId, comparison_rows, verdict_row
from sandbox.benchmark.verdict import judged
from sandbox.lakehouse import store
from sandbox.lakehouse.tables.feeds import AIR_OD_MONTH, OFFICIAL_SERIES
from sandbox.settings import Workspace

NAME = "au_passengers"
QUESTION = "Can net air passengers stand for net overseas migration of Australia, and do we notice when not?"
YEARS = range(2017, 2025)
BENCHMARK, SOURCE = "ABS_NOM", "BITRE city pairs"
FIRST, LAST, DELIVERED = date(2015, 9, 1), date(2025, 8, 31), date(2025, 10, 31)
FINAL_VINTAGE = date(2025, 10, 1)
MODEL = {"indicator": "AU_NET_MIGRATION", "rule_id": "NZ_12_16", "feed": "air_od_month", "frequency": "A"}
RAW = {"indicator": "AU_NET_PASSENGERS", "rule_id": "", "feed": "air_od_month", "frequency": "A"}
OFFICIAL = Declared(
    {
        "concept": "NZ_12_16",
        "population": "all residents",
        "territory": "AUS",
        "period": "July to June",
        "unit": "persons",
    },
    id=BENCHMARK,
)
CLAIMED = Declared(OFFICIAL.fields, calibrated_to=BENCHMARK, out_of_sample=True)
PASSENGERS = Declared({**OFFICIAL.fields, "concept": "air passengers in less out", "population": "all passengers"})


def run(workspace: Workspace, shared: Path, seed: int) -> list[Row]:
    """Run the experiment in a workspace of its own; return the printed rows."""
    data = shared / "data" / "au_bitre"
    with tracked(workspace, NAME, {"seed": seed, "vintage": str(FINAL_VINTAGE)}):
        take_in(workspace, sent(data), seed)
        passengers = store.read_small(workspace, AIR_OD_MONTH).to_pandas()
        official = store.read_small(workspace, OFFICIAL_SERIES).to_pandas()
        found, metrics = concluded(passengers, official)
        found.printed.extend({"finding": finding} for finding in findings(workspace))
        keep(workspace, NAME, found)
        return report(found, metrics)


def sent(data: Path) -> Sequence[Sent]:
    """Return the deliveries; that the city pairs' year is to be mended as found is the steward's decision."""
    files = [(data / "city_pairs_raw.csv", "bitre_city_pairs"), (data / "airlines.csv", "bitre_airlines")]
    bitre = {"legalBasis": "Published under CC BY by BITRE", "partnerContact": "https://www.bitre.gov.au"}
    abs_terms = {"legalBasis": "Published under CC BY by ABS", "partnerContact": "https://www.abs.gov.au"}
    years = (date(2016, 7, 1), date(2023, 6, 30))
    return [
        Sent("bitre", "air_od_month", files, (FIRST, LAST), DELIVERED, bitre | {"yearBasis": "as_found"}),
        Sent("abs", "official_series", [(data / "abs_nom.csv", "abs_nom")], years, DELIVERED, abs_terms),
    ]


def concluded(passengers: pd.DataFrame, official_rows: pd.DataFrame) -> tuple[Found, Mapping[str, float]]:
    """Return rows of estimate, comparison and verdict, year by year, and the errors known with hindsight."""
    months = monthly_passengers(passengers, SOURCE)
    official = official_years(official_rows, BENCHMARK)
    told = year_estimates(months, official, YEARS)
    found = Found()
    metrics: dict[str, float] = {}
    for number, year in enumerate(told):
        _judge_year(found, told[: number + 1], official)
        found.estimates.append(_raw_row(year))
        errors = _errors(year, official)
        metrics |= {f"raw_error_{year.year}": errors["raw_against_latest"]}
        found.printed.append(_printed(year, errors, found.verdicts[-1]))
    _judge_raw(found, told, official)
    return found, metrics


def _judge_year(found: Found, told: Sequence[YearEstimate], official: pd.DataFrame) -> None:
    """Judge the newest of `told` as at the July after it: its own inputs, and official values published by then."""
    newest = told[-1]
    vintage = date(newest.year, 7, 1)
    alignment = aligned(CLAIMED, OFFICIAL)
    pairs = _pairs(told, latest_known(official, vintage), "estimate")
    gates = [*all_gates(pairs), newest.regime]
    identity = SeriesId(**MODEL, vintage=vintage)
    measures = all_measures(pairs) if len(pairs.matched) else {}
    found.comparisons += comparison_rows(identity, (BENCHMARK, "latest"), measures, gates, len(pairs.matched))
    notes = [f"regime: {newest.evidence}", "official_error_not_stated"]
    says = judged(gates, alignment, notes)
    found.verdicts.append(verdict_row(identity, f"{newest.year - 1}-07-01", BENCHMARK, says, alignment))
    found.estimates.append(
        estimate_row(
            {**MODEL, "vintage": vintage},
            date(newest.year - 1, 7, 1),
            newest.estimate,
            se=newest.se,
            lower=newest.lower,
            upper=newest.upper,
            naive=newest.net_passengers,
            contributors=int(newest.gross_passengers),
            calibrated_to=BENCHMARK if newest.years_fitted else "",
        )
    )


def _judge_raw(found: Found, told: Sequence[YearEstimate], official: pd.DataFrame) -> None:
    """Judge the raw proxy: what is aligned is the estimand, so no number can make it assessable."""
    alignment: Alignment = aligned(PASSENGERS, OFFICIAL)
    identity = SeriesId(**RAW, vintage=FINAL_VINTAGE)
    pairs = _pairs(told, latest_known(official, FINAL_VINTAGE), "net_passengers")
    found.comparisons += comparison_rows(identity, (BENCHMARK, "latest"), all_measures(pairs), [], len(pairs.matched))
    found.verdicts.append(verdict_row(identity, "_T", BENCHMARK, judged([], alignment), alignment))
    says = found.verdicts[-1]
    found.printed.append({"series": RAW["indicator"], "verdict": says["verdict"], "why": "; ".join(says["reasons"])})


def _raw_row(year: YearEstimate) -> Row:
    return estimate_row(
        {**RAW, "vintage": FINAL_VINTAGE},
        date(year.year - 1, 7, 1),
        year.net_passengers,
        contributors=int(year.gross_passengers),
    )


def _pairs(told: Sequence[YearEstimate], known: pd.Series, column: str) -> Pairs:
    """Return estimates beside official values; the gross flow of migration is not published here."""
    ours = pd.DataFrame([{"year": y.year, "e": getattr(y, column), "lower": y.lower, "upper": y.upper} for y in told])
    theirs = known.rename("o").reset_index().astype({"year": int, "o": float})
    theirs = theirs[theirs["year"].isin(ours["year"])]
    bounds = ("lower", "upper") if column == "estimate" else ("", "")
    return paired(Side(ours, "e", *bounds), Side(theirs, "o"), [], "year", signed=True)


def _errors(year: YearEstimate, official: pd.DataFrame) -> dict[str, float]:
    """Return errors of the raw net and of the model against the first and the latest publication."""
    values = official[official["year"] == year.year].sort_values("vintage")["value"].astype(float)
    ends = {"first": values.iloc[0], "latest": values.iloc[-1]} if len(values) else {}
    errors = {}
    for which in ("first", "latest"):
        value = ends.get(which, float("nan"))
        errors[f"official_{which}"] = value
        errors[f"raw_against_{which}"] = year.net_passengers / value - 1
        errors[f"model_against_{which}"] = year.estimate / value - 1
    return errors


def _printed(year: YearEstimate, errors: Mapping[str, float], verdict: Row) -> Row:
    return {
        "year": f"{year.year - 1}-{year.year % 100:02d}",
        "net passengers": round(year.net_passengers),
        "official": _whole(errors["official_latest"]),
        "raw against first": _error(errors["raw_against_first"]),
        "raw against latest": _error(errors["raw_against_latest"]),
        "model": round(year.estimate),
        "95 %": f"{year.lower:,.0f} to {year.upper:,.0f}",
        "model against latest": _error(errors["model_against_latest"]),
        "verdict": verdict["verdict"],
        "why": year.evidence,
    }


def _whole(value: float) -> int | None:
    return round(value) if isfinite(value) else None


def _error(share: float) -> str:
    if not isfinite(share):
        return "no official value"
    return "wrong sign" if share < -1 else f"{share:+.1%}"
