"""Every vendor with its emulator, as the suites of the ports run over them. A new vendor adds one entry to `CASES`.

What the suites ask of an emulator, besides being an `Emulator`:
- speech to text: a deque `transcripts`, one text for each utterance it is told the end of; an empty text is silence;
- language: a list `words`, the pieces of its answer (the JSON, where a form was asked for); `Fault("tools")` makes the
  model ask for `find_slot` with `{"day": "monday"}` and then `end_call` with `{}`;
- embeddings and reranking: texts in one request's body, and usage for each, as `Embeds` and `Ranks` find them; the
  vector and the score of a text do not depend on its company; `Fault("malformed")` leaves one out, or names one that
  there is not; `Fault("no_usage")` does not say what was used;
- translation: a deque `translations`, one text for each request; with none left it gives the text back in brackets;
- everything: `open_streams` counts the streams and sockets that it is serving.
"""

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from pydantic import SecretStr

from auricle.providers.call import Call, Choice
from auricle.providers.metering import UsageRecord
from auricle.providers.ports import Capability, Usage
from auricle.providers.registry import vendor_named
from auricle.providers.routing import Router, router_for
from auricle.settings import Provider, Settings, Timeouts
from tests.emulators.anthropic import AnthropicEmulator
from tests.emulators.assemblyai import AssemblyAIEmulator
from tests.emulators.azure import AzureEmulator
from tests.emulators.cohere import CohereEmulator
from tests.emulators.deepgram import DeepgramEmulator
from tests.emulators.elevenlabs import ElevenLabsEmulator
from tests.emulators.google import GoogleEmulator
from tests.emulators.groq import Groq
from tests.emulators.huggingface import HuggingFace
from tests.emulators.openai import OpenAI
from tests.emulators.openai_chat import OpenAIEmulator
from tests.emulators.sarvam import SarvamEmulator
from tests.emulators.server import Emulator
from tests.emulators.voyage import VoyageEmulator
from tests.running_service import MODELS

CLINIC = UUID(int=1)
PATIENT_TIMEOUTS = Timeouts(connect_s=5.0, first_s=60.0, gap_s=60.0, total_s=120.0)  # a busy machine fails no promise

Asked = Callable[[Any], object]  # an emulator → what it was asked for, as its vendor names it


@dataclass(frozen=True)
class Hears:
    """`languages` are ours → the vendor's; `language_sent` and `terms_sent` give what the last call asked for."""

    language_sent: Asked | None = None
    languages: Mapping[str, object] = field(default_factory=dict)
    terms_sent: Asked | None = None
    has_interims: bool = False  # says what it hears while the speaker speaks


@dataclass(frozen=True)
class Writes:
    """`usage` is what the emulator counts for one answer."""

    usage: Usage = Usage(20, 5, 8, 2)
    has_tools: bool = True
    has_forms: bool = True  # answers by a JSON schema


@dataclass(frozen=True)
class Speaks:
    """`voice` is one of the vendor's; `settings` are some that reach it, and `settings_sent` gives them back: the value
    where there is one, else the same mapping."""

    voice: str | None = None
    rate_hz: int = 24_000
    is_streamed: bool = True  # False: a sentence comes in one piece
    language_sent: Asked | None = None
    languages: Mapping[str, object] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    settings_sent: Asked | None = None
    has_timings: bool = False  # tells when which part of the text sounds


@dataclass(frozen=True)
class Translates:
    """`pairs` are our two languages → the vendor's; `pair_sent` gives what the last request asked for."""

    pair_sent: Asked | None = None
    pairs: Mapping[tuple[str, str], object] = field(default_factory=dict)
    most: int | None = None  # characters of one request


@dataclass(frozen=True)
class Embeds:
    """`most` and `most_characters` are what one request takes; `texts_sent` gives the texts of a request's body, and
    `task_sent` how the last one named what they are for (ours → the vendor's in `tasks`)."""

    texts_sent: Callable[[Any], Sequence[str]] = lambda body: list(body["input"])
    most: int = 2_048
    most_characters: int = 300_000
    task_sent: Asked | None = None
    tasks: Mapping[Literal["query", "document"], object] = field(default_factory=dict)


@dataclass(frozen=True)
class Ranks:
    """`most` texts go into one request; `documents` gives those of a request's body."""

    documents: Callable[[Any], Sequence[str]] = lambda body: list(body["documents"])
    most: int = 1_000


@dataclass(frozen=True)
class Case:
    """A vendor on its emulator. `given` are the fields of its `settings.Provider`, but for URL and key."""

    vendor: str
    emulator: Callable[[], Emulator] | None = None
    given: Mapping[str, Any] = field(default_factory=dict)
    stt: Hears = Hears()
    llm: Writes = Writes()
    tts: Speaks = Speaks()
    embedding: Embeds = Embeds()
    rerank: Ranks = Ranks()
    translation: Translates = Translates()
    note: str = ""  # where a vendor has several cases: what this one is about
    only: frozenset[Capability] | None = None  # and which capabilities it is for

    def __str__(self) -> str:
        return f"{self.vendor}-{self.note}" if self.note else self.vendor

    def can(self, capability: Capability) -> bool:
        is_for = self.only is None or capability in self.only
        return is_for and vendor_named(self.vendor).constructor(capability) is not None


class Running:
    """A router over one case, and everything it metered."""

    def __init__(self, case: Case, router: Router, emulator: Emulator | None, records: list[UsageRecord]) -> None:
        self.case, self.router, self.records = case, router, records
        self._emulator = emulator

    @property
    def emulator(self) -> Any:
        assert self._emulator is not None
        return self._emulator

    def call(self, language: str = "en", voice: str | None = None, settings: Mapping[str, Any] | None = None) -> Call:
        choice = Choice("it", voice=voice, settings=settings or {})
        return Call(CLINIC, [choice], language, retries=0, timeouts=PATIENT_TIMEOUTS)

    @property
    def adapters(self) -> Any:
        return self.router.providers["it"]


@asynccontextmanager
async def running(case: Case, folder: Path, key: str = "right-key") -> AsyncIterator[Running]:
    """The vendor's emulator, and a router whose only provider `it` is an account there."""
    if case.emulator is None:
        async with _routed(case, None, Provider(vendor=case.vendor, **case.given), folder) as it:
            await it.router.warm()
            yield it
        return
    async with case.emulator() as emulator:
        given = Provider(vendor=case.vendor, url=emulator.url, key=SecretStr(key), **case.given)
        async with _routed(case, emulator, given, folder) as it:
            yield it


@asynccontextmanager
async def _routed(case: Case, emulator: Emulator | None, given: Provider, folder: Path) -> AsyncIterator[Running]:
    records: list[UsageRecord] = []
    router = router_for(Settings(data_dir=folder, models_dir=MODELS, providers={"it": given}), records.append)
    try:
        yield Running(case, router, emulator, records)
    finally:
        await router.aclose()


def able(capability: Capability, *, emulated: bool = True) -> Sequence[Case]:
    """The cases of a capability; `emulated`: those over a wire."""
    return [c for c in CASES if c.can(capability) and (c.emulator is not None or not emulated)]


def last(*names: str) -> Asked:
    """A field of the body of the last request, or several as a tuple."""

    def found(emulator: Any) -> object:
        body = emulator.requests[-1]["body"]
        return body.get(names[0]) if len(names) == 1 else tuple(body.get(name) for name in names)

    return found


def _transcription(emulator: Any) -> Any:
    """How OpenAI's last realtime session was set up."""
    setups = [f for f in emulator.received if f["type"] == "session.update"]
    return setups[-1]["session"]["audio"]["input"]["transcription"]


def asked(name: str) -> Asked:
    """A field of the query of the last request: its value, or all of them where there are several."""

    def of(emulator: Any) -> object:
        given = emulator.requests[-1]["query"].getlist(name)
        return given[0] if len(given) == 1 else given

    return of


CASES: list[Case] = [
    Case("offline"),
    Case(
        "openai_compatible",
        OpenAIEmulator,
        {"llm": "some-model", "stt": "some-ears", "tts": "some-voice", "embedding": "some-vectors"},
        stt=Hears(language_sent=last("language"), languages={"en": "en", "hi": "hi"}, terms_sent=last("prompt")),
        tts=Speaks(voice="nova", settings={"speed": 1.25}, settings_sent=last("speed")),
    ),
    Case("anthropic", AnthropicEmulator),
    Case(
        "google",
        GoogleEmulator,
        stt=Hears(
            language_sent=lambda e: e.requests[-1]["body"]["config"]["languageCode"],
            languages={"en": "en-IN", "hi": "hi-IN", "pa": "pa-Guru-IN"},
            terms_sent=lambda e: e.requests[-1]["body"]["config"].get("speechContexts"),
        ),
        tts=Speaks(
            voice="Aoede",
            is_streamed=False,
            language_sent=lambda e: e.requests[-1]["body"]["voice"],
            languages={
                "en": {"languageCode": "en-IN", "name": "en-IN-Chirp3-HD-Aoede"},
                "pa": {"languageCode": "pa-IN", "name": "pa-IN-Chirp3-HD-Aoede"},
            },
            settings={"speakingRate": 1.2},
            settings_sent=lambda e: e.requests[-1]["body"]["audioConfig"].get("speakingRate"),
        ),
        translation=Translates(
            pair_sent=lambda e: (e.requests[-1]["body"]["source"], e.requests[-1]["body"]["target"]),
            pairs={("en", "hi"): ("en", "hi"), ("or", "en"): ("or", "en")},
            most=5_000,
        ),
        embedding=Embeds(
            texts_sent=lambda body: [one["content"]["parts"][0]["text"] for one in body["requests"]],
            most=100,
            most_characters=80_000,
            task_sent=lambda e: e.requests[-1]["body"]["requests"][0]["taskType"],
            tasks={"query": "RETRIEVAL_QUERY", "document": "RETRIEVAL_DOCUMENT"},
        ),
    ),
    Case(
        "openai",
        OpenAI,
        {"tts": "gpt-4o-mini-tts"},
        stt=Hears(
            language_sent=lambda e: _transcription(e)["language"],
            languages={"en": "en", "hi": "hi", "ta": "ta"},
            terms_sent=lambda e: _transcription(e)["keywords"],
            has_interims=True,
        ),
        tts=Speaks(voice="marin", settings={"instructions": "calmly"}, settings_sent=last("instructions")),
    ),
    Case(
        "openai",
        OpenAI,
        {"stt": "gpt-transcribe"},
        stt=Hears(language_sent=last("language"), languages={"en": "en", "mr": "mr"}, terms_sent=last("keywords[]")),
        note="files",
        only=frozenset({"stt"}),
    ),
    Case(
        "voyage",
        VoyageEmulator,
        {"options": {"dimensions": "512"}},
        embedding=Embeds(
            most=128,
            most_characters=480_000,
            task_sent=last("input_type"),
            tasks={"query": "query", "document": "document"},
        ),
    ),
    Case(
        "cohere",
        CohereEmulator,
        {"options": {"dimensions": "512"}},
        embedding=Embeds(
            texts_sent=lambda body: list(body["texts"]),
            most=96,
            most_characters=400_000,
            task_sent=last("input_type"),
            tasks={"query": "search_query", "document": "search_document"},
        ),
    ),
    Case(
        "deepgram",
        DeepgramEmulator,
        stt=Hears(
            language_sent=asked("language"),
            languages={"en": "en", "hi": "hi", "ta": "ta", "pa": "pa"},
            terms_sent=asked("keyterm"),
            has_interims=True,
        ),
        tts=Speaks(
            voice="aura-2-apollo-en",
            settings={"speed": 1.2},
            settings_sent=lambda emulator: float(emulator.requests[-1]["query"]["speed"]),
        ),
    ),
    Case(
        "deepgram",
        DeepgramEmulator,
        {"stt": "nova-3-medical"},
        stt=Hears(language_sent=asked("language"), languages={"en": "en", "hi": "multi"}, has_interims=True),
        note="medical",
        only=frozenset({"stt"}),
    ),
    Case(
        "deepgram",
        DeepgramEmulator,
        {"stt": "flux-general-multi"},
        stt=Hears(
            language_sent=asked("language_hint"),
            languages={"en": "en", "hi": "hi"},
            terms_sent=asked("keyterm"),
            has_interims=True,
        ),
        note="flux",
        only=frozenset({"stt"}),
    ),
    Case(
        "azure",
        AzureEmulator,
        tts=Speaks(
            voice="hi-IN-MadhurNeural",
            language_sent=lambda e: re.findall(r'xml:lang="([^"]+)"', e.requests[-1]["body"])[0],
            languages={"en": "en-IN", "hi": "hi-IN", "ta": "ta-IN", "or": "or-IN"},
            settings={"rate": "+5%"},
            settings_sent=lambda e: re.findall(r'<prosody rate="([^"]+)"', e.requests[-1]["body"])[0],
        ),
    ),
    Case(
        "elevenlabs",
        ElevenLabsEmulator,
        tts=Speaks(
            voice="EXAVITQu4vr4xnSDxMaL",
            language_sent=last("language_code"),
            languages={"en": "en", "hi": "hi", "ta": "ta"},
            settings={"stability": 0.4, "similarity_boost": 0.8, "speed": 1.1, "use_speaker_boost": False},
            settings_sent=last("voice_settings"),
            has_timings=True,
        ),
    ),
    Case(
        "elevenlabs",
        ElevenLabsEmulator,
        {"options": {"tts_wire": "socket"}},
        tts=Speaks(
            language_sent=asked("language_code"),
            languages={"en": "en", "hi": "hi"},
            settings={"stability": 0.4, "style": 0.2},
            settings_sent=lambda e: e.received[0]["voice_settings"],
            has_timings=True,
        ),
        note="socket",
    ),
    Case(
        "sarvam",
        SarvamEmulator,
        {"llm": "sarvam-105b-conversations"},
        stt=Hears(
            language_sent=asked("language_code"),
            languages={"hi": "hi-IN", "ta": "ta-IN", "or": "or-IN", "en": "en-IN"},
            terms_sent=asked("keyterms"),
            has_interims=True,
        ),
        tts=Speaks(
            voice="ritu",
            language_sent=last("language_code"),
            languages={"hi": "hi-IN", "ta": "ta-IN", "or": "od-IN", "en": "en-IN"},
            settings={"pace": 1.2, "temperature": 0.4},
            settings_sent=lambda e: {name: e.requests[-1]["body"][name] for name in ("pace", "temperature")},
        ),
        translation=Translates(
            last("source_language_code", "target_language_code"),
            {("hi", "en"): ("hi-IN", "en-IN"), ("en", "or"): ("en-IN", "od-IN"), ("ta", "hi"): ("ta-IN", "hi-IN")},
            most=2_000,
        ),
    ),
    Case(
        "sarvam",
        SarvamEmulator,
        {"stt": "saaras:v3", "tts": "bulbul:v2", "translation": "mayura:v1", "options": {"tts_wire": "socket"}},
        stt=Hears(language_sent=asked("language-code"), languages={"hi": "hi-IN", "or": "od-IN", "en": "en-IN"}),
        tts=Speaks(
            language_sent=lambda e: e.received[0]["data"]["language_code"],
            languages={"hi": "hi-IN", "or": "od-IN"},
            settings={"pace": 0.8},
            settings_sent=lambda e: e.received[0]["data"]["pace"],
        ),
        translation=Translates(
            last("model", "target_language_code"),
            {("hi", "en"): ("mayura:v1", "en-IN"), ("en", "as"): ("sarvam-translate:v1", "as-IN")},
            most=1_000,
        ),
        note="older",
        only=frozenset({"stt", "tts", "translation"}),
    ),
    Case(
        "groq",
        Groq,
        stt=Hears(language_sent=last("language"), languages={"en": "en", "te": "te"}, terms_sent=last("prompt")),
    ),
    Case(
        "huggingface",
        HuggingFace,
        {"llm": "aaditya/Llama3-OpenBioLLM-70B", "embedding": "BAAI/bge-m3", "options": {"query_prompt": "query"}},
        embedding=Embeds(
            texts_sent=lambda body: list(body["inputs"]),
            most=32,
            most_characters=200_000,
            task_sent=last("prompt_name"),
            tasks={"query": "query", "document": None},
        ),
    ),
    Case(
        "assemblyai",
        AssemblyAIEmulator,
        stt=Hears(
            language_sent=asked("language_codes"),
            languages={"en": '["en"]', "hi": '["hi"]'},
            terms_sent=asked("keyterms_prompt"),
            has_interims=True,
        ),
    ),
    Case(
        "assemblyai",
        AssemblyAIEmulator,
        {"stt": "universal-streaming-english"},
        stt=Hears(terms_sent=asked("keyterms_prompt"), has_interims=True),
        note="older",
    ),
]
