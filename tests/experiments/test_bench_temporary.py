"""The made-up people have the rhythm that their reason names, and the rules see it."""

from experiments.bench_temporary.__main__ import found
from experiments.bench_temporary.country import EPISODES, Country, made
from sandbox.synthetic.temporary_score import bounds_hold, by_code

SMALL = Country(persons=140, seen=(0.8, 0.9))


def test_the_same_seed_makes_the_same_people_and_another_seed_others() -> None:
    first, again, other = made(SMALL, 1), made(SMALL, 1), made(SMALL, 2)

    assert first.presence.equals(again.presence)
    assert not first.presence.equals(other.presence)
    assert set(first.truth["code"]) == set(EPISODES)


def test_people_seen_on_most_days_are_told_by_their_rhythm() -> None:
    country = made(SMALL, 1)
    spells = found(country)

    rows = by_code(spells, country.truth)

    assert (rows.loc[["seasonal", "study", "displacement", "weekend_home"], "precision"] > 0.8).all()
    assert (rows.loc[["seasonal", "study", "displacement", "weekend_home"], "recall"] > 0.8).all()
    assert bounds_hold(spells, country.truth) > 0.9
