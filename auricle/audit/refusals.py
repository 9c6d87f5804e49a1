"""Refused accesses to clinical data, each in a short transaction of its own: the refused one was rolled back.

What one caller can write is bounded, so that nobody floods the audit by asking for what they may not have: beyond the
bound refusals are only counted, and the next entry says how many there were.
"""

import asyncio
import logging
import re
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from starlette.requests import Request

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.audit.reads import record
from auricle.errors import AuricleError
from auricle.log import event

log = logging.getLogger(__name__)

# What a route under /api/v1 is about, by the first part of its path.
CLINICAL: Mapping[str, str] = {
    "patients": "patient",
    "consultation": "consultation",
    "consultations": "consultation",
    "conversation": "consultation",
    "ws": "consultation",
    "documents": "document",
    "soap": "soap_note",
    "me": "soap_note",
    "appointments": "appointment",
    "break-glass": "break_glass",
    "erasures": "erasure",
    "exports": "patient_export",
    "audit": "audit_entry",
}
ROUTE = re.compile(r"/api/v1/([a-z-]+)")
WINDOW_S = 60.0
WRITE_S = 2.0


@dataclass(slots=True)
class Asked:
    """One caller in the current window."""

    until: float
    recorded: int = 0
    unrecorded: int = 0


@dataclass(slots=True)
class Bound:
    """How many refusals are recorded in a minute: of one caller, and of all callers of this process."""

    each: int = 30
    all: int = 600
    size: int = 10_000
    _callers: OrderedDict[object, Asked] = field(default_factory=OrderedDict)
    _whole: Asked = field(default_factory=lambda: Asked(0.0))

    def admit(self, caller: object, now: float) -> int | None:
        """None when this one is only counted; else how many of this caller were only counted before it."""
        if self._whole.until <= now:
            self._whole = Asked(now + WINDOW_S)
        asked = self._callers.pop(caller, None) or Asked(0.0)
        if asked.until <= now:
            asked = Asked(now + WINDOW_S, unrecorded=asked.unrecorded)
        self._callers[caller] = asked
        while len(self._callers) > self.size:
            self._callers.popitem(last=False)
        if asked.recorded >= self.each or self._whole.recorded >= self.all:
            asked.unrecorded += 1
            return None
        asked.recorded += 1
        self._whole.recorded += 1
        missed, asked.unrecorded = asked.unrecorded, 0
        return missed


BOUND = Bound()


async def note_refusal(request: Request, error: AuricleError) -> None:
    """Record that a signed-in caller was refused something clinical. Never makes the answer fail."""
    actor: Actor | None = getattr(request.state, "actor", None)
    if error.status not in (403, 404) or actor is None or actor.organization_id is None:
        return
    route = getattr(request.scope.get("route"), "path", "")
    found = ROUTE.match(route)
    entity = CLINICAL.get(found[1]) if found else None
    if entity is None:
        return
    unrecorded = BOUND.admit((actor.organization_id, actor.account_id or actor.address), time.monotonic())
    if unrecorded is None:
        return
    assembly: Assembly = request.app.state.assembly
    about = {"route": f"{request.method} {route}", **({"unrecorded": unrecorded} if unrecorded else {})}
    try:
        async with asyncio.timeout(WRITE_S), assembly.database.transaction(actor) as db:
            action = "read" if request.method == "GET" else "change"
            await record(db, action, entity, named(request), outcome="refused", reason=error.code, **about)
    except (AuricleError, TimeoutError) as failure:
        event(log, "a refusal could not be recorded", logging.WARNING, error=type(failure).__name__)


def named(request: Request) -> UUID | None:
    """The thing that the path names, as it was asked for."""
    for value in request.path_params.values():
        try:
            return value if isinstance(value, UUID) else UUID(str(value))
        except ValueError:
            continue
    return None
