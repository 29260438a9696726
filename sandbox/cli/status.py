"""`sandbox status`: what is in the workspace, what is out of date, what waits for whom."""

from datetime import date
from pathlib import Path

from sandbox.cli.console import JsonOption, SeedOption, WorkspaceOption, answer
from sandbox.settings import read_workspace

HERE = Path()


def status(workspace: WorkspaceOption = HERE, seed: SeedOption = 7, as_json: JsonOption = False) -> None:
    """Say of every stage what it last did and whether that still stands, and which deliveries and requests wait."""
    from sandbox.airlock.door import requests
    from sandbox.airlock.request import waits_for
    from sandbox.feeds.arrivals import waiting
    from sandbox.lakehouse import store
    from sandbox.lakehouse.run import StageRun
    from sandbox.pipeline import STAGES, fresh_run, stands

    place = read_workspace(workspace)
    said: dict[str, str] = {}
    for stage in STAGES:
        last = next(iter(store.commits(place, stage.writes[-1])), None)
        if last is None:
            said[stage.name] = "not run yet"
            continue
        month, vintage = date.fromisoformat(last["month"]), date.fromisoformat(last["vintage"])
        this = fresh_run(stage, StageRun(place, stage.name, month, vintage, seed))
        state = "up to date" if stands(stage, this) else "out of date: inputs, settings or code have changed"
        said[stage.name] = f"month {month:%Y-%m}, vintage {vintage:%Y-%m}, {state}"
    said |= {f"request {each.release_id}": f"waits for {waits_for(each.state)}" for each in requests(place)}
    answer(said | waiting(place), as_json)
