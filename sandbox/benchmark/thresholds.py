"""The thresholds of all gates, read from the one file that holds them."""

import tomllib
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Band(_Section):
    """A gate with two limits; what is beyond `caution` is withheld."""

    publish: float
    caution: float


class Equivalence(Band):
    """Margins of a two one-sided tests procedure, as shares."""

    alpha: float
    min_pairs: int


class GrowthSign(Band):
    """Shares of signs that agree, and which official changes count."""

    min_pairs: int
    error_multiple: float


class Coverage(_Section):
    """Coverage of the stated 95 % interval, judged by its exact interval."""

    target: float
    lower_bound: float
    confidence: float
    publish_pairs: int
    caution_pairs: int


class IntervalScore(_Section):
    """Ratio to the seasonal-naive interval."""

    publish: float
    min_pairs: int


class SignedEquivalence(_Section):
    """Margin for the difference of a signed series as a share of the gross flow."""

    publish: float
    alpha: float
    min_pairs: int


class Thresholds(_Section):
    """The whole file."""

    version: str
    wmape: Band
    equivalence: Equivalence
    growth_sign: GrowthSign
    cpc: Band
    coverage_95: Coverage
    interval_score: IntervalScore
    cell_cv: Band
    signed_error: Band
    signed_equivalence: SignedEquivalence


@cache
def thresholds() -> Thresholds:
    """Return the thresholds in force."""
    text = files("sandbox.benchmark").joinpath("thresholds.toml").read_text("utf-8")
    return Thresholds.model_validate(tomllib.loads(text))
