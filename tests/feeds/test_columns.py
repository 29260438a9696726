"""A value that does not fit its type costs its own row, and never the column."""

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from sandbox.feeds.typed import to_type
from sandbox.lakehouse.table import DAY, FLAG, INT, REAL, SMALL, TEXT, TIMESTAMP


@pytest.mark.parametrize(
    ("text", "target", "value"),
    [
        ("12", INT, 12),
        ("12.0", INT, 12),
        ("12.5", INT, None),
        ("99999999999", SMALL, None),
        ("1e3", REAL, 1000.0),
        ("nan", REAL, None),
        ("T", FLAG, True),
        ("no", FLAG, False),
        ("maybe", FLAG, None),
        ("2024-02-29", DAY, date(2024, 2, 29)),
        ("2024-02-30", DAY, None),
        ("29/02/2024", DAY, None),
        ("", TEXT, None),
        ("2024-01-01T10:00:00Z", TIMESTAMP, datetime(2024, 1, 1, 10, tzinfo=UTC)),
        ("2024-01-01T10:00:00+10:00", TIMESTAMP, datetime(2024, 1, 1, tzinfo=UTC)),
        ("2024-02-30T10:00:00Z", TIMESTAMP, None),
    ],
)
def test_text_is_read_as_its_type_or_not_at_all(text: str, target: pa.DataType, value: object) -> None:
    typed = to_type(pa.array([text, None]), target, "UTC")
    assert typed.values.to_pylist() == [value, None]
    assert list(typed.failed) == [value is None and text != "", False]


def test_a_time_without_zone_is_in_the_zone_of_the_contract() -> None:
    typed = to_type(pa.array(["2024-01-01 10:00:00"]), TIMESTAMP, "Pacific/Pitcairn")
    assert typed.values.to_pylist() == [datetime(2024, 1, 1, 18, tzinfo=UTC)]


def test_a_naive_timestamp_of_parquet_is_in_the_zone_of_the_contract() -> None:
    typed = to_type(pa.array([datetime(2024, 1, 1, 10)]), TIMESTAMP, "Pacific/Pitcairn")  # noqa: DTZ001 (naive it is)
    assert typed.values.to_pylist() == [datetime(2024, 1, 1, 18, tzinfo=UTC)]


@pytest.mark.parametrize("target", [DAY, TIMESTAMP])
def test_the_year_20224_is_implausible_and_not_of_the_wrong_type(target: pa.DataType) -> None:
    typed = to_type(pa.array(["20224-03-01", "2024-03-01" if target == DAY else "2024-03-01T00:00:00Z"]), target, "UTC")
    assert (list(typed.implausible), list(typed.failed)) == ([True, False], [False, False])


def test_a_date_of_parquet_in_the_year_20224_is_implausible() -> None:
    days = pa.array([(20224 - 1970) * 365], pa.int32()).cast(pa.date32())
    assert list(to_type(days, DAY, "UTC").implausible) == [True]


def test_what_has_no_such_type_at_all_fails_in_every_row() -> None:
    assert list(to_type(pa.array([{"lat": 1}]), TEXT, "UTC").failed) == [True]
