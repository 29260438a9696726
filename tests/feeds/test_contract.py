"""A contract is made from the declaration and can't drift from it; a draft may have gaps, an active one has none."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.errors import CallError
from sandbox.feeds import contract as contracts
from sandbox.synthetic.agreements import agreed_terms
from tests.feeds.conftest import AGREED, PASSENGERS, active_contract

Content = dict[str, Any]
Bend = Callable[[Content], object]


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "c.yaml"
    path.write_text(text, "utf-8")
    return path


def bent(text: str, bend: Bend) -> str:
    """Return a contract's text after someone changed it by hand."""
    content = yaml.safe_load(text)
    bend(content)
    return yaml.safe_dump(content, sort_keys=False)


def column(content: Content, name: str) -> Content:
    return next(each for each in content["schema"][0]["properties"] if each["name"] == name)


def term(content: Content, name: str) -> Content:
    return next(each for each in content["customProperties"] if each["property"] == name)


def faults(text: str) -> list[str]:
    return [fault.text for fault in contracts.faults_of(contracts.parsed(text, "c.yaml"), text)]


@pytest.mark.parametrize("feed", contracts.ALL_FEEDS)
def test_a_draft_reads_back_for_every_feed(tmp_path: Path, feed: str) -> None:
    text = contracts.new(feed, "partner_a", timeZone="Pacific/Pitcairn")
    agreed = contracts.read(written(tmp_path, text))
    assert (agreed.id, agreed.time_zone, agreed.status) == (f"partner_a.{feed}", "Pacific/Pitcairn", "draft")


@pytest.mark.parametrize("feed", contracts.ALL_FEEDS)
def test_an_active_contract_has_no_fault_for_every_feed(feed: str) -> None:
    assert faults(active_contract(feed, "partner_a")) == []


@pytest.mark.parametrize("feed", contracts.ALL_FEEDS)
def test_the_terms_of_the_synthetic_country_fill_every_gap(feed: str) -> None:
    assert faults(contracts.new(feed, "partner_a", "active", **agreed_terms(feed))) == []


@pytest.mark.parametrize("feed", contracts.ALL_FEEDS)
def test_every_term_reads_back_from_its_place_in_the_standard(tmp_path: Path, feed: str) -> None:
    changed = {
        "purpose": "tourism statistics",
        "levelOfDetail": "one row a day",
        "formats": "csv",
        "delimiter": ";",
        "encoding": "latin-1",
        "timeZone": "Pacific/Pitcairn",
        "retentionMonths": "24",
        "latencyDays": "5",
        "thresholdPersons": "20",
        "thresholdPartners": "4",
        "partnersConfidential": "yes",
        "waiver": "signed by both partners, 1 March 2026",
    }
    agreed = contracts.read(written(tmp_path, active_contract(feed, "partner_a", **changed)))
    assert {name: agreed.stated[name] for name in changed} == changed
    assert (agreed.purpose, agreed.formats, agreed.retention_months) == ("tourism statistics", ("csv",), 24)
    assert (agreed.latency_days, agreed.threshold_persons, agreed.threshold_partners) == (5, 20, 4)
    assert agreed.is_confidential


def test_an_empty_encoding_stays_empty(tmp_path: Path) -> None:
    agreed = contracts.read(written(tmp_path, active_contract("network", "partner_a", encoding="")))
    assert agreed.stated["encoding"] == ""


def test_a_tab_may_be_the_delimiter(tmp_path: Path) -> None:
    agreed = contracts.read(written(tmp_path, active_contract("network", "partner_a", delimiter="\t")))
    assert agreed.stated["delimiter"] == "\t"


def test_a_draft_marks_each_of_its_gaps_and_lint_names_each() -> None:
    text = contracts.new("network", "partner_a")
    gaps = [fault for fault in contracts.faults_of(contracts.parsed(text, "c")) if fault.kind is contracts.Kind.MISSING]
    assert text.count("'' # TO FILL IN") + text.count("''  # TO FILL IN") == len(gaps) == 8
    assert all(fault.remedy for fault in gaps)


@pytest.mark.parametrize("part", ["necessity", "harmToGroups", "redress", "consulted"])
@pytest.mark.parametrize("said", ["", " ", "TBD", "n/a", "None."])
def test_a_contract_without_a_part_of_its_impact_assessment_cannot_be_active(
    tmp_path: Path, part: str, said: str
) -> None:
    text = bent(
        active_contract("network", "partner_a"), lambda c: term(c, "impactAssessment")["value"].update({part: said})
    )
    assert [part in fault for fault in faults(text)] == [True]
    with pytest.raises(CallError, match=part):
        contracts.read(written(tmp_path, text))
    draft = contracts.read(written(tmp_path, text.replace("status: active", "status: draft")))
    assert draft.status == "draft"


@pytest.mark.parametrize("sources", ["API", "PNR", "border, API", ""])
def test_passenger_records_need_a_law_that_allows_statistics(sources: str) -> None:
    """Not to say what is delivered is no way around it."""

    def without_law(content: Content) -> None:
        term(content, "recordSources")["value"] = sources
        term(content, "statisticalUseLaw")["value"] = ""

    found = faults(bent(active_contract("border_movement", "agency"), without_law))
    assert any("security statute" in fault for fault in found)


def test_a_carriers_format_needs_the_law_whatever_the_sources_are_called() -> None:
    own = {"recordSources": "border", "statisticalUseLaw": ""}
    text = contracts.new("border_movement", "agency", formats="passenger_legs", **(AGREED | PASSENGERS | own))
    assert any("security statute" in fault for fault in faults(text))


def test_a_border_offices_own_records_need_no_such_law() -> None:
    assert faults(active_contract("border_movement", "agency", recordSources="border", statisticalUseLaw="")) == []


@pytest.mark.parametrize(
    ("bend", "fault"),
    [
        (lambda c: column(c, "mcc").update(required=False), "Column mcc: `required` is False, the feed has True"),
        (lambda c: column(c, "mcc").update(logicalType="integer"), "Column mcc: `logicalType`"),
        (lambda c: column(c, "mcc").update(unique=True), "Column mcc: `unique`"),
        (lambda c: c["schema"][0]["properties"].pop(0), "Columns of the feed are missing: mcc"),
        (lambda c: c["schema"][0]["properties"].append({"name": "extra"}), "no columns extra"),
        (lambda c: c["schema"][0]["properties"].append(dict(column(c, "mcc"))), "stands twice"),
        (lambda c: c.update(apiVersion="v2.2.2"), "version of the standard"),
        (lambda c: c.update(version="1.0"), "MAJOR.MINOR.PATCH"),
        (lambda c: c.update(status="agreed"), "status is none"),
        (lambda c: c.update(id="someone.else"), "id is not"),
        (lambda c: term(c, "partner").update(value="Partner A"), "names no partner"),
        (lambda c: c.update(description=None), "`description`: purpose is empty"),
        (lambda c: c["slaProperties"][0].update(unit="years"), "retention in months is empty"),
        (lambda c: c["slaProperties"][0].update(value=-1), "retention in months is no whole number"),
        (lambda c: c["servers"][0].update(format="doc"), "format holds more than"),
        (lambda c: c["support"][0].update(url="data@partner.example"), "begins with neither"),
        (lambda c: term(c, "timeZone").update(value="Mars/Olympus"), "is no IANA time zone"),
        (lambda c: term(c, "legalBasis").update(property="legalbasis"), "has `legalbasis`"),
        (lambda c: column(c, "mcc").update(requried=True), "no entry `schema[0].properties[0].requried`"),
    ],
)
def test_a_contract_that_was_bent_is_told_where(tmp_path: Path, bend: Bend, fault: str) -> None:
    text = bent(active_contract("network", "partner_a"), bend)
    assert any(fault in each for each in faults(text)), faults(text)
    with pytest.raises(CallError) as refusal:
        contracts.read(written(tmp_path, text))
    assert fault in refusal.value.message


def test_a_zone_of_a_column_follows_the_contracts() -> None:
    def other_zone(content: Content) -> None:
        column(content, "event_ts")["logicalTypeOptions"]["defaultTimezone"] = "Pacific/Pitcairn"

    found = faults(bent(active_contract("border_movement", "agency"), other_zone))
    assert len(found) == 1
    assert "event_ts: `logicalTypeOptions`" in found[0]


@pytest.mark.parametrize(
    "text", ["", "- a", "{", "version: 1.0", "nonsense: 1", "schema:\n- name: gossip", "version: 1.0.0"]
)
def test_what_is_no_contract_of_a_feed_ends_with_2(text: str) -> None:
    with pytest.raises(CallError, match=r"no ODCS|no contract of a feed") as refusal:
        contracts.parsed(text, "c.yaml")
    assert refusal.value.exit_code == 2


@pytest.mark.parametrize(
    ("feed", "partner", "terms", "why"),
    [
        ("gossip", "partner_a", {}, "no feed"),
        ("network", "Partner A", {}, "lower-case"),
        ("network", "partner_a", {"colour": "red"}, "colour"),
        ("network", "partner_a", {"yearBasis": "calendar"}, "yearBasis"),
        ("network", "partner_a", {"retentionMonths": "ever"}, "whole number"),
    ],
)
def test_a_contract_that_cannot_stand_is_not_written(feed: str, partner: str, terms: dict[str, str], why: str) -> None:
    with pytest.raises(CallError, match=why):
        contracts.new(feed, partner, **terms)


def test_an_active_contract_is_not_written_with_a_gap() -> None:
    with pytest.raises(CallError, match="legalBasis"):
        contracts.new("network", "partner_a", "active")


def test_an_unknown_feed_is_answered_with_those_there_are() -> None:
    with pytest.raises(CallError) as refusal:
        contracts.new("gossip", "partner_a")
    assert "mobile_event" in refusal.value.remedy
