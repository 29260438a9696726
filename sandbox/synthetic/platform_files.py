"""What platforms send: sizes of audiences by origin, never below a floor; and posts with a place, some by bots."""

import hashlib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from sandbox.synthetic.chance import Flags, Ints, Reals, pick, stream
from sandbox.synthetic.country import Truth
from sandbox.synthetic.days import day_number, iso, month_index, month_starts, year_of
from sandbox.synthetic.facts import residents_on
from sandbox.synthetic.handover import Handover
from sandbox.synthetic.places import H3_OF_POST, centres, h3_of
from sandbox.synthetic.subscribers import NOBODY
from sandbox.synthetic.whereabouts import Days, nights

AUDIENCE_PARTNER, POST_PARTNER = "platform_one", "platform_two"
TOTAL = "_T"
BANDS = ((18, 24), (25, 34), (35, 44), (45, 54), (55, 64), (65, 120))
BY_AGE: Reals = np.array([1.10, 1.12, 1.02, 0.85, 0.66, 0.38])
OWN_PENETRATION = 0.68
REGIMES = ("all_expats", "lived_in")
VERSIONS = ("v15.0", "v20.0")


def write_audience(truth: Truth, landing: Path, seed: int) -> Iterator[Path]:
    """Write one delivery a year, in it one file a monthly snapshot."""
    window = truth.scenario.window
    months = month_starts(window.audience_from, window.observed_to)
    for year in range(window.audience_from.year, window.observed_to.year + 1):
        files = {
            f"audience-{iso(np.array([month]))[0][:7]}.jsonl": snapshot(truth, int(month), seed)
            for month in months[year_of(months) == year]
        }
        told = Handover(AUDIENCE_PARTNER, "audience_estimate", str(year), date(year, 1, 1), date(year, 12, 31))
        yield told.write(landing, files)


def snapshot(truth: Truth, month: int, seed: int) -> pa.Table:
    """Return the platform's answers in the middle of a month: by origin, sex and age, and their totals."""
    users = _users(truth, month, seed)
    told = truth.scenario.audience
    new = month >= day_number(told.break_month)
    floor = told.floors[int(new)]
    rows = []
    for origin in range(users.shape[0] + 1):
        of_origin = users[origin] if origin < users.shape[0] else users.sum(axis=0)
        code = truth.scenario.countries[origin - 1] if 0 < origin < users.shape[0] else TOTAL
        if origin == 0:
            continue
        for sex, by_age in (("F", of_origin[0]), ("M", of_origin[1]), (TOTAL, of_origin.sum(axis=0))):
            rows += [(code, sex, *band, value) for band, value in zip(BANDS, by_age, strict=True)]
            rows.append((code, sex, BANDS[0][0], BANDS[-1][1], by_age.sum()))
    frame = pd.DataFrame(rows, columns=["origin_code", "sex", "age_min", "age_max", "users"])
    everyone = _rounded(np.array([users.sum()]))[0]
    return _answers(frame, month, int(new), floor, int(everyone), truth)


def _users(truth: Truth, month: int, seed: int) -> Reals:
    """Return expected users by country of birth (the own first), sex and age band, with the month's own error."""
    rng = stream(seed, f"audience {month}")
    people = truth.persons[residents_on(truth.crossings, truth.persons, month + 14)]
    age = (month - people["born"].to_numpy()) // 365.25
    band = np.searchsorted([low for low, _ in BANDS], age, side="right") - 1
    grown = band >= 0
    shape = (len(truth.scenario.origin) + 1, 2, len(BANDS))
    cell = (people["birth"].to_numpy()[grown] + 1, people["sex"].to_numpy()[grown], band[grown])
    stock = np.bincount(np.ravel_multi_index(cell, shape), minlength=int(np.prod(shape))).reshape(shape)
    share = np.array([OWN_PENETRATION, *(origin.penetration for origin in truth.scenario.origin)])
    told = truth.scenario.audience
    if month >= day_number(told.break_month):
        kept = stream(seed, "definition break").uniform(told.break_low, told.break_high, len(share))
        share = share * np.concatenate([[1.0], kept[1:]])
    years = (month - day_number(truth.scenario.window.audience_from)) / 365.25
    wave = rng.normal(0, 0.035, shape[0])[:, None, None] + rng.normal(0, 0.05, shape)
    return np.asarray(stock * share[:, None, None] * BY_AGE * 1.015**years * np.exp(wave))


def _rounded(users: Reals) -> Ints:
    """Return figures as the platform rounds them: to tens, from a thousand on to hundreds."""
    return np.where(users >= 1000, np.round(users / 100) * 100, np.round(users / 10) * 10).astype(np.int64)


def _answers(frame: pd.DataFrame, month: int, regime: int, floor: int, everyone: int, truth: Truth) -> pa.Table:
    users = frame["users"].to_numpy()
    censored = users < floor
    mau = np.where(censored, floor, _rounded(users))
    place = truth.scenario.country.code
    queries = frame["origin_code"] + "|" + frame["sex"] + "|" + frame["age_min"].astype(str) + "|" + place
    return pa.table(
        {
            "snapshot_ts": np.char.add(iso(np.full(len(frame), month + 14)), "T12:00:00Z"),
            "platform": [AUDIENCE_PARTNER] * len(frame),
            "api_version": [VERSIONS[regime]] * len(frame),
            "query_hash": [
                hashlib.sha256(f"{query}|{high}".encode()).hexdigest()[:16]
                for query, high in zip(queries, frame["age_max"], strict=True)
            ],
            "geo_level": ["country"] * len(frame),
            "geo_code": [place] * len(frame),
            "origin_code": frame["origin_code"],
            "age_min": frame["age_min"],
            "age_max": frame["age_max"],
            "sex": frame["sex"],
            "dau": np.where(censored, 0, _rounded(users * 0.71)),
            "mau": mau,
            "mau_lower": np.where(censored, 0, _rounded(mau * 0.9)),
            "mau_upper": np.where(censored, floor, _rounded(mau * 1.1)),
            "floor_value": np.full(len(frame), floor),
            "is_censored": censored,
            "denominator_mau": np.full(len(frame), everyone),
            "definition_regime": [REGIMES[regime]] * len(frame),
        }
    )


def write_posts(truth: Truth, landing: Path, seed: int) -> Iterator[Path]:
    """Write one delivery a year, in it one file a quarter."""
    rows = posts(truth, seed)
    window = truth.scenario.window
    quarter = month_index(rows["ts_utc"].dt.tz_localize(None).to_numpy()) // 3
    for year in range(window.posts_from.year, window.observed_to.year + 1):
        files = {
            f"posts-{year}-q{number + 1}.parquet": pa.Table.from_pandas(
                rows[quarter == (year - 1970) * 4 + number], preserve_index=False
            )
            for number in range(4)
        }
        told = Handover(POST_PARTNER, "geotagged_post", str(year), date(year, 1, 1), date(year, 12, 31))
        yield told.write(landing, files)


def posts(truth: Truth, seed: int) -> pd.DataFrame:
    """Return all posts in order of time: users' where they were that day, bots' anywhere."""
    rng = stream(seed, "posts")
    window = truth.scenario.window
    days = Days(day_number(window.posts_from), day_number(window.observed_to))
    accounts = truth.users.reset_index(drop=True)
    count = rng.poisson(accounts["rate"] * days.count / 30.44)
    user = np.repeat(np.arange(len(accounts)), count)
    column = rng.integers(0, days.count, len(user))
    second = rng.integers(0, 86_400, len(user)) + (days.first + column) * 86_400
    bot = (accounts["person_id"] == NOBODY).to_numpy()
    person = np.unique(accounts["person_id"].to_numpy()[~bot])
    where = nights(truth, person, days)
    row = np.searchsorted(person, accounts["person_id"].to_numpy()).clip(0, len(person) - 1)
    areas, countries = len(truth.scenario.area), len(truth.scenario.origin)
    anywhere = rng.integers(0, areas + countries, len(user))
    place = np.where(bot[user], anywhere, where[row[user], column])
    order = np.lexsort((user, second))
    order = order[place[order] >= 0]
    return _post_rows(truth, accounts, user[order], place[order], second[order], bot, rng)


def _post_rows(
    truth: Truth,
    accounts: pd.DataFrame,
    user: Ints,
    place: Ints,
    second: Ints,
    bot: Flags,
    rng: np.random.Generator,
) -> pd.DataFrame:
    areas = len(truth.scenario.area)
    middle = [(lat, lon) for lon, lat in centres(truth.scenario)]
    cells = np.array([h3_of(*at, H3_OF_POST) for at in [*middle, *(o.place for o in truth.scenario.origin)]])
    country = np.array([*([truth.scenario.country.code] * areas), *truth.scenario.countries], dtype=object)
    admin = np.array([*truth.scenario.area_ids, *([None] * len(truth.scenario.origin))], dtype=object)
    score = np.where(bot[user], rng.beta(7, 2, len(user)), rng.beta(1.3, 9, len(user)))
    program = np.where(bot[user] & (rng.random(len(user)) < 0.7), "autoposter", "app")
    return pd.DataFrame(
        {
            "user_id": accounts["user_id"].to_numpy().astype(object)[user],
            "ts_utc": pd.to_datetime(second.astype("datetime64[s]")).tz_localize("UTC").as_unit("us"),
            "h3": cells[place],
            "country": country[place],
            "admin1": admin[place],
            "geo_source": np.array(["gps", "place", "profile"], dtype=object)[pick(rng, [0.3, 0.6, 0.1], len(user))],
            "client_app": program.astype(object),
            "is_bot_score": np.round(score, 3),
            "lang": np.array(["en", "xx"], dtype=object)[(user % 5 == 0).astype(int)],
        }
    )
