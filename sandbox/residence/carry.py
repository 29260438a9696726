"""What a later vintage changes in rows of crossings that nothing new concerns: the stay that goes on is longer."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.lakehouse.run import observed_until
from sandbox.lakehouse.tables.persons import RESIDENCE_CHANGE, SPELL


@dataclass(frozen=True)
class Carry:
    """From the vintage that the rows were written for to the one that they are carried into.

    They are of persons all of whose crossings were decided, none of whom was away for a time, and who did not cross
    since: only their last stay, a residence, has grown.
    """

    before: date
    now: date

    def stays(self, rows: pa.Table) -> pa.Table:
        """Return rows of `spell`, the last stay of each person up to the last day seen now."""
        goes_on = pc.invert(rows["end_seen"])
        known = {
            "end": pc.if_else(goes_on, pa.scalar(observed_until(self.now) - timedelta(1)), rows["end"]),
            "shortest_days": pc.if_else(goes_on, pc.add(rows["shortest_days"], self._days), rows["shortest_days"]),
        }
        return SPELL.rows_from(rows, known)

    def changes(self, rows: pa.Table) -> pa.Table:
        """Return rows of `residence_change`, the days of a walk that goes into the last stay grown with it.

        A walk has come to its person's last stay where its days reach up to the day seen last.
        """
        walked = pc.add(rows["days_migrating"], rows["days_returned"])
        since = pc.days_between(rows["change_date"], pa.scalar(observed_until(self.before)))
        goes_on = pc.fill_null(pc.and_(pc.equal(walked, since), pc.greater(walked, 0)), fill_value=False)
        grown = np.where(goes_on.to_numpy(zero_copy_only=False), self._days, 0)
        migrates = pc.fill_null(rows["is_change"], fill_value=False)
        known = {
            "days_migrating": pc.add(rows["days_migrating"], pc.if_else(migrates, grown, 0)),
            "days_returned": pc.add(rows["days_returned"], pc.if_else(migrates, 0, grown)),
        }
        return RESIDENCE_CHANGE.rows_from(rows, known)

    @property
    def _days(self) -> int:
        """Days seen now that were not seen before."""
        return (observed_until(self.now) - observed_until(self.before)).days
