"""Migrations counted on noisy linkage, with each kind of repair, beside the truth.

`python -m experiments.bench_linkage` prints one line a setting, seed, method and direction. Parameters were
chosen on seed 1; the seeds here were not looked at then.
"""

import sys
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from sandbox.concepts.rules import RULES
from sandbox.persons.crossings import Repair, crossings_decided
from sandbox.persons.first_seen import as_table, status_at_first_sight
from sandbox.persons.movements import CrossingColumns
from sandbox.synthetic import country
from sandbox.synthetic.border_files import movements, with_faults
from sandbox.synthetic.chance import stream
from sandbox.synthetic.country import Truth
from sandbox.synthetic.days import day_number
from sandbox.synthetic.scenario import read

SEEDS, SCALE = (2, 3, 4), 0.2
RULE = RULES["NZ_12_16"]
UNTIL = date(2026, 1, 1)
# Crossings whose window of 487 days was seen whole, of persons who were seen for a year and a half before.
COUNTED = (date(2018, 7, 1), date(2024, 8, 31))
SETTINGS: dict[str, dict[str, float]] = {
    "whole": {"missed": 0.0, "duplicated": 0.0, "unlinked": 0.0},
    "as shipped": {},
    "noisy": {"missed": 0.03, "unlinked": 0.01},
    "exchanged": {"exchanged": 0.01},
}
COLUMNS = CrossingColumns(person="person_key", day="event_date")
BARE = ("movement_id", "person_key", "event_date", "event_ts", "direction")
SHARES = ("excess %", "false %", "lost %", "not in the file %")


def delivered(truth: Truth, exchanged: float) -> pd.DataFrame:
    """Return what the border office has of the truth, sorted by traveller and time, with true `person_id` and `day`.

    `exchanged` is the share of travellers whose document goes on, from some day, with another traveller.
    """
    rows = with_faults(movements(truth, truth.seed), truth, truth.seed)
    holder = truth.travellers.set_index("traveller_id")["person_id"]
    rows["person_id"] = holder.reindex(rows["traveller_id"]).to_numpy()
    names, key = np.unique(rows["traveller_id"].to_numpy(str), return_inverse=True)
    rng, day = stream(truth.seed, "exchanged documents"), rows["day"].to_numpy()
    pairs = rng.permutation(len(names))[: 2 * round(len(names) * exchanged / 2)].reshape(-1, 2)
    heir, since = np.arange(len(names)), np.full(len(names), day.max() + 1)
    heir[pairs], since[pairs] = pairs[:, ::-1], rng.integers(day.min(), day.max(), len(pairs))[:, None]
    rows["person_key"] = np.where(day >= since[key], heir[key], key)
    rows["event_date"] = pd.to_datetime(rows["event_date"]).dt.date
    return rows.sort_values(["person_key", "event_ts", "movement_id"], ignore_index=True)


def methods(rows: pa.Table, home: str) -> Iterator[tuple[str, pa.Table]]:
    """Return what each kind of repair makes of the crossings; first sight is the pipeline's guess who was a visitor."""
    first_sight = as_table(status_at_first_sight(rows, home), rows)
    for repair in Repair:
        yield repair.value, crossings_decided(rows, RULE, UNTIL, repair, COLUMNS)
    for repair in (Repair.SIMPLE, Repair.FULL):
        yield f"{repair} + first sight", crossings_decided(rows, RULE, UNTIL, repair, COLUMNS, first_sight)
    yield "full, dates alone", crossings_decided(rows.select(BARE), RULE, UNTIL, Repair.FULL, COLUMNS)


def counted(truth: Truth, rows: pd.DataFrame, decided: pa.Table) -> Iterator[dict[str, Any]]:
    """Return one row a direction: migrations true and counted, and shares of the true ones."""
    first, last = map(day_number, COUNTED)
    found = rows[["person_id", "day"]].assign(
        arrival=(rows["direction"] == "A").to_numpy(),
        weight=decided["linkage_weight"].to_numpy() if "linkage_weight" in decided.column_names else 1.0,
    )[np.asarray(decided["is_migration"].fill_null(0).to_numpy(), bool)]
    true = truth.crossings[truth.crossings["is_migration"]]
    found, true = (each[each["day"].between(first, last)] for each in (found, true))
    for arrival, direction in ((True, "A"), (False, "D")):
        ours = found[found["arrival"] == arrival]
        theirs = true[true["arrival"] == arrival].assign(direction=direction)
        right = len(ours.merge(theirs[["person_id", "day"]]).drop_duplicates(["person_id", "day"]))
        sent = len(theirs.merge(rows[["person_id", "day", "direction"]]).drop_duplicates(["person_id", "day"]))
        shares = [len(ours) - len(theirs), len(ours) - right, len(theirs) - right, len(theirs) - sent]
        yield {
            "direction": direction,
            "true": len(theirs),
            "counted": len(ours),
            **dict(zip(SHARES, (100 * share / len(theirs) for share in shares), strict=True)),
            "weighted excess %": 100 * (ours["weight"].sum() / len(theirs) - 1),
        }


def results(
    seeds: Iterable[int] = SEEDS, scale: float = SCALE, settings: Iterable[str] = tuple(SETTINGS)
) -> Iterator[dict[str, Any]]:
    """Return one row a setting, seed, method and direction."""
    for setting in settings:
        told = dict(SETTINGS[setting])
        exchanged = told.pop("exchanged", 0.0)
        scenario = read()
        scenario = scenario.model_copy(update={"border": scenario.border.model_copy(update=told)})
        for seed in seeds:
            truth = country.make(scale, seed, scenario)
            rows = delivered(truth, exchanged)
            table = pa.Table.from_pandas(rows.drop(columns=["traveller_id", "person_id", "day"]), preserve_index=False)
            for method, decided in methods(table, scenario.country.code):
                for row in counted(truth, rows, decided):
                    yield {"setting": setting, "seed": seed, "method": method} | row


def main() -> None:
    """Print every row."""
    for number, row in enumerate(results(tuple(map(int, sys.argv[1:])) or SEEDS)):
        if not number:
            sys.stdout.write(" | ".join(row) + "\n")
        sys.stdout.write(" | ".join(f"{v:+.2f}" if isinstance(v, float) else str(v) for v in row.values()) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
