"""Shares against the partner's own past: unknown values by column, columns that fell empty, duplicates, new codes."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.feeds.set_rules.finding import Finding
from sandbox.feeds.set_rules.panel import Floats, named

FEWEST_BEFORE, MOST_BEFORE = 3, 12
# Five points more than usual, and three times as far as the past's own largest distance from its median.
LEAST_RISE, TIMES_USUAL = 0.05, 3.0
EMPTY, FILLED = 0.999, 0.5
MOST_DUPLICATES = 0.01
# A code with a hundredth of the rows that no period before had, or one with a twentieth that is gone.
NEW_CODE, LOST_CODE = 0.01, 0.05


def share_findings(rows: pa.Table) -> list[Finding]:
    """Find periods that leave more of a column unknown than the periods before them.

    One row of `rows` is one `period` and `column`: its `unknown` values, of `rows`.
    """
    found = []
    for column in pc.unique(rows["column"]).sort().to_pylist():
        own = rows.filter(pc.equal(rows["column"], column)).sort_by("period")
        shares, periods = _shares(own, "unknown"), own["period"].to_pylist()
        for number in range(FEWEST_BEFORE, len(periods)):
            found += _risen(column, shares[: number + 1], periods[: number + 1])
    return found


def duplicate_findings(rows: pa.Table) -> list[Finding]:
    """Find periods of which over a hundredth of the rows had come before, if that is more than usual.

    One row of `rows` is one `period`: its `duplicates`, of `rows`.
    """
    own = rows.filter(pc.greater(rows["rows"], 0)).sort_by("period")
    shares, periods = _shares(own, "duplicates"), own["period"].to_pylist()
    found = []
    for number, period in enumerate(periods):
        usual = float(np.median(_before(shares, number))) if number else 0.0
        now = float(shares[number])
        if now > max(MOST_DUPLICATES, TIMES_USUAL * usual):
            text = f"{now:.1%} of the rows of {named(period, periods)} had come before; usual are {usual:.1%}"
            found.append(_finding("duplicates", text, period, {"share": now, "usual": usual}))
    return found


def code_findings(rows: pa.Table) -> list[Finding]:
    """Find codes that come up, or vanish, with a period.

    One row of `rows` is one `period`, `column` and `code`: its `rows`. Codes are of lists (networks, kinds), no names.
    """
    found = []
    periods = pc.unique(rows["period"]).sort().to_pylist()
    for column in pc.unique(rows["column"]).sort().to_pylist():
        own = rows.filter(pc.equal(rows["column"], column))
        by_period = [_code_shares(own.filter(pc.equal(own["period"], period))) for period in periods]
        for number in range(FEWEST_BEFORE, len(periods)):
            now, before = by_period[number], by_period[:number]
            new = sorted(c for c, share in now.items() if share >= NEW_CODE and not any(c in past for past in before))
            last = by_period[number - 1]
            lost = sorted(code for code, share in last.items() if share >= LOST_CODE and code not in now)
            if now and (new or lost):
                text = f"in {named(periods[number], periods)} {_codes_text(column, new, lost)}"
                figures = {"new": float(len(new)), "lost": float(len(lost))}
                found.append(_finding(f"code_list:{column}", text, periods[number], figures))
    return found


def _risen(column: str, shares: Floats, periods: Sequence[date]) -> list[Finding]:
    before, now, period = _before(shares, len(shares) - 1), float(shares[-1]), periods[-1]
    usual = float(np.median(before))
    figures = {"share": now, "usual": usual}
    if now >= EMPTY and usual <= FILLED:
        text = f"{column} is empty in {named(period, periods)}; in the periods before {usual:.1%} were unknown"
        return [_finding(f"column_empty:{column}", text, period, figures)]
    if now - usual <= max(LEAST_RISE, TIMES_USUAL * float(np.max(np.abs(before - usual)))):
        return []
    text = f"{now:.1%} of {column} are unknown in {named(period, periods)}; usual are {usual:.1%}"
    return [_finding(f"unknown_share:{column}", text, period, figures)]


def _shares(rows: pa.Table, counted: str) -> Floats:
    return rows[counted].to_numpy().astype(np.float64) / np.maximum(rows["rows"].to_numpy(), 1)


def _before(values: Floats, number: int) -> Floats:
    return values[max(0, number - MOST_BEFORE) : number]


def _finding(rule: str, text: str, period: date, figures: dict[str, float]) -> Finding:
    return Finding(rule, text, period_from=period, period_to=period, figures=figures)


def _code_shares(rows: pa.Table) -> dict[str, float]:
    summed = rows.group_by("code").aggregate([("rows", "sum")])
    total = pc.sum(summed["rows_sum"]).as_py() or 1
    codes = zip(summed["code"].to_pylist(), summed["rows_sum"].to_pylist(), strict=True)
    return {code: count / total for code, count in codes if code is not None and count}


def _codes_text(column: str, new: Sequence[str], lost: Sequence[str]) -> str:
    parts = [f"codes that no period before had: {', '.join(new)}"] if new else []
    parts += [f"codes that are gone: {', '.join(lost)}"] if lost else []
    return f"{column} has {'; '.join(parts)}"
