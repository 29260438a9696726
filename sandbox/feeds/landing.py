"""Files as sent, which hold direct identifiers: destroyed in landing once they are taken in or refused, as agreed."""

from collections.abc import Callable
from pathlib import Path

from sandbox.errors import CallError, DeliveryRefusedError
from sandbox.feeds import contract as contracts
from sandbox.feeds.arrivals import booked_in
from sandbox.feeds.delivery import landed, read_delivery
from sandbox.feeds.forgetting import destroy_landing, files_as_sent
from sandbox.settings import Workspace, Zone


def destroy_as_agreed(workspace: Workspace, say: Callable[[str], None]) -> int:
    """Destroy the files of deliveries that are booked, refused ones too, where their contract says so; manifests stay.

    Where a contract can't be read that is said, and its files stay. Returns how many deliveries lost files.
    """
    booked = booked_in(workspace).owners
    by_contract: dict[tuple[str, str], list[str]] = {}
    for folder in landed(workspace.zone(Zone.LANDING)):
        if files_as_sent(folder) and (folder.name in booked or not _has_manifest(folder)):
            by_contract.setdefault((folder.parts[-3], folder.parts[-2]), []).append(folder.name)
    destroyed = 0
    for (partner, feed), deliveries in by_contract.items():
        try:
            agreed = contracts.read(workspace.contracts / f"{partner}.{feed}.odcs.yaml")
        except CallError as fault:
            say(f"what becomes of the files of {partner}.{feed} can't be told: {fault.message}")
            continue
        if agreed.destroys_landing:
            gone = destroy_landing(workspace, partner, feed, deliveries)
            say(f"{agreed.id}: files of {gone} deliveries are destroyed in landing, as its contract says")
            destroyed += gone
    return destroyed


def _has_manifest(folder: Path) -> bool:
    """Return whether a delivery can still be taken in: one without a manifest that can be read is refused for good."""
    try:
        read_delivery(folder)
    except DeliveryRefusedError:
        return False
    return True
