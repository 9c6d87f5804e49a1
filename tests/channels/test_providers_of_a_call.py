"""What a call has of its providers: sockets that are open before the first turn, and one voice an answer."""

import asyncio

from auricle.agents.config import AgentConfig
from tests import builders
from tests.channels.conftest import Clinic
from tests.channels.talking import answered, eventually, socket, type_in
from tests.emulators.openai_chat import Fault, OpenAIEmulator


async def test_an_answer_goes_on_in_the_voice_that_had_to_begin_it(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    emulated.words = ["Please take a seat in the waiting room.", " The doctor will come and see you very soon."]
    emulated.account("hoarse", Fault("status", 503))
    voices = [{"provider": "hoarse"}, {"provider": "clear"}]
    providers = {"stt": {"default": [{"provider": "offline"}]}, "tts": {"default": voices}}
    config = AgentConfig.model_validate({"name": "spoken", "greeting": {}, "providers": providers})
    clinic.agents["spoken"] = (await builders.make_agent(clinic.service.database, clinic.system, config)).agent_id
    consultation_id = (await clinic.opened("spoken", "voice"))["consultation_id"]
    async with socket(clinic, consultation_id) as live:
        await type_in(live, "Where do I go when I have arrived")
        assert await answered(live) == "".join(emulated.words)
        kept = await eventually(lambda: clinic.transcript(consultation_id), lambda kept: len(kept) >= 2)
    spoken = [(provider, status) for provider, status, _ in await clinic.usage(consultation_id, "tts")]
    assert spoken == [("hoarse", "failed"), ("clear", "ok"), ("clear", "ok")]
    assert kept[-1]["served"]["tts"] == [{"provider": "clear", "model": "some-voice"}]


async def test_a_call_opens_the_sockets_of_its_first_turn_before_anybody_speaks(
    clinic: Clinic, emulated: OpenAIEmulator
) -> None:
    before = emulated.knocks
    consultation_id = (await clinic.opened("alone", "voice"))["consultation_id"]
    async with socket(clinic, consultation_id):
        assert await eventually(lambda: asyncio.sleep(0, emulated.knocks), lambda knocks: knocks > before) > before
    assert emulated.requests == [] and await clinic.usage(consultation_id) == []  # neither asked nor metered
