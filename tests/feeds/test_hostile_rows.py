"""Whatever a row holds: no crash, no row lost, no identifier in what is kept or told."""

from datetime import date
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.feeds.contract import ALL_FEEDS
from sandbox.feeds.ingest import FileTask, checked_rows
from sandbox.feeds.notes import FileNote
from tests.feeds.conftest import MOVEMENT, write_csv

FEED = ALL_FEEDS["border_movement"]
IDENTIFIERS = [f"TRAVELLER-{number:04d}" for number in range(5)]
HOSTILE = st.one_of(
    st.sampled_from(
        ["", " ", "NA", "null", "20224-01-01", "2024-02-30", "9999-12-31", "-0", "1e400", "=1+1", "\t", "٣"]
    ),
    st.sampled_from(IDENTIFIERS),
    st.text(max_size=20).filter(lambda text: "\r" not in text),
    st.integers(-(2**70), 2**70).map(str),
    st.dates().map(str),
)
ROWS = st.lists(
    st.tuples(st.sampled_from(IDENTIFIERS), st.dictionaries(st.sampled_from([c.name for c in FEED.columns]), HOSTILE)),
    min_size=1,
    max_size=8,
)


def through(path: Path, file_format: str) -> tuple[FileNote, int, str]:
    note = FileNote("d", path.name)
    task = FileTask(
        str(path), path.name, file_format, FEED.name, "border_agency", "d", "p", "1", "Pacific/Pitcairn", "utf-8", "",
        4, date(2024, 2, 1),
    )  # fmt: skip
    batches = [batch for _, batch in checked_rows(task, note)]
    return note, sum(batch.num_rows for batch in batches), "".join(str(batch.to_pylist()) for batch in batches)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
def test_any_row_is_kept_or_quarantined_and_shows_nobody(
    tmp_path: Path, rows: list[tuple[str, dict[str, str]]]
) -> None:
    # An identifier in a wrong column is recognised if the batch has its traveller: each has a row here.
    everyone = [(who, {}) for who in IDENTIFIERS]
    empty = dict.fromkeys((column.name for column in FEED.columns), "")
    sent = [empty | MOVEMENT | values | {"traveller_id": who} for who, values in [*rows, *everyone]]
    note, rows_out, kept = through(write_csv(tmp_path / "f.csv", sent), "csv")
    assert not note.refused
    assert note.rows == rows_out == len(sent)
    assert not [identifier for identifier in IDENTIFIERS if identifier in kept + note.as_json()]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300), file_format=st.sampled_from(["csv", "jsonl", "parquet"]))
def test_any_bytes_are_read_or_refused(tmp_path: Path, content: bytes, file_format: str) -> None:
    (tmp_path / "f").write_bytes(content)
    note, rows_out, _ = through(tmp_path / "f", file_format)
    assert note.refused or note.rows == rows_out


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(
        st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]), max_size=60), min_size=1
    )
)
def test_any_lines_under_a_good_header_are_all_accounted_for(tmp_path: Path, lines: list[str]) -> None:
    header = ",".join(column.name for column in FEED.columns)
    text = "\n".join([header, *(line.replace('"', "'") for line in lines)]) + "\n"
    (tmp_path / "f.csv").write_text(text, "utf-8", newline="")
    note, rows_out, _ = through(tmp_path / "f.csv", "csv")
    assert note.rows == rows_out == len(lines)
