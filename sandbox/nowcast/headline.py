"""Figures of past releases with intervals from their own errors: monthly totals, nets, sums of twelve months."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from sandbox.nowcast.intervals import State, monitored
from sandbox.nowcast.parts import SOONEST_FINAL, month_start, part_of
from sandbox.nowcast.releases import LONGEST, LOOKED_BACK, YEAR, Replay
from sandbox.persons.crossings import Repair

SPANS = {"month": 1, "year ending": YEAR}
MEASURES = ("A", "D", "net")
MODEL_ERROR = 0.05
"""Share of what is expected by which a model errs beyond chance: what makes errors of small and large months alike."""
BAND_ERRORS = 120
"""Errors of 40 months at three horizons make a band."""
NEIGHBOURS = 3
OTHER_REGIME = 0.15
"""Weight of an error made of a month that was decided under another regime than the vintage's."""
SIGNS = {"A": {"A": 1.0}, "D": {"D": 1.0}, "net": {"A": 1.0, "D": -1.0}}


class Releases:
    """Totals of all months as each vintage saw them, in arrays [direction, month, origin] (numbers from `first`)."""

    def __init__(self, replay: Replay) -> None:
        plan = replay.school.plan
        self.first, self.last = plan.judged_from, plan.judged_to
        self.asked = replay.asked
        self.traffic = replay.school.traffic
        self.learnt_from = replay.learnt_from
        size = self.last - self.first + 1
        self.decided = np.zeros((2, size, size))
        self.expected = np.full((2, size, size), np.nan)
        self.variance = np.zeros((2, size, size))
        self.undecided = np.zeros((size, size))
        self._fill(replay.totals)
        self.final = self._final(replay.final)

    @property
    def estimate(self) -> np.ndarray:
        """Decided and expected together."""
        return self.decided + self.expected

    def of_month(self, direction: str, month: int, vintage: int) -> tuple[float, float]:
        """Return what was decided, and the estimate, of a month at a vintage."""
        place = (MEASURES.index(direction), month - self.first, vintage - self.first)
        return float(self.decided[place]), float(self.estimate[place])

    def estimates(self, measure: str, months: int, month: int, vintage: int) -> tuple[float, float]:
        """Return the estimate of `months` months that end with `month`, and the scale of its error.

        Both NaN if not judged. The scale has what chance alone would do, a share of what is expected, and one person.
        """
        start = month - self.first - months + 1
        if start < 0 or vintage <= month:
            return np.nan, np.nan
        place = (slice(None), slice(start, month - self.first + 1), vintage - self.first)
        cells, expected = self.estimate[place].sum(axis=1), self.expected[place].sum(axis=1)
        chance = self._unsigned(measure, self.variance[place].sum(axis=1))
        scale = np.sqrt(chance + (MODEL_ERROR * self._unsigned(measure, expected)) ** 2 + 1.0)
        return self._signed(measure, cells), float(scale)

    def known(self, measure: str, months: int, month: int, vintage: int) -> float:
        """Return the final figure as the vintage knew it; NaN where a crossing in it was undecided then."""
        places = np.arange(month - self.first - months + 1, month - self.first + 1)
        if places[0] < 0:
            return np.nan
        seen = np.minimum(vintage - self.first, places + LONGEST)
        if (self.undecided[places, seen] > 0).any() or (seen <= places).any():
            return np.nan
        return self._signed(measure, self.decided[:, places, seen].sum(axis=1))

    def in_the_end(self, measure: str, months: int, month: int) -> float:
        """Return the final figure by the end of the file; NaN where it is not final."""
        places = slice(max(month - self.first - months + 1, 0), month - self.first + 1)
        whole = month - self.first - months + 1 >= 0
        return self._signed(measure, self.final[:, places].sum(axis=1)) if whole else np.nan

    def errors(self, measure: str, months: int, horizon: int, vintage: int) -> tuple[np.ndarray, np.ndarray]:
        """Return errors in units of their scale, the oldest month first, of figures final at the vintage; and weights.

        Those of the horizons next to it count too, and less those of months decided under another regime. What was
        said before models could be fitted counts only where nothing else was.
        """
        middle = max(horizon, 2)
        candidates = range(max(self.first, vintage - LOOKED_BACK), vintage - max(middle - 1, SOONEST_FINAL) + 1)
        alike = set(self.traffic.resembling(list(candidates), vintage))
        found, weights, was_fitted = [], [], []
        for month in candidates:
            final = self.known(measure, months, month, vintage)
            for near in range(middle - 1, min(middle + 1, vintage - month) + 1):
                estimate, scale = self.estimates(measure, months, month, month + near)
                if np.isfinite(final) and np.isfinite(estimate):
                    found.append((final - estimate) / scale)
                    weights.append(1.0 if month in alike else OTHER_REGIME)
                    was_fitted.append(
                        month + near >= max(self.learnt_from[part_of(side, near)] for side in SIGNS[measure])
                    )
        kept = np.array(was_fitted, np.bool_) if any(was_fitted) else np.ones(len(found), np.bool_)
        return np.array(found)[kept][-BAND_ERRORS:], np.array(weights)[kept][-BAND_ERRORS:]

    def bounds(self, measure: str, months: int, month: int, vintage: int) -> tuple[float, float]:
        """Return the interval of a figure; NaN where the monitor withholds it."""
        estimate, scale = self.estimates(measure, months, month, vintage)
        errors, weights = self.errors(measure, months, vintage - month, vintage)
        band = monitored(errors, 0.0, weights, NEIGHBOURS)
        if band.state is State.WITHHELD:
            return np.nan, np.nan
        return estimate + band.lower * scale, estimate + band.upper * scale

    def _fill(self, totals: pd.DataFrame) -> None:
        inside = totals.month.between(self.first, self.last) & totals.origin.between(self.first, self.last)
        chosen = totals[inside]
        side = (chosen.direction == "D").to_numpy().astype(int)
        month, origin = chosen.month.to_numpy() - self.first, chosen.origin.to_numpy() - self.first
        self.decided[side, month, origin] = chosen.decided
        np.add.at(self.undecided, (month, origin), chosen.undecided.to_numpy())
        self.variance[side, month, origin] = chosen.variance
        expected = np.zeros_like(self.decided)
        expected[side, month, origin] = chosen.expected
        # Beyond the longest horizon nothing was replayed: the figure stands as it was then.
        size = len(self.undecided)
        for place in range(size):
            beyond = slice(min(place + LONGEST + 1, size), size)
            self.decided[:, place, beyond] = self.decided[:, place, [min(place + LONGEST, size - 1)]]
            self.expected[:, place, place + 1 :] = expected[:, place, place + 1 :]

    def _final(self, final: pd.Series) -> np.ndarray:
        months = range(self.first, self.last + 1)
        return np.array([[final.get((side, month), np.nan) for month in months] for side in ("A", "D")])

    @staticmethod
    def _signed(measure: str, cells: np.ndarray) -> float:
        return float(sum(sign * cells[MEASURES.index(side)] for side, sign in SIGNS[measure].items()))

    @staticmethod
    def _unsigned(measure: str, cells: np.ndarray) -> float:
        return float(sum(cells[MEASURES.index(side)] for side in SIGNS[measure]))


def totals_table(releases: Releases) -> pd.DataFrame:
    """Return `totals.csv`: one row a direction, reference month and vintage."""
    rows = []
    for vintage, month in _asked(releases):
        for direction in ("A", "D"):
            decided, estimate = releases.of_month(direction, month, vintage)
            lower, upper = releases.bounds(direction, 1, month, vintage)
            if releases.asked.repair == Repair.NONE:
                # What is decided can't be undone; where crossings are repaired, it can be.
                lower = np.maximum(lower, decided)
            final = releases.in_the_end(direction, 1, month)
            rows.append((direction, month, vintage, decided, estimate, lower, upper, final))
    columns = ["direction", "month", "vintage", "decided", "estimate", "lower", "upper", "final"]
    order = ["direction", "reference_month", "vintage", "horizon", *columns[3:]]
    return _dated(pd.DataFrame(rows, columns=columns))[order]


def headline_table(releases: Releases) -> pd.DataFrame:
    """Return `headline.csv`: arrivals, departures and net, of a month and of the year ending with it."""
    rows = []
    for vintage, month in _asked(releases):
        for measure in MEASURES:
            for span, months in SPANS.items():
                estimate, _ = releases.estimates(measure, months, month, vintage)
                if np.isfinite(estimate):
                    bounds = releases.bounds(measure, months, month, vintage)
                    final = releases.in_the_end(measure, months, month)
                    rows.append((measure, span, month, vintage, estimate, *bounds, final))
    columns = ["measure", "span", "month", "vintage", "estimate", "lower", "upper", "final"]
    order = ["measure", "span", "reference_month", "vintage", "horizon", *columns[4:]]
    return _dated(pd.DataFrame(rows, columns=columns))[order]


def _asked(releases: Releases) -> Iterator[tuple[int, int]]:
    for vintage in releases.asked.vintages:
        for horizon in releases.asked.horizons:
            if vintage - horizon >= releases.first:
                yield vintage, vintage - horizon


def _dated(rows: pd.DataFrame) -> pd.DataFrame:
    horizon = rows["vintage"] - rows["month"]
    names = {number: f"{month_start(number):%Y-%m}" for number in {*rows["vintage"], *rows["month"]}}
    return rows.assign(reference_month=rows["month"].map(names), vintage=rows["vintage"].map(names), horizon=horizon)
