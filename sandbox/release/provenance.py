"""Where the figures come from: RO-Crate 1.2 with PROV terms; and the way back, from the crate to the terms."""

import json
from typing import Any

from rocrate.model import ContextEntity
from rocrate.rocrate import ROCrate

from sandbox.concepts import seal
from sandbox.errors import CallError
from sandbox.release.terms import SCALARS, Sources, TableVersion, Terms

FILE = "provenance.json"
ROOT = "./"
PROFILE = "1.2"
MEDIA_TYPES = {
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "xml": "application/vnd.sdmx.structure+xml;version=3.0.0",
    "html": "text/html",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pub": "text/plain",
}


def provenance_json(files: dict[str, bytes], sources: Sources, terms: Terms) -> bytes:
    """Write the crate: files of the edition, tables used, the work that wrote them, deliveries, parameters."""
    crate = ROCrate(version=PROFILE)
    root = crate.root_dataset
    root["name"] = f"{terms.label}: {terms.release_id}"
    root["description"] = f"Edition of {terms.product} of {terms.country_name}, months to {terms.month}."
    root["datePublished"] = terms.vintage
    root["identifier"] = terms.release_id
    root["license"] = "https://creativecommons.org/licenses/by/4.0/"
    for entity in (*_parts(files), *_tables(terms), *_deliveries(sources), *_models(terms), *_parameters(terms)):
        crate.add(ContextEntity(crate, entity.pop("@id"), properties=entity))
    root["hasPart"] = [{"@id": name} for name in sorted(files)]
    root["mentions"] = [{"@id": "#edition"}]
    activity = {"@type": ["CreateAction", "prov:Activity"], **_activity(sources, terms)}
    crate.add(ContextEntity(crate, "#edition", properties=activity))
    document = crate.metadata.generate()
    document["@context"] = [document["@context"], {"prov": "http://www.w3.org/ns/prov#"}]
    document["@graph"].sort(key=lambda entity: str(entity["@id"]))
    return (json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def read_terms(provenance: bytes) -> Terms:
    """Return the terms that a crate holds; `CallError` where it is no crate of an edition."""
    try:
        graph = {entity["@id"]: entity for entity in json.loads(provenance)["@graph"]}
        scalars = {name: graph[f"#parameter-{name}"]["value"] for name in SCALARS}
        tables = [_table_version(entity) for name, entity in sorted(graph.items()) if name.startswith("#table-")]
        models = [entity["name"] for name, entity in sorted(graph.items()) if name.startswith("#model-")]
        order = json.loads(graph["#parameter-tables"]["value"])
    except (ValueError, KeyError, TypeError) as error:
        raise CallError(f"{FILE} is no provenance of an edition ({error}).", "Take a fresh copy.") from error
    by_name = {table.name: table for table in tables}
    return Terms(**scalars, models=tuple(models), tables=tuple(by_name[name] for name in order))


def _parts(files: dict[str, bytes]) -> list[dict[str, Any]]:
    return [
        {
            "@id": name,
            "@type": ["File", "prov:Entity"],
            "encodingFormat": MEDIA_TYPES[name.rpartition(".")[2]],
            "contentSize": str(len(files[name])),
            "sha256": seal.sha256(files[name]),
            "prov:wasGeneratedBy": {"@id": "#edition"},
        }
        for name in sorted(files)
    ]


def _tables(terms: Terms) -> list[dict[str, Any]]:
    return [
        {
            "@id": f"#table-{table.name}",
            "@type": ["Dataset", "prov:Entity"],
            "name": table.name,
            "version": table.version,
            "sha256": table.sha256,
            "stage": table.stage,
            "fingerprint": table.fingerprint,
        }
        for table in terms.tables
    ]


def _table_version(entity: dict[str, Any]) -> TableVersion:
    return TableVersion(
        entity["name"], int(entity["version"]), entity["sha256"], entity["stage"], entity["fingerprint"]
    )


def _deliveries(sources: Sources) -> list[dict[str, Any]]:
    """Describe the deliveries by hash, contract and period; never by rows or by what they hold."""
    return [
        {
            "@id": f"#delivery-{row['delivery_id']}",
            "@type": ["Dataset", "prov:Entity"],
            "name": f"{row['partner']} {row['feed']}",
            "identifier": row["delivery_id"],
            "contractVersion": row["contract_version"],
            "temporalCoverage": f"{row['period_from']}/{row['period_to']}",
        }
        for row in sources.delivery.to_pylist()
    ]


def _models(terms: Terms) -> list[dict[str, Any]]:
    return [
        {"@id": f"#model-{n}", "@type": ["SoftwareApplication", "prov:Entity"], "name": model}
        for n, model in enumerate(terms.models, start=1)
    ]


def _parameters(terms: Terms) -> list[dict[str, Any]]:
    values: dict[str, Any] = {name: getattr(terms, name) for name in SCALARS}
    values["tables"] = json.dumps([table.name for table in terms.tables])
    return [
        {"@id": f"#parameter-{name}", "@type": "PropertyValue", "name": name, "value": value}
        for name, value in values.items()
    ]


def _activity(sources: Sources, terms: Terms) -> dict[str, Any]:
    used = [f"#table-{table.name}" for table in terms.tables]
    used += [f"#delivery-{row['delivery_id']}" for row in sources.delivery.to_pylist()]
    used += [f"#model-{n}" for n, _ in enumerate(terms.models, start=1)]
    return {
        "name": "Edition built from the tables named",
        "agent": {"@id": "#agency"},
        "object": [{"@id": name} for name in used],
        "prov:used": [{"@id": name} for name in used],
        "instrument": f"sandbox, code {terms.code_sha256}, lock {terms.lock_sha256}",
    }
