"""A person key is the same for the same person in one scope, and tells nothing across scopes."""

import hashlib
import hmac
import os
from pathlib import Path

import pyarrow as pa
import pytest

from sandbox.errors import EnvironmentFaultError
from sandbox.feeds.keys import KeyFile, create_key
from sandbox.feeds.pseudonym import Pseudonyms, Scope, collision_probability

SCOPE = ("telco_one", "mobile_event", "1", "migration statistics")


def person_keys(keys: KeyFile, *scope: str, identifiers: list[str | None]) -> list[int | None]:
    return Pseudonyms(keys, Scope(*scope)).of(pa.array(identifiers)).to_pylist()


@pytest.fixture
def keys(tmp_path: Path) -> KeyFile:
    create_key(tmp_path / "key")
    return KeyFile(tmp_path / "key")


def test_the_key_is_the_hmac_of_the_design(keys: KeyFile) -> None:
    scope = "v1|telco_one|mobile_event|1|migration statistics"
    digest = hmac.new(keys.derived("1", scope), scope.encode() + b"S1", hashlib.sha256).digest()
    expected = int.from_bytes(digest[:8], "big", signed=True)
    assert person_keys(keys, *SCOPE, identifiers=["S1", None, "S1"]) == [expected, None, expected]


@pytest.mark.parametrize("position", range(4))
def test_another_partner_feed_epoch_or_purpose_gives_another_key(tmp_path: Path, position: int) -> None:
    create_key(tmp_path / "key", secret="ab" * 32)
    content = (tmp_path / "key").read_text("utf-8")
    (tmp_path / "key").write_text(content.replace('"epochs": {', '"epochs": {"2": "' + "ab" * 32 + '", '), "utf-8")
    other = list(SCOPE)
    other[position] = "2"
    keys = KeyFile(tmp_path / "key")
    assert person_keys(keys, *SCOPE, identifiers=["S1"]) != person_keys(keys, *other, identifiers=["S1"])


def test_each_scope_has_a_key_of_its_own(keys: KeyFile) -> None:
    assert keys.derived("1", "one scope") != keys.derived("1", "another")


def test_a_key_file_is_for_its_owner_only(tmp_path: Path) -> None:
    create_key(tmp_path / "key")
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "key").chmod(0o644)
    with pytest.raises(EnvironmentFaultError, match="others"):
        KeyFile(tmp_path / "key").derived("1", "s")


def test_an_epoch_whose_key_was_destroyed_can_not_be_keyed_again(keys: KeyFile) -> None:
    with pytest.raises(EnvironmentFaultError, match="epoch 0"):
        keys.derived("0", "s")


def test_a_damaged_key_file_is_not_quoted(tmp_path: Path) -> None:
    create_key(tmp_path / "key", secret="SECRETSECRET")
    (tmp_path / "key").write_text("SECRETSECRET", "utf-8")
    with pytest.raises(EnvironmentFaultError) as fault:
        KeyFile(tmp_path / "key").derived("1", "s")
    assert "SECRET" not in str(fault.value)
    assert fault.value.__cause__ is None


def test_a_new_key_never_overwrites_an_old_one(tmp_path: Path) -> None:
    create_key(tmp_path / "key")
    before = (tmp_path / "key").read_text("utf-8")
    create_key(tmp_path / "key")
    assert (tmp_path / "key").read_text("utf-8") == before


def test_fifty_million_persons_collide_with_a_chance_under_one_in_ten_thousand() -> None:
    assert 6e-5 < collision_probability(50_000_000) < 1e-4


def test_an_epoch_that_was_begun_waits_until_the_current_one_is_destroyed(keys: KeyFile) -> None:
    assert (keys.begin(), keys.begin(), keys.current_epoch, keys.epochs) == ("2", "2", "1", ["1", "2"])
    secret = keys.secret("2")
    keys.destroy("1")
    assert (keys.current_epoch, keys.epochs, keys.secret("2")) == ("2", ["2"], secret)


def test_the_tenth_epoch_comes_after_the_ninth(keys: KeyFile) -> None:
    for number in range(1, 9):
        keys.destroy(str(number))
    keys.begin()
    assert keys.epochs == ["9", "10"]


def test_what_is_destroyed_is_overwritten_where_it_lay(keys: KeyFile, tmp_path: Path) -> None:
    os.link(keys.path, tmp_path / "where it lay")
    keys.destroy("1")
    assert set((tmp_path / "where it lay").read_bytes()) == {0}
