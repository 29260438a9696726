"""Years of monthly passengers: found wrong by the rule over the set, mended or held as the contract says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.feeds.amended import Judge, Verdict
from sandbox.feeds.columns import Mask, mask
from sandbox.feeds.contract import Contract, YearBasis
from sandbox.feeds.profile import Account
from sandbox.feeds.set_rules import Finding, set_findings

SEP_TO_DEC = (9, 10, 11, 12)
STATED = Finding("year_basis", "the contract states years ended August", SEP_TO_DEC, -1)
HELD = "set:year_shift"


@dataclass(frozen=True)
class Found:
    """A finding on the rows that one delivery has of one source."""

    source: str
    finding: Finding


def judges_of_years(
    accounts: Sequence[Account], totals: pa.Table, contracts: Mapping[str, Contract]
) -> dict[str, Judge]:
    """Return, by delivery, what brings its periods to calendar years, or holds rows whose year is wrong.

    The contract says which: `calendar` holds the months that the rule finds, `as_found` mends them,
    `year_ended_aug` mends what it states without asking the rule. Findings are noted in the accounts.
    """
    judges = {}
    for account in accounts:
        if account.refused:
            continue
        basis = contracts[account.delivery.id].year_basis
        found = _found(account, totals, basis)
        account.findings += [f"{each.finding.rule}: {each.finding.text}" for each in found]
        wrong = [each for each in found if each.finding.months]
        if wrong:
            judges[account.delivery.id] = _judge(wrong, is_held=basis is YearBasis.CALENDAR)
    return judges


def _judge(found: Sequence[Found], *, is_held: bool) -> Judge:
    def judge(batch: pa.RecordBatch, _start: int) -> Verdict:
        held = np.zeros(batch.num_rows, bool)
        kept = batch
        for each in found:
            rows = mask(pc.equal(pc.fill_null(batch.column("source"), ""), each.source))
            wrong = rows & np.isin(pc.month(batch.column("period")).to_numpy(), each.finding.months)
            if is_held:
                held |= wrong
            else:
                kept = _mended(kept, each.finding, rows, wrong)
        return Verdict(kept.filter(pa.array(~held)), ~held, {HELD: held})

    return judge


def _mended(batch: pa.RecordBatch, finding: Finding, rows: Mask, wrong: Mask) -> pa.RecordBatch:
    """Return the batch with wrong periods in the calendar year, and how its years ran named in `year_basis`."""
    period, basis = batch.column("period"), batch.column("year_basis")
    year = pc.cast(pc.add(pc.year(period), finding.shift_years), pa.string())
    moved = pc.cast(pc.binary_join_element_wise(year, pc.strftime(period, "%m-%d"), "-"), pa.date32())
    named = "year_ended_aug" if finding.months == SEP_TO_DEC else "calendar"
    columns = {name: batch.column(name) for name in batch.schema.names}
    columns["period"] = pc.if_else(pa.array(wrong), moved, period)
    columns["year_basis"] = pc.if_else(pa.array(rows), named, basis)
    return pa.record_batch(columns)


def _found(account: Account, totals: pa.Table, basis: YearBasis) -> list[Found]:
    delivery = account.delivery
    own = totals.filter(pc.equal(totals["delivery_id"], delivery.id))
    found = []
    for source in pc.unique(own["source"]).sort().to_pylist():
        if basis is YearBasis.YEAR_ENDED_AUG:
            found.append(Found(source, STATED))
            continue
        rows = own.filter(pc.equal(own["source"], source))
        for reference in _references(totals, source):
            findings = set_findings("air_od_month", rows, reference, delivery.delivered_on)
            if findings:
                found += [Found(source, finding) for finding in findings]
                break
    return found


def _references(totals: pa.Table, source: str) -> list[pa.Table]:
    """Return the months of each other source, and last an empty table: the day of delivery needs no reference."""
    names = [name for name in pc.unique(totals["source"]).sort().to_pylist() if name != source]
    return [*(totals.filter(pc.equal(totals["source"], name)) for name in names), totals.slice(0, 0)]
