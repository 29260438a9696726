"""Keys lie wrapped, or with a key service: whoever needs one opens it by its reference, and nobody else can."""

import hashlib
import json
import pickle
import stat
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.keywrap import aes_key_wrap

from sandbox.errors import CallError, EnvironmentFaultError
from sandbox.feeds import stage
from sandbox.feeds.arrivals import Arrived, agreed_for, task_of
from sandbox.feeds.delivery import land
from sandbox.feeds.erasure import person_keys
from sandbox.feeds.first_key import first_key
from sandbox.feeds.keepers import KeyCommand, keeper, opened
from sandbox.feeds.key_wrap import make_wrapping_key, wrapped
from sandbox.feeds.keys import KeyFile, create_key
from sandbox.feeds.rotation import rotate
from sandbox.lakehouse.run import StageRun
from sandbox.settings import Settings, Workspace, Zone
from tests.feeds.conftest import Send, movement
from tests.feeds.rotating import FEED, PARTNER, bronze, run_of, silent

SERVICE = """
import hashlib, json, sys
from pathlib import Path
place = Path(__file__).with_name("service.json")
state = json.loads(place.read_text()) if place.exists() else {"current": 1, "epochs": [1]}
verb, *words = sys.argv[1:]
if verb == "current":
    print(state["current"])
elif verb == "epochs":
    print(*state["epochs"], sep="\\n")
elif verb == "derive":
    if int(words[0]) not in state["epochs"]:
        sys.exit(7)
    print(hashlib.sha256("|".join(words).encode()).hexdigest())
elif verb == "begin":
    state["epochs"] = sorted({*state["epochs"], state["current"] + 1})
    print(state["current"] + 1)
elif verb == "destroy":
    state["epochs"].remove(int(words[0]))
    if int(words[0]) == state["current"]:
        state["current"] += 1
        state["epochs"] = sorted({*state["epochs"], state["current"]})
place.write_text(json.dumps(state))
"""


@pytest.fixture
def wrapping(tmp_path: Path) -> Path:
    make_wrapping_key(tmp_path / "apart" / "wrapping.key")
    return tmp_path / "apart" / "wrapping.key"


@pytest.fixture
def served(partner: Workspace, tmp_path: Path) -> Workspace:
    """The workspace of a partner's deliveries whose keys a key service keeps; it has no key file."""
    (tmp_path / "service.py").write_text(SERVICE, "utf-8")
    partner.key_file.unlink()
    provider = f"command:{sys.executable} '{tmp_path / 'service.py'}'"
    return replace(partner, settings=partner.settings.model_copy(update={"key_provider": provider}))


def test_a_wrapped_key_is_the_same_key_and_does_not_lie_in_its_file(tmp_path: Path, wrapping: Path) -> None:
    secret = "5a" * 32
    create_key(tmp_path / "plain", secret=secret)
    create_key(tmp_path / "wrapped", secret=secret, wrapped_by=str(wrapping))
    assert KeyFile(tmp_path / "wrapped").derived("1", "s") == KeyFile(tmp_path / "plain").derived("1", "s")
    assert secret not in (tmp_path / "wrapped").read_text("utf-8")
    assert stat.S_IMODE(wrapping.stat().st_mode) == stat.S_IMODE((tmp_path / "wrapped").stat().st_mode) == 0o600


def test_keys_are_wrapped_as_rfc_3394_says(wrapping: Path) -> None:
    """Its test vector 4.6: 256 bits of key data with a 256-bit key."""
    wrapping.write_text("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F".lower() + "\n")
    data = "00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F".lower()
    expected = "28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21".lower()
    assert wrapped(data, wrapping) == expected == aes_key_wrap(bytes(range(32)), bytes.fromhex(data)).hex()


def test_a_later_epoch_is_wrapped_too(tmp_path: Path, wrapping: Path) -> None:
    create_key(tmp_path / "key", wrapped_by=str(wrapping))
    keys = KeyFile(tmp_path / "key")
    keys.begin()
    second = keys.secret("2")
    keys.destroy("1")
    assert keys.secret("2") == second
    assert set(keys.traces("2")) == {second, json.loads(keys.path.read_text("utf-8"))["epochs"]["2"]}
    assert second not in keys.path.read_text("utf-8")


@pytest.mark.parametrize("content", ["ab" * 32 + "\n", "no key", ""])
def test_without_the_right_wrapping_key_nobody_opens_the_key(tmp_path: Path, wrapping: Path, content: str) -> None:
    create_key(tmp_path / "key", wrapped_by=str(wrapping))
    if content:
        wrapping.write_text(content)
    else:
        wrapping.unlink()
    with pytest.raises(EnvironmentFaultError, match=r"rapping key|wraps") as fault:
        KeyFile(tmp_path / "key").derived("1", "s")
    assert fault.value.__cause__ is None
    assert not content or content.strip() not in str(fault.value)


def test_a_wrapping_key_is_for_its_owner_only(tmp_path: Path, wrapping: Path) -> None:
    create_key(tmp_path / "key", wrapped_by=str(wrapping))
    wrapping.chmod(0o640)
    with pytest.raises(EnvironmentFaultError, match="others"):
        KeyFile(tmp_path / "key").derived("1", "s")


def test_the_first_key_is_made_once_and_apart_from_what_wraps_it(workspace: Workspace, tmp_path: Path) -> None:
    for place in (workspace.root / "w.key", workspace.key_file.with_name("w.key")):
        with pytest.raises(CallError, match=r"would lie"):
            first_key(workspace, place)
    assert first_key(workspace, tmp_path / "apart" / "w.key") == "1"
    assert keeper(workspace).derived("1", "s")
    (tmp_path / "apart" / "w.key").rename(tmp_path / "apart" / "elsewhere.key")
    with pytest.raises(EnvironmentFaultError, match="wraps"):
        keeper(workspace).derived("1", "s")
    with pytest.raises(CallError, match="There is a pseudonym key"):
        first_key(workspace, tmp_path / "apart" / "w.key")


def test_no_key_is_made_in_the_place_of_one_that_was_lost(partner: Workspace, send: Send, tmp_path: Path) -> None:
    land(send("one", [movement()]), partner.zone(Zone.LANDING))
    stage.ingest(run_of(partner))
    partner.key_file.unlink()
    with pytest.raises(CallError, match="not there any more"):
        first_key(partner, tmp_path / "apart" / "w.key")


def test_deliveries_are_taken_in_and_the_key_rotates_with_a_wrapped_key(
    partner: Workspace, send: Send, wrapping: Path
) -> None:
    partner.key_file.unlink()
    create_key(partner.key_file, wrapped_by=str(wrapping))
    land(send("one", [movement()]), partner.zone(Zone.LANDING))
    stage.ingest(run_of(partner))
    before = bronze(partner)
    assert before == {"m1": person_keys(partner, PARTNER, FEED, ["TRAVELLER-0001"])[0]}
    rotate(partner, False, silent)
    assert bronze(partner) == {"m1": person_keys(partner, PARTNER, FEED, ["TRAVELLER-0001"])[0]} != before


def test_a_key_service_answers_for_ingestion_and_rotation(served: Workspace, send: Send) -> None:
    land(send("one", [movement()]), served.zone(Zone.LANDING))
    stage.ingest(StageRun(served, "ingest", date(2024, 1, 1), date(2024, 3, 1), 1))
    before = bronze(served)
    assert before == {"m1": person_keys(served, PARTNER, FEED, ["TRAVELLER-0001"])[0]}
    rotate(served, False, silent)
    assert (keeper(served).current_epoch, keeper(served).epochs) == ("2", ["2"])
    assert bronze(served) == {"m1": person_keys(served, PARTNER, FEED, ["TRAVELLER-0001"])[0]} != before
    assert not served.key_file.exists()


def test_what_travels_to_a_worker_is_the_command_and_no_key(served: Workspace, send: Send) -> None:
    delivery = send("one", [movement()])
    task = task_of(served, Arrived(delivery, agreed_for(served, delivery)), "one.csv", served.root)
    key = task.keys.derived("1", "v1|a|b|1|c")
    assert key == hashlib.sha256(b"1|v1|a|b|1|c").digest()
    assert served.settings.key_provider.encode() in pickle.dumps(task)
    assert key.hex().encode() not in pickle.dumps(task)


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("print('SECRET')", "did not answer with"),
        ("import sys; print('SECRET'); sys.exit(3)", "ended with 3"),
        ("pass", "did not answer with"),
    ],
)
def test_a_key_service_that_fails_is_not_quoted(tmp_path: Path, program: str, said: str) -> None:
    (tmp_path / "bad.py").write_text(program, "utf-8")
    keys = KeyCommand((sys.executable, str(tmp_path / "bad.py")))
    for ask in (lambda: keys.derived("1", "s"), lambda: keys.current_epoch):
        with pytest.raises(EnvironmentFaultError, match=said) as fault:
            ask()
        assert "SECRET" not in str(fault.value)


def test_a_key_service_that_is_not_there_is_said() -> None:
    with pytest.raises(EnvironmentFaultError, match="can't be run"):
        opened("command:/nowhere/keys --all").derived("1", "s")


def test_a_key_that_the_service_destroyed_is_gone(served: Workspace) -> None:
    keys = keeper(served)
    keys.destroy("1")
    assert (keys.current_epoch, keys.epochs, keys.traces("2")) == ("2", ["2"], [])
    with pytest.raises(EnvironmentFaultError, match="ended with 7"):
        keys.derived("1", "s")
    with pytest.raises(CallError, match="no key of epoch 1"):
        keys.destroy("1")


def test_another_kind_of_provider_is_refused() -> None:
    country = {"code": "XAA", "name": "A", "time_zone": "UTC", "mcc": "001"}
    for wrong in ("vault", "command:", "command:  "):
        with pytest.raises(ValueError, match="key_provider"):
            Settings.model_validate({"country": country, "key_provider": wrong})
