"""Published files under a contract: what the rules find out about them is what their README knows. Slow."""

from pathlib import Path
from typing import Any

import pytest

from experiments.real_feeds.run import run
from sandbox.settings import Country, create_workspace

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:::mlflow", "ignore:::sqlalchemy", "ignore::DeprecationWarning"),
]
COUNTRY = Country(code="XXX", name="No country of its own", time_zone="UTC", mcc="")


@pytest.fixture(scope="module")
def rows(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], dict[str, Any]]:
    workspace = create_workspace(tmp_path_factory.mktemp("real") / "workspace", COUNTRY)
    return {(row["partner"], row["feed"]): row for row in run(workspace, shared, 7)}


def test_no_row_is_lost(rows: dict[tuple[str, str], dict[str, Any]]) -> None:
    for row in rows.values():
        assert row["rows"] == row["bronze"] + row["quarantine"] + row["duplicates"]


@pytest.mark.parametrize(
    ("partner", "feed", "found"),
    [
        ("bitre", "air_od_month", "the year is 1 too high in months 9, 10, 11, 12"),
        ("integrating_stocks", "audience_estimate", "from 2019-03 to 2019-04 the sum of 702"),
        ("integrating_stocks", "audience_estimate", "combinations changes by −48.3 %, the median one by −13.0 %"),
        ("integrating_stocks", "audience_estimate", "the median of the 246 above the floor by −49.4 %"),
        ("integrating_stocks", "audience_estimate", "stand at the smallest, 20, from 2016-05 to 2017-06"),
        ("integrating_stocks", "audience_estimate", "stand at the smallest, 1,000, from 2018-03 to 2019-06"),
        ("integrating_stocks", "audience_estimate", "2018-04 has figures for 477 of the 702"),
        ("bts", "air_od_month", "are transfers, and no arrivals"),
        ("psw", "audience_estimate", "nothing_good: none of 26 rows is good"),
    ],
)  # fmt: skip
def test_what_is_known_of_a_file_is_found_without_being_told(
    rows: dict[tuple[str, str], dict[str, Any]], partner: str, feed: str, found: str
) -> None:
    assert found in rows[partner, feed]["found"]
