"""`sandbox feed contract` and `sandbox feed pack`: what they print, and how they end."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from sandbox.cli.feed import app
from sandbox.errors import SandboxError
from tests.feeds.conftest import active_contract, movement, write_csv
from tests.feeds.test_contract import bent, term

PERIOD, MOMENT = "2024-01-01:2024-01-31", "2024-02-01T09:00:00+13:00"


def feed(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def code(done: Result) -> int:
    return int(done.exception.exit_code) if isinstance(done.exception, SandboxError) else done.exit_code


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    file = tmp_path / "c.odcs.yaml"
    file.write_text(active_contract("border_movement", "border_agency"), "utf-8")
    return file


def test_a_draft_is_written_once(tmp_path: Path) -> None:
    out = tmp_path / "new.yaml"
    assert code(feed("contract", "new", "network", "agency", "--out", out, "--set", "legalBasis=Act, s. 1 = all")) == 0
    assert "value: Act, s. 1 = all" in out.read_text("utf-8")
    assert code(feed("contract", "new", "network", "agency", "--out", out)) == 2


@pytest.mark.parametrize("said", ["colour=red", "legalBasis"])
def test_a_term_that_there_is_not_is_refused(said: str) -> None:
    assert code(feed("contract", "new", "network", "agency", "--set", said)) == 2


def test_lint_ends_with_0_where_nothing_is_wrong(contract: Path) -> None:
    done = feed("contract", "lint", contract, "--json")
    assert (code(done), json.loads(done.stdout)["found"]) == (0, [])


def test_lint_names_each_fault_with_its_remedy_and_ends_with_1(contract: Path) -> None:
    contract.write_text(bent(contract.read_text("utf-8"), lambda c: term(c, "legalBasis").update(value="")), "utf-8")
    done = feed("contract", "lint", contract)
    assert code(done) == 1
    assert "missing  `legalBasis` is empty.\n         Law, licence" in done.stdout


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"%PDF-1.4"])
def test_lint_of_what_is_no_contract_ends_with_2(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    assert code(feed("contract", "lint", tmp_path / "x")) == 2
    assert code(feed("contract", "lint", tmp_path / "absent")) == 2


def test_diff_ends_with_1_until_the_version_says_so(tmp_path: Path, contract: Path) -> None:
    changed = bent(contract.read_text("utf-8"), lambda c: c["description"].update(purpose="tourism statistics"))
    new = tmp_path / "next.yaml"
    new.write_text(changed, "utf-8")
    done = feed("contract", "diff", contract, new)
    assert code(done) == 1
    assert "breaking   purpose: migration statistics → tourism statistics" in done.stdout
    assert "lowest version: 2.0.0" in done.stdout
    new.write_text(changed.replace("version: 1.0.0", "version: 2.0.0", 1), "utf-8")
    assert code(feed("contract", "diff", contract, new, "--json")) == 0


def test_a_version_that_goes_back_is_told_as_that(tmp_path: Path, contract: Path) -> None:
    new = tmp_path / "next.yaml"
    new.write_text(contract.read_text("utf-8").replace("version: 1.0.0", "version: 0.9.0", 1), "utf-8")
    done = feed("contract", "diff", contract, new)
    assert code(done) == 1
    assert str(done.exception) == "Version 0.9.0 comes before 1.0.0: a version never goes back."


def pack(tmp_path: Path, contract: Path, *more: object, name: str = "m.csv") -> Result:
    file = write_csv(tmp_path / name, [movement()])
    fixed = ("--contract", contract, "--out", tmp_path / "out", "--quiet", "--json")
    return feed("pack", file, *fixed, *(more or ("--period", PERIOD, "--delivered-at", MOMENT)))


def test_a_delivery_is_packed_with_its_manifest(tmp_path: Path, contract: Path) -> None:
    done = pack(tmp_path, contract)
    assert code(done) == 0, done.exception
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))
    assert (manifest["delivered_at"], manifest["files"][0]["rows"]) == ("2024-01-31T20:00:00Z", 1)
    assert code(pack(tmp_path, contract)) == 2, "a delivery is packed once"


def test_an_empty_file_is_not_packed_and_nothing_is_left(tmp_path: Path, contract: Path) -> None:
    (tmp_path / "e.csv").write_text(",".join(movement()) + "\n", "utf-8")
    more = ("--contract", contract, "--out", tmp_path / "out", "--period", PERIOD, "--delivered-at", MOMENT)
    full = write_csv(tmp_path / "m.csv", [movement()])
    refused = feed("pack", full, tmp_path / "e.csv", *more)
    assert code(refused) == 4
    assert str(refused.exception) == "e.csv has no rows."
    assert not (tmp_path / "out").exists()


def test_a_refused_file_leaves_an_empty_folder_as_it_was(tmp_path: Path, contract: Path) -> None:
    (tmp_path / "e.csv").write_text("movement_id\nm1\n", "utf-8")
    (tmp_path / "out").mkdir()
    more = ("--contract", contract, "--out", tmp_path / "out", "--period", PERIOD, "--delivered-at", MOMENT)
    assert code(feed("pack", tmp_path / "e.csv", *more)) == 4
    assert list((tmp_path / "out").iterdir()) == []


def test_a_correction_names_the_delivery_that_it_replaces(tmp_path: Path, contract: Path) -> None:
    more = ("--period", PERIOD, "--delivered-at", MOMENT, "--replaces", "0123456789abcdef")
    assert code(pack(tmp_path, contract, *more)) == 0
    assert json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))["replaces"] == "0123456789abcdef"


@pytest.mark.parametrize(
    "more",
    [
        ("--period", "2024-01", "--delivered-at", MOMENT),
        ("--period", "2024-02-01:2024-01-01", "--delivered-at", MOMENT),
        ("--period", PERIOD, "--delivered-at", "2024-02-01T09:00:00"),
        ("--period", PERIOD, "--delivered-at", "yesterday"),
        ("--period", PERIOD, "--delivered-at", MOMENT, "--format", "howde_stops"),
    ],
)
def test_a_call_that_is_wrong_packs_nothing(tmp_path: Path, contract: Path, more: tuple[str, ...]) -> None:
    assert code(pack(tmp_path, contract, *more)) == 2
    assert not (tmp_path / "out").exists()


def test_a_file_with_an_odd_name_is_not_packed(tmp_path: Path, contract: Path) -> None:
    assert code(pack(tmp_path, contract, name="my file.csv")) == 2
    assert not (tmp_path / "out").exists()


def test_nothing_goes_out_under_a_draft(tmp_path: Path, contract: Path) -> None:
    contract.write_text(contract.read_text("utf-8").replace("status: active", "status: draft"), "utf-8")
    assert code(pack(tmp_path, contract)) == 2


def test_a_file_is_checked_under_a_draft(tmp_path: Path) -> None:
    draft = tmp_path / "draft.yaml"
    feed("contract", "new", "border_movement", "border_agency", "--out", draft)
    file = write_csv(tmp_path / "m.csv", [movement()])
    assert code(feed("check", file, "--contract", draft, "--quiet")) == 0
