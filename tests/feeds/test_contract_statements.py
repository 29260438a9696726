"""A law has to be one that can be looked up, and an assessment has to say something: else no contract is active."""

import pytest

from sandbox.feeds import contract as contracts
from sandbox.feeds.contract.statements import (
    missing_in_law,
    missing_in_sentence,
    names_security,
    says_nothing,
)
from tests.feeds.conftest import active_contract
from tests.feeds.test_contract import Content, bent, faults, term


def with_terms(**terms: str) -> list[str]:
    def bend(content: Content) -> None:
        for name, value in terms.items():
            term(content, name)["value"] = value

    return faults(bent(active_contract("border_movement", "agency"), bend))


@pytest.mark.parametrize(
    "law",
    [
        *("no", "No.", "x", "pending", "see above", "to be confirmed", "T. B. C.", "not applicable", "N / A", "..."),
        *("No law allows it", "Statistics Act 2015, section 12, does not allow it", "Es gibt kein Gesetz, § 1, 2015"),
        "Statistics Act 2016, section 4, to be agreed",
    ],
)
def test_what_names_no_law_is_no_law_that_allows_statistics(law: str) -> None:
    found = with_terms(statisticalUseLaw=law)
    assert len(found) == 1
    assert "allows" in found[0]


@pytest.mark.parametrize(
    ("law", "lacking"),
    [
        ("Statistics Act", ["its article, section or number", "its year"]),
        ("Statistics Act 2015", ["its article, section or number"]),
        ("Statistics Act, section 12", ["its year"]),
        ("Section 12, 2015", ["its name"]),
        ("Statistics Act of 12 people, 2015", ["its article, section or number"]),
    ],
)
def test_what_a_law_lacks_is_said_exactly(law: str, lacking: list[str]) -> None:
    (found,) = with_terms(statisticalUseLaw=law)
    assert found == f"`statisticalUseLaw` names no law that can be looked up; it lacks: {', '.join(lacking)}."


@pytest.mark.parametrize(
    "law",
    [
        "Statistics Act 2015, s 12",
        "Statistics Act No. 12 of 2015",
        "Regulation (EC) No 223/2009, Article 5",
        "Bundesstatistikgesetz 1987, § 5",
        "Loi n° 51-711 du 7 juin 1951",
        "Ley 12/1989",
        "Statistics Act B.E. 2550, section 9",
        "統計法 2007年 第5条",
    ],
)
def test_laws_of_many_countries_can_be_looked_up(law: str) -> None:
    assert missing_in_law(law) == []
    assert with_terms(statisticalUseLaw=law) == []


@pytest.mark.parametrize("statute", ["Directive (EU) 2016/681 on PNR", "Directive 2004/82/EC, Article 3"])
@pytest.mark.parametrize("where", ["collectedUnder", "legalBasis"])
def test_a_statute_of_security_needs_the_law_whatever_the_records_are_called(statute: str, where: str) -> None:
    found = with_terms(recordSources="border", statisticalUseLaw="", **{where: statute})
    assert any("security statute" in each for each in found)


@pytest.mark.parametrize(
    ("statute", "is_it"),
    [
        ("National Security Act 1947, section 2", True),
        ("Counter-Terrorism Act 2008, s 1", True),
        ("Rules on API data 2019, rule 3", True),
        ("Loi 2017-1510 sur la sécurité intérieure", True),
        ("Social Security Act 1935, section 2", False),
        ("Border Act 2009, section 4", False),
        ("Capital and Therapist Act 2001, s 1", False),
    ],
)
def test_a_statute_of_security_is_known_by_its_words(statute: str, is_it: bool) -> None:
    assert names_security(statute) is is_it


def test_a_statute_of_collection_has_to_be_one() -> None:
    (found,) = with_terms(collectedUnder="our own rules")
    assert found.startswith("`collectedUnder` names no law that can be looked up")


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("to be confirmed with all groups at the next meeting", "says nothing yet"),
        ("see above for all of this and more", "says nothing yet"),
        ("Pending: the ministry of justice will answer in May", "says nothing yet"),
        ("Privacy commissioner", "has 2 different words, a sentence has 5 or more"),
        ("very very very very very good", "has 2 different words"),
        ("a b c d e f g", "has 0 different words"),
        ("No coarser source tells it", ""),
        ("統計の目的には他に粗い情報源がない", ""),
    ],
)
def test_a_part_of_the_assessment_is_a_sentence(said: str, fault: str) -> None:
    found = missing_in_sentence(said)
    assert (found == "") == (fault == "")
    assert fault in found
    bended = bent(
        active_contract("network", "partner_a"), lambda c: term(c, "impactAssessment")["value"].update(redress=said)
    )
    assert [("redress" in each and found in each) for each in faults(bended)] == ([True] if fault else [])


def test_a_placeholder_is_one_in_every_term_and_spelling() -> None:
    assert says_nothing("To-Do")
    assert any("`legalBasis` says nothing yet" in fault for fault in with_terms(legalBasis="to be decided"))


def test_an_answer_of_no_is_one_where_it_is_asked_for() -> None:
    contracts.new("network", "agency", partnersConfidential="no")
    assert not any("partnersConfidential" in fault for fault in with_terms(partnersConfidential="no"))
