"""Types of temporary spells on made-up people with known reasons, by how often they are seen.

`python -m experiments.bench_temporary` prints one line a density and code; no bound of a rule was chosen on it.
"""

import sys
from datetime import timedelta

import numpy as np
import pandas as pd
import pyarrow as pa

from experiments.bench_temporary.country import FIRST_DAY, SHOCK_DAY, SHOCK_PLACE, Country, Made, made
from sandbox.persons.temporary import Shock, spells_of
from sandbox.synthetic.temporary_score import bounds_hold, by_code

SEEDS = (1, 2, 3)
DENSITIES = {"10 to 25 %": (0.1, 0.25), "25 to 50 %": (0.25, 0.5), "50 to 90 %": (0.5, 0.9), "every day": (1.0, 1.0)}


def found(country: Made) -> pd.DataFrame:
    """Return the temporary spells, days counted from the first one; those still open are left out."""
    day = np.datetime64(FIRST_DAY) + country.presence["day"].to_numpy()
    place = np.char.add("P", country.presence["place"].to_numpy().astype(str))
    rows = pa.table(
        {
            "person_key": country.presence["person"].to_numpy(),
            "local_date": day,
            "place": place,
            "country": pa.repeat("XAA", len(day)),
            "weight": np.ones(len(day)),
        }
    )
    shock = Shock(f"P{SHOCK_PLACE}", FIRST_DAY + timedelta(SHOCK_DAY))
    spells: pd.DataFrame = spells_of(rows, [shock]).to_pandas().rename(columns={"person_key": "person"})
    spells = spells[spells["begin_seen"] & spells["end_seen"]]
    days = {
        name: (spells[name].to_numpy().astype("datetime64[D]") - np.datetime64(FIRST_DAY)).astype("int64")
        for name in ("start", "end")
    }
    return spells.assign(**days, place=spells["place"].str[1:].astype("int64"))


def main() -> None:
    """Print precision and recall by density and code."""
    for name, seen in DENSITIES.items():
        rounds = [made(Country(seen=seen), seed) for seed in SEEDS]
        spells = [found(each) for each in rounds]
        rows = [by_code(ours, each.truth) for ours, each in zip(spells, rounds, strict=True)]
        held = np.mean([bounds_hold(ours, each.truth) for ours, each in zip(spells, rounds, strict=True)])
        total = sum(row[["true", "found", "right"]].reindex(rows[0].index).fillna(0) for row in rows)
        assert isinstance(total, pd.DataFrame)
        total = total.assign(precision=total["right"] / total["found"], recall=total["right"] / total["true"])
        sys.stdout.write(f"\nseen on {name} of days; true length within bounds {held:.3f}\n")
        sys.stdout.write(total.round(3).to_string() + "\n")


if __name__ == "__main__":
    main()
