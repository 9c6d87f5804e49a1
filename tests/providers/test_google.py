"""What only Google has: two kinds of keys, voices by family, embeddings of two generations, two translations."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from struct import pack
from urllib.parse import unquote

import jwt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from auricle.errors import Misconfigured
from auricle.providers.account import Account
from auricle.providers.connections import Connections
from auricle.providers.dialects.utterances import parts
from auricle.providers.dialects.wav import samples_of
from auricle.providers.ports import (
    END_OF_SPEECH,
    Audio,
    EndOfSpeech,
    ProviderBusy,
    ProviderFailed,
    ProviderGarbled,
    ProviderRefused,
    ProviderTimeout,
    Transcript,
    Usage,
)
from auricle.providers.vendors.google_cloud.access import TOKEN_URI, Access, service_account
from auricle.providers.vendors.google_cloud.speech import voice_name
from tests.emulators.google import EMAIL, PROJECT, GoogleEmulator
from tests.emulators.server import Fault
from tests.providers.contract.conftest import all_of, nothing_left
from tests.providers.contract.test_language_models import ASK
from tests.providers.contract.vendors import Case, Running, running

RATE_HZ = 16_000


@asynccontextmanager
async def opened(folder: Path, key: str | None = None, **given: object) -> AsyncIterator[Running]:
    """Google with an API key, or with the key of a service account."""
    emulator = GoogleEmulator()
    case = Case("google", lambda: emulator, given)
    async with running(case, folder, key or emulator.service_account()) as it:
        yield it


@pytest.fixture
async def it(tmp_path: Path) -> AsyncIterator[Running]:
    async with opened(tmp_path) as made:
        yield made


@pytest.fixture
async def by_key(tmp_path: Path) -> AsyncIterator[Running]:
    async with opened(tmp_path, "right-key") as made:
        yield made


def token_requests(it: Running) -> int:
    return sum(r["path"] == "/token" for r in it.emulator.requests)


# ── keys ──────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_an_api_key_is_sent_in_its_own_header(by_key: Running) -> None:
    await all_of(by_key.router.generate(by_key.call(), ASK))
    sent = by_key.emulator.requests[0]
    assert sent["headers"]["x-goog-api-key"] == "right-key" and "authorization" not in sent["headers"]
    assert "key" not in sent["query"]


async def test_a_service_account_is_let_in_with_a_token_that_it_signed_for(it: Running) -> None:
    await all_of(it.router.generate(it.call(), ASK))
    asked, sent = it.emulator.requests
    assert asked["path"] == "/token" and "authorization" not in asked["headers"]
    claims = jwt.decode(asked["body"]["assertion"], options={"verify_signature": False})
    assert (claims["iss"], claims["aud"]) == (EMAIL, TOKEN_URI) and claims["exp"] - claims["iat"] == 3_600
    assert jwt.get_unverified_header(asked["body"]["assertion"]) == {"alg": "RS256", "typ": "JWT", "kid": "k1"}
    assert sent["headers"]["authorization"] == f"Bearer {it.emulator.tokens[0]}"
    assert "x-goog-api-key" not in sent["headers"]
    assert [r.status for r in it.records] == ["ok"]


async def test_a_token_is_asked_for_once_whoever_needs_it(it: Running) -> None:
    await asyncio.gather(*(all_of(it.router.generate(it.call(), ASK)) for _ in range(8)))
    await it.router.embed(it.call(), ["x"], task="query")
    assert token_requests(it) == 1


async def test_a_token_is_renewed_before_it_ends(it: Running) -> None:
    it.emulator.token_lasts_s = 100  # less than what is kept free at its end
    for _ in range(2):
        await all_of(it.router.generate(it.call(), ASK))
    assert token_requests(it) == 2
    assert it.emulator.requests[-1]["headers"]["authorization"] == f"Bearer {it.emulator.tokens[1]}"


async def test_accounts_have_tokens_of_their_own_and_forget_them(it: Running) -> None:
    access, connections = Access(), Connections()
    key = it.emulator.service_account()
    accounts = [Account(name, "google", connections, url=it.emulator.url, auth=access) for name in ("a", "b")]
    sent = [await access(account, key) for account in accounts]
    assert sent[0] != sent[1] and await access(accounts[0], key) == sent[0]
    assert access.project(accounts[0]) == PROJECT
    del accounts[0]
    assert len(access._tokens) == 1
    await connections.aclose()


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault("status", 400, body={"error": "invalid_grant", "error_description": "private words"}), ProviderRefused),
        (Fault("status", 503), ProviderFailed),
        (Fault("status", 429, {"retry-after": "7"}), ProviderBusy),
        (Fault("malformed"), ProviderGarbled),
    ],
)
async def test_a_token_that_is_not_given_is_a_failure_of_its_kind(it: Running, fault: Fault, kind: type) -> None:
    it.emulator.token_faults.append(fault)
    with pytest.raises(ProviderFailed) as caught:
        await all_of(it.router.generate(it.call(), ASK))
    assert type(caught.value) is kind and "private" not in f"{caught.value!r} {caught.value.context}"
    await all_of(it.adapters.adapter("llm").generate(ASK))  # and it is asked for anew


async def test_who_waits_for_a_token_may_go_and_the_next_one_asks(it: Running) -> None:
    it.emulator.token_faults.append(Fault("stall_first"))
    async with nothing_left(it):
        task = asyncio.create_task(all_of(it.router.generate(it.call(), ASK)))
        async with asyncio.timeout(20):
            while not token_requests(it):
                await asyncio.sleep(0.01)
        other = asyncio.create_task(all_of(it.router.generate(it.call(), ASK)))
        await asyncio.sleep(0.05)
        task.cancel()
        assert await other
        with pytest.raises(asyncio.CancelledError):
            await task
    assert token_requests(it) == 2


async def test_a_key_of_another_account_is_refused_without_a_word_of_it(tmp_path: Path) -> None:
    async with opened(tmp_path, GoogleEmulator().service_account()) as stranger:
        with pytest.raises(ProviderRefused) as caught:
            await all_of(stranger.router.generate(stranger.call(), ASK))
        assert EMAIL not in f"{caught.value!r} {caught.value.context}"
        assert [r.status for r in stranger.records] == ["refused"]


KEY = GoogleEmulator().service_account()


@pytest.mark.parametrize(
    "uri",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://oauth2.googleapis.com/token",
        "https://oauth2.googleapis.com.evil.example/token",
        "https://evil.example/oauth2.googleapis.com",
        "https://user@evil.example/token",
        "https://oauth2.googleapis.com@evil.example/token",
        "https://oauth2.googleapis.com:8443/token",
        "https://generativelanguage.googleapis.com:444/token",
        "file:///etc/passwd",
        "//evil.example/token",
        "https://[::1",
        5,
    ],
)
def test_a_key_can_not_send_what_it_signs_anywhere_else(uri: object) -> None:
    with pytest.raises(ProviderRefused):
        service_account(json.dumps(json.loads(KEY) | {"token_uri": uri}), "https://generativelanguage.googleapis.com")


@pytest.mark.parametrize(
    ("uri", "url"),
    [
        ("https://oauth2.googleapis.com/token", "https://generativelanguage.googleapis.com"),
        ("https://accounts.google.com/o/oauth2/token", None),
        ("http://127.0.0.1:9/token", "http://127.0.0.1:9/v1"),
        (None, None),
    ],
)
def test_a_key_names_googles_own_place_for_tokens_or_the_owners(uri: str | None, url: str | None) -> None:
    found = service_account(json.dumps(json.loads(KEY) | {"token_uri": uri}), url)
    assert found is not None and found.token_uri == (uri or TOKEN_URI)


@pytest.mark.parametrize(
    "key",
    ["{", "{}", "[]{", '{"client_email": "a"}', '{"client_email": "a", "private_key": "b", "token_uri": [5]}', " {5"],
)
def test_half_a_key_is_refused_and_not_sent(key: str) -> None:
    if not key.lstrip().startswith("{"):
        assert service_account(key, None) is None
        return
    with pytest.raises(ProviderRefused):
        service_account(key, None)


async def test_a_private_key_that_is_none_is_a_configuration_error(tmp_path: Path) -> None:
    broken = json.dumps(json.loads(KEY) | {"private_key": "-----BEGIN PRIVATE KEY-----\nnonsense"})
    async with opened(tmp_path, broken) as it:
        with pytest.raises(ProviderRefused) as caught:
            await all_of(it.router.generate(it.call(), ASK))
        assert "nonsense" not in f"{caught.value!r} {caught.value.context}" and not it.emulator.requests


# ── Gemini ────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_blocked_question_ends_as_filtered_and_is_metered(by_key: Running) -> None:
    by_key.emulator.block_reason = "PROHIBITED_CONTENT"
    events = await all_of(by_key.router.generate(by_key.call(), ASK))
    assert [type(e).__name__ for e in events] == ["Served", "Finish", "Usage"] and events[1].reason == "filtered"
    assert by_key.records[0].input_tokens == 20


async def test_a_model_of_any_name_stays_within_its_part_of_the_path(tmp_path: Path) -> None:
    async with opened(tmp_path, "right-key", llm="gemini-x?alt=json#") as it:
        await all_of(it.router.generate(it.call(), ASK))
        sent = it.emulator.requests[0]
        assert unquote(sent["path"]) == "/v1beta/models/gemini-x?alt=json#:streamGenerateContent"
        assert dict(sent["query"]) == {"alt": "sse"}


@pytest.mark.parametrize(
    ("model", "size", "sent"),
    [
        ("gemini-embedding-001", "768", {"content": {"parts": [{"text": "ear"}]}, "taskType": "RETRIEVAL_QUERY"}),
        ("gemini-embedding-2", "1536", {"content": {"parts": [{"text": "task: search result | query: ear"}]}}),
    ],
)
async def test_each_generation_of_embeddings_is_told_its_task_in_its_way(
    tmp_path: Path, model: str, size: str, sent: dict
) -> None:
    async with opened(tmp_path, "right-key", embedding=model, options={"dimensions": size}) as it:
        found = await it.router.embed(it.call(), ["ear"], task="query")
        assert found.vectors.shape == (1, int(size)) and np.linalg.norm(found.vectors) == pytest.approx(1, abs=1e-5)
        asked = it.emulator.requests[0]["body"]["requests"][0]
        assert asked == {"model": f"models/{model}", "outputDimensionality": int(size), **sent}


async def test_dimensions_that_are_no_number_are_a_configuration_error(tmp_path: Path) -> None:
    async with opened(tmp_path, "right-key", options={"dimensions": "many"}) as it:
        with pytest.raises(Misconfigured):
            it.adapters.adapter("embedding")


# ── voices ────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("voice", "family", "language", "whole"),
    [
        (None, "Chirp3-HD", "hi", ("hi-IN-Chirp3-HD-Aoede", "hi-IN")),
        (None, "Wavenet", "ta", ("ta-IN-Wavenet-A", "ta-IN")),
        ("Charon", "Chirp3-HD", "en", ("en-IN-Chirp3-HD-Charon", "en-IN")),
        ("Charon", "Chirp3-HD", "en-GB", ("en-GB-Chirp3-HD-Charon", "en-GB")),
        ("hi-IN-Wavenet-B", "Wavenet", "en", ("hi-IN-Wavenet-B", "hi-IN")),
    ],
)
def test_a_voice_has_its_whole_name(voice: str | None, family: str, language: str, whole: tuple[str, str]) -> None:
    assert voice_name(voice, family, language) == whole


def test_a_voice_of_another_family_is_refused_for_it_would_be_priced_as_this_one() -> None:
    with pytest.raises(ProviderRefused):
        voice_name("hi-IN-Wavenet-B", "Chirp3-HD", "hi")


async def test_voices_are_listed_with_their_families(by_key: Running) -> None:
    voices = {v.id: v for v in await by_key.adapters.adapter("tts").voices()}
    first = voices["en-IN-Chirp3-HD-Aoede"]
    assert (first.name, first.languages, first.gender, first.models) == ("Aoede", ("en",), "female", ("Chirp3-HD",))
    assert voices["Aoede"].languages == ("en", "hi") and voices["Aoede"].models == ()
    assert voices["en-GB-Standard-B"].gender is None


async def test_settings_are_googles_own_and_others_are_left_out(by_key: Running) -> None:
    call = by_key.call("hi", settings={"pitch": 2, "stability": 0.5, "model": "Wavenet"})
    events = await all_of(by_key.router.speak(call, "नमस्ते"))
    assert by_key.emulator.requests[0]["body"] == {
        "input": {"text": "नमस्ते"},
        "voice": {"name": "hi-IN-Wavenet-A", "languageCode": "hi-IN"},
        "audioConfig": {"audioEncoding": "LINEAR16", "sampleRateHertz": 24_000, "pitch": 2},
    }
    assert sum(len(e.pcm) for e in events if isinstance(e, Audio)) == 2 * int(6 * 0.04 * 24_000)


def test_the_samples_of_a_wav_file_come_without_its_header() -> None:
    form = b"RIFF\0\0\0\0WAVE" + pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8_000, 16_000, 2, 16)
    odd = pack("<4sI", b"LIST", 3) + b"abc\0"
    assert samples_of(form + odd + pack("<4sI", b"data", 4) + b"abcdLIST") == (b"abcd", 8_000)
    for unknown in (0, 0xFFFFFFFF):
        assert samples_of(form + pack("<4sI", b"data", unknown) + b"abcde") == (b"abcd", 8_000)


@pytest.mark.parametrize(
    "wav",
    [
        b"",
        b"ID3",
        b"RIFF\0\0\0\0WAVE",
        b"RIFF\0\0\0\0WAVE" + pack("<4sI", b"data", 4) + b"abcd",
        b"RIFF\0\0\0\0WAVE" + pack("<4sIHHIIHH", b"fmt ", 16, 1, 2, 8_000, 16_000, 4, 16) + b"data\4\0\0\0abcd",
        b"RIFF\0\0\0\0WAVE" + pack("<4sIHHIIHH", b"fmt ", 16, 7, 1, 8_000, 8_000, 1, 8) + b"data\4\0\0\0abcd",
    ],
)
def test_what_is_no_sound_of_ours_is_garbled(wav: bytes) -> None:
    with pytest.raises(ProviderGarbled):
        samples_of(wav)


@given(st.binary(max_size=80).map(lambda b: b"RIFF\0\0\0\0WAVE" + b) | st.binary(max_size=40))
def test_any_bytes_are_samples_or_garbled(wav: bytes) -> None:
    try:
        pcm, rate_hz = samples_of(wav)
    except ProviderGarbled:
        return
    assert len(pcm) % 2 == 0 and rate_hz > 0


# ── ears ──────────────────────────────────────────────────────────────────────────────────────────────────────────
async def stream(*pieces: bytes | EndOfSpeech) -> AsyncIterator[bytes | EndOfSpeech]:
    for piece in pieces:
        yield piece


async def test_a_stream_is_cut_at_ends_of_speech_and_where_it_gets_too_long() -> None:
    second = bytes(2 * RATE_HZ)
    pieces = [second] * 3 + [END_OF_SPEECH, END_OF_SPEECH, second, END_OF_SPEECH, second]
    async with aclosing(parts(stream(*pieces), RATE_HZ, 2.0)) as found:
        cut = [(len(p.pcm) / 2 / RATE_HZ, p.start_s, p.end_s, p.is_last) async for p in found]
    assert cut == [(2.0, 0.0, 2.0, False), (1.0, 0.0, 3.0, True), (0.0, 3.0, 3.0, True), (1.0, 3.0, 4.0, True)]


async def test_a_long_utterance_goes_in_parts_and_comes_back_as_one(by_key: Running) -> None:
    by_key.emulator.transcripts.extend(["my ear hurts", "since monday"])
    second = bytes(2 * RATE_HZ)
    audio = stream(*[second] * 70, END_OF_SPEECH)
    ears = by_key.adapters.adapter("stt")
    events = await all_of(ears.transcribe(audio, rate_hz=RATE_HZ, language="en", model=None))
    heard = [(e.text, e.is_final) for e in events if isinstance(e, Transcript)]
    assert heard == [("my ear hurts", False), ("my ear hurts since monday", True)]
    assert events[-1] == Usage(audio_s=70.0)
    lengths = [len(base64.b64decode(r["body"]["audio"]["content"])) / 2 / RATE_HZ for r in by_key.emulator.requests]
    assert max(lengths) <= 60 and sum(lengths) == 70


async def test_terms_are_cut_to_what_google_takes_and_medical_models_hear_english(tmp_path: Path) -> None:
    async with opened(tmp_path, "right-key", stt="medical_dictation") as it:
        terms = ["x" * 300, *(f"term {n}" for n in range(2_000))]
        audio = stream(bytes(3_200), END_OF_SPEECH)
        await all_of(it.router.transcribe(it.call("en"), audio, rate_hz=RATE_HZ, keyterms=terms))
        config = it.emulator.requests[0]["body"]["config"]
        assert config["languageCode"] == "en-US" and config["model"] == "medical_dictation"
        phrases = config["speechContexts"][0]["phrases"]
        assert not it.adapters.vendor.speaks("stt", "hi", "medical_dictation")
        assert len(phrases) == 500 and max(map(len, phrases)) == 100


async def test_an_error_in_place_of_what_was_heard_is_no_silence(by_key: Running) -> None:
    by_key.emulator.next(Fault("error_chunk"))
    with pytest.raises(ProviderFailed) as caught:
        audio = stream(bytes(3_200), END_OF_SPEECH)
        await all_of(by_key.adapters.adapter("stt").transcribe(audio, rate_hz=RATE_HZ, language="en", model=None))
    assert "private" not in f"{caught.value!r} {caught.value.context}"


# ── translation ───────────────────────────────────────────────────────────────────────────────────────────────────
async def test_an_api_key_translates_by_version_two(by_key: Running) -> None:
    found = await by_key.router.translate(by_key.call(), "Good morning.", source="en", target="hi")
    assert found.text == "[Good morning.]" and by_key.records[0].characters == 13
    assert by_key.emulator.requests[0]["path"] == "/language/translate/v2"
    assert by_key.emulator.requests[0]["body"]["source"] == "en"


@pytest.mark.parametrize(
    ("options", "parent", "model"),
    [
        ({}, "projects/clinic/locations/global", "general/nmt"),
        ({"project": "other", "location": "us-central1"}, "projects/other/locations/us-central1", "general/nmt"),
    ],
)
async def test_a_service_account_translates_by_version_three_in_its_project(
    tmp_path: Path, options: dict, parent: str, model: str
) -> None:
    async with opened(tmp_path, options=options) as it:
        found = await it.router.translate(it.call(), "Good morning.", source="en", target="hi")
        assert found.text == "[Good morning.]"
        sent = it.emulator.requests[-1]
        assert sent["path"] == f"/v3/{parent}:translateText" and sent["body"]["model"] == f"{parent}/models/{model}"


@pytest.mark.parametrize("key", [None, "right-key"])
async def test_a_translation_that_is_none_is_garbled(tmp_path: Path, key: str | None) -> None:
    async with opened(tmp_path, key) as it:
        it.emulator.next(Fault("malformed"))
        with pytest.raises(ProviderGarbled):
            await it.router.translate(it.call(), "Good morning.", source="en", target="hi")


async def test_a_vendor_that_says_in_the_body_for_how_long_it_is_busy_is_heard(by_key: Running) -> None:
    again = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34s"}
    body = {"error": {"code": 429, "message": "private words", "status": "RESOURCE_EXHAUSTED", "details": [again]}}
    by_key.emulator.next(Fault("status", 429, body=body))
    with pytest.raises(ProviderBusy) as caught:
        await by_key.router.embed(by_key.call(), ["x"], task="query")
    assert caught.value.context["retry_after_s"] == 34.0
    assert caught.value.context["vendor_code"] == "RESOURCE_EXHAUSTED"


async def test_a_stalled_token_ends_within_the_calls_time(tmp_path: Path) -> None:
    emulator = GoogleEmulator()
    async with emulator:
        connections = Connections()
        account = Account(
            "it",
            "google",
            connections,
            url=emulator.url,
            key=SecretStr(emulator.service_account()),
            auth=Access(),
        )
        emulator.token_faults.append(Fault("stall_first"))
        with pytest.raises((TimeoutError, ProviderTimeout)):
            async with asyncio.timeout(0.5):
                await account.authorization()
        assert (await account.authorization())["authorization"].startswith("Bearer ya29")
        await connections.aclose()
