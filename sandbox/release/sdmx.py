"""The figures as SDMX-CSV 2.0 and Parquet, and their structure as SDMX-ML 3.0 (made with pysdmx)."""

import io
import re
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pysdmx.io import write_sdmx
from pysdmx.io.format import Format
from pysdmx.model import (
    Agency,
    Code,
    Codelist,
    Component,
    Components,
    Concept,
    ConceptScheme,
    DataStructureDefinition,
    DataType,
    ItemReference,
    Role,
)
from pysdmx.model.message import Header

from sandbox.concepts.codes import TOTAL, Sex, Subpopulation
from sandbox.concepts.indicators import INDICATORS
from sandbox.concepts.rules import RULES
from sandbox.release.figures import PUBLISHABLE, Observation, decimals_of
from sandbox.release.names import Names
from sandbox.release.numbers import csv_bytes, plain, safe_text
from sandbox.release.terms import Terms

DIMENSIONS = ("FREQ", "INDICATOR", "FEED", "REF_AREA", "PARTNER_AREA", "SEX", "AGE", "SUBPOPULATION", "TIME_PERIOD")
BEFORE_VALUE = ("UNIT_MEASURE", "LABEL")
VALUES = (
    "OBS_VALUE",
    "STD_ERROR",
    "LOWER_95",
    "UPPER_95",
    "OBS_STATUS",
    "CONF_STATUS",
    "PROVISIONAL",
    "RULE_ID",
    "VINTAGE",
    "VERDICT",
)
NUMBERS = VALUES[:4]
HEADER = ("STRUCTURE", "STRUCTURE_ID", "ACTION", *DIMENSIONS, *BEFORE_VALUE, *VALUES)
VERSION = "1.0"
MEASURE_RELATIONSHIP = re.compile(r"\s*<str:MeasureRelationship>.*?</str:MeasureRelationship>", re.DOTALL)
"""SDMX-ML 3.0 lets it be left out where there is one measure; readers that lack it (sdmx1) then read the file."""
ENUMERATED = {
    "FREQ": "CL_FREQ",
    "INDICATOR": "CL_INDICATOR",
    "FEED": "CL_FEED",
    "REF_AREA": "CL_AREA",
    "PARTNER_AREA": "CL_AREA",
    "SEX": "CL_SEX",
    "AGE": "CL_AGE",
    "SUBPOPULATION": "CL_SUBPOPULATION",
    "UNIT_MEASURE": "CL_UNIT",
    "OBS_STATUS": "CL_OBS_STATUS",
    "CONF_STATUS": "CL_CONF_STATUS",
    "PROVISIONAL": "CL_PROVISIONAL",
    "RULE_ID": "CL_RULE",
    "VERDICT": "CL_VERDICT",
}
CONCEPT_NAMES = {
    "FREQ": "Frequency",
    "INDICATOR": "Indicator",
    "FEED": "Feed that the figure is made from",
    "REF_AREA": "Reference area (of origin, for a matrix)",
    "PARTNER_AREA": "Country of origin or destination, or area of destination",
    "SEX": "Sex",
    "AGE": "Age group",
    "SUBPOPULATION": "Subpopulation by country of birth and citizenship",
    "TIME_PERIOD": "Time period",
    "UNIT_MEASURE": "Unit of measure",
    "LABEL": "Status of these statistics",
    "OBS_VALUE": "Value",
    "STD_ERROR": "Standard error",
    "LOWER_95": "Lower 95 % bound",
    "UPPER_95": "Upper 95 % bound",
    "OBS_STATUS": "Observation status",
    "CONF_STATUS": "Confidentiality status",
    "PROVISIONAL": "Whether an outcome behind the figure is undecided",
    "RULE_ID": "Rule of usual residence",
    "VINTAGE": "Month in which the figure was computed",
    "VERDICT": "What the comparison with official statistics says",
}
NO_RULE = "NONE"


def structure_id(terms: Terms) -> str:
    """Return the identifier of the data structure: the product's name in capitals."""
    return terms.product.upper().replace("-", "_")


def data_csv(observations: Iterable[Observation], terms: Terms) -> bytes:
    """Write SDMX-CSV 2.0, one observation a row; the label stands on each of them."""
    return csv_bytes(HEADER, (_row(observation, terms) for observation in observations))


def data_parquet(observations: Iterable[Observation], terms: Terms) -> bytes:
    """Write the same columns as Parquet, the figures as numbers."""
    texts = (_row(observation, terms) for observation in observations)
    rows: list[dict[str, Any]] = [dict(zip(HEADER, row, strict=True)) for row in texts]
    for row in rows:
        row.update({name: float(row[name]) if row[name] else None for name in NUMBERS})
    schema = pa.schema([(name, pa.float64() if name in NUMBERS else pa.string()) for name in HEADER])
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), sink, compression="zstd")
    return sink.getvalue()


def structure_xml(observations: Iterable[Observation], names: Names, terms: Terms) -> bytes:
    """Write code lists, concepts and data structure, made out as of the vintage."""
    lists = _code_lists(tuple(observations), names, terms)
    concepts = _concepts(terms)
    components = [_component(name, lists, terms) for name in HEADER[3:]]
    structure = DataStructureDefinition(
        id=structure_id(terms),
        name=f"{terms.label}: {terms.product}",
        agency=terms.agency,
        version=VERSION,
        components=Components(components),
    )
    header = Header(id=terms.release_id, prepared=terms.instant, sender=Agency(id=terms.agency))
    parts = [*lists.values(), concepts, structure]
    text = write_sdmx(parts, Format.STRUCTURE_SDMX_ML_3_0, header=header, prettyprint=True)
    return MEASURE_RELATIONSHIP.sub("", str(text)).encode()


def _row(observation: Observation, terms: Terms) -> tuple[str, ...]:
    hidden = observation.is_hidden
    decimals = decimals_of(observation.unit)
    texts = (
        "datastructure",
        f"{terms.agency}:{structure_id(terms)}({VERSION})",
        "I",
        observation.frequency,
        observation.indicator,
        observation.feed,
        observation.area,
        observation.partner_area,
        observation.sex,
        observation.age,
        observation.subpopulation,
        observation.period,
        observation.unit,
        terms.label,
    )
    numbers = (observation.value, observation.se, observation.lower, observation.upper)
    after = (
        "Q" if hidden else "G",
        "C" if hidden else "F",
        str(int(observation.provisional)),
        observation.rule_id or NO_RULE,
        f"{observation.vintage:%Y-%m}",
        observation.verdict.value,
    )
    return (*map(safe_text, texts), *(plain(number, decimals) for number in numbers), *after)


def _code_lists(observations: tuple[Observation, ...], names: Names, terms: Terms) -> dict[str, Codelist]:
    areas = {o.area for o in observations} | {o.partner_area for o in observations} | {TOTAL}
    ages = {o.age for o in observations} | {TOTAL}
    units = {o.unit for o in observations}
    feeds = {o.feed for o in observations} | {indicator.feed for indicator in INDICATORS.values()}
    codes: dict[str, dict[str, str]] = {
        "CL_FREQ": {"M": "Monthly", "A": "Annual"},
        "CL_INDICATOR": {i.id: i.name for i in INDICATORS.values()}
        | {o.indicator: names.indicator(o.indicator) for o in observations},
        "CL_FEED": {feed: feed.replace("_", " ") for feed in feeds},
        "CL_AREA": {area: names.place(area) for area in areas},
        "CL_SEX": {TOTAL: "Total"} | {sex.value: sex.name.capitalize() for sex in Sex},
        "CL_AGE": {age: names.age(age) for age in ages},
        "CL_SUBPOPULATION": {TOTAL: "Total"} | {s.value: s.value.replace("_", " ") for s in Subpopulation},
        "CL_UNIT": {unit: unit for unit in units},
        "CL_OBS_STATUS": {"G": "Experimental value", "Q": "Missing value; suppressed"},
        "CL_CONF_STATUS": {"F": "Free for publication", "C": "Confidential"},
        "CL_PROVISIONAL": {"0": "Final", "1": "Provisional"},
        "CL_RULE": {NO_RULE: "No rule applies"} | {rule.id: rule.citation for rule in RULES.values()},
        "CL_VERDICT": {verdict.value: verdict.value.capitalize() for verdict in PUBLISHABLE},
    }
    return {list_id: _code_list(list_id, items, terms) for list_id, items in codes.items()}


def _code_list(list_id: str, items: dict[str, str], terms: Terms) -> Codelist:
    codes = [Code(id=code, name=items[code]) for code in sorted(items)]
    return Codelist(id=list_id, name=list_id, agency=terms.agency, version=VERSION, items=codes)


def _concepts(terms: Terms) -> ConceptScheme:
    items = [Concept(id=concept, name=name) for concept, name in CONCEPT_NAMES.items()]
    return ConceptScheme(id="CONCEPTS", name="Concepts", agency=terms.agency, version=VERSION, items=items)


def _component(name: str, lists: dict[str, Codelist], terms: Terms) -> Component:
    concept = ItemReference(sdmx_type="Concept", agency=terms.agency, id="CONCEPTS", version=VERSION, item_id=name)
    codes = lists[ENUMERATED[name]] if name in ENUMERATED else None
    if name in DIMENSIONS:
        kind = DataType.PERIOD if name == "TIME_PERIOD" else DataType.STRING
        return Component(name, required=True, role=Role.DIMENSION, concept=concept, local_dtype=kind, local_codes=codes)
    if name == "OBS_VALUE":
        return Component(name, required=False, role=Role.MEASURE, concept=concept, local_dtype=DataType.DOUBLE)
    return Component(
        name,
        required=name not in NUMBERS,
        role=Role.ATTRIBUTE,
        concept=concept,
        local_dtype=DataType.DOUBLE if name in NUMBERS else DataType.STRING,
        local_codes=codes,
        attachment_level={"LABEL": "D", "UNIT_MEASURE": "INDICATOR"}.get(name, "O"),
    )
