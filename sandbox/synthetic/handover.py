"""A delivery as a partner hands it over: files in one folder, and the manifest that tells what they are."""

import gzip
import hashlib
import io
import json
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

CONTRACT_VERSION = "1.0.0"
ROW_GROUP = 131_072


@dataclass(frozen=True)
class Handover:
    """One delivery: who sends what, for which days, how many days after the last of them."""

    partner: str
    feed: str
    name: str
    period_from: date
    period_to: date
    days_later: int = 4

    def write(self, landing: Path, files: dict[str, pa.Table]) -> Path:
        """Write the files and the manifest; the same tables give the same bytes. Return the manifest's path."""
        folder = landing / self.partner / self.feed / self.name
        folder.mkdir(parents=True, exist_ok=True)
        told = [_write_file(folder / name, rows) for name, rows in files.items()]
        manifest = {
            "manifest_version": 1,
            "partner": self.partner,
            "feed": self.feed,
            "contract": f"{self.partner}.{self.feed}",
            "contract_version": CONTRACT_VERSION,
            "period_from": self.period_from.isoformat(),
            "period_to": self.period_to.isoformat(),
            "delivered_at": f"{self.period_to + timedelta(days=self.days_later)}T00:00:00Z",
            "files": told,
        }
        path = folder / "manifest.json"
        path.write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")
        return path


def _write_file(path: Path, rows: pa.Table) -> dict[str, str | int]:
    form, content = _content(path.name, rows)
    path.write_bytes(content)
    return {"name": path.name, "format": form, "sha256": hashlib.sha256(content).hexdigest(), "rows": rows.num_rows}


def _content(name: str, rows: pa.Table) -> tuple[str, bytes]:
    """Return the reader's name and the bytes of a file, by the end of its name."""
    sink = io.BytesIO()
    if name.endswith(".parquet"):
        pq.write_table(rows, sink, row_group_size=ROW_GROUP, compression="zstd")
        return "parquet", sink.getvalue()
    if name.endswith(".jsonl"):
        lines = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows.to_pylist())
        return "jsonl", lines.encode()
    pa_csv.write_csv(rows, sink, pa_csv.WriteOptions(quoting_style="needed"))
    content = sink.getvalue()
    # No time of writing in the header, so that the same rows are the same bytes.
    return "csv", gzip.compress(content, compresslevel=6, mtime=0) if name.endswith(".gz") else content
