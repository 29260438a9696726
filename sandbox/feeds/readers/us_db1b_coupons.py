"""US DB1B, coupons → `air_od_month`: one line is one coupon, one flight of one ticket of the 10 % sample.

Source: US Bureau of Transportation Statistics, Airline Origin and Destination Survey, DB1B Coupon. The coupons of one
directional market (`MktID`, between two trip breaks) are folded into one journey: a change of planes is neither
origin nor destination. Journeys are summed by quarter, origin, destination and reporting carrier as `od_true`; the
coupons themselves by quarter, airports and operating carrier as `segment`. Coupons on the ground (carrier `--`) join
journeys and are no segment. `period` is the first day of the quarter; counts are those of the sample, not multiplied.
`ROW` is twice the number of the first line that a sum holds, less one for `od_true`. The lines of one ticket must
stand together, in order, as BTS publishes them.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.feeds.readers import ROW, ReadOptions, feed_rows
from sandbox.feeds.readers.countries import alpha_3
from sandbox.feeds.readers.csv import figures, mapped, source_batches
from sandbox.feeds.readers.journeys import Together
from sandbox.feeds.readers.series import first_day
from sandbox.feeds.readers.tally import Tally, countable

TICKET = ("ItinID", "MktID", "SeqNum", "Year", "Quarter", "RPCarrier", "OpCarrier", "Passengers")
PLACES = ("Origin", "OriginCountry", "Dest", "DestCountry")
GROUND = "--"
SOURCE = "BTS DB1B coupons, 10 % sample, quarter"


def read(path: Path, options: ReadOptions) -> Iterator[pa.RecordBatch]:
    """Yield sums over journeys and over segments."""
    together, journeys, segments = Together(("ItinID",), path.name), Tally(["passengers"]), Tally(["passengers"])
    for batch in together.groups(source_batches(path, options, (*TICKET, *PLACES))):
        markets = Together(("ItinID", "MktID"), path.name).borders(batch)
        first = np.flatnonzero(markets)
        last = np.append(first[1:], batch.num_rows) - 1
        flown = batch.filter(pc.not_equal(pc.fill_null(batch["OpCarrier"], ""), GROUND))
        for rows, tally in (
            (_rows(batch.take(first), batch.take(last), "od_true", "RPCarrier"), journeys),
            (_rows(flown, flown, "segment", "OpCarrier"), segments),
        ):
            good, bad = countable(rows, {"passengers": figures(rows["passengers"])})
            tally.add(good)
            yield bad
    yield from journeys.batches()
    yield from segments.batches()
    for unsplit in together.unsplit:
        yield _rows(unsplit, unsplit, "od_true", "RPCarrier")


def quarter_of(batch: pa.RecordBatch) -> pa.Array:
    """Return the first day of each line's quarter."""
    return mapped(pc.binary_join_element_wise(batch["Year"], batch["Quarter"], "-Q"), first_day)


def _rows(start: pa.RecordBatch, end: pa.RecordBatch, measure: str, carrier: str) -> pa.RecordBatch:
    columns = {
        "period": quarter_of(start),
        "origin": start["Origin"],
        "destination": end["Dest"],
        "origin_country": mapped(start["OriginCountry"], alpha_3),
        "destination_country": mapped(end["DestCountry"], alpha_3),
        "measure": measure,
        "carrier": start[carrier],
        "passengers": start["Passengers"],
        "source": SOURCE,
    }
    return feed_rows(start, columns, pc.subtract(pc.multiply(start[ROW], 2), 1 if measure == "od_true" else 0))
