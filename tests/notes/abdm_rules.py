"""Our own list of what ABDM's OP consultation record asks for, gathered from bundles in use. Not NRCeS's validator."""

from typing import Any

PROFILES = "https://nrces.in/ndhm/fhir/r4/StructureDefinition/"


def broken(bundle: dict[str, Any]) -> set[str]:
    """The rules that a bundle breaks, by name."""
    resources = [entry["resource"] for entry in bundle["entry"]]
    composition = resources[0]
    of = {kind: [r for r in resources if r["resourceType"] == kind] for kind in {r["resourceType"] for r in resources}}
    coded = {c["code"]: s for s in composition.get("section", []) for c in s["code"].get("coding", [])}
    names = {
        "Composition": "OPConsultRecord",
        **{n: n for n in ("Patient", "Practitioner", "Organization", "Encounter", "DocumentReference")},
    }
    rules = {
        "the bundle is a DocumentBundle": bundle.get("meta", {}).get("profile") == [f"{PROFILES}DocumentBundle"],
        "it is a document": bundle["type"] == "document",
        "it has an identifier with a system": {"system", "value"} <= bundle.get("identifier", {}).keys(),
        "it has a timestamp with a zone": bundle.get("timestamp", "")[-6:-5] in ("+", "-"),
        "the composition comes first": composition["resourceType"] == "Composition",
        "each resource names its profile": all(
            r.get("meta", {}).get("profile") == [PROFILES + name]
            for kind, name in names.items()
            for r in of.get(kind, ())
        ),
        "its type is a clinical consultation report": composition["type"]["coding"][0]
        == {
            "system": "http://snomed.info/sct",
            "code": "371530004",
            "display": "Clinical consultation report",
        },
        "it names subject, encounter, author and custodian": all(
            composition.get(name) for name in ("subject", "encounter", "author", "custodian", "date", "title")
        ),
        "each section has title and code": all(s.get("title") and s.get("code") for s in composition["section"]),
        "the whole document stands in a section of its own": bool(coded.get("371530004", {}).get("entry")),
        "entries are urn:uuid": all(e["fullUrl"] == f"urn:uuid:{e['resource']['id']}" for e in bundle["entry"]),
        "references are urn:uuid with display": all(
            r["reference"].startswith("urn:uuid:") and r.get("display") for r in references(bundle)
        ),
        "the patient has a record number and a name": all(
            p["identifier"][0]["type"]["coding"][0]["code"] == "MR" and p["name"][0].get("text") for p in of["Patient"]
        ),
        "practitioners and organizations are identified": all(
            r.get("identifier") and r.get("name") for kind in ("Practitioner", "Organization") for r in of[kind]
        ),
    }
    return {name for name, holds in rules.items() if not holds}


def references(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, list):
        return [r for one in value for r in references(one)]
    if not isinstance(value, dict):
        return []
    own = [value] if isinstance(value.get("reference"), str) else []
    return own + [r for one in value.values() for r in references(one)]
