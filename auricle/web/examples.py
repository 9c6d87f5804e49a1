"""An example of a request body from its schema: its fields' own examples, and plausible values for the rest."""

from typing import Any

Json = dict[str, Any]

# One of each form that JSON writes as text.
TEXTS = {
    "uuid": "018f6b2e-7c1a-7d3e-9b54-1f2a3c4d5e6f",
    "date": "2026-11-21",
    "date-time": "2026-11-21T09:30:00Z",
    "time": "09:30:00",
    "duration": "PT30M",
    "email": "asha@example.org",
    "uri": "https://example.org/",
}
DEEPEST = 8


def example_of(schema: Json, schemas: Json, depth: int = 0) -> Any:
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rsplit("/", 1)[-1]], schemas, depth)
    for given in ("examples", "enum"):
        if schema.get(given):
            return schema[given][0]
    for given in ("example", "const"):
        if given in schema:
            return schema[given]
    for choice in (*schema.get("allOf", ()), *schema.get("anyOf", ()), *schema.get("oneOf", ())):
        if choice.get("type") != "null":
            return example_of(choice, schemas, depth + 1)
    match schema.get("type"):
        case "object":
            return example_object(schema, schemas, depth)
        case "array":
            return [example_of(schema.get("items", {}), schemas, depth + 1)] if depth < DEEPEST else []
    return schema.get("default") or plain_example(schema)


def plain_example(schema: Json) -> Any:
    match schema.get("type"):
        case "integer" | "number":
            return max(schema.get("minimum", 1), schema.get("exclusiveMinimum", 0) + 1)
        case "boolean":
            return schema.get("default", True)
        case "string":
            return TEXTS.get(schema.get("format", ""), "x" * max(1, schema.get("minLength", 4)))
    return {}


def example_object(schema: Json, schemas: Json, depth: int) -> Json:
    """Required fields, and others that bring an example of their own."""
    required = schema.get("required", ())
    properties = schema.get("properties", {}).items()
    named = {name: part for name, part in properties if name in required or part.get("examples")}
    if not named and depth == 0:
        named = {name: part for name, part in properties if is_telling(part)}
    return {name: example_of(part, schemas, depth + 1) for name, part in named.items()} if depth < DEEPEST else {}


def is_telling(schema: Json) -> bool:
    """Does a schema say enough to make up a value that makes sense?"""
    return any(choice.get("format") or choice.get("enum") for choice in (schema, *schema.get("anyOf", ())))
