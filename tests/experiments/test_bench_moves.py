"""The made-up country and its score: right where right, and not too easy."""

from dataclasses import replace

import numpy as np
import pandas as pd

from experiments.bench_moves.__main__ import results
from experiments.bench_moves.country import Country, made
from experiments.bench_moves.score import Score, homes_right, permanent, temporary


def moves(*rows: tuple[str, int, int, str, str]) -> pd.DataFrame:
    """Kind, start, end, from, to; all of one person."""
    frame = pd.DataFrame(rows, columns=["kind", "start", "end", "from_place", "to_place"])
    return frame.assign(person_id=1)


def test_a_permanent_move_needs_both_places_and_a_start_within_31_days() -> None:
    true = moves(("permanent", 100, -1, "A", "B"))
    assert permanent(moves(("permanent", 131, -1, "A", "B")), true) == Score(1, 1, 1)
    assert permanent(moves(("permanent", 132, -1, "A", "B")), true) == Score(0, 1, 1)
    assert permanent(moves(("permanent", 100, -1, "C", "B")), true) == Score(0, 1, 1)


def test_each_move_is_matched_once() -> None:
    twice = moves(("permanent", 100, -1, "A", "B"), ("permanent", 110, -1, "A", "B"))
    assert permanent(twice, moves(("permanent", 105, -1, "A", "B"))) == Score(1, 2, 1)


def test_a_temporary_move_needs_half_of_the_days_and_short_ones_count_only_if_they_match() -> None:
    true = moves(("temporary", 100, 140, "A", "B"))
    assert temporary(moves(("temporary", 100, 120, "A", "B")), true) == Score(1, 1, 1)
    assert temporary(moves(("temporary", 100, 119, "A", "B")), true) == Score(0, 0, 1)
    assert temporary(moves(("temporary", 200, 230, "A", "B")), true) == Score(0, 1, 1)
    assert temporary(moves(("permanent", 100, -1, "A", "B")), true) == Score(0, 0, 1)


def test_a_month_that_is_undetermined_or_absent_is_wrong() -> None:
    true = pd.DataFrame({"person_id": [1, 1, 1], "month": ["a", "b", "c"], "home": ["A", "A", "A"]})
    found = pd.DataFrame({"person_id": [1, 1], "month": ["a", "b"], "home": ["A", None]})
    assert homes_right(found, true) == 1 / 3


def test_the_country_is_as_sparse_as_it_says_and_the_same_by_its_seed() -> None:
    country = replace(Country(), persons=400)
    one, two, other = made(country, 1), made(country, 1), made(country, 2)
    assert one.presence.equals(two.presence)
    assert not one.presence.equals(other.presence)
    days = one.presence.groupby("person_id").size()
    assert 0.25 < np.median(days) / country.days < 0.45
    stays = one.moves[one.moves["kind"] == "temporary"]
    assert (stays["end"] - stays["start"]).between(*country.stay_days).all()


def test_two_levels_beat_the_plainer_methods() -> None:
    rows = {row["method"]: row for row in results((5,), 1_500, ("calm",))}
    for measure in ("home", "permanent", "temporary"):
        assert rows["two levels"][measure] > max(rows[name][measure] for name in ("month", "path 3", "path 6")), measure
