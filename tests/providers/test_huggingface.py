"""Hugging Face: the router, an endpoint of the owner's, vectors from either, and errors that are prose."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from auricle.providers.account import Account
from auricle.providers.connections import Connections
from auricle.providers.ports import ChatMessage, LanguageRequest, ProviderFailed, ProviderGarbled, ProviderRefused
from auricle.providers.registry import vendor_named
from tests.emulators.huggingface import LOADING, HuggingFace
from tests.emulators.server import Fault
from tests.providers.contract.conftest import all_of
from tests.providers.contract.vendors import Case, Running, running

ASK = LanguageRequest([ChatMessage("user", "Where do I sit?")])
GIVEN = {"llm": "aaditya/Llama3-OpenBioLLM-70B", "embedding": "BAAI/bge-m3"}


@pytest.fixture
async def it(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(Case("huggingface", HuggingFace, GIVEN), tmp_path) as made:
        yield made


def account(server: HuggingFace, url: str, *, is_own_url: bool) -> Account:
    return Account(
        "it", "huggingface", Connections(), url=url, key=SecretStr(server.key), models=GIVEN, is_own_url=is_own_url
    )


@pytest.mark.parametrize("ending", ["", "/", "/v1", "/v1/"])
async def test_an_endpoints_address_is_taken_as_its_page_shows_it(ending: str) -> None:
    async with HuggingFace() as server:
        own = account(server, server.url + ending, is_own_url=True)
        await all_of(vendor_named("huggingface").llm(own).generate(ASK))  # type: ignore[misc]
        assert server.requests[0]["path"] == "/v1/chat/completions"
        assert server.requests[0]["body"]["model"] == GIVEN["llm"]


async def test_vectors_come_from_an_endpoint_or_from_the_routers_path_for_the_model(it: Running) -> None:
    answer = await it.router.embed(it.call(), ["a", "bbb"], task="document")
    assert answer.vectors.shape == (2, 64)
    body = it.emulator.requests[-1]["body"]
    assert it.emulator.requests[-1]["path"] == "/" and body["normalize"] is True and "prompt_name" not in body
    routed = account(it.emulator, it.emulator.url, is_own_url=False)
    await vendor_named("huggingface").embedding(routed).embed(["a"], task="query")  # type: ignore[misc]
    path = it.emulator.requests[-1]["path"]
    assert path == "/hf-inference/models/BAAI/bge-m3/pipeline/feature-extraction"


async def test_without_a_model_named_nothing_is_offered(tmp_path: Path) -> None:
    async with running(Case("huggingface", HuggingFace), tmp_path) as it:
        assert it.adapters.capabilities == ()


@pytest.mark.parametrize("fault", ["error_chunk", "empty", "malformed"])
async def test_what_is_no_vector_for_each_text_is_garbled(it: Running, fault: str) -> None:
    it.emulator.next(Fault(fault))  # type: ignore[arg-type]
    with pytest.raises(ProviderGarbled):
        await it.router.embed(it.call(), ["a", "b"], task="document")


async def test_a_model_that_is_being_loaded_is_an_outage_and_its_prose_stays_there(it: Running) -> None:
    it.emulator.next(LOADING)
    with pytest.raises(ProviderFailed) as caught:
        await it.router.embed(it.call(), ["a"], task="document")
    assert type(caught.value) is ProviderFailed
    it.emulator.next(Fault("status", 422, body={"error": "private words", "error_type": "validation"}))
    with pytest.raises(ProviderRefused) as refused:
        await all_of(it.router.generate(it.call(), ASK))
    assert "private" not in f"{refused.value!r} {refused.value.context}"
