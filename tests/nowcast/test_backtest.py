from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from sandbox.concepts.rules import RULES
from sandbox.nowcast.backtest import (
    DECIDED,
    RECIPES,
    part_numbers,
    predicted,
    refits_used,
    relative_errors,
    totals_of,
    with_net,
)
from sandbox.nowcast.features import Plan, crossing_rows
from sandbox.nowcast.models import Model, Rates, Recipe
from sandbox.nowcast.parts import PARTS, month_number, month_start, part_of
from sandbox.nowcast.regime import Traffic
from sandbox.nowcast.school import EVERYONE, FOLDS, Schooling, fitted, fold_of, folds_at, known_at, without_fold

VINTAGE = month_number(date(2021, 12, 1))
REFIT = VINTAGE - 6
PLAN = Plan(RULES["NZ_12_16"], VINTAGE, VINTAGE - 40, VINTAGE, VINTAGE, VINTAGE, 16, (REFIT, VINTAGE), "simple")


@pytest.fixture(scope="module")
def rows(border: pa.Table) -> pa.Table:
    return crossing_rows(border, PLAN)


@pytest.fixture(scope="module")
def school(rows: pa.Table) -> Schooling:
    undecided = rows.filter(pc.invert(rows["decided"])).to_pandas()
    months = zip(undecided["origin"].map(month_number), undecided["reference_month"].map(month_number), strict=True)
    return Schooling(PLAN, frozenset(months), Traffic(0, np.zeros(0, np.int64)), 1)


def drawn(rows: pa.Table) -> pa.Table:
    return rows.filter(pc.and_(rows["drawn"], pc.invert(rows["decided"])))


def test_a_model_is_not_used_before_it_was_fitted() -> None:
    models = {(at, PARTS[0], Recipe.PRIOR, 0): Model(Recipe.PRIOR, None, 0) for at in (100, 112)}
    assert refits_used(np.array([99, 100, 111, 112, 130]), models).tolist() == [-1, 100, 100, 112, 112]


def test_months_learnt_from_are_wholly_decided(rows: pa.Table, school: Schooling) -> None:
    months = [month_start(month) for month in school.final_months(REFIT)]
    at_refit = rows.filter(pc.equal(rows["origin"], pa.scalar(month_start(REFIT), pa.date32())))
    undecided = at_refit.filter(pc.invert(at_refit["decided"]))
    assert len(months) > 12
    assert not set(months) & set(undecided["reference_month"].to_pylist())


def test_a_lesson_holds_nothing_from_after_its_origin(rows: pa.Table, school: Schooling) -> None:
    table = drawn(rows)
    later = pc.greater(table["origin"], pa.scalar(month_start(REFIT), pa.date32()))
    before = table.filter(pc.invert(later))
    assert before.num_rows < table.num_rows
    pd.testing.assert_frame_equal(school.lesson(before, REFIT).features, school.lesson(table, REFIT).features)


def test_an_outcome_is_learnt_as_it_was_known_not_as_it_turned_out(rows: pa.Table, school: Schooling) -> None:
    table = drawn(rows)
    was, turned_out = known_at(table, 0), known_at(table, 1)
    revised = (was >= 0) & (was != turned_out)
    assert revised.sum() > 0
    final = {month_start(month) for month in school.final_months(REFIT)}
    inside = [month in final for month in table["reference_month"].to_pylist()] & (was >= 0)
    assert school.lesson(table, REFIT).outcome.sum() == was[inside].sum() != turned_out[inside].sum()


def test_parts_of_many_rows_are_those_of_each() -> None:
    direction = np.array(["A", "D"] * 10, object)
    horizon = np.arange(1, 21)
    expected = [PARTS.index(part_of(d, h)) for d, h in zip(direction, horizon, strict=True)]
    assert part_numbers(direction, horizon).tolist() == expected


def a_total(direction: str, decided: int, expected: float, final: float | None) -> pd.DataFrame:
    key = {"direction": [direction], "reference_month": [date(2020, 1, 1)]}
    place = {**key, "origin": [date(2020, 3, 1)], "horizon": [2]}
    sums = [
        pd.DataFrame({**place, "model": [DECIDED], "n": [decided], "p": [0.0], "square": [0.0]}),
        pd.DataFrame({**place, "model": ["boosting"], "n": [100], "p": [expected], "square": [1.0]}),
        pd.DataFrame({**place, "model": ["rule_so_far"], "n": [100], "p": [0.0], "square": [0.0]}),
    ]
    final_total = pd.DataFrame({**key, "final": [final]})
    return totals_of(pd.concat(sums, ignore_index=True), dict.fromkeys(PARTS, Recipe.BOOSTING), final_total)


def test_a_total_is_decided_plus_expected_and_its_error_is_relative() -> None:
    total = a_total("A", 30, 70, 110).iloc[0]
    assert (total.estimate, total.naive, total.horizon) == (100, 30, 2)
    net = with_net(pd.concat([a_total("A", 30, 70, 110), a_total("D", 20, 30, 40)]))
    assert relative_errors(net, "A", 2) == pytest.approx([0.10])
    assert relative_errors(net, "net", 2) == pytest.approx([(110 - 40 - 50) / 150])


def test_a_total_that_is_not_final_has_no_error() -> None:
    assert len(relative_errors(with_net(a_total("A", 30, 70, None)), "A", 2)) == 0


def test_a_person_is_judged_by_models_that_never_saw_that_person(rows: pa.Table, school: Schooling) -> None:
    part = PARTS[0]
    judged = rows.filter(pc.and_(pc.equal(rows["direction"], "A"), pc.invert(rows["decided"])))
    judged = judged.filter(pc.equal(judged["origin"], pa.scalar(month_start(REFIT), pa.date32())))
    lesson = school.lesson(drawn(rows), REFIT)
    seen_by = {fold: set(without_fold(lesson, fold).draw.tolist()) for fold in range(FOLDS)}
    # Each fold's model answers with its own number, which tells whose model was asked.
    models = {
        (REFIT, part_, recipe, fold): Model(Recipe.PRIOR, Rates((fold + 1) / 10, {}), 1)
        for part_ in PARTS
        for recipe in RECIPES
        for fold in range(FOLDS)
    }
    asked = (predicted(judged, models)[Recipe.BOOSTING] * 10).round().astype(int) - 1
    draws = judged["draw"].to_numpy().tolist()
    assert len(draws) > 40
    assert part_of("A", 1) == part
    assert not any(draw in seen_by[fold] for draw, fold in zip(draws, asked.tolist(), strict=True))
    assert set(draws) & set(lesson.draw.tolist())


def test_past_origins_have_a_model_a_fold_and_the_vintage_one_of_all(rows: pa.Table, school: Schooling) -> None:
    tables = {PARTS[0]: drawn(rows).filter(pc.less_equal(drawn(rows)["horizon"], 3))}
    found = fitted(school, tables, {REFIT: (Recipe.PRIOR,), VINTAGE: (Recipe.PRIOR,)}, 1)
    assert {(at, fold) for at, _, _, fold in found} == {
        *((REFIT, fold) for fold in range(FOLDS)),
        (VINTAGE, EVERYONE),
    }
    of_all, of_fold = found[VINTAGE, PARTS[0], Recipe.PRIOR, EVERYONE], found[REFIT, PARTS[0], Recipe.PRIOR, 0]
    assert of_fold.rows < school.lesson(tables[PARTS[0]], REFIT).outcome.size
    assert of_all.rows == school.lesson(tables[PARTS[0]], VINTAGE).outcome.size


def test_folds_are_of_persons_and_hang_on_nothing_but_the_draw() -> None:
    draw = np.random.default_rng(1).random(6_000).astype(np.float32)
    fold = fold_of(draw)
    assert np.array_equal(fold_of(draw[::-1]), fold[::-1])
    assert np.bincount(fold, minlength=FOLDS) == pytest.approx(2_000, abs=150)
    assert folds_at(7, 7) == (EVERYONE,)


def test_months_decided_in_a_closure_are_not_learnt_from_after_it() -> None:
    counts = np.array([100] * 36 + [10] * 6 + [100] * 30)
    traffic = Traffic(0, counts)
    months = list(range(50))
    after = traffic.resembling(months, 71)
    assert after == [*range(20), *range(42, 50)]
    assert traffic.resembling(list(range(24)), 38) == [*range(20, 24)]
    assert traffic.resembling(months, 30) == months
