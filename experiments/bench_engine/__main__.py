"""The engine's figures and the page that shows them: `python -m experiments.bench_engine [PART …]`.

Each part prints its figures and keeps them in `results.json` beside this file; `--page FILE` writes the page from all
that is kept. Parts: see `PARTS`.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from experiments.bench_engine import quality, speed
from experiments.bench_engine.page import page

RESULTS = Path(__file__).with_name("results.json")
PARTS = speed.PARTS | quality.PARTS


def main() -> None:
    """Run the parts asked for, keep what they found, write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], help="Parts to run; none only writes the page.")
    parser.add_argument("--page", type=Path, help="File to write, docs/reference/engine.md.")
    asked = parser.parse_args()
    for name in asked.parts:
        with tempfile.TemporaryDirectory() as folder:
            found = PARTS[name](Path(folder))
        sys.stdout.write(f"{name} {json.dumps(found, indent=1)}\n")
        sys.stdout.flush()
        RESULTS.write_text(json.dumps(_kept() | {name: found}, indent=1, sort_keys=True) + "\n", "utf-8")
    if asked.page:
        asked.page.write_text(page(_kept()), "utf-8")


def _kept() -> dict[str, Any]:
    """Return what the parts have found so far; another run may have added to it."""
    kept: dict[str, Any] = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    return kept


if __name__ == "__main__":
    main()
