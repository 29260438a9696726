from pathlib import Path

import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from sandbox.cli.disclosure import app
from sandbox.errors import ExitCode, SandboxError

TABLE = """area,sex,n,persons
a,F,20,20
a,M,50,50
a,U,3,3
b,F,8,8
b,M,19,19
b,U,22,22
c,F,40,40
c,M,32,32
c,U,5,5
"""
COLUMNS = ["--dimensions", "area,sex", "--value", "n"]


def exit_code(*arguments: object) -> int:
    found = CliRunner().invoke(app, [str(each) for each in arguments])
    return int(found.exception.exit_code) if isinstance(found.exception, SandboxError) else found.exit_code


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "table.csv"
    file.write_text(TABLE, "utf-8")
    return file


def protect(table: Path, out: Path, *more: object) -> int:
    return exit_code("protect", table, *COLUMNS, "--contributors", "persons", "--out", out, *more)


def test_protect_and_audit_have_the_columns_of_the_interface(table: Path, tmp_path: Path) -> None:
    assert protect(table, tmp_path / "out.csv.gz") == ExitCode.DONE
    assert pacsv.read_csv(tmp_path / "out.csv.gz").column_names == ["area", "sex", "n", "CONF_STATUS"]
    inside = pacsv.read_csv(tmp_path / "out.internal.csv.gz")
    assert set(inside["status"].to_pylist()) == {"open", "primary", "secondary"}
    assert exit_code("audit", tmp_path / "out.csv.gz", *COLUMNS, "--out", tmp_path / "a.csv") == ExitCode.DONE
    audited = pacsv.read_csv(tmp_path / "a.csv")
    assert audited.column_names == ["area", "sex", "lower", "upper", "width", "too_narrow"]
    assert set(audited["too_narrow"].to_pylist()) == {0}


def test_an_audit_that_finds_a_cell_ends_with_one_and_still_writes(table: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.csv"
    bare.write_text("area,n\na,\nb,20\n_T,23\n", "utf-8")
    arguments = ["audit", bare, "--dimensions", "area", "--value", "n", "--out", tmp_path / "a.parquet"]
    assert exit_code(*arguments) == ExitCode.CHECK_FAILED
    assert pq.read_table(tmp_path / "a.parquet")["lower"].to_pylist() == [3]


def test_tables_of_before_follow_one_option(table: Path, tmp_path: Path) -> None:
    protect(table, tmp_path / "out.csv")
    arguments = ["audit", tmp_path / "out.csv", *COLUMNS, "--out", tmp_path / "a.csv", "--earlier"]
    assert exit_code(*arguments, tmp_path / "out.csv", tmp_path / "out.csv") == ExitCode.DONE
    assert exit_code(*arguments, table) == ExitCode.CHECK_FAILED


@pytest.mark.parametrize(
    "more",
    [
        ["--largest", "n"],
        ["--partners", "none_such"],
        ["--method", "cellkey"],
        ["--method", "noise"],
        ["--dimensions", "area"],
    ],
)
def test_a_wrong_call_ends_with_two_and_writes_nothing(table: Path, tmp_path: Path, more: list[str]) -> None:
    assert protect(table, tmp_path / "out.csv", *more) == ExitCode.CALL_WRONG
    assert [file.name for file in tmp_path.iterdir()] == ["table.csv"]


def test_own_rules_replace_the_thresholds_that_they_name(table: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text("minimum_contributors = 2\n", "utf-8")
    assert protect(table, tmp_path / "out.csv", "--rules", rules) == ExitCode.DONE
    assert None not in pacsv.read_csv(tmp_path / "out.csv")["n"].to_pylist()
    rules.write_text("minimum = 2\n", "utf-8")
    assert protect(table, tmp_path / "out.csv", "--rules", rules) == ExitCode.CALL_WRONG
