from importlib.util import find_spec
from pathlib import Path
from uuid import UUID

import pytest

from auricle.providers import local_models
from auricle.providers.call import Call, Choice
from auricle.providers.choice import configured
from auricle.providers.connections import Connections
from auricle.providers.metering import UsageRecord
from auricle.providers.ports import END_OF_SPEECH, ProviderRefused, Transcript
from auricle.providers.registry import vendor_named
from auricle.providers.routing import router_for
from auricle.providers.vendors.faster_whisper import FasterWhisper
from auricle.settings import Provider, Settings
from tests.running_service import MODELS


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


def test_whisper_is_used_without_being_set_up_once_package_and_weights_are_there(tmp_path: Path):
    assert "faster_whisper" not in configured({}, Connections(1.0), tmp_path)
    (tmp_path / "whisper" / "tiny").mkdir(parents=True)
    (tmp_path / "whisper" / "tiny" / "model.bin").write_bytes(b"weights")
    is_installed = find_spec("faster_whisper") is not None
    assert ("faster_whisper" in configured({}, Connections(1.0), tmp_path)) is is_installed


async def test_an_account_for_whisper_is_refused_in_a_sentence_and_the_offline_recognizer_serves(tmp_path: Path):
    records: list[UsageRecord] = []
    providers = {"whisper": Provider(vendor="faster_whisper", stt="tiny")}
    router = router_for(Settings(data_dir=tmp_path, models_dir=MODELS, providers=providers), records.append)
    try:
        call = Call(UUID(int=1), [Choice("whisper"), Choice("offline")], "en", retries=0)
        events = [e async for e in router.transcribe(call, one_piece(), rate_hz=16_000)]
    finally:
        await router.aclose()
    assert [e.is_final for e in events if isinstance(e, Transcript) and e.is_final] == [True]
    assert [(r.provider, r.status) for r in records] == [("whisper", "refused"), ("offline", "ok")]


def test_whisper_is_not_asked_for_a_language_that_it_does_not_know():
    vendor = vendor_named("faster_whisper")
    assert all(vendor.speaks("stt", language) for language in ("en", "hi", "ta", "te", "bn", "mr", "gu", "kn", "ml"))
    assert not vendor.speaks("stt", "or")
