"""A contract is made from the declaration and can't drift from it."""

from pathlib import Path

import pytest
import yaml

from sandbox.errors import CallError
from sandbox.feeds import contract as contracts


@pytest.mark.parametrize("feed", contracts.ALL_FEEDS)
def test_a_new_contract_reads_back_for_every_feed(tmp_path: Path, feed: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(contracts.new(feed, "partner_a", timeZone="Pacific/Pitcairn"), "utf-8")
    agreed = contracts.read(path)
    assert (agreed.id, agreed.time_zone, agreed.status) == (f"partner_a.{feed}", "Pacific/Pitcairn", "active")


@pytest.mark.parametrize(
    ("where", "value", "fault"),
    [
        (("schema", 0, "properties", 0, "required"), False, "columns differ"),
        (("schema", 0, "name"), "gossip", "names no feed"),
        (("apiVersion",), "v2.2.2", "apiVersion"),
        (("id",), "someone.else", "id is not"),
        (("description",), None, "purpose"),
        (("nonsense",), 1, "no ODCS"),
    ],
)
def test_a_contract_that_was_bent_is_refused(tmp_path: Path, where: tuple, value: object, fault: str) -> None:
    content = yaml.safe_load(contracts.new("network", "partner_a"))
    place = content
    for step in where[:-1]:
        place = place[step]
    place[where[-1]] = value
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(content), "utf-8")
    with pytest.raises(CallError, match=fault):
        contracts.read(tmp_path / "c.yaml")


def test_an_unknown_feed_is_answered_with_those_there_are() -> None:
    with pytest.raises(CallError) as refusal:
        contracts.new("gossip", "partner_a")
    assert "mobile_event" in refusal.value.remedy
