"""The map of areas: outlines from the office's own GeoJSON, five shades of one colour, hatching where hidden."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from sandbox.release.figures import Observation
from sandbox.release.page.axes import Frame
from sandbox.release.page.charts import drawing
from sandbox.release.page.words import shown

MAP = Frame("map", 520, 400)
SHADES = 5
EDGE = 14
Point = tuple[float, float]
Ring = list[Point]


def area_map(areas: Sequence[Mapping[str, Any]], figures: Mapping[str, Observation], title: str) -> Markup:
    """Draw each area in the shade of its figure, with its name and the figure on it."""
    outlines = {area["area_id"]: rings(area["geometry"]) for area in areas}
    project = projection([point for each in outlines.values() for ring in each for point in ring])
    parts = [HATCH]
    for area in areas:
        observation = figures.get(area["area_id"])
        path = " ".join(_path([project(point) for point in ring]) for ring in outlines[area["area_id"]])
        parts.append(f'<path class="area {shade(observation, figures)}" d="{path}"/>')
    for area in areas:
        x, y = centre([project(point) for point in max(outlines[area["area_id"]], key=len)])
        observation = figures.get(area["area_id"])
        kind = "on-dark" if shade(observation, figures) in {"s3", "s4"} else "on-light"
        at = f'x="{x:.1f}" y="{y:.1f}" text-anchor="middle"'
        parts.append(f'<text class="{kind}" {at}>{escape(area["name"])}</text>')
        parts.append(f'<text class="{kind} strong" {at} dy="1.25em">{shown(observation)}</text>')
    told = "; ".join(f"{area['name']} {shown(figures.get(area['area_id']))}" for area in areas)
    return drawing(MAP, title, told, parts)


def rings(geometry: str) -> list[Ring]:
    """Return the outer rings of a GeoJSON polygon or multipolygon, as (longitude, latitude)."""
    shape = json.loads(geometry)
    shape = shape.get("geometry", shape)
    polygons = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
    return [[(float(point[0]), float(point[1])) for point in polygon[0]] for polygon in polygons]


def projection(places: Sequence[Point]) -> Any:
    """Return the function from degrees to pixels: equal scales at the middle latitude, the whole in the frame."""
    west, east = min(p[0] for p in places), max(p[0] for p in places)
    south, north = min(p[1] for p in places), max(p[1] for p in places)
    squeeze = math.cos(math.radians((south + north) / 2))
    wide, high = ((east - west) * squeeze) or 1.0, (north - south) or 1.0
    scale = min((MAP.width - 2 * EDGE) / wide, (MAP.height - 2 * EDGE) / high)
    left, top = (MAP.width - wide * scale) / 2, (MAP.height - high * scale) / 2
    return lambda point: (left + (point[0] - west) * squeeze * scale, top + (north - point[1]) * scale)


def shade(observation: Observation | None, figures: Mapping[str, Observation]) -> str:
    """Return the class of the area's shade: `s0` to `s4` by equal steps from zero, or `hidden`, or `empty`."""
    if observation is None:
        return "empty"
    if observation.value is None:
        return "hidden"
    largest = max(abs(o.value) for o in figures.values() if o.value is not None) or 1.0
    return f"s{min(int(SHADES * abs(observation.value) / largest), SHADES - 1)}"


def centre(ring: Ring) -> Point:
    """Return the middle of the ring's extent: good enough for a name."""
    xs, ys = [p[0] for p in ring], [p[1] for p in ring]
    return (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2


def _path(ring: Ring) -> str:
    return "M" + " L".join(f"{x:.1f},{y:.1f}" for x, y in ring) + "Z"


HATCH = (
    '<defs><pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect class="hatch-ground" width="7" height="7"/><line class="hatch-line" x1="0" y1="0" x2="0" y2="7"/>'
    "</pattern></defs>"
)
