"""Deepgram: Nova and Flux hear over WebSockets, Aura speaks. Other regions: set the account's URL."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence

from auricle.providers.account import Account
from auricle.providers.ports import Capability, EndOfSpeech, Transcript, Usage
from auricle.providers.vendor import Vendor
from auricle.providers.vendors.deepgram_models.aura import DEFAULT_VOICE, VOICES, Aura
from auricle.providers.vendors.deepgram_models.flux import Flux
from auricle.providers.vendors.deepgram_models.nova import Nova
from auricle.providers.vendors.deepgram_models.terms import NOVA_2, NOVA_3, known_to


class Listen:
    """Speech to text by the model asked for: `flux-…` finds the ends of turns itself, all others are told."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._nova, self._flux = Nova(account), Flux(account)

    def transcribe(
        self,
        audio: AsyncIterator[bytes | EndOfSpeech],
        *,
        rate_hz: int,
        language: str,
        model: str | None,
        keyterms: Sequence[str] = (),
    ) -> AsyncGenerator[Transcript | Usage, None]:
        named = self._account.model("stt", model)
        family = self._flux if named.startswith("flux") else self._nova
        return family.transcribe(audio, rate_hz=rate_hz, language=language, model=named, keyterms=keyterms)


def languages_of(capability: Capability, model: str) -> frozenset[str] | None:
    return known_to(model) if capability == "stt" else None


VENDOR = Vendor(
    "deepgram",
    url="https://api.deepgram.com",
    auth="authorization: Token {key}",
    stt=Listen,
    tts=Aura,
    languages={"stt": NOVA_3 | NOVA_2, "tts": frozenset(VOICES)},
    model_languages=languages_of,
    by_socket=frozenset({"stt"}),
    models={"stt": "nova-3", "tts": DEFAULT_VOICE},
    formats={"stt": ("linear16",), "tts": ("linear16",)},
    settings={"tts": {"speed": "how fast, from 0.7 to 1.5; not in all languages"}},
    options={
        "mixed_languages": "true: speakers change between languages; Nova-3 then hears ten of them at once",
        "mip_opt_out": "false lets Deepgram train with what is sent, at its lower price; true by itself",
        "smart_format": "true: Nova writes numbers, dates and the like as one writes them",
        "numerals": "true: numbers as digits",
        "endpointing": "milliseconds of silence after which Nova itself ends a turn; unset: our own voice activity",
        "eot_threshold": "how sure Flux must be that a turn has ended, 0.5 to 0.9",
        "eager_eot_threshold": "how sure Flux must be to say that a turn may have ended, 0.3 to 0.9; unset: never",
        "eot_timeout_ms": "silence after which Flux ends a turn whatever it thinks",
    },
)
