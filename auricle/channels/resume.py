"""Resume tokens in the database, for a session whose process is another one, or is gone."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.channels.tokens import Presented, ResumeRefused, Tokens
from auricle.consultations.answer import Talk
from auricle.consultations.models import ConsultationSession, SessionResume
from auricle.identity.models import AuthSession
from auricle.identity.tokens import Claims

STALE = timedelta(days=1)  # longer than any call


@dataclass(frozen=True, slots=True)
class Claimed:
    """A session that may be gone on with: by whom, and in which consultation."""

    actor: Actor
    session_id: UUID


async def remember(db: AsyncSession, talk: Talk, tokens: Tokens) -> None:
    """Keep the tokens of a session that begins. Nobody without a sign-in and a membership can come back."""
    await db.execute(delete(SessionResume).where(SessionResume.created_at < datetime.now(UTC) - STALE))
    actor = talk.actor
    if actor.session_id is None or actor.member_id is None:
        return
    db.add(
        SessionResume(
            session_id=talk.session_id,
            consultation_id=talk.consultation_id,
            member_id=actor.member_id,
            sign_in_id=actor.session_id,
            hash=tokens.current,
            previous_hash=tokens.previous,
        )
    )


async def renew(db: AsyncSession, session_id: UUID, tokens: Tokens) -> None:
    await db.execute(
        update(SessionResume)
        .where(SessionResume.session_id == session_id)
        .values(hash=tokens.current, previous_hash=tokens.previous)
    )


async def forget(db: AsyncSession, session_id: UUID) -> None:
    """The session ended as sessions do: there is nothing to come back to."""
    await db.execute(delete(SessionResume).where(SessionResume.session_id == session_id))


async def claim(
    assembly: Assembly, seen: Actor, presented: Presented, consultation_id: UUID, *, known_here: bool
) -> Claimed:
    """Use a token up for a session that does not go on. Raises `ResumeRefused`.

    `known_here`: the session's own line took the token, but can't go on from where the client is.
    """
    settings = assembly.settings
    async with assembly.database.transaction(seen.inside(presented.organization_id)) as db:
        row = await db.scalar(
            select(SessionResume)
            .where(
                SessionResume.consultation_id == consultation_id,
                or_(SessionResume.hash == presented.hash, SessionResume.previous_hash == presented.hash),
            )
            .with_for_update()
        )
        # A session that lives here knows its tokens best: what it does not take is worth nothing.
        if row is None or (assembly.calls.lines.holds(row.session_id) and not known_here):
            raise ResumeRefused
        session = await db.get_one(ConsultationSession, row.session_id)
        now = datetime.now(UTC)
        if session.ended_at is None:
            good = session.last_activity_at > now - timedelta(seconds=settings.session_idle_s)
        else:
            good = session.ended_at > now - timedelta(seconds=settings.voice.resume_s)
        signed_in = await db.get(AuthSession, row.sign_in_id)
        if not good or signed_in is None:
            raise ResumeRefused
        claims = Claims(signed_in.account_id, signed_in.id, presented.organization_id, row.member_id)
        await db.delete(row)
    return Claimed(await assembly.presence.look_up(claims), row.session_id)
