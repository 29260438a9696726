import numpy as np
import pandas as pd
import pytest

from sandbox.lakehouse.tables.nowcasts import CATEGORIES, NUMBERS
from sandbox.nowcast.models import (
    Lesson,
    Recipe,
    halves,
    learnt,
    probabilities,
    raw_probabilities,
)


def lesson_of(rows: int, seed: int = 1) -> Lesson:
    """Crossings whose outcome hangs on the days back and the class of visa; persons have several rows each."""
    rng = np.random.default_rng(seed)
    features = pd.DataFrame({name: rng.normal(size=rows).astype(np.float32) for name in NUMBERS})
    for name in CATEGORIES:
        features[name] = rng.choice(["a", "b", "missing"], rows)
    score = 2 * features["days_returned"] + 2 * (features["visa_class"] == "a")
    outcome = (rng.random(rows) < 1 / (1 + np.exp(-score))).astype(np.int8)
    person = rng.integers(0, rows // 3 + 1, rows)
    return Lesson(features, outcome, rng.random(rows // 3 + 1).astype(np.float32)[person])


@pytest.mark.parametrize(
    ("rows", "recipe", "found", "calibration"),
    [
        (100_000, Recipe.LOGISTIC, Recipe.LOGISTIC, "isotonic"),
        (2_000, Recipe.BOOSTING, Recipe.BOOSTING, "sigmoid"),
        (400, Recipe.BOOSTING, Recipe.LOGISTIC, "sigmoid"),
        (400, Recipe.LOGISTIC, Recipe.LOGISTIC, "sigmoid"),
        (50, Recipe.LOGISTIC, Recipe.PRIOR, ""),
        (0, Recipe.BOOSTING, Recipe.RULE_SO_FAR, ""),
    ],
)
def test_a_model_falls_back_a_step_where_rows_are_few(
    rows: int, recipe: Recipe, found: Recipe, calibration: str
) -> None:
    model = learnt(recipe, lesson_of(rows), seed=1)
    assert (model.recipe, model.calibration) == (found, calibration)


def test_one_outcome_only_teaches_no_model() -> None:
    lesson = lesson_of(3_000)
    assert learnt(Recipe.BOOSTING, Lesson(lesson.features, lesson.outcome * 0, lesson.draw), 1).recipe is Recipe.PRIOR


@pytest.mark.parametrize("recipe", [Recipe.BOOSTING, Recipe.LOGISTIC])
def test_a_model_beats_the_prior_and_its_sum_is_right(recipe: Recipe) -> None:
    lesson, new = lesson_of(6_000), lesson_of(4_000, seed=2)
    p = probabilities(learnt(recipe, lesson, 1), new.features)
    prior = probabilities(learnt(Recipe.PRIOR, lesson, 1), new.features)
    assert np.mean((p - new.outcome) ** 2) < 0.8 * np.mean((prior - new.outcome) ** 2)
    assert p.sum() == pytest.approx(new.outcome.sum(), rel=0.05)


def test_the_same_lesson_makes_the_same_model() -> None:
    first, second = (learnt(Recipe.BOOSTING, lesson_of(2_000), 1) for _ in range(2))
    asked = lesson_of(500, seed=3).features
    assert np.array_equal(probabilities(first, asked), probabilities(second, asked))


def test_classes_never_seen_and_columns_without_values_are_answered() -> None:
    asked = lesson_of(20).features.assign(visa_class="new", age=np.float32(np.nan))
    for recipe in Recipe:
        p = probabilities(learnt(recipe, lesson_of(2_000), 1), asked)
        assert np.isfinite(p).all()


def test_a_covariate_that_is_missing_altogether_is_no_obstacle() -> None:
    lesson = lesson_of(2_000)
    empty = lesson.features.assign(age=np.float32(np.nan), nationality="missing")
    for recipe in (Recipe.BOOSTING, Recipe.LOGISTIC):
        model = learnt(recipe, Lesson(empty, lesson.outcome, lesson.draw), 1)
        assert model.recipe is recipe
        assert np.isfinite(probabilities(model, empty)).all()


def test_nothing_undecided_is_certain() -> None:
    p = probabilities(learnt(Recipe.BOOSTING, lesson_of(6_000), 1), lesson_of(500, seed=4).features)
    assert p.min() > 0
    assert p.max() < 1


def test_the_prior_is_the_rate_of_the_class() -> None:
    lesson = lesson_of(900)
    p = probabilities(learnt(Recipe.PRIOR, lesson, 1), lesson.features)
    of_a = (lesson.features["visa_class"] == "a").to_numpy()
    assert np.allclose(p[of_a], lesson.outcome[of_a].mean())


def test_persons_stand_on_one_side_of_the_split() -> None:
    lesson = lesson_of(3_000)
    for fitted, calibrated in halves(lesson.draw):
        assert not set(lesson.draw[fitted]) & set(lesson.draw[calibrated])
        assert len(fitted) + len(calibrated) == len(lesson.draw)


def test_calibration_listens_to_persons_whom_the_fit_did_not_see() -> None:
    lesson = lesson_of(3_000)
    noise = np.random.default_rng(7).random(3_000)
    # Outcomes that are pure chance: told by its own rows a fit would seem sharp, told by others it must not.
    by_chance = Lesson(lesson.features.assign(age=noise.astype(np.float32)), (noise < 0.3).astype(np.int8), lesson.draw)
    shuffled = np.random.default_rng(8).permutation(by_chance.outcome)
    model = learnt(Recipe.BOOSTING, Lesson(lesson.features, shuffled, lesson.draw), 1)
    asked = lesson_of(1_000, seed=5).features
    assert probabilities(model, asked).std() < 0.4 * raw_probabilities(model, asked).std()
