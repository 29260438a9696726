"""Floors, breaks, gaps and repetition, found from the figures alone; and figures of the same kind that show none."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from sandbox.feeds.set_rules import panel_findings
from sandbox.feeds.set_rules.breaks import break_findings
from sandbox.feeds.set_rules.finding import Severity
from sandbox.feeds.set_rules.floors import floor_findings, floors_of
from sandbox.feeds.set_rules.gaps import missing_combinations, missing_periods
from sandbox.feeds.set_rules.panel import Floats, Panel, panel_of
from sandbox.feeds.set_rules.repetition import doubled_findings, repeated_days, repeated_findings
from sandbox.feeds.set_rules.transfers import transfer_findings

MONTHS = tuple(date(2023, month, 1) for month in range(1, 9))
RANDOM = np.random.default_rng(7)
SIZES = np.exp(RANDOM.normal(7, 1.5, 200))


def figures(changes: Sequence[float], floors: Sequence[float] = (0,) * 8, noise: float = 0.02) -> Floats:
    """200 combinations in months, each times its change, with noise, rounded to two digits, none below the floor."""
    random = np.random.default_rng(11)
    months = [SIZES * change * np.exp(random.normal(0, noise, 200)) for change in np.cumprod(changes)]
    digits = [10 ** (np.floor(np.log10(month)) - 1) for month in months]
    rounded = [np.round(month / digit) * digit for month, digit in zip(months, digits, strict=True)]
    return np.column_stack([np.maximum(month, floor) for month, floor in zip(rounded, floors, strict=True)])


def panel(values: Floats) -> Panel:
    return Panel(MONTHS[: values.shape[1]], values)


STEADY = (1.0,) * 8


def test_a_pile_of_equal_smallest_figures_is_a_floor_with_its_share() -> None:
    values = figures(STEADY, [500] * 8)
    (floor,) = floors_of(panel(values))
    assert (floor.value, floor.first, floor.last) == (500, MONTHS[0], MONTHS[-1])
    assert floor.at == (values == 500).sum()
    (finding,) = floor_findings(panel(values))
    assert finding.severity is Severity.NOTE
    assert finding.figures["share"] == pytest.approx((values == 500).mean())


def test_figures_that_are_only_small_are_no_floor() -> None:
    assert floors_of(panel(figures(STEADY))) == []
    counts = RANDOM.poisson(3, (200, 8)).astype(float)
    assert floors_of(panel(counts)) == [], "counts thin out smoothly to one"


def test_another_floor_is_found_with_the_period_from_which_it_holds() -> None:
    found = floor_findings(panel(figures(STEADY, [100] * 3 + [1_000] * 5)))
    assert [finding.rule for finding in found] == ["floor", "floor", "floor_changed"]
    assert (found[2].period_from, found[2].period_to) == (MONTHS[2], MONTHS[3])
    assert found[2].figures == {"before": 100, "after": 1_000}


def test_a_fall_of_all_combinations_together_is_another_definition() -> None:
    (finding,) = break_findings(panel(figures([1, 1, 1, 1, 0.55, 1, 1, 1], [500] * 8)))
    assert (finding.period_from, finding.period_to) == (MONTHS[3], MONTHS[4])
    assert finding.figures["median_above_floor"] == pytest.approx(-0.45, abs=0.01)
    assert finding.figures["median"] > -0.45, "figures at the floor can't fall"


@pytest.mark.parametrize(
    "changes",
    [(1.0, 1.02, 0.97, 1.01, 1.03, 0.98, 1.0, 1.02), (1, 1.3, 0.8, 1.35, 0.75, 0.7, 1.3, 0.7)],
    ids=["usual changes", "changes that are usual for a wild source"],
)
def test_usual_changes_are_no_break(changes: Sequence[float]) -> None:
    assert break_findings(panel(figures(changes))) == []


def test_a_shock_to_some_combinations_is_no_break() -> None:
    values = figures(STEADY)
    values[:120, 5:] *= 0.4
    assert break_findings(panel(values)) == []


def test_a_period_without_some_of_the_combinations_is_found() -> None:
    values = figures(STEADY)
    values[:60, 4] = np.nan
    (finding,) = missing_combinations(panel(values))
    assert (finding.period_from, finding.period_to) == (MONTHS[4], MONTHS[4])
    assert (finding.figures["answered"], finding.figures["known"]) == (140, 200)


def test_combinations_that_come_and_go_as_ever_are_no_gap() -> None:
    values = figures(STEADY)
    values[RANDOM.random(values.shape) < 0.2] = np.nan
    assert missing_combinations(panel(values)) == []


def test_periods_that_the_own_rhythm_lets_expect_are_missed() -> None:
    (finding,) = missing_periods([*MONTHS[:4], *MONTHS[6:]])
    assert (finding.period_from, finding.period_to, finding.figures["missing"]) == (MONTHS[3], MONTHS[6], 2)
    assert missing_periods(MONTHS) == []
    assert missing_periods(MONTHS[::2]) == [], "every second month is a rhythm too"
    every_second = [date(2023, month, 1) for month in (1, 3, 5, 9, 11)]
    assert [finding.figures["missing"] for finding in missing_periods(every_second)] == [1]
    days = [date(2024, 1, day) for day in (1, 2, 3, 6, 7)]
    assert [finding.figures["missing"] for finding in missing_periods(days)] == [2]


def test_an_earlier_months_figures_sent_again_are_found() -> None:
    values = figures(STEADY, [500] * 8, noise=0.2)
    assert repeated_findings(panel(values)) == []
    values[:140, 5] = values[:140, 4]
    assert repeated_findings(panel(values)) == [], "rounded figures are often those of the month before"
    values[:, 6] = values[:, 2]
    (finding,) = repeated_findings(panel(values))
    assert (finding.period_from, finding.severity) == (MONTHS[6], Severity.STOP)
    assert finding.figures["equal"] == finding.figures["compared"] == (values[:, 6] > 500).sum()


def test_a_day_sent_again_under_another_date_is_found() -> None:
    cells = [f"c{number}" for number in range(30)]
    days = {date(2024, 1, n): dict(zip(cells, RANDOM.poisson(40, 30).tolist(), strict=True)) for n in range(1, 9)}
    assert repeated_days(days) == []
    days[date(2024, 1, 8)] = days[date(2024, 1, 3)]
    assert [finding.period_from for finding in repeated_days(days)] == [date(2024, 1, 8)]
    two_places = {day: dict(list(cells.items())[:2]) for day, cells in days.items()}
    assert repeated_days(two_places) == [], "counts of two places agree by chance"


def test_a_month_of_even_counts_only_has_its_rows_twice() -> None:
    counts = RANDOM.poisson(25, (60, 6)).astype(float)
    assert doubled_findings(panel(counts)) == []
    counts[:, 4] *= 2
    (finding,) = doubled_findings(panel(counts))
    assert (finding.period_from, finding.rule) == (MONTHS[4], "doubled")
    assert doubled_findings(panel(counts * 10)) == [], "rounded figures are even anyway"
    rounds_once = RANDOM.poisson(250, (60, 6)).astype(float)
    rounds_once[:, 4] = np.round(rounds_once[:, 4], -1)
    assert doubled_findings(panel(rounds_once)) == [], "a partner that begins to round doubles nothing"
    hardly_vary = np.where(np.arange(6) == 4, 12.0, 11.0) * np.ones((60, 6))
    assert doubled_findings(panel(hardly_vary)) == []


def legs(segment: int, od_true: int) -> pa.Table:
    period = pa.array([MONTHS[0]] * 2, pa.date32())
    columns = {"source": ["coupons"] * 2, "measure": ["segment", "od_true"], "passengers": [segment, od_true]}
    return pa.table({"period": period, **columns})


def test_passengers_by_leg_are_more_than_journeys_where_there_are_transfers() -> None:
    (finding,) = transfer_findings(legs(150, 100))
    assert finding.figures["transfers"] == pytest.approx(1 / 3)
    assert transfer_findings(legs(101, 100)) == []
    by_another = legs(150, 100).set_column(1, "source", pa.array(["coupons", "tickets"]))
    assert transfer_findings(by_another) == [], "another source's journeys are others"


def test_a_panel_is_made_of_a_feeds_rows() -> None:
    rows = pa.table(
        {
            "period": pa.array([MONTHS[1], MONTHS[0], MONTHS[0]], pa.date32()),
            "passengers": [5, 3, None],
            **{name: ["a", "a", "b"] for name in ("origin", "destination", "measure", "carrier", "source")},
        }
    )
    made = panel_of("air_od_month", rows)
    assert made.periods == MONTHS[:2]
    np.testing.assert_array_equal(made.values, [[3, 5], [np.nan, np.nan]])


def test_feeds_of_persons_have_no_panel() -> None:
    assert panel_findings("mobile_event", pa.table({"person_key": [1]})) == []
