import numpy as np

from sandbox.disclosure.margins import additive, completed, lattice, rounding_of


def named(keys: list[tuple[str, ...]], dimensions: tuple[str, ...], hierarchy: dict[str, dict[str, str]]) -> list[str]:
    cells = lattice(keys, dimensions, hierarchy)
    return sorted(
        "".join(cells.keys[each.total]) + "=" + "+".join(sorted("".join(cells.keys[part]) for part in each.parts))
        for each in cells.equations
    )


def test_a_total_is_the_sum_over_its_dimension() -> None:
    assert named([("a",), ("b",), ("_T",)], ("x",), {}) == ["_T=a+b"]


def test_a_dimension_without_a_total_is_not_summed_over() -> None:
    assert named([("a", "1"), ("a", "2"), ("_T", "1"), ("_T", "2")], ("x", "period"), {}) == ["_T1=a1", "_T2=a2"]


def test_children_add_up_to_their_parent_and_parents_to_the_total() -> None:
    keys = [("n",), ("n1",), ("n2",), ("s",), ("_T",)]
    assert named(keys, ("area",), {"area": {"n1": "n", "n2": "n"}}) == ["_T=n+s", "n=n1+n2"]


def test_a_parent_that_is_not_shown_still_ties_its_children_to_the_total() -> None:
    keys = [("n1",), ("n2",), ("s",), ("_T",)]
    assert named(keys, ("area",), {"area": {"n1": "n", "n2": "n"}}) == ["_T=n+s", "n=n1+n2"]


def test_a_grand_total_ties_cells_whose_other_totals_are_not_shown() -> None:
    cells = lattice([("a", "1"), ("a", "2"), ("b", "1"), ("b", "2"), ("_T", "_T")], ("x", "y"), {})
    assert len(cells.keys) > cells.given
    assert completed(np.array([1.0, 2, 3, 4, 10]), cells)[cells.keys.index(("a", "_T"))] == 3


def test_a_cell_without_a_row_is_a_structural_zero() -> None:
    keys = [("a", "b"), ("b", "a"), ("a", "_T"), ("b", "_T"), ("_T", "a"), ("_T", "b"), ("_T", "_T")]
    assert "a_T=ab" in named(keys, ("from", "to"), {})


def test_published_figures_are_off_by_half_of_their_last_decimal() -> None:
    assert rounding_of(np.array([1.0, 20.0, np.nan])) == 0.0
    assert rounding_of(np.array([1.5, 20.0])) == 0.05


def test_figures_that_do_not_add_up_are_raised_until_every_sum_of_a_total_does() -> None:
    keys = [("_T", "_T"), ("F", "_T"), ("M", "_T"), ("_T", "native"), ("_T", "foreign")]
    values = np.array([5.0, 3.0, 4.0, 6.0, 6.0])

    found = additive(values, lattice(keys, ("sex", "subpopulation"), {}))

    assert found.tolist() == [12.0, 3.0, 9.0, 6.0, 6.0]
