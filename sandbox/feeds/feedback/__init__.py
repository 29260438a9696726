"""Feedback to the partner: a page for the engineer and a JSON for the engineer's machine, by partner and feed."""

import json
from pathlib import Path

from sandbox.errors import CallError
from sandbox.feeds.feedback.facts import feedbacks
from sandbox.feeds.feedback.page import page_of
from sandbox.settings import Workspace


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
