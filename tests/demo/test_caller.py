"""The simulated patient of the demo waits as a person would."""

import base64

from auricle.demo.caller import Caller


async def test_an_answer_that_is_shown_but_not_yet_spoken_is_not_over() -> None:
    caller = Caller(lambda kind, text: None)
    caller._take({"type": "ai_response", "is_final": True, "text": "Since when?"})
    assert not await caller.hear_out(0.05, quiet_s=0)
    sound = base64.b64encode(bytes(320)).decode()
    caller._take({"type": "audio_chunk", "data": sound, "sample_rate": 16_000})
    assert await caller.hear_out(5, quiet_s=0)
