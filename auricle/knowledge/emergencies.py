"""An emergency told in a question to the knowledge: its script is the answer, before anything is searched or paid."""

from collections.abc import AsyncGenerator

from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.agents.versions import published
from auricle.audit.reads import record
from auricle.consultations.alerts import raise_alert
from auricle.db.base import new_id
from auricle.db.session import Database
from auricle.errors import NotFound
from auricle.knowledge.answer import Answer
from auricle.providers.ports import TextDelta
from auricle.safety.redflags import default_watch
from auricle.safety.respond import EMERGENCY_NUMBER, HELPLINE, EmergencyScript, emergency
from auricle.voice.language import written_in


async def emergency_in(database: Database, actor: Actor, question: str, language: str) -> EmergencyScript | None:
    """The script for a red flag in a question, if there is one; staff are told of a patient's, the audit of anybody's.

    Args:
        language: that the answer was wanted in; the script is in the one that the question is clearly written in.
    """
    flag = default_watch().search(question)
    if flag is None:
        return None
    async with database.transaction(actor) as db:
        await record(db, "answer", "knowledge", None, reason=flag.category)
        if actor.patient_id is not None:
            await raise_alert(db, flag.category, new_id(), actor.patient_id)
        number, helpline = await _numbers(db)
    return emergency(question, written_in(question, language), number=number, helpline=helpline)


async def _numbers(db: AsyncSession) -> tuple[str, str]:
    """Whom to call, as the agent says that patients talk with by default; the usual ones without an agent."""
    try:
        config = (await published(db)).config
    except NotFound:
        return EMERGENCY_NUMBER, HELPLINE
    return config.emergency_number, config.helpline


async def scripted(script: EmergencyScript) -> AsyncGenerator[TextDelta | Answer, None]:
    """The script as an answer is streamed."""
    yield TextDelta(script.text)
    yield Answer(script.text, "unknown", (), red_flag=script.category)
