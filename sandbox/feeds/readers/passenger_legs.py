"""Passenger records of carriers (API or PNR), one line a leg (JSON lines or CSV) → `border_movement`.

One line is one leg of one traveller: `record_locator, document_issuer, document_number, leg, flight_no,
departure_airport, arrival_airport` (IATA), `scheduled_departure, scheduled_arrival` (local clocks), `nationality,
birth_date, sex`, and where they are known `departure_country, arrival_country, residence_country, one_way_ticket,
record_type` (`API`, `PNR`): the elements of the WCO/IATA/ICAO guidelines on advance passenger information and of
ICAO Doc 9944 (PNR) that statistics need, flattened. Names, contacts, seats and payment have no place in it.

Legs of an itinerary become crossings of the border of the contract's country. A transfer at a foreign airport of less
than 24 h is folded: the foreign port is where the journey began or leads, not the hub. A leg that crosses no border
of the country becomes no row. Where an airport's country is not known, its legs keep an empty direction, for the row
rules. `ROW` is the line of the leg that crosses. The traveller is issuer and number of the document; neither the
number nor the record locator is in the identifiers that are kept, which are made of dates and rows. The lines of one
traveller's itinerary must stand together.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sandbox.errors import DeliveryRefusedError
from sandbox.feeds.columns import Mask
from sandbox.feeds.readers import ROW, ReadOptions, check_source_columns, feed_rows
from sandbox.feeds.readers.countries import alpha_3
from sandbox.feeds.readers.csv import Refusals, figures, mapped, source_batches
from sandbox.feeds.readers.journeys import Together
from sandbox.feeds.readers.jsonl import object_batches
from sandbox.feeds.readers.legs import Crossings, Legs, in_order
from sandbox.feeds.readers.ports import country_of_airport
from sandbox.feeds.readers.row_ids import row_ids
from sandbox.feeds.readers.stream import opened
from sandbox.lakehouse.table import TEXT, Column

KEYS = ("record_locator", "document_issuer", "document_number")
NEEDED = (
    *KEYS, "leg", "flight_no", "departure_airport", "arrival_airport", "scheduled_departure", "scheduled_arrival",
    "nationality", "birth_date", "sex",
)  # fmt: skip
EVERY_LEG = (*KEYS, "departure_airport", "arrival_airport")
KNOWN = ("departure_country", "arrival_country", "residence_country", "one_way_ticket", "record_type")
MEMBERS = tuple(Column(name, TEXT, "") for name in (*NEEDED, *KNOWN))
SEXES = {"X": "U", "<": "U"}
BAND = 5
# What may stand before the first brace of a JSON file: byte order marks, blanks, the zero bytes of UTF-16.
OF_JSON = b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"


def read(path: Path, options: ReadOptions) -> Iterator[pa.RecordBatch]:
    """Yield rows of `border_movement`, one a crossing."""
    if not options.country:
        raise DeliveryRefusedError(
            f"{path.name} does not say whose border it is of.", "State the country in the contract."
        )
    together = Together(KEYS, path.name)
    for batch in together.groups(_lines(path, options)):
        # Who belongs together is told before the legs are put in order.
        ordered = in_order(batch, together.borders(batch), figures(batch["leg"]))
        begins = together.borders(ordered)
        yield from _movements(_with_ids(ordered, begins, path.name), begins, options.country)
    for unsplit in together.unsplit:
        yield feed_rows(unsplit, {})


def _lines(path: Path, options: ReadOptions) -> Iterator[pa.RecordBatch]:
    with Refusals(path, options.encoding, "CSV or JSON lines"), opened(path) as stream:
        is_json = stream.read(1 << 12).lstrip(OF_JSON).startswith(b"{")
    if not is_json:
        yield from source_batches(path, options, NEEDED, options.delimiter)
        return
    for place, batch in enumerate(object_batches(path, options.encoding, MEMBERS)):
        if place == 0:
            stated = [name for name in NEEDED if batch[name].null_count < batch.num_rows]
            check_source_columns(stated, EVERY_LEG, path.name)
        yield batch


def _movements(rows: pa.RecordBatch, begins: Mask, country: str) -> Iterator[pa.RecordBatch]:
    legs = Legs(
        begins,
        rows["departure_airport"],
        rows["arrival_airport"],
        rows["scheduled_departure"],
        rows["scheduled_arrival"],
        _countries(rows, "departure"),
        _countries(rows, "arrival"),
        country,
    )
    yield _crossings(rows, legs.departures, "D")
    yield _crossings(rows, legs.arrivals, "A")
    untold = np.flatnonzero(legs.untold)
    if len(untold):
        yield _crossings(rows, Crossings(untold, untold), "")


def _countries(rows: pa.RecordBatch, end: str) -> pa.Array:
    """Return the country of one end of each leg: as stated, else that of the airport."""
    of_airport = f"{end}_airport"
    stated = rows[f"{end}_country"] if f"{end}_country" in rows.schema.names else None
    if stated is not None and stated.null_count == 0:
        return mapped(stated, alpha_3)
    found = mapped(rows[of_airport], country_of_airport)
    return found if stated is None else pc.coalesce(mapped(stated, alpha_3), found)


def _with_ids(rows: pa.RecordBatch, begins: Mask, file: str) -> pa.RecordBatch:
    """Add an identifier to each leg, and that of its itinerary: the one of its first leg."""
    ids = row_ids(file, pc.utf8_slice_codeunits(rows["scheduled_departure"], 0, 10), rows[ROW])
    first: NDArray[np.int64] = np.maximum.accumulate(np.where(begins, np.arange(rows.num_rows), 0))
    return rows.append_column("movement_id", ids).append_column("itin_id", ids.take(first))


def _crossings(rows: pa.RecordBatch, found: Crossings, direction: str) -> pa.RecordBatch:
    """Return the movements of one direction; an empty one is of legs that can't be told."""
    leg, other = rows.take(found.crossing), rows.take(found.other_end)
    inward = direction == "A"
    moment = leg["scheduled_arrival" if inward else "scheduled_departure"]
    columns = {
        "movement_id": leg["movement_id"],
        "traveller_id": pc.binary_join_element_wise(leg["document_issuer"], leg["document_number"], ":"),
        "event_ts": moment,
        "event_date": pc.utf8_slice_codeunits(moment, 0, 10),
        "direction": direction,
        "mode": "air",
        "port": leg["arrival_airport" if inward else "departure_airport"],
        "foreign_port": other["departure_airport" if inward else "arrival_airport"],
        "flight_no": leg["flight_no"],
        "leg_seq": leg["leg"],
        "itin_id": leg["itin_id"],
        "nationality": mapped(leg["nationality"], alpha_3),
        "birth_year_band": mapped(leg["birth_date"], _band),
        "sex": mapped(leg["sex"], lambda code: SEXES.get(code, code)),
    }
    for name, source in (("residence_country",) * 2, ("one_way_ticket",) * 2, ("source", "record_type")):
        if source in rows.schema.names:
            columns[name] = mapped(leg[source], alpha_3) if name == "residence_country" else leg[source]
    return feed_rows(leg, columns)


def _band(birth_date: str) -> str:
    """Return the first year of the five-year band of birth; what is no date stays what it is."""
    year = birth_date[:4]
    return str(int(year) // BAND * BAND) if len(year) == 4 and year.isdecimal() else birth_date
