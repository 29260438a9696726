"""What has arrived: deliveries in landing that are not booked yet, checked before a row of them is read."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from sandbox.errors import CallError, DeliveryRefusedError
from sandbox.feeds import contract as contracts
from sandbox.feeds.contract import Contract
from sandbox.feeds.delivery import Delivery, check_delivery, landed, read_delivery
from sandbox.feeds.ingest import FileTask
from sandbox.feeds.profile import Account, was_refused
from sandbox.feeds.pseudonym import KeyFile
from sandbox.feeds.shares import shares_of
from sandbox.lakehouse import store
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.tables.books import DELIVERY, QUARANTINE
from sandbox.settings import Workspace, Zone

CORRECTED = "another delivery corrects it"


@dataclass(frozen=True)
class Arrived:
    """A delivery that passed the checks before reading, and the contract that it came under."""

    delivery: Delivery
    contract: Contract


def arrivals(run: StageRun) -> tuple[list[Arrived], list[Account]]:
    """Return deliveries to take in, by time of delivery, and accounts of those refused before reading.

    A delivery that another one corrects is not taken in any more, whichever of the two came first.
    """
    booked, arrived, refused = _booked(run), [], []
    for folder in landed(run.workspace.zone(Zone.LANDING)):
        try:
            delivery = read_delivery(folder)
        except DeliveryRefusedError as refusal:
            run.say(f"refused {folder.name}: {refusal.message}")
            continue
        if delivery.id in booked.taken or delivery.manifest.period_from >= run.observed_until:
            continue
        try:
            arrived.append(Arrived(delivery, check_before_reading(run.workspace, delivery)))
        except (DeliveryRefusedError, CallError) as refusal:
            refused.append(Account(delivery, refused=refusal.message))
    corrected = booked.corrected | {each.delivery.manifest.replaces for each in arrived}
    late = [each for each in arrived if each.delivery.id in corrected]
    refused += [Account(each.delivery, refused=CORRECTED) for each in late]
    arrived = [each for each in arrived if each not in late]
    arrived.sort(key=lambda each: (each.delivery.manifest.delivered_at, each.delivery.id))
    return arrived, refused


def check_before_reading(workspace: Workspace, delivery: Delivery) -> Contract:
    """Return the contract of a delivery that is what its manifest says, for the workspace's purpose; refuse others."""
    agreed = agreed_for(workspace, delivery)
    check_delivery(delivery, agreed)
    return agreed


def agreed_for(workspace: Workspace, delivery: Delivery) -> Contract:
    """Return the contract of a delivery as it is agreed now, for the workspace's purpose; refuse another purpose."""
    agreed = contracts.read(workspace.contracts / f"{delivery.manifest.contract}.odcs.yaml")
    purpose = workspace.settings.purpose
    if agreed.purpose != purpose:
        raise DeliveryRefusedError(
            f"Contract {agreed.id} is for {agreed.purpose!r}, this workspace for {purpose!r}.",
            "Agree on the purpose, or take the delivery in elsewhere.",
        )
    return agreed


def file_tasks(run: StageRun, arrived: Arrived, staging: Path) -> list[FileTask]:
    """Return the files to read, a large one of Parquet in several tasks."""
    tasks = []
    for sent in arrived.delivery.manifest.files:
        size = (arrived.delivery.folder / sent.name).stat().st_size
        tasks += shares_of(replace(task_of(run, arrived, sent.name, staging), size=size))
    return tasks


def task_of(run: StageRun, arrived: Arrived, file: str, staging: Path) -> FileTask:
    """Return what is needed to read a file anywhere; the key is named by its path."""
    manifest, agreed, workspace = arrived.delivery.manifest, arrived.contract, run.workspace
    return FileTask(
        path=str(arrived.delivery.folder / file),
        file=file,
        file_format={sent.name: sent.format for sent in manifest.files}[file],
        feed=manifest.feed,
        partner=manifest.partner,
        delivery_id=arrived.delivery.id,
        purpose=workspace.settings.purpose,
        epoch=KeyFile(workspace.key_file).current_epoch,
        time_zone=agreed.time_zone,
        record_sources=agreed.record_sources,
        encoding=agreed.stated["encoding"],
        delimiter=agreed.stated["delimiter"],
        buckets=workspace.settings.buckets,
        delivered_on=arrived.delivery.delivered_on,
        key_file=str(workspace.key_file),
        bronze=str(agreed.feed.bronze.path(workspace)),
        quarantine=str(QUARANTINE.path(workspace)),
        staging=str(staging),
        country=workspace.settings.country.code,
        mcc=workspace.settings.country.mcc,
    )


class Booked(NamedTuple):
    """Deliveries that the book knows: taken in, and named by others as corrected by them."""

    taken: set[str]
    corrected: set[str]


def _booked(run: StageRun) -> Booked:
    """Return what is booked; a refused delivery is looked at again: its files or contract may have been mended."""
    if store.latest_version(run.workspace, DELIVERY) is None:
        return Booked(set(), set())
    rows = [row for row in run.read_small(DELIVERY).to_pylist() if not was_refused(row["findings"])]
    return Booked({row["delivery_id"] for row in rows}, {row["replaces"] for row in rows} - {None})
