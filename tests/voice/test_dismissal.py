"""A process that must stop ends its calls with words, and with the account of what was said."""

import asyncio

from auricle.voice.vad import SharedVad
from tests.voice.stage import APOLOGY, PHRASE_A, PHRASE_B, call, now, speech
from tests.voice.virtual_time import in_virtual_time


def test_a_dismissed_caller_hears_the_apology_to_its_end_and_then_the_call_is_over(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = call(vad)
        await c.line.hush(1.0)
        await c.line.say(speech(PHRASE_A))
        await c.line.until("audio")
        await c.line.hush(1.0)
        c.session.dismiss("session.stopping")
        told_at = now()
        hushing = asyncio.ensure_future(c.line.hush(5.0))
        ending = await c.task
        hushing.cancel()
        assert (ending.kind, ending.reason) == ("failed", "session.stopping")
        assert 1.0 <= now() - told_at <= 1.6  # the apology lasts a second
        answer, farewell = c.providers.records
        assert answer.interrupted and answer.heard_text and answer.user_text == PHRASE_A
        assert farewell.heard_text == APOLOGY.text and farewell.errors == ("session.stopping",)

    in_virtual_time(scenario())


def test_a_dismissed_caller_who_speaks_into_the_apology_ends_the_call_and_what_they_said_before_is_kept(
    vad: SharedVad,
) -> None:
    async def scenario() -> None:
        c = call(vad)
        await c.line.hush(1.0)
        speaking = asyncio.ensure_future(c.line.say(speech(PHRASE_A) + speech(PHRASE_B)))
        await asyncio.sleep(2.5)
        c.session.dismiss("session.stopping")
        ending = await c.task
        speaking.cancel()
        assert ending.reason == "session.stopping"
        assert PHRASE_A.startswith(c.providers.records[0].user_text) and c.providers.records[0].user_text

    in_virtual_time(scenario())
