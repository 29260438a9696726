"""Who keeps the pseudonym keys, told from a key's reference: a file, or the command of a key service.

A key service (KMS, HSM, Vault) is a program of the office's that answers, on standard output:

    PROGRAM current               the epoch that new rows are keyed in
    PROGRAM epochs                all epochs whose keys are there, one a line
    PROGRAM derive EPOCH SCOPE    the 32 bytes of a scope, as 64 hex digits
    PROGRAM begin                 makes the key of the epoch after the current one, unless it is there; which it is
    PROGRAM destroy EPOCH         destroys a key; if it was the current epoch, the next one is current

and ends with another code than 0 where it can't. Epochs are whole numbers. The keys that scopes are derived from
never leave the service; how the program proves itself to it is between the two.
"""

import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import CallError, EnvironmentFaultError
from sandbox.feeds.key_wrap import HEX_KEY
from sandbox.feeds.keys import KeyFile, KeyKeeper
from sandbox.settings import COMMAND, Workspace

SECONDS = 60


@dataclass(frozen=True)
class KeyCommand:
    """Keys of a key service, by the words of a command."""

    words: tuple[str, ...]

    def derived(self, epoch: str, scope: str) -> bytes:
        """Return the key of the scope; `EnvironmentFaultError` where the service does not answer with one."""
        answer = " ".join(self._asked("derive", epoch, scope))
        if not HEX_KEY.fullmatch(answer):
            raise _failed("derive", "did not answer with 64 hex digits")
        return bytes.fromhex(answer)

    @property
    def current_epoch(self) -> str:
        """Epoch that new rows are keyed in."""
        return self._epoch("current")

    @property
    def epochs(self) -> list[str]:
        """Epochs whose keys are there, in order."""
        found = self._asked("epochs")
        if not all(epoch.isdecimal() for epoch in found):
            raise _failed("epochs", "did not answer with whole numbers")
        return sorted(found, key=int)

    def begin(self) -> str:
        """Begin the epoch after the current one, if it is not begun yet; return which it is."""
        return self._epoch("begin")

    def destroy(self, epoch: str) -> None:
        """Destroy the key of an epoch; if it was the current one, the next is."""
        epochs = self.epochs
        if epoch not in epochs:
            raise CallError(f"There is no key of epoch {epoch}.", f"There are: {', '.join(epochs)}.")
        self._asked("destroy", epoch)

    def traces(self, _epoch: str) -> list[str]:
        """Return nothing: what scopes are derived from never left the service."""
        return []

    def _epoch(self, verb: str) -> str:
        answer = " ".join(self._asked(verb))
        if not answer.isdecimal():
            raise _failed(verb, "did not answer with a whole number")
        return answer

    def _asked(self, *said: str) -> list[str]:
        """Return the lines of the answer; what the program says otherwise is not repeated: it may hold a key."""
        try:
            done = subprocess.run([*self.words, *said], capture_output=True, text=True, timeout=SECONDS, check=False)
        except (OSError, ValueError, subprocess.TimeoutExpired):
            raise _failed(said[0], f"can't be run, or takes more than {SECONDS} seconds") from None
        if done.returncode:
            raise _failed(said[0], f"ended with {done.returncode}")
        return done.stdout.split()


def keeper(workspace: Workspace) -> KeyKeeper:
    """Return who keeps the keys of a workspace."""
    return opened(workspace.key_reference)


def opened(reference: str) -> KeyKeeper:
    """Return who keeps the keys that a reference names: `command:` and its words, else the path of a key file."""
    if reference.startswith(COMMAND):
        return KeyCommand(tuple(shlex.split(reference.removeprefix(COMMAND))))
    return KeyFile(Path(reference))


def _failed(verb: str, how: str) -> EnvironmentFaultError:
    return EnvironmentFaultError(
        f"The key service's command {how} (`{verb}`).",
        "Type the command of `key_provider` in sandbox.toml by hand and see what it says.",
    )
