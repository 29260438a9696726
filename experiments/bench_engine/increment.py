"""A delivery of a tenth of the persons, judged with what stands and judged anew: `increment|full WORKSPACE`."""

import shutil
import sys
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from experiments.bench_engine.made import UNTIL, crossings
from experiments.bench_engine.timing import medians
from sandbox.lakehouse import store
from sandbox.lakehouse.files import PartitionFiles
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.tables.feeds import BORDER_MOVEMENT
from sandbox.lakehouse.tables.persons import RESIDENCE_CHANGE, SPELL
from sandbox.residence import stage
from sandbox.settings import Country, Workspace, create_workspace, read_workspace

ROWS, BUCKETS, SHARE = 5_000_000, 8, 10
VINTAGE = date(UNTIL.year - 1, 12, 1)
CODE = "the code that the base was made by"


def increment(folder: Path) -> dict[str, float]:
    """Time the residence of crossings after a delivery of a tenth of the persons, full and as an increment."""
    before, tried = folder / "before", folder / "tried"
    workspace = create_workspace(before, Country(code="XAA", name="Made up", time_zone="UTC", mcc="901"))
    rows = crossings(ROWS)
    # One late crossing in two of every tenth person's; nobody is left without any.
    is_late = (rows["person_id"].to_numpy() % SHARE == 0) & (rows["movement_id"].to_numpy() % 2 == 0)
    deliver(workspace, rows.filter(pa.array(~is_late)), "first")
    judge(workspace, CODE)
    deliver(workspace, rows.filter(pa.array(is_late)), "second")

    def fresh() -> None:
        for name in ("increment", "full"):
            shutil.rmtree(tried / name, ignore_errors=True)
            shutil.copytree(before, tried / name)

    line = [sys.executable, "-m", "experiments.bench_engine.increment"]
    seconds = medians({name: [*line, name, str(tried / name)] for name in ("increment", "full")}, before=fresh)
    for table in (SPELL, RESIDENCE_CHANGE):
        one, other = (store.read_small(read_workspace(tried / name), table) for name in ("increment", "full"))
        if store.canonical_sha256(one, table) != store.canonical_sha256(other, table):
            raise AssertionError(f"The increment's {table.name} is not that of the full run.")
    return {"rows": rows.num_rows, **seconds, "increment / full": seconds["increment"] / seconds["full"]}


def deliver(workspace: Workspace, rows: pa.Table, name: str) -> None:
    """Put crossings into bronze as one delivery."""
    person = rows["person_id"]
    known = {
        "person_key": person,
        "bucket": pa.array(person.to_numpy() % BUCKETS),
        "movement_id": rows["movement_id"].cast(pa.string()),
        "event_date": rows["date"],
        "event_ts": pc.add(rows["date"].cast(pa.timestamp("us", "UTC")), _minutes(rows)),
        "delivery_id": name,
    }
    with PartitionFiles(BORDER_MOVEMENT, BORDER_MOVEMENT.path(workspace), name) as files:
        files.write(BORDER_MOVEMENT.rows_from(rows, known))
    run = StageRun(workspace, "ingest", VINTAGE, VINTAGE, 1)
    is_new = store.latest_version(workspace, BORDER_MOVEMENT) is None
    (run.write_files if is_new else run.append_files)(files.written(), BORDER_MOVEMENT)


def judge(workspace: Workspace, code: str) -> None:
    """Judge the crossings; with another code than the base's everything anew."""
    version = store.latest_version(workspace, BORDER_MOVEMENT)
    inputs = {BORDER_MOVEMENT.name: version}
    stage.from_crossings(StageRun(workspace, "residence", VINTAGE, VINTAGE, 1, code=code, inputs=inputs))


def _minutes(rows: pa.Table) -> pa.Array:
    """Return a time of the day that ascends with the person's crossings."""
    return pa.array(rows["sequence"].to_numpy().astype("timedelta64[m]").astype("timedelta64[us]"))


if __name__ == "__main__":
    judge(read_workspace(Path(sys.argv[2])), CODE if sys.argv[1] == "increment" else "other code")
