from datetime import date

import numpy as np
import pandas as pd
import pytest

from sandbox.errors import CallError
from sandbox.synthetic.country import Truth
from sandbox.synthetic.crossings import days_inside, rule_so_far, with_outcomes
from sandbox.synthetic.days import day_number, month_of_year
from sandbox.synthetic.facts import home_on, residents_on
from sandbox.synthetic.homes import LEAST_STAY
from sandbox.synthetic.scenario import Scenario, read
from sandbox.synthetic.whereabouts import Days, nights

A, D = True, False


def monthly(truth: Truth, column: str, direction: str) -> pd.Series:
    return truth.migration[truth.migration["direction"] == direction].groupby("month")[column].sum()


def outcome(scenario: Scenario, *moves: tuple[int, bool], resident: bool = False) -> list[bool]:
    begin = day_number(date(2020, 1, 1))
    rows = pd.DataFrame(
        {"person_id": 0, "day": [begin + day for day, _ in moves], "arrival": [way for _, way in moves]}
    )
    people = pd.DataFrame({"resident_first": [resident]})
    return with_outcomes(rows, people, scenario)["is_migration"].tolist()


def test_a_stay_of_365_days_of_487_is_a_migration(scenario: Scenario) -> None:
    assert outcome(scenario, (0, A), (365, D), (700, A), (710, D)) == [True, True, False, False]


def test_a_stay_of_364_days_is_none(scenario: Scenario) -> None:
    assert outcome(scenario, (0, A), (364, D)) == [False, False]


def test_holidays_of_122_days_are_forgiven_and_of_123_are_not(scenario: Scenario) -> None:
    assert outcome(scenario, (0, A), (100, D), (222, A)) == [True, False, False]
    assert outcome(scenario, (0, A), (100, D), (223, A))[0] is False


def test_a_resident_home_from_a_long_trip_does_not_immigrate(scenario: Scenario) -> None:
    assert outcome(scenario, (0, D), (200, A), resident=True) == [False, False]


def test_days_inside_are_counted_by_the_day() -> None:
    rng = np.random.default_rng(1)
    day = np.sort(rng.choice(2000, 30, replace=False))
    arrival = np.arange(30) % 2 == 0
    inside = np.zeros(4000, dtype=int)
    for begin, end in zip(day[::2], day[1::2], strict=True):
        inside[begin:end] = 1
    counted = days_inside(np.zeros(30, dtype=int), day, arrival, np.full(30, 487))
    assert counted.tolist() == [inside[d : d + 487].sum() for d in day]


def test_every_crossing_that_a_partner_saw_has_a_true_outcome(truth: Truth) -> None:
    seen = truth.crossings["day"] <= day_number(truth.scenario.window.observed_to)
    assert truth.crossings.loc[seen, "decided"].all()


def test_flows_have_the_size_of_the_plan(whole_truth: Truth) -> None:
    quiet = slice(day_number(date(2022, 1, 1)), day_number(date(2025, 12, 31)))
    arrivals = monthly(whole_truth, "migrations", "A").loc[quiet].mean()
    departures = monthly(whole_truth, "migrations", "D").loc[quiet].mean()
    every = monthly(whole_truth, "crossings", "A").loc[quiet].mean()
    assert 150 < arrivals < 220
    assert 110 < departures < 170
    assert 1000 < every - arrivals < 1400
    residents = residents_on(whole_truth.crossings, whole_truth.persons, day_number(date(2023, 1, 1))).sum()
    assert 36_000 < residents < 44_000


def test_the_closure_is_seen_in_the_crossings(truth: Truth) -> None:
    arrivals = monthly(truth, "crossings", "A")
    shut = arrivals.loc[day_number(date(2020, 5, 1)) : day_number(date(2021, 5, 1))].mean()
    before = arrivals.loc[day_number(date(2018, 5, 1)) : day_number(date(2019, 5, 1))].mean()
    assert shut < 0.15 * before


def test_the_new_visa_raises_arrivals_of_one_origin(whole_truth: Truth) -> None:
    rows = whole_truth.crossings[whole_truth.crossings["is_migration"] & whole_truth.crossings["arrival"]]
    born = whole_truth.persons["birth"].to_numpy()[rows["person_id"]]
    days = rows["day"].to_numpy()[born == whole_truth.scenario.countries.index("PHL")]
    before = ((days >= day_number(date(2022, 7, 1))) & (days < day_number(date(2023, 7, 1)))).sum()
    after = ((days >= day_number(date(2023, 8, 1))) & (days < day_number(date(2024, 8, 1)))).sum()
    assert after > 1.25 * before


def test_the_earthquake_moves_people_out_of_its_area(whole_truth: Truth) -> None:
    quake = whole_truth.scenario.earthquake
    day = day_number(quake.day)
    people = np.sort(whole_truth.persons["person_id"].to_numpy()[:30_000])
    where = nights(whole_truth, people, Days(day - 5, day + 30))
    shaken = where == whole_truth.scenario.area_ids.index(quake.area)
    assert shaken[:, -1].sum() < 0.8 * shaken[:, 0].sum()


def test_moves_of_home_keep_their_distance(truth: Truth) -> None:
    usual = truth.internal[truth.internal["usual"] & (truth.internal["reason"] != "displacement")]
    gaps = usual.sort_values(["person_id", "day"]).groupby("person_id")["day"].diff().dropna()
    assert (gaps >= LEAST_STAY).all()
    assert (usual["from_area"] != usual["to_area"]).all()


def test_nobody_moves_house_soon_after_coming_or_soon_before_leaving(truth: Truth) -> None:
    homes = truth.homes[truth.homes["end"] < day_number(date(2024, 8, 1))]
    moved_out = homes.groupby("person_id")["moved"].shift(-1).eq(True)
    length = homes["end"] - homes["start"] + 1
    assert (length[moved_out | homes["moved"]] >= LEAST_STAY).all()


def test_home_on_a_day_is_the_last_one_begun() -> None:
    homes = pd.DataFrame({"person_id": [1, 1, 3], "start": [10, 20, 5], "area": [4, 6, 2]})
    found = home_on(homes, np.array([1, 1, 1, 2, 3]), np.array([9, 19, 20, 50, 50]))
    assert found.tolist() == [-1, 4, 6, -1, 2]


def test_stock_grows_by_flows_births_and_deaths(truth: Truth) -> None:
    persons, crossings = truth.persons, truth.crossings
    first, last = day_number(date(2022, 1, 1)), day_number(date(2023, 1, 1))
    before, after = residents_on(crossings, persons, first), residents_on(crossings, persons, last)
    moved = crossings[crossings["is_migration"] & (crossings["day"] > first) & (crossings["day"] <= last)]
    net = moved["arrival"].sum() - (~moved["arrival"]).sum()
    born = ((persons["born"] > first) & (persons["born"] <= last) & persons["resident_first"]).sum()
    died = persons["died"].between(first + 1, last)
    assert after.sum() - before.sum() == net + born - _resident_deaths(truth, died)


def _resident_deaths(truth: Truth, died: pd.Series) -> int:
    """Residents on the eve of their death, told apart from those who died after leaving."""
    rows = truth.persons[died]
    return sum(
        int(residents_on(truth.crossings, truth.persons, int(day) - 1)[person])
        for person, day in zip(rows["person_id"], rows["died"], strict=True)
    )


def test_the_rule_so_far_is_badly_wrong_in_young_months(whole_truth: Truth) -> None:
    known_until = day_number(date(2026, 1, 1))
    rows = whole_truth.crossings[whole_truth.crossings["day"] < known_until]
    so_far = rows.assign(so_far=rule_so_far(rows, known_until))
    young = so_far[(so_far["day"] >= day_number(date(2025, 5, 1))) & so_far["arrival"]]
    assert young["so_far"].sum() > 1.4 * young["is_migration"].sum()
    old = so_far[(so_far["day"] < day_number(date(2024, 8, 1))) & so_far["arrival"]]
    assert (old["so_far"] == old["is_migration"]).all()


def test_covariates_say_something_but_not_all(whole_truth: Truth) -> None:
    from sandbox.synthetic.border_files import movements

    rows = movements(whole_truth, whole_truth.seed)
    assert rows["intended_stay_days"].isna().mean() > 0.25
    long = (rows["direction"] == "A") & (rows["intended_stay_days"] >= 365)
    person = whole_truth.travellers.set_index("traveller_id")["person_id"].reindex(rows["traveller_id"]).to_numpy()
    told = pd.DataFrame({"person_id": person, "day": rows["day"], "long": long, "arrival": rows["direction"] == "A"})
    joined = told.merge(whole_truth.crossings, on=["person_id", "day", "arrival"])
    joined = joined[joined["arrival"]]
    hit, base = joined.loc[joined["long"], "is_migration"].mean(), joined["is_migration"].mean()
    assert 2 * base < hit < 0.85


def test_visitors_come_more_in_summer(whole_truth: Truth) -> None:
    rows = whole_truth.crossings[whole_truth.crossings["arrival"]]
    counts = np.bincount(month_of_year(rows["day"].to_numpy()), minlength=12)
    assert counts[11] > 1.2 * counts[4]


def test_a_scenario_with_an_unknown_setting_is_refused(tmp_path) -> None:
    wrong = tmp_path / "scenario.toml"
    wrong.write_text("[climate]\nrain = 1\n", "utf-8")
    with pytest.raises(CallError, match="climate"):
        read(wrong)


def test_the_truth_agrees_with_the_kernel_that_follows_the_published_walk(truth: Truth) -> None:
    from sandbox.kernels.outcomes import COMPLETE_HISTORY, outcomes

    rows = truth.crossings
    person, first = np.unique(rows["person_id"].to_numpy(), return_index=True)
    decided = outcomes(
        np.append(first, len(rows)).astype(np.int64),
        rows["day"].to_numpy().astype(np.int64),
        rows["arrival"].to_numpy().astype(np.int8),
        truth.persons["resident_first"].to_numpy()[person].astype(np.int8),
        np.zeros(len(person), dtype=np.int64),
        487,
        365,
        COMPLETE_HISTORY,
    )
    known = rows["decided"].to_numpy()
    assert (decided.is_migration[known] == rows["is_migration"].to_numpy()[known]).all()
    assert known.sum() > 10_000
