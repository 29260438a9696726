"""The simplest attack, from the published rows alone: a total less all the parts that are shown."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from sandbox.concepts.codes import TOTAL

SUMMED = ("REF_AREA", "PARTNER_AREA", "SEX", "AGE", "SUBPOPULATION")
FIXED = ("FREQ", "INDICATOR", "FEED", "TIME_PERIOD")


def recoverable(rows: Iterable[Mapping[str, str]]) -> int:
    """Count hidden cells that stand alone in a row of parts whose total is shown, whichever way parts are summed."""
    published = list(rows)
    given_away = set()
    for dimension in SUMMED:
        others = (*FIXED, *(name for name in SUMMED if name != dimension))
        lines: dict[tuple[str, ...], list[Mapping[str, str]]] = defaultdict(list)
        for row in published:
            lines[tuple(row[name] for name in others)].append(row)
        for key, line in lines.items():
            hidden = [row[dimension] for row in line if row["OBS_STATUS"] == "Q"]
            total_shown = any(row[dimension] == TOTAL and row["OBS_STATUS"] == "G" for row in line)
            if total_shown and len(hidden) == 1:
                given_away.add((dimension, key, hidden[0]))
    return len(given_away)
