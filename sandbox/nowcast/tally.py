"""Sums over judged crossings, made where the rows are: of totals by month and origin, and of narrow bins of p.

All are whole billionths, so that they are the same whatever order and parting the rows come in.
"""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.lakehouse.tables.nowcasts import BACKTEST_SUM
from sandbox.nowcast.backtest import DECIDED, months_of, predicted
from sandbox.nowcast.features import Plan
from sandbox.nowcast.parts import month_start
from sandbox.nowcast.school import Models, known_at
from sandbox.nowcast.scores import UNITS, bin_sums

TOTAL = -1
"""In place of a bin: a row that sums one month as seen at one origin."""
TOTAL_KEY = ["direction", "reference_month", "origin"]


def tallied(rows: pa.Table, plan: Plan, models: Models) -> pa.Table:
    """Return rows of `backtest_sum` of replayed crossings: undecided ones, and migrations decided at an origin."""
    undecided = rows.filter(pc.invert(rows["decided"]))
    keys = _keys(undecided).assign(outcome=known_at(undecided, len(plan.refits) - 1))
    long = pd.concat(
        [keys.assign(model=recipe.value, p=p) for recipe, p in predicted(undecided, models).items()], ignore_index=True
    )
    migrations = _keys(rows.filter(pc.fill_null(rows["is_migration"], False)))
    decided = migrations.groupby(TOTAL_KEY, as_index=False).size().rename(columns={"size": "n"})
    totals = pd.concat([decided.assign(model=DECIDED), _totals(long)], ignore_index=True)
    totals["horizon"] = totals["origin"] - totals["reference_month"]
    bins = bin_sums(long[long.outcome >= 0])
    dates = {int(month): month_start(int(month)) for column in TOTAL_KEY[1:] for month in totals[column].unique()}
    for column in TOTAL_KEY[1:]:
        totals[column] = totals[column].map(dates)
    found = pd.concat([totals.assign(bin=TOTAL), bins], ignore_index=True).assign(bucket=_bucket(rows))
    return _as_table(found)


def _keys(rows: pa.Table) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "direction": rows["direction"].to_numpy(zero_copy_only=False),
            "reference_month": months_of(rows["reference_month"]),
            "origin": months_of(rows["origin"]),
            "horizon": rows["horizon"].to_numpy(),
        }
    )


def _totals(long: pd.DataFrame) -> pd.DataFrame:
    units = long.assign(
        n=1,
        p=np.round(long.p * UNITS).astype(np.int64),
        square=np.round(long.p * (1 - long.p) * UNITS).astype(np.int64),
    )
    return units.groupby([*TOTAL_KEY, "model"], as_index=False)[["n", "p", "square"]].sum()


def _bucket(rows: pa.Table) -> int:
    return int(rows["bucket"][0].as_py()) if rows.num_rows else 0


def _as_table(found: pd.DataFrame) -> pa.Table:
    sums = ["n", "p", "outcome", "square", "log"]
    whole = found.reindex(columns=list(BACKTEST_SUM.names))
    whole[sums] = whole[sums].fillna(0).astype(np.int64)
    for name in TOTAL_KEY[1:]:
        whole[name] = pd.Series([None if pd.isna(month) else month for month in whole[name]], dtype=object)
    schema = BACKTEST_SUM.stored
    return pa.Table.from_pandas(whole, schema=schema, preserve_index=False)
