"""BITRE, International airline activity, city pairs → `air_od_month`: one line is one month of one pair of cities.

Source: Australian Bureau of Infrastructure and Transport Research Economics, with columns `origin_city, dest_city,
dest_country, n_passengers_in, n_passengers_out, month` and `year` or `cal_year`; the origin is the Australian city.
A line becomes two rows, passengers in and passengers out (`ROW` is twice the line's number, less one for the way in).
The year stands as the file has it: whether it is the calendar year is for the rule over the set to find out, by its
totals, and for the contract to say.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sandbox.feeds.readers import ROW, ReadOptions, feed_rows
from sandbox.feeds.readers.csv import number, source_batches

NEEDED = ("origin_city", "dest_city", "dest_country", "n_passengers_in", "n_passengers_out", "month")
HOME, TOTAL = "Australia", "_T"
SOURCE = "BITRE city pairs"


def read(path: Path, options: ReadOptions) -> Iterator[pa.RecordBatch]:
    """Yield two rows a line: passengers in, and passengers out."""
    for batch in source_batches(path, options, NEEDED):
        for inward in (True, False):
            yield both_ways_row(batch, inward)


def both_ways_row(batch: pa.RecordBatch, inward: bool) -> pa.RecordBatch:
    """Return the rows of one direction; a blank count stays blank."""
    abroad = (batch["dest_city"], batch["dest_country"])
    home = (batch["origin_city"], pa.repeat(HOME, batch.num_rows))
    start, end = (abroad, home) if inward else (home, abroad)
    columns = {
        "period": month_of(batch["year"] if "year" in batch.schema.names else batch["cal_year"], batch["month"]),
        "origin": start[0],
        "destination": end[0],
        "origin_country": start[1],
        "destination_country": end[1],
        "measure": "on_board",
        "carrier": TOTAL,
        "passengers": number(batch["n_passengers_in" if inward else "n_passengers_out"]),
        "source": SOURCE,
    }
    return feed_rows(batch, columns, pc.add(pc.multiply(batch[ROW], 2), -1 if inward else 0))


def month_of(year: pa.Array, month: pa.Array) -> pa.Array:
    """Return the month's first day as ISO text; what is no year or month stays what it is, for the row rules."""
    return pc.binary_join_element_wise(year, pc.utf8_lpad(month, 2, "0"), "01", "-")
