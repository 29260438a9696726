"""Stage 6: estimates beside official series; measures, gates, one verdict a series or provisional month."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import pandas as pd

from sandbox.benchmark.alignment import Alignment, Declared, aligned
from sandbox.benchmark.backtest import Backtest, backtest_of, horizon_of
from sandbox.benchmark.claims import claim_of, declared_estimate
from sandbox.benchmark.gates import Gate, all_gates, cell_cv
from sandbox.benchmark.lookback import with_warnings
from sandbox.benchmark.measures import Measures, all_measures
from sandbox.benchmark.pairs import Pairs, Side, paired
from sandbox.benchmark.records import Row, SeriesId, comparison_rows, rows_of, verdict_row
from sandbox.benchmark.revisions import revisions
from sandbox.benchmark.series import (
    CELL,
    FIRST,
    LATEST,
    Series,
    known_official,
    paired_series,
    published,
    series_of,
    totals_and_cells,
)
from sandbox.benchmark.verdict import Judged, judged, judged_alone, unpaired, worst
from sandbox.concepts.codes import TOTAL, Verdict
from sandbox.concepts.indicators import INDICATORS
from sandbox.lakehouse import store
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables.books import FEED_WARNING
from sandbox.lakehouse.tables.feeds import OFFICIAL_SERIES
from sandbox.lakehouse.tables.figures import BACKTEST_TOTAL, COMPARISON, ESTIMATE, INTERVAL_BAND, VERDICT


@dataclass(frozen=True)
class Evidence:
    """What the stage judges by: official rows known at the vintage, replayed totals, bands, earlier estimates.

    `warnings` are what the feeds' own rows showed.
    """

    official: pd.DataFrame
    totals: pd.DataFrame
    bands: pd.DataFrame
    earlier: pd.DataFrame
    warnings: pd.DataFrame
    vintage: date
    territory: str


def run(run: StageRun) -> None:
    """Compare every series of this vintage with its official series and write comparisons and verdicts."""
    estimates = run.read_small(ESTIMATE).to_pandas()
    evidence = Evidence(
        official=known_official(_small(run, OFFICIAL_SERIES), run.vintage),
        totals=_small(run, BACKTEST_TOTAL, vintage=run.vintage),
        bands=_small(run, INTERVAL_BAND, vintage=run.vintage),
        earlier=estimates[estimates["vintage"] < run.vintage],
        warnings=_small(run, FEED_WARNING),
        vintage=run.vintage,
        territory=run.workspace.settings.country.code,
    )
    comparisons: list[Row] = []
    verdicts: list[Row] = []
    for series in series_of(estimates[estimates["vintage"] == run.vintage]):
        found, says = judge(series, evidence)
        comparisons += found
        verdicts += with_warnings(says, series, evidence.warnings)
        run.say(f"{series.indicator.id} {series.frequency}: {says[0]['verdict']}")
    verdicts = no_better_than_parts(verdicts)
    run.write_small(rows_of(comparisons, COMPARISON), COMPARISON, vintage=run.vintage)
    run.write_small(rows_of(verdicts, VERDICT), VERDICT, vintage=run.vintage)


def judge(series: Series, evidence: Evidence) -> tuple[list[Row], list[Row]]:
    """Return rows of COMPARISON and VERDICT of one series; the first verdict is the whole series'."""
    benchmark = series.indicator.benchmark_series
    theirs = published(evidence.official, benchmark, series.frequency, LATEST)
    if not benchmark or theirs.empty:
        return _judged_alone(series, evidence)
    alignment = _alignment(series, theirs, evidence.territory)
    rows: list[Row] = []
    for which in (FIRST, LATEST):
        pairs = paired_series(series, evidence.official, which)
        measures, gates = _battery(pairs, alignment)
        rows += comparison_rows(_id(series, evidence), (benchmark, which), measures, gates, len(pairs.matched))
    rows += _measured(series, evidence, revisions(series, evidence.earlier))
    whole = unpaired() if pairs.matched.empty else judged(gates, alignment, _notes(series, theirs))
    verdicts = [verdict_row(_id(series, evidence), TOTAL, benchmark, whole, alignment)]
    backtest = backtest_of(series.indicator.id, series.rule_id, evidence.totals, evidence.bands)
    if backtest is not None and series.frequency == "M":
        rows += _measured(series, evidence, backtest.measures())
        verdicts += _provisional(series, evidence, backtest, whole, alignment)
    return rows, verdicts


def no_better_than_parts(verdicts: Sequence[Row]) -> list[Row]:
    """Return the verdicts, each no better than those of the parts that its figures are computed from.

    A difference that goes out beside one of its parts gives the other part away.
    """
    found = {(row["indicator"], row["frequency"], row["period"]): row for row in verdicts}

    def with_parts(row: Row) -> Row:
        parts = [(name, row["frequency"], row["period"]) for name in INDICATORS[row["indicator"]].parts]
        told = [found[part] for part in parts if part in found]
        least = worst([Verdict(each["verdict"]) for each in (row, *told)])
        if least is Verdict(row["verdict"]):
            return row
        blamed = [each["indicator"] for each in told if Verdict(each["verdict"]) is least]
        reasons = [*row["reasons"], f"part {', '.join(blamed)}: {least.value}"]
        return {**row, "verdict": least.value, "reasons": reasons}

    return [with_parts(row) for row in verdicts]


def _judged_alone(series: Series, evidence: Evidence) -> tuple[list[Row], list[Row]]:
    """Judge a series of which no official one exists, by the gate that needs none."""
    ours = series.judged_rows()
    nothing = ours.iloc[:0].assign(value=pd.Series(dtype=float))
    pairs = paired(Side(ours, "estimate", "lower", "upper", "se"), Side(nothing, "value"), CELL, "period")
    gates = [] if series.indicator.signed else [cell_cv(pairs)]
    rows = comparison_rows(_id(series, evidence), ("", LATEST), {}, gates)
    return rows, [verdict_row(_id(series, evidence), TOTAL, "", judged_alone(gates), None)]


def _battery(pairs: Pairs, alignment: Alignment) -> tuple[Measures, list[Gate]]:
    """Return measures and gates of the totals, and of the cells that they are broken down to (`cells_…`)."""
    stands = alignment.is_assessable and not alignment.in_sample
    totals, cells = totals_and_cells(pairs)
    if totals.matched.empty:
        return all_measures(cells), all_gates(cells) if stands else []
    measures, gates = all_measures(totals), all_gates(totals) if stands else []
    if cells.matched.empty:
        return measures, gates
    measures |= {f"cells_{name}": value for name, value in all_measures(cells).items()}
    if stands:
        gates += [replace(gate, id=f"cells_{gate.id}") for gate in all_gates(cells)]
    return measures, gates


def _alignment(series: Series, theirs: pd.DataFrame, territory: str) -> Alignment:
    first = theirs.iloc[0]
    official = Declared(
        {
            "concept": str(first["concept"]),
            "population": str(first["population"] or ""),
            "territory": territory,
            "period": series.frequency,
            "unit": str(first["unit"]),
        },
        id=series.indicator.benchmark_series,
    )
    # Figures before the adjustment were not made from the benchmark: they are judged in its place.
    fitted = "" if series.is_adjusted_to_benchmark and series.has_unadjusted else series.calibrated_to
    ours = declared_estimate(series.indicator, territory, series.frequency, fitted)
    return aligned(ours, official, claim_of(series.indicator).conversions)


def _notes(series: Series, theirs: pd.DataFrame) -> list[str]:
    notes = [] if theirs["se"].notna().any() else ["official_error_not_stated"]
    if series.is_adjusted_to_benchmark and series.has_unadjusted:
        notes.append(
            f"judged before it was adjusted to {series.indicator.benchmark_series}; "
            f"largest adjustment {series.adjustment():.1%}"
        )
    return notes


def _provisional(
    series: Series, evidence: Evidence, backtest: Backtest, whole: Judged, alignment: Alignment
) -> list[Row]:
    """Return one verdict a provisional month: the series' own, or worse if the backtest at its horizon is."""
    rows = series.rows[series.rows["provisional"].fillna(False).astype(bool)]
    verdicts = []
    for month in sorted(set(rows["reference_period"])):
        both = _worse(whole, backtest.gates(horizon_of(month, evidence.vintage)), alignment)
        period = f"{month:%Y-%m}"
        benchmark = series.indicator.benchmark_series
        verdicts.append(verdict_row(_id(series, evidence), period, benchmark, both, alignment))
    return verdicts


def _worse(whole: Judged, gates: Sequence[Gate], alignment: Alignment) -> Judged:
    """Return the worse of the series' verdict and the backtest's; a horizon never replayed is at best caution."""
    if whole.verdict is Verdict.NOT_ASSESSABLE:
        return whole
    own = judged(gates, alignment)
    return Judged(worst([whole.verdict, own.verdict]), tuple(dict.fromkeys((*whole.reasons, *own.reasons))))


def _measured(series: Series, evidence: Evidence, measures: dict[str, tuple[float, int]]) -> list[Row]:
    """Return rows of measures that need no official series."""
    rows: list[Row] = []
    for name, (value, n) in measures.items():
        rows += comparison_rows(_id(series, evidence), ("", LATEST), {name: value}, [], n)
    return rows


def _id(series: Series, evidence: Evidence) -> SeriesId:
    return SeriesId(series.indicator.id, series.rule_id, series.feed, series.frequency, evidence.vintage)


def _small(run: StageRun, table: Table, **where: store.Value) -> pd.DataFrame:
    """Return a table as pandas; one that nothing has written yet has no rows."""
    if store.latest_version(run.workspace, table) is None:
        return table.schema.empty_table().to_pandas()
    return run.read_small(table, **where).to_pandas()
