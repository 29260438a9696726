"""Feedback to the partner: a page for the engineer and a JSON for the engineer's machine, by partner and feed."""

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow.compute as pc

from sandbox.errors import CallError
from sandbox.feeds.coverage import profiled
from sandbox.feeds.feedback.facts import feedbacks
from sandbox.feeds.feedback.page import page_of
from sandbox.lakehouse import store
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.tables.books import DELIVERY
from sandbox.settings import Workspace


def looked_at(workspace: Workspace, feed: str, say: Callable[[str], None], *, anew: bool = False) -> None:
    """Bring the profile of one feed, or of all that have come, up to what the newest delivery says; `anew`: all of it.

    A delivery that was taken in alone has no profile yet: feedback on it would know of nothing amiss.
    """
    if store.latest_version(workspace, DELIVERY) is None:
        return
    delivered = store.read_small(workspace, DELIVERY)
    month = max(delivered["received_at"].to_pylist()).date().replace(day=1)
    feeds = [feed] if feed else pc.unique(delivered["feed"]).sort().to_pylist()
    profiled(StageRun(workspace, "profile", month, month, 0, say=say), feeds, anew)


def given_back(workspace: Workspace, out: Path, feed: str = "", partner: str = "") -> list[Path]:
    """Write `OUT/<partner>.<feed>/feedback.html` and `.json` of all feeds, or of those named; return the folders."""
    folders = []
    for feedback in feedbacks(workspace, feed, partner):
        folder = out / f"{feedback.partner}.{feedback.feed}"
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(feedback.as_json(), default=str, indent=2, ensure_ascii=False, allow_nan=False)
        (folder / "feedback.json").write_text(text + "\n", "utf-8")
        (folder / "feedback.html").write_text(page_of(feedback), "utf-8")
        folders.append(folder)
    if not folders:
        asked = ".".join(name for name in (partner, feed) if name) or "any partner"
        raise CallError(f"Nothing has come from {asked}.", "Take in a delivery first: `sandbox feed ingest`.")
    return folders
