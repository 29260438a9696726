"""BITRE, International airline activity, by airline and country → `air_od_month`: one line is one month.

Source: Australian Bureau of Infrastructure and Transport Research Economics, with columns `airline, country,
n_passengers_in, n_passengers_out, year, month` and, where the packager has them, seats and flights. A line becomes
two rows, passengers in and passengers out (`ROW` is twice the line's number, less one for the way in).
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sandbox.feeds.readers import ROW, ReadOptions, feed_rows
from sandbox.feeds.readers.bitre_city_pairs import HOME, month_of
from sandbox.feeds.readers.csv import number, source_batches

NEEDED = ("airline", "country", "n_passengers_in", "n_passengers_out", "year", "month")
SOURCE = "BITRE airlines"


def read(path: Path, options: ReadOptions) -> Iterator[pa.RecordBatch]:
    """Yield two rows a line: passengers in, and passengers out, of one airline and one country."""
    for batch in source_batches(path, options, NEEDED):
        for inward in (True, False):
            yield _direction(batch, inward)


def _direction(batch: pa.RecordBatch, inward: bool) -> pa.RecordBatch:
    home, abroad = pa.repeat(HOME, batch.num_rows), batch["country"]
    start, end = (abroad, home) if inward else (home, abroad)
    way = "in" if inward else "out"
    counts = {"passengers": f"n_passengers_{way}", "seats": f"n_seats_{way}", "flights": f"n_flights_{way}"}
    columns = {
        "period": month_of(batch["year"], batch["month"]),
        "origin": start,
        "destination": end,
        "origin_country": start,
        "destination_country": end,
        "measure": "on_board",
        "carrier": batch["airline"],
        "source": SOURCE,
        **{name: number(batch[column]) for name, column in counts.items() if column in batch.schema.names},
    }
    return feed_rows(batch, columns, pc.add(pc.multiply(batch[ROW], 2), -1 if inward else 0))
