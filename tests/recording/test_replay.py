"""A replay is a rehearsal: whatever the model asks for, nothing is done, noted or charged to the patient's record."""

import wave
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text, update

import auricle.demo
from auricle.consultations.lifecycle import find_consultation, open_session
from auricle.consultations.models import Message
from auricle.consultations.transcript import Said, append
from auricle.db.base import new_id
from auricle.recording.models import Recording, Replay
from auricle.recording.play import Sound
from auricle.recording.replay import before, heard_again, talk_of
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


BEFORE, AFTERWARDS = (datetime.now(UTC) + timedelta(hours=hours) for hours in (-1, 1))
HINDI = "मुझे कल से बुखार है और सिर में दर्द हो रहा है"


async def test_a_replay_runs_as_the_call_ran_with_its_languages_and_what_was_said_before(
    clinic: Clinic,  # noqa: F811
    emulated: OpenAIEmulator,  # noqa: F811
) -> None:
    emulated.script = scripted(Scripted("आराम कीजिए।"), Scripted("आराम कीजिए।"))
    emulated.transcripts.append(HINDI)
    ears, mouth = {"provider": "emulated", "model": "some-ears"}, {"provider": "offline"}
    providers = {"llm": [{"provider": "emulated"}], "stt": {"default": [ears]}, "tts": {"default": [mouth]}}
    greeting = {"en": "Hello, I am an automated assistant.", "hi": "नमस्ते, मैं एक स्वचालित सहायक हूँ।"}
    room = await clinic.room(languages=["en", "hi"], greeting=greeting, providers=providers, actor=clinic.system)
    replay = Replay(id=new_id(), recording_id=new_id(), agent_version_id=room.talk.agent.version_id, voice={})
    past = [Said("patient", "I came by bus."), Said("assistant", "Did you find us well?")]
    (turn,) = await heard_again(room.assembly, replay, room.talk, Spoken(), past)
    assert (turn.text, turn.language, turn.answer) == (HINDI, "hi", "आराम कीजिए।")
    told = [m["content"] for m in emulated.requests[-1]["body"]["messages"]]
    assert "I came by bus." in told and "Did you find us well?" in told
    assert not [one for one in told if one in greeting.values()], "who is greeted already is not greeted again"


async def test_a_replay_begins_where_its_session_began(clinic: Clinic) -> None:  # noqa: F811
    room = await clinic.room(actor=clinic.system, languages=["en", "hi"])
    keyring = room.assembly.keyring
    async with room.assembly.database.transaction(room.talk.actor) as db:
        consultation = await find_consultation(db, room.talk.consultation_id)
        recorded = await open_session(db, consultation, "browser", live=True)
        later = await open_session(db, consultation, "text")
        version = room.talk.agent.version_id
        recording = Recording(consultation_id=consultation.id, session_id=recorded.id, rate_hz=16_000)
        replay = Replay(id=new_id(), recording_id=recording.id, agent_version_id=version, voice={})
        for session_id, said in (
            (room.talk.session_id, [Said("patient", "by bus"), Said("assistant", "well found", heard="well")]),
            (recorded.id, [Said("assistant", "नमस्ते", language="hi"), Said("patient", "हाँ", language="hi")]),
            (later.id, [Said("patient", "and by text")]),
        ):
            await append(db, keyring, consultation, session_id, said)
        recording.created_at = datetime.now(UTC)
        await db.execute(update(Message).where(Message.session_id == later.id).values(created_at=AFTERWARDS))
        await db.execute(update(Message).where(Message.session_id == room.talk.session_id).values(created_at=BEFORE))
        talk = await talk_of(db, room.talk.actor, replay, recording)
        assert (talk.session_id, talk.language, consultation.language) == (recorded.id, "hi", "en")
        past = await before(db, keyring, recording)
        assert [one.as_heard for one in past] == ["by bus", "well"]
        ungreeted = Recording(consultation_id=consultation.id, session_id=later.id, rate_hz=16_000)
        for spoken, language in (("en", "en"), ("hi", "hi"), ("ta", "en")):  # the last is none of the agent's
            talk = await talk_of(db, room.talk.actor, replay, ungreeted, [Said("patient", "…", language=spoken)])
            assert talk.language == language
