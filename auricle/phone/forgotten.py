"""Calls of which no more word came: a carrier without a status address tells nothing of an end we did not make."""

from datetime import timedelta

from sqlalchemy import func, select

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.identity.models import Organization
from auricle.jobs.schedule import periodic
from auricle.phone.models import CallStatus, PhoneCall
from auricle.phone.rest import LONGEST_CALL_S
from auricle.phone.status import Progress, advance

OVER_AFTER = timedelta(seconds=LONGEST_CALL_S + 600)
MOST = 1000
NO_WORD = "no_word"
UNDER_WAY = [status for status in CallStatus if not status.is_end]


@periodic("phone.close_forgotten", "37 * * * *")
async def close_forgotten(assembly: Assembly, actor: Actor) -> None:
    """End calls that are older than a call can be."""
    async with assembly.database.transaction(actor) as db:
        organizations = (await db.scalars(select(Organization.id))).all()
    for organization_id in organizations:
        async with assembly.database.transaction(Actor.system(organization_id, actor.request_id)) as db:
            old = select(PhoneCall).where(
                PhoneCall.status.in_(UNDER_WAY), PhoneCall.created_at < func.now() - OVER_AFTER
            )
            for call in await db.scalars(old.limit(MOST).with_for_update(skip_locked=True)):
                call.ended_because = call.ended_because or NO_WORD
                status = CallStatus.COMPLETED if call.answered_at else CallStatus.FAILED
                await advance(db, call, Progress(None, status=status))
