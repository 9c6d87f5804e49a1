"""Requests that ask for another organization's things, made from the OpenAPI document: every place an id can go."""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from itertools import combinations
from typing import Any, NamedTuple
from uuid import UUID

from auricle.web.openapi import operations
from auricle.web.paging import cursor_of

Json = dict[str, Any]
Place = tuple[str | int, ...]
IDS = Mapping[str, str]

# The person's own sign-in, and what never ends (tests/live follows it).
LEFT_OUT = ("/api/v1/auth", "/api/v1/events", "/api/v1/rights/events")
PLAIN = {"name": "offline", "number": "1", "template_key": "of_zebrafisch"}
FILE = {"file": ("a.md", b"# A\n\nB is b.")}
STOLEN_CURSORS = ("patient_id", "note_id", "document_id", "consultation_id", "agent_id", "member_id")


class Attack(NamedTuple):
    """One request. `kind` says where the other organization's id stands; `stolen` is its name."""

    kind: str
    method: str
    path: str
    template: str
    query: Json
    body: Any
    media: str
    stolen: str


def attacks(document: Json, theirs: IDS, ours: IDS) -> Iterator[Attack]:
    schemas = document["components"]["schemas"]
    all_theirs, all_ours = theirs, ours
    for template, method, operation in operations(document):
        if template.startswith(LEFT_OUT):
            continue
        theirs, ours = meant(template, all_theirs), meant(template, all_ours)
        content = operation.get("requestBody", {}).get("content", {})
        media = next(iter(content), "")
        body = content[media].get("example", {}) if content else None
        places = list(uuid_places(content[media]["schema"], schemas)) if "json" in media else []
        for place, name in places:
            if reach(body, place) is not None:
                body = put(body, place, ours.get(name, ours["patient_id"]))
        names = [n for n in re.findall(r"{(\w+)}", template) if n not in PLAIN]
        query = {
            p["name"]: first(p) for p in operation.get("parameters", ()) if p["in"] == "query" and p.get("required")
        }
        bare = Attack("none", method.upper(), filled(template, ours), template, query, body, media, "")
        yield from (
            bare._replace(kind="path", path=filled(template, {**ours, **pick(theirs, some)}), stolen="+".join(some))
            for some in subsets(names)
        )
        for place, name in places:
            stolen = put(body, place, theirs.get(name, theirs["patient_id"]))
            yield bare._replace(kind="body", body=stolen, stolen=name)
        for name in filters(operation):
            if name == "cursor":
                yield from (
                    bare._replace(kind="cursor", query={**query, name: cursor_of(UUID(theirs[of]))}, stolen=of)
                    for of in STOLEN_CURSORS
                    if of in theirs
                )
            else:
                yield bare._replace(
                    kind="filter", query={**query, name: theirs.get(name, theirs["patient_id"])}, stolen=name
                )
        if not names and not places and not list(filters(operation)):
            yield bare._replace(kind="plain")  # nowhere to put an id: what it shows must still be one's own


def meant(template: str, ids: IDS) -> IDS:
    """`document_id` is a document of the knowledge, but where patients' documents are meant."""
    if not template.startswith(("/api/v1/documents", "/api/v1/soap")) or "patient_document_id" not in ids:
        return ids
    return {**ids, "document_id": ids["patient_document_id"], "audio": ids["patient_document_id"]}


def subsets(names: list[str]) -> Iterator[tuple[str, ...]]:
    for size in range(1, len(names) + 1):
        yield from combinations(names, size)


def pick(ids: IDS, names: tuple[str, ...]) -> dict[str, str]:
    return {name: ids.get(name, ids["patient_id"]) for name in names}


def filled(template: str, ids: IDS) -> str:
    return re.sub(r"{(\w+)}", lambda m: PLAIN.get(m[1]) or ids.get(m[1], ids["patient_id"]), template)


def first(parameter: Json) -> Any:
    schema = parameter["schema"]
    examples = {"date": "2026-11-23", "date-time": "2026-11-23T00:00:00Z"}
    return (schema.get("examples") or schema.get("enum") or [examples.get(schema.get("format", ""), "hearing")])[0]


def filters(operation: Json) -> Iterator[str]:
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "query" and (parameter["name"] == "cursor" or "'uuid'" in str(parameter["schema"])):
            yield parameter["name"]


def uuid_places(schema: Json, schemas: Json, at: Place = (), depth: int = 0) -> Iterator[tuple[Place, str]]:
    """Where a body takes an id, and by which name."""
    if depth > 6:
        return
    if "$ref" in schema:
        yield from uuid_places(schemas[schema["$ref"].rsplit("/", 1)[-1]], schemas, at, depth + 1)
    for choice in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        yield from uuid_places(choice, schemas, at, depth + 1)
    if schema.get("format") == "uuid":
        named = [step for step in at if isinstance(step, str)]
        yield at, named[-1] if named[-1] != "id" else "statement_id"
    if "items" in schema:
        yield from uuid_places(schema["items"], schemas, (*at, 0), depth + 1)
    for name, part in schema.get("properties", {}).items():
        yield from uuid_places(part, schemas, (*at, name), depth + 1)


def reach(body: Any, place: Place) -> Any:
    for step in place:
        try:
            body = body[step]
        except (KeyError, IndexError, TypeError):
            return None
    return body


def put(body: Any, place: Place, value: str) -> Any:
    """The body with a value at a place, whose parents are made where they are missing."""
    whole = deepcopy(body) if body is not None else {}
    at = whole
    for step, following in zip(place, (*place[1:], None), strict=True):
        new = value if following is None else [] if isinstance(following, int) else {}
        if isinstance(step, int):
            if not at:
                at.append(new)
            elif following is None:
                at[step] = new
        elif following is None or not isinstance(at.get(step), list | dict):
            at[step] = new
        at = at[step]
    return whole
