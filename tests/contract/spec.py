"""Vendors' own specifications as judges of our requests and of our emulators' answers.

`judge("openai/openapi.yaml", "/components/schemas/CreateSpeechRequest", nullable)` validates one schema of one file.
Where a file doesn't keep to the standard it names, a quirk says so in a function's name and sets it right.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

Quirk = Callable[[Any], Any]  # a document → the document as it was meant


class Judge:
    """One schema of a specification."""

    def __init__(self, validator: Any) -> None:
        self._validator = validator

    def complaints(self, value: Any) -> list[str]:
        """What is wrong with a value, with the place where it is; nothing: it is as specified."""
        found = self._validator.iter_errors(value)
        return [f"{'/'.join(map(str, e.instance_path))}: {e.message}" for e in found]


@cache
def judge(file: str, pointer: str = "", *quirks: Quirk) -> Judge:
    """The judge for the schema at a JSON pointer of a vendor's file. Skips the test where the file is not here."""
    jsonschema_rs = pytest.importorskip("jsonschema_rs", reason="jsonschema-rs is not installed")
    registry = jsonschema_rs.Registry([("urn:spec", document(file, *quirks))])
    return Judge(jsonschema_rs.Draft202012Validator({"$ref": f"urn:spec#{pointer}"}, registry=registry))


@cache
def document(file: str, *quirks: Quirk) -> Any:
    """A whole specification, its quirks set right."""
    found = _read(file)
    for quirk in quirks:
        found = quirk(found)
    return found


def nullable(part: Any) -> Any:
    """3.0's `nullable`, which later drafts ignore (some files say 3.1 and use it): a union with null."""
    if isinstance(part, list):
        return [nullable(p) for p in part]
    if not isinstance(part, dict):
        return part
    rewritten = {key: nullable(value) for key, value in part.items()}
    if isinstance(rewritten.get("nullable"), bool) and rewritten.pop("nullable"):
        return {"anyOf": [rewritten, {"type": "null"}]}
    return rewritten


def _read(file: str) -> Any:
    """A file of the folder of specifications. Reading large YAML takes seconds: it is kept as JSON in a cache."""
    folder = Path(os.environ.get("AURICLE_SHARED_SPECS") or Path(__file__).parents[2].parent / "shared" / "specs")
    path = folder / file
    if not path.is_file():
        pytest.skip(f"this specification is not here (AURICLE_SHARED_SPECS/{file})")
    text = path.read_bytes()
    if path.suffix == ".json":
        return json.loads(text)
    kept = _cache_folder() / f"{hashlib.sha256(text).hexdigest()[:24]}.json"
    if kept.is_file():
        return json.loads(kept.read_bytes())
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    as_json = json.dumps(yaml.load(text, Loader=loader), default=str)  # YAML makes dates of examples
    with tempfile.NamedTemporaryFile("w", dir=kept.parent, delete=False, encoding="utf-8") as half:
        half.write(as_json)
    Path(half.name).replace(kept)  # at once: other processes may be reading
    return json.loads(as_json)


def _cache_folder() -> Path:
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "auricle-tests" / "specs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
