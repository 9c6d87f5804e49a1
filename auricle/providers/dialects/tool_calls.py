"""Tool calls put together from the pieces in which vendors stream them."""

from typing import Any

import orjson

from auricle.providers.ports import ProviderGarbled, ToolCall

MAX_CALLS = 32
MAX_ARGUMENT_CHARACTERS = 262_144


class _Parts:
    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self.arguments: list[str] = []
        self.characters = 0


class ToolCallParts:
    """Pieces keyed by `index`; where a server leaves it out, a new id or a new name begins the next call."""

    def __init__(self) -> None:
        self._calls: dict[int, _Parts] = {}

    def __bool__(self) -> bool:
        return bool(self._calls)

    def add(self, deltas: list[dict[str, Any]]) -> None:
        for delta in deltas:
            said = delta.get("function") or {}
            call = self._call_of(delta, said)
            call.id = call.id or str(delta.get("id") or "")
            call.name = call.name or str(said.get("name") or "")
            arguments = said.get("arguments")
            if arguments is None:
                continue
            piece = arguments if isinstance(arguments, str) else orjson.dumps(arguments).decode()
            call.arguments.append(piece)
            call.characters += len(piece)
            if call.characters > MAX_ARGUMENT_CHARACTERS:
                raise ProviderGarbled("The arguments of a tool call are too long.")

    def whole(self, *, is_cut: bool) -> list[ToolCall]:
        """All calls, in order. Where the answer was cut by its length limit, incomplete ones are left out."""
        calls = []
        for index, parts in sorted(self._calls.items()):
            arguments = "".join(parts.arguments).strip() or "{}"
            if not parts.name or not _is_object(arguments):
                if is_cut:
                    continue
                raise ProviderGarbled("A tool call is incomplete.")
            calls.append(ToolCall(parts.id or f"call_{index}", parts.name, arguments))
        return calls

    def _call_of(self, delta: dict[str, Any], said: dict[str, Any]) -> _Parts:
        index = delta.get("index")
        if not isinstance(index, int):
            index = self._next_index(str(delta.get("id") or ""), str(said.get("name") or ""))
        if index not in self._calls:
            if len(self._calls) >= MAX_CALLS:
                raise ProviderGarbled("The answer asks for too many tool calls.")
            self._calls[index] = _Parts()
        return self._calls[index]

    def _next_index(self, call_id: str, name: str) -> int:
        if not self._calls:
            return 0
        last = max(self._calls)
        known = self._calls[last]
        for index, parts in self._calls.items():
            if call_id and parts.id == call_id:
                return index
        begins_another = bool(call_id and known.id) or bool(name and known.name and known.arguments)
        return last + 1 if begins_another else last


def arguments_of(text: str) -> dict[str, Any]:
    """The arguments of a call as an object, for vendors that want it as one."""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _is_object(text: str) -> bool:
    try:
        return isinstance(orjson.loads(text), dict)
    except orjson.JSONDecodeError:
        return False
