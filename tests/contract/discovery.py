"""Google's discovery documents as judges: their schemas are JSON Schema's third draft, in a way of their own."""

from functools import cache
from typing import Any

import pytest

from tests.contract.spec import Judge, document


@cache
def google_judge(file: str, name: str) -> Judge:
    """The judge for one schema of `google/<file>`. Skips the test where the file is not here."""
    jsonschema_rs = pytest.importorskip("jsonschema_rs", reason="jsonschema-rs is not installed")
    schemas = {n: converted(s) for n, s in document(f"google/{file}.json")["schemas"].items()}
    registry = jsonschema_rs.Registry([("urn:spec", {"schemas": schemas})])
    return Judge(jsonschema_rs.Draft202012Validator({"$ref": f"urn:spec#/schemas/{name}"}, registry=registry))


def converted(schema: dict[str, Any]) -> dict[str, Any]:
    """One schema as JSON Schema of 2020.

    What differs: a reference is the bare name of a neighbour; `required` stands at the property; `any` is a type; wide
    integers and bytes are strings. An object takes no properties but its own: Google's servers refuse what they do not
    know, and the documents leave it unsaid.
    """
    if "$ref" in schema:
        return {"$ref": f"urn:spec#/schemas/{schema['$ref']}"}
    made: dict[str, Any] = {key: schema[key] for key in ("enum", "pattern") if key in schema}
    kind = schema.get("type")
    if kind is not None and kind != "any":
        made["type"] = kind
    if schema.get("format") == "byte":
        made["pattern"] = r"^[A-Za-z0-9+/_-]*=*$"
    if kind == "object":
        properties = {name: converted(part) for name, part in schema.get("properties", {}).items()}
        further = schema.get("additionalProperties")
        made |= {
            "properties": properties,
            "required": [n for n, part in schema.get("properties", {}).items() if part.get("required")],
            "additionalProperties": converted(further) if isinstance(further, dict) else False,
        }
    if kind == "array" and "items" in schema:
        made["items"] = converted(schema["items"])
    return made


def closed(part: Any) -> Any:
    """The document of Gemini, made of such a one: an object with properties takes no others."""
    if isinstance(part, list):
        return [closed(p) for p in part]
    if not isinstance(part, dict):
        return part
    made = {key: closed(value) for key, value in part.items()}
    if part.get("type") == "object" and isinstance(part.get("properties"), dict):
        made.setdefault("additionalProperties", False)
    return made
