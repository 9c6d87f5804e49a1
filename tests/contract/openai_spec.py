"""OpenAI's own specification as a judge of our requests and of our emulator's answers."""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

FILE = "openai/openapi.yaml"


@cache
def spec() -> dict[str, Any]:
    folder = Path(os.environ.get("AURICLE_SHARED_SPECS") or Path(__file__).parents[2].parent / "shared" / "specs")
    if not (folder / FILE).is_file():
        pytest.skip(f"OpenAI's specification is not here (AURICLE_SHARED_SPECS/{FILE})")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    schemas = yaml.load((folder / FILE).read_text(encoding="utf-8"), Loader=loader)["components"]["schemas"]
    as_json = json.loads(json.dumps(schemas, default=str))  # YAML makes dates of examples
    return {"components": {"schemas": _without_nullable(as_json)}}


@cache
def judge_of(name: str) -> Any:
    """A validator of one schema of the specification."""
    jsonschema_rs = pytest.importorskip("jsonschema_rs", reason="jsonschema-rs is not installed")
    schema = {"$ref": f"#/components/schemas/{name}", **spec()}
    return jsonschema_rs.validator_for(schema)


def complaints(name: str, value: Any) -> list[str]:
    return [error.message for error in judge_of(name).iter_errors(value)]


def _without_nullable(part: Any) -> Any:
    """The file says OpenAPI 3.1 but uses 3.0's `nullable`, which 3.1 ignores: rewrite it as a union with null."""
    if isinstance(part, list):
        return [_without_nullable(p) for p in part]
    if not isinstance(part, dict):
        return part
    rewritten = {key: _without_nullable(value) for key, value in part.items()}
    if rewritten.pop("nullable", None) is True:
        return {"anyOf": [rewritten, {"type": "null"}]}
    return rewritten
