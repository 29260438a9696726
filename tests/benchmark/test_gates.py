"""Gates and verdict: each limit from both sides, and what caps the verdict."""

import numpy as np
import pandas as pd
import pytest

from sandbox.benchmark import gates
from sandbox.benchmark.alignment import Declared, aligned
from sandbox.benchmark.gates import Gate, GateStatus
from sandbox.benchmark.pairs import Pairs, Side, paired
from sandbox.benchmark.verdict import judged, judged_alone
from sandbox.concepts.codes import Verdict

SAME = {"concept": "NZ_12_16", "population": "residents", "territory": "XAA", "period": "M", "unit": "persons"}
ALIGNED = aligned(Declared(SAME), Declared(SAME, id="OFFICIAL"))


def monthly(official: np.ndarray, estimate: np.ndarray, half: float | None = None, **columns: object) -> Pairs:
    months = pd.period_range("2015-01", periods=len(official), freq="M").astype(str)
    ours = pd.DataFrame({"month": months, "e": estimate})
    if half is not None:
        ours = ours.assign(lower=ours["e"] - half, upper=ours["e"] + half)
    theirs = pd.DataFrame({"month": months, "o": official, **columns})
    bounds = ("lower", "upper") if half is not None else ("", "")
    side = Side(theirs, "o", se="se" if "se" in columns else "", gross="gross" if "gross" in columns else "")
    return paired(Side(ours, "e", *bounds), side, [], "month", signed="gross" in columns)


def season(n: int, level: float = 1000) -> np.ndarray:
    months = np.arange(n)
    return level * (1 + 0.3 * np.sin(months * 2 * np.pi / 12)) * np.where((months // 12) % 2, 1.25, 1.0)


@pytest.mark.parametrize(
    ("factor", "status"), [(1.09, "publish"), (1.11, "caution"), (1.24, "caution"), (1.27, "withhold")]
)
def test_wmape_is_judged_at_ten_and_twenty_five_percent(factor: float, status: str) -> None:
    official = season(24)
    assert gates.wmape(monthly(official, official * factor)).status == status


@pytest.mark.parametrize(
    ("factor", "status"), [(1.08, "publish"), (0.92, "publish"), (1.15, "caution"), (0.70, "withhold")]
)
def test_equivalence_holds_the_margin_or_a_wider_one_or_none(factor: float, status: str) -> None:
    official = season(36)
    noise = np.tile([1.01, 0.99], 18)
    assert gates.equivalence(monthly(official, official * factor * noise)).status == status


def test_a_benchmark_with_a_large_error_can_not_show_equivalence() -> None:
    official = season(36)
    sure = gates.equivalence(monthly(official, official, se=np.full(36, 1.0)))
    unsure = gates.equivalence(monthly(official, official, se=np.full(36, 600.0)))
    assert (sure.status, unsure.status) == (GateStatus.PUBLISH, GateStatus.CAUTION)


def test_growth_signs_count_only_where_the_official_change_exceeds_its_error() -> None:
    official = season(48)
    right = gates.growth_sign(monthly(official, official))
    assert (right.status, right.value, right.n) == (GateStatus.PUBLISH, 1.0, 36)
    unsure = gates.growth_sign(monthly(official, official, se=np.full(48, 5000.0)))
    assert (unsure.status, unsure.n) == (GateStatus.NOT_EVALUABLE, 0)


def test_growth_signs_no_better_than_last_years_are_not_published() -> None:
    growing = 1000 * 1.02 ** np.arange(48)
    assert gates.growth_sign(monthly(growing, growing)).status == GateStatus.CAUTION


def test_coverage_is_published_only_with_enough_pairs_and_an_exact_interval_that_holds_95() -> None:
    official = season(40)
    assert gates.coverage_95(monthly(official, official, 10)).status == GateStatus.PUBLISH
    few = gates.coverage_95(monthly(official[:20], official[:20], 10))
    assert few.status == GateStatus.CAUTION
    assert gates.coverage_95(monthly(official[:11], official[:11], 10)).status == GateStatus.NOT_EVALUABLE
    missed = np.where(np.arange(40) % 3 == 0, official + 50, official)
    assert gates.coverage_95(monthly(official, missed, 10)).status == GateStatus.WITHHOLD


def test_an_official_value_outside_the_interval_may_be_within_its_own_error() -> None:
    official = season(40)
    off = official + 20
    assert gates.coverage_95(monthly(official, off, 10)).value == 0
    assert gates.coverage_95(monthly(official, off, 10, se=np.full(40, 15.0))).value == 1


def test_an_interval_wider_than_the_seasonal_naive_is_only_caution() -> None:
    official = season(72)
    assert gates.interval_score(monthly(official, official, 20)).status == GateStatus.PUBLISH
    assert gates.interval_score(monthly(official, official, 5000)).status == GateStatus.CAUTION


def test_a_signed_series_is_judged_by_error_over_gross_flow() -> None:
    net = np.array([10.0, -20.0, 30.0, -5.0])
    gross = np.full(4, 1000.0)
    assert gates.signed_error(monthly(net, net + 40, gross=gross)).status == GateStatus.PUBLISH
    assert gates.signed_error(monthly(net, net + 100, gross=gross)).status == GateStatus.CAUTION
    assert gates.signed_error(monthly(net, net + 130, gross=gross)).status == GateStatus.WITHHOLD
    assert gates.signed_equivalence(monthly(net, net + 40, gross=gross)).status == GateStatus.PUBLISH
    assert gates.signed_equivalence(monthly(net, net + 60, gross=gross)).status == GateStatus.CAUTION
    names = {gate.id for gate in gates.all_gates(monthly(net, net, gross=gross))}
    assert not names & {"wmape", "equivalence", "cell_cv"}


def matrix(official: dict[tuple[str, str], float], estimate: dict[tuple[str, str], float]) -> Pairs:
    def frame(flows: dict[tuple[str, str], float], name: str) -> pd.DataFrame:
        return pd.DataFrame([{"origin": o, "destination": d, name: v} for (o, d), v in flows.items()])

    return paired(Side(frame(estimate, "e"), "e"), Side(frame(official, "o"), "o"), ["origin", "destination"])


def test_stayers_do_not_count_in_the_common_part_of_commuters() -> None:
    official = {("A", "A"): 1e6, ("B", "B"): 1e6, ("A", "B"): 10.0, ("B", "A"): 30.0}
    estimate = official | {("A", "B"): 30.0, ("B", "A"): 10.0}
    assert gates.cpc(matrix(official, estimate)).value == 0.5
    assert gates.cpc(matrix(official, estimate)).status == GateStatus.WITHHOLD


def test_the_verdict_is_the_worst_gate() -> None:
    good, bad = Gate("wmape", 0.05, GateStatus.PUBLISH, 9), Gate("cpc", 0.1, GateStatus.WITHHOLD, 9)
    assert judged([good], ALIGNED).verdict == Verdict.PUBLISH
    assert judged([good, bad], ALIGNED).verdict == Verdict.WITHHOLD
    assert judged([good, bad], ALIGNED).reasons == ("cpc 0.1: withhold (n = 9)",)


def test_a_gate_without_enough_data_caps_at_caution() -> None:
    good, unknown = Gate("wmape", 0.05, GateStatus.PUBLISH, 9), Gate("x", float("nan"), GateStatus.NOT_EVALUABLE, 2)
    assert judged([good, unknown], ALIGNED).verdict == Verdict.CAUTION


def test_without_declared_concepts_the_verdict_is_at_best_caution() -> None:
    says = judged([Gate("wmape", 0.05, GateStatus.PUBLISH, 9)], None)
    assert says.verdict == Verdict.CAUTION
    assert says.reasons[0] == "alignment_not_declared"


@pytest.mark.parametrize("field", ["concept", "population"])
def test_another_concept_or_population_is_not_assessable_however_near_the_numbers(field: str) -> None:
    other = aligned(Declared(SAME | {field: "another"}), Declared(SAME))
    says = judged([Gate("wmape", 0.0, GateStatus.PUBLISH, 99)], other)
    assert says == type(says)(Verdict.NOT_ASSESSABLE, (f"different_{field}",))


def test_another_unit_is_at_best_caution() -> None:
    other = aligned(Declared(SAME | {"unit": "thousands"}), Declared(SAME))
    assert judged([Gate("wmape", 0.0, GateStatus.PUBLISH, 99)], other).verdict == Verdict.CAUTION


def test_a_stated_conversion_makes_a_field_convertible() -> None:
    other = aligned(Declared(SAME | {"unit": "thousands"}), Declared(SAME), {"unit": "times 1,000"})
    assert judged([Gate("wmape", 0.0, GateStatus.PUBLISH, 99)], other).verdict == Verdict.PUBLISH
    assert other.described()["unit"] == "convertible: times 1,000"


def test_a_converted_concept_is_at_best_caution() -> None:
    other = aligned(Declared(SAME | {"concept": "SEG_CHI"}), Declared(SAME), {"concept": "segments for main area"})
    says = judged([Gate("wmape", 0.0, GateStatus.PUBLISH, 99)], other)
    assert (says.verdict, says.reasons) == (Verdict.CAUTION, ("convertible_concept: segments for main area",))


def test_a_benchmark_that_fitted_the_estimate_is_refused_unless_out_of_sample() -> None:
    good = [Gate("wmape", 0.0, GateStatus.PUBLISH, 99)]
    fitted = Declared(SAME, calibrated_to="CENSUS, OFFICIAL")
    assert judged(good, aligned(fitted, Declared(SAME, id="OFFICIAL"))).verdict == Verdict.NOT_ASSESSABLE
    assert judged(good, aligned(fitted, Declared(SAME, id="OTHER"))).verdict == Verdict.PUBLISH
    later = Declared(SAME, calibrated_to="OFFICIAL", out_of_sample=True)
    assert judged(good, aligned(later, Declared(SAME, id="OFFICIAL"))).verdict == Verdict.PUBLISH


def test_a_series_without_official_one_is_unbenchmarked_if_its_own_gates_hold() -> None:
    assert judged_alone([Gate("cell_cv", 0.1, GateStatus.PUBLISH, 9)]).verdict == Verdict.UNBENCHMARKED
    assert judged_alone([Gate("cell_cv", 0.6, GateStatus.WITHHOLD, 9)]).verdict == Verdict.WITHHOLD
