"""The same crossings under every rule: counts that add up, and pairs that say where rules part."""

from datetime import date

import pyarrow as pa

from sandbox.concepts.rules import RULES
from sandbox.persons.comparison.folder import agreement_table, migrations_table
from sandbox.persons.comparison.judged import CROSSING_RULES, counted, decided_months, judged_by_all
from sandbox.persons.crossings import crossings_decided

CAME_FOR_EIGHT_MONTHS = """
    movement_id person_id date       direction
    1           p         2018-01-10 A
    2           p         2018-09-10 D
    3           q         2018-01-20 A
    4           q         2018-01-25 D
    5           r         2018-02-01 A
    6           r         2018-02-03 A
    7           r         nonsense   D
    """


def table(text: str) -> pa.Table:
    header, *rows = [line.split() for line in text.strip().splitlines()]
    columns = zip(*rows, strict=True)
    return pa.table({name: pa.array(column, pa.string()) for name, column in zip(header, columns, strict=True)})


def migrations(text: str = CAME_FOR_EIGHT_MONTHS, until: date | None = None) -> dict[tuple[str, str, str], dict]:
    rows = migrations_table(judged_by_all(table(text), until, "none")).to_pylist()
    return {(row["rule_id"], row["month"], row["direction"]): row for row in rows}


def test_every_rule_that_applies_to_crossings_is_compared() -> None:
    assert [rule.id for rule in CROSSING_RULES] == [
        "NZ_12_16", "NZ_9_12", "NZ_3_4", "PR_6M", "PR_12M", "PR_6M_GAP30", "PR_12M_GAP30", "EU_862",
    ]  # fmt: skip


def test_a_stay_of_eight_months_is_a_migration_by_six_months_and_not_by_twelve() -> None:
    rows = migrations()
    came = {rule.id: rows[rule.id, "2018-01", "A"]["migrations"] for rule in CROSSING_RULES}
    assert came == {
        "NZ_12_16": 0, "NZ_9_12": 0, "NZ_3_4": 1, "PR_6M": 1, "PR_12M": 0, "PR_6M_GAP30": 1, "PR_12M_GAP30": 0,
        "EU_862": 0,
    }  # fmt: skip
    assert rows["PR_6M", "2018-09", "D"]["migrations"] == 1


def test_outcomes_of_a_month_add_up_to_its_crossings_and_errors_are_no_outcome() -> None:
    rows = migrations()
    january = rows["NZ_12_16", "2018-01", "A"]
    assert [january[name] for name in ("not_migrations", "migrations", "undecided", "in_error")] == [2, 0, 0, 0]
    assert rows["EU_862", "2018-02", "A"]["in_error"] == 2
    assert judged_by_all(table(CAME_FOR_EIGHT_MONTHS), None, "none").unreadable == 1


def test_undecided_is_never_counted_as_no() -> None:
    row = migrations(until=date(2018, 3, 1))["NZ_12_16", "2018-01", "A"]
    assert (row["not_migrations"], row["undecided"]) == (0, 2)


def test_a_month_is_compared_only_if_every_rule_has_decided_it() -> None:
    text = """
        movement_id person_id date       direction
        1           p         2018-01-10 A
        2           p         2018-01-12 D
        3           q         2020-01-20 A
        """
    judged = judged_by_all(table(text), date(2020, 6, 1), "none")
    assert decided_months(counted(judged)).tolist() == [True] * 24 + [False]


def test_a_pair_of_rules_disagrees_where_one_alone_sees_a_migration() -> None:
    rows = agreement_table(judged_by_all(table(CAME_FOR_EIGHT_MONTHS), None, "none")).to_pylist()
    found = {(row["rule_id"], row["other_rule_id"], row["direction"]): row for row in rows}
    pair = found["NZ_12_16", "PR_6M", "A"]
    assert (pair["agree"], pair["disagree"], pair["only_other"], pair["neither"]) == (1, 1, 1, 1)
    assert len(rows) == 2 * 8 * 7 / 2


def test_counts_are_those_of_the_single_rule() -> None:
    rows = table(CAME_FOR_EIGHT_MONTHS)
    for rule in CROSSING_RULES:
        alone = crossings_decided(rows, RULES[rule.id], None)["is_migration"].to_pylist()
        judged = judged_by_all(rows, None, "none")
        together = judged.outcome[judged.rules.index(rule)].tolist()
        assert [outcome == 1 for outcome in together] == [said == 1 for said in alone[:6]]


def test_no_crossings_give_no_months() -> None:
    empty = table(CAME_FOR_EIGHT_MONTHS).slice(0, 0)
    judged = judged_by_all(empty, None, "none")
    assert migrations_table(judged).num_rows == 0
    assert len(agreement_table(judged)) == 2 * 8 * 7 / 2
