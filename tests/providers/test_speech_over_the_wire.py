"""Hearing and speaking through the router: chunked transcription, failover with replay, audio that is never doubled."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from auricle.providers.account import Account
from auricle.providers.call import Call, Choice
from auricle.providers.choice import Configured
from auricle.providers.connections import Connections
from auricle.providers.lineup import Lineup, SharedByAll
from auricle.providers.metering import UsageRecord
from auricle.providers.ports import (
    END_OF_SPEECH,
    Audio,
    EndOfSpeech,
    ProviderFailed,
    ProviderGarbled,
    ProviderTimeout,
    Transcript,
    Usage,
)
from auricle.providers.routing import Router
from auricle.providers.vendor import Vendor
from tests.emulators.meaning import tokens, vector
from tests.emulators.openai_chat import Fault
from tests.providers.conftest import FOLLOWED, HALFWAY, PATIENT, Setup, all_of, served, soon

RATE_HZ = 16_000
TENTH = bytes(RATE_HZ // 10 * 2)


async def utterances(*tenths: int, pause_s: float = 0.0) -> AsyncIterator[bytes | EndOfSpeech]:
    for count in tenths:
        for _ in range(count):
            yield TENTH
        yield END_OF_SPEECH
        await asyncio.sleep(pause_s)


def finals(events: list[object]) -> list[str]:
    return [e.text for e in events if isinstance(e, Transcript) and e.is_final]


async def test_each_end_of_speech_is_answered_by_one_final(setup: Setup) -> None:
    setup.main.transcripts.extend(["good morning", "my ear hurts"])
    events = await all_of(setup.router.transcribe(setup.call(), utterances(3, 5), rate_hz=RATE_HZ))
    assert finals(events) == ["good morning", "my ear hurts"]
    second = [e for e in events if isinstance(e, Transcript)][1]
    assert (second.start_s, second.end_s) == (pytest.approx(0.3), pytest.approx(0.8))
    record = setup.records[0]
    assert (record.status, record.audio_s, record.first_ms is not None) == ("ok", pytest.approx(0.8), True)
    assert [r["body"]["wav"][:4] for r in setup.main.requests] == [b"RIFF", b"RIFF"]


@pytest.mark.parametrize("fault", [Fault("status", 500), Fault("stall_first"), Fault("status", 401), Fault("html")])
async def test_the_next_provider_hears_again_what_the_first_did_not_answer(setup: Setup, fault: Fault) -> None:
    setup.main.transcripts.append("first")
    setup.main.next(Fault(), fault)
    setup.spare.transcripts.append("second")
    call = setup.call("main", "spare", timeouts=FOLLOWED if fault.name == "stall_first" else PATIENT)
    events = await all_of(setup.router.transcribe(call, utterances(3, 5, pause_s=0.1), rate_hz=RATE_HZ))
    assert finals(events) == ["first", "second"]
    assert served(events) == ["main", "spare"]
    assert len(setup.spare.requests[0]["body"]["wav"]) == 44 + 5 * len(TENTH)  # the second utterance, and it alone
    assert [r.provider for r in setup.records] == ["main", "spare"]
    assert setup.records[0].audio_s == pytest.approx(0.8)  # counted although the provider never told


async def test_with_no_provider_left_the_error_is_raised_and_each_attempt_metered(setup: Setup) -> None:
    setup.main.always(Fault("status", 500))
    setup.spare.always(Fault("stall_first"))
    call = setup.call("main", "spare", timeouts=FOLLOWED)
    with pytest.raises(ProviderTimeout):
        await all_of(setup.router.transcribe(call, utterances(2), rate_hz=RATE_HZ))
    assert setup.statuses == [("main", "failed"), ("spare", "timeout")]


async def test_a_call_comes_back_to_the_first_provider_when_the_second_fails_later(setup: Setup) -> None:
    setup.main.next(Fault("status", 500))
    setup.spare.next(Fault(), Fault("status", 500))
    events = await all_of(
        setup.router.transcribe(setup.call("main", "spare"), utterances(2, 3, pause_s=0.1), rate_hz=RATE_HZ)
    )
    assert served(events) == ["main", "spare", "main"]
    assert len(finals(events)) == 2


async def test_silence_from_the_caller_is_no_timeout(setup: Setup) -> None:
    async def slow() -> AsyncIterator[bytes | EndOfSpeech]:
        yield TENTH
        await asyncio.sleep(FOLLOWED.first_s + 0.1)  # longer than every deadline of the provider
        yield END_OF_SPEECH

    call = setup.call(timeouts=FOLLOWED)
    assert len(finals(await all_of(setup.router.transcribe(call, slow(), rate_hz=RATE_HZ)))) == 1


@pytest.mark.parametrize(("is_pending", "status"), [(False, "ok"), (True, "cancelled")])
async def test_a_hang_up_is_metered_once_and_stops_reading_the_caller(
    setup: Setup, is_pending: bool, status: str
) -> None:
    stopped = asyncio.Event()

    async def endless() -> AsyncIterator[bytes | EndOfSpeech]:
        try:
            for _ in range(2 if is_pending else 1):
                yield TENTH
                yield END_OF_SPEECH
            while True:
                yield TENTH
                await asyncio.sleep(0.01)
        finally:
            stopped.set()

    async with aclosing(setup.router.transcribe(setup.call(), endless(), rate_hz=RATE_HZ)) as events:
        async for one in events:
            if isinstance(one, Transcript):
                break
    assert setup.statuses == [("main", status)]
    assert setup.records[0].audio_s is not None
    async with asyncio.timeout(20):
        await stopped.wait()


async def test_a_failure_of_the_caller_is_not_hidden(setup: Setup) -> None:
    async def broken() -> AsyncIterator[bytes | EndOfSpeech]:
        yield TENTH
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await all_of(setup.router.transcribe(setup.call(), broken(), rate_hz=RATE_HZ))


async def test_a_long_utterance_is_sent_in_parts_and_answered_once(setup: Setup) -> None:
    setup.main.transcripts.extend(["one", "two"])
    events = await all_of(setup.router.transcribe(setup.call(), utterances(270), rate_hz=RATE_HZ))
    assert finals(events) == ["one two"]


async def test_speech_is_whole_samples_from_odd_pieces(setup: Setup) -> None:
    events = await all_of(setup.router.speak(setup.call(), "Good morning."))
    audio = [e for e in events if isinstance(e, Audio)]
    assert all(len(a.pcm) % 2 == 0 for a in audio)
    assert sum(len(a.pcm) for a in audio) == 6 * 2_399 + 6
    record = setup.records[0]
    assert events[-1] == Usage(characters=13)
    assert (record.status, record.characters) == ("ok", 13)
    assert record.audio_s == pytest.approx((6 * 2_399 + 6) / 48_000)


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Fault("empty"), "failed"),
        (Fault("html"), "failed"),
        (Fault("status", 500), "failed"),
        (Fault("stall_first"), "timeout"),
    ],
)
async def test_a_sentence_nobody_has_heard_yet_is_spoken_by_the_next(setup: Setup, fault: Fault, status: str) -> None:
    setup.main.next(fault)
    call = setup.call("main", "spare", timeouts=FOLLOWED if status == "timeout" else PATIENT)
    events = await all_of(setup.router.speak(call, "Good morning."))
    assert served(events) == ["spare"]
    assert setup.statuses == [("main", status), ("spare", "ok")]


@pytest.mark.parametrize("name", ["cut", "stall_middle"])
async def test_a_sentence_begun_is_never_spoken_on_in_another_voice(setup: Setup, name: str) -> None:
    setup.main.next(Fault(name))
    with pytest.raises(ProviderFailed):
        await all_of(setup.router.speak(setup.call("main", "spare", timeouts=HALFWAY), "Good morning."))
    assert not setup.spare.requests
    assert len(setup.records) == 1


async def test_vectors_come_in_order_and_normalised(setup: Setup) -> None:
    texts = ["the left ear", "appointments on monday", "how to clean a hearing aid"]
    answer = await setup.router.embed(setup.call(), texts, task="document")
    expected = np.array([vector(t, answer.vectors.shape[1], 2.0) for t in texts])
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    assert answer.vectors == pytest.approx(expected, abs=1e-5)
    assert (answer.vectors**2).sum(axis=1).tolist() == pytest.approx([1, 1, 1])
    assert setup.records[0].input_tokens == sum(map(tokens, texts))


async def test_a_missing_vector_is_garbled_and_the_next_provider_embeds(setup: Setup) -> None:
    setup.main.next(Fault("malformed"))
    answer = await setup.router.embed(setup.call("main", "spare"), ["a", "b"], task="query")
    assert answer.served.provider == "spare"
    setup.main.next(Fault("malformed"))
    with pytest.raises(ProviderGarbled):
        await setup.router.embed(setup.call(), ["a", "b"], task="query")


async def test_a_cancelled_embedding_is_metered_once(setup: Setup) -> None:
    setup.main.next(Fault("stall_first"))
    task = asyncio.create_task(setup.router.embed(setup.call(), ["a"], task="query"))
    await soon(lambda: bool(setup.main.requests))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert setup.statuses == [("main", "cancelled")]


async def test_a_recognizer_that_has_answered_all_and_does_not_end_holds_nobody_up(tmp_path: Path) -> None:
    class Endless:
        def __init__(self, account: Account) -> None:
            pass

        async def transcribe(
            self, audio: AsyncIterator[bytes | EndOfSpeech], **how: Any
        ) -> AsyncGenerator[Transcript | Usage, None]:
            async for piece in audio:
                if isinstance(piece, EndOfSpeech):
                    yield Transcript("good morning", True)
            await asyncio.Event().wait()

    records: list[UsageRecord] = []
    connections = Connections()
    it = Configured(Vendor("endless", stt=Endless, needs_url=False), Account("it", "endless", connections))
    router = Router(SharedByAll(Lineup({"it": it})), connections, records.append, timeouts=HALFWAY)
    events = await all_of(router.transcribe(Call(None, [Choice("it")]), utterances(2), rate_hz=RATE_HZ))
    assert finals(events) == ["good morning"]
    assert [r.status for r in records] == ["timeout"]
    await router.aclose()
