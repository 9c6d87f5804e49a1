"""Local faster-whisper from a folder of weights (`auricle models pull whisper-small`). It never downloads by itself.

Once package and weights are there it is used before the offline recognizer, without being set up. An account of this
vendor may name another of the fetched models (`…__STT=medium`) or a device.

Whisper hears whole pieces, not streams: audio is gathered until the caller's own detector says that speech ended; an
interim is the same piece decoded early, at most once a second and only while nothing else is being decoded.
"""

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from auricle.providers.account import Account
from auricle.providers.local_models import present, whisper_folder
from auricle.providers.ports import EndOfSpeech, ProviderFailed, ProviderRefused, Transcript, Usage
from auricle.providers.vendor import Vendor
from auricle.providers.vendors.offline.upsample import Doubler

RATE_HZ = 16_000
BYTES_PER_S = RATE_HZ * 2
INTERIM_S = 1.0
PIECE_S = 28.0  # whisper's window is 30 s: longer speech is decoded in pieces and joined
LEAST_S = 0.1
KEYTERMS_CHARACTERS = 400


class FasterWhisper:
    """`SpeechToText` by faster-whisper. `folder` holds one folder per model: `small/model.bin`, …"""

    def __init__(self, folder: Path, *, model: str = "small", device: str = "auto", threads: int = 1) -> None:
        self._folder = folder
        self._usual_model = model
        self._device = device
        self._cpu_threads = threads
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="whisper")
        self._loading = threading.Lock()
        self._models: dict[str, Any] = {}

    async def transcribe(
        self,
        audio: AsyncIterator[bytes | EndOfSpeech],
        *,
        rate_hz: int,
        language: str,
        model: str | None = None,
        keyterms: Sequence[str] = (),
    ) -> AsyncGenerator[Transcript | Usage, None]:
        if rate_hz not in (8_000, RATE_HZ):
            raise ProviderRefused("Local whisper takes 8 or 16 kHz.", rate_hz=rate_hz)
        weights = self._weights(model or self._usual_model)
        hints = ", ".join(keyterms)[:KEYTERMS_CHARACTERS] or None
        double = Doubler() if rate_hz == 8_000 else None
        spoken = _Spoken(language.split("-")[0].lower())
        async for piece in audio:
            if isinstance(piece, EndOfSpeech):
                yield await self._final(spoken, weights, hints)
                continue
            spoken.add(double(piece) if double else piece)
            if spoken.piece_s >= PIECE_S:
                spoken.done.append(await self._decode(spoken, weights, hints))
                spoken.next_piece()
            elif spoken.piece_s - spoken.decoded_s >= INTERIM_S:
                spoken.decoded_s = spoken.piece_s
                yield spoken.transcript(await self._decode(spoken, weights, hints), is_final=False)
        if spoken.pcm or spoken.done:
            yield await self._final(spoken, weights, hints)
        yield Usage(audio_s=spoken.received_s)

    async def aclose(self) -> None:
        self._worker.shutdown(wait=False, cancel_futures=True)

    async def _final(self, spoken: "_Spoken", weights: Path, hints: str | None) -> Transcript:
        text = await self._decode(spoken, weights, hints) if spoken.piece_s >= LEAST_S else ""
        final = spoken.transcript(text, is_final=True)
        spoken.next_utterance()
        return final

    async def _decode(self, spoken: "_Spoken", weights: Path, hints: str | None) -> str:
        samples = np.frombuffer(bytes(spoken.pcm[: len(spoken.pcm) & ~1]), "<i2").astype(np.float32) / 32_768
        return await asyncio.get_running_loop().run_in_executor(
            self._worker, self._decoded, samples, spoken.language, weights, hints
        )

    def _decoded(self, samples: Any, language: str, weights: Path, hints: str | None) -> str:
        segments, _ = self._model(weights).transcribe(
            samples,
            language=language,
            beam_size=1,
            temperature=0.0,
            condition_on_previous_text=False,
            without_timestamps=True,
            hotwords=hints,
        )
        return " ".join(segment.text.strip() for segment in segments).strip()

    def _weights(self, model: str) -> Path:
        """The model's folder. Raises `ProviderRefused` where the package or the folder is missing."""
        if find_spec("faster_whisper") is None:
            raise ProviderRefused("Local whisper is not installed: `uv sync --extra whisper`.")
        folder = self._folder / model
        if Path(model).name != model or not (folder / "model.bin").is_file():
            raise ProviderRefused("This whisper model is not here: `auricle models pull` fetches it.", model=model)
        return folder

    def _model(self, weights: Path) -> Any:
        import faster_whisper

        with self._loading:
            if weights.name not in self._models:
                try:
                    self._models[weights.name] = faster_whisper.WhisperModel(
                        str(weights), device=self._device, cpu_threads=self._cpu_threads, compute_type="default"
                    )
                except (RuntimeError, ValueError, OSError) as broken:
                    raise ProviderFailed("The whisper model could not be loaded.", model=weights.name) from broken
            return self._models[weights.name]


class _Spoken:
    """The utterance under way, on the clock of the audio received."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.received_s = 0.0
        self.next_utterance()

    def next_utterance(self) -> None:
        self.done: list[str] = []
        self.start_s = self.received_s
        self.next_piece()

    def next_piece(self) -> None:
        self.pcm = bytearray()
        self.decoded_s = 0.0

    @property
    def piece_s(self) -> float:
        return len(self.pcm) / BYTES_PER_S

    def add(self, pcm: bytes) -> None:
        self.pcm += pcm
        self.received_s += len(pcm) / BYTES_PER_S

    def transcript(self, text: str, *, is_final: bool) -> Transcript:
        whole = " ".join(filter(None, [*self.done, text]))
        return Transcript(whole, is_final, self.start_s, self.received_s, self.language)


# Of the languages that whisper was trained on, those with a two-letter code. Odia is not among them.
CODES = (
    "af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha he hi hr ht hu hy id is it"
    " ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc pa pl ps pt ro ru sa sd si sk sl"
    " sn so sq sr su sv sw ta te tg th tk tl tr tt uk ur uz vi yi yo zh"
)


def hear(account: Account) -> FasterWhisper:
    """With the model that the account names, else the largest that was fetched."""
    fetched = present(account.models_path)
    model = account.models.get("stt") or (fetched[-1].folder.name if fetched else "small")
    return FasterWhisper(whisper_folder(account.models_path), model=model, device=account.options.get("device", "auto"))


def is_here(models_path: Path) -> bool:
    return find_spec("faster_whisper") is not None and bool(present(models_path))


VENDOR = Vendor(
    "faster_whisper",
    stt=hear,
    needs_key=False,
    needs_url=False,
    is_here=is_here,
    languages={"stt": frozenset(CODES.split())},
    options={"device": "`cpu`, `cuda` or `auto` (usual)."},
)
