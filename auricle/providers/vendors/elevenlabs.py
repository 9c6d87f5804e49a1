"""ElevenLabs' voices, with the times of the letters they say.

Each sentence is known whole when it is asked for, so it is asked for over HTTP: the connection stays from one to the
next, where a socket for each would be opened anew (the account's option `tts_wire` has it so). Both tell timings.
"""

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import orjson

from auricle.providers.account import Account
from auricle.providers.dialects.samples import Samples, from_base64
from auricle.providers.ports import Audio, ProviderFailed, ProviderGarbled, Timing, Timings, Usage, Voice
from auricle.providers.refusals import failure, vendor_code
from auricle.providers.vendor import Vendor

RATE_HZ = 24_000
USUAL_VOICE = "JBFqnCBsd6RMkjVDRZzb"  # one of those that every account has; it speaks all languages of its model
VOICE_SETTINGS = ("stability", "similarity_boost", "style", "speed", "use_speaker_boost")
REQUEST_SETTINGS = ("seed", "apply_text_normalization")
MOST_PAGES = 20  # of 100 voices
UNNAMED_LANGUAGE = ("eleven_multilingual_v2", "eleven_flash_v2")  # models that refuse to be told the language


def codes(named: str) -> frozenset[str]:
    return frozenset(named.split())


MULTILINGUAL = codes("en ja zh de hi fr ko pt it es id nl tr fil pl sv bg ro ar cs el fi hr ms sk da ta uk ru")
FLASH = MULTILINGUAL | codes("hu no vi")
V3 = FLASH | codes(
    "af hy as az be bn bs ca ceb ny et gl ka gu ha he is ga jv kn kk ky lv ln lt lb mk ml mr ne ps fa pa sr sd sl so "
    "sw te th ur cy"
)
OF_MODELS = {
    "eleven_flash_v2_5": FLASH,
    "eleven_turbo_v2_5": FLASH,
    "eleven_multilingual_v2": MULTILINGUAL,
    "eleven_flash_v2": codes("en"),
    "eleven_turbo_v2": codes("en"),
}

_STATUS = {
    "invalid_api_key": 401,
    "missing_permissions": 401,
    "quota_exceeded": 402,
    "voice_not_found": 404,
    "model_not_found": 404,
    "input_timeout_exceeded": 408,
    "rate_limit_exceeded": 429,
    "too_many_concurrent_requests": 429,
    "concurrent_limit_exceeded": 429,
    "system_busy": 503,
}


class Speak:
    """`TextToSpeech` in linear PCM."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def speak(
        self, text: str, *, voice: str | None, language: str, settings: Mapping[str, Any] | None = None
    ) -> AsyncGenerator[Audio | Timings | Usage, None]:
        given = settings or {}
        asked: dict[str, Any] = {"model_id": self._account.model("tts", given.get("model"))}
        if asked["model_id"] not in UNNAMED_LANGUAGE:
            asked["language_code"] = language.partition("-")[0].lower()
        asked |= {name: given[name] for name in REQUEST_SETTINGS if name in given}
        manner = {name: given[name] for name in VOICE_SETTINGS if name in given}
        path = f"/v1/text-to-speech/{quote(voice or self._account.options.get('voice', USUAL_VOICE), safe='')}"
        by_socket = self._account.options.get("tts_wire") == "socket"
        told = self._over_socket(path, text, asked, manner) if by_socket else self._over_http(path, text, asked, manner)
        speech = _Speech()
        try:
            async for message in told:
                for event in speech.events(message):
                    yield event
        finally:
            await told.aclose()
        speech.finish(text)
        yield Usage(characters=len(text))

    async def voices(self) -> Sequence[Voice]:
        """What the account may speak with."""
        found: list[Voice] = []
        params = {"page_size": "100"}
        for _ in range(MOST_PAGES):
            page = await self._account.get("/v2/voices", params=params)
            try:
                found += [_voice(row) for row in page["voices"]]
                token = page["next_page_token"] if page["has_more"] else None
            except (KeyError, TypeError, AttributeError):
                raise ProviderGarbled("The answer is not a list of voices.") from None
            if not token:
                break
            params["next_page_token"] = str(token)
        return found

    @property
    def _how(self) -> dict[str, str]:
        is_kept = self._account.options.get("enable_logging", "true")
        return {"output_format": f"pcm_{RATE_HZ}", "enable_logging": is_kept}

    async def _over_http(
        self, path: str, text: str, asked: Mapping[str, Any], manner: Mapping[str, Any]
    ) -> AsyncGenerator[dict[str, Any], None]:
        body = {"text": text, **asked, **({"voice_settings": manner} if manner else {})}
        async with self._account.stream(f"{path}/stream/with-timestamps", json=body, params=self._how) as reply:
            if reply.content_type == "text/html":
                raise ProviderGarbled("The provider did not answer with sound.")
            async for lines in reply.lines():
                for line in lines:
                    if line.strip():
                        yield _message(line)

    async def _over_socket(
        self, path: str, text: str, asked: Mapping[str, Any], manner: Mapping[str, Any]
    ) -> AsyncGenerator[dict[str, Any], None]:
        params = {**self._how, **asked, "auto_mode": "true", "sync_alignment": "true"}
        async with self._account.socket(f"{path}/stream-input", params=params) as socket:
            await socket.send_json({"text": " ", **({"voice_settings": manner} if manner else {})})
            await socket.send_json({"text": f"{text} ", "flush": True})
            await socket.send_json({"text": ""})
            async for line in socket.messages():
                message = _message(line)
                yield message
                if message.get("isFinal"):
                    return
        raise ProviderGarbled("The provider stopped in the middle of a sentence.")


class _Speech:
    """One sentence: sound as it comes, and after it when its letters sound."""

    def __init__(self) -> None:
        self._samples = Samples(RATE_HZ)
        self._spaces: list[Timing] = []  # until a letter follows: the vendor wants one behind a sentence, and times it
        self._told_s = 0.0
        self._letters = 0  # that were timed

    def events(self, message: Mapping[str, Any]) -> Iterator[Audio | Timings]:
        sound = message.get("audio_base64", message.get("audio"))
        if sound is None:
            if message.get("isFinal"):
                return
            raise _failed(message)
        before_s = self._samples.received_s
        yield from self._samples.feed(from_base64(sound))
        if timings := tuple(self._timings(message.get("alignment"), before_s)):
            yield Timings(timings)

    def finish(self, text: str) -> None:
        """The answer is over. Over HTTP nothing else tells that it was cut: then most of the letters have no time.

        (Not all need have one: the vendor may read a symbol or a number otherwise than it is written.)
        """
        if 0 < self._letters < sum(not letter.isspace() for letter in text) / 2:
            raise ProviderGarbled("The provider stopped in the middle of a sentence.")

    def _timings(self, told: Any, before_s: float) -> Iterator[Timing]:
        if told is None:
            return
        try:
            letters = list(_letters(told))
        except (KeyError, TypeError, ValueError):
            raise ProviderGarbled("The provider's timings are not as it specifies them.") from None
        # Times are told on the clock of the message or on that of the whole: on the latter they never go back.
        offset_s = before_s if letters and letters[0][1] < self._told_s - 0.001 else 0.0
        for letter, start_s, end_s in letters:
            is_begun, self._told_s = self._told_s > 0, max(self._told_s, end_s + offset_s)
            timing = Timing(letter, start_s + offset_s, end_s + offset_s)
            if letter.isspace():
                self._spaces += [timing] if is_begun else []
            else:
                self._letters += len(letter)
                yield from self._spaces
                self._spaces.clear()
                yield timing


def _letters(told: Mapping[str, Any]) -> Iterator[tuple[str, float, float]]:
    """Letter, start and end in seconds, of either way to say it."""
    if "characters" in told:
        starts, ends = told["character_start_times_seconds"], told["character_end_times_seconds"]
        for letter, start_s, end_s in zip(told["characters"], starts, ends, strict=True):
            yield str(letter), float(start_s), float(end_s)
        return
    lasting = told.get("charDurationsMs", told.get("charsDurationsMs"))
    for letter, start_ms, lasting_ms in zip(told["chars"], told["charStartTimesMs"], lasting, strict=True):
        yield str(letter), start_ms / 1000, (start_ms + lasting_ms) / 1000


def _message(line: str | bytes) -> dict[str, Any]:
    try:
        message = orjson.loads(line)
    except orjson.JSONDecodeError:
        raise ProviderGarbled("The provider sent something that is not JSON.") from None
    if not isinstance(message, dict):
        raise ProviderGarbled("The provider sent something that it does not specify.")
    return message


def _failed(message: Mapping[str, Any]) -> ProviderFailed:
    """The failure for a message that is no sound."""
    detail = message.get("detail")
    told = detail.get("status") if isinstance(detail, dict) else message.get("error")
    code = vendor_code({"error": {"code": told}})
    if code is None:
        return ProviderGarbled("The provider sent something that it does not specify.")
    return failure(_STATUS.get(code, 400 if message.get("code") == 1008 else 500), code)


def _voice(row: Mapping[str, Any]) -> Voice:
    labels = row.get("labels") or {}
    spoken = [one["language"] for one in row.get("verified_languages") or ()] or [labels.get("language")]
    languages = tuple(dict.fromkeys(str(code).partition("-")[0].lower() for code in spoken if code))
    gender = labels.get("gender")
    return Voice(
        row["voice_id"],
        row["name"].strip(),
        tuple(code for code in languages if len(code) in (2, 3)),
        gender if gender in ("female", "male", "neutral") else None,
    )


VENDOR = Vendor(
    "elevenlabs",
    url="https://api.elevenlabs.io",  # api.in.residency.elevenlabs.io keeps to India, api.eu.residency… to Europe
    auth="xi-api-key: {key}",
    tts=Speak,
    models={"tts": "eleven_flash_v2_5"},
    languages={"tts": V3},
    model_languages=lambda _, model: OF_MODELS.get(model),
    formats={"tts": ("pcm_24000",)},
    settings={
        "tts": {
            "stability": "0 to 1: lower is livelier, higher is steadier; 0.5 is usual",
            "similarity_boost": "0 to 1: how close to the original voice; 0.75 is usual",
            "style": "0 to 1: how much of the speaker's manner; 0 is usual, and quickest",
            "speed": "0.7 to 1.2; 1 is usual",
            "use_speaker_boost": "true or false: closer to the speaker, a little slower",
            "seed": "a whole number: the same text sounds the same",
            "apply_text_normalization": "auto, on or off: numbers and dates as words",
        }
    },
    options={
        "voice": "the voice where an agent chooses none",
        "tts_wire": "http or socket; unset: http, which keeps its connection (eleven_v3 has no socket)",
        "enable_logging": "false: the vendor keeps nothing (for its enterprise customers only)",
    },
)
