"""Two versions of a contract: each change is compatible or breaking, and the version must say so."""

from typing import Any

import pytest
import yaml

from sandbox.errors import CallError
from sandbox.feeds import contract as contracts
from sandbox.feeds.contract import Comparison
from tests.feeds.conftest import active_contract
from tests.feeds.test_contract import Bend, bent, column, term

OLD = active_contract("border_movement", "agency")


def compared(bend: Bend, version: str = "1.0.0", old: str = OLD) -> Comparison:
    def bend_and_name(content: dict[str, Any]) -> None:
        bend(content)
        content["version"] = version

    before, after = (contracts.parsed(text, "c.yaml") for text in (old, bent(old, bend_and_name)))
    return contracts.compared(before, after)


def new_column(content: dict[str, Any], required: bool) -> None:
    added = {"name": "seat", "logicalType": "string", "physicalType": "string", "required": required}
    content["schema"][0]["properties"].append(added)


def sla(content: dict[str, Any], kind: str, value: int) -> None:
    next(each for each in content["slaProperties"] if each["property"] == kind)["value"] = value


def without_formats(content: dict[str, Any]) -> None:
    content["servers"] = content["servers"][:1]


BREAKING: list[tuple[Bend, str]] = [
    (lambda c: c["schema"][0]["properties"].remove(column(c, "sex")), "column sex removed"),
    (lambda c: new_column(c, True), "required column seat added"),
    (lambda c: column(c, "leg_seq").update(logicalType="string"), "column leg_seq: type"),
    (lambda c: column(c, "leg_seq").update(physicalType="int64"), "column leg_seq: type"),
    (lambda c: column(c, "port").update(required=True), "port may not be empty any more"),
    (lambda c: column(c, "event_date").update(required=False), "event_date may be empty"),
    (lambda c: column(c, "traveller_id").pop("classification"), "direct identifier → no identifier"),
    (lambda c: column(c, "doc_link_quality")["logicalTypeOptions"].update(maximum=0.5), "narrowed"),
    (lambda c: column(c, "doc_link_quality")["logicalTypeOptions"].update(maximum=2), "widened"),
    (lambda c: column(c, "leg_seq").pop("logicalTypeOptions"), "widened"),
    (lambda c: column(c, "sex")["quality"][0]["arguments"]["validValues"].remove("U"), "code U removed"),
    (lambda c: column(c, "sex")["quality"][0]["arguments"]["validValues"].append("X"), "code X added"),
    (lambda c: column(c, "sex").pop("quality"), "any code is allowed"),
    (lambda c: column(c, "intended_stay_days").pop("customProperties"), "unit days → none"),
    (lambda c: column(c, "port").update(logicalTypeOptions={"maxLength": 5}), "port: entries that this software"),
    (lambda c: term(c, "timeZone").update(value="Pacific/Pitcairn"), "timeZone: UTC → Pacific/Pitcairn"),
    (lambda c: c["description"].update(purpose="tourism"), "purpose: migration statistics → tourism"),
    (lambda c: c["schema"][0].update(dataGranularityDescription="one row a day"), "levelOfDetail"),
    (lambda c: term(c, "legalBasis").update(value="Another act"), "legalBasis"),
    (lambda c: term(c, "recordSources").update(value="border"), "recordSources"),
    (lambda c: sla(c, "retention", 120), "kept longer"),
    (lambda c: sla(c, "retention", 12), "deleted earlier"),
    (lambda c: sla(c, "latency", 60), "come later"),
    (lambda c: term(c, "thresholdPersons").update(value="5"), "protected less"),
    (lambda c: term(c, "givenBack").update(value="thanks"), "givenBack"),
    (without_formats, "format jsonl, parquet removed"),
    (lambda c: c.update(status="retired"), "status active → retired"),
]
COMPATIBLE: list[tuple[Bend, str]] = [
    (lambda c: new_column(c, False), "column seat added"),
    (lambda c: sla(c, "latency", 10), "can come earlier"),
    (lambda c: term(c, "waiver").update(value="signed 1 March 2026"), "waiver"),
    (lambda c: term(c, "impactAssessment")["value"].update(redress="An ombudsman"), "assessed anew"),
    (
        lambda c: c["servers"].append({"server": "bitre_airlines", "type": "custom", "format": "bitre_airlines"}),
        "added",
    ),
]
EDITORIAL: list[tuple[Bend, str]] = [
    (lambda c: column(c, "sex").update(description="Geschlecht"), "reworded"),
    (lambda c: c.update(name="Crossings"), "reworded"),
    (lambda c: c.update(tags=["border"]), "reworded"),
    (lambda c: c["support"][0].update(tool="email"), "other entries"),
    (lambda c: c["support"][0].update(url="mailto:new@partner.example"), "partnerContact"),
]


def told(found: Comparison) -> str:
    return "; ".join(f"{change.effect} {change.text}: {change.why}" for change in found.changes)


@pytest.mark.parametrize(("bend", "text"), BREAKING)
def test_a_breaking_change_needs_a_new_major_version(bend: Bend, text: str) -> None:
    found = compared(bend, "1.9.9")
    assert text in told(found)
    assert (found.effect, found.needed, found.is_told) == (contracts.Effect.BREAKING, "2.0.0", False)
    assert compared(bend, "2.0.0").is_told


@pytest.mark.parametrize(("bend", "text"), COMPATIBLE)
def test_a_compatible_change_needs_a_new_minor_version(bend: Bend, text: str) -> None:
    found = compared(bend, "1.0.1")
    assert text in told(found)
    assert (found.effect, found.needed, found.is_told) == (contracts.Effect.COMPATIBLE, "1.1.0", False)
    assert compared(bend, "1.1.0").is_told


@pytest.mark.parametrize(("bend", "text"), EDITORIAL)
def test_a_new_wording_needs_a_new_patch_version(bend: Bend, text: str) -> None:
    found = compared(bend)
    assert text in told(found)
    assert (found.effect, found.needed, found.is_told) == (contracts.Effect.EDITORIAL, "1.0.1", False)
    assert compared(bend, "1.0.1").is_told


def test_each_change_is_told_and_the_gravest_counts() -> None:
    def bend(content: dict[str, Any]) -> None:
        sla(content, "latency", 10)
        content["schema"][0]["properties"].remove(column(content, "sex"))

    found = compared(bend, "2.0.0")
    assert [change.effect for change in found.changes] == [contracts.Effect.BREAKING, contracts.Effect.COMPATIBLE]
    assert found.needed == "2.0.0"


def test_nothing_changed_needs_nothing() -> None:
    found = compared(lambda _: None)
    assert (found.changes, found.effect, found.is_told) == ((), None, True)


def test_a_version_never_goes_back() -> None:
    found = compared(lambda _: None, "0.9.0")
    assert not found.is_told
    assert "None" not in found.untold


def test_filling_a_drafts_gaps_and_activating_it_needs_no_new_version() -> None:
    draft = contracts.new("network", "agency")
    before, after = (contracts.parsed(t, "c") for t in (draft, active_contract("network", "agency")))
    found = contracts.compared(before, after)
    assert len(found.changes) == 9
    assert (found.effect, found.is_told) == (None, True)


def test_what_a_draft_had_stated_is_changed_like_any_other() -> None:
    draft = contracts.new("network", "agency")
    assert compared(lambda c: c["description"].update(purpose="tourism"), old=draft).needed == "2.0.0"


def test_contracts_of_two_partners_are_no_versions_of_one() -> None:
    one, two = (contracts.parsed(active_contract("network", name), "c") for name in ("agency", "another"))
    with pytest.raises(CallError, match="different partners"):
        contracts.compared(one, two)


def test_a_version_that_is_none_is_refused() -> None:
    with pytest.raises(CallError, match="no version"):
        compared(lambda _: None, "next")


def test_every_bend_is_seen_in_the_file() -> None:
    """A bend that changes nothing would let its test pass for another's sake."""
    for bend, _ in (*BREAKING, *COMPATIBLE, *EDITORIAL):
        assert yaml.safe_load(bent(OLD, bend)) != yaml.safe_load(OLD)
