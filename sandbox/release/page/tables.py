"""The tables of the page: plain rows of text, each beside the chart that it is the table of."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sandbox.concepts.codes import TOTAL
from sandbox.concepts.indicators import INDICATORS
from sandbox.release.accuracy import Replayed
from sandbox.release.figures import PUBLISHABLE, Observation, Selection
from sandbox.release.names import Names
from sandbox.release.page.story import totals
from sandbox.release.page.words import NONE, figure, month, period, plain, shown, shown_interval
from sandbox.release.terms import Sources

MEASURE_NAMES = {
    "wmape": "weighted mean absolute error, %",
    "mape": "mean absolute error, %",
    "smape": "symmetric mean absolute error, %",
    "rmse": "root mean squared error",
    "bias": "bias",
    "cpc": "common part of commuters",
    "crps": "CRPS",
    "cv": "coefficient of variation, %",
}
GATES = {"publish": "passed", "caution": "caution", "withhold": "failed", "not_evaluable": "not evaluable"}


@dataclass(frozen=True)
class Grid:
    """One table: what it is, its columns, its rows; the first cell of a row names it."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Judged:
    """One series with its newest figure, the verdict on it, and why."""

    name: str
    period: str
    value: str
    interval: str
    verdict: str
    benchmark: str
    reasons: tuple[str, ...]


def months_table(selection: Selection, indicators: Sequence[str], names: Names) -> Grid:
    """Return a row a month, newest first, with value and interval of each indicator."""
    by_month = {name: {o.reference_period: o for o in totals(selection, name)} for name in indicators}
    known = [name for name in indicators if by_month[name]]
    columns = ["Month", *(text for name in known for text in (names.indicator(name), "95 % interval")), "Status"]
    rows = []
    for day in sorted({day for name in known for day in by_month[name]}, reverse=True):
        found = [by_month[name].get(day) for name in known]
        status = "provisional" if any(o and o.provisional for o in found) else "final"
        rows.append((month(day), *(text for o in found for text in (shown(o), shown_interval(o))), status))
    caption = f"Every month: {', '.join(map(names.indicator, known))}"
    return Grid(caption, tuple(columns), tuple(rows))


def places_table(observations: Iterable[Observation], title: str, column: str, field: str, names: Names) -> Grid:
    """Return a row a place with value and interval, largest first, hidden ones last."""
    ordered = sorted(observations, key=lambda o: (o.value is None, -(o.value or 0.0), getattr(o, field)))
    rows = tuple((names.place(getattr(o, field)), shown(o), shown_interval(o), _state(o)) for o in ordered)
    return Grid(f"{title}: every figure", (column, "Figure", "95 % interval", "Status"), rows)


def flows_grid(observations: Sequence[Observation], names: Names) -> Grid:
    """Return the matrix of internal flows: from (rows) to (columns), totals where they are published."""
    cells = {(o.area, o.partner_area): o for o in observations}
    origins = sorted({o.area for o in observations}, key=_total_last)
    destinations = sorted({o.partner_area for o in observations}, key=_total_last)
    rows = [(names.place(a), *(shown(cells.get((a, b))) for b in destinations)) for a in origins]
    return Grid("From (row) to (column)", ("From", *map(names.place, destinations)), tuple(rows))


def triangle_grid(replayed: Sequence[Replayed], name: str) -> Grid:
    """Return the revision triangle: a row a month, a column an age, the error in per cent of the final figure."""
    ages = sorted({one.horizon for one in replayed})
    errors = {(one.reference_month, one.horizon): one.error for one in replayed}
    days = sorted({one.reference_month for one in replayed}, reverse=True)
    rows = tuple((month(day), *(_per_cent(errors.get((day, age))) for age in ages)) for day in days)
    return Grid(
        f"{name}: error of the estimate, % of the final figure, by months after the month",
        ("Month", *map(str, ages)),
        rows,
    )


def judged(selection: Selection, sources: Sources, names: Names) -> list[Judged]:
    """Return the verdict on each series, with its newest total where it may be shown.

    A period that was judged alone stands beside its series only where its verdict is another.
    """
    rows = sources.verdict.to_pylist()
    of_series = {_series(row): row["verdict"] for row in rows if row["period"] == TOTAL}
    made = []
    for row in rows:
        if row["period"] != TOTAL and of_series.get(_series(row)) == row["verdict"]:
            continue
        newest = _newest_total(selection, row)
        made.append(
            Judged(
                _name(row, names),
                period(newest.frequency, newest.reference_period) if newest else NONE,
                shown(newest) if newest else _without_total(row["verdict"]),
                shown_interval(newest),
                row["verdict"],
                row["benchmark"] or "none exists",
                tuple(plain(reason) for reason in row["reasons"] or ()),
            )
        )
    return made


def _name(row: dict[str, Any], names: Names) -> str:
    frequency = "by year" if row["frequency"] == "A" else "by month"
    period_alone = "" if row["period"] == TOTAL else f", {row['period']}"
    return f"{names.indicator(row['indicator'])} ({frequency}){period_alone}"


def _series(row: dict[str, Any]) -> tuple[str, ...]:
    return row["indicator"], row["rule_id"], row["feed"], row["frequency"]


def measures_table(sources: Sources, names: Names) -> Grid:
    """Return every measure of every comparison, with the gate on it where there is one."""
    rows = tuple(
        (
            f"{names.indicator(row['indicator'])}: {_measure(row['measure'])}",
            row["benchmark"] or NONE,
            row["benchmark_vintage"] or NONE,
            _number(row["value"]),
            figure(row["n"]),
            GATES.get(row["status"] or "", "no gate"),
        )
        for row in sources.comparison.to_pylist()
    )
    return Grid(
        "Measures and gates", ("Series and measure", "Official series", "Its vintage", "Value", "Pairs", "Gate"), rows
    )


def differences(sources: Sources) -> list[str]:
    """Say where estimate and benchmark are not the same thing, field by field."""
    told = set()
    for row in sources.verdict.to_pylist():
        fields = json.loads(row["alignment"]) if row["alignment"] else {}
        told |= {f"{row['indicator']}: {name} {what}" for name, what in fields.items() if what != "same"}
    return sorted(told)


def methods(selection: Selection) -> list[tuple[str, str]]:
    """Return name and description of each indicator that is shown."""
    ids = sorted({o.indicator for o in selection.observations if o.indicator in INDICATORS})
    return [(INDICATORS[name].name, INDICATORS[name].description) for name in ids]


def _newest_total(selection: Selection, row: dict[str, Any]) -> Observation | None:
    found: list[Observation] = [
        o
        for o in selection.of(row["indicator"])
        if o.is_total and (o.rule_id, o.feed, o.frequency) == (row["rule_id"], row["feed"], row["frequency"])
    ]
    if row["period"] != TOTAL:
        found = [o for o in found if row["period"] in {o.period, o.reference_period.isoformat()}]
    return max(found, key=_first_day, default=None)


def _without_total(verdict: str) -> str:
    return "by cell" if verdict in PUBLISHABLE else "withheld"


def _first_day(observation: Observation) -> date:
    return observation.reference_period


def _total_last(code: str) -> tuple[bool, str]:
    return code == TOTAL, code


def _state(observation: Observation) -> str:
    if observation.is_hidden:
        return "hidden"
    return "provisional" if observation.provisional else "final"


def _measure(name: str) -> str:
    return MEASURE_NAMES.get(name, name.replace("_", " "))


def _number(value: float | None) -> str:
    return NONE if value is None else f"{value:.4g}".replace("-", "−")


def _per_cent(value: float | None) -> str:
    return "" if value is None else f"{value:+.1f}".replace("-", "−")
