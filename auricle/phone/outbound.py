"""Calls that we make: whether this number may be called now, then the carrier, then what became of it."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.billing.budgets.require import require_budget
from auricle.consent.decide import ConsentNeeded
from auricle.consent.models import Kind as Consented
from auricle.db.base import new_id
from auricle.db.sealed import Keyring
from auricle.db.session import actor_of
from auricle.errors import Conflict, Invalid, RateLimited
from auricle.live.events import publish
from auricle.patients.create import find_patient, identity_of
from auricle.patients.models import Patient
from auricle.patients.professionals.week import time_zone
from auricle.phone.callers import recognise, refuses_ai
from auricle.phone.lines import Line, find_line, webhook
from auricle.phone.media import media_url
from auricle.phone.models import CallStatus, Direction, Kind, PhoneCall
from auricle.phone.numbers import e164
from auricle.phone.rest import CarrierFailed, Placing
from auricle.phone.ringing import open_for, put_number
from auricle.phone.schemas import CallIn
from auricle.phone.status import Progress, advance
from auricle.phone.tickets import LIFETIME_S, issue
from auricle.settings import Phone

MINUTE = timedelta(minutes=1)
IN_LINE = text("select pg_advisory_xact_lock(:lock)")


class WhomToCall(Invalid):
    """Name a patient who has a phone number, or a number."""

    code = "phone.whom_to_call"


class NumberNotAllowed(Invalid):
    """This number may not be called from here."""

    code = "phone.number_not_allowed"


class OutsideHours(Conflict):
    """Nobody is called at this time of the day."""

    code = "phone.outside_hours"


class LineSwitchedOff(Conflict):
    """This line is switched off."""

    code = "phone.switched_off"


class TooManyCalls(RateLimited):
    """The organization has had as many people called in a minute as it may."""

    code = "phone.too_many_calls"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A call that may be made, ready for its carrier."""

    call_id: UUID
    line: Line
    placing: Placing


async def place(assembly: Assembly, actor: Actor, body: CallIn, *, now: datetime | None = None) -> PhoneCall:
    """Have somebody called. No transaction is open while the carrier is asked.

    Raises what `prepared` does, and `CarrierFailed`: the call is kept as failed.
    """
    async with assembly.database.transaction(actor) as db:
        wanted = await prepared(db, assembly, body, now or datetime.now(UTC))
    try:
        carrier_call_id = await assembly.carriers.place(wanted.line.account, wanted.placing)
    except CarrierFailed:
        await note(
            assembly, actor, wanted.call_id, Progress(None, status=CallStatus.FAILED), because=CarrierFailed.code
        )
        raise
    return await note(assembly, actor, wanted.call_id, Progress(carrier_call_id, status=CallStatus.INITIATED))


async def note(
    assembly: Assembly, actor: Actor, call_id: UUID, progress: Progress, *, because: str | None = None
) -> PhoneCall:
    async with assembly.database.transaction(actor) as db:
        call = await db.get_one(PhoneCall, call_id, with_for_update=True)
        if because is not None:
            call.ended_because = because
        await advance(db, call, progress)
        return call


async def prepared(db: AsyncSession, assembly: Assembly, body: CallIn, now: datetime) -> Wanted:
    """Check everything, then write the call down.

    Raises:
        WhomToCall, NumberNotE164, NumberNotAllowed, LineSwitchedOff, OutsideHours, TooManyCalls: it may not be made.
        ConsentNeeded: the patient wants no AI.
        BudgetExhausted: nothing new begins this month.
    """
    rules, settings = assembly.settings.phone, assembly.settings
    line = await find_line(db, assembly.keyring, body.line_id)
    if not line.row.active:
        raise LineSwitchedOff
    await require_budget(db)
    await check_hours(db, rules, now)
    patient, identified, number = await whom(db, assembly.keyring, body, line.row.language)
    check_number(rules, line, number)
    if await refuses_ai(db, patient.id):
        raise ConsentNeeded(kind=Consented.AI_USE.value)
    await check_pace(db, rules)
    call = PhoneCall(
        id=new_id(),
        line_id=line.row.id,
        direction=Direction.OUTBOUND,
        identified=identified,
        requested_by=actor_of(db).member_id,
    )
    await put_number(db, assembly.keyring, call, number, patient)
    if body.reason is not None:
        call.reason = (await assembly.keyring.patient(db, patient.id)).seal(
            body.reason, "phone_call", "reason", call.id
        )
    db.add(call)
    await db.flush()
    await publish(db, "phone.call", call_id=call.id, status=CallStatus.QUEUED.value)
    kind, there = line.account.kind, webhook(settings.base_url, line.account.kind, line.token)
    ticket = await ticket_at_once(db, assembly, line, call) if kind is Kind.EXOTEL else None
    return Wanted(
        call.id,
        line,
        Placing(
            number=number,
            caller_id=line.number,
            voice_url=f"{there}/voice?call={call.id}",
            status_url=f"{there}/status?call={call.id}",
            media_url=media_url(settings.socket_url, kind, ticket),
            ring_s=rules.ring_s,
            call_id=str(call.id),
        ),
    )


async def ticket_at_once(db: AsyncSession, assembly: Assembly, line: Line, call: PhoneCall) -> str:
    """Exotel is told the media address before it rings, so the consultation is opened and the ticket lasts as long."""
    await open_for(db, assembly.keyring, line, call)
    return await issue(db, call, lifetime_s=assembly.settings.phone.ring_s + LIFETIME_S)


async def whom(db: AsyncSession, keyring: Keyring, body: CallIn, language: str) -> tuple[Patient, bool, str]:
    """Who is called, whether that is known, and on which number."""
    if body.patient_id is not None:
        patient = await find_patient(db, body.patient_id)
        written = body.number or (await identity_of(db, keyring, patient)).phone
        if not written:
            raise WhomToCall
        return patient, True, e164(written)
    if body.number is None:
        raise WhomToCall
    number = e164(body.number)
    patient, identified = await recognise(db, keyring, number, language)
    return patient, identified, number


def check_number(rules: Phone, line: Line, number: str) -> None:
    if number in (line.number, line.handover_number) or not number.startswith(rules.prefixes or ("+",)):
        raise NumberNotAllowed


async def check_hours(db: AsyncSession, rules: Phone, now: datetime) -> None:
    """By the organization's own clock: where the other end is, a number does not tell."""
    hour = now.astimezone(await time_zone(db)).hour
    if not rules.first_hour <= hour < rules.last_hour:
        raise OutsideHours(first_hour=rules.first_hour, last_hour=rules.last_hour)


async def check_pace(db: AsyncSession, rules: Phone) -> None:
    """Count under a lock of the organization's own, so that requests side by side count one another."""
    organization = str(actor_of(db).organization_id).encode()
    lock = int.from_bytes(hashlib.sha256(b"phone.pace" + organization).digest()[:8], "big", signed=True)
    await db.execute(IN_LINE, {"lock": lock})
    made = select(func.count()).where(
        PhoneCall.direction == Direction.OUTBOUND, PhoneCall.created_at > func.now() - MINUTE
    )
    if (await db.scalar(made) or 0) >= rules.calls_per_minute:
        raise TooManyCalls(limit=rules.calls_per_minute, retry_after_s=60)
