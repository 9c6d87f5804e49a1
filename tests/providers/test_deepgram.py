"""What only Deepgram does: finals in pieces, ends that get no answer, turns that Flux ends, voices that are models."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from auricle.providers.account import Account
from auricle.providers.call import NoProvider
from auricle.providers.connections import Connections
from auricle.providers.ports import (
    END_OF_SPEECH,
    Audio,
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
from auricle.providers.vendors.deepgram_models import nova
from auricle.providers.vendors.deepgram_models.nova import language_of
from auricle.providers.vendors.deepgram_models.terms import MOST_TERMS, failure_of, within_limits
from tests.emulators.deepgram import DeepgramEmulator
from tests.emulators.server import Fault
from tests.providers.contract.conftest import all_of
from tests.providers.contract.vendors import Case, running
from tests.providers.speech import RATE_HZ, SOON, finals, heard, live, quiet, sound


def deepgram(**given: Any) -> Case:
    return Case("deepgram", DeepgramEmulator, given)


# ── Nova ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_pieces_that_are_final_early_are_one_final_in_the_end(tmp_path: Path) -> None:
    said = "since last monday my left ear hurts whenever I chew something hard"
    it, events = await heard(deepgram(), tmp_path, sound(4.2), END_OF_SPEECH, script=[said])
    (final,) = finals(events)
    assert final.text == said
    assert (final.start_s, final.end_s) == (0.0, pytest.approx(4.2))
    assert final.confidence == 0.98
    assert sum(1 for frame in it.emulator.sent if frame.get("is_final")) == 2
    interims = [e.text for e in events if isinstance(e, Transcript) and not e.is_final]
    assert all(said.startswith(text) for text in interims)
    assert max(interims, key=len) == said or len(max(interims, key=len).split()) > 6  # they go on after the first piece


@pytest.mark.parametrize("rest_s", [0.0, 0.06])
async def test_where_next_to_nothing_is_left_no_answer_is_waited_for(tmp_path: Path, rest_s: float) -> None:
    """Deepgram says nothing then: what was final already is the answer."""
    it, events = await heard(
        deepgram(), tmp_path, sound(3.0), sound(rest_s), END_OF_SPEECH, script=["my ear hurts"], timeouts=SOON
    )
    assert not [frame for frame in it.emulator.sent if frame.get("from_finalize")]
    (final,) = finals(events)
    assert "my ear hurts".startswith(final.text) and final.text
    assert [r.status for r in it.records] == ["ok"]


@pytest.mark.parametrize("model", ["nova-3", "flux-general-en"])
@pytest.mark.parametrize("name", ["stall_body", "stall_middle"])
async def test_a_recognizer_that_stalls_is_not_taken_for_silence(tmp_path: Path, model: str, name: Any) -> None:
    with pytest.raises(ProviderTimeout):
        await heard(deepgram(stt=model), tmp_path, sound(1.0), END_OF_SPEECH, fault=Fault(name), timeouts=SOON)


async def test_the_duration_is_what_deepgram_says_it_is(tmp_path: Path) -> None:
    it, events = await heard(deepgram(), tmp_path, sound(1.5), END_OF_SPEECH)
    assert events[-1] == Usage(audio_s=1.5)
    assert it.records[0].audio_s == 1.5


async def test_without_a_goodbye_the_sound_sent_is_what_is_counted(tmp_path: Path) -> None:
    it, events = await heard(deepgram(), tmp_path, sound(1.5), END_OF_SPEECH, fault=Fault("no_usage"))
    assert events[-1] == Usage(audio_s=None)
    assert it.records[0].audio_s == pytest.approx(1.5)


async def test_telephone_sound_goes_out_at_its_own_rate(tmp_path: Path) -> None:
    it, events = await heard(deepgram(), tmp_path, sound(1.0, 8_000), END_OF_SPEECH, rate_hz=8_000)
    assert it.emulator.requests[0]["query"]["sample_rate"] == "8000"
    assert finals(events)[0].end_s == pytest.approx(1.0)


async def test_the_silence_of_the_account_ends_a_turn_and_the_end_that_follows_is_answered_once(tmp_path: Path) -> None:
    case = deepgram(options={"endpointing": "300"})
    parts = (sound(1.0), quiet(0.4), END_OF_SPEECH)
    _, events = await heard(case, tmp_path, *parts, script=["it hurts", ""])
    assert [(t.text, t.end_of_turn) for t in finals(events)] == [("it hurts", True), ("", False)]


async def test_several_languages_at_once_are_asked_for_and_told_apart(tmp_path: Path) -> None:
    case = deepgram(options={"mixed_languages": "true"})
    it, events = await heard(case, tmp_path, sound(0.5), END_OF_SPEECH, script=["kaan mein dard"])
    assert it.emulator.requests[0]["query"]["language"] == "multi"
    assert finals(events)[0].language == "hi"


async def test_what_is_said_is_not_left_for_training_unless_the_owner_allows_it(tmp_path: Path) -> None:
    it, _ = await heard(deepgram(), tmp_path, sound(0.5), END_OF_SPEECH)
    assert it.emulator.requests[0]["query"]["mip_opt_out"] == "true"
    it, _ = await heard(deepgram(options={"mip_opt_out": "false"}), tmp_path, sound(0.5), END_OF_SPEECH)
    assert it.emulator.requests[0]["query"]["mip_opt_out"] == "false"


async def test_a_quiet_caller_does_not_lose_the_stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nova, "KEEP_ALIVE_S", 0.05)

    async def hesitant() -> AsyncIterator[bytes | EndOfSpeech]:
        yield b"\1\0" * 4_000
        await asyncio.sleep(0.3)
        yield END_OF_SPEECH

    async with running(deepgram(), tmp_path) as it:
        await all_of(it.router.transcribe(it.call(), hesitant(), rate_hz=RATE_HZ))
        assert {"type": "KeepAlive"} in it.emulator.received


@pytest.mark.parametrize(
    ("model", "language", "mixes", "theirs"),
    [
        ("nova-3", "en", False, "en"),
        ("nova-3", "hi", False, "hi"),
        ("nova-3", "en-IN", False, "en"),
        ("nova-3", "hi", True, "multi"),
        ("nova-3", "te", True, "te"),  # not among the ten
        ("nova-3-medical", "en", False, "en"),
        ("nova-3-medical", "en", True, "multi"),
        ("nova-3-medical", "hi", False, "multi"),
        ("nova-2", "hi", False, "hi"),
        ("nova-2-medical", "en", True, "en"),
        ("our-own-model", "or", False, "or"),
    ],
)
def test_each_model_is_told_the_language_in_its_way(model: str, language: str, mixes: bool, theirs: str) -> None:
    assert language_of(model, language, mixes=mixes) == theirs


@pytest.mark.parametrize(
    ("model", "language"), [("nova-3-medical", "ta"), ("nova-2", "ta"), ("nova-2-medical", "hi"), ("nova-3", "or")]
)
def test_a_language_that_a_model_does_not_know_is_never_sent(model: str, language: str) -> None:
    with pytest.raises(ProviderRefused):
        language_of(model, language, mixes=False)


@pytest.mark.parametrize("model", ["flux-general-en", "nova-3-medical"])
async def test_who_does_not_know_the_language_with_its_model_is_not_asked(tmp_path: Path, model: str) -> None:
    async with running(deepgram(stt=model), tmp_path) as it:
        with pytest.raises(NoProvider):
            await all_of(it.router.transcribe(it.call("ta"), live(END_OF_SPEECH), rate_hz=RATE_HZ))
        assert not it.emulator.requests and not it.records
        with pytest.raises(ProviderRefused):
            adapter = it.adapters.adapter("stt")
            await all_of(adapter.transcribe(live(END_OF_SPEECH), rate_hz=RATE_HZ, language="ta", model=model))
        assert not it.emulator.requests


def test_terms_stay_within_what_a_stream_takes() -> None:
    assert within_limits(["otitis"] * 300) == ["otitis"] * MOST_TERMS
    long = [f"a rather long name of a rare disease {n}" for n in range(100)]
    assert 20 < len(within_limits(long)) < 60
    assert len(within_limits(["बाहरी कान की सूजन"] * 100)) < 20
    assert within_limits([]) == []


async def test_nova_2_takes_single_words_only(tmp_path: Path) -> None:
    it, _ = await heard(
        deepgram(stt="nova-2"), tmp_path, sound(0.5), END_OF_SPEECH, keyterms=["otitis media", "tinnitus"]
    )
    query = it.emulator.requests[0]["query"]
    assert (query.getlist("keywords"), query.getlist("keyterm")) == (["tinnitus"], [])


@pytest.mark.parametrize(("model", "path"), [("nova-3-medical", "/v1/listen"), ("flux-general-en", "/v2/listen")])
async def test_a_patients_name_is_told_within_the_socket_and_never_in_its_url(
    tmp_path: Path, model: str, path: str
) -> None:
    terms = [Identifying("Venkataraghavan"), "otitis"]
    it, events = await heard(deepgram(stt=model), tmp_path, sound(0.5), END_OF_SPEECH, keyterms=terms)
    assert it.emulator.requests[0]["path"] == path
    assert it.emulator.requests[0]["query"].getlist("keyterm") == ["otitis"]
    assert "Venkataraghavan" not in str(it.emulator.requests[0]["query"])
    assert it.emulator.received[0] == {"type": "Configure", "keyterms": ["Venkataraghavan", "otitis"]}
    assert any(frame["type"] == "ConfigureSuccess" for frame in it.emulator.sent)
    assert [t.text for t in finals(events)] == ["it hurts"]


@pytest.mark.parametrize(
    ("url", "takes"),
    [
        ("https://api.deepgram.com", True),
        ("https://api.in.deepgram.com", False),  # its regions do not take them within the socket
        ("https://api.eu.deepgram.com", False),
        ("https://gateway.example.org/deepgram", True),
    ],
)
def test_a_region_that_takes_no_names_is_told_none(url: str, takes: bool) -> None:
    account = Account("a", "deepgram", Connections(), url=url)
    assert nova.Nova(account)._takes_terms_later() is takes


async def test_without_a_name_all_is_said_in_the_handshake(tmp_path: Path) -> None:
    it, _ = await heard(deepgram(), tmp_path, sound(0.5), END_OF_SPEECH, keyterms=["otitis"])
    assert not [f for f in it.emulator.received if not isinstance(f, bytes) and f["type"] == "Configure"]


# ── Flux ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_flux_ends_a_turn_by_itself_and_says_so(tmp_path: Path) -> None:
    parts = (sound(0.6), quiet(0.6), sound(0.4), END_OF_SPEECH)
    it, events = await heard(deepgram(stt="flux-general-en"), tmp_path, *parts, script=["my ear hurts", "badly"])
    assert [(t.text, t.end_of_turn) for t in finals(events)] == [("my ear hurts", True), ("badly", False)]
    assert finals(events)[0].confidence == pytest.approx(0.9)
    assert events[-1] == Usage(audio_s=pytest.approx(1.6))
    assert it.emulator.received[-1] == {"type": "CloseStream"}


async def test_a_turn_that_may_be_over_and_goes_on_is_one_turn(tmp_path: Path) -> None:
    case = deepgram(stt="flux-general-en", options={"eager_eot_threshold": "0.4"})
    parts = (sound(0.4), quiet(0.3), sound(0.4), END_OF_SPEECH)
    it, events = await heard(case, tmp_path, *parts, script=["my ear hurts when I chew"])
    assert {"EagerEndOfTurn", "TurnResumed"} <= {frame.get("event") for frame in it.emulator.sent}
    assert [(t.text, t.end_of_turn) for t in finals(events)] == [("my ear hurts when I chew", False)]


async def test_a_sound_in_which_flux_hears_no_turn_is_answered_with_nothing(tmp_path: Path) -> None:
    parts = (sound(0.5), END_OF_SPEECH, sound(0.5), END_OF_SPEECH)
    it, events = await heard(
        deepgram(stt="flux-general-multi"),
        tmp_path,
        *parts,
        script=["", "kaan mein dard"],
        language="hi",
        timeouts=SOON,
    )
    assert [t.text for t in finals(events)] == ["", "kaan mein dard"]
    assert [r.status for r in it.records] == ["ok"]


async def test_words_that_come_after_the_end_are_still_its_answer(tmp_path: Path) -> None:
    """The end is told while Flux is behind: it is told again when the turn has begun."""
    it, events = await heard(
        deepgram(stt="flux-general-en"), tmp_path, [b"\1\0" * RATE_HZ * 3], END_OF_SPEECH, script=["my ear hurts"]
    )
    assert [t.text for t in finals(events)] == ["my ear hurts"]
    assert {"type": "ForceEndTurn"} in it.emulator.received


# ── what goes wrong ───────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("model", ["nova-3", "flux-general-en"])
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
        (Fault("close", 1011), ProviderFailed),
        (Fault("status", 402), ProviderRefused),
    ],
)
async def test_each_way_to_fail_has_its_type_and_nothing_of_the_prose(
    tmp_path: Path, model: str, fault: Fault, kind: type[ProviderFailed]
) -> None:
    with pytest.raises(ProviderFailed) as caught:
        await heard(deepgram(stt=model), tmp_path, sound(1.0), END_OF_SPEECH, fault=fault, timeouts=SOON)
    assert type(caught.value) is kind
    assert "private" not in f"{caught.value!r} {caught.value.context} {caught.value.__cause__!r}"


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ({"type": "Error", "variant": "SchemaError", "description": "private"}, ProviderRefused),
        ({"type": "Error", "code": "UNPARSABLE_CLIENT_MESSAGE"}, ProviderRefused),
        ({"type": "Error", "code": "TOO_MANY_REQUESTS"}, ProviderBusy),
        ({"type": "Error", "code": "INTERNAL_SERVER_ERROR"}, ProviderFailed),
        ({"type": "Error", "description": "private words"}, ProviderFailed),
        ({"type": "Error", "code": "said: private words"}, ProviderFailed),
    ],
)
def test_an_error_message_is_known_by_its_code(message: dict, kind: type[ProviderFailed]) -> None:
    failure = failure_of(message)
    assert type(failure) is kind
    assert "private" not in f"{failure!r} {failure.context}"


# ── Aura ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("given", "language", "voice", "model"),
    [
        ({}, "en", None, "aura-2-thalia-en"),
        ({}, "es", None, "aura-2-celeste-es"),
        ({"tts": "aura-2-diana-es"}, "es", None, "aura-2-diana-es"),
        ({"tts": "aura-2-diana-es"}, "en", None, "aura-2-thalia-en"),
        ({"tts": "aura-2-diana-es"}, "en", "aura-2-apollo-en", "aura-2-apollo-en"),
    ],
)
async def test_the_voice_speaks_the_language_of_the_call(
    tmp_path: Path, given: dict, language: str, voice: str | None, model: str
) -> None:
    async with running(deepgram(**given), tmp_path) as it:
        await all_of(it.router.speak(it.call(language, voice), "Hola."))
        assert it.emulator.requests[0]["query"]["model"] == model


async def test_a_text_longer_than_a_request_takes_is_spoken_in_parts(tmp_path: Path) -> None:
    text = "This is a sentence of a long text. " * 100
    async with running(deepgram(), tmp_path) as it:
        events = await all_of(it.router.speak(it.call(), text))
        parts = [r["body"]["text"] for r in it.emulator.requests]
        assert len(parts) == 2 and all(len(p) <= 2_000 for p in parts)
        assert " ".join(parts) == text.strip()
        assert events[-1] == Usage(characters=len(text))
        assert all(a.rate_hz == 24_000 for a in events if isinstance(a, Audio))


async def test_voices_are_told_with_their_languages_and_genders(tmp_path: Path) -> None:
    async with running(deepgram(), tmp_path) as it:
        voices = await it.adapters.adapter("tts").voices()
        assert [(v.id, v.name, v.languages, v.gender) for v in voices] == [
            ("aura-2-thalia-en", "Thalia", ("en",), "female"),
            ("aura-2-apollo-en", "Apollo", ("en",), "male"),
            ("aura-2-celeste-es", "Celeste", ("es",), "female"),
        ]
