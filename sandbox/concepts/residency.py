"""The residency index by signs of life: its parameters as data."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ResidencyIndex:
    """R(t) = `stability`·R(t-1) + `gain`·S(t), at most 1; resident while R ≥ `threshold`; S weighs a period's signs.

    With stability + gain = 1 a person whose signs weigh S every period ends at R = S.
    """

    stability: float
    gain: float
    threshold: float
    citation: str


ESTONIA = ResidencyIndex(0.8, 0.2, 0.7, "Tiit & Maasing 2016, Statistics Estonia: residency index by year")
