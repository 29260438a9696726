"""A delivery: a folder with a manifest and files. Whatever is not what the manifest says is refused whole."""

import hashlib
import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, FailFast, Field, ValidationError, model_validator

from sandbox.errors import DeliveryRefusedError
from sandbox.feeds.contract import Contract
from sandbox.feeds.readers import ReadOptions, reader_named
from sandbox.feeds.readers.parquet import footer_of
from sandbox.feeds.term import check_times

MANIFEST = "manifest.json"
MOST_MANIFEST_BYTES = 4 << 20
MOST_FILES, MOST_FAULTS = 10_000, 5
# No feed is older than mobile networks; a year beyond is a slip, and later no day of the calendar.
FIRST_DELIVERY, LAST_DELIVERY = datetime(1980, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
NAME = r"^[a-z0-9][a-z0-9_]{0,62}$"
VERSION = r"^\d{1,6}(\.\d{1,6}){0,3}$"
FILE_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,199}$"
Name = Annotated[str, Field(pattern=NAME)]


class Sent(BaseModel):
    """A part of the manifest; unknown entries are refused, so that a slip of the pen is seen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SentFile(Sent):
    """One file of a delivery."""

    name: Annotated[str, Field(pattern=FILE_NAME)]
    format: Name
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    rows: Annotated[int, Field(ge=0)]


class Manifest(Sent):
    """What a partner says of a delivery, whose id is its hash; `replaces` is the id of one that it corrects."""

    manifest_version: Literal[1]
    partner: Name
    feed: Name
    contract: str
    contract_version: Annotated[str, Field(pattern=VERSION)]
    period_from: date
    period_to: date
    delivered_at: datetime
    replaces: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")] | None = None
    files: Annotated[tuple[SentFile, ...], FailFast(), Field(min_length=1, max_length=MOST_FILES)]

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        names = [file.name for file in self.files]
        if len(set(names)) < len(names):
            raise ValueError("a file stands twice")
        if any(".." in name or name == MANIFEST for name in names):
            raise ValueError("a file has an odd name")
        if self.period_from > self.period_to:
            raise ValueError("the period ends before it begins")
        if self.contract != f"{self.partner}.{self.feed}":
            raise ValueError("contract is not partner.feed")
        if self.delivered_at.tzinfo is None:
            raise ValueError("delivered_at has no time zone")
        if not FIRST_DELIVERY <= self.delivered_at < LAST_DELIVERY:
            raise ValueError("delivered_at is out of time")
        return self


@dataclass(frozen=True)
class Delivery:
    """A delivery whose manifest holds."""

    folder: Path
    manifest: Manifest
    id: str

    @property
    def rows(self) -> int:
        """Rows that the manifest states."""
        return sum(file.rows for file in self.manifest.files)

    @property
    def delivered_on(self) -> date:
        """Day (UTC) on which the partner handed it over."""
        return self.manifest.delivered_at.astimezone(UTC).date()


def read_delivery(folder: Path) -> Delivery:
    """Read a folder's manifest; `DeliveryRefusedError` says what is wrong with it."""
    path, name = folder / MANIFEST, _printable(folder.name)
    if path.is_symlink() or not path.is_file() or path.stat().st_size > MOST_MANIFEST_BYTES:
        raise DeliveryRefusedError(f"{name} has no {MANIFEST}.", "Send the delivery with its manifest.")
    try:
        content = json.loads(path.read_bytes(), object_pairs_hook=_told_once)
        manifest = Manifest.model_validate_json(json.dumps(content))
    except ValidationError as error:
        raise DeliveryRefusedError(f"{name}/{MANIFEST}: {_faults(error)}.", "Mend the manifest.") from None
    except (ValueError, RecursionError):
        raise DeliveryRefusedError(f"{name}/{MANIFEST} is no JSON.", "Mend the manifest.") from None
    return Delivery(folder, manifest, delivery_id(content))


def _told_once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object; one with a member twice says two things, and readers differ in which they believe."""
    if len(dict(members)) < len(members):
        raise ValueError("an entry stands twice")
    return dict(members)


def _printable(folder: str) -> str:
    """Return a folder's name where a terminal can be shown it; it is the sender's."""
    return folder if re.fullmatch(FILE_NAME, folder) else "The delivery"


def _faults(error: ValidationError) -> str:
    """Return the first places and kinds of fault; values and names of entries are the sender's, not ours to repeat."""
    told = []
    for fault in error.errors(include_url=False, include_context=False, include_input=False)[:MOST_FAULTS]:
        place = fault["loc"][:-1] if fault["type"] == "extra_forbidden" else fault["loc"]
        told.append(f"{'.'.join(map(str, place)) or 'manifest'}: {fault['msg']}")
    return "; ".join(dict.fromkeys(told))


def delivery_id(manifest: dict[str, object]) -> str:
    """Return the first 16 hex digits of the SHA-256 of the manifest's canonical JSON (sorted keys, no spaces)."""
    canonical = json.dumps(manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def check_delivery(delivery: Delivery, contract: Contract) -> None:
    """Refuse a delivery that is not what its manifest and contract say; reads hashes and footers, no row."""
    manifest = delivery.manifest
    if contract.id != manifest.contract or contract.version != manifest.contract_version:
        raise DeliveryRefusedError(
            f"The manifest names contract {manifest.contract} {manifest.contract_version}, "
            f"agreed is {contract.id} {contract.version}.",
            "Send it under the contract that is agreed.",
        )
    if contract.status != "active":
        raise DeliveryRefusedError(f"Contract {contract.id} is {contract.status}.", "Agree on it first.")
    if delivery.rows == 0:
        raise DeliveryRefusedError(
            f"{_printable(delivery.folder.name)} has no rows.", "Send nothing rather than an empty delivery."
        )
    _check_times(delivery, contract)
    strange = sorted({sent.format for sent in manifest.files} - set(contract.formats))
    if strange:
        raise DeliveryRefusedError(
            f"Contract {contract.id} does not name the format {', '.join(strange)}.",
            f"Send: {', '.join(contract.formats)}; or agree on a new version of the contract.",
        )
    for sent in manifest.files:
        _check_file(delivery.folder / sent.name, sent)


def land(delivery: Delivery, landing: Path) -> Path:
    """Copy a checked delivery to `landing/<partner>/<feed>/<id>`, whole or not at all; return the folder."""
    place = landing / delivery.manifest.partner / delivery.manifest.feed / delivery.id
    if all(_is_there(place / sent.name, sent) for sent in delivery.manifest.files):
        return place
    shutil.rmtree(place, ignore_errors=True)
    arriving = place.with_name(f".{delivery.id}")
    shutil.rmtree(arriving, ignore_errors=True)
    arriving.mkdir(parents=True)
    for name in (MANIFEST, *(file.name for file in delivery.manifest.files)):
        shutil.copyfile(delivery.folder / name, arriving / name)
    return arriving.rename(place)


def pack(
    folder: Path,
    files: Sequence[tuple[Path, str]],
    contract: Contract,
    period: tuple[date, date],
    delivered_at: datetime,
    replaces: str = "",
) -> Delivery:
    """Make a delivery in `folder` of (file, format) pairs: what a partner's own program would do."""
    folder.mkdir(parents=True, exist_ok=True)
    sent = []
    for source, file_format in files:
        shutil.copyfile(source, folder / source.name)
        options = ReadOptions(contract.feed, contract.stated["encoding"], contract.stated["delimiter"])
        rows = sum(batch.num_rows for batch in reader_named(file_format)(source, options))
        sent.append({"name": source.name, "format": file_format, "sha256": sha256_of(source), "rows": rows})
    content = {
        "manifest_version": 1,
        "partner": contract.partner,
        "feed": contract.feed.name,
        "contract": contract.id,
        "contract_version": contract.version,
        "period_from": period[0].isoformat(),
        "period_to": period[1].isoformat(),
        "delivered_at": delivered_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "files": sent,
    } | ({"replaces": replaces} if replaces else {})
    (folder / MANIFEST).write_text(json.dumps(content, indent=2) + "\n", "utf-8")
    _check_times(packed := read_delivery(folder), contract)
    return packed


def landed(landing: Path) -> list[Path]:
    """Return the folders `landing/<partner>/<feed>/<delivery>`, in order; an unfinished copy is none."""
    return sorted(
        path for path in landing.glob("*/*/*") if path.is_dir() and not path.is_symlink() and path.name[0] != "."
    )


def clear_unfinished(landing: Path) -> None:
    """Delete copies that a killed process left half-made: they hold identifiers."""
    for path in landing.glob("*/*/.*"):
        shutil.rmtree(path, ignore_errors=True)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _check_times(delivery: Delivery, contract: Contract) -> None:
    check_times(delivery.delivered_on, delivery.manifest.period_to, contract.retention_months)


def _is_there(path: Path, sent: SentFile) -> bool:
    return path.is_file() and not path.is_symlink() and sha256_of(path) == sent.sha256


def _check_file(path: Path, sent: SentFile) -> None:
    reader_named(sent.format)
    if path.is_symlink() or not path.is_file():
        raise DeliveryRefusedError(f"{sent.name} is not in the delivery.", "Send all files of the manifest.")
    if sha256_of(path) != sent.sha256:
        raise DeliveryRefusedError(
            f"{sent.name} is not the file of the manifest: its SHA-256 differs.", "Send it again."
        )
    if sent.format == "parquet" and footer_of(path).num_rows != sent.rows:
        raise DeliveryRefusedError(
            f"{sent.name} holds {footer_of(path).num_rows:,} rows, the manifest says {sent.rows:,}.", "Send it again."
        )
