"""What has arrived: deliveries in landing that are not booked yet, checked before a row of them is read."""

from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import CallError, DeliveryRefusedError
from sandbox.feeds import contract as contracts
from sandbox.feeds.contract import Contract
from sandbox.feeds.delivery import Delivery, check_delivery, landed, read_delivery
from sandbox.feeds.ingest import FileTask
from sandbox.feeds.profile import REFUSED, Account
from sandbox.feeds.pseudonym import KeyFile
from sandbox.lakehouse import store
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.tables.books import DELIVERY
from sandbox.settings import Workspace, Zone


@dataclass(frozen=True)
class Arrived:
    """A delivery that passed the checks before reading, and the contract that it came under."""

    delivery: Delivery
    contract: Contract


def arrivals(run: StageRun) -> tuple[list[Arrived], list[Account]]:
    """Return deliveries to take in, by time of delivery, and accounts of those refused before reading."""
    booked, arrived, refused = _booked(run), [], []
    for folder in landed(run.workspace.zone(Zone.LANDING)):
        try:
            delivery = read_delivery(folder)
        except DeliveryRefusedError as refusal:
            run.say(f"refused {folder.name}: {refusal.message}")
            continue
        if delivery.id in booked or delivery.manifest.period_from >= run.observed_until:
            continue
        try:
            arrived.append(Arrived(delivery, check_before_reading(run.workspace, delivery)))
        except (DeliveryRefusedError, CallError) as refusal:
            refused.append(Account(delivery, refused=refusal.message))
    arrived.sort(key=lambda each: (each.delivery.manifest.delivered_at, each.delivery.id))
    return arrived, refused


def check_before_reading(workspace: Workspace, delivery: Delivery) -> Contract:
    """Return the contract of a delivery that is what its manifest says, for the workspace's purpose; refuse others."""
    agreed = contracts.read(workspace.contracts / f"{delivery.manifest.contract}.odcs.yaml")
    purpose = workspace.settings.purpose
    if agreed.purpose != purpose:
        raise DeliveryRefusedError(
            f"Contract {agreed.id} is for {agreed.purpose!r}, this workspace for {purpose!r}.",
            "Agree on the purpose, or take the delivery in elsewhere.",
        )
    check_delivery(delivery, agreed)
    return agreed


def file_tasks(run: StageRun, arrived: Arrived, staging: Path) -> list[FileTask]:
    """Return the files to read; the key is named by its path."""
    manifest, agreed, workspace = arrived.delivery.manifest, arrived.contract, run.workspace
    return [
        FileTask(
            path=str(arrived.delivery.folder / sent.name),
            file=sent.name,
            file_format=sent.format,
            feed=manifest.feed,
            partner=manifest.partner,
            delivery_id=arrived.delivery.id,
            purpose=workspace.settings.purpose,
            epoch=KeyFile(workspace.key_file).current_epoch,
            time_zone=agreed.time_zone,
            encoding=agreed.stated["encoding"],
            delimiter=agreed.stated["delimiter"],
            buckets=workspace.settings.buckets,
            delivered_on=arrived.delivery.delivered_on,
            key_file=str(workspace.key_file),
            staging=str(staging),
        )
        for sent in manifest.files
    ]


def _booked(run: StageRun) -> set[str]:
    """Return deliveries that were taken in; a refused one is looked at again: its files may have been mended."""
    if store.latest_version(run.workspace, DELIVERY) is None:
        return set()
    rows = run.read_small(DELIVERY).to_pylist()
    return {row["delivery_id"] for row in rows if not any(f.startswith(REFUSED) for f in row["findings"] or [])}
