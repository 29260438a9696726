"""The first key of pseudonyms of a workspace: made once, wrapped, never in the place of one that was lost."""

from pathlib import Path

from sandbox.errors import CallError
from sandbox.feeds.contract import ALL_FEEDS
from sandbox.feeds.forgetting import delivered_in
from sandbox.feeds.key_wrap import make_wrapping_key
from sandbox.feeds.keys import FIRST_EPOCH, create_key
from sandbox.settings import COMMAND, Workspace


def first_key(workspace: Workspace, wrapping_key: Path) -> str:
    """Make the key file, wrapped with a key in a file of its own, and that one if it is not there; return the epoch.

    `CallError` where there is a key, or was one, or where both would lie together.
    """
    if workspace.settings.key_provider.startswith(COMMAND):
        raise CallError("A key service keeps this workspace's keys (`key_provider`).", "Have it make the first one.")
    if workspace.key_file.exists():
        raise CallError("There is a pseudonym key.", "`sandbox key rotate` makes the next one.")
    place = wrapping_key.resolve()
    if place.is_relative_to(workspace.root) or workspace.key_file.is_relative_to(workspace.root):
        raise CallError("A key would lie in the workspace.", "Keep both keys outside it: `key_file`, `--wrapping-key`.")
    if place.is_relative_to(workspace.key_file.parent):
        raise CallError(
            "The wrapping key would lie beside what it wraps.",
            "Name a place apart: a secret that is mounted, a medium that is kept elsewhere.",
        )
    if any(delivered_in(workspace, feed.bronze) for feed in ALL_FEEDS.values() if feed.identifier):
        raise CallError(
            "Rows were taken in under a key that is not there any more; another one would part every history.",
            "Put the custodian's copy back, or erase the partners and begin anew.",
        )
    make_wrapping_key(place)
    create_key(workspace.key_file, FIRST_EPOCH, wrapped_by=str(place))
    return FIRST_EPOCH
