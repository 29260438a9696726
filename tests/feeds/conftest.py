"""A partner of one's own: contracts, files and deliveries of a few rows."""

import csv
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from sandbox.feeds import contract as contracts
from sandbox.feeds.delivery import Delivery, pack
from sandbox.feeds.keys import create_key
from sandbox.settings import Workspace

MOVEMENT = {
    "movement_id": "m1",
    "traveller_id": "TRAVELLER-0001",
    "event_ts": "2024-01-05T10:00:00Z",
    "event_date": "2024-01-05",
    "direction": "A",
    "nationality": "NZL",
}
# What a contract of these tests states beside its feed's columns; nobody real agreed on anything.
AGREED = {
    "legalBasis": "Statistics Act 2015 (invented), section 4",
    "partnersConfidential": "no",
    "partnerContact": "mailto:data@partner.example",
    "officeContact": "mailto:steward@office.example",
    "impactAssessment.necessity": "The rows of a test are invented for it",
    "impactAssessment.harmToGroups": "The persons are invented, so nobody can be harmed",
    "impactAssessment.redress": "Report a fault of the software to its maintainers",
    "impactAssessment.consulted": "Nobody, since nobody is concerned by invented rows",
}
PASSENGERS = {
    "recordSources": "border, API, PNR",
    "collectedUnder": "Border Act 2009 (invented), section 2",
    "statisticalUseLaw": "Statistics Act 2015 (invented), section 9",
}
Row = Mapping[str, str]
Send = Callable[..., Delivery]


def active_contract(feed: str, partner: str, **terms: str) -> str:
    """Return the text of a contract under which deliveries can come."""
    own = PASSENGERS if feed == "border_movement" else {}
    return contracts.new(feed, partner, "active", **(AGREED | own | terms))


def movement(**changed: str) -> dict[str, str]:
    return MOVEMENT | changed


def write_csv(path: Path, rows: Sequence[Row]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def partner(workspace: Workspace) -> Workspace:
    """A workspace with a key and a contract for border movements."""
    create_key(workspace.key_file)
    workspace.contracts.mkdir()
    for feed in ("border_movement", "network"):
        file = workspace.contracts / f"border_agency.{feed}.odcs.yaml"
        file.write_text(active_contract(feed, "border_agency"), "utf-8")
    return workspace


@pytest.fixture
def send(partner: Workspace, tmp_path: Path) -> Send:
    """Return a function that makes a delivery of border movements in a folder of its own."""

    def make(name: str, rows: Sequence[Row], delivered_on: date = date(2024, 2, 1), replaces: str = "") -> Delivery:
        agreed = contracts.read(partner.contracts / "border_agency.border_movement.odcs.yaml")
        file = write_csv(tmp_path / f"{name}.csv", rows)
        delivered_at = datetime(delivered_on.year, delivered_on.month, delivered_on.day, tzinfo=UTC)
        period = (date(2024, 1, 1), date(2024, 1, 31))
        return pack(tmp_path / name, [(file, "csv")], agreed, period, delivered_at, replaces)

    return make
