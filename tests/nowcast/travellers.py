"""A small made-up border: visitors, students, settlers, residents who travel, residents who leave."""

from datetime import date

import numpy as np
import pyarrow as pa

EPOCH = date(1970, 1, 1)
KINDS = {
    # kind: visa class, share, first direction, days on the new side, days on the old side, stays
    "visitor": ("visit", 0.35, "A", (3, 60), (60, 900), 3),
    "student": ("study", 0.15, "A", (120, 500), (15, 90), 4),
    "settler": ("work", 0.20, "A", (200, 1500), (7, 60), 5),
    "traveller": ("citizen", 0.20, "D", (5, 80), (90, 700), 5),
    "leaver": ("citizen", 0.10, "D", (150, 1500), (10, 60), 4),
}

MISSED = 0.04
"""Share of crossings that the border office misses, so that repair revises what seemed decided."""


def movements(persons: int, seed: int = 1, first: date = date(2017, 1, 1), last: date = date(2022, 12, 31)) -> pa.Table:
    """Return movements sorted by person and time, with the columns that the nowcast reads."""
    rng = np.random.default_rng(seed)
    names, shares = list(KINDS), [kind[1] for kind in KINDS.values()]
    rows = []
    for person in range(1, persons + 1):
        kind = names[rng.choice(len(names), p=shares)]
        rows += _crossings(rng, person * 7919, kind, (first, last))
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    return table.sort_by([("person_key", "ascending"), ("event_date", "ascending"), ("movement_id", "ascending")])


def _crossings(rng: np.random.Generator, key: int, kind: str, span: tuple[date, date]) -> list[dict[str, object]]:
    visa, _, direction, new_side, old_side, stays = KINDS[kind]
    begin, end = ((day - EPOCH).days for day in span)
    day = int(rng.integers(begin, end))
    shared = {
        "person_key": key,
        "bucket": key % 2,
        "visa_class": visa if rng.random() > 0.05 else None,
        "nationality": str(rng.choice(["NZL", "IND", "CHN"])),
        "sex": str(rng.choice(["F", "M"])),
        "birth_year_band": int(rng.integers(1950, 2000)) // 5 * 5,
    }
    found: list[dict[str, object]] = []
    for stay in range(2 * stays):
        if day > end:
            break
        stated = {"intended_stay_days": int(new_side[0] + new_side[1]) // 2, "one_way_ticket": bool(rng.random() < 0.3)}
        row = {**shared, **stated, "movement_id": f"M{key}-{stay:02d}", "event_date": day, "direction": direction}
        if rng.random() >= MISSED:
            found.append(row)
        low, high = new_side if stay % 2 == 0 else old_side
        day += int(rng.integers(low, high))
        direction = "D" if direction == "A" else "A"
    return found


SCHEMA = pa.schema(
    [
        ("movement_id", pa.string()),
        ("person_key", pa.int64()),
        ("bucket", pa.int32()),
        ("event_date", pa.date32()),
        ("direction", pa.string()),
        ("visa_class", pa.string()),
        ("nationality", pa.string()),
        ("sex", pa.string()),
        ("birth_year_band", pa.int32()),
        ("intended_stay_days", pa.int32()),
        ("one_way_ticket", pa.bool_()),
    ]
)
