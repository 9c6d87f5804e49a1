"""What only AssemblyAI does: messages of certain lengths, turns that come twice, a bill for the time of a socket."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from auricle.billing.pricing import cost_of
from auricle.providers.call import NoProvider
from auricle.providers.ports import (
    END_OF_SPEECH,
    EndOfSpeech,
    Identifying,
    ProviderBusy,
    ProviderFailed,
    ProviderGarbled,
    ProviderRefused,
    ProviderTimeout,
    Transcript,
    Usage,
)
from auricle.providers.vendors.assemblyai import MOST_TERMS, failure_of
from tests.emulators.assemblyai import AssemblyAIEmulator
from tests.emulators.server import Fault
from tests.providers.contract.conftest import all_of, nothing_left
from tests.providers.contract.vendors import Case, running
from tests.providers.speech import RATE_HZ, SOON, finals, heard, live, quiet, sound

OLDER = "universal-streaming-english"


def assemblyai(**given: Any) -> Case:
    return Case("assemblyai", AssemblyAIEmulator, given)


def lengths_ms(received: list[Any], rate_hz: int = RATE_HZ) -> list[float]:
    return [len(frame) / 2 / rate_hz * 1000 for frame in received if isinstance(frame, bytes)]


@pytest.mark.parametrize("rate_hz", [8_000, 16_000])
@pytest.mark.parametrize("piece_ms", [10, 20, 96, 1_000, 1_020, 3_333])
async def test_sound_goes_out_in_messages_of_50_to_1000_ms(tmp_path: Path, rate_hz: int, piece_ms: int) -> None:
    piece = b"\1\0" * (rate_hz * piece_ms // 1_000)
    pieces = [piece] * (4_000 // piece_ms)
    it, events = await heard(assemblyai(), tmp_path, pieces, b"\1\0" * 8, END_OF_SPEECH, rate_hz=rate_hz)
    assert it.emulator.requests[0]["query"]["sample_rate"] == str(rate_hz)
    sent = lengths_ms(it.emulator.received, rate_hz)
    assert all(50 <= ms <= 1_000 for ms in sent)
    whole = sum(len(p) for p in pieces) / 2 / rate_hz * 1000
    assert whole <= sum(sent) <= whole + 51  # the last one is filled up with silence, and nothing is lost
    assert [t.text for t in finals(events)] == ["it hurts"]


async def test_the_end_of_a_sound_is_never_sent_before_the_sound(tmp_path: Path) -> None:
    it, _ = await heard(assemblyai(), tmp_path, sound(0.5), b"\1\0" * 8, END_OF_SPEECH)
    kinds = ["sound" if isinstance(f, bytes) else f["type"] for f in it.emulator.received]
    assert kinds[-3:] == ["sound", "ForceEndpoint", "Terminate"]


async def test_a_turn_that_comes_twice_is_one_final_with_its_punctuation(tmp_path: Path) -> None:
    it, events = await heard(assemblyai(stt=OLDER), tmp_path, sound(0.6), END_OF_SPEECH, script=["My ear hurts."])
    turns = [f for f in it.emulator.sent if f["type"] == "Turn" and f["end_of_turn"]]
    assert [t["turn_is_formatted"] for t in turns] == [False, True]
    assert [t.text for t in finals(events)] == ["My ear hurts."]
    words = [e.text for e in events if isinstance(e, Transcript) and not e.is_final]
    assert words[-1] == "my ear hurts"  # shown at once


async def test_words_that_may_still_change_are_shown(tmp_path: Path) -> None:
    _, events = await heard(assemblyai(), tmp_path, sound(0.4), END_OF_SPEECH, script=["one two three four"])
    interims = [e.text for e in events if isinstance(e, Transcript) and not e.is_final]
    assert interims == ["one two", "one two three four"]


async def test_punctuation_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    class Plain(AssemblyAIEmulator):
        async def tell(self, ws: Any, value: Any) -> None:
            if not value.get("turn_is_formatted"):
                await super().tell(ws, value)

    case = Case("assemblyai", Plain, {"stt": OLDER})
    parts = (sound(0.6), END_OF_SPEECH, sound(0.4), END_OF_SPEECH)
    it, events = await heard(case, tmp_path, *parts, script=["My ear hurts.", "Badly."], timeouts=SOON)
    assert [t.text for t in finals(events)] == ["my ear hurts", "badly"]
    assert [r.status for r in it.records] == ["ok"]


async def test_a_turn_that_it_ends_itself_says_so(tmp_path: Path) -> None:
    parts = (sound(0.6), quiet(1.2), sound(0.4), END_OF_SPEECH)
    _, events = await heard(assemblyai(), tmp_path, *parts, script=["My ear hurts.", "Badly."])
    assert [(t.text, t.end_of_turn) for t in finals(events)] == [("My ear hurts.", True), ("Badly.", False)]
    first = finals(events)[0]
    assert (first.start_s, first.end_s, first.confidence) == (0.0, pytest.approx(0.3), pytest.approx(0.95))


async def test_a_sound_without_words_is_answered_with_nothing(tmp_path: Path) -> None:
    parts = (sound(0.5), END_OF_SPEECH, sound(0.5), END_OF_SPEECH)
    it, events = await heard(assemblyai(), tmp_path, *parts, script=["", "it hurts"], timeouts=SOON)
    assert [t.text for t in finals(events)] == ["", "it hurts"]
    assert [r.status for r in it.records] == ["ok"]


@pytest.mark.parametrize(
    ("name", "seconds"),
    [("stall_body", 0.5), ("stall_middle", 1.0), ("stall_body", 4.0)],
    ids=["before it began", "within a turn", "all of a long sound"],
)
async def test_a_recognizer_that_stalls_is_not_taken_for_silence(tmp_path: Path, name: Any, seconds: float) -> None:
    with pytest.raises(ProviderTimeout):
        await heard(assemblyai(), tmp_path, sound(seconds), END_OF_SPEECH, fault=Fault(name), timeouts=SOON)


async def test_the_time_the_socket_was_open_is_what_is_counted(tmp_path: Path) -> None:
    it, events = await heard(assemblyai(), tmp_path, sound(1.5), END_OF_SPEECH)
    told = it.emulator.sent[-1]
    assert told["session_duration_seconds"] > told["audio_duration_seconds"] - 1
    assert events[-1] == Usage(audio_s=float(told["session_duration_seconds"]))
    assert cost_of(it.records[0], ()).cost_usd is not None
    assert float(cost_of(it.records[0], ()).cost_usd) == pytest.approx(told["session_duration_seconds"] / 60 * 0.0075)


async def test_without_a_goodbye_we_look_at_our_own_clock(tmp_path: Path) -> None:
    before = time.monotonic()
    _, events = await heard(assemblyai(), tmp_path, sound(0.5), END_OF_SPEECH, fault=Fault("no_usage"))
    assert isinstance(events[-1], Usage)
    assert 0 < (events[-1].audio_s or 0) <= time.monotonic() - before


async def test_a_session_that_is_left_in_the_middle_is_ended_with_the_vendor(tmp_path: Path) -> None:
    async def endless() -> AsyncIterator[bytes | EndOfSpeech]:
        while True:
            yield b"\1\0" * 1_600
            await asyncio.sleep(0.01)

    async with running(assemblyai(), tmp_path) as it, nothing_left(it):
        task = asyncio.create_task(all_of(it.router.transcribe(it.call(), endless(), rate_hz=RATE_HZ)))
        async with asyncio.timeout(20):
            while not it.emulator.sent:
                await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(20):
            while it.emulator.received[-1] != {"type": "Terminate"}:
                await asyncio.sleep(0.01)


async def test_the_medical_model_and_how_long_turns_last_are_the_accounts_to_say(tmp_path: Path) -> None:
    options = {"domain": "medical-v1", "min_turn_silence": "300", "region": "eu"}
    it, _ = await heard(assemblyai(options=options), tmp_path, sound(0.5), END_OF_SPEECH)
    query = it.emulator.requests[0]["query"]
    assert (query["domain"], query["min_turn_silence"]) == ("medical-v1", "300")
    assert it.emulator.requests[0]["headers"]["authorization"] == "right-key"  # no scheme before it


async def test_terms_that_are_too_many_or_too_long_are_left_out(tmp_path: Path) -> None:
    terms = ["x" * 51, *(f"term {n}" for n in range(150))]
    it, _ = await heard(assemblyai(), tmp_path, sound(0.5), END_OF_SPEECH, keyterms=terms)
    sent = it.emulator.requests[0]["query"]["keyterms_prompt"]
    assert sent.startswith('["term 0"') and sent.count("term ") == MOST_TERMS


async def test_a_patients_name_is_told_within_the_socket_and_never_in_its_url(tmp_path: Path) -> None:
    terms = [Identifying("Venkataraghavan"), "otitis"]
    it, events = await heard(assemblyai(), tmp_path, sound(0.5), END_OF_SPEECH, keyterms=terms)
    assert it.emulator.requests[0]["query"]["keyterms_prompt"] == '["otitis"]'
    assert it.emulator.received[0] == {"type": "UpdateConfiguration", "keyterms_prompt": ["Venkataraghavan", "otitis"]}
    assert [t.text for t in finals(events)] == ["it hurts"]


@pytest.mark.parametrize(
    ("model", "language"),
    [(OLDER, "hi"), ("universal-streaming-multilingual", "hi"), ("universal-3-5-pro", "ta"), ("whisper-rt", "or")],
)
async def test_a_model_is_not_asked_for_a_language_that_it_does_not_know(
    tmp_path: Path, model: str, language: str
) -> None:
    async with running(assemblyai(stt=model), tmp_path) as it:
        with pytest.raises(NoProvider):
            await all_of(it.router.transcribe(it.call(language), live(END_OF_SPEECH), rate_hz=RATE_HZ))
        assert not it.emulator.requests


async def test_whisper_is_left_to_find_the_language(tmp_path: Path) -> None:
    it, events = await heard(assemblyai(stt="whisper-rt"), tmp_path, sound(0.5), END_OF_SPEECH, language="ta")
    query = it.emulator.requests[0]["query"]
    assert "language_codes" not in query and query["language_detection"] == "true"
    assert finals(events)[0].language == "hi"  # what it has found


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault("error_chunk"), ProviderFailed),
        (Fault("malformed"), ProviderGarbled),
        (Fault("empty"), ProviderGarbled),
        (Fault("cut"), ProviderFailed),
        (Fault("cut_quietly"), ProviderGarbled),
        (Fault("huge_line"), ProviderFailed),
        (Fault("close", 1008), ProviderRefused),
        (Fault("close", 1013), ProviderBusy),
        (Fault("status", 402), ProviderRefused),
    ],
)
async def test_each_way_to_fail_has_its_type_and_nothing_of_the_prose(
    tmp_path: Path, fault: Fault, kind: type[ProviderFailed]
) -> None:
    with pytest.raises(ProviderFailed) as caught:
        await heard(assemblyai(), tmp_path, sound(1.0), END_OF_SPEECH, fault=fault, timeouts=SOON)
    assert type(caught.value) is kind
    assert "private" not in f"{caught.value!r} {caught.value.context} {caught.value.__cause__!r}"


async def test_a_request_that_is_refused_after_the_handshake_is_a_refusal(tmp_path: Path) -> None:
    with pytest.raises(ProviderRefused) as caught:
        await heard(assemblyai(stt="no-such-model"), tmp_path, sound(0.5), END_OF_SPEECH)
    assert caught.value.context["close_code"] == 3006


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (3006, ProviderRefused),
        (1008, ProviderRefused),
        (3009, ProviderBusy),
        (3005, ProviderFailed),
        ("x", ProviderFailed),
    ],
)
def test_an_error_message_is_known_by_its_number(code: Any, kind: type[ProviderFailed]) -> None:
    failure = failure_of(code)
    assert type(failure) is kind
    assert failure.context.get("close_code") == (code if isinstance(code, int) else None)
