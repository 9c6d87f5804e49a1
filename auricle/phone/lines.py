"""Phone lines: a number, the agent who answers, and the address by which a carrier names the line to us."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.agents.models import Agent
from auricle.db.base import new_id
from auricle.db.keyset import Order, alphabetical, in_order
from auricle.db.sealed import Key, Keyring
from auricle.db.uniques import flush_unique
from auricle.errors import Conflict, NotFound
from auricle.identity.tokens import new_secret
from auricle.phone.carriers import Account, account_of, find_carrier
from auricle.phone.models import Kind, PhoneCall, PhoneCarrier, PhoneLine
from auricle.phone.numbers import blind, e164, masked
from auricle.phone.schemas import Addresses, LineChange, LineIn, LineOut

MOST_LINES = 500


class NumberTaken(Conflict):
    """Another line has this number."""

    code = "phone.number_taken"


class LineInUse(Conflict):
    """Calls were held on this line; switch it off instead."""

    code = "phone.line_in_use"


class TooManyLines(Conflict):
    """The organization has as many lines as it may have."""

    code = "phone.too_many_lines"


@dataclass(frozen=True, slots=True)
class Line:
    """A line with everything open that a call on it needs."""

    row: PhoneLine
    account: Account
    number: str
    handover_number: str | None
    token: str


async def create_line(db: AsyncSession, keyring: Keyring, wanted: LineIn) -> Line:
    if len((await db.scalars(select(PhoneLine.id).limit(MOST_LINES))).all()) == MOST_LINES:
        raise TooManyLines(limit=MOST_LINES)
    await check_agent(db, wanted.agent_id)
    carrier, key, line_id = await find_carrier(db, wanted.carrier_id), await keyring.organization(db), new_id()
    number, (token, token_hash) = e164(wanted.number), new_secret()
    row = PhoneLine(
        id=line_id,
        name=wanted.name,
        carrier_id=carrier.id,
        agent_id=wanted.agent_id,
        language=wanted.language,
        number=key.seal(number, "phone_line", "number", line_id),
        number_blind=blind(key, number),
        handover_number=sealed_handover(key, line_id, wanted.handover_number),
        token=key.seal(token, "phone_line", "token", line_id),
        token_hash=token_hash,
        notice=dict(wanted.notice),
        active=wanted.active,
    )
    db.add(row)
    await flush_unique(db, {"uq_phone_line_number": NumberTaken()})
    await db.refresh(row)
    return opened(key, row, carrier)


async def change_line(db: AsyncSession, keyring: Keyring, line_id: UUID, wanted: LineChange) -> Line:
    row = await find_row(db, line_id, lock=True)
    key = await keyring.organization(db)
    if wanted.agent_id is not None:
        await check_agent(db, wanted.agent_id)
        row.agent_id = wanted.agent_id
    if wanted.handover_number is not None:
        row.handover_number = sealed_handover(key, row.id, wanted.handover_number or None)
    for name in ("name", "language", "notice", "active"):
        if (value := getattr(wanted, name)) is not None:
            setattr(row, name, value)
    await db.flush()
    return opened(key, row, await find_carrier(db, row.carrier_id))


async def renew_token(db: AsyncSession, keyring: Keyring, line_id: UUID) -> Line:
    """Give a line new addresses; the old ones answer nobody from now on."""
    row = await find_row(db, line_id, lock=True)
    key = await keyring.organization(db)
    token, row.token_hash = new_secret()
    row.token = key.seal(token, "phone_line", "token", row.id)
    await db.flush()
    return opened(key, row, await find_carrier(db, row.carrier_id))


async def delete_line(db: AsyncSession, line_id: UUID) -> None:
    row = await find_row(db, line_id, lock=True)
    if await db.scalar(select(PhoneCall.id).where(PhoneCall.line_id == line_id).limit(1)):
        raise LineInUse
    await db.delete(row)


async def find_line(db: AsyncSession, keyring: Keyring, line_id: UUID) -> Line:
    row = await find_row(db, line_id)
    return opened(await keyring.organization(db), row, await find_carrier(db, row.carrier_id))


async def find_row(db: AsyncSession, line_id: UUID, *, lock: bool = False) -> PhoneLine:
    row = await db.get(PhoneLine, line_id, with_for_update=lock or None)
    if row is None:
        raise NotFound("No such phone line.")
    return row


async def list_lines(db: AsyncSession, keyring: Keyring, order: Order, *, limit: int) -> Sequence[Line]:
    lines = select(PhoneLine, PhoneCarrier).join(PhoneCarrier, PhoneCarrier.id == PhoneLine.carrier_id)
    statement = await in_order(db, lines, order, PhoneLine.id, limit=limit, name=alphabetical(PhoneLine.name))
    key = await keyring.organization(db)
    return [opened(key, row.PhoneLine, row.PhoneCarrier) for row in await db.execute(statement)]


async def check_agent(db: AsyncSession, agent_id: UUID) -> None:
    agent = await db.get(Agent, agent_id)
    if agent is None or agent.archived_at is not None:
        raise NotFound("No such agent.")


def sealed_handover(key: Key, line_id: UUID, number: str | None) -> bytes | None:
    return key.seal(e164(number), "phone_line", "handover_number", line_id) if number else None


def opened(key: Key, row: PhoneLine, carrier: PhoneCarrier) -> Line:
    handover = row.handover_number
    return Line(
        row=row,
        account=account_of(key, carrier),
        number=key.open(row.number, "phone_line", "number", row.id),
        handover_number=key.open(handover, "phone_line", "handover_number", row.id) if handover else None,
        token=key.open(row.token, "phone_line", "token", row.id),
    )


def shown(line: Line, actor: Actor, base_url: str) -> LineOut:
    row, whole = line.row, actor.may("phone:write")
    handover = line.handover_number
    return LineOut(
        id=row.id,
        name=row.name,
        carrier_id=row.carrier_id,
        agent_id=row.agent_id,
        kind=line.account.kind,
        language=row.language,
        number=line.number if whole else masked(line.number),
        handover_number=masked(handover) if handover and not whole else handover,
        notice=row.notice,
        active=row.active,
        created_at=row.created_at,
        addresses=addresses(line, base_url) if whole else None,
    )


def addresses(line: Line, base_url: str) -> Addresses:
    there = webhook(base_url, line.account.kind, line.token)
    return Addresses(voice=f"{there}/voice", status=f"{there}/status", after=f"{there}/after")


def webhook(base_url: str, kind: Kind, token: str) -> str:
    return f"{base_url}/webhooks/{kind.value}/{token}"
