"""The page for a new office does what it says: from an empty folder to a delivery that is taken in."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "set-up-an-office.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_every_command_of_the_page_does_what_it_says(tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    commands = BLOCK.findall(PAGE.read_text("utf-8"))
    said = ""
    for command in commands:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=tmp_path,
            env=os.environ | {"PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, command + done.stdout + done.stderr
        said += done.stdout
    assert len(commands) == 5
    assert "rows bronze: 1" in said
    key = tmp_path / "keys" / "pseudonym.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert "wrapped_by" in key.read_text("utf-8")
