import importlib.util
from datetime import date
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pytest

from sandbox.concepts.rules import RULES
from sandbox.nowcast.parts import month_number
from sandbox.nowcast.releases import Asked


@pytest.fixture(scope="session")
def travellers() -> ModuleType:
    spec = importlib.util.spec_from_file_location("travellers", Path(__file__).with_name("travellers.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def border(travellers: ModuleType) -> pa.Table:
    """Movements of 1,500 made-up travellers, 2017 to 2022."""
    return travellers.movements(1_500)


@pytest.fixture(scope="session")
def asked() -> Asked:
    vintages = range(month_number(date(2021, 1, 1)), month_number(date(2021, 2, 1)) + 1)
    return Asked(RULES["NZ_12_16"], vintages, range(1, 17), "simple", 1)
