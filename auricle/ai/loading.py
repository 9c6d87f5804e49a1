"""What the clinical AI has to load: once a process, warmed at start, with a status that others may ask for."""

import resource
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from auricle.ai.entities.codes import icd10
from auricle.ai.entities.find import find_entities
from auricle.ai.entities.learned import LearnedReader
from auricle.ai.entities.lexicon import cue_phrases, lexicon
from auricle.ai.port import Known, Utterance
from auricle.ai.privacy.mask import mask
from auricle.ai.privacy.vocabulary import cities, common_words
from auricle.ai.soap.draft import write_extractive

_WARM_UP = (
    Utterance(id="1", speaker="clinician", text="Any fever?"),
    Utterance(id="2", speaker="patient", text="no, i take ibuprofen four hundred milligrams twice a day"),
)


@dataclass(frozen=True, slots=True)
class ModelStatus:
    name: str
    state: Literal["cold", "ready", "failed", "absent"]  # absent: there is none, and none is needed
    size: int = 0  # entries
    seconds: float = 0.0  # that loading took
    error: str = ""  # the type of what went wrong
    memory_bytes: int | None = None  # that the process grew by meanwhile; None where that can't be told
    runs_on: str = "CPU"


class Models:
    """Loads lexicons and warms every function; safe to call from several threads."""

    def __init__(self, entity_model: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._entity_model = entity_model
        self._reader: LearnedReader | None = None
        self._status: dict[str, ModelStatus] = {
            name: ModelStatus(name, "cold") for name in ("lexicon", "codes", "privacy", "draft")
        }
        self._status["entity model"] = ModelStatus("entity model", "cold" if entity_model else "absent")

    def load(self) -> None:
        """Load and warm what is not ready. Raises what broke, after noting it in the status."""
        with self._lock:
            self._step("lexicon", lambda: lexicon().size + len(cue_phrases("negation", "before")))
            self._step("codes", lambda: len(icd10().rows))
            if self._entity_model is not None:
                self._step("entity model", self._read_model)
            self._step("privacy", lambda: len(common_words()) + len(cities()) + len(mask(_WARM_UP, Known()).spans))
            self._step("draft", lambda: len(write_extractive(_WARM_UP, find_entities(_WARM_UP)).statements))

    def reader(self) -> LearnedReader | None:
        """The entity model, loaded at the first call; None where none is set. Raises `ModelUnusable`."""
        if self._entity_model is not None and self._reader is None:
            with self._lock:
                self._step("entity model", self._read_model)
        return self._reader

    def _read_model(self) -> int:
        assert self._entity_model is not None
        reader = LearnedReader(self._entity_model)
        reader.read(_WARM_UP)
        self._reader = reader
        return reader.size

    def _step(self, name: str, work: Callable[[], int]) -> None:
        if self._status[name].state == "ready":
            return
        started, before = time.perf_counter(), resident_bytes()
        try:
            size = work()
        except Exception as error:
            self._status[name] = ModelStatus(name, "failed", error=type(error).__name__)
            raise
        took_s = time.perf_counter() - started
        self._status[name] = ModelStatus(name, "ready", size, took_s, memory_bytes=grown_by(before))

    def status(self) -> list[ModelStatus]:
        return list(self._status.values())

    @property
    def ready(self) -> bool:
        return all(s.state in {"ready", "absent"} for s in self._status.values())


def resident_bytes() -> int | None:
    """Memory of this process now, where the system tells it (Linux)."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * resource.getpagesize()


def grown_by(before: int | None) -> int | None:
    now = resident_bytes()
    return None if now is None or before is None else max(0, now - before)
