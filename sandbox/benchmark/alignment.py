"""Alignment: are estimate and benchmark the same thing, field by field, before any number is compared."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

FIELDS = ("concept", "population", "territory", "period", "unit", "status")
DECIDING = ("concept", "population")


class Likeness(StrEnum):
    """How one field of both sides compares."""

    SAME = "same"
    CONVERTIBLE = "convertible"
    DIFFERENT = "different"
    NOT_DECLARED = "not_declared"


@dataclass(frozen=True)
class Declared:
    """What one side says that it is.

    `id` names an official series, `calibrated_to` what an estimate was fitted to; `out_of_sample` says that the
    values compared here were not used in that fit.
    """

    fields: Mapping[str, str]
    id: str = ""
    calibrated_to: str = ""
    out_of_sample: bool = False


@dataclass(frozen=True)
class Alignment:
    """Field by field: likeness, and the conversion where one was made."""

    likeness: Mapping[str, Likeness]
    conversions: Mapping[str, str] = field(default_factory=dict)
    in_sample: bool = False

    @property
    def differing(self) -> list[str]:
        """Fields in which the two sides are different things."""
        return [name for name, like in self.likeness.items() if like is Likeness.DIFFERENT]

    @property
    def is_assessable(self) -> bool:
        """Whether concept and population allow a comparison at all."""
        return not set(self.differing) & set(DECIDING)

    def described(self) -> dict[str, str]:
        """Return one text a field, with its conversion."""
        return {
            name: f"{like.value}: {self.conversions[name]}" if name in self.conversions else like.value
            for name, like in self.likeness.items()
        }


def aligned(estimate: Declared, official: Declared, conversions: Mapping[str, str] | None = None) -> Alignment:
    """Compare both declarations; a field with a stated conversion is convertible."""
    stated = dict(conversions or {})
    likeness = {name: _likeness(name, estimate, official, stated) for name in FIELDS}
    used = {name: text for name, text in stated.items() if likeness.get(name) is Likeness.CONVERTIBLE}
    return Alignment(likeness, used, in_sample=_fitted(estimate, official) and not estimate.out_of_sample)


def _fitted(estimate: Declared, official: Declared) -> bool:
    """Whether the benchmark fitted the estimate; one that does not name itself can't be shown another."""
    sources = {name.strip() for name in estimate.calibrated_to.split(",") if name.strip()}
    return bool(sources) and (not official.id or official.id in sources)


def _likeness(name: str, estimate: Declared, official: Declared, conversions: Mapping[str, str]) -> Likeness:
    ours, theirs = estimate.fields.get(name, ""), official.fields.get(name, "")
    if not ours and not theirs and name == "status":
        return Likeness.SAME
    if not ours or not theirs:
        return Likeness.NOT_DECLARED
    if ours.strip().casefold() == theirs.strip().casefold():
        return Likeness.SAME
    return Likeness.CONVERTIBLE if name in conversions else Likeness.DIFFERENT
