"""Which share of the moves a method finds, by how often persons are seen; and what can be corrected with that."""

from enum import StrEnum


class Method(StrEnum):
    """How moves are found: `segments apply` with either kind of gaps, `moves apply` by the cheapest path."""

    CHI = "chi"
    DENSITY = "density"
    PATH = "path"
