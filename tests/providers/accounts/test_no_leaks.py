"""A key that would be recognised anywhere goes through every route and a vendor that quotes it; nothing shows it."""

import io
import logging
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from auricle.log import JsonFormatter
from tests.emulators.openai_chat import Fault
from tests.providers.accounts.conftest import ACCOUNTS, Clinic, Listing

KEY = "sk-qvorvelian-4711-zymbrandt"
ANOTHER = "sk-flumptious-0815-snorvaline"
QUOTED = re.compile("qvorvelian|zymbrandt|flumptious|snorvaline", re.IGNORECASE)
# What a vendor says that quotes what it was sent: in the prose, and in what ought to be a code.
SAID = {"error": {"message": f"Bad key {KEY} {ANOTHER}", "type": "x", "code": f"key:{KEY}/{ANOTHER}"}}
QUOTING = [
    *(Fault("status", status, body=SAID) for status in (400, 401, 403, 404, 429, 500, 503)),
    *(Fault(name) for name in ("html", "malformed", "cut", "empty", "error_chunk")),
]


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Every line of every logger, as it would be written."""
    kept, root = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(kept)
    handler.setFormatter(JsonFormatter())
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield kept
    root.removeHandler(handler)
    root.setLevel(before)


def assert_quiet(where: str, told: str) -> None:
    found = QUOTED.search(told)
    assert found is None, f"{where}: …{told[max(0, found.start() - 200) : found.end() + 80]}…"


async def test_a_key_is_in_no_answer_log_metric_error_audit_or_table(
    clinic: Clinic, vendor: Listing, log: io.StringIO
) -> None:
    vendor.key = KEY
    answers: list[tuple[str, str]] = []

    async def ask(method: str, path: str, **given: Any) -> Any:
        answer = await clinic.ask(method, path, **given)
        answers.append((f"{method} {path} {answer.status_code}", f"{dict(answer.headers)} {answer.text}"))
        return answer

    everything = {"llm": "own-model", "stt": "own-ears", "tts": "own-voice", "embedding": "own-vectors"}
    made = (await ask("POST", ACCOUNTS, json=clinic.account(key=KEY, models=everything))).raise_for_status().json()
    there = f"{ACCOUNTS}/{made['id']}"
    for wrong in (KEY * 400, f"{KEY} {KEY}", f"{KEY}\n", {"inner": KEY}, [KEY], 4711, ""):
        await ask("POST", ACCOUNTS, json=clinic.account(name="wrong", key=wrong))
        await ask("PATCH", there, json={"key": wrong})
    await ask("POST", ACCOUNTS, json=clinic.account(name=KEY, key=KEY, surprise=KEY))
    await ask(
        "POST", ACCOUNTS, json=clinic.account(name="wrong", key=KEY, vendor=KEY[:40], url=f"https://{KEY}.invalid")
    )
    await ask("POST", ACCOUNTS, content=f'{{"key": "{KEY}'.encode(), headers={"content-type": "application/json"})
    await ask("PATCH", there, json={"key": ANOTHER})  # refused
    for fault in QUOTING:
        vendor.always(fault)
        await ask("POST", "/api/v1/providers/mine/check")
        await ask("PATCH", there, json={"key": KEY})
        await ask("GET", "/api/v1/providers/mine/models")
        await ask("POST", ACCOUNTS, params={"untested": False}, json=clinic.account(name="other", key=ANOTHER))
        await clinic.answered({"llm": [{"provider": "mine"}]})
    vendor.always(None)
    assert any(KEY in one["headers"]["authorization"] for one in vendor.requests)
    async with clinic.services[0].client(clinic.admin) as http:
        document = (await http.get("/openapi.json")).json()
    ids = {"name": "mine", "provider_account_id": made["id"], "number": "1"}
    for path, methods in document["paths"].items():
        if "get" in methods and path != "/api/v1/events":  # endless: tests/live follows it
            await ask("GET", re.sub(r"{(\w+)}", lambda m: ids.get(m[1], str(uuid4())), path))
    await ask("GET", "/metrics")
    assert len(answers) > 100
    for where, told in answers:
        assert_quiet(where, told)
    assert_quiet("log", log.getvalue())
    assert len(log.getvalue()) > 10_000
    for table, rows in await everything_kept(clinic):
        assert_quiet(table, rows)


async def everything_kept(clinic: Clinic) -> list[tuple[str, str]]:
    """Each table with all that it holds of the organization."""
    owned = "select table_name from information_schema.columns where column_name = 'organization_id'"
    kept = []
    async with clinic.services[0].database.transaction(clinic.system) as db:
        for table in (await db.scalars(text(owned + " and table_schema = 'public'"))).all():
            rows = text(f"select t::text from {table} t where organization_id = :own")
            kept.append((table, "\n".join(await db.scalars(rows, {"own": clinic.organization_id}))))
    return kept
