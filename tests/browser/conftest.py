"""The page of an edition, in a browser; the edition is the one of tests/release."""

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from sandbox.release.edition import edition_files

AXE = Path(__file__).parents[2] / ".venv" / "share" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
TABLES = Path(__file__).parents[1] / "release" / "conftest.py"


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    spec = importlib.util.spec_from_file_location("release_tables", TABLES)
    assert spec is not None
    assert spec.loader is not None
    tables = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tables)
    folder = tmp_path_factory.mktemp("edition")
    for name, content in edition_files(tables.sources_of(tables.all_rows()), tables.some_terms()).items():
        (folder / name).write_bytes(content)
    return (folder / "index.html").as_uri()


@pytest.fixture(scope="session")
def axe() -> str:
    if not AXE.is_file():
        pytest.skip("no axe-core")
    return AXE.read_text("utf-8")


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not binary or not driver:
        pytest.skip("no browser")
    options = Options()
    options.binary_location = binary
    profile = tmp_path_factory.mktemp("profile")
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}"):
        options.add_argument(argument)
    chrome = Chrome(options=options, service=Service(driver))
    yield chrome
    chrome.quit()
