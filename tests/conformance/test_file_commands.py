"""Published cases with known answers, through the file commands."""

import csv
import json
import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from sandbox.cli import home, moves, rule, segments
from sandbox.errors import CallError

PARAMETERS = {"fig_4b_data_stay40": ("fig_4b_data", ("--min-days", "40"))}
CHI_CASES = (
    "fig_2_data",
    "fig_4a_data",
    "fig_4b_data_stay40",
    "migrant_location_history_example1",
    "migrant_location_history_example2",
    "nonmigrant_location_history_example1",
    "nonmigrant_location_history_example2",
)
COLUMN_OF_FIELD = {
    "res_status_before": "resident_before",
    "res_status_after": "resident_after",
    "is_long_term_mig": "is_migration",
    "date_finalised_res_before": "before_decided_on",
    "date_finalised_res_after": "after_decided_on",
    "date_finalised_LTM": "migration_decided_on",
}


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write(path: Path, header: str, rows: list[tuple[object, ...]]) -> Path:
    lines = [header, *(",".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def called(app, *arguments: object) -> Result:
    return CliRunner().invoke(app, ["apply", *map(str, arguments), "--quiet"], catch_exceptions=True)


def iso(compact: str) -> str:
    return f"{compact[:4]}-{compact[4:6]}-{compact[6:]}"


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_rule_apply_equals_every_assertion_of_stats_nz(shared: Path, tmp_path: Path, suffix: str) -> None:
    from sandbox.persons.files import read_table

    source = shared / "conformance" / "nz_12_16"
    crossings = read(source / "crossings.csv")
    rows = [(n, row["personId"], row["date_crossing"], "DA"[int(row["is_arrival"])]) for n, row in enumerate(crossings)]
    movements = write(tmp_path / "movements.csv", "movement_id,person_id,date,direction", rows)
    initial = write(
        tmp_path / "initial.csv",
        "person_id,resident,decided_on",
        [tuple(row.values()) for row in read(source / "initial_status.csv")],
    )
    out = tmp_path / f"out{suffix}"
    result = called(rule.app, "NZ_12_16", movements, "--initial-status", initial, "--complete-history", "--out", out)
    assert result.exit_code == 0
    found = [{name: str(value) for name, value in row.items()} for row in read_table(out, []).to_pylist()]
    asserted = 0
    for expected in read(source / "expected.csv"):
        case = [row for row in found if int(row["person_id"]) // 10 == int(expected["personId"])]
        value = case[int(expected["journey_index"]) - 1][COLUMN_OF_FIELD[expected["field"].removesuffix("_offset")]]
        if expected["field"].endswith("_offset"):
            value = str((date.fromisoformat(value) - date.fromisoformat(case[0]["before_decided_on"])).days)
        assert value == expected["value"], expected
        asserted += 1
    assert asserted == 585


@pytest.mark.parametrize("case", CHI_CASES)
def test_segments_apply_equals_the_published_code(shared: Path, tmp_path: Path, case: str) -> None:
    name, parameters = PARAMETERS.get(case, (case, ()))
    source = shared / "conformance" / "chi_segments"
    rows = [(row["user_id"], iso(row["date"]), row["location"]) for row in read(source / f"{name}.csv")]
    presence = write(tmp_path / "presence.csv", "person_id,date,place", rows)
    out, segments_out = tmp_path / "moves.csv", tmp_path / "segments.csv"
    result = called(segments.app, presence, "--out", out, "--segments-out", segments_out, *parameters)
    assert result.exit_code == 0
    expected_moves = [
        (
            row["user_id"], row["home"], row["destination"],
            iso(row["migration_date"]), row["uncertainty"].removesuffix(".0"),
            *(iso(row[f"{end}_date"]) for end in ("home_start", "home_end", "destination_start", "destination_end")),
        )
        for row in read(source / "expected" / f"{case}.csv")
    ]  # fmt: skip
    assert [tuple(row.values()) for row in read(out)] == expected_moves
    expected = {
        (row["user_id"], row["step"], row["location"], iso(row["start_date"]), iso(row["end_date"]))
        for row in read(source / "expected" / f"{case}.segments.csv")
    }
    assert {tuple(row.values()) for row in read(segments_out)} == expected


def test_the_columns_are_those_of_the_interface(tmp_path: Path) -> None:
    days = [(1, date(2024, 1, 1) + timedelta(number), "A") for number in range(40)]
    presence = write(tmp_path / "presence.csv", "person_id,date,place", days)
    movements = write(tmp_path / "m.csv", "movement_id,person_id,date,direction,note", [(1, 2, "2024-01-01", "A", "x")])
    out, other = tmp_path / "out.csv", tmp_path / "other.csv"
    called(rule.app, "NZ_12_16", movements, "--observed-until", "2024-06-01", "--out", out)
    assert out.read_text("utf-8").splitlines()[0].replace('"', "") == (
        "movement_id,person_id,date,direction,note,resident_before,resident_after,is_migration,before_decided_on,"
        "after_decided_on,migration_decided_on,decided,days_migrating,days_returned,earliest_decision,latest_decision,error"
    )
    called(segments.app, presence, "--out", out, "--segments-out", other)
    header = out.read_text("utf-8").splitlines()[0].replace('"', "")
    assert header == "person_id,from_place,to_place,date,uncertainty_days,from_start,from_end,to_start,to_end"
    assert other.read_text("utf-8").splitlines()[0].replace('"', "") == "person_id,step,place,start,end"
    called(home.app, presence, "--out", out)
    header = out.read_text("utf-8").splitlines()[0].replace('"', "")
    assert header == "person_id,month,home,work,status,night_days,days_seen"
    called(moves.app, presence, "--out", out)
    header = out.read_text("utf-8").splitlines()[0].replace('"', "")
    assert header == "person_id,kind,start,end,from_place,to_place,days_seen_before,days_seen_after,end_seen"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("NZ_12_16",), "how much"),
        (("NZ_12_16", "--complete-history", "--observed-until", "2024-01-01"), "how much"),
        (("NZ_12_16", "--observed-until", "20224-01-01"), "no date"),
        (("SEG_CHI", "--complete-history"), "applies to presence"),
        (("NO_RULE", "--complete-history"), "no residence rule"),
        (("NZ_12_16", "--complete-history", "--threshold-days", "500"), "threshold"),
    ],
)
def test_a_wrong_call_is_refused_in_a_sentence(tmp_path: Path, arguments: tuple[str, ...], sentence: str) -> None:
    movements = write(tmp_path / "m.csv", "movement_id,person_id,date,direction", [(1, 2, "2024-01-01", "A")])
    result = called(rule.app, arguments[0], movements, "--out", tmp_path / "out.csv", *arguments[1:])
    assert isinstance(result.exception, CallError)
    assert sentence in result.exception.message
    assert not (tmp_path / "out.csv").exists()


def test_a_rule_for_presence_names_the_command_that_applies_it(tmp_path: Path) -> None:
    result = called(rule.app, "SEG_CHI", tmp_path / "m.csv", "--complete-history", "--out", tmp_path / "out.csv")
    assert "segments apply" in result.exception.remedy


def test_the_answer_counts_what_was_found(tmp_path: Path) -> None:
    rows = [(1, 2, "2018-01-01", "A"), (2, 3, "2024-05-01", "D"), (3, 3, "2024-07-01", "A"), (4, 5, "20224-01-01", "A")]
    movements = write(tmp_path / "m.csv", "movement_id,person_id,date,direction", rows)
    out = tmp_path / "out.csv"
    result = called(rule.app, "NZ_12_16", movements, "--observed-until", "2024-06-01", "--out", out, "--json")
    counts = json.loads(result.stdout)
    assert (counts["crossings"], counts["left_out_after_the_date"]) == (3, 1)
    assert (counts["migrations"], counts["undecided"], counts["in_error"]) == (1, 1, 1)


def test_file_commands_never_import_spark(tmp_path: Path) -> None:
    movements = write(tmp_path / "m.csv", "movement_id,person_id,date,direction", [(1, 2, "2024-01-01", "A")])
    presence = write(tmp_path / "p.csv", "person_id,date,place", [(1, "2024-01-01", "A")])
    calls = [
        ["rule", "apply", "NZ_12_16", str(movements), "--complete-history", "--out", str(tmp_path / "r.csv")],
        ["rule", "compare", str(movements), "--complete-history", "--out", str(tmp_path / "c")],
        ["segments", "apply", str(presence), "--out", str(tmp_path / "s.csv")],
        ["home", "apply", str(presence), "--out", str(tmp_path / "h.csv")],
        ["moves", "apply", str(presence), "--out", str(tmp_path / "v.csv")],
    ]
    program = (
        "import importlib, json, sys\n"
        "for noun, *arguments in json.loads(sys.argv[1]):\n"
        "    importlib.import_module(f'sandbox.cli.{noun}').app(arguments, standalone_mode=False)\n"
        "assert 'pyspark' not in sys.modules and 'delta' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(calls)], capture_output=True, text=True, check=False, env=os.environ
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "v.csv").exists()
