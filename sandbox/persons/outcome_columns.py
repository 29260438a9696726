"""Outcomes of crossings as the columns of `sandbox rule apply`."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sandbox.concepts.codes import MovementError
from sandbox.kernels.walk import Outcomes
from sandbox.persons.columns import date_column, number_column, status_column

ERRORS = tuple(MovementError)  # an error's code in arrays is its place here plus one; 0 is none


def with_outcomes(rows: pa.Table, result: Outcomes, error: NDArray[np.int8]) -> pa.Table:
    """Return the rows with a column for each field of their outcome, and their `error`, 0 for none."""
    faulty = error > 0
    codes = pa.DictionaryArray.from_arrays(pa.array(np.maximum(error - 1, 0), mask=~faulty), pa.array(ERRORS))
    added = {
        "resident_before": status_column(result.resident_before),
        "resident_after": status_column(result.resident_after),
        "is_migration": status_column(result.is_migration),
        "before_decided_on": date_column(result.before_decided_on),
        "after_decided_on": date_column(result.after_decided_on),
        "migration_decided_on": date_column(result.migration_decided_on),
        "decided": pa.array((result.is_migration >= 0).astype(np.int8)),
        "days_migrating": number_column(result.days_migrating, faulty),
        "days_returned": number_column(result.days_returned, faulty),
        "earliest_decision": date_column(result.earliest_decision),
        "latest_decision": date_column(result.latest_decision),
        "error": codes.cast(pa.string()),
    }
    for name, column in added.items():
        if name in rows.column_names:
            rows = rows.drop_columns([name])
        rows = rows.append_column(name, column)
    return rows
