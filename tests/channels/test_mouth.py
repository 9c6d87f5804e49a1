"""How a mouth moves, over the socket: with the sound that it belongs to, and no longer than that."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest

from auricle.agents.config import AgentConfig
from auricle.voice.visemes import SHAPES
from tests import builders
from tests.channels.conftest import Clinic
from tests.channels.patient import App
from tests.emulators.openai_chat import OpenAIEmulator

QUESTION = "Where do I sit when I come in"
WORDS = {
    "en": ["Please bring it with you.", " Take a seat."],
    "hi": ["कृपया मशीन लाइए।", " फिर यहाँ बैठिए।"],
}
FORM = {"encoding": "pcm16", "sample_rate": 16_000, "binary": True, "sound": True, "visemes": True}


@dataclass
class Face:
    """What a page with a face gets: the sound's length so far, and where in it each shape belongs."""

    made_ms: float = 0.0
    shapes: list[tuple[float, str]] = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)

    async def watch(self, app: App, until: str) -> None:
        while not self.told or self.told[-1]["type"] != until:
            raw = await app.socket.recv()
            if isinstance(raw, bytes):
                self.made_ms += len(raw) / 32
                continue
            message = orjson.loads(raw)
            self.told.append(message)
            if message["type"] == "visemes":
                assert message.keys() == {"type", "visemes"}  # not numbered: it belongs to sound, which is not kept
                self.shapes += [(self.made_ms + at_ms, shape) for shape, at_ms in message["visemes"]]
            elif message["type"] == "mark":
                await app.socket.send(orjson.dumps({"type": "played", "mark": message["mark"]}).decode())


async def opened(clinic: Clinic, voices: Sequence[str], language: str = "en", **form: Any) -> App:
    providers = {"stt": {"default": [{"provider": "offline"}]}, "tts": {"default": [{"provider": v} for v in voices]}}
    config = AgentConfig.model_validate(
        {"name": "shown", "greeting": {}, "providers": providers, "languages": [language]}
    )
    clinic.agents["shown"] = (await builders.make_agent(clinic.service.database, clinic.system, config)).agent_id
    return await (await App.of(clinic, "shown")).open(audio=FORM | form, language=language)


@pytest.mark.parametrize(("voice", "language"), [("offline", "hi"), ("timed-http", "en"), ("timed-socket", "hi")])
async def test_shapes_rise_within_the_sound_of_a_voice_that_tells_its_times(
    clinic: Clinic, emulated: OpenAIEmulator, voice: str, language: str
) -> None:
    emulated.words = WORDS[language]
    app, face = await opened(clinic, [voice], language), Face()
    assert app.session["audio"] == FORM
    await app.ask(QUESTION)
    await face.watch(app, "metrics")
    await app.hang_up()
    at_ms = [at for at, _ in face.shapes]
    assert at_ms == sorted(at_ms) and at_ms[0] >= 0 and at_ms[-1] <= face.made_ms
    assert {shape for _, shape in face.shapes} <= set(SHAPES)
    assert len({shape for _, shape in face.shapes}) >= 6 and len(at_ms) > 10
    assert at_ms[-1] > 0.7 * face.made_ms  # to the end of it, not only of its first sentence


async def test_an_interruption_ends_the_shapes_with_the_sound(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    emulated.words = WORDS["en"] * 4
    app, face = await opened(clinic, ["offline"]), Face()
    await app.ask(QUESTION)
    await face.watch(app, "visemes")
    await app.socket.send('{"type":"interrupt"}')
    await face.watch(app, "metrics")
    await app.hang_up()
    kinds = [message["type"] for message in face.told]
    assert "visemes" not in kinds[kinds.index("interrupted") :]
    assert face.shapes[-1][0] <= face.made_ms + 1_300  # no more was told than the lead and a second


@pytest.mark.parametrize(("voice", "form"), [("clear", {}), ("offline", {"visemes": False})])
async def test_no_shapes_where_the_voice_has_no_times_or_nobody_asked(
    clinic: Clinic, emulated: OpenAIEmulator, voice: str, form: dict[str, bool]
) -> None:
    app, face = await opened(clinic, [voice], **form), Face()
    await app.ask(QUESTION)
    await face.watch(app, "metrics")
    await app.hang_up()
    assert face.shapes == [] and face.made_ms > 200
