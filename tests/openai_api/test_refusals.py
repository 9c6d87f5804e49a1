"""Who gets in, how much they may ask, what is refused and how: always in OpenAI's form, always with our code."""

from typing import Any

import openai
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from auricle.openai_api.asked import IGNORED, NEUTRAL, BadConversation, ChatIn, EmbeddingIn, Message, TooMuch
from auricle.openai_api.complete import understood
from auricle.providers.ports import ChatMessage
from auricle.settings import Limits
from tests.billing.conftest import out_of_money
from tests.conftest import Template
from tests.contract.spec import document
from tests.emulators.openai_chat import OpenAIEmulator
from tests.openai_api.conftest import Clinic, clinic_at, complaints, running, settings_with

ASK = [{"role": "user", "content": "Where do I sit?"}]
CHEST_PAIN = [{"role": "user", "content": "I have crushing chest pain and my left arm is numb"}]
MODEL = "front-desk"


async def refused(clinic: Clinic, **asked: Any) -> openai.APIStatusError:
    async with clinic.client() as client:
        with pytest.raises(openai.APIStatusError) as caught:
            await client.chat.completions.create(**{"model": MODEL, "messages": ASK, **asked})
    assert complaints("ErrorResponse", caught.value.response.json()) == []
    return caught.value


@pytest.mark.parametrize("key", ["wrong", "auk_" + "0" * 43, "eyJhbGciOiJIUzI1NiJ9.e30.x"])
async def test_a_wrong_key_is_an_authentication_error(clinic: Clinic, key: str, emulated: OpenAIEmulator) -> None:
    async with clinic.client(key) as client:
        for asking in (
            client.chat.completions.create(model=MODEL, messages=ASK),
            client.embeddings.create(model="embedding", input="a"),
        ):
            with pytest.raises(openai.AuthenticationError) as caught:
                await asking
            assert caught.value.type == "authentication_error" and str(caught.value.code).startswith("authentication.")
            assert complaints("ErrorResponse", caught.value.response.json()) == []
        with pytest.raises(openai.AuthenticationError):
            await client.models.list()
    assert emulated.requests == []


async def test_a_key_without_the_permission_is_refused(clinic: Clinic) -> None:
    async with clinic.client(await clinic.new_key("patients:read", "consultations:join")) as client:
        with pytest.raises(openai.PermissionDeniedError) as caught:
            await client.chat.completions.create(model=MODEL, messages=ASK)
        assert caught.value.code == "authorization.forbidden"
        with pytest.raises(openai.PermissionDeniedError):
            await client.models.list()


async def test_only_ones_own_published_agents_are_models(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    async with clinic_at(clinic.service, "Night desk") as other, other.client() as client:
        listed = await client.models.list()
        assert complaints("ListModelsResponse", listed.model_dump(mode="json", exclude_unset=True)) == []
        assert [model.id for model in listed.data] == ["night-desk", "embedding", "embedding-query"]
        assert (await client.models.retrieve("night-desk")).id == "night-desk"
        assert (await client.models.retrieve("embedding")).id == "embedding"
        for theirs in (MODEL, str(clinic.agent.agent_id), "gpt-4o", "' or 1=1 --"):
            with pytest.raises(openai.NotFoundError) as caught:
                await client.chat.completions.create(model=theirs, messages=ASK)
            assert (caught.value.code, caught.value.param) == ("openai.model_not_found", "model")
        with pytest.raises(openai.NotFoundError):
            await client.models.retrieve(str(clinic.agent.agent_id))
        async with other.service.client(other.admin) as http:
            await http.delete(f"/api/v1/agents/{other.agent.agent_id}")
        assert [model.id for model in (await client.models.list()).data] == ["embedding", "embedding-query"]
        with pytest.raises(openai.NotFoundError):
            await client.chat.completions.create(model="night-desk", messages=ASK)
    assert emulated.requests == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n", 2),
        ("n", True),
        ("top_p", 0.1),
        ("stop", ["\n"]),
        ("logprobs", True),
        ("logit_bias", {"50256": -100}),
        ("presence_penalty", 1),
        ("response_format", {"type": "json_object"}),
        ("modalities", ["text", "audio"]),
        ("audio", {"voice": "alloy", "format": "wav"}),
        ("store", True),
        ("functions", [{"name": "f"}]),
        ("web_search_options", {}),
        ("reasoning_effort", "high"),
    ],
)
async def test_what_no_agent_does_is_refused_by_name(clinic: Clinic, name: str, value: Any) -> None:
    error = await refused(clinic, extra_body={name: value})
    assert isinstance(error, openai.BadRequestError)
    assert (error.code, error.param, error.type) == ("openai.not_offered", name, "invalid_request_error")


async def test_a_field_that_nobody_knows_is_refused_without_repeating_it(clinic: Clinic) -> None:
    error = await refused(clinic, extra_body={"patient_meera_iyer": 1})
    assert (error.code, error.param) == ("openai.not_offered", "*") and "meera" not in error.response.text


async def test_what_clients_usually_send_is_taken(clinic: Clinic) -> None:
    neutral = {name: values[0] for name, values in NEUTRAL.items() if values}
    nulls = {name: None for name, values in NEUTRAL.items() if not values}
    ignored: dict[str, Any] = dict.fromkeys(IGNORED, "x")
    async with clinic.client() as client:
        answer = await client.chat.completions.create(
            model=MODEL, messages=ASK, extra_body={**neutral, **nulls, **ignored, "top_p": 1.0}
        )
    assert answer.choices[0].message.content


def test_every_field_of_openais_requests_has_its_place_here() -> None:
    schemas = document("openai/openapi.yaml")["components"]["schemas"]

    def fields(name: str) -> set[str]:
        schema = schemas[name]
        parts = [
            schema,
            *(p if "$ref" not in p else schemas[p["$ref"].rsplit("/", 1)[-1]] for p in schema.get("allOf", [])),
        ]
        own = {field for part in parts for field in part.get("properties", {})}
        for part in parts[1:]:
            for inner in part.get("allOf", []):
                own |= fields(inner["$ref"].rsplit("/", 1)[-1]) if "$ref" in inner else set(inner.get("properties", {}))
        return own

    asked = fields("CreateChatCompletionRequest")
    assert len(asked) > 30
    assert asked <= {*ChatIn.model_fields, *NEUTRAL, *IGNORED}
    assert not set(NEUTRAL) & set(IGNORED)
    assert fields("CreateEmbeddingRequest") <= set(EmbeddingIn.model_fields)


USER = {"role": "user", "content": "Hello."}
CALL = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CALLING = {"role": "assistant", "tool_calls": [CALL]}


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        ([], "validation.invalid"),
        ([{"role": "user"}], "openai.bad_conversation"),
        ([{"role": "user", "content": "  "}], "openai.bad_conversation"),
        ([{"role": "system", "content": "Be kind."}], "openai.bad_conversation"),
        ([USER, {"role": "assistant", "content": "Well,"}], "openai.bad_conversation"),
        ([USER, CALLING], "openai.bad_conversation"),
        ([USER, CALLING, USER], "openai.bad_conversation"),
        ([USER, {"role": "tool", "tool_call_id": "a", "content": "x"}], "openai.bad_conversation"),
        ([USER, CALLING, {"role": "tool", "tool_call_id": "b", "content": "x"}], "openai.bad_conversation"),
        ([USER, {"role": "assistant", "tool_calls": [{**CALL, "function": {"name": "f", "arguments": "oops"}}]}],
         "openai.bad_conversation"),
        ([{"role": "usr", "content": "x"}], "validation.invalid"),
        ([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}]}],
         "openai.not_offered"),
        ([{"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}]}],
         "openai.not_offered"),
        ([{"role": "user", "content": "x" * 16_001}], "openai.too_much"),
        ([{"role": "system", "content": "x" * 300_000}, {"role": "system", "content": "x" * 300_000}, USER],
         "openai.too_much"),
        ([USER] * 201, "validation.invalid"),
    ],
)  # fmt: skip
async def test_messages_that_are_no_conversation_are_refused_before_anybody_is_asked(
    clinic: Clinic, emulated: OpenAIEmulator, messages: list[Any], code: str
) -> None:
    error = await refused(clinic, messages=messages)
    assert error.code == code
    assert error.param is not None and error.param.startswith("messages") or code == "openai.too_much"
    assert emulated.requests == [] and await clinic.audit() == []


@pytest.mark.parametrize(
    ("tools", "choice", "code"),
    [
        ([], "required", "openai.not_offered"),
        ([{"type": "function", "function": {"name": "f"}}], {"type": "function", "function": {"name": "g"}},
         "openai.not_offered"),
        ([{"type": "function", "function": {"name": "f"}}] * 2, "auto", "openai.not_offered"),
        ([{"type": "custom", "custom": {"name": "f"}}], "auto", "validation.invalid"),
        ([{"type": "function", "function": {"name": "a b"}}], "auto", "validation.invalid"),
        ([{"type": "function", "function": {"name": f"f{i}", "parameters": {"x": "y" * 5_000}}} for i in range(60)],
         "auto", "openai.too_much"),
    ],
)  # fmt: skip
async def test_tools_that_make_no_sense_are_refused(clinic: Clinic, tools: Any, choice: Any, code: str) -> None:
    assert (await refused(clinic, tools=tools, tool_choice=choice)).code == code


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "not_found"),
        ("GET", "/v1/chat/completions", 405, "request.method_not_allowed"),
        ("POST", "/v1/chat/completions", 400, "request.malformed"),
    ],
)
async def test_even_what_no_route_answers_is_in_openais_form(
    clinic: Clinic, method: str, path: str, status: int, code: str
) -> None:
    async with clinic.http() as http:
        headers = {"content-type": "application/json"}
        answer = await http.request(method, path, content=b"{" if method == "POST" else None, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert complaints("ErrorResponse", answer.json()) == []


async def test_a_body_that_is_too_large_is_in_openais_form_too(clinic: Clinic) -> None:
    async with clinic.http() as http:
        answer = await http.post("/v1/chat/completions", content=b" " * 20_000_001)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "request.too_large")


ROLES = st.sampled_from(["system", "developer", "user", "assistant", "tool"])
CALLS = st.lists(
    st.builds(
        lambda id, arguments: {"id": id, "function": {"name": "f", "arguments": arguments}},
        st.sampled_from(["a", "b"]),
        st.sampled_from(["{}", "[]", "oops"]),
    ),
    max_size=2,
)
MESSAGES = st.lists(
    st.builds(
        lambda role, content, calls, id: {"role": role, "content": content, "tool_calls": calls, "tool_call_id": id},
        ROLES,
        st.one_of(
            st.none(), st.text(max_size=20), st.lists(st.builds(lambda t: {"type": "text", "text": t}, st.text()))
        ),
        CALLS,
        st.sampled_from(["a", "b", None]),
    ),
    max_size=8,
)


@given(MESSAGES)
def test_whatever_the_messages_are_they_are_a_conversation_that_providers_take_or_refused(messages: list[Any]) -> None:
    try:
        conversation = understood([Message.model_validate(one) for one in messages])
    except (BadConversation, TooMuch):
        return
    assert conversation.said.strip()
    whole = [*conversation.past, ChatMessage("user", conversation.said), *conversation.since]
    waiting: set[str | None] = set()
    for one in whole:
        assert one.role in ("user", "assistant", "tool")
        if one.role == "tool":
            assert one.tool_call_id in waiting
            waiting.remove(one.tool_call_id)
        else:
            assert not waiting
        waiting |= {call.id for call in one.tool_calls}
    assert not waiting and whole[-1].role in ("user", "tool")


# ── how much ──────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def tight(template: Template, tmp_path_factory: pytest.TempPathFactory, emulated: OpenAIEmulator) -> Any:
    limits = Limits(models="4/hour", tokens="60/day", address="1000/minute")
    folder = tmp_path_factory.mktemp("openai-tight")
    async with running(settings_with(template, folder, emulated, limits=limits)) as made:
        yield made


async def test_a_keys_requests_are_limited_and_another_keys_are_not(tight: Any, emulated: OpenAIEmulator) -> None:
    async with clinic_at(tight) as clinic, clinic.client() as client:
        thanks = [{"role": "user", "content": "thank you"}]  # costs no tokens
        for _ in range(4):
            await client.chat.completions.create(model=MODEL, messages=thanks)
        with pytest.raises(openai.RateLimitError) as caught:
            await client.chat.completions.create(model=MODEL, messages=thanks)
        assert (caught.value.code, caught.value.type) == ("rate_limit.exceeded", "rate_limit_error")
        assert int(caught.value.response.headers["retry-after"]) > 0
        assert '"models";q=4' in caught.value.response.headers["ratelimit-policy"]
        await client.models.list()  # asks no model
        async with clinic.client(await clinic.new_key("openai:use")) as other:
            await other.chat.completions.create(model=MODEL, messages=thanks)


@pytest.mark.parametrize("stream", [False, True])
async def test_without_money_nobody_is_asked_and_an_emergency_gets_its_script(
    clinic: Clinic, emulated: OpenAIEmulator, stream: bool
) -> None:
    await out_of_money(clinic.service.database, clinic.organization_id)
    error = await refused(clinic, stream=stream)
    assert (error.status_code, error.code, error.type) == (402, "billing.budget_exhausted", "insufficient_quota")
    async with clinic.client() as client:
        with pytest.raises(openai.APIStatusError) as caught:
            await client.embeddings.create(model="embedding", input="a")
        assert (caught.value.status_code, caught.value.code) == (402, "billing.budget_exhausted")
        assert await clinic.audit("embed") == [] and await clinic.audit() == []
        said: Any = await client.chat.completions.create(model=MODEL, messages=CHEST_PAIN, stream=stream)
        told = [chunk async for chunk in said][-1] if stream else said
    assert told.model_extra["auricle"]["red_flag"]
    assert len(await clinic.audit()) == 1
    assert emulated.requests == [] and await clinic.usage("embedding") == []


async def test_a_keys_tokens_are_a_quota(tight: Any, emulated: OpenAIEmulator) -> None:
    async with clinic_at(tight) as clinic, clinic.client() as client:
        for _ in range(3):  # 25 tokens each: the third begins within the quota, and uses it up
            await client.chat.completions.create(model=MODEL, messages=ASK)
        asked = len(emulated.requests)
        for asking in (
            client.chat.completions.create(model=MODEL, messages=ASK),
            client.chat.completions.create(model=MODEL, messages=ASK, stream=True),
        ):
            with pytest.raises(openai.RateLimitError) as caught:
                await asking
        assert caught.value.code in ("quota.used", "rate_limit.exceeded")
        assert len(emulated.requests) == asked
        async with clinic.client(await clinic.new_key("openai:use")) as other:
            await other.chat.completions.create(model=MODEL, messages=ASK)
