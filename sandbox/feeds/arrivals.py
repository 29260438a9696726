"""What has arrived: deliveries in landing that are not booked yet, checked before a row of them is read."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from sandbox.errors import CallError, DeliveryRefusedError
from sandbox.feeds import contract as contracts
from sandbox.feeds.contract import Contract
from sandbox.feeds.delivery import Delivery, check_delivery, clear_unfinished, landed, read_delivery
from sandbox.feeds.ingest import FileTask
from sandbox.feeds.keepers import keeper
from sandbox.feeds.profile import Account, was_refused
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
    clear_unfinished(run.workspace.zone(Zone.LANDING))
    booked, arrived, refused = booked_in(run.workspace), [], []
    for delivery in _open_deliveries(run, booked):
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


def _open_deliveries(run: StageRun, booked: "Booked") -> Iterator[Delivery]:
    """Yield what lies in landing and is not taken in; say which are no deliveries, and which wait for a later vintage.

    A refused one is looked at again, its files or contract may have been mended; not one whose files were destroyed.
    """
    for folder in landed(run.workspace.zone(Zone.LANDING)):
        try:
            delivery = read_delivery(folder)
        except DeliveryRefusedError as refusal:
            run.say(f"refused: {refusal.message}")
            continue
        if delivery.id in booked.taken or (delivery.id in booked.refused and not _has_files(delivery)):
            continue
        manifest = delivery.manifest
        if manifest.period_from >= run.observed_until:
            run.say(
                f"{manifest.contract} {delivery.id} waits: its period begins on {manifest.period_from}, "
                f"after vintage {run.vintage:%Y-%m}"
            )
            continue
        yield delivery


def waiting(workspace: Workspace) -> dict[str, str]:
    """Return what lies in landing and is not taken in, by partner, feed and delivery, and why."""
    booked, told = booked_in(workspace), {}
    for folder in landed(workspace.zone(Zone.LANDING)):
        try:
            delivery = read_delivery(folder)
        except DeliveryRefusedError as refusal:
            told[f"delivery {'.'.join(folder.parts[-3:-1])}"] = f"refused: {refusal.message}"
            continue
        if delivery.id not in booked.taken:
            begins = f"waits for a run: its period begins on {delivery.manifest.period_from}"
            told[f"delivery {delivery.manifest.contract} {delivery.id}"] = booked.refused.get(delivery.id, begins)
    return told


def check_before_reading(workspace: Workspace, delivery: Delivery) -> Contract:
    """Return the contract of a delivery that is what its manifest says, for the workspace's purpose; refuse others."""
    agreed = agreed_for(workspace, delivery)
    check_delivery(delivery, agreed)
    _check_replaced(workspace, delivery)
    return agreed


def _check_replaced(workspace: Workspace, delivery: Delivery) -> None:
    """Refuse to let a delivery take the place of one that is not the same partner's and feed's, or is not known."""
    manifest = delivery.manifest
    if manifest.replaces is None:
        return
    own = (manifest.partner, manifest.feed)
    is_landed = workspace.zone(Zone.LANDING).joinpath(*own, manifest.replaces).is_dir()
    if not is_landed and booked_in(workspace).owners.get(manifest.replaces) != own:
        raise DeliveryRefusedError(
            f"It corrects delivery {manifest.replaces}, and {manifest.contract} has no such delivery.",
            "Name in `replaces` the delivery of the same partner and feed that it corrects, once that one has come.",
        )


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


def file_tasks(workspace: Workspace, arrived: Arrived, staging: Path) -> list[FileTask]:
    """Return the files to read, a large one of Parquet in several tasks."""
    files = [sent.name for sent in arrived.delivery.manifest.files]
    return [task for file in files for task in tasks_of_file(workspace, arrived, file, staging)]


def tasks_of_file(workspace: Workspace, arrived: Arrived, file: str, staging: Path) -> list[FileTask]:
    """Return what reads one file: one task, or several for a large one of Parquet."""
    size = (arrived.delivery.folder / file).stat().st_size
    return shares_of(replace(task_of(workspace, arrived, file, staging), size=size))


def task_of(workspace: Workspace, arrived: Arrived, file: str, staging: Path) -> FileTask:
    """Return what is needed to read a file anywhere; the key is named by its path."""
    manifest, agreed = arrived.delivery.manifest, arrived.contract
    return FileTask(
        path=str(arrived.delivery.folder / file),
        file=file,
        file_format={sent.name: sent.format for sent in manifest.files}[file],
        feed=manifest.feed,
        partner=manifest.partner,
        delivery_id=arrived.delivery.id,
        purpose=workspace.settings.purpose,
        epoch=keeper(workspace).current_epoch,
        time_zone=agreed.time_zone,
        record_sources=agreed.record_sources,
        left_out=agreed.left_out,
        encoding=agreed.stated["encoding"],
        delimiter=agreed.stated["delimiter"],
        buckets=workspace.settings.buckets,
        delivered_on=arrived.delivery.delivered_on,
        key_file=workspace.key_reference,
        bronze=str(agreed.feed.bronze.path(workspace)),
        quarantine=str(QUARANTINE.path(workspace)),
        staging=str(staging),
        country=workspace.settings.country.code,
        mcc=workspace.settings.country.mcc,
    )


class Booked(NamedTuple):
    """What the book knows of deliveries: taken in; refused, and why; corrected by others; whose each is."""

    taken: set[str]
    refused: dict[str, str]
    corrected: set[str]
    owners: dict[str, tuple[str, str]]


def booked_in(workspace: Workspace) -> Booked:
    """Return what the book of deliveries says."""
    if store.latest_version(workspace, DELIVERY) is None:
        return Booked(set(), {}, set(), {})
    rows = store.read_small(workspace, DELIVERY).to_pylist()
    refused = {row["delivery_id"]: row["findings"][0] for row in rows if was_refused(row["findings"])}
    taken = [row for row in rows if row["delivery_id"] not in refused]
    return Booked(
        {row["delivery_id"] for row in taken},
        refused,
        {row["replaces"] for row in taken} - {None},
        {row["delivery_id"]: (row["partner"], row["feed"]) for row in rows},
    )


def _has_files(delivery: Delivery) -> bool:
    return any((delivery.folder / sent.name).exists() for sent in delivery.manifest.files)
