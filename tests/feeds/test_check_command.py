"""`sandbox feed check`: the path of a row on a laptop."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.feeds.conftest import active_contract, movement, write_csv

RUN = """
import sys
from sandbox.cli.feed import app
from sandbox.errors import SandboxError
try:
    app(sys.argv[1:], standalone_mode=False)
    code = 0
except SandboxError as error:
    print(error.message, file=sys.stderr)
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
    assert json.loads(done.stdout) == {"rows": 1, "good": 1, "bad": 0, "repeated_keys": 0, "broken_rules": {}}
    assert done.stderr.strip() == "False", "pyspark was imported"


def test_a_broken_rule_ends_with_1_and_is_counted(tmp_path: Path, contract: Path) -> None:
    file = write_csv(tmp_path / "a.csv", [movement(), movement(movement_id="m2", direction="X")])
    done = check(file, "--contract", contract, "--json", "--quiet")
    assert done.returncode == 1
    assert json.loads(done.stdout)["broken_rules"] == {"allowed:direction": 1}
    assert "TRAVELLER" not in done.stdout + done.stderr


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
