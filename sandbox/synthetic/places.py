"""The map: outlines of the areas, antennas, and which areas are near one another."""

import json

import h3
import numpy as np
import pandas as pd

from sandbox.synthetic.chance import Reals, stream
from sandbox.synthetic.scenario import Scenario

WEST, SOUTH, WIDTH, HEIGHT = -130.2, -30.4, 1.7, 1.9
COAST_STEPS = 6
H3_OF_ANTENNA = 7
H3_OF_POST = 5


def centres(scenario: Scenario) -> Reals:
    """Return longitude and latitude of the middle of each area, shape (areas, 2)."""
    return np.array([(WEST + (a.corner[0] + 0.5) * WIDTH, SOUTH + (a.corner[1] + 0.5) * HEIGHT) for a in scenario.area])


def nearness(scenario: Scenario) -> Reals:
    """Return weights of moves from area (row) to area (column): population over distance; none to itself."""
    middle = centres(scenario)
    distance = np.hypot(*(middle[:, None, :] - middle[None, :, :]).transpose(2, 0, 1))
    weights = scenario.area_shares[None, :] / np.maximum(distance, 1.0) ** 1.3
    np.fill_diagonal(weights, 0.0)
    return weights


def neighbours(scenario: Scenario) -> Reals:
    """Return weights of the areas that touch each area."""
    corner = np.array([area.corner for area in scenario.area])
    touching = np.abs(corner[:, None, :] - corner[None, :, :]).sum(axis=2) == 1
    return touching * scenario.area_shares[None, :]


def outline(scenario: Scenario, area: int) -> str:
    """Return the outline of an area as a GeoJSON polygon; two areas that touch share their border exactly."""
    column, row = scenario.area[area].corner
    corners = [(column, row), (column + 1, row), (column + 1, row + 1), (column, row + 1)]
    points: list[tuple[float, float]] = []
    for begin, end in zip(corners, corners[1:] + corners[:1], strict=True):
        points += _border(begin, end)
    return json.dumps({"type": "Polygon", "coordinates": [[*points, points[0]]]})


def antennas(scenario: Scenario, seed: int) -> pd.DataFrame:
    """Return one row an antenna: cell_id, area (number), lat, lon, azimuth, radius_m, h3."""
    rng = stream(seed, "antennas")
    share = scenario.area_shares**0.7
    wanted = np.maximum(np.round(share / share.sum() * scenario.mobile.cells), 3).astype(int)
    area = np.repeat(np.arange(len(wanted)), wanted)
    middle = centres(scenario)[area]
    lon = np.round(middle[:, 0] + rng.uniform(-0.33, 0.33, len(area)) * WIDTH, 5)
    lat = np.round(middle[:, 1] + rng.uniform(-0.33, 0.33, len(area)) * HEIGHT, 5)
    return pd.DataFrame(
        {
            "cell_id": [f"C{n:04d}" for n in range(1, len(area) + 1)],
            "area": area,
            "lat": lat,
            "lon": lon,
            "azimuth": rng.choice([0.0, 120.0, 240.0], len(area)),
            "radius_m": np.round(rng.uniform(900, 9000, len(area)), 0),
            "h3": [h3_of(a, b, H3_OF_ANTENNA) for a, b in zip(lat, lon, strict=True)],
        }
    )


def h3_of(lat: float, lon: float, resolution: int) -> int:
    """Return the H3 index as a whole number."""
    return int(h3.str_to_int(h3.latlng_to_cell(lat, lon, resolution)))


def _border(begin: tuple[int, int], end: tuple[int, int]) -> list[tuple[float, float]]:
    """Return points from one corner of the grid to the next, without the last; the same line from either side."""
    forward = begin < end
    first, last = (begin, end) if forward else (end, begin)
    shift = stream(0, f"border {first} {last}").uniform(-0.09, 0.09, COAST_STEPS + 1)
    shift[[0, -1]] = 0.0
    steps = np.linspace(0.0, 1.0, COAST_STEPS + 1)
    (x0, y0), (x1, y1) = _corner(first), _corner(last)
    lon, lat = x0 + steps * (x1 - x0), y0 + steps * (y1 - y0)
    lon, lat = (lon + shift, lat) if first[0] == last[0] else (lon, lat + shift)
    line = [(round(float(x), 4), round(float(y), 4)) for x, y in zip(lon, lat, strict=True)]
    return line[:-1] if forward else line[:0:-1]


def _corner(point: tuple[int, int]) -> tuple[float, float]:
    """Return where a corner of the grid lies, moved a little so that no coast is straight."""
    x, y = stream(0, f"corner {point}").uniform(-0.22, 0.22, 2)
    return WEST + point[0] * WIDTH + float(x), SOUTH + point[1] * HEIGHT + float(y)
