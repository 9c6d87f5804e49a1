from importlib.util import find_spec
from pathlib import Path

import pytest

from auricle.providers import local_models
from auricle.providers.ports import END_OF_SPEECH, ProviderRefused
from auricle.providers.vendors.faster_whisper import FasterWhisper


async def one_piece():
    yield bytes(3_200)
    yield END_OF_SPEECH


@pytest.mark.parametrize("model", [None, "../small", ""])
async def test_whisper_without_package_or_weights_says_what_to_do(tmp_path: Path, model):
    whisper = FasterWhisper(tmp_path)
    with pytest.raises(ProviderRefused) as refused:
        [e async for e in whisper.transcribe(one_piece(), rate_hz=16_000, language="en", model=model)]
    assert "auricle models pull" in refused.value.message or "uv sync" in refused.value.message


def test_an_unknown_name_is_told_with_the_known_ones(tmp_path: Path):
    with pytest.raises(local_models.UnknownModel, match="whisper-small"):
        local_models.pull("whisper-../../x", tmp_path)


@pytest.mark.skipif(find_spec("faster_whisper") is not None, reason="faster-whisper is installed")
def test_pulling_without_the_package_is_one_sentence(tmp_path: Path):
    with pytest.raises(local_models.ModelNotFetched, match="uv sync"):
        local_models.pull("whisper-tiny", tmp_path)


def test_only_whole_models_are_listed(tmp_path: Path):
    (tmp_path / "whisper" / "base").mkdir(parents=True)
    (tmp_path / "whisper" / "small").mkdir()
    (tmp_path / "whisper" / "small" / "model.bin").write_bytes(b"weights")
    assert [(m.name, m.size_bytes) for m in local_models.present(tmp_path)] == [("whisper-small", 7)]
    assert local_models.pull("whisper-small", tmp_path).folder == tmp_path / "whisper" / "small"
