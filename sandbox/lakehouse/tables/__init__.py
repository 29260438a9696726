"""Every table, once. One file a kind: what partners send, reference, persons, figures, the books that we keep."""

from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables import books, feeds, figures, nowcasts, persons, reference
from sandbox.settings import Zone

ALL: dict[str, Table] = {
    value.name: value
    for module in (feeds, reference, persons, nowcasts, figures, books)
    for value in vars(module).values()
    if isinstance(value, Table)
}
# What stages made of persons: everything about a person outside bronze and quarantine.
PERSON_TABLES = tuple(table for table in ALL.values() if table.zone is not Zone.BRONZE and "person_key" in table.names)
