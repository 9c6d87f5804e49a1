"""Azure's SSML, read with a real XML parser. There is no specification and no SDK to judge by: the rules are those of
the vendor's pages, written by hand here and in the emulator."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from auricle.errors import Misconfigured
from auricle.providers.choice import configured
from auricle.providers.connections import Connections
from auricle.providers.ports import Audio, ProviderRefused, Usage
from auricle.providers.vendors.azure import USUAL_VOICES, locale_of, markup, ssml
from auricle.settings import Provider
from tests.emulators.azure import INDIAN, LANG, SPEAK, AzureEmulator, read
from tests.providers.conftest import all_of
from tests.providers.contract.vendors import Case, Running, running

AZURE = Case("azure", AzureEmulator)
TALKATIVE = {"rate": "+10%", "pitch": "-2st", "volume": "soft", "style": "empathetic", "styledegree": 1.5, "role": "x"}


async def spoken(it: Running, text: str, **how: Any) -> list[Any]:
    return await all_of(it.router.speak(it.call(**how), text))


@given(st.text(min_size=1).filter(str.strip), st.dictionaries(st.sampled_from(sorted(TALKATIVE)), st.text()))
def test_whatever_is_said_in_whatever_manner_is_text_within_one_voice(text: str, settings: dict[str, str]) -> None:
    said = markup(text, "hi-IN-SwaraNeural", "hi-IN", settings)
    complaint, heard = read(ssml(said, "hi-IN-SwaraNeural", "hi-IN").encode("utf-8", "surrogatepass"))
    assert complaint in (None, "Nothing to say")  # control characters alone say nothing
    if complaint is None:
        kept = "".join(c if _is_xml(c) else " " for c in text)
        assert heard == kept.replace("\r\n", "\n").replace("\r", "\n")  # as XML reads ends of lines


def _is_xml(character: str) -> bool:
    at = ord(character)
    return character in "\t\n\r" or 0x20 <= at <= 0xD7FF or 0xE000 <= at <= 0xFFFD or at >= 0x10000


@pytest.mark.parametrize(
    "text",
    [
        'Dose < 5 & > 2 "mg"',
        "]]> <break time='10s'/> <voice name='x'>",
        "</voice></speak><speak>",
        "&#x41; &amp; &lt;",
        "दर्द हो तो बताइए।",
        "a\x00b\x0bc",
    ],
)
async def test_markup_in_a_text_is_read_out_not_obeyed(text: str, tmp_path: Path) -> None:
    async with running(AZURE, tmp_path) as it:
        events = await spoken(it, text, language="hi")
        assert it.emulator.said == ["".join(c if _is_xml(c) else " " for c in text)]
        assert any(isinstance(e, Audio) for e in events)


async def test_a_voices_name_can_not_become_markup_either(tmp_path: Path) -> None:
    async with running(AZURE, tmp_path) as it:
        with pytest.raises(ProviderRefused):
            await spoken(it, "x", voice='hi-IN-SwaraNeural"><voice name="en-IN-NeerjaNeural')
        assert it.emulator.said == []


async def test_the_manner_asked_for_stands_around_the_text_and_is_counted(tmp_path: Path) -> None:
    async with running(AZURE, tmp_path) as it:
        events = await spoken(it, "Please sit.", voice="en-US-AvaMultilingualNeural", language="hi", settings=TALKATIVE)
        root = ElementTree.fromstring(it.emulator.requests[0]["body"])
        express, lang, prosody = [*root[0].iter()][1:]
        assert root.get(LANG) == lang.get(LANG) == "hi-IN"
        assert express.attrib == {"style": "empathetic", "styledegree": "1.5", "role": "x"}
        assert (prosody.tag, prosody.attrib) == (
            f"{SPEAK}prosody",
            {"rate": "+10%", "pitch": "-2st", "volume": "soft"},
        )
        inner = it.emulator.requests[0]["body"].partition('Neural">')[2].removesuffix("</voice></speak>")
        assert events[-1] == Usage(characters=len(inner))
        headers = it.emulator.requests[0]["headers"]
        assert headers["x-microsoft-outputformat"] == "raw-24khz-16bit-mono-pcm"


async def test_a_voice_of_one_language_is_not_told_another(tmp_path: Path) -> None:
    async with running(AZURE, tmp_path) as it:
        await spoken(it, "Please sit.", voice="hi-IN-MadhurNeural", language="en")
        assert "<lang" not in it.emulator.requests[0]["body"]


@pytest.mark.parametrize("language", sorted(name[:2] for name in INDIAN))
async def test_each_language_of_india_has_a_voice_of_its_own(language: str, tmp_path: Path) -> None:
    async with running(AZURE, tmp_path) as it:
        await spoken(it, "1", language=language)
        root = ElementTree.fromstring(it.emulator.requests[0]["body"])
        assert root.get(LANG) == f"{language}-IN" and str(root[0].get("name")).startswith(f"{language}-IN-")


def test_every_usual_voice_is_one_of_its_language() -> None:
    assert all(locale_of(voice).startswith(f"{language}-") for language, voice in USUAL_VOICES.items())
    assert set(INDIAN) <= set(USUAL_VOICES.values())


async def test_voices_that_are_about_to_go_are_not_offered(tmp_path: Path) -> None:
    async with running(AZURE, tmp_path) as it:
        listed = {v.id: v for v in await it.adapters.adapter("tts").voices()}
        assert "en-US-JennyNeural" not in listed
        assert listed["en-US-AvaMultilingualNeural"].languages == ("en", "hi", "ta", "fr")
        assert listed["hi-IN-MadhurNeural"].gender == "male"


def test_a_region_makes_the_url_and_without_either_it_is_refused_at_start(tmp_path: Path) -> None:
    def azure(**given: Any) -> Any:
        return configured({"a": Provider(vendor="azure", key=SecretStr("k"), **given)}, Connections(), tmp_path)["a"]

    assert azure(options={"region": "centralindia"}).account.url == "https://centralindia.tts.speech.microsoft.com"
    own = azure(url="https://clinic.cognitiveservices.azure.com/tts")
    assert own.account.address("/cognitiveservices/v1").endswith(".azure.com/tts/cognitiveservices/v1")
    with pytest.raises(Misconfigured):
        azure()
