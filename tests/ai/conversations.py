"""Short ways to write down a conversation."""

from auricle.ai.port import Utterance


def talk(*turns: str) -> list[Utterance]:
    """`"patient: i have a cough"` and so on; ids are u0, u1, …"""
    names = {"p": "patient", "c": "clinician", "a": "assistant", "d": "document"}
    found = []
    for index, turn in enumerate(turns):
        speaker, _, text = turn.partition(": ")
        found.append(
            Utterance.model_validate({"id": f"u{index}", "speaker": names.get(speaker, speaker), "text": text})
        )
    return found
