"""Schemathesis over our own OpenAPI document, as five kinds of caller: no server error, no answer beside the document.

The short form takes seconds for each; `make fuzz` sets AURICLE_TEST_LONG for the long one.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from auricle.web.openapi import operations
from tests.running_service import Service
from tests.web.conftest import Hospital

LONG = bool(os.environ.get("AURICLE_TEST_LONG"))
LONG_S = int(os.environ.get("AURICLE_FUZZ_S", "600"))  # for each caller
CALLERS = ("anonymous", "patient", "clinician", "org_admin", "other org_admin")
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
)
# They end the caller's own sign-in, or never end themselves.
LEFT_OUT = r"/auth/(logout|sessions|password|second-factor)|/events$"

SHORT_FORM = ("--phases", "examples,fuzzing", "--max-examples", "2", "--max-time", "6")
LONG_FORM = ("--phases", "examples,coverage,fuzzing", "--max-examples", "40", "--max-time", str(LONG_S))


async def document(service: Service, folder: Path) -> Path:
    """The document without `Idempotency-Key`: of an operation with a header Schemathesis wants others to be refused."""
    async with service.client() as http:
        whole = (await http.get("/openapi.json")).raise_for_status().json()
    for _, _, operation in operations(whole):
        kept = [p for p in operation.get("parameters", []) if p["name"] != "Idempotency-Key"]
        operation["parameters"] = kept
    file = folder / "openapi.json"
    file.write_text(json.dumps(whole))
    return file


@pytest.mark.fuzz
@pytest.mark.parametrize("caller", CALLERS)
async def test_no_request_makes_the_service_fail_or_answer_beside_its_document(
    service: Service, hospitals: tuple[Hospital, Hospital], tmp_path: Path, caller: str
) -> None:
    other, hospital = hospitals
    headers = (
        {} if caller == "anonymous" else hospital.headers.get(caller) or other.headers[caller.removeprefix("other ")]
    )
    sign_in = [part for name, value in headers.items() for part in ("--header", f"{name}: {value}")]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "schemathesis.cli", "run", str(await document(service, tmp_path)), "--url", service.url,
        *sign_in, "--checks", ",".join(CHECKS), "--exclude-path-regex", LEFT_OUT, "--seed", "1", "--mode", "all",
        "--generation-database", "none", "--request-timeout", "30", "--suppress-health-check", "all", "--no-color",
        *(LONG_FORM if LONG else SHORT_FORM),
        cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        async with asyncio.timeout(LONG_S + 300 if LONG else 120):
            told, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    report = told.decode(errors="replace")
    assert process.returncode == 0, report[-20_000:]
    assert "generated" in report, report[-2_000:]
    print(f"\n{caller}: " + " ".join(line.strip() for line in report.splitlines() if "generated" in line))
