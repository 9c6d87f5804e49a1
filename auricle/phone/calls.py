"""Calls as they are read: numbers whole only for those who may read patients."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.db.keyset import Order, in_order
from auricle.db.sealed import Key, Keyring
from auricle.db.session import actor_of
from auricle.errors import NotFound
from auricle.patients.create import whole
from auricle.phone.models import PhoneCall
from auricle.phone.numbers import masked
from auricle.phone.schemas import CallOut


async def find(db: AsyncSession, call_id: UUID) -> PhoneCall:
    call = await db.get(PhoneCall, call_id)
    if call is None:
        raise NotFound("No such call.")
    return call


async def list_calls(
    db: AsyncSession, order: Order, *, line_id: UUID | None, patient_id: UUID | None, limit: int
) -> Sequence[PhoneCall]:
    by = {"seconds": func.coalesce(PhoneCall.seconds, 0)}
    statement = await in_order(db, select(PhoneCall), order, PhoneCall.id, limit=limit, **by)
    if line_id is not None:
        statement = statement.where(PhoneCall.line_id == line_id)
    if patient_id is not None:
        statement = statement.where(PhoneCall.patient_id.in_(whole(patient_id)))
    return (await db.scalars(statement)).all()


async def shown(db: AsyncSession, keyring: Keyring, calls: Sequence[PhoneCall]) -> list[CallOut]:
    """Calls for whoever asks. A number whose patient was erased is gone."""
    organization = await keyring.organization(db)
    patients = await keyring.patients(db, [call.patient_id for call in calls if call.patient_id])
    whole_numbers = actor_of(db).may("patients:read")
    out = []
    for call in calls:
        key = patients.get(call.patient_id) if call.patient_id else organization
        number = number_of(key, call)
        out.append(
            CallOut(
                **{name: getattr(call, name) for name in CallOut.model_fields if name != "number"},
                number=number if whole_numbers or number is None else masked(number),
            )
        )
    return out


def number_of(key: Key | None, call: PhoneCall) -> str | None:
    if key is None or call.number is None:
        return None
    return key.open(call.number, "phone_call", "number", call.id)
