"""Years of monthly passengers: found wrong by the rule over the set, mended or held as the contract says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from sandbox.feeds.contract import Contract, YearBasis
from sandbox.feeds.profile import Account
from sandbox.feeds.set_rules import Finding, set_findings

SEP_TO_DEC = (9, 10, 11, 12)
STATED = Finding("year_basis", "the contract states years ended August", SEP_TO_DEC, -1)
HELD = "set:year_shift"


@dataclass(frozen=True)
class Found:
    """A finding on the rows that one delivery has of one source."""

    delivery_id: str
    source: str
    finding: Finding

    @property
    def rows(self) -> Column:
        """Rows of the delivery and source."""
        return (F.col("delivery_id") == self.delivery_id) & (F.coalesce("source", F.lit("")) == self.source)

    @property
    def wrong(self) -> Column:
        """Those of them whose year is wrong."""
        return self.rows & F.month("period").isin(list(self.finding.months))


def with_calendar_years(
    good: DataFrame, before: DataFrame | None, accounts: Sequence[Account], contracts: Mapping[str, Contract]
) -> tuple[DataFrame, DataFrame]:
    """Return rows whose period is in calendar years, and those held for quarantine because theirs is not.

    The contract says which: `calendar` holds the months that the rule finds, `as_found` mends them,
    `year_ended_aug` mends what it states without asking the rule. Findings are noted in the accounts.
    """
    totals = _month_totals(good, before)
    mended, held = good, good.where(F.lit(False))
    for account in accounts:
        basis = contracts[account.delivery.id].year_basis
        for found in _found(account, totals, basis):
            account.findings.append(f"{found.finding.rule}: {found.finding.text}")
            if not found.finding.months:
                continue
            if basis is YearBasis.CALENDAR:
                held, mended = held.unionByName(good.where(found.wrong)), mended.where(~found.wrong)
            else:
                mended = _mended(mended, found)
    return mended, _for_quarantine(held)


def _month_totals(good: DataFrame, before: DataFrame | None) -> pa.Table:
    """Return passengers by delivery, source and month: what the rule compares, and all that leaves Spark."""
    wanted = ("delivery_id", "source", "period", "passengers")
    rows = good.select(*wanted) if before is None else good.select(*wanted).unionByName(before.select(*wanted))
    by_month = rows.groupBy("delivery_id", F.coalesce("source", F.lit("")).alias("source"), "period")
    return by_month.agg(F.sum("passengers").alias("passengers")).toArrow()


def _found(account: Account, totals: pa.Table, basis: YearBasis) -> list[Found]:
    delivery = account.delivery
    own = totals.filter(pc.equal(totals["delivery_id"], delivery.id))
    found = []
    for source in pc.unique(own["source"]).sort().to_pylist():
        if basis is YearBasis.YEAR_ENDED_AUG:
            found.append(Found(delivery.id, source, STATED))
            continue
        rows = own.filter(pc.equal(own["source"], source))
        for reference in _references(totals, source):
            findings = set_findings("air_od_month", rows, reference, delivery.delivered_on)
            if findings:
                found += [Found(delivery.id, source, finding) for finding in findings]
                break
    return found


def _references(totals: pa.Table, source: str) -> list[pa.Table]:
    """Return the months of each other source, and last an empty table: the day of delivery needs no reference."""
    names = [name for name in pc.unique(totals["source"]).sort().to_pylist() if name != source]
    return [*(totals.filter(pc.equal(totals["source"], name)) for name in names), totals.slice(0, 0)]


def _mended(rows: DataFrame, found: Found) -> DataFrame:
    moved = F.add_months("period", 12 * found.finding.shift_years)
    basis = "year_ended_aug" if found.finding.months == SEP_TO_DEC else "calendar"
    return rows.withColumns(
        {
            "period": F.when(found.wrong, moved).otherwise(F.col("period")),
            "year_basis": F.when(found.rows, F.lit(basis)).otherwise(F.col("year_basis")),
        }
    )


def _for_quarantine(held: DataFrame) -> DataFrame:
    return held.select(
        "delivery_id",
        "file",
        "row_number",
        F.array(F.lit(HELD)).alias("broken_rules"),
        F.to_json(F.struct("period", "origin", "destination", "measure", "carrier", "passengers", "source")).alias(
            "row"
        ),
    )
