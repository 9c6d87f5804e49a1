"""Better local speech models, fetched only when the owner asks: `auricle models pull whisper-small`."""

import errno
import shutil
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from auricle.errors import NotFound, Unavailable

WHISPER_SIZES = ("tiny", "base", "small", "medium", "large-v3", "large-v3-turbo")
NAMES = tuple(f"whisper-{size}" for size in WHISPER_SIZES)


class UnknownModel(NotFound):
    """There is no local model of this name."""

    code = "models.unknown"


class ModelNotFetched(Unavailable):
    """The model could not be fetched."""

    code = "models.not_fetched"


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A model in the models folder."""

    name: str
    folder: Path
    size_bytes: int


def whisper_folder(models_path: Path) -> Path:
    """Where faster-whisper's models are; the folder that `FasterWhisper` is given."""
    return models_path / "whisper"


def pull(name: str, into: Path) -> LocalModel:
    """Fetch the weights into the models folder; whole or not at all. Takes minutes: run it in a thread.

    Raises:
        UnknownModel: no such name in `NAMES`.
        ModelNotFetched: the package is missing, there is no network, or the disk is full; one sentence says which.
    """
    if name not in NAMES:
        raise UnknownModel(f"There is no local model of this name; known are {', '.join(NAMES)}.")
    size = name.removeprefix("whisper-")
    target = whisper_folder(into) / size
    if not (target / "model.bin").is_file():
        if find_spec("faster_whisper") is None:
            raise ModelNotFetched("Local whisper is not installed: `uv sync --extra whisper`, then ask again.")
        _fetch(size, target)
    return _described(name, target)


def present(models_path: Path) -> list[LocalModel]:
    """The fetched models, by name."""
    folder = whisper_folder(models_path)
    return [
        _described(f"whisper-{size}", folder / size)
        for size in WHISPER_SIZES
        if (folder / size / "model.bin").is_file()
    ]


def _fetch(size: str, target: Path) -> None:
    from faster_whisper import download_model

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".fetching-") as fetching:
            download_model(size, output_dir=fetching)
            if not (Path(fetching) / "model.bin").is_file():
                raise ModelNotFetched("What the model hub sent holds no model.")
            shutil.rmtree(Path(fetching) / ".cache", ignore_errors=True)  # the hub client's own bookkeeping
            Path(fetching).chmod(0o755)
            Path(fetching).rename(target)
            Path(fetching).mkdir()  # for the context manager to remove
    except ModelNotFetched:
        raise
    except OSError as failed:  # the hub's own errors are OSErrors too
        full = failed.errno == errno.ENOSPC
        reason = "the disk is full" if full else "the model hub can't be reached; is there a network?"
        raise ModelNotFetched(f"The model could not be fetched: {reason}") from failed
    except Exception as failed:  # whatever else the hub's client raises has no common type
        kind = type(failed).__name__
        raise ModelNotFetched(f"The model could not be fetched ({kind}); is there a network?") from failed


def _described(name: str, folder: Path) -> LocalModel:
    return LocalModel(name, folder, sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()))
