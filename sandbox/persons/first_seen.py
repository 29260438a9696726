"""Who was a visitor when a feed first saw him: residence as the first crossing shows it, beyond its direction.

A departure with nothing before it implies a resident who leaves. Where the arrival was missed it is a visitor who goes
home, and every such visitor would be counted as an emigrant. What he carries tells: a foreign passport, a residence
abroad, a visa for a stay. Each of them alone is often wrong; all three together are believed.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.concepts.codes import CODE_OF_VISA, Direction
from sandbox.kernels.walk import NO_DAY, UNKNOWN
from sandbox.persons.movements import Initial

NOT_RESIDENT = 0


def status_at_first_sight(rows: pa.Table, country: str) -> Initial:
    """Return the initial status of each person: not resident where the first crossing shows a visitor, else not given.

    `rows` are movements sorted by person and time, with `person_key, event_date, direction, nationality,
    residence_country, visa_class`.
    """
    key = rows["person_key"].to_numpy()
    first = rows.take(pa.array(np.flatnonzero(np.append(True, key[1:] != key[:-1])[: len(key)])))
    shows_visitor = pc.and_(
        pc.equal(first["direction"], Direction.DEPARTURE),
        pc.and_(
            pc.and_(pc.not_equal(first["nationality"], country), pc.not_equal(first["residence_country"], country)),
            pc.is_in(first["visa_class"], pa.array(list(CODE_OF_VISA))),
        ),
    )
    is_visitor = np.asarray(pc.fill_null(shows_visitor, fill_value=False).to_numpy(), np.bool_)
    day = first["event_date"].cast(pa.int32()).to_numpy().astype(np.int64)
    return Initial(np.where(is_visitor, NOT_RESIDENT, UNKNOWN).astype(np.int8), np.where(is_visitor, day, NO_DAY))


def as_table(initial: Initial, rows: pa.Table) -> pa.Table:
    """Return the statuses that are given as rows `person_id, resident, decided_on`, which `crossings_decided` reads."""
    key = rows["person_key"].to_numpy()
    persons = key[np.append(True, key[1:] != key[:-1])[: len(key)]]
    given = initial.status != UNKNOWN
    decided_on = pa.array(initial.decided_on[given]).cast(pa.int32()).cast(pa.date32())
    return pa.table({"person_id": persons[given], "resident": initial.status[given], "decided_on": decided_on})
