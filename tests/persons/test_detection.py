"""Which share of moves is found by density, and what can be corrected with it."""

from datetime import date, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from typer.testing import CliRunner

from experiments.bench_detection.__main__ import table_of as presence_of
from experiments.bench_detection.__main__ import truth_of
from experiments.bench_moves.country import Country, made
from sandbox.cli import segments
from sandbox.errors import CheckFailedError
from sandbox.persons.detection import Method
from sandbox.persons.detection.correction import corrected_number, weights
from sandbox.persons.detection.histories import Histories, histories_of
from sandbox.persons.detection.methods import PERMANENT, TEMPORARY, MovesFound, moves_by
from sandbox.persons.detection.probabilities import measured
from sandbox.persons.detection.trials import densities, matched, tried
from sandbox.persons.files import read_table, write_table
from sandbox.persons.presence import segments_found

MONDAY = date(2024, 1, 1)
# Seen well or badly, restless, and small: what is missed is many and known.
COUNTRY = Country(
    persons=1600, areas=12, days=400, median_rate=0.5, spread_of_density=2.0, bursts=0.6, moves=0.6, stays_away=0.02
)


def presence(**histories: str) -> pa.Table:
    """One letter a day of a person, a dot where nothing was seen."""
    rows = [
        (person, MONDAY + timedelta(number), place)
        for person, places in histories.items()
        for number, place in enumerate(places)
        if place != "."
    ]
    return pa.table(dict(zip(("person_id", "date", "place"), map(list, zip(*rows, strict=True)), strict=True)))


def moves(*rows: tuple[int, int, int, int, int]) -> MovesFound:
    """Person, places, kind, day."""
    return MovesFound(*np.array(rows, np.int64).reshape(-1, 5).T, stay_days=np.full(len(rows), 90))


@cache
def country() -> pa.Table:
    return presence_of(made(COUNTRY, 4))


@cache
def table_of(method: Method) -> pa.Table:
    return measured(country(), method, 0.8, seed=3)


def test_the_corrected_number_holds_the_true_one_wherever_it_is_not_refused() -> None:
    histories, measure = histories_of(country()), table_of(Method.DENSITY)
    true = truth_of(COUNTRY, 4, histories, np.array(sorted(set(country()["person_id"].to_pylist()))))
    found = moves_by(Method.DENSITY)(histories)
    share = histories.share[found.person]
    is_told = pc.equal(weights(true.share, true.moves.stay_days, measure)["status"], "corrected").to_numpy()
    for low, high in ((0.3, 0.5), (0.5, 0.7), (0.7, 0.8), (0.8, 1.1), (0.0, 1.1)):
        here = (share >= low) & (share < high)
        result = corrected_number(share[here], found.stay_days[here], measure)
        number = int((is_told & (true.share >= low) & (true.share < high)).sum())
        assert number > 20
        assert result.lower <= number <= result.upper, (low, result, number)
        assert result.found < 0.95 * number


def test_with_fixed_gaps_the_number_at_low_densities_is_refused() -> None:
    seldom = np.array([0.05, 0.25, 0.45])
    answer = weights(seldom, np.full(3, 120), table_of(Method.CHI))
    assert answer["weight"].to_pylist() == [None] * 3
    assert set(answer["status"].to_pylist()) == {"refused"}
    result = corrected_number(seldom, np.full(3, 120), table_of(Method.CHI))
    assert (result.found, result.corrected, result.refused) == (0, 0.0, 3)


def test_gaps_by_density_find_moves_that_fixed_ones_lose_and_invent_hardly_any() -> None:
    by = {method: table_of(method).to_pandas() for method in (Method.CHI, Method.DENSITY)}
    half = {
        method: rows[rows["stay_from"].isna() & rows["density_from"].between(0.25, 0.45)] for method, rows in by.items()
    }
    chi, density = (half[method]["found"].sum() / half[method]["moves"].sum() for method in by)
    assert chi < 0.1
    assert density > 0.5
    assert half[Method.DENSITY]["seen"].sum() < 1.1 * half[Method.DENSITY]["found"].sum()


@pytest.mark.parametrize("method", list(Method))
def test_the_order_of_rows_changes_no_byte_and_the_seed_does(method: Method) -> None:
    rows = country()
    shuffled = rows.take(pa.array(np.random.default_rng(0).permutation(rows.num_rows)))
    first, second, other = (measured(table, method, 0.8, seed) for table, seed in ((rows, 1), (shuffled, 1), (rows, 2)))
    assert first.equals(second)
    assert not first.equals(other)


def test_a_move_is_tried_once_a_band_and_only_by_a_history_that_is_in_the_band() -> None:
    rows = country()
    trials = tried(histories_of(rows), moves_by(Method.DENSITY), 0.8, 1)
    tries = np.stack([trials.band, trials.moves.person, trials.moves.day])
    assert tries.shape[1] == np.unique(tries, axis=1).shape[1]
    assert set(trials.band.tolist()) == set(range(9))
    assert (trials.histories.share[trials.moves.person] >= 0.8).all()
    assert trials.was_found[trials.band == 7].mean() > 0.8
    assert trials.was_found[trials.band == 0].mean() < 0.2


def test_histories_that_are_thinned_into_another_band_are_not_tried() -> None:
    shown = []

    def find(histories: Histories) -> MovesFound:
        shown.append(histories.share[histories.span > 0])
        return moves_by(Method.CHI)(histories)

    trials = tried(histories_of(country()), find, 0.8, 1)
    for band, share in enumerate(shown[1:-1]):  # the first are the dense, the last are they once more
        assert len(share) > 20
        assert ((share >= trials.edges[band]) & (share < trials.edges[band + 1])).all()
    assert shown[-1].min() < 0.8


def test_the_probability_counts_what_dense_histories_had_lost_before() -> None:
    rows = table_of(Method.CHI).to_pandas()
    rows = rows[rows["stay_from"].isna()].set_index("density_from")
    assert 0 < rows.loc[0.8, "probability"] == rows.loc[0.8, "found"] / rows.loc[0.8, "moves"] < 1
    again = rows.loc[0.7, "found"] / rows.loc[0.7, "moves"]
    assert rows.loc[0.7, "probability"] == pytest.approx(again * rows.loc[0.8, "probability"])


def test_bands_of_density_are_tenths_and_the_last_is_that_of_dense_persons() -> None:
    assert densities(0.8).tolist() == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0])
    assert densities(0.25).tolist() == [0.0, 0.1, 0.2, 0.25, 1.0]


def test_a_move_found_again_has_its_person_places_and_kind_and_a_day_at_most_31_off() -> None:
    true = moves((0, 1, 2, PERMANENT, 100))
    for found, matches in (
        ((0, 1, 2, PERMANENT, 131), [0]),
        ((0, 1, 2, PERMANENT, 132), [-1]),
        ((0, 1, 2, PERMANENT, 69), [0]),
        ((1, 1, 2, PERMANENT, 100), [-1]),
        ((0, 2, 1, PERMANENT, 100), [-1]),
        ((0, 1, 2, TEMPORARY, 100), [-1]),
    ):
        assert matched(true, moves(found)).tolist() == matches
    assert matched(
        moves(*[(0, 1, 2, PERMANENT, day) for day in (140, 100)]), moves((0, 1, 2, PERMANENT, 105))
    ).tolist() == [-1, 0]
    assert matched(moves(), true).tolist() == []
    assert matched(true, moves()).tolist() == [-1]


def test_the_shorter_stay_is_that_between_the_move_and_what_is_known_on_either_side() -> None:
    rows = presence(p="A" * 100 + "B" * 120 + "C" * 95)
    assert moves_by(Method.CHI)(histories_of(rows)).stay_days.tolist() == [100, 95]
    assert moves_by(Method.PATH)(histories_of(rows)).stay_days.tolist() == [100, 94]
    away = moves_by(Method.PATH)(histories_of(presence(p="A" * 100 + "B" * 20 + "A" * 100)))
    assert (away.kind.tolist(), away.stay_days.tolist()) == ([TEMPORARY], [20])


def test_places_lie_where_their_h3_cell_or_their_coordinates_say_and_else_nowhere() -> None:
    cells = histories_of(presence(p="AB").set_column(2, "place", pa.array(["85283473fffffff", "85283447fffffff"])))
    (km,) = cells.km(np.array([0]), np.array([1]))
    assert km == pytest.approx(14.7, abs=3)  # neighbours of resolution 5
    rows = presence(p="AAAB")
    for lat, lon in (([0.0, 0.0, 50.0, 0.0], [0.0] * 3 + [1.0]), (["0", "0", "", "0"], ["0", "0", "0", "1.0"])):
        placed = rows.append_column("lat", pa.array(lat)).append_column("lon", pa.array(lon))
        (km,) = histories_of(placed).km(np.array([0]), np.array([1]))
        assert km == pytest.approx(111.195, abs=0.01)  # a degree at the equator; the middle row of A counts
    assert np.isnan(histories_of(rows).km(np.array([0]), np.array([1])))


def test_distances_have_rows_only_where_places_have_coordinates() -> None:
    assert table_of(Method.DENSITY)["km_from"].null_count == table_of(Method.DENSITY).num_rows
    rows = country()
    number = np.char.replace(np.array(rows["place"].to_pylist()), "A", "").astype(float)
    placed = rows.append_column("lat", pa.array(number / 10)).append_column("lon", pa.array(np.zeros(len(number))))
    found = measured(placed, Method.DENSITY, 0.8, seed=3)
    far = found.to_pandas()
    total = far[far["stay_from"].isna() & (far["density_from"] == 0.3)].set_index("km_from")["moves"]
    assert set(total.index.dropna()) == {10, 50}
    assert total[10] + total[50] == total[np.nan]
    without = found.filter(pc.is_null(found["km_from"]))
    assert without.equals(table_of(Method.DENSITY))


def test_what_the_command_writes_corrects_like_what_was_measured(tmp_path: Path) -> None:
    for suffix in ("csv", "parquet"):
        write_table(table_of(Method.DENSITY), tmp_path / f"detection.{suffix}")
        again = read_table(tmp_path / f"detection.{suffix}", ())
        both = [
            corrected_number(np.full(9, 0.75), np.full(9, 120), table) for table in (again, table_of(Method.DENSITY))
        ]
        assert both[0] == both[1]
        assert both[0].corrected > 9


def test_without_a_move_of_a_dense_person_nothing_is_measured() -> None:
    with pytest.raises(CheckFailedError, match="80% of days"):
        measured(presence(p="A" * 300), Method.CHI, 0.8, 0)


def test_segments_apply_tells_how_many_persons_are_out_of_its_reach() -> None:
    rows = presence(often="AAA." * 60, seldom="A.." * 80, too="A.." * 80, short="A.." * 20)
    found = segments_found(rows)
    assert (found.observed, found.out_of_reach) == (3, 2)
    by_density = segments_found(rows, segments.STANDARD._replace(by_density=True))
    assert (by_density.observed, by_density.out_of_reach) == (3, 0)
    silent = segments_found(presence(p=("A" + "." * 30) * 10), segments.STANDARD._replace(by_density=True))
    assert (silent.observed, silent.out_of_reach) == (1, 1)


def called(*words: object):
    return CliRunner().invoke(segments.app, [*map(str, words), "--quiet"])


def test_the_commands_say_what_can_not_be_seen(tmp_path: Path) -> None:
    source, out = tmp_path / "presence.parquet", tmp_path / "out.csv"
    write_table(presence(p="A.." * 80, q="A" * 100 + "B" * 100), source)
    fixed = called("apply", source, "--out", out)
    assert (fixed.exit_code, "warning: 1 of 2 persons (50%) are seen too seldom" in fixed.output) == (0, True)
    assert "warning" not in called("apply", source, "--out", out, "--gaps", "density").output
    write_table(country(), source)
    measure = called("detection", source, "--out", out, "--method", "density", "--seed", 3)
    assert measure.exit_code == 0
    assert "refused" in measure.output
    assert "no correction is possible" in measure.output
    assert read_table(out, ()).num_rows == table_of(Method.DENSITY).num_rows


def test_where_nothing_can_be_corrected_the_command_writes_its_file_and_fails(tmp_path: Path) -> None:
    source, out = tmp_path / "presence.parquet", tmp_path / "out.csv"
    write_table(presence(p="A" * 100 + "B" * 100, q="A..." * 60), source)
    result = called("detection", source, "--out", out)
    assert isinstance(result.exception, CheckFailedError)
    assert {row["status"] for row in read_table(out, ()).to_pylist()} == {"refused"}
