"""A call is there: who it is, whether the agent may take it, and what the carrier is told to do."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from auricle.agents.versions import published
from auricle.assembly import Assembly
from auricle.billing.budgets.require import BudgetExhausted, is_exhausted
from auricle.consultations.lifecycle import Opening, open_consultation
from auricle.consultations.models import ConsultationType
from auricle.db.base import new_id
from auricle.db.sealed import Keyring
from auricle.errors import NotFound
from auricle.patients.models import Patient
from auricle.phone.callers import recognise, refuses_ai
from auricle.phone.hooks import Believed, Hook
from auricle.phone.lines import Line
from auricle.phone.models import CallStatus, Direction, PhoneCall
from auricle.phone.numbers import blind, told_by
from auricle.phone.status import Progress, advance, find_call, progress_of
from auricle.phone.tickets import issue
from auricle.voice.admission import Busy

# What a call that was not taken ended for.
SWITCHED_OFF, NO_AGENT, NO_CONSENT, BUSY = "phone.switched_off", "phone.no_agent", "consent.needed", Busy.code
NO_MONEY = BudgetExhausted.code
LOST = "connection_lost"
TALKED = frozenset({"agent", "client", "too_long"})


@dataclass(frozen=True, slots=True)
class Connect:
    """Open the media socket with this ticket."""

    ticket: str


Next = Connect | Literal["dial", "later", "busy", "hang_up"]


async def take(assembly: Assembly, there: Believed, hook: Hook) -> Next:
    """Answer a call that comes in, or one of ours that somebody answered. Asked again, it gives a new ticket."""
    async with assembly.database.transaction(there.actor) as db:
        progress = progress_of(hook.kind, hook.fields)
        call = await find_call(db, there.line.row.id, call_id=hook.call_id, carrier_call_id=progress.carrier_call_id)
        if call is None and hook.call_id is not None:
            raise NotFound("No such call.")
        if call is not None and call.status.is_end:
            return "hang_up"
        because = await why_not(db, assembly, there, call)
        caller = told_by(hook.kind, hook.fields.get("From") or hook.fields.get("CallFrom") or "")
        if call is None:
            call, because = await begin(db, assembly.keyring, there, caller, because)
        elif because is None and call.patient_id is None:  # asked again, after it was not taken the first time
            because = await recognised(db, assembly.keyring, there, call, caller)
        elif because is None:
            because = await refused_by(db, call.patient_id)
        await advance(db, call, Progress(progress.carrier_call_id, status=CallStatus.RINGING))
        if because is not None:
            call.ended_because = because
            return instead(there, because)
        await open_for(db, assembly.keyring, there.line, call)
        return Connect(await issue(db, call))


async def why_not(db: AsyncSession, assembly: Assembly, there: Believed, call: PhoneCall | None) -> str | None:
    """Why the agent takes no call on this line now, if it does not."""
    if not there.is_open:
        return SWITCHED_OFF
    try:
        await published(db, there.line.row.agent_id)
    except NotFound:
        return NO_AGENT
    try:
        assembly.calls.check_offer()
    except Busy:
        return BUSY
    return NO_MONEY if begins_now(call) and await is_exhausted(db) else None


def begins_now(call: PhoneCall | None) -> bool:
    """Not one that we have placed, nor one that was taken before: those are under way, and never cut off for money."""
    return call is None or (call.direction is Direction.INBOUND and call.consultation_id is None)


async def begin(
    db: AsyncSession, keyring: Keyring, there: Believed, caller: str | None, because: str | None
) -> tuple[PhoneCall, str | None]:
    """The row of a call that comes in. Where the agent does not take it, nobody looks up who it is."""
    call = PhoneCall(id=new_id(), line_id=there.line.row.id, direction=Direction.INBOUND, identified=False)
    if because is None:
        because = await recognised(db, keyring, there, call, caller)
    else:
        await put_number(db, keyring, call, caller, None)
    db.add(call)
    await db.flush()
    return call, because


async def recognised(
    db: AsyncSession, keyring: Keyring, there: Believed, call: PhoneCall, caller: str | None
) -> str | None:
    """Put down whose call it is. Why it is not taken, where the patient does not want that."""
    patient, call.identified = await recognise(db, keyring, caller, there.line.row.language)
    await put_number(db, keyring, call, caller, patient)
    return await refused_by(db, patient.id)


async def put_number(
    db: AsyncSession, keyring: Keyring, call: PhoneCall, number: str | None, patient: Patient | None
) -> None:
    """Seal the other end's number: under the patient's key, so that it is erased with them, else the organization's."""
    organization = await keyring.organization(db)
    call.patient_id = patient.id if patient else None
    if number is not None:
        key = await keyring.patient(db, patient.id) if patient else organization
        call.number = key.seal(number, "phone_call", "number", call.id)
        call.number_blind = blind(organization, number)


async def refused_by(db: AsyncSession, patient_id: UUID | None) -> str | None:
    return NO_CONSENT if patient_id is not None and await refuses_ai(db, patient_id) else None


def instead(there: Believed, because: str | None) -> Next:
    """What happens where the agent does not talk: a person, else a word, or the busy tone where all lines are busy."""
    if there.line.handover_number:
        return "dial"
    return "busy" if because == BUSY else "later"


async def open_for(db: AsyncSession, keyring: Keyring, line: Line, call: PhoneCall) -> None:
    """Open the consultation of this call, once."""
    assert call.patient_id is not None
    if call.consultation_id is None:
        row = line.row
        wanted = Opening(call.patient_id, ConsultationType.PHONE, agent_id=row.agent_id, language=row.language)
        consultation, _ = await open_consultation(db, keyring, wanted)
        call.consultation_id = consultation.id


async def after(assembly: Assembly, there: Believed, hook: Hook) -> Next:
    """The media socket is over, or never opened: what comes next for whoever is still on the line."""
    async with assembly.database.transaction(there.actor) as db:
        progress = progress_of(hook.kind, hook.fields)
        call = await find_call(db, there.line.row.id, call_id=hook.call_id, carrier_call_id=progress.carrier_call_id)
        if call is None or call.status.is_end or call.ended_because in TALKED:
            return "hang_up"
        if call.ended_because is None:
            call.ended_because = BUSY if call.answered_at is None else LOST
    return "dial" if there.line.handover_number else "later"
