"""The stage: what is compared with what, as known at the vintage, and what each series' verdict rests on."""

from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
import pytest

from sandbox.benchmark.series import Series, series_of
from sandbox.benchmark.stage import Evidence, judge, no_better_than_parts
from sandbox.concepts.indicators import INDICATORS
from sandbox.lakehouse.tables.books import FEED_WARNING
from sandbox.lakehouse.tables.feeds import OFFICIAL_SERIES
from sandbox.lakehouse.tables.figures import BACKTEST_TOTAL, ESTIMATE, INTERVAL_BAND

VINTAGE = date(2025, 12, 1)
MONTHS = [date(2018 + n // 12, n % 12 + 1, 1) for n in range(72)]
TOTALS = dict.fromkeys(("area", "partner_area", "sex", "age", "subpopulation"), "_T")


def level(month: date) -> float:
    return 100.0 + 20 * (month.month % 5) + 30 * (month.year % 2)


def said(month: date) -> float:
    """What we estimate: right but for one month in two years, so that 95 % bounds hold about 95 %."""
    return level(month) + (9 if month.month == 5 and month.year % 2 else 0)


def estimate(indicator: str = "IMM", **columns: Any) -> pd.DataFrame:
    catalogue = INDICATORS[indicator]
    rows = [
        {
            **dict.fromkeys(ESTIMATE.names),
            **TOTALS,
            "indicator": indicator,
            "rule_id": catalogue.rule_id,
            "feed": catalogue.feed,
            "frequency": "M",
            "reference_period": month,
            "vintage": VINTAGE,
            "estimate": said(month),
            "se": 3.0,
            "lower": said(month) - 6,
            "upper": said(month) + 6,
            "provisional": False,
            "calibrated_to": "",
            **columns,
        }
        for month in MONTHS
    ]
    return pd.DataFrame(rows).astype({"unadjusted": float})


def official(series_id: str = "OFFICIAL_IMM", vintage: date = date(2025, 6, 1), **columns: Any) -> pd.DataFrame:
    rows = [
        {
            **dict.fromkeys(OFFICIAL_SERIES.names),
            **TOTALS,
            "series_id": series_id,
            "concept": "NZ_12_16",
            "population": "all travellers",
            "unit": "persons",
            "frequency": "M",
            "period": month,
            "value": level(month),
            "se": 1.0,
            "vintage": vintage,
            **columns,
        }
        for month in MONTHS
    ]
    return pd.DataFrame(rows)


def evidence(official_rows: pd.DataFrame, totals: list[dict[str, Any]] | None = None) -> Evidence:
    empty = {
        t.name: t.schema.empty_table().to_pandas() for t in (BACKTEST_TOTAL, INTERVAL_BAND, ESTIMATE, FEED_WARNING)
    }
    replayed = pd.DataFrame(totals) if totals else empty["backtest_total"]
    return Evidence(
        official_rows, replayed, empty["interval_band"], empty["estimate"], empty["feed_warning"], VINTAGE, "XAA"
    )


def only(rows: pd.DataFrame) -> Series:
    (series,) = series_of(rows)
    return series


def verdict(rows: pd.DataFrame, against: Evidence) -> dict[str, Any]:
    return judge(only(rows), against)[1][0]


def test_an_estimate_equal_to_its_official_series_is_published() -> None:
    assert verdict(estimate(), evidence(official()))["verdict"] == "PUBLISH"


def test_an_estimate_a_third_too_high_is_withheld() -> None:
    rows = estimate()
    rows[["estimate", "lower", "upper"]] *= 4 / 3
    assert verdict(rows, evidence(official()))["verdict"] == "WITHHOLD"


def test_first_and_latest_publication_are_both_compared_and_the_latest_decides() -> None:
    first = official(vintage=date(2025, 1, 1))
    first["value"] *= 2
    found, verdicts = judge(only(estimate()), evidence(pd.concat([first, official()])))
    wmape = {row["benchmark_vintage"]: row["value"] for row in found if row["measure"] == "wmape"}
    assert wmape["first"] == pytest.approx(0.5, abs=0.01)
    assert wmape["latest"] < 0.01
    assert verdicts[0]["verdict"] == "PUBLISH"


def test_a_net_of_raw_passengers_is_not_assessable_against_migration() -> None:
    says = verdict(estimate("NET_AIR"), evidence(official("OFFICIAL_NET")))
    assert says["verdict"] == "NOT_ASSESSABLE"
    assert "different_concept" in says["reasons"]


def test_an_indicator_without_official_series_is_unbenchmarked() -> None:
    says = verdict(estimate("NIGHTS_NONRES"), evidence(official()))
    assert (says["verdict"], says["benchmark"]) == ("UNBENCHMARKED", "")


def test_an_adjusted_series_is_judged_before_its_adjustment() -> None:
    rows = estimate("IMM_ADJ", calibrated_to="OFFICIAL_IMM")
    rows["unadjusted"] = rows["estimate"] * 1.5
    says = verdict(rows, evidence(official()))
    assert says["verdict"] == "WITHHOLD"
    assert any("largest adjustment 33.3%" in reason for reason in says["reasons"])


def test_an_adjusted_series_without_its_figures_before_is_refused() -> None:
    says = verdict(estimate("IMM_ADJ", calibrated_to="OFFICIAL_IMM"), evidence(official()))
    assert says["verdict"] == "NOT_ASSESSABLE"


def test_a_net_is_judged_against_the_gross_flow() -> None:
    against = pd.concat([official("OFFICIAL_NET"), official("OFFICIAL_IMM"), official("OFFICIAL_EMI")])
    rows = estimate("NET")
    rows["estimate"] = rows["reference_period"].map(level) + 10
    found, _ = judge(only(rows), evidence(against))
    gates = {row["measure"]: row for row in found if row["benchmark_vintage"] == "latest"}
    gross = sum(2 * level(month) for month in MONTHS)
    assert gates["signed_error"]["value"] == pytest.approx(10 * len(MONTHS) / gross)
    assert "wmape" not in gates


def replayed(error: float, horizon: int = 3) -> list[dict[str, Any]]:
    return [
        {
            "rule_id": "NZ_12_16",
            "direction": "A",
            "reference_month": month,
            "origin": month,
            "horizon": horizon,
            "decided": 0.0,
            "estimate": 100.0 * (1 + error),
            "naive": 150.0,
            "final": 100.0,
        }
        for month in MONTHS[:12]
    ]


@pytest.mark.parametrize(("error", "expected"), [(0.05, "PUBLISH"), (0.2, "CAUTION"), (0.4, "WITHHOLD")])
def test_a_provisional_month_is_judged_by_what_past_vintages_said_at_its_horizon(error: float, expected: str) -> None:
    rows = estimate()
    young = rows.iloc[[-1]].assign(reference_period=date(2025, 9, 1), provisional=True)
    _, verdicts = judge(only(pd.concat([rows, young])), evidence(official(), replayed(error)))
    assert [row["period"] for row in verdicts] == ["_T", "2025-09"]
    assert verdicts[0]["verdict"] == "PUBLISH"
    assert verdicts[1]["verdict"] == expected


def test_a_horizon_that_was_never_replayed_is_at_best_caution() -> None:
    rows = estimate()
    young = rows.iloc[[-1]].assign(reference_period=date(2025, 5, 1), provisional=True)
    _, verdicts = judge(only(pd.concat([rows, young])), evidence(official(), replayed(0.0)))
    assert verdicts[1]["verdict"] == "CAUTION"


def test_a_regime_that_the_nowcast_withholds_is_withheld_here() -> None:
    rows = estimate()
    young = rows.iloc[[-1]].assign(reference_period=date(2025, 9, 1), provisional=True)
    band = pd.DataFrame([{"rule_id": "NZ_12_16", "direction": "A", "horizon": 3, "state": "withheld"}])
    against = replace(evidence(official(), replayed(0.0)), bands=band)
    assert judge(only(pd.concat([rows, young])), against)[1][1]["verdict"] == "WITHHOLD"


def test_earlier_vintages_give_the_revisions() -> None:
    before = estimate().assign(vintage=date(2025, 11, 1))
    before["estimate"] *= 0.9
    found, _ = judge(only(estimate()), replace(evidence(official()), earlier=before))
    revision = {row["measure"]: row["value"] for row in found}
    assert revision["revision_mean"] == pytest.approx(0.1)


def test_estimates_of_periods_without_official_value_have_no_pairs() -> None:
    later = estimate().assign(reference_period=[date(month.year + 20, month.month, 1) for month in MONTHS])
    says = verdict(later, evidence(official()))
    assert (says["verdict"], says["reasons"]) == ("NOT_ASSESSABLE", ["no_pairs: nothing to compare"])


def test_margins_that_the_office_does_not_publish_are_not_counted_as_flows() -> None:
    flows = {("A1", "A2"): 50.0, ("A2", "A1"): 70.0, ("A1", "A3"): 10.0, ("A3", "A1"): 20.0}
    year = {"frequency": "A", "reference_period": date(2024, 1, 1), "calibrated_to": "CENSUS_POP"}
    base = estimate("INT_FLOW").iloc[:1].assign(**year)
    cells = [*((*pair, flow) for pair, flow in flows.items()), ("A1", "_T", 60.0), ("_T", "_T", 150.0)]
    ours = pd.concat([base.assign(area=a, partner_area=b, estimate=n) for a, b, n in cells])
    theirs = official("OFFICIAL_INT", concept="INT_50", population="usual residents").iloc[:1]
    theirs = theirs.assign(frequency="A", period=date(2024, 1, 1))
    both = pd.concat([theirs.assign(area=a, partner_area=b, value=n) for (a, b), n in flows.items()])
    found, _ = judge(only(ours), evidence(both))
    latest = {row["measure"]: row["value"] for row in found if row["benchmark_vintage"] == "latest"}
    assert (latest["cpc"], latest["only_estimate"]) == (1.0, 0.0)


@pytest.mark.slow
def test_the_stage_writes_what_it_judged_and_sees_nothing_published_later(workspace: Any, spark: Any) -> None:
    from sandbox.benchmark import stage
    from sandbox.benchmark.records import rows_of
    from sandbox.lakehouse.run import StageRun
    from sandbox.lakehouse.tables.figures import COMPARISON, VERDICT

    run = StageRun(workspace, "benchmark", date(2025, 11, 1), VINTAGE, seed=1)
    run.write_small(
        rows_of(estimate().astype(object).where(lambda f: f.notna(), None).to_dict("records"), ESTIMATE), ESTIMATE
    )
    later = official(vintage=date(2026, 1, 1))
    later["value"] *= 2
    both = pd.concat([official(), later]).assign(partner="statistics_office", delivery_id="d")
    run.write_small(rows_of(both.to_dict("records"), OFFICIAL_SERIES), OFFICIAL_SERIES)
    stage.run(run)
    assert run.read_small(VERDICT)["verdict"].to_pylist() == ["PUBLISH"]
    assert run.read_small(COMPARISON, vintage=VINTAGE).num_rows > 20


def test_a_net_is_no_better_than_its_parts() -> None:
    def verdict(indicator: str, verdict: str, period: str = "_T") -> dict[str, Any]:
        return {"indicator": indicator, "frequency": "M", "period": period, "verdict": verdict, "reasons": []}

    found = no_better_than_parts(
        [
            verdict("IMM", "CAUTION"),
            verdict("EMI", "WITHHOLD"),
            verdict("NET", "CAUTION"),
            verdict("IMM", "PUBLISH", "2025-11"),
            verdict("EMI", "PUBLISH", "2025-11"),
            verdict("NET", "CAUTION", "2025-11"),
        ]
    )

    assert [row["verdict"] for row in found if row["indicator"] == "NET"] == ["WITHHOLD", "CAUTION"]
    assert found[2]["reasons"] == ["part EMI: WITHHOLD"]
