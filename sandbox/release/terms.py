"""What an edition is told beside its tables: period, vintage, label, versions. Nothing comes from a clock."""

from dataclasses import dataclass, fields
from datetime import UTC, date, datetime

import pyarrow as pa

from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables import books, feeds, figures, reference

INPUTS: dict[str, Table] = {
    "estimate": figures.ESTIMATE,
    "verdict": figures.VERDICT,
    "comparison": figures.COMPARISON,
    "protected": figures.PROTECTED_CELL,
    "audit": figures.AUDIT,
    "backtest_total": figures.BACKTEST_TOTAL,
    "backtest_score": figures.BACKTEST_SCORE,
    "interval_band": figures.INTERVAL_BAND,
    "delivery": books.DELIVERY,
    "area": reference.AREA,
    "official": feeds.OFFICIAL_SERIES,
}
"""The tables that an edition is made of, by the name of their field in `Sources`."""

OF_VINTAGE = tuple(name for name, table in INPUTS.items() if name != "official" and "vintage" in table.names)
"""Inputs of which an edition reads one vintage only."""


@dataclass(frozen=True)
class Sources:
    """The tables, as Arrow, at the edition's vintage; `previous` is the last vintage's release, maybe empty."""

    estimate: pa.Table
    verdict: pa.Table
    comparison: pa.Table
    protected: pa.Table
    audit: pa.Table
    backtest_total: pa.Table
    backtest_score: pa.Table
    interval_band: pa.Table
    delivery: pa.Table
    area: pa.Table
    official: pa.Table
    previous: pa.Table


@dataclass(frozen=True)
class TableVersion:
    """One Delta table as the edition read it: version, hash of the rows read, and the work that wrote it."""

    name: str
    version: int
    sha256: str
    stage: str
    fingerprint: str


@dataclass(frozen=True)
class Terms:
    """Parameters of one edition, all of them in its provenance, so that it can be made again."""

    product: str
    label: str
    agency: str
    contact: str
    purpose: str
    country_code: str
    country_name: str
    month: str
    vintage: str
    revision: int
    seed: int
    previous_release: str
    office_public_key: str
    code_sha256: str
    lock_sha256: str
    models: tuple[str, ...]
    tables: tuple[TableVersion, ...]

    @property
    def release_id(self) -> str:
        """Product, reference period, vintage and revision."""
        return f"{self.product}-{self.month}-{self.vintage}-r{self.revision}"

    @property
    def reference_month(self) -> date:
        """First day of the newest month described."""
        return date.fromisoformat(f"{self.month}-01")

    @property
    def vintage_month(self) -> date:
        """First day of the month of computing."""
        return date.fromisoformat(f"{self.vintage}-01")

    @property
    def instant(self) -> datetime:
        """The one time that files carry where their format demands one: the vintage's first day, 00:00 UTC."""
        first = self.vintage_month
        return datetime(first.year, first.month, first.day, tzinfo=UTC)

    @property
    def is_synthetic(self) -> bool:
        """Whether the country is invented: ISO 3166-1 leaves XAA to XZZ to users, no country has such a code."""
        return self.country_code.startswith("X")


SCALARS = tuple(field.name for field in fields(Terms) if field.name not in {"models", "tables"})
"""Fields of `Terms` that are one text or number."""
