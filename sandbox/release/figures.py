"""Which figures an edition shows, which it hides, and which series it withholds, with the reason."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from sandbox.concepts.codes import TOTAL, ConfStatus, Verdict
from sandbox.errors import CheckFailedError
from sandbox.lakehouse.tables.figures import CELL_KEY
from sandbox.release.terms import Sources

PUBLISHABLE = (Verdict.PUBLISH, Verdict.CAUTION, Verdict.UNBENCHMARKED)
SHARE = "share"
DECIMALS = {SHARE: 4}
"""Decimals that are published, by unit; one for counts of anything."""

SeriesId = tuple[str, str, str]
"""Indicator, rule, feed."""


@dataclass(frozen=True)
class Observation:
    """One figure as it will stand in the release; hidden ones have no value, error or bounds."""

    indicator: str
    rule_id: str
    feed: str
    area: str
    partner_area: str
    sex: str
    age: str
    subpopulation: str
    frequency: str
    reference_period: date
    vintage: date
    unit: str
    value: float | None
    se: float | None
    lower: float | None
    upper: float | None
    provisional: bool
    verdict: Verdict

    @property
    def is_hidden(self) -> bool:
        """Whether the value is confidential."""
        return self.value is None

    @property
    def period(self) -> str:
        """The period as SDMX writes it: 2025-11 for a month, 2024 for a year."""
        return sdmx_period(self.frequency, self.reference_period)

    @property
    def key(self) -> tuple[Any, ...]:
        """What makes the figure one of its kind over vintages."""
        return tuple(getattr(self, name) for name in CELL_KEY if name != "vintage")

    @property
    def is_total(self) -> bool:
        """Whether it is summed over every dimension."""
        dimensions = (self.area, self.partner_area, self.sex, self.age, self.subpopulation)
        return all(code == TOTAL for code in dimensions)


@dataclass(frozen=True)
class Withheld:
    """One series, or one period of it, that is not published, and why; never its value."""

    indicator: str
    rule_id: str
    feed: str
    period: str
    verdict: Verdict
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Selection:
    """What the edition shows and what it withholds."""

    observations: tuple[Observation, ...]
    withheld: tuple[Withheld, ...]

    def of(self, indicator: str) -> tuple[Observation, ...]:
        """Figures of one indicator, in order of period."""
        return tuple(o for o in self.observations if o.indicator == indicator)


def selected(sources: Sources) -> Selection:
    """Decide for every estimate whether it is shown, hidden or withheld; refuse what fails protection."""
    check_audit(sources.audit)
    verdicts = _verdicts(sources.verdict)
    protected = {_key(row): row["conf_status"] for row in sources.protected.to_pylist()}
    shown: list[Observation] = []
    withheld: dict[tuple[SeriesId, str], Withheld] = {}
    for row in sources.estimate.to_pylist():
        if row["estimate"] is None or not math.isfinite(row["estimate"]):
            continue
        period, verdict, reasons = _verdict_of(row, verdicts)
        if verdict in PUBLISHABLE:
            shown.append(_observation(row, verdict, protected))
            continue
        series = _series(row)
        withheld.setdefault((series, period), Withheld(*series, period, verdict, reasons))
    shown.sort(key=lambda observation: observation.key)
    check_one_row_a_cell(shown)
    return Selection(tuple(shown), tuple(withheld[name] for name in sorted(withheld)))


def check_audit(audit: pa.Table) -> None:
    """Refuse a family in which the attacker's interval for any hidden cell is too narrow."""
    families = sorted({row["family"] for row in audit.to_pylist() if row["too_narrow"]})
    if families:
        raise CheckFailedError(
            f"The audit found hidden cells that can be recovered, in: {', '.join(families)}.",
            "Nothing was built. Protect these families again: `sandbox run disclosure`.",
        )


def check_one_row_a_cell(observations: list[Observation]) -> None:
    """Refuse two figures for one cell: a release says one thing of each."""
    doubled = len(observations) - len({observation.key for observation in observations})
    if doubled:
        raise CheckFailedError(f"{doubled} cells have more than one figure.", "Run the stage estimates again.")


def sdmx_period(frequency: str, first_day: date) -> str:
    """Return 2025-11 for a month, 2025 for a year."""
    return f"{first_day:%Y}" if frequency == "A" else f"{first_day:%Y-%m}"


def decimals_of(unit: str) -> int:
    """Return how many decimals a figure of this unit is published with."""
    return DECIMALS.get(unit, 1)


def _observation(row: Mapping[str, Any], verdict: Verdict, protected: Mapping[tuple[Any, ...], str]) -> Observation:
    key = _key(row)
    if key not in protected:
        raise CheckFailedError(
            f"A cell of {row['indicator']} was not seen by disclosure control.", "Run `sandbox run disclosure`."
        )
    hidden = protected[key] != ConfStatus.FREE
    figures: dict[str, Any] = {
        published: None if hidden else _rounded(row[computed], row["unit"])
        for published, computed in (("value", "estimate"), ("se", "se"), ("lower", "lower"), ("upper", "upper"))
    }
    cell: dict[str, Any] = {name: row[name] for name in CELL_KEY}
    return Observation(**cell, **figures, unit=row["unit"], provisional=bool(row["provisional"]), verdict=verdict)


def _rounded(value: float | None, unit: str) -> float | None:
    if value is None or not math.isfinite(value):
        return None
    return round(value, decimals_of(unit)) + 0.0  # no minus zero


def _verdicts(table: pa.Table) -> dict[tuple[SeriesId, str, str], tuple[Verdict, tuple[str, ...]]]:
    return {
        (_series(row), row["frequency"], row["period"]): (Verdict(row["verdict"]), tuple(row["reasons"] or ()))
        for row in table.to_pylist()
    }


def _verdict_of(
    row: Mapping[str, Any], verdicts: Mapping[tuple[SeriesId, str, str], tuple[Verdict, tuple[str, ...]]]
) -> tuple[str, Verdict, tuple[str, ...]]:
    """Return the period that was judged (`_T`: the series), its verdict and reasons; the period's own comes first."""
    first_day: date = row["reference_period"]
    for period in (sdmx_period(row["frequency"], first_day), first_day.isoformat(), TOTAL):
        found = verdicts.get((_series(row), row["frequency"], period))
        if found:
            return period, *found
    return TOTAL, Verdict.NOT_ASSESSABLE, ("no verdict was computed",)


def _series(row: Mapping[str, Any]) -> SeriesId:
    return row["indicator"], row["rule_id"], row["feed"]


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in CELL_KEY)
