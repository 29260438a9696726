"""`sandbox rule apply --repair full`: what was repaired is counted and told, and no row is invented."""

import csv
import json
from pathlib import Path

from typer.testing import CliRunner

from sandbox.cli import rule

FILE = """\
movement_id,person_id,date,direction,event_ts
1,p,2018-01-01,A,2018-01-01T10:00:00
2,p,2018-01-01,A,2018-01-01T10:10:00
3,p,2020-01-01,A,2020-01-01T10:00:00
"""


def test_what_was_repaired_is_counted_and_inserted_crossings_are_not_written(tmp_path: Path) -> None:
    movements, out = tmp_path / "movements.csv", tmp_path / "out.csv"
    movements.write_text(FILE, "utf-8")
    options = ["--observed-until", "2021-01-01", "--repair", "full", "--out", str(out), "--json", "--quiet"]
    found = CliRunner().invoke(rule.app, ["apply", "NZ_12_16", str(movements), *options], catch_exceptions=False)
    told = json.loads(found.stdout)["repaired"]
    assert (told["duplicates"], told["gaps"], told["last_crossings"], told["identifiers_joined"]) == (1, 1, 0, 0)
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["movement_id"] for row in rows] == ["1", "2", "3"]
    assert [row["error"] for row in rows] == ["", "duplicate", ""]
    assert [row["linkage_weight"] for row in rows] == ["0.5", "", "0.5"]
