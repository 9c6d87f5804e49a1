"""The two ways in which an agent's part ends: it hangs up, or a person takes over."""

from collections.abc import Mapping
from typing import Any

from auricle.agents.tools.consent_words import say
from auricle.agents.tools.tool import Effect, Errand, Tool, arguments_schema
from auricle.consultations.alerts import ask_for_person

REASON = {"type": "string", "maxLength": 200, "optional": True}


async def hand_over(errand: Errand, _: Mapping[str, Any]) -> dict[str, Any]:
    """Ring the console; a phone call is transferred by its channel once the answer was played."""
    async with errand.assembly.database.transaction(errand.actor) as db:
        await ask_for_person(
            db,
            consultation_id=errand.consultation_id,
            patient_id=errand.patient_id,
            session_id=errand.session_id,
        )
    return {"handing_over": True}


async def end_call(errand: Errand, _: Mapping[str, Any]) -> dict[str, Any]:
    return {"ending": True}


async def ask_to_end(errand: Errand, _: Mapping[str, Any]) -> str:
    return say("end_call", errand.language)


HAND_OVER = Tool(
    "hand_over",
    "Have a person of the clinic take over: when the patient asks for one, is in danger, or you can't help.",
    arguments_schema(reason=REASON),
    Effect.END,
    hand_over,
)
END_CALL = Tool(
    "end_call",
    "End the conversation, once the patient has said goodbye or wants nothing more.",
    arguments_schema(reason=REASON),
    Effect.END,
    end_call,
    question=ask_to_end,
)
