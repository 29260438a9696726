"""What no row shows by itself: years that are wrong, copies, and rows that contradict one that came before."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sandbox.feeds.amended import Amended, Judge, amended, dropped
from sandbox.feeds.contract import Contract
from sandbox.feeds.duplicates import CONFLICT, keys_in, repeated_keys, told_apart
from sandbox.feeds.feed_rows import FeedRows, dataset_of, folders_of, noted, staging_folder
from sandbox.feeds.notes import FileNote, Part
from sandbox.feeds.parts import HashTask, by_row
from sandbox.feeds.profile import Account
from sandbox.feeds.row_hash import Words
from sandbox.feeds.years import judges_of_years
from sandbox.lakehouse import store
from sandbox.lakehouse.run import StageRun


def settle(run: StageRun, rows: FeedRows, contracts: Mapping[str, Contract]) -> None:
    """Mend years or hold their rows, leave copies out, hold contradictions: what no row shows by itself."""
    if rows.feed == "air_od_month" and rows.parts:
        judges = judges_of_years(rows.accounts, _month_totals(run, rows), contracts)
        _amend(run, rows, [judges.get(account.delivery.id) for account, _, _ in rows.parts])
    _amend(run, rows, _judges_of_copies(run, rows))


def _judges_of_copies(run: StageRun, rows: FeedRows) -> list[Judge | None]:
    """Return for each part what leaves out its repeated rows; nearly always nothing."""
    before = [task for task in rows.history if task.delivery_id not in rows.own]
    parts = [part for _, _, part in rows.parts]
    keys = [lambda part=part: by_row(part).key for part in parts]
    keys += [lambda task=task: keys_in(Path(task.out)) for task in before]
    sizes = [part.written.rows for part in parts] + [Path(task.out).stat().st_size // 8 for task in before]
    repeated = repeated_keys(keys, sum(sizes))
    if not len(repeated):
        return [None] * len(parts)
    turns = [rows.taken.index(account.delivery.id) for account, _, _ in rows.parts]
    found = told_apart(parts, turns, _rivals_in_bronze(run, before, repeated), repeated)
    for (account, _, _), (copies, _) in zip(rows.parts, found, strict=True):
        account.rows_duplicate += len(copies)
    return [dropped(*each, CONFLICT) if len(each[0]) + len(each[1]) else None for each in found]


def _rivals_in_bronze(run: StageRun, before: Sequence[HashTask], repeated: Words) -> Words:
    """Return key and content of the rows of bronze whose key comes again, shape (rows, 2)."""
    wanted = staging_folder(run) / "wanted.npy"
    asked = []
    for task in before:
        if np.isin(keys_in(Path(task.out)), repeated).any():
            asked.append(HashTask(task.path, task.feed, task.delivery_id, f"{task.out}.rivals", str(wanted), task.size))
    if not asked:
        return np.zeros((0, 2), np.uint64)
    np.save(wanted, repeated)
    noted(run, asked)
    return np.concatenate([np.fromfile(task.out, np.uint64).reshape(-1, 2) for task in asked])


def _amend(run: StageRun, rows: FeedRows, judges: Sequence[Judge | None]) -> None:
    """Write parts anew where there is a judge; what is held counts under its rule."""
    folders = folders_of(run, rows.bronze)

    def written_anew(entry: tuple[Account, FileNote, Part], judge: Judge | None) -> Amended:
        _, note, part = entry
        if judge is None:
            return Amended([part], [], Counter())
        return amended(part, rows.bronze, note.file, folders, judge)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(written_anew, rows.parts, judges))
    for (_, note, _), each in zip(rows.parts, found, strict=True):
        note.rules.update(each.rules)
        rows.quarantined += each.held
    rows.parts = [(*entry[:2], part) for entry, each in zip(rows.parts, found, strict=True) for part in each.parts]


def _with_delivery(rows: pa.Table, account: Account) -> pa.Table:
    return rows.append_column("delivery_id", pa.repeat(pa.scalar(account.delivery.id), rows.num_rows))


def _month_totals(run: StageRun, rows: FeedRows) -> pa.Table:
    """Return passengers by delivery, source and month, of the parts and of bronze: what the rule on years compares."""
    columns, folder = ["source", "period", "passengers"], rows.bronze.path(run.workspace)
    tables = [
        _with_delivery(pq.read_table(folder / part.written.path, columns=columns, partitioning=None), account)
        for account, _, part in rows.parts
    ]
    if store.latest_version(run.workspace, rows.bronze) is not None:
        others = ~pc.field("delivery_id").isin(pa.array(sorted(rows.own), pa.string()))
        tables.append(dataset_of(run, rows.bronze).to_table(columns=[*columns, "delivery_id"], filter=others))
    joined = pa.concat_tables(tables)
    joined = joined.set_column(0, "source", pc.fill_null(joined["source"], ""))
    summed = joined.group_by(["delivery_id", "source", "period"]).aggregate([("passengers", "sum")])
    return summed.rename_columns(["delivery_id", "source", "period", "passengers"])
