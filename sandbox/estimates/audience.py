"""Audience estimates of a platform: a stock model in logs by origin, its floor as an upper bound, breaks as regimes."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.stats import norm, truncnorm

from sandbox.concepts.codes import TOTAL
from sandbox.estimates.cells import Array, figures, month_number

CENSUS = "CENSUS_STOCK"
# Answers of this many months before and after a date describe that date.
MONTHS_AROUND = 3
# Penetration drifts by at least this much, in logs, a year: what a platform grows by unseen.
SMALLEST_DRIFT = 0.02
SMALLEST_SPREAD = 0.02
MIDDLE_OF_YEAR = 6
"""Stocks of a year are told for its first of July."""


@dataclass(frozen=True)
class Noise:
    """Variances in logs: `answer` of one answer about its level, `drift` of the level from month to month."""

    answer: float
    drift: float


@dataclass(frozen=True)
class Penetration:
    """Users per resident in logs by origin, at the census: mean and variance."""

    mean: pd.Series
    variance: pd.Series


def monthly_audiences(answers: pd.DataFrame, country: str) -> pd.DataFrame:
    """Return the audience of each origin in the country by month: the widest age range, both sexes.

    `answers` are rows of `audience_estimate`. Columns: `origin, month` (number), `log_mau`, `censored` (then
    `log_mau` is the log of the floor, an upper bound, never a figure), `mau`, `regime`.
    """
    rows = answers[
        (answers["geo_level"] == "country")
        & (answers["geo_code"] == country)
        & (answers["origin_code"] != TOTAL)
        & (answers["sex"].fillna(TOTAL) == TOTAL)
        & (answers["mau"] > 0)
    ]
    width = rows["age_max"].fillna(120) - rows["age_min"].fillna(0)
    rows = rows.assign(width=width, month=[month_number(moment) for moment in rows["snapshot_ts"]])
    widest = rows[rows["width"] == rows.groupby("origin_code")["width"].transform("max")]
    widest = widest.sort_values(["origin_code", "snapshot_ts", "query_hash"])
    one = widest.drop_duplicates(["origin_code", "month"], keep="last")
    at_floor = one["mau"] <= one["floor_value"].fillna(0)
    return pd.DataFrame(
        {
            "origin": one["origin_code"],
            "month": one["month"],
            "mau": one["mau"],
            "log_mau": np.log(one["mau"].astype(float)),
            "censored": one["is_censored"].fillna(False).astype(bool) | at_floor,
            "regime": one["definition_regime"].fillna(""),
        }
    ).reset_index(drop=True)


def stock_figures(audiences: pd.DataFrame, census: pd.DataFrame, month: date, vintage: date) -> pd.DataFrame:
    """Return STOCK_ORIGIN by year: residents on 1 July after the census, by country of birth, and their total.

    log stock = log audience − penetration of the origin (at the census) − shift of the definition since. Answers
    around the day are taken, or else the last ones above the floor; the error is that of the answers, of the shift,
    and of a level that drifts since the census (penetration) and since the answers (stock). An origin at the floor
    lies below it.
    """
    stocks = census[census["partner_area"] != TOTAL]
    newest = stocks[stocks["period"] == stocks["period"].max()].set_index("partner_area")["value"].astype(float)
    at_census = month_number(stocks["period"].max())
    noise = local_level(audiences)
    model = StockModel(
        np.log(newest),
        at_census,
        penetration_at(audiences, newest, at_census, noise.answer),
        definition_shifts(audiences, noise.answer),
        noise,
    )
    days = [12 * year + MIDDLE_OF_YEAR for year in range(at_census // 12, month.year + 1)]
    told = [model.stocks_on(audiences, day) for day in days if at_census < day <= month_number(month)]
    rows = pd.concat(told, ignore_index=True) if told else pd.DataFrame(columns=["reference_period", "estimate"])
    return figures(rows.assign(calibrated_to=CENSUS), "STOCK_ORIGIN", "A", vintage)


def local_level(audiences: pd.DataFrame) -> Noise:
    """Return the variances of the local level model of log audiences, from the moments of their monthly steps.

    Steps of a level that drifts, seen with noise, have variance drift + 2 · answer and lag-one covariance −answer
    (Harvey 1989, section 2.4.1). All origins together, inside a definition only.
    """
    ordered = audiences[~audiences["censored"]].sort_values(["origin", "month"])
    line = [ordered["origin"], ordered["regime"]]
    steps = ordered.groupby(["origin", "regime"])["log_mau"].diff()
    centred = steps - steps.mean()
    following = centred.groupby(line).shift(-1)
    variance = float((centred**2).mean()) if centred.notna().any() else 0.0
    covariance = float((centred * following).mean()) if (centred * following).notna().any() else 0.0
    answer = max(-covariance, 0.0)
    return Noise(max(answer, SMALLEST_SPREAD**2), max(variance - 2 * answer, SMALLEST_DRIFT**2 / 12))


def penetration_at(audiences: pd.DataFrame, stocks: pd.Series, month: int, noise: float) -> Penetration:
    """Return users per resident in logs around a month: own where seen, else what the others and the floor leave.

    Origins' penetrations are normal around a common mean (maximum likelihood); one at the floor contributes the
    probability of lying below it, as an interval-censored observation, never the floor as its value.
    """
    near = _around(audiences, month)
    seen = near[~near["censored"]].groupby("origin")["log_mau"].agg(["mean", "size"])
    seen = seen[seen.index.isin(stocks.index)]
    bounds = near[near["censored"]].groupby("origin")["log_mau"].min()
    bounds = bounds[bounds.index.isin(stocks.index) & ~bounds.index.isin(seen.index)]
    own = seen["mean"] - np.log(stocks[seen.index])
    below = bounds - np.log(stocks[bounds.index])
    middle, spread = _common_penetration(own.to_numpy(dtype=np.float64), below.to_numpy(dtype=np.float64))
    truncated = truncnorm(-np.inf, (below - middle) / spread, loc=middle, scale=spread)
    return Penetration(
        pd.concat([own, pd.Series(truncated.mean(), index=below.index, dtype=float)]),
        pd.concat([noise / seen["size"], pd.Series(truncated.var(), index=below.index, dtype=float)]),
    )


def definition_shifts(audiences: pd.DataFrame, noise: float) -> pd.DataFrame:
    """Return by origin and regime the shift in logs against the first regime, and its variance.

    A shift is the mean of the months after a break less that of the months before. Origins that are at the floor on
    either side get the mean shift of the others, with the others' spread.
    """
    regimes = audiences.groupby("regime")["month"].min().sort_values()
    origins = sorted(audiences["origin"].unique())
    total = pd.DataFrame({"shift": 0.0, "variance": 0.0}, index=pd.Index(origins, name="origin"))
    parts = [total.assign(regime=str(regimes.index[0]))]
    for regime, start in zip(regimes.index[1:], regimes.to_numpy()[1:], strict=True):
        after = audiences[audiences["month"].between(start, start + MONTHS_AROUND - 1) & ~audiences["censored"]]
        before = audiences[audiences["month"].between(start - MONTHS_AROUND, start - 1) & ~audiences["censored"]]
        means = [side.groupby("origin")["log_mau"].mean().reindex(origins) for side in (after, before)]
        own = means[0] - means[1]
        # One origin alone says nothing of how the others shifted.
        common, others = (float(own.mean()), float(own.var(ddof=1))) if own.notna().sum() > 1 else (np.nan, np.nan)
        step = pd.DataFrame(
            {
                "shift": own.fillna(common),
                "variance": (own * 0 + 2 * noise / MONTHS_AROUND).fillna(others),
            }
        )
        total = total + step
        parts.append(total.assign(regime=str(regime)))
    return pd.concat(parts).reset_index().set_index(["origin", "regime"])


@dataclass(frozen=True)
class StockModel:
    """The fitted model: log stocks at the census, its month, penetration, shifts of definition, noise."""

    log_census: pd.Series
    at_census: int
    penetration: Penetration
    shifts: pd.DataFrame
    noise: Noise

    def stocks_on(self, audiences: pd.DataFrame, month: int) -> pd.DataFrame:
        """Return the cells of 1 July of a year, given as its month."""
        told = audiences[audiences["origin"].isin(self.penetration.mean.index)]
        told = told[told["month"] < month + MONTHS_AROUND].join(self.shifts, on=["origin", "regime"])
        mean = told["origin"].map(self.penetration.mean)
        told = told.assign(log_stock=told["log_mau"] - told["shift"] - mean)
        level = self._last_seen(told, month)
        near = told[told["censored"] & (told["month"] >= month - MONTHS_AROUND)]
        bound = near.groupby("origin")["log_stock"].min().reindex(level.index)
        cells = _below(level, bound.where(~level["is_near"]))
        users = audiences[audiences["month"].between(month - MONTHS_AROUND, month + MONTHS_AROUND - 1)]
        naive = users.groupby("origin")["mau"].mean()
        cells = cells.rename_axis("partner_area").reset_index()
        return _with_total(cells.assign(naive=cells["partner_area"].map(naive)), date(month // 12, 1, 1))

    def _last_seen(self, told: pd.DataFrame, month: int) -> pd.DataFrame:
        """Return the level of each origin from its latest answers above the floor, or else from the census.

        Answers of different definitions are not mixed: the latest alone count, unless only older ones can be brought
        to the census (no shift known), and these then.
        """
        usable = told[~told["censored"] & told["log_stock"].notna()].sort_values(["origin", "month"])
        latest = usable.groupby("origin").tail(2 * MONTHS_AROUND)
        seen = latest.groupby("origin").agg(
            log_stock=("log_stock", "mean"),
            answers=("log_stock", "size"),
            shift=("variance", "mean"),
            mau=("mau", "min"),
            last=("month", "max"),
        )
        at_census = pd.DataFrame({"log_stock": self.log_census, "last": self.at_census, "mau": 0})
        level = seen.reindex(self.log_census.index).fillna(at_census)
        stale = (month - level["last"]).clip(lower=0)
        own = self.penetration.variance.reindex(level.index).where(level["answers"].notna(), 0.0)
        since = (level["last"] - self.at_census).clip(lower=0)
        return level.assign(
            var_sampling=(self.noise.answer / level["answers"]).fillna(0.0),
            # The platform drifts between census and answers, the stock between answers and the day.
            var_model=level["shift"].fillna(0.0) + own + self.noise.drift * (since + stale),
            is_near=level["last"] >= month - MONTHS_AROUND,
        )


def _below(level: pd.DataFrame, bound: pd.Series) -> pd.DataFrame:
    """Hold levels below the floor: mean and variance of the normal cut off at `bound`, where there is one."""
    spread = np.sqrt(level["var_sampling"] + level["var_model"])
    known = bound.notna()
    cut = truncnorm(
        -np.inf, (bound - level["log_stock"])[known] / spread[known], level["log_stock"][known], spread[known]
    )
    held = level[["log_stock", "mau", "var_sampling", "var_model"]].copy()
    held.loc[known, "log_stock"] = cut.mean()
    held.loc[known, "var_model"] = cut.var()
    held.loc[known, "var_sampling"] = 0.0
    return held


def _with_total(cells: pd.DataFrame, reference_period: date) -> pd.DataFrame:
    """Bring logs back to persons, with log-normal bounds, and add the sum over origins."""
    estimate = np.exp(cells["log_stock"])
    log_error = 1.96 * np.sqrt(cells["var_sampling"] + cells["var_model"])
    persons = pd.DataFrame(
        {
            "partner_area": cells["partner_area"],
            "estimate": estimate,
            "var_sampling": cells["var_sampling"] * estimate**2,
            "var_model": cells["var_model"] * estimate**2,
            "contributors": cells["mau"].astype(int),
            "naive": cells["naive"],
            "lower": estimate * np.exp(-log_error),
            "upper": estimate * np.exp(log_error),
        }
    )
    sums = persons[["estimate", "var_sampling", "contributors", "naive"]].sum().to_dict()
    # The definition and the platform's growth are common to all origins: their errors add up, not their squares.
    whole = {**sums, "var_model": float(np.sqrt(persons["var_model"]).sum()) ** 2, "partner_area": TOTAL}
    return pd.concat([persons, pd.DataFrame([whole])], ignore_index=True).assign(reference_period=reference_period)


def _common_penetration(own: Array, below: Array) -> tuple[float, float]:
    """Return mean and standard deviation over origins; values of `own` are seen, those of `below` upper bounds."""
    start = float(own.mean()) if len(own) else float(below.mean())

    def loss(parameters: Array) -> float:
        middle, spread = parameters[0], np.exp(parameters[1])
        return -float(norm.logpdf(own, middle, spread).sum() + norm.logcdf(below, middle, spread).sum())

    limits = [(start - 5, start + 5), (np.log(SMALLEST_SPREAD), np.log(5.0))]
    found = minimize(loss, np.array([start, np.log(0.5)]), method="L-BFGS-B", bounds=limits)
    return float(found.x[0]), float(np.exp(found.x[1]))


def _around(audiences: pd.DataFrame, month: int) -> pd.DataFrame:
    return audiences[audiences["month"].between(month - MONTHS_AROUND, month + MONTHS_AROUND - 1)]
