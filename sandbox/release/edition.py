"""An edition: tables and terms in, the bytes of every file of the release out. No clock, no file, no Spark."""

from sandbox.concepts import seal
from sandbox.errors import CheckFailedError
from sandbox.release import provenance, sdmx
from sandbox.release.figures import Withheld, selected
from sandbox.release.names import names_of
from sandbox.release.numbers import csv_bytes, safe_text
from sandbox.release.page.page import index_html, quality_html
from sandbox.release.quality import quality_json, quality_of
from sandbox.release.revisions import revisions_csv
from sandbox.release.spreadsheet import data_xlsx
from sandbox.release.terms import Sources, Terms

WITHHELD_HEADER = ("INDICATOR", "RULE_ID", "FEED", "TIME_PERIOD", "VINTAGE", "VERDICT", "REASONS", "LABEL")


def edition_files(sources: Sources, terms: Terms) -> dict[str, bytes]:
    """Return every file of the edition by name, `SHA256SUMS` last."""
    selection = selected(sources)
    quality = quality_of(selection, sources, terms)
    if quality.audit.attacked < quality.audit.hidden:
        missed = quality.audit.hidden - quality.audit.attacked
        raise CheckFailedError(f"{missed} hidden cells were not audited.", "Run `sandbox run disclosure`.")
    names = names_of(terms.country_code, terms.country_name, sources.area)
    files = {
        "data.csv": sdmx.data_csv(selection.observations, terms),
        "data.parquet": sdmx.data_parquet(selection.observations, terms),
        "structure.xml": sdmx.structure_xml(selection.observations, names, terms),
        "data.xlsx": data_xlsx(selection, names, terms),
        "withheld.csv": _withheld_csv(selection.withheld, terms),
        "revisions.csv": revisions_csv(selection.observations, sources.previous),
        "quality.json": quality_json(quality),
        "quality.html": quality_html(quality, terms),
        "index.html": index_html(selection, sources, quality, names, terms),
        seal.OFFICE_KEY_FILE: f"{terms.office_public_key}\n".encode(),
    }
    files[provenance.FILE] = provenance.provenance_json(files, sources, terms)
    files[seal.SUMS_FILE] = seal.sums_text(files)
    return files


def _withheld_csv(withheld: tuple[Withheld, ...], terms: Terms) -> bytes:
    rows = (
        (w.indicator, w.rule_id, w.feed, w.period, terms.vintage, w.verdict.value, "; ".join(w.reasons), terms.label)
        for w in withheld
    )
    return csv_bytes(WITHHELD_HEADER, ([safe_text(text) for text in row] for row in rows))
