"""The espeak-ng library by ctypes. It is global and not re-entrant: every call here runs in one worker thread."""

import ctypes
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

from auricle.providers.ports import ProviderFailed

CHUNK_MS = 60
_SYNCHRONOUS = 2  # espeak_AUDIO_OUTPUT: call back from espeak_Synth itself, no audio device
_PHONEME_EVENTS, _IN_IPA, _DO_NOT_EXIT = 1, 1 << 1, 1 << 15
_UTF8 = 1
_IPA = 2
_RATE, _VOLUME, _PITCH, _RANGE = 1, 2, 3, 4  # espeak_PARAMETER
_END, _PHONEME = 0, 7  # espeak_EVENT_TYPE


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position_ms", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


Phoneme = tuple[str, float]  # in the International Phonetic Alphabet, empty for a pause; where it begins, in seconds


@dataclass(frozen=True, slots=True)
class Manner:
    """How to speak, in espeak's units."""

    voice: str = "en-us"
    words_per_minute: int = 165
    pitch: int = 50
    pitch_range: int = 50
    volume: int = 100


class Espeak:
    def __init__(self) -> None:
        import espeakng_loader

        self._library = ctypes.CDLL(str(espeakng_loader.get_library_path()))
        data = str(espeakng_loader.get_data_path()).encode()
        self._library.espeak_Synth.argtypes = [
            *(ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int),
            *(ctypes.c_uint, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p),
        ]
        self.rate_hz: int = self._library.espeak_Initialize(
            _SYNCHRONOUS, CHUNK_MS, ctypes.c_char_p(data), _PHONEME_EVENTS | _IN_IPA | _DO_NOT_EXIT
        )
        if self.rate_hz <= 0:
            raise ProviderFailed("espeak-ng could not load its data.")

    def has_voice(self, voice: str) -> bool:
        return bool(self._library.espeak_SetVoiceByName(voice.encode()) == 0)

    def ipa(self, word: str, voice: str = "en-us") -> str:
        """How the voice pronounces a word, in the International Phonetic Alphabet."""
        if not self.has_voice(voice):
            raise ProviderFailed("espeak-ng does not know this voice.", voice=voice)
        text = ctypes.c_char_p(word.replace("\0", " ").encode())
        self._library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        said: bytes | None = self._library.espeak_TextToPhonemes(ctypes.byref(text), _UTF8, _IPA)
        return (said or b"").decode("utf-8", "replace")

    def speak(self, text: str, manner: Manner, take: Callable[[bytes, list[Phoneme]], bool]) -> None:
        """Synthesise, handing over ~60 ms at a time. `take` answers whether to go on."""
        if not self.has_voice(manner.voice):
            raise ProviderFailed("espeak-ng does not know this voice.", voice=manner.voice)
        for parameter, value in (
            (_RATE, manner.words_per_minute),
            (_VOLUME, manner.volume),
            (_PITCH, manner.pitch),
            (_RANGE, manner.pitch_range),
        ):
            self._library.espeak_SetParameter(parameter, value, 0)
        failures: list[BaseException] = []

        def called_back(
            samples: "ctypes._Pointer[ctypes.c_short]", count: int, events: "ctypes._Pointer[_Event]"
        ) -> int:
            try:
                pcm = ctypes.string_at(samples, count * 2) if samples and count > 0 else b""
                return 0 if take(pcm, _phonemes(events)) else 1
            except BaseException as failure:  # must not unwind through C
                failures.append(failure)
                return 1

        callback = _Callback(called_back)
        self._library.espeak_SetSynthCallback(callback)
        encoded = text.replace("\0", " ").encode()
        outcome = self._library.espeak_Synth(encoded, len(encoded) + 1, 0, 0, 0, _UTF8, None, None)
        if failures:
            raise failures[0]
        if outcome != 0:
            raise ProviderFailed("espeak-ng could not speak.", outcome=outcome)


def _phonemes(events: "ctypes._Pointer[_Event]") -> list[Phoneme]:
    found: list[Phoneme] = []
    index = 0
    while (event := events[index]).type != _END:
        if event.type == _PHONEME:
            found.append((event.id.decode("utf-8", "replace"), event.audio_position_ms / 1000))
        index += 1
    return found


@cache
def espeak() -> Espeak:
    """The one library of this process."""
    return Espeak()


@cache
def espeak_thread() -> ThreadPoolExecutor:
    """The one thread that may touch the library."""
    return ThreadPoolExecutor(1, thread_name_prefix="espeak")
