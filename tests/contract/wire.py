"""What goes over the wire between our adapters and an emulator, for the judges."""

from collections.abc import Mapping
from typing import Any

import httpx2
import orjson

from tests.emulators.server import Emulator


async def answer_to(emulator: Emulator, path: str, body: Any, **how: Any) -> Any:
    """The emulator's answer to a request of ours, asked again: JSON, or the data of its events."""
    name, _, value = emulator.credential.partition(": ")
    async with httpx2.AsyncClient() as client:
        sent = {"json": body} if body is not None else {}
        headers = {name: value.format(key=emulator.key)}
        answer = await client.request(
            "POST" if sent or how else "GET", emulator.url + path, headers=headers, **sent, **how
        )
    if not answer.headers["content-type"].startswith("text/event-stream"):
        return answer.json()
    lines = [line[5:].strip() for line in answer.text.splitlines() if line.startswith("data:")]
    return [orjson.loads(line) for line in lines if line != "[DONE]"]


def as_form(fields: Mapping[str, Any]) -> dict[str, Any]:
    """A multipart form as a specification describes it: `name[]` is the list `name`, a file is a string."""
    values = {"true": True, "false": False}
    named = {("file" if k == "wav" else k.removesuffix("[]")): v for k, v in fields.items()}
    return {k: "binary" if k == "file" else values.get(v, v) if isinstance(v, str) else v for k, v in named.items()}
