"""A delivery that is not what its manifest says is refused whole, before a row is read."""

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.errors import DeliveryRefusedError, ExitCode
from sandbox.feeds import contract as contracts
from sandbox.feeds.delivery import MANIFEST, check_delivery, delivery_id, land, landed, read_delivery
from sandbox.settings import Workspace, Zone
from tests.feeds.conftest import Send, movement


def agreed(partner: Workspace) -> contracts.Contract:
    return contracts.read(partner.contracts / "border_agency.border_movement.odcs.yaml")


def with_manifest(folder: Path, **changed: Any) -> Path:
    content = json.loads((folder / MANIFEST).read_text("utf-8"))
    (folder / MANIFEST).write_text(json.dumps(content | changed), "utf-8")
    return folder


def file_entry(folder: Path, **changed: Any) -> list[dict[str, Any]]:
    return [json.loads((folder / MANIFEST).read_text("utf-8"))["files"][0] | changed]


def test_a_delivery_as_its_manifest_says_is_landed_whole(partner: Workspace, send: Send) -> None:
    delivery = send("one", [movement()])
    check_delivery(delivery, agreed(partner))
    place = land(delivery, partner.zone(Zone.LANDING))
    assert landed(partner.zone(Zone.LANDING)) == [place]
    assert read_delivery(place).id == delivery.id


def test_the_id_does_not_depend_on_how_the_manifest_is_laid_out() -> None:
    assert delivery_id({"a": 1, "b": [2]}) == delivery_id(json.loads('{ "b" : [2], "a" : 1 }'))


@pytest.mark.parametrize(
    "changed",
    [
        {"partner": "../../etc"},
        {"feed": "Border Movement"},
        {"contract": "someone.else"},
        {"period_from": "2025-01-01"},
        {"delivered_at": "2024-02-01T00:00:00"},
        {"files": []},
        {"manifest_version": 2},
        {"password": "hunter2"},
    ],
)
def test_a_manifest_with_a_fault_is_refused_and_not_quoted(send: Send, changed: dict[str, Any]) -> None:
    folder = with_manifest(send("one", [movement()]).folder, **changed)
    with pytest.raises(DeliveryRefusedError) as refusal:
        read_delivery(folder)
    assert "hunter2" not in str(refusal.value)
    assert refusal.value.exit_code == ExitCode.REFUSED_WHOLE == 4


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_manifest_is_refused(send: Send, content: bytes) -> None:
    folder = send("one", [movement()]).folder
    (folder / MANIFEST).write_bytes(content)
    with pytest.raises(DeliveryRefusedError):
        read_delivery(folder)


def test_a_delivery_without_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeliveryRefusedError, match="no manifest"):
        read_delivery(tmp_path)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"sha256": "0" * 64}, "SHA-256"),
        ({"name": "absent.csv"}, "not in the delivery"),
        ({"format": "doc"}, "does not name the format"),
        ({"rows": 0}, "no rows"),
    ],
)
def test_a_file_that_is_not_the_manifests_refuses_the_delivery(
    partner: Workspace, send: Send, changed: dict[str, Any], why: str
) -> None:
    folder = send("one", [movement()]).folder
    with_manifest(folder, files=file_entry(folder, **changed))
    with pytest.raises(DeliveryRefusedError, match=why):
        check_delivery(read_delivery(folder), agreed(partner))


def test_another_version_of_the_contract_refuses_the_delivery(partner: Workspace, send: Send) -> None:
    folder = with_manifest(send("one", [movement()]).folder, contract_version="2.0.0")
    with pytest.raises(DeliveryRefusedError, match=r"2\.0\.0"):
        check_delivery(read_delivery(folder), agreed(partner))
