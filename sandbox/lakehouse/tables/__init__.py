"""Every table, once. One file a kind: what partners send, reference, persons, figures, the books that we keep."""

from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables import books, feeds, figures, nowcasts, persons, reference

ALL: dict[str, Table] = {
    value.name: value
    for module in (feeds, reference, persons, nowcasts, figures, books)
    for value in vars(module).values()
    if isinstance(value, Table)
}
