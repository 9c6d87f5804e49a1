"""Symptoms and measurements as the patient told them, noted for the clinician. No dose, no diagnosis."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from auricle.agents.tools.consent_words import say
from auricle.agents.tools.tool import BadArguments, Effect, Errand, Tool, arguments_schema
from auricle.consultations.lifecycle import active_consultation
from auricle.consultations.observations import observe

TEXT = {"type": "string", "minLength": 1, "maxLength": 200}
OPTIONAL_TEXT = {**TEXT, "optional": True}


def number(low: float, high: float, unit: str) -> dict[str, Any]:
    """A measurement within what a living person can have; else it was misheard."""
    return {"type": "number", "minimum": low, "maximum": high, "description": unit, "optional": True}


def noted(kind: str) -> Callable[[Errand, Mapping[str, Any]], Awaitable[dict[str, Any]]]:
    async def run(errand: Errand, arguments: Mapping[str, Any]) -> dict[str, Any]:
        assembly = errand.assembly
        async with assembly.database.transaction(errand.actor) as db:
            consultation = await active_consultation(db, errand.consultation_id)
            await observe(db, assembly.keyring, consultation, errand.turn_id, kind, arguments)
        return {"noted": True}

    return run


async def ask_to_note(errand: Errand, arguments: Mapping[str, Any]) -> str:
    if not arguments:
        raise BadArguments("Nothing to note.")
    what = ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in arguments.items())
    return say("note", errand.language, what=what)


RECORD_SYMPTOM = Tool(
    "record_symptom",
    "Note a symptom for the clinician, in the patient's own words.",
    arguments_schema(
        symptom=TEXT,
        side={"enum": ["left", "right", "both"], "optional": True},
        since=OPTIONAL_TEXT,
        severity={"type": "integer", "minimum": 0, "maximum": 10, "optional": True},
        remark=OPTIONAL_TEXT,
    ),
    Effect.WRITE,
    noted("symptom"),
    also=("consultations:read", "own:read"),
    question=ask_to_note,
)
RECORD_VITALS = Tool(
    "record_vitals",
    "Note measurements that the patient reads out, for the clinician.",
    {
        **arguments_schema(
            systolic=number(40, 300, "mmHg"),
            diastolic=number(20, 200, "mmHg"),
            pulse=number(20, 250, "per minute"),
            temperature_c=number(30, 45, "degrees Celsius"),
            oxygen_percent=number(40, 100, "%"),
            glucose_mg_dl=number(10, 1000, "mg/dl"),
            weight_kg=number(0.5, 400, "kg"),
            height_cm=number(30, 260, "cm"),
            measured_at=OPTIONAL_TEXT,
        ),
        "minProperties": 1,
    },
    Effect.WRITE,
    noted("vitals"),
    also=("consultations:read", "own:read"),
    question=ask_to_note,
)
