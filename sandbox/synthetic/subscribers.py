"""Who is whom to the partners: SIM cards, travel documents and accounts of the true persons. Not one to one."""

import numpy as np
import pandas as pd

from sandbox.synthetic.chance import Flags, Ints, Reals, Texts, pick, stream
from sandbox.synthetic.days import day_number, year_of
from sandbox.synthetic.facts import home_on
from sandbox.synthetic.people import NEVER
from sandbox.synthetic.scenario import Scenario

NOBODY = -1
# How many of those who are in the country for a time have a SIM of the country, by group.
LOCAL_SIM = {"visitor": 0.0, "long_visitor": 0.35, "working_holiday": 0.7, "seasonal": 0.6}
PEOPLE_PER_SIM = 0.80
LEAST_DAYS = 60


def sims(
    persons: pd.DataFrame, stays: pd.DataFrame, homes: pd.DataFrame, scenario: Scenario, scale: float, seed: int
) -> pd.DataFrame:
    """Return one row a SIM and user: subscriber_id, person_id, role, valid_from, valid_to, mcc.

    Roles: main, second (a person's other SIM), shared (another person on the same SIM), m2m (no person), roamer.
    """
    rng = stream(seed, "sims")
    told = scenario.mobile
    total = round(told.sims * scale)
    holders = _holders(rng, persons, stays, homes, scenario, total)
    main = _with_churn(rng, holders, scenario).assign(role="main")
    second = holders[rng.random(len(holders)) < told.second_sim].assign(role="second")
    machines = pd.DataFrame(
        {
            "person_id": np.full(round(total * told.m2m), NOBODY),
            "valid_from": day_number(scenario.window.mobile_from),
            "valid_to": day_number(scenario.window.observed_to),
            "role": "m2m",
        }
    )
    own = pd.concat([main, second, machines], ignore_index=True)
    own = own.assign(subscriber_id=numbers(rng, len(own), scenario.country.mcc + "01"), mcc=scenario.country.mcc)
    roamers = _roamers(rng, stays, scenario)
    return pd.concat([own, _shared(rng, own, homes, scenario), roamers], ignore_index=True)


def travellers(crossings: pd.DataFrame, scenario: Scenario, seed: int) -> pd.DataFrame:
    """Return one row a document: traveller_id, person_id, valid_from, valid_to; a new one is sometimes not linked."""
    rng = stream(seed, "travellers")
    people = np.unique(crossings["person_id"].to_numpy())
    begin, end = day_number(scenario.window.border_from), day_number(scenario.window.observed_to)
    splits = rng.random(len(people)) < scenario.border.unlinked
    renewed = rng.integers(begin + 300, end, len(people))
    letters = np.array(["LA", "PK", "ND", "RX"])[rng.integers(0, 4, len(people) + int(splits.sum()))]
    digits = _scrambled(rng, len(letters), 10_000_019)
    names = np.char.add(letters, np.char.zfill(digits.astype(str), 8))
    first = pd.DataFrame({"person_id": people, "valid_from": 0, "valid_to": np.where(splits, renewed - 1, NEVER)})
    second = pd.DataFrame({"person_id": people[splits], "valid_from": renewed[splits], "valid_to": NEVER})
    return pd.concat([first, second], ignore_index=True).assign(traveller_id=names)


def users(persons: pd.DataFrame, stays: pd.DataFrame, scenario: Scenario, scale: float, seed: int) -> pd.DataFrame:
    """Return one row an account that posts: user_id, person_id (−1 for a bot), rate (posts a month)."""
    rng = stream(seed, "users")
    told = scenario.posts
    count = round(told.users * scale)
    begin, end = day_number(scenario.window.posts_from), day_number(scenario.window.observed_to)
    active = stays[(stays["end"] > begin) & (stays["start"] < end)]["person_id"].unique()
    year = year_of(np.array([begin]))[0]
    grown = (year - persons["birth_year"].to_numpy()[active]) > 14
    native = persons["group"].to_numpy()[active] == scenario.group_names.index("native")
    visitor = persons["group"].to_numpy()[active] == scenario.group_names.index("visitor")
    weights: Reals = grown * np.where(native, 0.5, np.where(visitor, 0.2, 2.0))
    chosen = rng.choice(active, count, replace=False, p=weights / weights.sum())
    bots = round(count * told.bots)
    return pd.DataFrame(
        {
            "user_id": numbers(rng, count + bots, "u"),
            "person_id": np.concatenate([chosen, np.full(bots, NOBODY)]),
            "rate": np.concatenate([rng.gamma(1.4, told.per_month / 1.4, count), rng.uniform(20, 60, bots)]),
        }
    )


def numbers(rng: np.random.Generator, size: int, prefix: str) -> Texts:
    """Return distinct numbers of ten digits with a prefix, in no order."""
    return np.char.add(prefix, np.char.zfill(_scrambled(rng, size, 1_000_000_007).astype(str), 10)).astype(object)


def _scrambled(rng: np.random.Generator, size: int, prime: int) -> Ints:
    """Return distinct whole numbers below a prime: a multiple of a draw without repetition."""
    return (rng.permutation(size).astype(np.int64) * 7_919_011 + int(rng.integers(1, prime))) % prime


def _holders(
    rng: np.random.Generator,
    persons: pd.DataFrame,
    stays: pd.DataFrame,
    homes: pd.DataFrame,
    scenario: Scenario,
    total: int,
) -> pd.DataFrame:
    """Return who has a SIM and from when to when he could use it: coverage differs by age and by area."""
    begin, end = day_number(scenario.window.mobile_from), day_number(scenario.window.observed_to)
    first = np.maximum(stays["start"].to_numpy(), begin)
    last = np.minimum(stays["end"].to_numpy(), end)
    spans = stays.assign(valid_from=first, valid_to=last)[last - first >= LEAST_DAYS]
    spans = spans.groupby("person_id", as_index=False).agg({"valid_from": "min", "valid_to": "max"})
    person = spans["person_id"].to_numpy()
    age = year_of(np.array([begin]))[0] - persons["birth_year"].to_numpy()[person]
    by_age = np.interp(age, [9, 15, 25, 45, 65, 85], [0.0, 0.7, 1.25, 1.1, 0.85, 0.3])
    by_group = np.array([LOCAL_SIM.get(name, 1.0) for name in scenario.group_names])
    area = home_on(homes, person, spans["valid_from"].to_numpy())
    by_area = (scenario.area_shares[area] * len(scenario.area)) ** 0.3
    weights = by_age * by_group[persons["group"].to_numpy()[person]] * by_area
    chosen = rng.choice(len(spans), round(total * PEOPLE_PER_SIM), replace=False, p=weights / weights.sum())
    return spans.iloc[np.sort(chosen)].reset_index(drop=True)


def _with_churn(rng: np.random.Generator, holders: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """Return holders' numbers: some end early, and a part of these people take a new one of the same operator."""
    told = scenario.mobile
    ends = holders["valid_from"] + (rng.exponential(365.25 / told.churn_per_year, len(holders))).astype(np.int64)
    early: Flags = (ends < holders["valid_to"] - 30).to_numpy()
    old = holders.assign(valid_to=np.where(early, ends, holders["valid_to"]))
    again = early & (rng.random(len(holders)) < told.same_operator_after_churn)
    new = holders.assign(valid_from=ends + 1 + rng.integers(0, 20, len(holders)))[again]
    return pd.concat([old, new], ignore_index=True)


def _shared(rng: np.random.Generator, own: pd.DataFrame, homes: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """Return rows of second persons on a SIM: somebody else of the same area."""
    main = own[(own["role"] == "main").to_numpy()]
    area = home_on(homes, main["person_id"].to_numpy(), main["valid_from"].to_numpy())
    by_area = np.argsort(area, kind="stable")
    neighbour = np.empty(len(main), dtype=np.int64)
    neighbour[by_area] = main["person_id"].to_numpy()[np.roll(by_area, 1)]
    chosen = rng.random(len(main)) < scenario.mobile.shared_sim
    return main.assign(person_id=neighbour, role="shared")[chosen]


def _roamers(rng: np.random.Generator, stays: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """Return foreign numbers of people who stay for a time; one a stay."""
    begin, end = day_number(scenario.window.mobile_from), day_number(scenario.window.observed_to)
    passing = stays["group"].isin([scenario.group_names.index(name) for name in LOCAL_SIM]).to_numpy()
    inside = passing & (stays["end"] >= begin).to_numpy() & (stays["start"] <= end).to_numpy()
    # Long stayers take a local card sooner or later.
    usual = np.where((stays["end"] - stays["start"]) > LEAST_DAYS, 0.3, 1.0) * scenario.mobile.roamer_share
    rows = stays[inside & (rng.random(len(stays)) < usual)]
    mcc = np.array([origin.mcc for origin in scenario.origin])[rows["partner"]]
    serial = np.char.zfill(_scrambled(rng, len(rows), 1_000_000_007).astype(str), 10)
    return pd.DataFrame(
        {
            "person_id": rows["person_id"].to_numpy(),
            "valid_from": np.maximum(rows["start"].to_numpy(), begin),
            "valid_to": np.minimum(rows["end"].to_numpy(), end),
            "role": "roamer",
            "subscriber_id": np.char.add(np.char.add(mcc, "20"), serial),
            "mcc": mcc,
        }
    )


def activity(sims: pd.DataFrame, scenario: Scenario, seed: int) -> dict[str, Reals]:
    """Return how each SIM row is used: `seen` (share of days), `burst` (days of a silence), `events`, `habit`."""
    rng = stream(seed, "activity")
    low, high = scenario.mobile.seen
    n = len(sims)
    role = sims["role"].to_numpy()
    seen = low + (high - low) * rng.beta(1.5, 1.2, n)
    seen = np.select(
        [role == "m2m", role == "roamer", role == "second", role == "shared"],
        [np.full(n, 0.97), rng.uniform(0.45, 0.85, n), seen * 0.6, seen * 0.3],
        seen,
    )
    night = scenario.mobile.night_shift
    return {
        "seen": np.maximum(seen, low * 0.3),
        "burst": rng.gamma(1.5, 1.6, n) + 1.0,
        "events": rng.gamma(4.0, (scenario.mobile.events_per_seen_day - 1) / 4.0, n),
        # 0 by day, 1 in the evening, 2 at night at work
        "habit": pick(rng, [0.52, 0.48 - night, night], n).astype(float),
    }
