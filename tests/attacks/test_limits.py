"""What a delivery may claim, hold or cost: refused before it is read, or read within bounds of memory."""

import gzip
import io
import json
import os
import resource
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sandbox.errors import DeliveryRefusedError
from sandbox.feeds import stage, workers
from sandbox.feeds.delivery import MANIFEST, read_delivery, sha256_of
from sandbox.feeds.ingest import FileTask, checked_rows
from sandbox.feeds.keys import create_key
from sandbox.feeds.notes import FileNote
from sandbox.feeds.profile import Account
from sandbox.lakehouse import store
from sandbox.lakehouse.tables.feeds import BORDER_MOVEMENT
from sandbox.settings import Workspace
from tests.feeds.conftest import active_contract

CANARY = "TRAVELLER-CANARY-0001"
HEADER = b"movement_id,traveller_id,event_date,direction,port\n"
ROW = f"m1,{CANARY},2024-01-05,A,AKL\n".encode()
MIB = 1 << 20
STATED: dict[str, Any] = {
    "manifest_version": 1,
    "partner": "border_agency",
    "feed": "border_movement",
    "contract": "border_agency.border_movement",
    "contract_version": "1.0.0",
    "period_from": "2024-01-01",
    "period_to": "2024-01-31",
    "delivered_at": "2024-02-01T00:00:00Z",
    "files": [{"name": "m.csv", "format": "csv", "sha256": "0" * 64, "rows": 1}],
}


@pytest.fixture
def office(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace with a key and an active contract for border movements; files are read without Spark."""
    monkeypatch.setattr(workers, "LOCAL_BYTES", 1 << 40)
    create_key(workspace.key_file)
    workspace.contracts.mkdir()
    text = active_contract("border_movement", "border_agency")
    (workspace.contracts / "border_agency.border_movement.odcs.yaml").write_text(text, "utf-8")
    return workspace


def sent(folder: Path, content: bytes, file_format: str = "csv", rows: int = 1) -> Path:
    """Write a delivery of one file by hand, as an attacker would."""
    folder.mkdir()
    name = f"m.{file_format}"
    (folder / name).write_bytes(content)
    files = [{"name": name, "format": file_format, "sha256": sha256_of(folder / name), "rows": rows}]
    (folder / MANIFEST).write_text(json.dumps(STATED | {"files": files}), "utf-8")
    return folder


def refusal_of(office: Workspace, folder: Path) -> str:
    """Return why a delivery was refused whole; nothing of it is in bronze, nobody in the reason."""
    said: list[str] = []
    try:
        account = stage.ingest_folder(office, folder, said.append)
        assert isinstance(account, Account)
        reason = account.refused
    except DeliveryRefusedError as refused:
        reason = refused.message + refused.remedy
    assert store.latest_version(office, BORDER_MOVEMENT) is None
    assert CANARY not in reason + "".join(said)
    return reason


def zipped() -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("m.csv", HEADER + ROW)
    return sink.getvalue()


def bomb_of_zstd() -> bytes:
    """Return 300 MiB of good rows in a few KB."""
    sink = pa.BufferOutputStream()
    block = ROW * (MIB // len(ROW))
    with pa.CompressedOutputStream(sink, "zstd") as packed:
        packed.write(HEADER)
        for _ in range(300):
            packed.write(block)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (lambda: HEADER + b"m1," + b"x" * (100 * MIB) + b",2024-01-05,A,AKL\n", "line of more than 8 MiB"),
        (lambda: b"movement_id," * (9 * MIB) + b"\n" + ROW, "can't be read as CSV with a header"),
        (lambda: HEADER + b'm1,"' + ROW * 400_000, "line of more than 8 MiB"),
        (lambda: gzip.compress(gzip.compress(HEADER + ROW)), "packed more than once"),
        (lambda: gzip.compress(zipped()), "packed more than once"),
        (zipped, "packed more than once"),
    ],
    ids=["line", "header", "quotation mark", "gz in gz", "zip in gz", "zip"],
)
def test_6_what_can_not_be_read_in_bounds_is_refused_whole(
    office: Workspace, tmp_path: Path, content: Callable[[], bytes], reason: str
) -> None:
    assert reason in refusal_of(office, sent(tmp_path / "sent", content()))


@pytest.mark.slow
def test_6_a_file_that_unpacks_without_end_is_refused_and_nothing_of_it_stays(
    office: Workspace, tmp_path: Path
) -> None:
    assert "unpacks to far more" in refusal_of(office, sent(tmp_path / "sent", bomb_of_zstd()))
    assert list(office.root.rglob("*.parquet")) == list((office.root / "bronze" / "delivery").glob("*.parquet"))


def manifest_refusal(folder: Path, content: str) -> str:
    (folder / MANIFEST).write_text(content, "utf-8")
    with pytest.raises(DeliveryRefusedError) as refused:
        read_delivery(folder)
    return refused.value.message


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(STATED | {"files": STATED["files"] * 1_000_000}),
        '{"a":' * 500_000,
        '{"files":' + "[" * 100_000 + "]" * 100_000 + "}",
        json.dumps(STATED | {"contract_version": "\ud800"}),
        json.dumps(STATED).replace('"rows": 1', '"rows": 1' + "0" * 5_000),
        "[]",
        "\0",
    ],
    ids=["a million files", "nested objects", "nested lists", "surrogate", "endless number", "a list", "NUL"],
)
def test_7_a_manifest_without_bounds_is_refused_in_a_sentence(tmp_path: Path, content: str) -> None:
    assert len(manifest_refusal(tmp_path, content)) < 1_000


@pytest.mark.parametrize(
    "stated", [{CANARY: 1}, {"files": [{CANARY: 1}]}, {"files": [0] * 100_000}], ids=["entry", "file", "many"]
)
def test_14_a_manifest_is_refused_without_being_quoted(tmp_path: Path, stated: Mapping[str, Any]) -> None:
    reason = manifest_refusal(tmp_path, json.dumps(STATED | stated))
    assert CANARY not in reason
    assert len(reason) < 1_000


@pytest.mark.parametrize("day", ["9999-12-31T23:59:59-12:00", "9999-12-31T00:00:00Z", "0001-01-01T00:00:00+12:00"])
def test_7_a_day_of_delivery_out_of_time_is_refused(office: Workspace, tmp_path: Path, day: str) -> None:
    folder = sent(tmp_path / "sent", HEADER + ROW)
    content = json.loads((folder / MANIFEST).read_text("utf-8")) | {"delivered_at": day}
    (folder / MANIFEST).write_text(json.dumps(content), "utf-8")
    assert "delivered_at" in refusal_of(office, folder)


def repeated_text(path: Path, rows: int, size: int) -> Path:
    """Write Parquet with one long text in every row: a dictionary of one, and codes that take no space."""
    same = {"movement_id": "m1", "traveller_id": CANARY, "event_date": "2024-01-05", "direction": "A"}
    columns: dict[str, pa.Array] = {name: pa.repeat(pa.scalar(value), rows) for name, value in same.items()}
    codes = pa.repeat(pa.scalar(0, pa.int32()), rows)
    columns["port"] = pa.DictionaryArray.from_arrays(codes, pa.array(["x" * size]))
    pq.write_table(pa.table(columns), path, row_group_size=rows)
    return path


def test_6_a_long_text_in_every_row_is_refused_or_read_within_bounds(tmp_path: Path) -> None:
    file = repeated_text(tmp_path / "m.parquet", 131_072, 60_000)
    assert file.stat().st_size < 100_000
    task = FileTask(
        str(file), file.name, "parquet", "border_movement", "border_agency", "d", "p", "1", "UTC", "utf-8", "", 4
    )
    note, before = FileNote("d", file.name), resource.getrlimit(resource.RLIMIT_AS)
    in_use = int(Path("/proc/self/statm").read_text("utf-8").split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (in_use + 2_048 * MIB, before[1]))
    try:
        rows = sum(batch.num_rows for _, batch in checked_rows(task, note))
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
    assert "unpack" in note.refused or rows == 131_072


def memory_of(group: int) -> int:
    """Return the bytes that the processes of a group hold, those that they share counted once."""
    total = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(process.name)) == group:
                lines = (process / "smaps_rollup").read_text("utf-8").splitlines()
                total += sum(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))
        except (OSError, ValueError):
            continue  # it has ended meanwhile
    return total


def big_csv(path: Path, size: int) -> Iterator[int]:
    """Write good rows, every one another person's, up to a size; yield how many."""
    with path.open("wb") as stream:
        stream.write(HEADER)
        number = 0
        while stream.tell() < size:
            rows = range(number, number + 100_000)
            stream.write("".join(f"m{row},TRAVELLER-{row:012d},2024-01-05,A,AKL\n" for row in rows).encode())
            number += len(rows)
    yield number


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_memory_of_one_ingestion_stays_under_3_gib(office: Workspace, tmp_path: Path) -> None:
    (rows,) = big_csv(tmp_path / "m.csv", 400 * MIB)
    folder = sent(tmp_path / "sent", (tmp_path / "m.csv").read_bytes(), rows=rows)
    words = (sys.executable, "-m", "sandbox", "feed", "ingest", str(folder), "--workspace", str(office.root), "--json")
    seen = [0]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, start_new_session=True) as ingestion:
        done = threading.Event()

        def watch() -> None:
            while not done.wait(0.25):
                seen.append(memory_of(ingestion.pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        answer = ingestion.communicate()[0]
        done.set()
        watcher.join()
    assert ingestion.returncode == 0
    assert json.loads(answer)["rows_bronze"] == rows
    print(f"{rows:,} rows of 400 MiB: at most {max(seen) / 2**30:.2f} GiB in all processes together")
    assert 0 < max(seen) < 3 << 30
