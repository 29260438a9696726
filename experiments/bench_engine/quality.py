"""How right the engine is, by the experiments that measure it; each part returns rows of a table."""

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.bench_linkage.__main__ import SHARES
from experiments.bench_linkage.__main__ import results as linkage_made
from experiments.bench_moves.__main__ import GOAL, results

Rows = list[dict[str, Any]]


def moves(_folder: Path) -> Rows:
    """Return lowest and highest of three seeds by made-up country and method, with the goal as the first row."""
    found = pd.DataFrame(results())
    goal = {name: f"{value:g}" for name, value in GOAL.items()}
    rows: Rows = [{"country": "goal, for a country that is not here", "method": "", **goal}]
    for (country, method), group in found.groupby(["country", "method"], sort=False):
        spans = {name: f"{group[name].min():.3f}–{group[name].max():.3f}" for name in GOAL}
        rows.append({"country": country, "method": method, **spans})
    return rows


def linkage(_folder: Path) -> Rows:
    """Return lowest and highest of the seeds by setting, repair and direction, in % of true migrations."""
    found = pd.DataFrame(linkage_made())
    rows: Rows = []
    for (setting, method, direction), group in found.groupby(["setting", "method", "direction"], sort=False):
        spans = {name: f"{group[name].min():+.1f}…{group[name].max():+.1f}" for name in SHARES}
        rows.append({"setting": setting, "repair": method, "direction": direction, **spans})
    return rows


def mutants(folder: Path) -> Rows:
    """Return how many of a sample of mutants of each kernel the tests kill."""
    report = folder / "mutants.json"
    line = [sys.executable, "-m", "experiments.mutants", "--out", str(report)]
    subprocess.run(line, check=True, stdout=subprocess.DEVNULL)
    rows: Rows = json.loads(report.read_text("utf-8"))
    return rows


def conformance(folder: Path) -> Rows:
    """Return how many cases of the published answers pass, by test."""
    report = folder / "report.xml"
    line = [sys.executable, "-m", "pytest", "tests/conformance", "-q", f"--junitxml={report}", "-p", "no:cacheprovider"]
    subprocess.run(line, check=False, stdout=subprocess.DEVNULL)
    cases = pd.DataFrame(
        {
            "test": case.get("name", "").split("[")[0],
            "passed": case.find("failure") is None and case.find("error") is None and case.find("skipped") is None,
        }
        for case in ET.parse(report).iter("testcase")
    )
    by_test = cases.groupby("test", sort=False)["passed"].agg(["sum", "size"]).reset_index()
    return [{"test": row["test"], "passed": f"{row['sum']} of {row['size']}"} for row in by_test.to_dict("records")]


def stops(folder: Path) -> Rows:
    """Return what the experiment `labelled_stops` finds: ways of finding homes, the gain, work places."""
    line = [sys.executable, "-m", "sandbox", "experiment", "run", "labelled_stops", "--workspace", str(folder / "w")]
    done = subprocess.run([*line, "--json", "--quiet"], check=True, capture_output=True, text=True)
    rows: Rows = json.loads(done.stdout)["rows"]
    return rows


PARTS = {"moves": moves, "linkage": linkage, "mutants": mutants, "conformance": conformance, "stops": stops}
