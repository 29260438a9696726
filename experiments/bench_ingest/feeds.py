"""Deliveries of made-up events and movements, as Parquet and as CSV.gz; some rows break a rule, some come twice."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv
import pyarrow.parquet as pq
from numpy.typing import NDArray

FILES = 8
GROUP_ROWS = 1 << 20
BAD_SHARE, COPY_SHARE = 0.002, 0.0001
FIRST_DAY, DAYS = np.datetime64("2024-03-01", "us"), 31


def files_of(feed: str, rows: int, folder: Path) -> dict[str, list[Path]]:
    """Write the rows in `FILES` files of either format and return their paths; what is there already is kept."""
    made: dict[str, list[Path]] = {"parquet": [], "csv.gz": []}
    for number, size in enumerate(np.diff(np.linspace(0, rows, FILES + 1).astype(int))):
        parquet, csv = (folder / f"{feed}_{number}.{ending}" for ending in made)
        if not csv.exists():
            table = MAKERS[feed](int(size), number)
            pq.write_table(table, parquet, row_group_size=GROUP_ROWS)
            with pa.output_stream(str(csv), compression="gzip") as stream:
                pv.write_csv(table, stream)
        made["parquet"].append(parquet)
        made["csv.gz"].append(csv)
    return made


def mobile_events(rows: int, part: int) -> pa.Table:
    """Return events of one part of a month; one of a thousand breaks two rules, one names no antenna."""
    rng = np.random.default_rng(part)
    abroad, bad = rng.random(rows) < 0.03, rng.random(rows) < BAD_SHARE
    cells = _names("C", 3_000).take(pa.array(rng.integers(0, 3_000, rows)))
    return _with_copies(
        pa.table(
            {
                "event_id": pc.binary_join_element_wise(f"e{part}-", pa.array(np.arange(rows)).cast(pa.string()), ""),
                "subscriber_id": _names("subscriber-", 200_000).take(pa.array(rng.integers(0, 200_000, rows))),
                "event_ts": _moments(rng, rows),
                "cell_id": pc.if_else(pa.array(abroad), pa.scalar(None, pa.string()), cells),
                "event_type": pc.if_else(pa.array(bad), "telegram", _chosen(rng, ("call", "text", "data"), rows)),
                "home_mcc": pa.repeat("901", rows),
                "serving_mcc": pc.if_else(pa.array(abroad), "208", "901"),
                "tac_class": _chosen(rng, ("phone", "phone", "phone", "m2m"), rows),
            }
        ),
        rng,
    )


def border_movements(rows: int, part: int) -> pa.Table:
    """Return crossings of one part of a month; some have a direction that there is not."""
    rng = np.random.default_rng(100 + part)
    moments = _moments(rng, rows)
    bad = pa.array(rng.random(rows) < BAD_SHARE)
    return _with_copies(
        pa.table(
            {
                "movement_id": pc.binary_join_element_wise(
                    f"m{part}-", pa.array(np.arange(rows)).cast(pa.string()), ""
                ),
                "traveller_id": _names("traveller-", 400_000).take(pa.array(rng.integers(0, 400_000, rows))),
                "event_ts": moments,
                "event_date": pc.cast(moments, pa.date32(), safe=False),
                "direction": pc.if_else(bad, "X", _chosen(rng, ("A", "D"), rows)),
                "mode": _chosen(rng, ("air", "sea"), rows),
                "port": _chosen(rng, ("AKL", "WLG", "CHC"), rows),
                "nationality": _chosen(rng, ("NZL", "AUS", "GBR", "IND", "CHN"), rows),
                "birth_year_band": pa.array(1940 + 5 * rng.integers(0, 14, rows), pa.int32()),
                "sex": _chosen(rng, ("F", "M", "U"), rows),
                "intended_stay_days": pa.array(rng.integers(0, 500, rows), pa.int32()),
                "source": pa.repeat("border", rows),
            }
        ),
        rng,
    )


MAKERS = {"mobile_event": mobile_events, "border_movement": border_movements}


def _with_copies(table: pa.Table, rng: np.random.Generator) -> pa.Table:
    copies = rng.integers(0, table.num_rows, round(COPY_SHARE * table.num_rows))
    return pa.concat_tables([table, table.take(pa.array(copies))])


def _names(prefix: str, number: int) -> pa.Array:
    return pa.array([f"{prefix}{each:09d}" for each in range(number)])


def _chosen(rng: np.random.Generator, values: tuple[str, ...], rows: int) -> pa.Array:
    return pa.array(values).take(pa.array(rng.integers(0, len(values), rows)))


def _moments(rng: np.random.Generator, rows: int) -> pa.Array:
    offsets: NDArray[np.int64] = np.sort(rng.integers(0, DAYS * 86_400_000_000, rows))
    return pa.array(FIRST_DAY + offsets.astype("timedelta64[us]")).cast(pa.timestamp("us", tz="UTC"))
