"""The same figures as a spreadsheet: one sheet a table, the label at the head of each; the bytes know no clock."""

import io
import re
import zipfile
from collections.abc import Sequence

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from sandbox.release.figures import Observation, Selection
from sandbox.release.names import Names
from sandbox.release.numbers import safe_text
from sandbox.release.terms import Terms

EPOCH = (1980, 1, 1, 0, 0, 0)
MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*(</dcterms:modified>)")
COLUMNS = (
    "Period", "Area", "Partner area", "Sex", "Age", "Subpopulation", "Value", "Standard error", "Lower 95 %",
    "Upper 95 %", "Hidden", "Provisional", "Rule", "Feed", "Unit", "Vintage", "Verdict",
)  # fmt: skip


def data_xlsx(selection: Selection, names: Names, terms: Terms) -> bytes:
    """Write the workbook: one sheet an indicator, then the register of withheld figures."""
    book = Workbook()
    book.properties.creator = terms.agency
    book.properties.created = terms.instant.replace(tzinfo=None)
    book.remove(book.worksheets[0])
    for indicator in sorted({observation.indicator for observation in selection.observations}):
        rows = [_row(o, names) for o in selection.of(indicator)]
        _sheet(book, indicator, names.indicator(indicator), COLUMNS, rows, terms)
    reasons = [(w.indicator, w.period, w.verdict.value, "; ".join(w.reasons)) for w in selection.withheld]
    _sheet(book, "withheld", "Withheld figures", ("Indicator", "Period", "Verdict", "Reasons"), reasons, terms)
    sink = io.BytesIO()
    book.save(sink)
    return _without_clock(sink.getvalue(), terms)


def _row(observation: Observation, names: Names) -> tuple[object, ...]:
    places = (names.place(observation.area), names.place(observation.partner_area))
    groups = (observation.sex, observation.age, observation.subpopulation)
    numbers = (observation.value, observation.se, observation.lower, observation.upper)
    states = ("hidden" if observation.is_hidden else "", "provisional" if observation.provisional else "final")
    source = (observation.rule_id, observation.feed, observation.unit)
    judged = (f"{observation.vintage:%Y-%m}", observation.verdict.value)
    return (observation.period, *places, *groups, *numbers, *states, *source, *judged)


def _sheet(
    book: Workbook, title: str, name: str, columns: Sequence[str], rows: Sequence[Sequence[object]], terms: Terms
) -> None:
    sheet = book.create_sheet(title[:31])
    sheet.append([f"{terms.label.upper()} · {name} · {terms.country_name} · {terms.release_id}"])
    sheet.append(list(columns))
    sheet["A1"].font = Font(bold=True, size=13)
    for cell in sheet[2]:
        cell.font = Font(bold=True)
    for row in rows:
        sheet.append([safe_text(value) if isinstance(value, str) else value for value in row])
    sheet.freeze_panes = "A3"
    for number in range(1, len(columns) + 1):
        sheet.column_dimensions[get_column_letter(number)].width = 16


def _without_clock(workbook: bytes, terms: Terms) -> bytes:
    """Put the vintage where openpyxl and the zip format put the time of saving."""
    sink = io.BytesIO()
    stamp = f"{terms.instant:%Y-%m-%dT%H:%M:%SZ}".encode()
    with zipfile.ZipFile(io.BytesIO(workbook)) as source, zipfile.ZipFile(sink, "w") as target:
        for name in source.namelist():
            content = MODIFIED.sub(rb"\g<1>" + stamp + rb"\g<2>", source.read(name))
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            target.writestr(entry, content)
    return sink.getvalue()
