"""Every published file that is a feed → contract, ingest, profile → what became of its rows, and what was found out."""

import csv
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from experiments.journey import Sent, take_in, tracked
from sandbox.errors import EnvironmentFaultError
from sandbox.lakehouse import store
from sandbox.lakehouse.tables.books import DELIVERY, FEED_QUALITY, FEED_WARNING
from sandbox.settings import Workspace

NAME = "real_feeds"
QUESTION = "What becomes of published files under a contract, and what do the rules find out without being told?"
FILES = Path(__file__).with_name("files.csv")
ADDRESS = "https://publisher.example"


def run(workspace: Workspace, shared: Path, seed: int) -> list[dict[str, Any]]:
    """Take all files in; return one row a delivery: where its rows are, the rules that rows broke, what was found."""
    with tracked(workspace, NAME, {"files": len(_listed())}):
        take_in(workspace, sent_of(shared / "data"), seed)
        return told(workspace)


def sent_of(data: Path) -> list[Sent]:
    """Return the hand-overs: files of one partner and feed come together."""
    rows = _listed()
    missing = [row["file"] for row in rows if not (data / row["file"]).is_file()]
    if missing:
        raise EnvironmentFaultError(f"{len(missing)} real files are absent.", "Name the folder with --shared.")
    groups = dict.fromkeys((row["partner"], row["feed"]) for row in rows)
    return [_sent(data, [row for row in rows if (row["partner"], row["feed"]) == group]) for group in groups]


def told(workspace: Workspace) -> list[dict[str, Any]]:
    """Return what the books say of each delivery."""
    broken = store.read_small(workspace, FEED_QUALITY).to_pylist()
    warnings = store.read_small(workspace, FEED_WARNING).to_pylist()
    answer = []
    for row in (
        store.read_small(workspace, DELIVERY).sort_by([("partner", "ascending"), ("feed", "ascending")]).to_pylist()
    ):
        rules = [
            f"{each['measure'].removeprefix('broken:')} {each['value']:,.0f}"
            for each in broken
            if each["delivery_id"] == row["delivery_id"] and each["measure"].startswith("broken:")
        ]
        found = [
            f"{w['rule']}: {w['text']}" for w in warnings if (w["partner"], w["feed"]) == (row["partner"], row["feed"])
        ]
        answer.append(
            {
                "partner": row["partner"],
                "feed": row["feed"],
                "rows": row["rows_in"],
                "bronze": row["rows_bronze"],
                "quarantine": row["rows_quarantined"],
                "duplicates": row["rows_duplicate"],
                "broken": "; ".join(rules),
                "found": "; ".join([*(row["findings"] or []), *found]),
            }
        )
    return answer


def _listed() -> list[dict[str, str]]:
    with FILES.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _sent(data: Path, rows: Sequence[dict[str, str]]) -> Sent:
    first = rows[0]
    stated = {
        "legalBasis": first["licence"],
        "partnerContact": ADDRESS,
        "timeZone": first["time_zone"] or "UTC",
        "encoding": "",
    }
    return Sent(
        first["partner"],
        first["feed"],
        [(data / row["file"], row["format"]) for row in rows],
        (
            date.fromisoformat(min(row["from"] for row in rows)),
            date.fromisoformat(max(row["to"] for row in rows)),
        ),
        date.fromisoformat(first["delivered_on"]),
        stated,
    )
