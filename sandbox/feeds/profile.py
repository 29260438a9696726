"""What became of a delivery, and what it covers: the rows of `delivery` and `feed_quality`."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from sandbox.errors import CheckFailedError
from sandbox.feeds.delivery import Delivery
from sandbox.feeds.notes import FileNote
from sandbox.lakehouse.tables.books import DELIVERY, FEED_QUALITY

REFUSED = "refused: "


@dataclass
class Account:
    """One delivery's rows: every one is in bronze, in quarantine, or recognised as a duplicate."""

    delivery: Delivery
    notes: list[FileNote] = field(default_factory=list)
    purpose: str = ""
    refused: str = ""
    findings: list[str] = field(default_factory=list)
    rows_bronze: int = 0
    rows_quarantined: int = 0
    rows_duplicate: int = 0

    @property
    def rows_in(self) -> int:
        """Rows read; nothing of a refused delivery was taken in."""
        return 0 if self.refused else sum(note.rows for note in self.notes)

    @property
    def rules(self) -> Counter[str]:
        """Rows that break each rule."""
        return _summed(note.rules for note in self.notes)

    def summary(self) -> dict[str, object]:
        """Return what a person wants to know of the delivery."""
        return {
            "delivery": self.delivery.id,
            "rows_in": self.rows_in,
            "rows_bronze": self.rows_bronze,
            "rows_quarantined": self.rows_quarantined,
            "rows_duplicate": self.rows_duplicate,
            "broken_rules": dict(sorted(self.rules.items())),
            "findings": self.findings,
        }

    @property
    def placed(self) -> dict[str, object]:
        """Return where the delivery's rows are."""
        rows = {"bronze": self.rows_bronze, "quarantine": self.rows_quarantined, "duplicate": self.rows_duplicate}
        return {"delivery": self.delivery.id} | {f"rows_{place}": number for place, number in rows.items()}

    def check(self) -> None:
        """Raise `CheckFailedError` where a row is lost or made."""
        out = self.rows_bronze + self.rows_quarantined + self.rows_duplicate
        if self.rows_in != out:
            raise CheckFailedError(
                f"Delivery {self.delivery.id}: {self.rows_in:,} rows in, {self.rows_bronze:,} in bronze, "
                f"{self.rows_quarantined:,} in quarantine, {self.rows_duplicate:,} duplicates: they don't add up.",
                "Nothing was booked; run the ingestion again.",
            )


def whole_refusal(account: Account) -> str:
    """Return why a delivery that was read has to be refused whole, or nothing."""
    sent = {file.name: file.rows for file in account.delivery.manifest.files}
    for note in account.notes:
        if note.refused:
            return note.refused
        if note.rows != sent[note.file]:
            return f"{note.file} holds {note.rows:,} rows, the manifest says {sent[note.file]:,}."
    return ""


def was_refused(findings: Sequence[str] | None) -> bool:
    """Return whether a delivery's findings in the book say that it was refused whole."""
    return any(finding.startswith(REFUSED) for finding in findings or ())


def delivery_rows(accounts: Sequence[Account]) -> pa.Table:
    """Return rows of `delivery`."""
    rows = [
        {
            "delivery_id": account.delivery.id,
            "feed": account.delivery.manifest.feed,
            "partner": account.delivery.manifest.partner,
            "contract_version": account.delivery.manifest.contract_version,
            "purpose": account.purpose or None,
            "period_from": account.delivery.manifest.period_from,
            "period_to": account.delivery.manifest.period_to,
            "received_at": account.delivery.manifest.delivered_at,
            "rows_in": account.rows_in,
            "rows_bronze": account.rows_bronze,
            "rows_quarantined": account.rows_quarantined,
            "rows_duplicate": account.rows_duplicate,
            "findings": [f"{REFUSED}{account.refused}"] if account.refused else account.findings,
            "replaces": account.delivery.manifest.replaces,
        }
        for account in accounts
    ]
    return pa.Table.from_pylist(rows, schema=DELIVERY.stored)


def quality_rows(accounts: Sequence[Account]) -> pa.Table:
    """Return rows of `feed_quality`: every measure with what it is a share of."""
    rows = [
        {
            "delivery_id": account.delivery.id,
            "feed": account.delivery.manifest.feed,
            "measure": measure,
            "value": float(value),
            "denominator": float(denominator),
        }
        for account in accounts
        if not account.refused
        for measure, (value, denominator) in _measures(account).items()
    ]
    return pa.Table.from_pylist(rows, schema=FEED_QUALITY.stored)


def told(account: Account) -> str:
    """Return what became of a delivery, as one line."""
    manifest = account.delivery.manifest
    name = f"{manifest.partner}.{manifest.feed} {account.delivery.id}"
    if account.refused:
        return f"{name} refused: {account.refused}"
    findings = "".join(f"; {finding}" for finding in account.findings)
    return (
        f"{name}: {account.rows_in:,} rows = {account.rows_bronze:,} bronze + {account.rows_quarantined:,} quarantine "
        f"+ {account.rows_duplicate:,} duplicates{findings}"
    )


def _measures(account: Account) -> dict[str, tuple[int, int]]:
    manifest, n = account.delivery.manifest, account.rows_in
    good = n - sum(note.bad for note in account.notes)
    days = set().union(*(note.days for note in account.notes))
    measures = {
        "rows_bronze": (account.rows_bronze, n),
        "rows_quarantined": (account.rows_quarantined, n),
        "rows_duplicate": (account.rows_duplicate, n),
        "days_with_rows": (len(days), (manifest.period_to - manifest.period_from).days + 1),
    }
    if len(account.notes) == 1 and account.notes[0].persons_counted:
        measures["rows_per_person"] = (good, account.notes[0].persons_counted)
    filled = _summed(note.filled for note in account.notes)
    measures |= {f"filled:{column}": (count, good) for column, count in sorted(filled.items())}
    return measures | {f"broken:{rule}": (count, n) for rule, count in sorted(account.rules.items())}


def _summed(counters: Iterable[Counter[str]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for counter in counters:
        total.update(counter)
    return total
