"""Audience estimates in the EU: known correlations, and what the break does."""

from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.eu_audience.model import Wave, log_correlation, regime_gate, waves_of, with_estimates
from sandbox.benchmark.gates import GateStatus


@cache
def waves_in(shared: Path) -> dict[str, Wave]:
    folder = shared / "data/fb_eu_stocks"
    rows = pd.read_csv(folder / "Fb_all_2016_2019_users_pop_coverage.csv.gz")
    floor = np.where(rows["year"] < 2018, 20, 1000)
    audience = pd.DataFrame(
        {
            "snapshot_ts": pd.to_datetime(rows["date"]),
            "origin_code": rows["orig"],
            "geo_code": rows["dest"],
            "mau": rows["mau"],
            "floor_value": floor,
            "is_censored": rows["mau"] <= floor,
        }
    )
    stocks = pd.read_csv(folder / "Eurostat_2010_2018_15_64.csv.gz").dropna(subset=["eurostat"])
    official = pd.DataFrame(
        {
            "period": [date(year, 1, 1) for year in stocks["year"]],
            "partner_area": stocks["orig"],
            "area": stocks["dest"],
            "value": stocks["eurostat"],
        }
    )
    return {wave.month: wave for wave in waves_of(audience, official)}


@pytest.mark.parametrize(
    ("month", "above", "correlation", "pairs"),
    [
        ("2016-05", 0, 0.795, 179),
        ("2016-05", 1000, 0.927, 112),
        ("2016-05", 20, 0.900, 165),
        ("2018-06", 0, 0.815, 440),
        ("2018-06", 1000, 0.903, 236),
    ],
)
def test_the_known_log_correlations(shared: Path, month: str, above: float, correlation: float, pairs: int) -> None:
    value, n = log_correlation(waves_in(shared)[month].rows, above)
    assert (round(value, 3), n) == (correlation, pairs)


def test_the_definition_break_of_spring_2019_is_seen_in_the_inputs_alone(shared: Path) -> None:
    waves = list(waves_in(shared).values())
    status = {now.month: regime_gate(now, before)[0].status for before, now in pairwise(waves)}
    assert [month for month, says in status.items() if says is GateStatus.WITHHOLD] == ["2019-04"]


def test_a_corridor_is_estimated_without_its_own_stock(shared: Path) -> None:
    wave = waves_in(shared)["2018-06"]
    row = int(wave.rows.index[wave.rows["stock"].notna() & ~wave.rows["censored"]][0])
    changed = wave.rows.copy()
    changed.loc[row, "stock"] *= 1000
    moved = Wave(wave.month, wave.year, changed)
    assert with_estimates(moved, None).loc[row, "estimate"] == with_estimates(wave, None).loc[row, "estimate"]


def test_one_audience_changed_changes_its_corridor(shared: Path) -> None:
    wave, earlier = waves_in(shared)["2018-06"], waves_in(shared)["2018-05"]
    row = int(wave.rows.index[~wave.rows["censored"]][0])
    changed = wave.rows.copy()
    changed.loc[row, "mau"] *= 2
    before, after = with_estimates(wave, earlier), with_estimates(Wave(wave.month, wave.year, changed), earlier)
    assert after.loc[row, "estimate"] > before.loc[row, "estimate"]
    assert after.drop(index=row)["estimate"].equals(before.drop(index=row)["estimate"])


def test_a_figure_at_the_floor_is_never_taken_as_its_value(shared: Path) -> None:
    wave, earlier = waves_in(shared)["2018-06"], waves_in(shared)["2018-05"]
    changed = wave.rows.copy()
    changed.loc[changed["censored"], "mau"] = 1.0
    before, after = with_estimates(wave, earlier), with_estimates(Wave(wave.month, wave.year, changed), earlier)
    assert after["estimate"].equals(before["estimate"])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:::mlflow", "ignore:::sqlalchemy", "ignore::DeprecationWarning")
def test_every_wave_has_a_verdict_and_ends_in_the_register(shared: Path, workspace: object) -> None:
    from experiments.eu_audience.run import run
    from sandbox.lakehouse import store
    from sandbox.lakehouse.tables.books import WITHHELD

    printed = run(workspace, shared, seed=1)
    waves = [row["wave"] for row in printed if "wave" in row]
    assert len(waves) == 11
    assert set(waves) <= set(store.read_small(workspace, WITHHELD)["period"].to_pylist())
