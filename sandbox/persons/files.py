"""Plain files in and out: `.csv`, `.csv.gz`, `.parquet`; a file that can't be read is refused whole, in a sentence."""

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from sandbox.errors import CallError, DeliveryRefusedError

SUFFIXES = (".csv", ".csv.gz", ".parquet")


def suffix_of(path: Path) -> str:
    """Return the suffix that says how the file is written; `CallError` for one that no command reads or writes."""
    for suffix in SUFFIXES:
        if path.name.endswith(suffix):
            return suffix
    raise CallError(f"{path.name} has no suffix that tells its format.", f"Name it with one of {', '.join(SUFFIXES)}.")


def read_table(path: Path, columns: Iterable[str]) -> pa.Table:
    """Return all columns of the file, those of a CSV as text; refuse it if it can't be read or lacks `columns`."""
    suffix = suffix_of(path)
    if not path.is_file():
        raise CallError(f"There is no file {path}.", "Check the path.")
    try:
        rows = pq.read_table(path) if suffix == ".parquet" else _read_csv(path)
    except (pa.ArrowInvalid, OSError, UnicodeDecodeError):
        # Arrow's own message quotes the row that it could not read, so it is not passed on.
        raise DeliveryRefusedError(
            f"{path.name} can't be read as {suffix[1:]}: it is empty, cut off, or its rows don't fit its header.",
            "Write it again: UTF-8, comma-separated, one header line, as many values in each row as in the header.",
        ) from None
    missing = [column for column in columns if column not in rows.column_names]
    if missing:
        raise DeliveryRefusedError(
            f"{path.name} lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}; "
            f"it has {', '.join(rows.column_names)}.",
            "Rename or add them.",
        )
    return rows


def write_table(rows: pa.Table, path: Path) -> None:
    """Write a table by the suffix of `path`, whole or not at all."""
    suffix = suffix_of(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    if suffix == ".parquet":
        pq.write_table(rows, partial)
    else:
        with (
            pa.CompressedOutputStream(partial, "gzip") if suffix == ".csv.gz" else pa.OSFile(str(partial), "wb") as file
        ):
            pacsv.write_csv(rows, file)
    partial.replace(path)


def _read_csv(path: Path) -> pa.Table:
    names = pacsv.open_csv(path).schema.names
    repeated = {name for name in names if names.count(name) > 1}
    if repeated:
        raise DeliveryRefusedError(f"{path.name} has the column {sorted(repeated)[0]} twice.", "Keep one of them.")
    text = pacsv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
    )
    return pacsv.read_csv(path, convert_options=text)
