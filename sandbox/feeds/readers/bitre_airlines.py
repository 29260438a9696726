"""BITRE, international airline activity, by airline and country: one line is one month; two rows, in and out."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sandbox.feeds.readers import ROW, ReadOptions, check_source_columns
from sandbox.feeds.readers.bitre_city_pairs import HOME, month_of
from sandbox.feeds.readers.csv import number, text_batches

NEEDED = ("airline", "country", "n_passengers_in", "n_passengers_out", "year", "month")
SOURCE = "BITRE airlines"


def read(path: Path, options: ReadOptions) -> Iterator[pa.RecordBatch]:
    """Yield two rows a line: passengers in, and passengers out, of one airline and one country."""
    for batch in text_batches(path, options.encoding, ","):
        check_source_columns(batch, NEEDED, path.name)
        for inward in (True, False):
            yield _direction(batch, inward)


def _direction(batch: pa.RecordBatch, inward: bool) -> pa.RecordBatch:
    n = batch.num_rows
    home, abroad = pa.array([HOME] * n), batch["country"]
    start, end = (abroad, home) if inward else (home, abroad)
    way = "in" if inward else "out"
    names = batch.schema.names
    return pa.record_batch(
        {
            "period": month_of(batch["year"], batch["month"]),
            "origin": start,
            "destination": end,
            "origin_country": start,
            "destination_country": end,
            "measure": pa.array(["on_board"] * n),
            "carrier": batch["airline"],
            "passengers": number(batch[f"n_passengers_{way}"]),
            "seats": number(batch[f"n_seats_{way}"]) if f"n_seats_{way}" in names else pa.nulls(n, pa.string()),
            "flights": number(batch[f"n_flights_{way}"]) if f"n_flights_{way}" in names else pa.nulls(n, pa.string()),
            "source": pa.array([SOURCE] * n),
            ROW: pc.add(pc.multiply(batch[ROW], 2), -1 if inward else 0),
        }
    )
