"""A replay is a rehearsal: whatever the model asks for, nothing is done, noted or charged to the patient's record."""

import wave
from collections.abc import AsyncIterator
from pathlib import Path

from sqlalchemy import text

import auricle.demo
from auricle.db.base import new_id
from auricle.recording.models import Replay
from auricle.recording.play import Sound
from auricle.recording.replay import heard_again
from tests.agents.conftest import Clinic, Room, asks, assembly, clinic, emulated, scripted  # noqa: F401
from tests.emulators.openai_chat import OpenAIEmulator, Scripted


class Spoken(Sound):
    """A recording that comes from a file."""

    def __init__(self) -> None:
        with wave.open(str(Path(auricle.demo.__file__).parent / "audio" / "01-complaint.wav")) as file:
            self.rate_hz, self._pcm = file.getframerate(), file.readframes(file.getnframes())

    async def track(self, track: str, after_s: float = 0.0) -> AsyncIterator[bytes]:
        yield self._pcm + bytes(round(after_s * self.rate_hz) * 2)


async def rows_of(room: Room, table: str) -> int:
    async with room.assembly.database.transaction(room.talk.actor) as db:
        counted = text(f"select count(*) from {table} where consultation_id = :id")  # noqa: S608
        return await db.scalar(counted, {"id": room.talk.consultation_id}) or 0


async def test_a_model_that_calls_tools_in_a_replay_changes_nothing(
    clinic: Clinic,  # noqa: F811
    emulated: OpenAIEmulator,  # noqa: F811
) -> None:
    emulated.script = scripted(asks("record_symptom", {"symptom": "ringing"}), Scripted("I have noted it."))
    offline = {"default": [{"provider": "offline"}]}
    providers = {"llm": [{"provider": "emulated"}], "stt": offline, "tts": offline}
    room = await clinic.room({"name": "record_symptom", "confirm": False}, providers=providers, actor=clinic.system)
    replay = Replay(id=new_id(), recording_id=new_id(), agent_version_id=room.talk.agent.version_id, voice={})
    turns = await heard_again(room.assembly, replay, room.talk, Spoken())
    assert "noted" in turns[0].answer
    assert any(m["role"] == "tool" for m in emulated.requests[-1]["body"]["messages"]), "the tool was called"
    for table in ("tool_call", "observation", "message", "usage_record"):
        assert await rows_of(room, table) == 0, table
