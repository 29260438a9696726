"""Sums made where the rows are: the same however persons are parted."""

from dataclasses import replace
from datetime import date

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.concepts.rules import RULES
from sandbox.lakehouse.tables.nowcasts import BACKTEST_SUM
from sandbox.nowcast.backtest import DECIDED
from sandbox.nowcast.features import Kept, Plan, crossing_rows
from sandbox.nowcast.parts import month_number
from sandbox.nowcast.tally import TOTAL, TOTAL_KEY, tallied

VINTAGE = month_number(date(2022, 6, 1))
PLAN = Plan(
    RULES["NZ_12_16"], VINTAGE, VINTAGE - 40, VINTAGE - 27, VINTAGE - 16, VINTAGE, 16, (VINTAGE,), "simple",
    kept=Kept.JUDGED,
)  # fmt: skip
KEYS = [*TOTAL_KEY, "horizon", "model", "bin"]


def summed(*tables: pa.Table) -> pd.DataFrame:
    rows = pa.concat_tables(tables).to_pandas().drop(columns="bucket")
    return rows.groupby(KEYS, dropna=False).sum().sort_index()


def test_sums_do_not_hang_on_how_persons_are_parted(border: pa.Table) -> None:
    one_half = pc.less(border["person_key"], 750 * 7919)
    parts = [border.filter(one_half), border.filter(pc.invert(one_half))]
    whole = summed(tallied(crossing_rows(border, PLAN), PLAN, {}))
    assert len(whole) > 500
    pd.testing.assert_frame_equal(summed(*(tallied(crossing_rows(part, PLAN), PLAN, {}) for part in parts)), whole)


def test_totals_count_what_was_undecided_and_what_was_decided(border: pa.Table) -> None:
    rows = crossing_rows(border, PLAN)
    sums = tallied(rows, PLAN, {}).to_pandas()
    totals = sums[sums.bin == TOTAL]
    decided = int(pc.sum(rows["decided"]).as_py())
    assert totals[totals.model == DECIDED].n.sum() == decided > 0
    assert totals[totals.model == "boosting"].n.sum() == rows.num_rows - decided
    # Where nothing was learnt every recipe answers as the rule so far.
    assert totals[totals.model == "boosting"].p.sum() == totals[totals.model == "rule_so_far"].p.sum() > 0


def test_only_crossings_whose_outcome_is_known_are_scored(border: pa.Table) -> None:
    late = replace(PLAN, judged_from=VINTAGE - 4, judged_to=VINTAGE - 1)
    sums = tallied(crossing_rows(border, late), late, {}).to_pandas()
    totals, bins = sums[(sums.bin == TOTAL) & (sums.model == "boosting")], sums[(sums.bin != TOTAL)]
    assert 0 < bins[bins.model == "boosting"].n.sum() < totals.n.sum()


def test_no_rows_make_no_sums(border: pa.Table) -> None:
    none = tallied(crossing_rows(border, PLAN).slice(0, 0), PLAN, {})
    assert none.num_rows == 0
    assert none.column_names == list(BACKTEST_SUM.names)
