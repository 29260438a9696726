"""What each section of the page shows: which figures, drawn how, with which table beside them."""

from dataclasses import dataclass, replace
from datetime import date

from markupsafe import Markup

from sandbox.concepts.codes import TOTAL, Verdict
from sandbox.concepts.indicators import INDICATORS
from sandbox.release.accuracy import triangle
from sandbox.release.figures import Observation, Selection
from sandbox.release.names import Names, latest_areas
from sandbox.release.page.axes import Frame
from sandbox.release.page.charts import NARROW, WIDE, Bar, Line, bars_chart, lines_chart, revisions_chart
from sandbox.release.page.map import area_map
from sandbox.release.page.story import HEADLINE, totals
from sandbox.release.page.tables import Grid, flows_grid, months_table, places_table, triangle_grid
from sandbox.release.page.words import period
from sandbox.release.terms import Sources, Terms

COLOURS = {"IMM": "in", "EMI": "out", "NET": "net", "NIGHTS_NONRES": "nights"}
ALONE = replace(WIDE, right=NARROW.right)
"""Frame of a chart with one line only, which needs no name at its end."""
MONTHS_DRAWN = 60
BARS_DRAWN = 12
REPLAYED = {"A": "Immigration", "D": "Emigration"}


@dataclass(frozen=True)
class Section:
    """One section: its pictures (a wide and a narrow one of each), the verdict on its figures, its tables."""

    title: str
    pictures: tuple[Markup, ...]
    grids: tuple[Grid, ...]
    verdict: Verdict | None = None


def border(selection: Selection, sources: Sources, names: Names, terms: Terms) -> Section | None:
    """Draw immigrants and emigrants by month, net beneath, official figures as open circles."""
    lines = [_line(selection, sources, indicator, names, terms) for indicator in HEADLINE]
    flows = [line for line in lines[:2] if _is_drawable(line)]
    net = [line for line in lines[2:] if _is_drawable(line)]
    pictures: list[Markup] = []
    for drawn, title in ((flows, "Immigrants and emigrants by month"), (net, "Net migration by month")):
        if drawn:
            told = "Lines with 95 % bands; the table below has every figure"
            frames = (_lower(WIDE), _lower(NARROW)) if drawn is net else (WIDE, NARROW)
            pictures += [lines_chart(drawn, frame, title, told) for frame in frames]
    if not pictures:
        return None
    return Section("Across the border", tuple(pictures), (months_table(selection, HEADLINE, names),))


def areas(selection: Selection, sources: Sources, names: Names) -> Section | None:
    """Draw the map: arrivals in each area from other areas, newest period."""
    newest = _newest([o for o in selection.of("IN_AREA") if o.area != TOTAL and _is_only_by(o, "area")])
    if not newest:
        return None
    title = f"Arrivals from other areas, {period(newest[0].frequency, newest[0].reference_period)}"
    picture = area_map(latest_areas(sources.area), {o.area: o for o in newest}, title)
    grid = places_table(newest, title, "Area", "area", names)
    return Section(title, (picture,), (grid,), newest[0].verdict)


def flows(selection: Selection, names: Names) -> Section | None:
    """Set out the matrix of moves inside the country, newest period."""
    moves = [o for o in selection.of("INT_FLOW") if o.sex == o.age == o.subpopulation == TOTAL]
    newest = _newest(moves)
    if not newest:
        return None
    title = f"Moves between areas, {period(newest[0].frequency, newest[0].reference_period)}"
    return Section(title, (), (flows_grid(newest, names),), newest[0].verdict)


def stock(selection: Selection, names: Names) -> Section | None:
    """Draw foreign-born residents by origin, newest period."""
    newest = _newest(
        [o for o in selection.of("STOCK_ORIGIN") if o.partner_area != TOTAL and _is_only_by(o, "partner_area")]
    )
    known = sorted((o for o in newest if o.value is not None), key=lambda o: (-(o.value or 0.0), o.partner_area))
    if not known:
        return None
    bars = [Bar(names.place(o.partner_area), o.value or 0.0, o.lower, o.upper) for o in known[:BARS_DRAWN]]
    title = f"Foreign-born residents by origin, {period(newest[0].frequency, newest[0].reference_period)}"
    pictures = tuple(bars_chart(bars, frame, title, "Bars with 95 % intervals") for frame in (WIDE, NARROW))
    return Section(title, pictures, (places_table(newest, title, "Origin", "partner_area", names),), newest[0].verdict)


def nights(selection: Selection, sources: Sources, names: Names, terms: Terms) -> Section | None:
    """Draw nights of visitors by month; by area for the newest month."""
    line = _line(selection, sources, "NIGHTS_NONRES", names, terms)
    if not _is_drawable(line):
        return None
    title = "Nights spent by non-residents, by month"
    pictures = tuple(lines_chart([line], frame, title, "Line with its 95 % band") for frame in (ALONE, NARROW))
    grids = [months_table(selection, ("NIGHTS_NONRES",), names)]
    by_area = _newest([o for o in selection.of("NIGHTS_NONRES") if o.area != TOTAL and _is_only_by(o, "area")])
    if by_area:
        grids.append(places_table(by_area, "Newest month by area", "Area", "area", names))
    return Section(title, pictures, tuple(grids), line.observations[-1].verdict)


def revisions(sources: Sources) -> list[Section]:
    """Show how past estimates were revised until final, immigration and emigration apart."""
    made = []
    for direction, name in REPLAYED.items():
        replayed = triangle(sources.backtest_total, direction)
        if replayed:
            told = "Dots: past estimates less the final figure, in per cent; line: their mean absolute size"
            pictures = tuple(
                revisions_chart(replayed, frame, f"{name}: how estimates were revised", told)
                for frame in (_lower(ALONE), NARROW)
            )
            made.append(Section(name, pictures, (triangle_grid(replayed, name),)))
    return made


def _line(selection: Selection, sources: Sources, indicator: str, names: Names, terms: Terms) -> Line:
    observations = totals(selection, indicator)[-MONTHS_DRAWN:]
    series = INDICATORS[indicator].benchmark_series
    official = _official(sources, series, terms) if series and observations else ()
    return Line(names.indicator(indicator), COLOURS[indicator], observations, official)


def _official(sources: Sources, series_id: str, terms: Terms) -> tuple[tuple[date, float], ...]:
    """Return the monthly totals of an official series, each as last published by the vintage."""
    latest: dict[date, tuple[date, float]] = {}
    for row in sources.official.to_pylist():
        total = all(row[name] == TOTAL for name in ("area", "partner_area", "sex", "age", "subpopulation"))
        if (
            row["series_id"] == series_id
            and row["frequency"] == "M"
            and total
            and row["vintage"] <= terms.vintage_month
        ):
            latest[row["period"]] = max(latest.get(row["period"], (date.min, 0.0)), (row["vintage"], row["value"]))
    return tuple((day, latest[day][1]) for day in sorted(latest))


def _is_drawable(line: Line) -> bool:
    return sum(o.value is not None for o in line.observations) > 1


def _is_only_by(observation: Observation, dimension: str) -> bool:
    others = {"area", "partner_area", "sex", "age", "subpopulation"} - {dimension}
    return all(getattr(observation, name) == TOTAL for name in others)


def _newest(observations: list[Observation]) -> list[Observation]:
    last = max((o.reference_period for o in observations), default=None)
    return [o for o in observations if o.reference_period == last]


def _lower(frame: Frame) -> Frame:
    """Return a frame of less height, for a picture that stands second."""
    return replace(frame, height=220)
