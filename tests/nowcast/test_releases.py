"""The backtest of a file: each release knows only what was known."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from types import ModuleType

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pytest

from sandbox.errors import CallError
from sandbox.nowcast.file_backtest import backtest_file
from sandbox.nowcast.headline import Releases, headline_table, totals_table
from sandbox.nowcast.movements import movements_of
from sandbox.nowcast.parts import month_number
from sandbox.nowcast.releases import Asked, Replay, replayed, scored_rows

# MLflow maps its tables with an option that SQLAlchemy 2.1 warns of, and warns of type hints of its own.
pytestmark = [
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy is deprecated"),
    pytest.mark.filterwarnings("ignore:.*Any type hint is inferred as AnyType"),
]


@pytest.fixture(scope="module")
def table(travellers: ModuleType) -> pa.Table:
    return travellers.movements(1_200, last=date(2022, 12, 31))


@pytest.fixture(scope="module")
def replay(table: pa.Table, asked: Asked) -> Replay:
    return replayed(movements_of(as_file(table)), asked)


@pytest.fixture(scope="module")
def totals(replay: Replay) -> pd.DataFrame:
    return totals_table(Releases(replay))


def as_file(table: pa.Table) -> pa.Table:
    person = table["person_key"].cast(pa.string())
    return table.drop_columns(["person_key", "bucket"]).append_column("person_id", person)


def known(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(columns="final")


def test_what_comes_after_a_vintage_changes_nothing_in_it(table: pa.Table, asked: Asked, totals: pd.DataFrame) -> None:
    seen = table.filter(pc.less(table["event_date"], pa.scalar(date(2021, 3, 1), pa.date32())))
    cut = totals_table(Releases(replayed(movements_of(as_file(seen)), asked)))
    pd.testing.assert_frame_equal(known(cut), known(totals), check_exact=True)


def test_a_vintage_does_not_depend_on_the_others_asked_for(table: pa.Table, asked: Asked, totals: pd.DataFrame) -> None:
    last = replace(asked, vintages=asked.vintages[-1:])
    alone = totals_table(Releases(replayed(movements_of(as_file(table)), last)))
    both = totals[totals.vintage == "2021-02"].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, both, check_exact=True)


def test_totals_tend_to_the_final_figure(totals: pd.DataFrame) -> None:
    errors = (totals.final - totals.estimate).abs().groupby(totals.horizon).sum()
    assert errors.loc[13:16].sum() < errors.loc[1:4].sum()


def test_where_nothing_is_repaired_no_interval_reaches_below_what_is_decided(table: pa.Table, asked: Asked) -> None:
    totals = totals_table(Releases(replayed(movements_of(as_file(table)), replace(asked, repair="none"))))
    bounded = totals.dropna(subset=["lower", "upper"])
    assert len(bounded) > 0
    assert (bounded.lower >= bounded.decided).all()
    assert (bounded.upper >= bounded.estimate).all()


def test_a_month_that_is_not_wholly_decided_has_no_final_figure(table: pa.Table, asked: Asked) -> None:
    late = range(month_number(date(2022, 12, 1)), month_number(date(2022, 12, 1)) + 1)
    found = totals_table(Releases(replayed(movements_of(as_file(table)), replace(asked, vintages=late))))
    assert found[found.horizon <= 10].final.isna().all()


def test_the_headline_has_nets_and_years_of_its_own(replay: Replay, totals: pd.DataFrame) -> None:
    head = headline_table(Releases(replay)).set_index(["measure", "span", "vintage", "horizon"]).estimate
    for vintage in ("2021-01", "2021-02"):
        a, d, net = (head[measure, "month", vintage, 1] for measure in ("A", "D", "net"))
        assert net == pytest.approx(a - d)
    months = totals[(totals.direction == "A") & (totals.vintage == "2021-02") & totals.horizon.between(1, 12)]
    assert head["A", "year ending", "2021-02", 1] == pytest.approx(months.estimate.sum())


def test_all_six_models_are_scored_on_the_same_crossings(replay: Replay) -> None:
    rows = scored_rows(replay)
    counts = rows.groupby(["model", "direction", "horizon"]).size().unstack("model")
    assert set(counts.columns) == {"champion", "logistic", "ia", "ib", "rule_so_far", "prior"}
    assert counts.nunique(axis=1).eq(1).all()


def test_a_release_after_the_end_of_the_file_is_refused(table: pa.Table, asked: Asked) -> None:
    future = range(month_number(date(2023, 3, 1)), month_number(date(2023, 3, 1)) + 1)
    with pytest.raises(CallError, match="movements end in 2022-12"):
        replayed(movements_of(as_file(table)), replace(asked, vintages=future))


def test_before_anything_could_be_learnt_the_rule_so_far_answers(table: pa.Table, asked: Asked) -> None:
    early = range(month_number(date(2017, 6, 1)), month_number(date(2017, 6, 1)) + 1)
    found = replayed(movements_of(as_file(table)), replace(asked, vintages=early))
    judged = found.predictions[found.predictions.origin == early[0]]
    assert (judged.boosting == judged.rule_so_far).all()
    assert totals_table(Releases(found)).lower.isna().all()


def test_rows_without_a_date_or_direction_are_left_out_and_counted() -> None:
    table = pa.table(
        {
            "movement_id": ["1", "2", "3", "4"],
            "traveller_id": ["a", "a", "b", None],
            "date": ["2020-01-01", "20224-01-01", "2020-02-01", "2020-02-01"],
            "direction": ["A", "D", "X", "A"],
        }
    )
    found = movements_of(table)
    assert (found.rows.num_rows, found.left_out) == (1, 3)


def test_the_command_writes_three_files_and_one_run(table: pa.Table, asked: Asked, tmp_path: Path) -> None:
    file = tmp_path / "movements.csv"
    pacsv.write_csv(as_file(table), file)
    backtest_file(file, None, replace(asked, vintages=asked.vintages[:1]), tmp_path / "out")
    columns = {name: list(pd.read_csv(tmp_path / "out" / f"{name}.csv")) for name in ("totals", "headline", "scores")}
    interval = ["estimate", "lower", "upper", "final"]
    assert columns == {
        "totals": ["direction", "reference_month", "vintage", "horizon", "decided", *interval],
        "headline": ["measure", "span", "reference_month", "vintage", "horizon", *interval],
        "scores": ["model", "direction", "horizon", "n", "brier", "log_loss", "ece"],
    }
    assert (tmp_path / "out" / "mlflow.db").is_file()
