"""US T-100 → `air_od_month`: one line is one month of one carrier between two airports, by aircraft and class.

Source: US Bureau of Transportation Statistics, Air Carrier Statistics (Form 41 Traffic), T-100. A segment file
(it has seats and departures) counts passengers on board of a flight: `segment`. A market file counts those who
boarded and left one flight number at the two airports: `on_board`. Lines are summed over aircraft, configuration and
class by month, airports and unique carrier; `ROW` is the first line that a sum holds. `period` is the month. A
domestic market file names states, no countries: both ends are the United States.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from sandbox.feeds.readers import ReadOptions, feed_rows
from sandbox.feeds.readers.bitre_city_pairs import month_of
from sandbox.feeds.readers.countries import alpha_3
from sandbox.feeds.readers.csv import figures, mapped, source_batches
from sandbox.feeds.readers.tally import Tally, countable

NEEDED = ("PASSENGERS", "UNIQUE_CARRIER", "ORIGIN", "DEST", "YEAR", "MONTH")
COUNTS = {"passengers": "PASSENGERS", "seats": "SEATS", "flights": "DEPARTURES_PERFORMED"}


def read(path: Path, options: ReadOptions) -> Iterator[pa.RecordBatch]:
    """Yield sums over the lines of a month, a pair of airports and a carrier."""
    tally: Tally | None = None
    for batch in source_batches(path, options, NEEDED):
        counts = {name: column for name, column in COUNTS.items() if column in batch.schema.names}
        tally = tally or Tally(list(counts))
        rows = _rows(batch, counts)
        good, bad = countable(rows, {name: figures(rows[name]) for name in counts})
        tally.add(good)
        yield bad
    if tally is not None:
        yield from tally.batches()


def _rows(batch: pa.RecordBatch, counts: dict[str, str]) -> pa.RecordBatch:
    columns = {
        "period": month_of(batch["YEAR"], batch["MONTH"]),
        "origin": batch["ORIGIN"],
        "destination": batch["DEST"],
        "origin_country": _country(batch, "ORIGIN"),
        "destination_country": _country(batch, "DEST"),
        "measure": "segment" if "seats" in counts else "on_board",
        "carrier": batch["UNIQUE_CARRIER"],
        "source": "BTS T-100 segment" if "seats" in counts else "BTS T-100 market",
        **{name: batch[column] for name, column in counts.items()},
    }
    return feed_rows(batch, columns)


def _country(batch: pa.RecordBatch, end: str) -> pa.Array | str:
    if f"{end}_COUNTRY" in batch.schema.names:
        return mapped(batch[f"{end}_COUNTRY"], alpha_3)
    return "USA"
