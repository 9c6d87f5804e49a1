"""Take agents out of use, unless somebody relies on them."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.agents.models import AgentVersion
from auricle.agents.versions import find_agent
from auricle.consultations.models import Consultation, ConsultationStatus
from auricle.errors import Conflict
from auricle.phone.models import PhoneLine


class AgentInUse(Conflict):
    """Phone lines or open consultations use this agent; `context` says how many."""

    code = "agent.in_use"


async def archive_agent(db: AsyncSession, agent_id: UUID) -> None:
    """Archive an agent; what was said with it keeps its version. Raises `AgentInUse`."""
    agent = await find_agent(db, agent_id, lock=True)
    lines = await db.scalar(select(func.count()).where(PhoneLine.agent_id == agent_id, PhoneLine.active))
    versions = select(AgentVersion.id).where(AgentVersion.agent_id == agent_id)
    talks = await db.scalar(
        select(func.count()).where(
            Consultation.status == ConsultationStatus.ACTIVE, Consultation.agent_version_id.in_(versions)
        )
    )
    if lines or talks:
        raise AgentInUse(phone_lines=lines, active_consultations=talks)
    agent.archived_at = datetime.now(UTC)
    agent.slug = f"{agent.slug}-{agent.id.hex}"  # the name is free again
    await db.flush()
