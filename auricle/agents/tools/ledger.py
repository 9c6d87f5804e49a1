"""The record of tool calls, and what one turn leaves for the next: questions asked, writes under way, late results."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Protocol
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.agents.tools.models import ToolCallRow
from auricle.agents.tools.tool import Errand, canonical
from auricle.db.base import new_id
from auricle.db.sealed import Key

VALID_S = 600.0  # how long a question waits for its answer
STUCK_S = 120.0  # a write that runs for longer was broken off, and nobody knows whether it was done
MAX_OPEN = 20
MAX_STORED_CHARACTERS = 20_000
REMEMBERED_S = 3600.0
BROKEN_OFF = {"error": "It was broken off; whether it was done is not known."}
OPEN = ("pending", "running", "late")
TAKEN = ("running", "done", "late", "failed")

Claim = Literal["ours", "taken", "void"]  # to be done by the caller; done or begun by another; not open any more


@dataclass(frozen=True, slots=True)
class Proposal:
    """A write that the patient was asked about, exactly as it would be done."""

    name: str
    arguments: Mapping[str, Any]
    question: str
    turn_id: UUID
    id: UUID = field(default_factory=new_id)

    def is_for(self, name: str, arguments: Mapping[str, Any]) -> bool:
        return self.name == name and canonical(self.arguments) == canonical(arguments)


@dataclass(frozen=True, slots=True)
class Called:
    """A call that is over."""

    name: str
    arguments: Any
    status: str  # done | failed | refused
    result: Any
    ms: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What is open between turns."""

    proposal: Proposal | None = None
    # (tool, arguments, result) of the writes of the last hour: an interruption may have kept them from the model
    done: Sequence[tuple[str, Any, Any]] = ()
    running: Sequence[tuple[str, Any]] = ()  # (tool, arguments) of the writes whose outcome is not known yet


class Ledger(Protocol):
    """Where calls are kept: the database in a conversation, memory in a rehearsal."""

    async def standing(self) -> Standing: ...

    async def propose(self, proposal: Proposal) -> None:
        """Keep a question for the next turn; earlier ones are void."""
        ...

    async def claim(self, proposal: Proposal, turn_id: UUID) -> Claim:
        """Take a proposal for doing it. `ours` for exactly one caller ever."""
        ...

    async def refuse(self, proposal: Proposal) -> None:
        """The patient did not agree."""
        ...

    async def finish(self, proposal: Proposal, called: Called, *, late: bool) -> None: ...

    async def note(self, calls: Sequence[Called]) -> None:
        """Keep calls that needed nobody's word."""
        ...


class StoredCalls:
    """The ledger of a conversation, in the table `tool_call`. Every method is a short transaction of its own."""

    def __init__(self, errand: Errand) -> None:
        self._errand = errand
        self._database, self._keyring = errand.assembly.database, errand.assembly.keyring

    async def standing(self) -> Standing:
        now = datetime.now(UTC)
        recently_done = (ToolCallRow.confirmed_turn_id.is_not(None)) & (
            ToolCallRow.updated_at > now - timedelta(seconds=REMEMBERED_S)
        )
        open_rows = (
            select(ToolCallRow)
            .where(
                ToolCallRow.consultation_id == self._errand.consultation_id,
                ToolCallRow.status.in_(OPEN) | recently_done,
            )
            .order_by(ToolCallRow.id.desc())
        )
        async with self._database.transaction(self._errand.actor) as db:
            rows = (await db.scalars(open_rows.limit(MAX_OPEN))).all()
            if not rows:
                return Standing()
            standing, over = self._sorted(rows, await self._key(db), now)
            for row, status in over:  # unless another request has moved it meanwhile
                as_seen = (ToolCallRow.id == row.id) & (ToolCallRow.status == row.status)
                await db.execute(update(ToolCallRow).where(as_seen).values(status=status))
            return standing

    def _sorted(
        self, rows: Sequence[ToolCallRow], key: Key, now: datetime
    ) -> tuple[Standing, list[tuple[ToolCallRow, str]]]:
        """What is open, and the rows whose status ends with being seen."""
        proposal: Proposal | None = None
        done: list[tuple[str, Any, Any]] = []
        running: list[tuple[str, Any]] = []
        over: list[tuple[ToolCallRow, str]] = []
        for row in rows:
            body = json.loads(key.open(row.body, "tool_call", "body", row.id))
            age = now - row.updated_at
            if row.status == "pending":
                if proposal is None and age < timedelta(seconds=VALID_S):
                    proposal = Proposal(row.name, body["arguments"], body["question"], row.turn_id, row.id)
                else:
                    over.append((row, "expired"))
            elif row.status == "running" and age < timedelta(seconds=STUCK_S):
                running.append((row.name, body["arguments"]))
            elif row.status == "running":
                over.append((row, "failed"))
                done.append((row.name, body["arguments"], BROKEN_OFF))
            else:
                done.append((row.name, body["arguments"], self._result(key, row)))
                if row.status == "late":
                    over.append((row, "done"))
        return Standing(proposal, tuple(done), tuple(running)), over

    @staticmethod
    def _result(key: Key, row: ToolCallRow) -> Any:
        return None if row.result is None else json.loads(key.open(row.result, "tool_call", "result", row.id))

    async def propose(self, proposal: Proposal) -> None:
        void = (
            update(ToolCallRow)
            .where(ToolCallRow.consultation_id == self._errand.consultation_id, ToolCallRow.status == "pending")
            .values(status="expired")
        )
        async with self._database.transaction(self._errand.actor) as db:
            await db.execute(void)
            row = self._row(await self._key(db), proposal.id, proposal.name, proposal.arguments, proposal.question)
            row.status, row.turn_id = "pending", proposal.turn_id
            db.add(row)

    async def claim(self, proposal: Proposal, turn_id: UUID) -> Claim:
        wanted = (
            update(ToolCallRow)
            .where(ToolCallRow.id == proposal.id, ToolCallRow.status == "pending")
            .values(status="running", confirmed_turn_id=turn_id, updated_at=datetime.now(UTC))
            .returning(ToolCallRow.id)
        )
        async with self._database.transaction(self._errand.actor) as db:
            if (await db.scalar(wanted)) is not None:
                return "ours"
            status = await db.scalar(select(ToolCallRow.status).where(ToolCallRow.id == proposal.id))
            return "taken" if status in TAKEN else "void"

    async def refuse(self, proposal: Proposal) -> None:
        wanted = update(ToolCallRow).where(ToolCallRow.id == proposal.id, ToolCallRow.status == "pending")
        async with self._database.transaction(self._errand.actor) as db:
            await db.execute(wanted.values(status="refused"))

    async def finish(self, proposal: Proposal, called: Called, *, late: bool) -> None:
        async with self._database.transaction(self._errand.actor) as db:
            sealed = (await self._key(db)).seal(stored(called.result), "tool_call", "result", proposal.id)
            status = "late" if late else called.status
            wanted = update(ToolCallRow).where(ToolCallRow.id == proposal.id)
            await db.execute(wanted.values(status=status, result=sealed, ms=called.ms, updated_at=datetime.now(UTC)))

    async def note(self, calls: Sequence[Called]) -> None:
        async with self._database.transaction(self._errand.actor) as db:
            key = await self._key(db)
            for called in calls:
                row = self._row(key, new_id(), called.name, called.arguments, "")
                row.status, row.ms = called.status, called.ms
                row.result = key.seal(stored(called.result), "tool_call", "result", row.id)
                db.add(row)

    async def _key(self, db: AsyncSession) -> Key:
        return await self._keyring.patient(db, self._errand.patient_id)

    def _row(self, key: Key, row_id: UUID, name: str, arguments: Any, question: str) -> ToolCallRow:
        body = canonical({"arguments": arguments, "question": question})
        return ToolCallRow(
            id=row_id,
            consultation_id=self._errand.consultation_id,
            session_id=self._errand.session_id,
            turn_id=self._errand.turn_id,
            name=name[:100],
            body=key.seal(body, "tool_call", "body", row_id),
        )


def stored(result: Any) -> str:
    """A result as it is kept: whole, or said to be too long."""
    text = canonical(result)
    return text if len(text) <= MAX_STORED_CHARACTERS else canonical({"cut": text[: MAX_STORED_CHARACTERS // 4]})


class RehearsedCalls:
    """The ledger of a test scenario: nothing leaves memory."""

    def __init__(self) -> None:
        self.calls: list[Called] = []
        self._proposal: Proposal | None = None
        self._done: list[tuple[str, Any, Any]] = []

    async def standing(self) -> Standing:
        return Standing(self._proposal, tuple(self._done))

    async def propose(self, proposal: Proposal) -> None:
        self._proposal = proposal
        self.calls.append(Called(proposal.name, proposal.arguments, "pending", None, 0))

    async def claim(self, proposal: Proposal, turn_id: UUID) -> Claim:
        taken, self._proposal = self._proposal, None
        return "ours" if taken is not None and taken.id == proposal.id else "void"

    async def refuse(self, proposal: Proposal) -> None:
        self._proposal = None

    async def finish(self, proposal: Proposal, called: Called, *, late: bool) -> None:
        self.calls.append(called)
        self._done.append((called.name, called.arguments, called.result))

    async def note(self, calls: Sequence[Called]) -> None:
        self.calls.extend(calls)
