"""BITRE, international airline activity, city pairs: one line is one month of one Australian and one foreign city.

Each line becomes two rows of `air_od_month`, in and out. The year stands as the file has it: whether it is the
calendar year is for the rule over the set to find out, by its totals, and for the contract to say.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sandbox.feeds.readers import ROW, ReadOptions, check_source_columns
from sandbox.feeds.readers.csv import number, text_batches

NEEDED = ("origin_city", "dest_city", "dest_country", "n_passengers_in", "n_passengers_out", "month")
HOME, TOTAL = "Australia", "_T"
SOURCE = "BITRE city pairs"


def read(path: Path, options: ReadOptions) -> Iterator[pa.RecordBatch]:
    """Yield two rows a line: passengers in, and passengers out."""
    for batch in text_batches(path, options.encoding, ","):
        check_source_columns(batch, NEEDED, path.name)
        for inward in (True, False):
            yield both_ways_row(batch, inward)


def both_ways_row(batch: pa.RecordBatch, inward: bool) -> pa.RecordBatch:
    """Return the rows of one direction; a blank count stays blank."""
    n = batch.num_rows
    abroad = (batch["dest_city"], batch["dest_country"])
    home = (batch["origin_city"], pa.array([HOME] * n))
    start, end = (abroad, home) if inward else (home, abroad)
    count = batch["n_passengers_in" if inward else "n_passengers_out"]
    return pa.record_batch(
        {
            "period": month_of(batch["year"] if "year" in batch.schema.names else batch["cal_year"], batch["month"]),
            "origin": start[0],
            "destination": end[0],
            "origin_country": start[1],
            "destination_country": end[1],
            "measure": pa.array(["on_board"] * n),
            "carrier": pa.array([TOTAL] * n),
            "passengers": number(count),
            "source": pa.array([SOURCE] * n),
            ROW: pc.add(pc.multiply(batch[ROW], 2), -1 if inward else 0),
        }
    )


def month_of(year: pa.Array, month: pa.Array) -> pa.Array:
    """Return the month's first day as ISO text; what is no year or month stays what it is, for the row rules."""
    return pc.binary_join_element_wise(year, pc.utf8_lpad(month, 2, "0"), "01", "-")
