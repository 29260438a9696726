"""Temporary spells: how long at least and at most, and which rule types them."""

from datetime import date, timedelta

import pyarrow as pa
import pytest

from sandbox.concepts.codes import CODE_OF_VISA, InternalMobility, TemporaryMobility
from sandbox.concepts.temporary import ABROAD, INSIDE, MEANING, TYPING, VISITORS, Bound, Feature
from sandbox.persons.temporary import Shock, spells_of

MONDAY = date(2024, 1, 1)
HOME = "home"


def presence(*episodes: tuple[str, int, int], every: int = 1, country: str = "XAA") -> pa.Table:
    """Place, first and last day from Monday 2024-01-01; one person, seen every so many days."""
    days = [(place, day) for place, first, last in episodes for day in range(first, last + 1, every)]
    return pa.table(
        {
            "person_key": pa.repeat(1, len(days)),
            "local_date": [MONDAY + timedelta(day) for _, day in days],
            "place": [place for place, _ in days],
            "country": [country] * len(days),
            "weight": pa.repeat(1.0, len(days)),
        }
    )


def away(*stays: tuple[int, int], last: int, place: str = "away") -> list[tuple[str, int, int]]:
    """At home but for these first and last days."""
    episodes, day = [], 0
    for first, until in stays:
        episodes += [(HOME, day, first - 1), (place, first, until)]
        day = until + 1
    return [*episodes, (HOME, day, last)]


def codes(*stays: tuple[int, int], last: int, every: int = 1) -> list[str]:
    return spells_of(presence(*away(*stays, last=last), every=every))["code"].to_pylist()


def test_a_spell_has_its_shortest_and_longest_days_and_how_many_were_seen() -> None:
    seen = presence((HOME, 0, 60), ("away", 70, 98), (HOME, 104, 200), every=4)

    (spell,) = spells_of(seen).to_pylist()

    assert (spell["shortest_days"], spell["longest_days"], spell["days_seen"]) == (29, 43, 8)
    assert (spell["from_place"], spell["place"], spell["code"]) == (HOME, "away", "unknown")
    assert MONDAY + timedelta(61) <= spell["start"] <= MONDAY + timedelta(70)


def test_a_spell_whose_end_is_not_seen_has_no_longest_duration() -> None:
    (spell,) = spells_of(presence((HOME, 0, 60), ("away", 61, 75))).to_pylist()

    assert (spell["end_seen"], spell["shortest_days"], spell["longest_days"]) == (False, 15, None)


def test_a_single_stay_of_a_month_is_of_unknown_type() -> None:
    assert codes((100, 130), last=300) == ["unknown"]


def test_a_day_elsewhere_is_no_spell() -> None:
    assert codes((100, 100), last=300) == []


def test_the_same_season_in_two_years_is_seasonal_and_another_season_is_not() -> None:
    assert codes((100, 170), (465, 535), last=700) == ["seasonal"] * 2
    assert codes((100, 170), (300, 370), last=700) == ["unknown"] * 2


def test_fortnights_on_and_off_are_a_rotation() -> None:
    fortnights = [(28 * number, 28 * number + 13) for number in range(2, 10)]

    assert set(codes(*fortnights, last=340)) == {"work_rotation"}


def test_fortnights_of_workdays_alone_are_a_commuter_seldom_seen_at_home() -> None:
    fortnights = [day // 7 % 4 in (1, 2) for day in range(168)]
    rows = presence(
        *(("away" if works else HOME, day, day) for day, works in enumerate(fortnights) if not works or day % 7 < 5)
    )

    assert set(spells_of(rows)["code"].to_pylist()) == {"unknown"}


def test_terms_with_breaks_are_study() -> None:
    assert codes((40, 150), (215, 330), (400, 515), last=600) == ["study"] * 3


@pytest.mark.parametrize(("weekday", "found"), [(4, {"weekend_home"}), (1, set())])
def test_weekends_in_one_place_are_a_second_home_and_tuesdays_are_not(weekday: int, found: set) -> None:
    stays = [(7 * week + weekday, 7 * week + weekday + 1) for week in range(0, 40, 2)]

    assert set(codes(*stays, last=300)) == found


def test_leaving_after_a_shock_is_displacement_and_leaving_the_month_before_is_not() -> None:
    rows = presence(*away((100, 150), last=300))

    assert spells_of(rows, [Shock(HOME, MONDAY + timedelta(90))])["code"].to_pylist() == ["displacement"]
    assert spells_of(rows, [Shock(HOME, MONDAY + timedelta(101))])["code"].to_pylist() == ["unknown"]
    assert spells_of(rows, [Shock("away", MONDAY + timedelta(90))])["code"].to_pylist() == ["unknown"]


def test_a_departure_that_may_as_well_have_been_before_the_shock_is_unknown() -> None:
    rows = presence((HOME, 0, 60), ("away", 100, 150), (HOME, 151, 300))

    assert spells_of(rows, [Shock(HOME, MONDAY + timedelta(95))])["code"].to_pylist() == ["unknown"]


def test_a_place_that_is_a_country_is_typed_as_abroad() -> None:
    stays = away((100, 170), (250, 320), (400, 470), last=600, place="NZL")
    rows = presence(*stays, country="NZL")

    assert spells_of(rows)["code"].to_pylist() == ["circular"] * 3


def test_nobody_seen_has_no_spell() -> None:
    assert spells_of(presence()).num_rows == 0


def test_every_code_can_be_given_but_unknown_and_every_measure_is_explained() -> None:
    assert {rule.code for rule in INSIDE} == set(InternalMobility) - {InternalMobility.UNKNOWN}
    assert {rule.code for rule in VISITORS} == set(TemporaryMobility) - {TemporaryMobility.UNKNOWN}
    assert {rule.code for rule in ABROAD} < set(TemporaryMobility)
    assert set(CODE_OF_VISA) <= {visa for rule in VISITORS for visa in rule.visas}
    assert set(MEANING) == set(Feature)
    assert len({rule for rules in TYPING.values() for rule in rules}) >= len(INSIDE) + len(VISITORS)


def test_a_bound_reads_as_a_sentence() -> None:
    bounds = (
        Bound(Feature.DAYS, 5, 42),
        Bound(Feature.STAYS, 4),
        Bound(Feature.DAYS, most=0),
        Bound(Feature.ONWARD, 1, 1),
    )

    assert [str(each) for each in bounds] == ["5 ≤ days ≤ 42", "4 ≤ stays", "days ≤ 0", "onward = 1"]
