import csv
import io
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sandbox.concepts import seal
from sandbox.release.edition import edition_files
from sandbox.release.subtraction import recoverable
from sandbox.release.terms import Sources, Terms
from sandbox.release.verify import content_findings, findings

PEOPLE = {
    name: Ed25519PrivateKey.from_private_bytes(name.encode().ljust(32, b".")) for name in ("ana", "ben", "cleo", "dora")
}
PEOPLE["ana_again"] = PEOPLE["ana"]
OFFICE = Ed25519PrivateKey.from_private_bytes(b"office".ljust(32, b"."))


def said(what: str, name: str, request_hash: str) -> dict[str, str]:
    key = PEOPLE[name]
    signature = seal.sign(key, seal.request_message(what, name, request_hash))
    return {"name": name, "public_key": seal.public_text(key.public_key()), "signature": signature, "at": "2025-12-20"}


def sealed(folder: Path, release_id: str, approvers: tuple[str, ...] = ("ben", "cleo")) -> None:
    """Sign a folder as the door would."""
    sums = (folder / "SHA256SUMS").read_bytes()
    checks = (("hashes", "passed"),)
    asked = seal.request_hash(release_id, seal.sha256(sums), "ana", checks)
    approvals = {
        "release_id": release_id,
        "sums_sha256": seal.sha256(sums),
        "author": "ana",
        "checks": checks,
        "requested": said("request", "ana", asked),
        "approvals": [said("approve", name, asked) for name in approvers],
        "released": said("release", "dora", asked),
    }
    (folder / "approvals.json").write_text(json.dumps(approvals))
    message = seal.release_message(sums, (folder / "approvals.json").read_bytes())
    (folder / "signature").write_text(seal.sign(OFFICE, message) + "\n")


def resummed(folder: Path) -> None:
    """Write the hashes anew, as a forger would who changed a file."""
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    (folder / "SHA256SUMS").write_bytes(seal.sums_text(files))


@pytest.fixture(scope="session")
def signable(sources: Sources, terms: Terms) -> dict[str, bytes]:
    return edition_files(sources, replace(terms, office_public_key=seal.public_text(OFFICE.public_key())))


@pytest.fixture
def folder(signable: dict[str, bytes], terms: Terms, tmp_path: Path) -> Path:
    place = tmp_path / "copied" / "anywhere"
    place.mkdir(parents=True)
    for name, content in signable.items():
        (place / name).write_bytes(content)
    sealed(place, terms.release_id)
    return place


def wrong(folder: Path, key: str = "") -> dict[str, str]:
    return {one.check: one.told for one in findings(folder, key) if not one.passed}


def edited(folder: Path, change: Any) -> None:
    """Change rows of data.csv, and the hashes with them."""
    text = (folder / "data.csv").read_text()
    rows = list(csv.DictReader(io.StringIO(text)))
    change(rows)
    sink = io.StringIO()
    writer = csv.DictWriter(sink, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    (folder / "data.csv").write_text(sink.getvalue())
    resummed(folder)


def test_a_release_passes_wherever_it_lies(folder: Path) -> None:
    assert wrong(folder, seal.public_text(OFFICE.public_key())) == {}


def test_one_byte_changed_in_any_file_fails_and_names_it(folder: Path) -> None:
    for file in sorted(folder.iterdir()):
        content = file.read_bytes()
        middle = len(content) // 2
        file.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
        assert file.name in " ".join(wrong(folder).values()), file.name
        file.write_bytes(content)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "withheld.csv").unlink()
    assert "withheld.csv is missing" in wrong(folder)["hashes"]


def test_a_foreign_file_is_named(folder: Path) -> None:
    (folder / "notes.txt").write_text("x")
    assert "notes.txt" in wrong(folder)["hashes"]


def test_an_unsigned_folder_says_what_lacks(folder: Path) -> None:
    (folder / "signature").unlink()
    assert wrong(folder) == {"signature": "signature is missing."}


def test_another_office_is_not_trusted(folder: Path) -> None:
    assert "office.pub" in wrong(folder, seal.public_text(PEOPLE["ana"].public_key()))["key"]


def test_a_key_nobody_vouches_for_is_said_to_be_so(folder: Path) -> None:
    [key] = [one for one in findings(folder) if one.check == "key"]
    assert key.passed
    assert "not vouched for" in key.told


@pytest.mark.parametrize("approvers", [("ben",), ("ben", "ben"), ("ana", "ben"), ("ana_again", "ben")])
def test_fewer_than_two_checkers_who_are_not_the_author_fail(
    folder: Path, terms: Terms, approvers: tuple[str, ...]
) -> None:
    sealed(folder, terms.release_id, approvers)
    assert "two checkers" in wrong(folder)["approvals"]


def test_the_author_with_a_second_key_is_still_the_author(
    folder: Path, terms: Terms, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed(folder, terms.release_id)
    requested = json.loads((folder / "approvals.json").read_text())["requested"]
    monkeypatch.setitem(PEOPLE, "ana", PEOPLE["dora"])
    sealed(folder, terms.release_id, ("ana", "ben"))
    approvals = json.loads((folder / "approvals.json").read_text()) | {"requested": requested}
    (folder / "approvals.json").write_text(json.dumps(approvals))
    assert "two checkers" in wrong(folder)["approvals"]


def test_forged_hashes_do_not_fit_the_signature(folder: Path) -> None:
    edited(folder, lambda rows: rows[0].update(OBS_VALUE="9999"))
    assert {"signature", "approvals", "same figures"} <= set(wrong(folder))


def test_a_missing_label_is_found_even_with_right_hashes(folder: Path) -> None:
    edited(folder, lambda rows: rows[3].update(LABEL=""))
    assert "label" in wrong(folder)


@pytest.mark.parametrize(
    "change",
    [{"OBS_STATUS": "A"}, {"CONF_STATUS": "C"}, {"VERDICT": "WITHHOLD"}, {"PROVISIONAL": "yes"}, {"VINTAGE": "2025"}],
)
def test_a_status_that_does_not_fit_is_found(folder: Path, change: dict[str, str]) -> None:
    edited(folder, lambda rows: rows[5].update(change))
    assert "row 7" in wrong(folder)["statuses"]


def test_a_hidden_cell_with_bounds_is_found(folder: Path) -> None:
    edited(folder, lambda rows: next(r for r in rows if r["OBS_STATUS"] == "Q").update(UPPER_95="12"))
    assert "hidden cells" in wrong(folder)


def test_an_audit_that_saw_too_few_cells_is_found(folder: Path) -> None:
    quality = json.loads((folder / "quality.json").read_text())
    quality["audit"]["attacked"] -= 1
    (folder / "quality.json").write_text(json.dumps(quality))
    assert "audit" in {one.check for one in content_findings(folder) if not one.passed}


def test_parquet_that_says_something_else_is_found(folder: Path) -> None:
    table = pq.read_table(folder / "data.parquet")
    pq.write_table(table.slice(1), folder / "data.parquet")
    assert "same figures" in wrong(folder)


def cells(text: str) -> list[dict[str, str]]:
    names = ("REF_AREA", "PARTNER_AREA", "OBS_STATUS")
    base = dict.fromkeys(("FREQ", "INDICATOR", "FEED", "TIME_PERIOD", "SEX", "AGE", "SUBPOPULATION"), "_T")
    return [base | dict(zip(names, line.split(), strict=True)) for line in text.strip().splitlines()]


def test_one_hidden_part_of_a_shown_total_is_given_away() -> None:
    assert recoverable(cells("_T _T G \n A1 _T Q \n A2 _T G")) == 1


def test_two_hidden_parts_are_not() -> None:
    assert recoverable(cells("_T _T G \n A1 _T Q \n A2 _T Q \n A3 _T G")) == 0


def test_one_hidden_part_of_a_hidden_total_is_not() -> None:
    assert recoverable(cells("_T _T Q \n A1 _T Q \n A2 _T G")) == 0


def test_a_cell_given_away_along_the_other_dimension_is_found() -> None:
    assert recoverable(cells("A1 _T G \n A1 B1 Q \n A1 B2 G \n A2 B1 Q \n A2 B2 Q \n A2 _T G")) == 1


def test_verifying_needs_neither_spark_nor_java(folder: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from sandbox.release.verify import findings; "
        "assert all(f.passed for f in findings(Path(sys.argv[1]))); assert 'pyspark' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True, env={"PATH": "", "JAVA_HOME": "/nowhere"})


@pytest.mark.parametrize("name", ["signature", "approvals.json", "office.pub", "SHA256SUMS", "data.csv", "data.xlsx"])
def test_the_last_byte_of_a_file_counts_too(folder: Path, name: str) -> None:
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))

    assert any(name in told for told in wrong(folder).values())
