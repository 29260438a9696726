"""US DB1B, tickets → `air_od_month`: one line is one itinerary of the 10 % sample.

Source: US Bureau of Transportation Statistics, Airline Origin and Destination Survey, DB1B Ticket. A ticket names
where its journey began, not where it led: the destination is the total `_T`. Tickets are summed by quarter, origin
and reporting carrier as `od_true`; `one_way_share` is the share of their passengers whose ticket brings them not
back (`RoundTrip` 0). `period` is the first day of the quarter; counts are those of the sample, not multiplied. `ROW`
is the first line that a sum holds.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sandbox.concepts.codes import TOTAL
from sandbox.feeds.readers import ReadOptions, feed_rows
from sandbox.feeds.readers.countries import alpha_3
from sandbox.feeds.readers.csv import figures, mapped, source_batches
from sandbox.feeds.readers.tally import Tally, countable
from sandbox.feeds.readers.us_db1b_coupons import quarter_of

NEEDED = ("ItinID", "Year", "Quarter", "Origin", "OriginCountry", "RoundTrip", "RPCarrier", "Passengers")
SOURCE = "BTS DB1B tickets, 10 % sample, quarter"


def read(path: Path, options: ReadOptions) -> Iterator[pa.RecordBatch]:
    """Yield sums over tickets."""
    tally = Tally(["passengers", "one_way"])
    for batch in source_batches(path, options, NEEDED):
        rows = _tickets(batch)
        good, bad = countable(rows, {"passengers": figures(rows["passengers"])})
        returns = pc.equal(good["round_trip"], "1")
        one_way = pc.if_else(returns, pa.scalar(0.0), good["passengers"])
        tally.add(good.append_column("one_way", one_way).drop_columns(["round_trip"]))
        yield bad.drop_columns(["round_trip"])
    for sums in tally.batches():
        anyone = pc.if_else(pc.equal(sums["passengers"], 0), None, sums["passengers"])
        share = pc.divide(sums["one_way"], anyone)
        yield sums.drop_columns(["one_way"]).append_column("one_way_share", share)


def _tickets(batch: pa.RecordBatch) -> pa.RecordBatch:
    columns = {
        "period": quarter_of(batch),
        "origin": batch["Origin"],
        "destination": TOTAL,
        "origin_country": mapped(batch["OriginCountry"], alpha_3),
        "measure": "od_true",
        "carrier": batch["RPCarrier"],
        "passengers": batch["Passengers"],
        "source": SOURCE,
        "round_trip": batch["RoundTrip"],
    }
    return feed_rows(batch, columns)
