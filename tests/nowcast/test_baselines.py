import numpy as np
import pandas as pd

from sandbox.nowcast.baselines import cell_probabilities, class_probabilities
from sandbox.nowcast.models import Lesson


def crossings(*rows: tuple[str, float, float, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["visa_class", "is_on_new_side", "resident_before", "crossings_since"])


def test_a_class_never_seen_has_the_rate_of_all() -> None:
    known = pd.DataFrame({"visa_class": ["work", "work", "visit", "visit"], "outcome": [1, 1, 1, 0]})
    assert class_probabilities(known, crossings(("work", 1, 0, 0), ("new", 1, 0, 0))).tolist() == [1.0, 0.75]


def test_a_status_not_known_is_a_value_of_its_own() -> None:
    unknown = np.nan
    learnt = crossings(("work", 1, unknown, 0), ("work", 1, 0, 0), ("work", 1, 0, 0))
    lesson = Lesson(learnt, np.array([1, 0, 0], np.int8), np.zeros(3, np.float32))
    assert cell_probabilities(lesson, crossings(("work", 1, unknown, 0), ("work", 1, 0, 0))).tolist() == [1.0, 0.0]


def test_three_crossings_and_more_count_alike_and_an_empty_cell_has_its_class() -> None:
    learnt = crossings(("work", 1, 0, 3), ("work", 1, 0, 1), ("visit", 1, 0, 0))
    lesson = Lesson(learnt, np.array([1, 0, 0], np.int8), np.zeros(3, np.float32))
    assert cell_probabilities(lesson, crossings(("work", 1, 0, 9), ("work", 0, 0, 0))).tolist() == [1.0, 0.5]
