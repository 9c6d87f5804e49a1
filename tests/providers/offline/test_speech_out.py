import asyncio

import numpy as np
import pytest

from auricle.providers.ports import Audio, ProviderRefused, Timings, Usage
from auricle.providers.vendors.offline import OfflineTextToSpeech
from auricle.providers.vendors.offline.speech_out import LONGEST_CHARACTERS, PIECE_CHARACTERS, VOICES, pieces

HOW_ARE_YOU = {
    "en": "How are you today?",
    "hi": "आप कैसे हैं?",
    "ta": "நீங்கள் எப்படி இருக்கிறீர்கள்?",
    "te": "మీరు ఎలా ఉన్నారు?",
    "bn": "আপনি কেমন আছেন?",
    "mr": "तुम्ही कसे आहात?",
    "gu": "તમે કેમ છો?",
    "kn": "ನೀವು ಹೇಗಿದ್ದೀರಿ?",
    "ml": "സുഖമാണോ?",
    "pa": "ਤੁਸੀਂ ਕਿਵੇਂ ਹੋ?",
    "or": "ଆପଣ କେମିତି ଅଛନ୍ତି?",
}


async def said(text: str, language: str = "en", **more: object) -> tuple[bytes, Usage]:
    events = [
        e
        async for e in OfflineTextToSpeech().speak(
            text, voice=more.pop("voice", None), language=language, settings=more
        )
    ]
    assert isinstance(events[-1], Usage)
    audio = [e for e in events if isinstance(e, Audio)]
    assert all(a.rate_hz == 22_050 for a in audio)
    return b"".join(a.pcm for a in audio), events[-1]


@pytest.mark.parametrize("language", VOICES)
async def test_every_language_speaks(language):
    pcm, usage = await said(HOW_ARE_YOU[language], language)
    samples = np.frombuffer(pcm, "<i2")
    assert len(samples) > 22_050 * 0.4
    assert np.abs(samples.astype(int)).max() > 3_000
    assert usage.characters == len(HOW_ARE_YOU[language])


async def test_pace_shortens_and_pitch_changes_the_speech():
    usual, _ = await said("Please take a seat.")
    fast, _ = await said("Please take a seat.", pace=1.6)
    high, _ = await said("Please take a seat.", pitch=90)
    assert len(fast) < 0.8 * len(usual)
    assert high != usual


async def test_calls_at_once_do_not_mix():
    alone = {text: (await said(text))[0] for text in ("First patient.", "Another patient, please wait.")}
    together = await asyncio.gather(*(said(text) for text in [*alone] * 4))
    for text, (pcm, _) in zip([*alone] * 4, together, strict=True):
        assert abs(len(pcm) - len(alone[text])) < 2_205


async def test_closing_stops_the_speech():
    voice = OfflineTextToSpeech()
    speaking = voice.speak("One sentence. " * 200, voice=None, language="en")
    assert isinstance(await anext(speaking), Audio)
    await speaking.aclose()
    pcm, _ = await said("Hello.")
    assert pcm


@pytest.mark.parametrize("language", ["en", "hi"])
async def test_sounds_come_with_their_times_behind_the_first_of_the_audio(language):
    text = f"{HOW_ARE_YOU[language]} " * (PIECE_CHARACTERS // 15)  # more than one hold of the library
    events = [e async for e in OfflineTextToSpeech().speak(text, voice=None, language=language)]
    assert isinstance(events[0], Audio) and isinstance(events[1], Timings) and events[1].by == "sounds"
    told = [t for e in events if isinstance(e, Timings) for t in e.told]
    at_s = [s for t in told for s in (t.start_s, t.end_s)]
    assert at_s == sorted(at_s) and at_s[-1] <= events[-1].audio_s + 0.001
    heard = "".join(t.text.strip("ˈˌ") for t in told)
    assert heard.startswith({"en": "haʊɑːɹjuːtədeɪ", "hi": "aːpkɛːseːhɛ̃"}[language])


async def test_nothing_to_say_is_no_audio():
    pcm, usage = await said("  ")
    assert pcm == b"" and usage.audio_s == 0.0


@pytest.mark.parametrize(
    "bad", [{"voice": "../../etc/passwd"}, {"language": "fr"}, {"pace": 9}, {"pitch": "high"}, {"pace": True}]
)
async def test_what_it_cannot_say_is_refused(bad):
    with pytest.raises(ProviderRefused):
        await said("Hello.", **bad)


async def test_a_text_without_end_is_refused():
    with pytest.raises(ProviderRefused):
        await said("a" * (LONGEST_CHARACTERS + 1))


def test_long_texts_are_cut_between_words_and_nothing_is_lost():
    text = "This is a sentence, with a clause. " * 30 + "x" * 700
    cut = list(pieces(text))
    assert "".join(cut) == text
    assert all(len(piece) <= PIECE_CHARACTERS for piece in cut)
