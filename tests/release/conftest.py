"""Small tables of an invented country, as the stages before would leave them, and the terms of an edition."""

import json
import math
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables import books
from sandbox.release.edition import edition_files
from sandbox.release.terms import INPUTS, Sources, TableVersion, Terms

VINTAGE = date(2025, 12, 1)
TOTAL = "_T"
AREAS = [f"A{n}" for n in range(1, 9)]
NAMES = ["Harbour", "Northlands", "Eastvale", "Midmoor", "Southreach", "Westering", "Outer Isles", "Far Reef"]
ORIGINS = ["NZL", "AUS", "IND", "PHL", "CHN", "FJI", "GBR", "USA"]
ZERO = {pa.int64(): 0, pa.int32(): 0, pa.float64(): 0.0, pa.string(): "", pa.bool_(): False}
HIDDEN_AREAS = {"A7", "A8"}


def rows_of(table: Table, rows: list[dict[str, Any]]) -> pa.Table:
    """Build rows of a declared table; columns that are not named are empty, or zero where the key needs them."""
    filled = [
        {c.name: row.get(c.name, ZERO.get(c.type) if c.name in table.key else None) for c in table.columns}
        for row in rows
    ]
    schema = pa.schema([field.with_nullable(True) for field in table.schema])
    return pa.Table.from_pylist(filled, schema=schema)


def months(first: date, count: int) -> list[date]:
    return [date(first.year + (first.month - 1 + n) // 12, (first.month - 1 + n) % 12 + 1, 1) for n in range(count)]


def cell(
    indicator: str, rule: str, feed: str, day: date, value: float, relative: float = 0.04, **more: Any
) -> dict[str, Any]:
    error = abs(value) * relative + 0.5
    return {
        "indicator": indicator, "rule_id": rule, "feed": feed, "area": TOTAL, "partner_area": TOTAL, "sex": TOTAL,
        "age": TOTAL, "subpopulation": TOTAL, "frequency": "M", "reference_period": day, "vintage": VINTAGE,
        "unit": "persons", "estimate": value, "se": error, "lower": value - 1.96 * error, "upper": value + 1.96 * error,
        "provisional": False, "contributors": int(abs(value)),
    } | more  # fmt: skip


def border_cells() -> list[dict[str, Any]]:
    rows = []
    for n, day in enumerate(months(date(2019, 1, 1), 83)):
        shock = 0.35 if date(2020, 4, 1) <= day <= date(2021, 10, 1) else 1.0
        arrived = shock * (310 + n + 60 * math.sin(n * math.pi / 6) + 13 * math.sin(n * 2.3))
        left = (0.5 + shock / 2) * (240 + 0.3 * n + 35 * math.cos(n * math.pi / 6) + 9 * math.sin(n * 1.7))
        age = 82 - n
        wide = 0.004 if age > 16 else 0.02 + 0.008 * (16 - age)
        state = {"provisional": age <= 16}
        rows.append(cell("IMM", "NZ_12_16", "border_movement", day, arrived, wide, **state))
        rows.append(cell("EMI", "NZ_12_16", "border_movement", day, left, wide, **state))
        error = wide * (arrived + left)
        net = {"se": error, "lower": arrived - left - 1.96 * error, "upper": arrived - left + 1.96 * error}
        rows.append(cell("NET", "NZ_12_16", "border_movement", day, arrived - left, wide, **state, **net))
    return rows


def mobile_cells() -> list[dict[str, Any]]:
    year = date(2025, 1, 1)
    rows = [
        cell("IN_AREA", "SEG_CHI", "combined", year, 60.0 + 45 * n, 0.1, area=area, frequency="A")
        for n, area in enumerate(AREAS)
    ]
    rows.append(cell("IN_AREA", "SEG_CHI", "combined", year, sum(r["estimate"] for r in rows), 0.05, frequency="A"))
    flows = {
        (a, b): 4.0 + 9 * ((3 * i + 5 * j) % 7) for i, a in enumerate(AREAS) for j, b in enumerate(AREAS) if a != b
    }
    rows += [
        cell("INT_FLOW", "SEG_CHI", "mobile_event", year, value, 0.15, area=a, partner_area=b, frequency="A")
        for (a, b), value in flows.items()
    ]
    for n, day in enumerate(months(date(2024, 1, 1), 23)):
        nights = 9000 + 2500 * math.sin(n * math.pi / 6)
        rows.append(cell("NIGHTS_NONRES", "", "mobile_event", day, nights, 0.08, unit="nights"))
    return rows


def other_cells() -> list[dict[str, Any]]:
    rows = [
        cell(
            "STOCK_ORIGIN",
            "",
            "audience_estimate",
            date(2025, 1, 1),
            900.0 / (1 + n) + 60,
            0.09,
            partner_area=o,
            frequency="A",
        )
        for n, o in enumerate(ORIGINS)
    ]
    rows.append(cell("NET_AIR", "", "air_od_month", date(2025, 11, 1), 1234.0))
    return rows


def is_protected(row: dict[str, Any]) -> bool:
    """Small flows of the matrix, and two areas of the map, are hidden in these tables."""
    return (row["indicator"] == "INT_FLOW" and row["estimate"] < 16) or (
        row["indicator"] == "IN_AREA" and row["area"] in HIDDEN_AREAS
    )


BORDER = ("NZ_12_16", "border_movement", "M")
VERDICTS = (
    ("IMM", *BORDER, "OFFICIAL_IMM", "PUBLISH", ""),
    ("EMI", *BORDER, "OFFICIAL_EMI", "CAUTION", "wMAPE 12.1 % is over 10 %"),
    ("NET", *BORDER, "OFFICIAL_NET", "CAUTION", "error over gross flow 6.2 %"),
    ("IN_AREA", "SEG_CHI", "combined", "A", "OFFICIAL_IN_AREA", "CAUTION", "too few pairs"),
    ("INT_FLOW", "SEG_CHI", "mobile_event", "A", "OFFICIAL_INT", "CAUTION", "CPC 0.71 is under 0.80"),
    ("STOCK_ORIGIN", "", "audience_estimate", "A", "OFFICIAL_STOCK", "CAUTION", "cell CV 18 %"),
    ("NIGHTS_NONRES", "", "mobile_event", "M", "", "UNBENCHMARKED", "no official series exists"),
    ("NET_AIR", "", "air_od_month", "M", "OFFICIAL_NET", "NOT_ASSESSABLE", "passengers are not migrants"),
)
VERDICT_COLUMNS = ("indicator", "rule_id", "feed", "frequency", "benchmark", "verdict")


def verdict_rows() -> list[dict[str, Any]]:
    alignment = json.dumps({"concept": "convertible: 90 days for 7 of 13 months", "population": "same"})
    base = {"vintage": VINTAGE, "period": TOTAL, "thresholds_version": "1.0.0", "alignment": alignment}
    return [
        base | dict(zip(VERDICT_COLUMNS, row[:-1], strict=True)) | {"reasons": [row[-1]] if row[-1] else []}
        for row in VERDICTS
    ]


def comparison_rows() -> list[dict[str, Any]]:
    base = {"rule_id": "NZ_12_16", "feed": "border_movement", "frequency": "M", "vintage": VINTAGE}
    gates = (
        ("wmape", 7.4, "publish"),
        ("equivalence", 0.08, "publish"),
        ("coverage_95", 0.94, "publish"),
        ("rmse", 21.0, None),
    )
    return [
        base
        | {
            "indicator": i,
            "benchmark": f"OFFICIAL_{i}",
            "benchmark_vintage": v,
            "measure": m,
            "value": value,
            "n": 54,
            "status": s,
        }
        for i in ("IMM", "EMI", "NET")
        for v in ("first", "latest")
        for m, value, s in gates
    ]


def backtest_rows() -> list[dict[str, Any]]:
    rows = []
    for n, day in enumerate(months(date(2022, 9, 1), 14)):
        for direction, final in (("A", 330.0 + n), ("D", 250.0 + n)):
            for horizon in (1, 2, 3, 4, 6, 8, 10, 12, 14, 16):
                drift = (17 - horizon) * (math.sin(3.1 * n + horizon) + 0.15)
                rows.append(
                    {
                        "rule_id": "NZ_12_16",
                        "direction": direction,
                        "reference_month": day,
                        "origin": months(day, 17)[horizon],
                        "horizon": horizon,
                        "decided": final * horizon / 16,
                        "estimate": final + drift,
                        "naive": final * 1.3,
                        "final": final,
                        "vintage": VINTAGE,
                    }
                )
    return rows


def official_rows() -> list[dict[str, Any]]:
    rows = []
    for row in border_cells():
        if row["reference_period"] <= date(2024, 6, 1):
            rows.append(
                {
                    "series_id": f"OFFICIAL_{row['indicator']}",
                    "source": "Office",
                    "concept": "NZ_12_16",
                    "unit": "persons",
                    **dict.fromkeys(("area", "partner_area", "sex", "age", "subpopulation"), TOTAL),
                    "frequency": "M",
                    "period": row["reference_period"],
                    "value": round(row["estimate"] * 1.03),
                    "vintage": date(2025, 11, 1),
                }
            )
    return rows


def area_rows() -> list[dict[str, Any]]:
    rows = []
    for n, (area, name) in enumerate(zip(AREAS, NAMES, strict=True)):
        west, south = -128.0 + 0.6 * (n % 3), -29.0 + 0.5 * (n // 3)
        corners = ((0.0, 0.0), (0.52, 0.05), (0.56, 0.42), (0.05, 0.46), (0.0, 0.0))
        ring = [[west + east, south + north] for east, north in corners]
        place = {"area_id": area, "name": name, "geometry": json.dumps({"type": "Polygon", "coordinates": [ring]})}
        sent = {"partner": "statistics_office", "delivery_id": "d0", "source": "test"}
        rows.append(place | sent | {"parent": "XAA", "time_zone": "UTC", "year": 2024, "population": 5000})
    return rows


def protected_row(row: dict[str, Any]) -> dict[str, Any]:
    status, published = ("primary", "C") if is_protected(row) else ("open", "F")
    return row | {"family": row["indicator"], "status": status, "conf_status": published, "reason": ""}


def model_rows() -> dict[str, list[dict[str, Any]]]:
    base = {"rule_id": "NZ_12_16", "vintage": VINTAGE}
    score = base | {"horizon": 4, "n": 900, "ece": 0.02}
    band = base | {"horizon": 1, "n": 30, "level": 0.93, "lower": -0.1, "upper": 0.1, "state": "steady"}
    briers = (("champion", 0.041), ("rule_so_far", 0.118))
    return {
        "backtest_total": backtest_rows(),
        "backtest_score": [
            score | {"model": model, "direction": way, "brier": brier, "log_loss": brier}
            for way in "AD"
            for model, brier in briers
        ],
        "interval_band": [band | {"direction": way} for way in ("A", "D", "net")],
    }


def delivery_rows() -> list[dict[str, Any]]:
    base = {"contract_version": "1.0.0", "period_from": date(2025, 10, 1), "period_to": date(2025, 12, 31)}
    sent = (("border_movement", "border_agency"), ("mobile_event", "telco_one"))
    return [
        base | {"delivery_id": f"{n:016x}", "feed": feed, "partner": partner, "findings": []}
        for n, (feed, partner) in enumerate(sent, start=1)
    ]


def all_rows() -> dict[str, list[dict[str, Any]]]:
    """Rows of every input of an edition, by name of the input."""
    cells = [*border_cells(), *mobile_cells(), *other_cells()]
    attacked = {"lower": 0.0, "upper": 60.0, "width": 60.0, "too_narrow": False}
    return {
        "estimate": cells,
        "verdict": verdict_rows(),
        "comparison": comparison_rows(),
        "protected": [protected_row(row) for row in cells],
        "audit": [row | attacked | {"family": row["indicator"]} for row in cells if is_protected(row)],
        "delivery": delivery_rows(),
        "area": area_rows(),
        "official": official_rows(),
    } | model_rows()


def sources_of(rows: dict[str, list[dict[str, Any]]], previous: list[dict[str, Any]] | None = None) -> Sources:
    tables = {name: rows_of(table, rows[name]) for name, table in INPUTS.items()}
    return Sources(**tables, previous=rows_of(books.RELEASE_CELL, previous or []))


@pytest.fixture
def rows() -> dict[str, list[dict[str, Any]]]:
    return all_rows()


@pytest.fixture
def make_sources() -> Any:
    return sources_of


@pytest.fixture(scope="session")
def sources() -> Sources:
    return sources_of(all_rows())


@pytest.fixture(scope="session")
def files(sources: Sources, terms: Terms) -> dict[str, bytes]:
    """The edition of the unchanged tables, built once."""
    return edition_files(sources, terms)


def some_terms() -> Terms:
    return Terms(
        product="migration", label="Experimental statistics", agency="SANDBOX", contact="statistics@example.org",
        purpose="migration statistics", country_code="XAA", country_name="Aurelia", month="2025-11", vintage="2025-12",
        revision=1, seed=1, previous_release="", office_public_key="A" * 43 + "=",
        code_sha256="c" * 64, lock_sha256="d" * 64, models=("nowcast_arrivals/1",),
        tables=tuple(TableVersion(table.name, 1, "e" * 64, "estimates", "f" * 64) for table in INPUTS.values()),
    )  # fmt: skip


@pytest.fixture(scope="session")
def terms() -> Terms:
    return some_terms()
