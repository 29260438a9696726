"""What changed since the last vintage's release, figure by figure, and why as far as the tables tell."""

from typing import Any

import pyarrow as pa

from sandbox.lakehouse.tables.figures import CELL_KEY
from sandbox.release.figures import Observation, decimals_of, sdmx_period
from sandbox.release.numbers import csv_bytes, plain, safe_text

HEADER = (
    "INDICATOR", "FEED", "FREQ", "REF_AREA", "PARTNER_AREA", "SEX", "AGE", "SUBPOPULATION", "TIME_PERIOD",
    "PREVIOUS_RELEASE", "PREVIOUS_VALUE", "OBS_VALUE", "DIFFERENCE", "REASON",
)  # fmt: skip
IDENTITY = tuple(name for name in CELL_KEY if name != "vintage")


def revised(observations: tuple[Observation, ...], previous: pa.Table) -> list[tuple[Observation, dict[str, Any], str]]:
    """Return each figure open in both releases whose value changed, with the earlier row and the reason."""
    earlier = {tuple(row[name] for name in IDENTITY): row for row in previous.to_pylist()}
    changes = []
    for observation in observations:
        row = earlier.get(observation.key)
        if row is None or row["value"] is None or observation.value is None or row["value"] == observation.value:
            continue
        changes.append((observation, row, _reason(observation, was_provisional=row["provisional"])))
    return changes


def revisions_csv(observations: tuple[Observation, ...], previous: pa.Table) -> bytes:
    """Write one row a changed figure; a hidden figure is no figure, before or after."""
    return csv_bytes(HEADER, (_row(*change) for change in revised(observations, previous)))


def _row(observation: Observation, before: dict[str, Any], reason: str) -> tuple[str, ...]:
    decimals = decimals_of(observation.unit)
    value = observation.value or 0.0
    texts = (
        observation.indicator, observation.feed, observation.frequency, observation.area, observation.partner_area,
        observation.sex, observation.age, observation.subpopulation,
        sdmx_period(observation.frequency, observation.reference_period), before["release_id"],
    )  # fmt: skip
    numbers = (before["value"], value, value - before["value"])
    return (*map(safe_text, texts), *(plain(number, decimals) for number in numbers), reason)


def _reason(observation: Observation, was_provisional: bool) -> str:
    if was_provisional and observation.provisional:
        return "more outcomes known, the rest estimated again"
    if was_provisional:
        return "all outcomes decided: final"
    return "inputs or method changed after the figure was final"
