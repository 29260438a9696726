"""From a selection of figures to the two pages of a release, each one file that needs nothing else."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from sandbox.concepts.codes import TOTAL, Verdict
from sandbox.release.figures import Selection, Withheld
from sandbox.release.names import Names
from sandbox.release.page import sections, tables
from sandbox.release.page.story import cards, story
from sandbox.release.page.words import month, plain
from sandbox.release.quality import Quality
from sandbox.release.terms import Sources, Terms

MEANING = {
    Verdict.PUBLISH: "agrees with the official series within the strictest margins",
    Verdict.CAUTION: "agrees within wider margins, or too few pairs to tell",
    Verdict.UNBENCHMARKED: "no official series exists to compare with",
    Verdict.WITHHOLD: "differs too much: not published",
    Verdict.NOT_ASSESSABLE: "not the same thing as the official series: not published",
}
FILES = {
    "data.csv": "All figures, SDMX-CSV 2.0",
    "data.xlsx": "All figures, spreadsheet",
    "data.parquet": "All figures, Parquet",
    "structure.xml": "Structure and code lists, SDMX-ML 3.0",
    "quality.html": "Quality report (SIMS)",
    "withheld.csv": "Register of withheld figures",
    "revisions.csv": "What changed since the last release",
    "provenance.json": "Where the figures come from (RO-Crate)",
}


def index_html(selection: Selection, sources: Sources, quality: Quality, names: Names, terms: Terms) -> bytes:
    """Return the page of the release."""
    return _rendered(
        "index.html.j2",
        terms=terms,
        quality=quality,
        month=month,
        story=story(selection, names, terms),
        cards=cards(selection, names),
        border=sections.border(selection, sources, names, terms),
        areas=sections.areas(selection, sources, names),
        flows=sections.flows(selection, names),
        stock=sections.stock(selection, names),
        nights=sections.nights(selection, sources, names, terms),
        revisions=sections.revisions(sources),
        judged=tables.judged(selection, sources, names),
        measures=tables.measures_table(sources, names),
        differences=tables.differences(sources),
        thresholds=sorted(
            {row["thresholds_version"] for row in sources.verdict.to_pylist() if row["thresholds_version"]}
        ),
        meaning=MEANING,
        withheld=_withheld(selection, names),
        methods=tables.methods(selection),
        files=FILES,
    )


def _withheld(selection: Selection, names: Names) -> list[tuple[str, Withheld]]:
    """Return what is withheld by name; a period only where its series is not withheld whole for the same reason."""
    whole = {(w.indicator, w.rule_id, w.feed, w.verdict) for w in selection.withheld if w.period == TOTAL}
    return [
        (names.indicator(w.indicator), w)
        for w in selection.withheld
        if w.period == TOTAL or (w.indicator, w.rule_id, w.feed, w.verdict) not in whole
    ]


def quality_html(quality: Quality, terms: Terms) -> bytes:
    """Return the quality report as a page."""
    return _rendered("quality.html.j2", quality=quality, terms=terms)


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("sandbox.release.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["plain"] = plain
    return environment


def _rendered(template: str, **values: object) -> bytes:
    return _templates().get_template(template).render(**values).encode()
