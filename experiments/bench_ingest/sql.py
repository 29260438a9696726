"""The rules of two feeds as SQL, for DuckDB: what `feed ingest` and `feed check` do, written by hand."""

from collections.abc import Sequence
from pathlib import Path

import duckdb

KEYS = {"mobile_event": "event_id", "border_movement": "movement_id"}
PERSONS = {"mobile_event": "subscriber_id", "border_movement": "traveller_id"}
COLUMNS = {
    "mobile_event": {
        "event_id": "VARCHAR",
        "event_ts": "TIMESTAMPTZ",
        "cell_id": "VARCHAR",
        "event_type": "VARCHAR",
        "home_mcc": "VARCHAR",
        "serving_mcc": "VARCHAR",
        "tac_class": "VARCHAR",
    },
    "border_movement": {
        "movement_id": "VARCHAR",
        "event_ts": "TIMESTAMPTZ",
        "event_date": "DATE",
        "direction": "VARCHAR",
        "mode": "VARCHAR",
        "port": "VARCHAR",
        "nationality": "VARCHAR",
        "birth_year_band": "INTEGER",
        "sex": "VARCHAR",
        "intended_stay_days": "INTEGER",
        "source": "VARCHAR",
    },
}
BROKEN = {
    "mobile_event": (
        "event_id IS NULL",
        "subscriber_id IS NULL",
        "event_ts IS NULL",
        "event_type IS NULL OR event_type NOT IN ('call', 'text', 'data', 'signalling')",
        "home_mcc IS NULL OR NOT regexp_full_match(home_mcc, '[0-9]{3}')",
        "serving_mcc IS NULL OR NOT regexp_full_match(serving_mcc, '[0-9]{3}')",
        "tac_class NOT IN ('phone', 'm2m', 'other')",
        "cell_id IS NULL AND home_mcc = serving_mcc",
    ),
    "border_movement": (
        "movement_id IS NULL",
        "traveller_id IS NULL",
        "event_date IS NULL OR event_date >= DATE '2024-04-03' OR year(event_date) NOT BETWEEN 1890 AND 2100",
        "direction IS NULL OR direction NOT IN ('A', 'D')",
        "mode NOT IN ('air', 'land', 'sea')",
        "sex NOT IN ('F', 'M', 'U')",
        "source NOT IN ('API', 'PNR', 'border')",
        "birth_year_band NOT BETWEEN 1890 AND 2100",
        "intended_stay_days < 0",
        "NOT regexp_full_match(nationality, '[A-Z]{3}')",
        "abs(date_diff('day', event_ts::DATE, event_date)) > 1",
    ),
}
LATE = ("event_ts >= TIMESTAMPTZ '2024-04-03 00:00:00+00'", "year(event_ts) NOT BETWEEN 1890 AND 2100")
# Control characters anywhere, a formula's sign at the beginning, an endless text.
TEXT = r"regexp_matches({0}, '^[=+@\t\r-].|[\x00-\x1f\x7f]') OR length({0}) > 65536"


def copy_sql(feed: str, files: Sequence[Path], out: Path) -> str:
    """Return SQL that writes good and bad rows apart, an exact copy left out."""
    judged, columns = _judged(feed, files), ", ".join(COLUMNS[feed])
    return f"""
    SET TimeZone = 'UTC';
    CREATE TEMP TABLE judged AS {judged};
    CREATE TEMP TABLE twice AS SELECT {KEYS[feed]} FROM judged WHERE NOT bad GROUP BY 1 HAVING count(*) > 1;
    COPY (
        SELECT * FROM judged WHERE bad OR {KEYS[feed]} NOT IN (SELECT {KEYS[feed]} FROM twice)
        UNION ALL
        SELECT DISTINCT * FROM judged WHERE NOT bad AND {KEYS[feed]} IN (SELECT {KEYS[feed]} FROM twice)
    ) TO '{out}' (FORMAT parquet, PARTITION_BY (bad), OVERWRITE_OR_IGNORE);
    SELECT {columns} FROM judged LIMIT 0
    """


def scan_sql(feed: str, files: Sequence[Path]) -> str:
    """Return SQL that counts good and bad rows, and persons: what a check tells."""
    return f"""
    SET TimeZone = 'UTC';
    SELECT bad, count(*), count(DISTINCT person_key) FROM ({_judged(feed, files)}) GROUP BY bad
    """


def compared(feed: str, bronze: Path, by_sql: Path) -> None:
    """Raise `AssertionError` unless both sides have the same good rows, their keys of persons apart."""
    columns = ", ".join(COLUMNS[feed])
    ours = f"SELECT {columns} FROM read_parquet('{bronze}/*/*.parquet')"
    theirs = f"SELECT {columns} FROM read_parquet('{by_sql}/bad=false/*.parquet')"
    engine = duckdb.connect()
    for one, other in ((ours, theirs), (theirs, ours)):
        (missing,) = engine.execute(f"SELECT count(*) FROM ({one} EXCEPT ALL {other})").fetchone() or (0,)
        assert not missing, f"{missing:,} good rows are on one side only"


def _judged(feed: str, files: Sequence[Path]) -> str:
    types, person = COLUMNS[feed], PERSONS[feed]
    names = ", ".join(f"'{file}'" for file in files)
    if files[0].suffix == ".parquet":
        source = f"SELECT * FROM read_parquet([{names}])"
    else:
        cast = ", ".join(f"try_cast({name} AS {kind}) AS {name}" for name, kind in types.items())
        source = f"SELECT {cast}, {person} FROM read_csv([{names}], header = true, all_varchar = true)"
    texts = [TEXT.format(name) for name in (person, *(n for n, kind in types.items() if kind == "VARCHAR"))]
    bad = " OR ".join(f"coalesce({rule}, false)" for rule in (*BROKEN[feed], *LATE, *texts))
    return f"SELECT {', '.join(types)}, hash({person}) AS person_key, ({bad}) AS bad FROM ({source})"
