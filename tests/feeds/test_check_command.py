"""`sandbox feed check`: the path of a row on a laptop."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from sandbox.feeds import contract as contracts
from sandbox.feeds.check import check_files
from sandbox.feeds.passing import PassingKeys
from sandbox.feeds.pseudonym import Pseudonyms
from tests.feeds.conftest import active_contract, movement, write_csv

RUN = """
import sys
from sandbox.cli.feed import app
from sandbox.errors import SandboxError
try:
    app(sys.argv[1:], standalone_mode=False)
    code = 0
except SandboxError as error:
    print(error.message, error.remedy, file=sys.stderr)
    code = int(error.exit_code)
print("pyspark" in sys.modules, file=sys.stderr)
sys.exit(code)
"""


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    file = tmp_path / "c.odcs.yaml"
    file.write_text(active_contract("border_movement", "border_agency"), "utf-8")
    return file


def check(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", RUN, "check", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_good_files_pass_without_spark(tmp_path: Path, contract: Path) -> None:
    file = write_csv(tmp_path / "a.csv", [movement()])
    done = check(file, "--contract", contract, "--json", "--quiet")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    counts = {"rows": 1, "good": 1, "bad": 0, "repeated_keys": 0, "broken_rules": {}, "first_rows": {}, "findings": []}
    assert {name: told[name] for name in counts} == counts
    assert done.stderr.strip() == "False", "pyspark was imported"


def test_a_broken_rule_ends_with_1_and_is_counted(tmp_path: Path, contract: Path) -> None:
    file = write_csv(tmp_path / "a.csv", [movement(), movement(movement_id="m2", direction="X")])
    done = check(file, "--contract", contract, "--json", "--quiet")
    assert done.returncode == 1
    assert json.loads(done.stdout)["broken_rules"] == {"allowed:direction": 1}
    assert "TRAVELLER" not in done.stdout + done.stderr


def test_how_each_file_is_written_down_is_stated(tmp_path: Path) -> None:
    contract = tmp_path / "c.odcs.yaml"
    contract.write_text(active_contract("border_movement", "border_agency", encoding=""), "utf-8")
    file = tmp_path / "a.csv"
    row = movement(port="Nadí")
    file.write_bytes(f"{';'.join(row)}\n{';'.join(row.values())}\n".encode("cp1252"))
    lines = tmp_path / "b.jsonl"
    lines.write_text(json.dumps(movement(movement_id="m2", port="Nadí"), ensure_ascii=False) + "\n", "utf-8")
    told = json.loads(check(file, lines, "--contract", contract, "--json", "--quiet").stdout)["files"]
    written = {"format": "csv", "encoding": "cp1252", "encoding_from": "told from the file", "delimiter": ";"}
    assert written | {"file": "a.csv", "quote": '"', "columns": 7, "undeclared_columns": 0} == told[0]
    assert (told[1]["format"], told[1]["encoding"], told[1]["columns"]) == ("jsonl", "utf-8", 7)
    shown = check(file, "--contract", contract, "--quiet").stdout
    assert 'a.csv: csv; encoding cp1252, delimiter ;, quotation mark " (encoding: told from the file)' in shown
    assert "read: movement_id, traveller_id" in shown


def test_a_sources_own_format_is_stated_as_its_reader_takes_it(tmp_path: Path) -> None:
    contract = tmp_path / "c.odcs.yaml"
    contract.write_text(active_contract("stop", "lab", formats="csv"), "utf-8")
    (tmp_path / "g.csv").write_text("lat,lng,datetime,uid\n1.0,2.0,2024-01-05 10:00:00,walker-0001\n", "utf-8")
    done = check(tmp_path / "g.csv", "--contract", contract, "--format", "geolife", "--json", "--quiet")
    told = json.loads(done.stdout)
    assert told["files"][0]["delimiter"] == ","
    assert "geolife is no format of the contract" in told["findings"][0]


def test_broken_rows_are_named_by_number_and_never_by_value(tmp_path: Path, contract: Path) -> None:
    rows = [movement(movement_id=f"m{number}", direction="X") for number in range(7)]
    rows[1] |= {"direction": "A"}
    rows[2] |= {"nationality": "FIJI"}
    file = write_csv(tmp_path / "a.csv", rows)
    lines = file.read_text("utf-8").splitlines()
    file.write_text("\n".join([*lines[:5], "one field", *lines[5:]]) + "\n", "utf-8")
    out = tmp_path / "broken.csv"
    done = check(file, "--contract", contract, "--json", "--quiet", "--out", out)
    assert json.loads(done.stdout)["first_rows"] == {
        "allowed:direction": {"a.csv": [1, 3, 4, 6, 7]},
        "alpha_3:nationality": {"a.csv": [3]},
        "row:number_of_fields": {"a.csv": [5]},
    }
    assert out.read_text("utf-8").splitlines() == [
        '"file","row_number","broken_rules"',
        '"a.csv",1,"allowed:direction"',
        '"a.csv",3,"allowed:direction; alpha_3:nationality"',
        '"a.csv",4,"allowed:direction"',
        '"a.csv",5,"row:number_of_fields"',
        *(f'"a.csv",{number},"allowed:direction"' for number in (6, 7, 8)),
    ]
    assert "first rows: a.csv 1, 3, 4, 6, 7)" in check(file, "--contract", contract, "--quiet").stdout


def test_columns_that_nobody_agreed_on_are_told_and_what_may_be_a_value_is_not(tmp_path: Path, contract: Path) -> None:
    file = write_csv(tmp_path / "a.csv", [movement() | {"passport_no": "LH123", "LH-4471-99": "x"}])
    done = check(file, "--contract", contract, "--json", "--quiet")
    assert done.returncode == 0
    (finding,) = json.loads(done.stdout)["findings"]
    assert "undeclared columns: 2 (passport_no, 1 whose names are not repeated here)" in finding
    assert "4471" not in done.stdout + done.stderr
    (tmp_path / "b.jsonl").write_text(json.dumps(movement() | {"full_name": "x"}) + "\n", "utf-8")
    told = check(tmp_path / "b.jsonl", "--contract", contract, "--json", "--quiet").stdout
    assert "undeclared columns: 1 (full_name)" in json.loads(told)["findings"][0]


def test_a_day_of_delivery_that_is_none_is_a_wrong_call(tmp_path: Path, contract: Path) -> None:
    file = write_csv(tmp_path / "a.csv", [movement()])
    done = check(file, "--contract", contract, "--delivered-on", "3rd")
    assert done.returncode == 2
    assert "'3rd' is no day" in done.stderr


def test_what_is_not_checked_is_said(tmp_path: Path, contract: Path) -> None:
    file = write_csv(tmp_path / "a.csv", [movement()])
    without = json.loads(check(file, "--contract", contract, "--json", "--quiet").stdout)["not_checked"]
    assert [text.partition(":")[0] for text in without] == ["after_delivery", "what the office alone can see"]
    before = check(file, "--contract", contract, "--json", "--quiet", "--delivered-on", "2023-12-31")
    told = json.loads(before.stdout)
    assert [text.partition(":")[0] for text in told["not_checked"]] == ["what the office alone can see"]
    assert told["broken_rules"] == {"after_delivery:event_date": 1, "after_delivery:event_ts": 1}


def test_a_format_that_there_is_not_is_answered_with_those_there_are(tmp_path: Path, contract: Path) -> None:
    done = check(write_csv(tmp_path / "a.csv", [movement()]), "--contract", contract, "--format", "foo")
    assert done.returncode == 2
    assert "There is no format foo" in done.stderr
    assert "sdmx_csv" in done.stderr


def test_a_check_makes_no_pseudonym_and_yet_knows_persons_apart(
    tmp_path: Path, contract: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_pseudonym(*_: object) -> None:
        raise AssertionError("an identifier was hashed with a key that nobody keeps")

    monkeypatch.setattr(Pseudonyms, "_hash", no_pseudonym)
    rows = [movement(movement_id=f"m{number}", traveller_id=f"TRAVELLER-{number % 2}") for number in range(4)]
    checked = check_files([write_csv(tmp_path / "a.csv", rows)], "", contracts.read(contract))
    assert (checked.note.rows, checked.note.bad, checked.note.persons_counted) == (4, 0, 2)
    assert PassingKeys().of(pa.array(["a", None])).is_valid().to_pylist() == [True, False]


def test_rows_that_come_twice_are_told_over_all_files(tmp_path: Path, contract: Path) -> None:
    one = write_csv(tmp_path / "a.csv", [movement(), movement()])
    other = write_csv(tmp_path / "b.csv", [movement(), movement(movement_id="m2")])
    done = check(one, other, "--contract", contract, "--json", "--quiet")
    assert json.loads(done.stdout)["repeated_keys"] == 2


def test_records_of_a_source_that_the_contract_does_not_name_break_it(tmp_path: Path) -> None:
    contract = tmp_path / "c.odcs.yaml"
    contract.write_text(active_contract("border_movement", "border_agency", recordSources="border"), "utf-8")
    file = write_csv(tmp_path / "a.csv", [movement(source="border"), movement(movement_id="m2", source="PNR")])
    done = check(file, "--contract", contract, "--json", "--quiet")
    assert json.loads(done.stdout)["broken_rules"] == {"contract:source": 1}


def test_a_file_refused_whole_ends_with_4(tmp_path: Path, contract: Path) -> None:
    (tmp_path / "a.csv").write_text("movement_id\nm1\n", "utf-8")
    refused = check(tmp_path / "a.csv", "--contract", contract, "--quiet")
    assert refused.returncode == 4
    assert "required columns are missing" in refused.stderr
    (tmp_path / "b.csv").write_text("", "utf-8")
    assert check(tmp_path / "b.csv", "--contract", contract, "--quiet").returncode == 4


def test_a_file_of_another_encoding_is_answered_with_the_prepared_remedy(tmp_path: Path, contract: Path) -> None:
    file = tmp_path / "a.csv"
    row = ",".join(movement(port="Nadí").values())
    file.write_bytes(f"{','.join(movement(port=''))}\n{row}\n".encode("latin-1"))
    refused = check(file, "--contract", contract, "--quiet")
    assert refused.returncode == 4
    assert "It looks like cp1252: state that in the contract, or send it in utf-8." in refused.stderr
