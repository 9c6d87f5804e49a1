"""Nothing that identifies a person reaches a provider that is not the organization's own, whatever is asked of it."""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import orjson
import pytest
from pydantic import SecretStr

from auricle.ai.port import Known
from auricle.providers.call import Call, Choice, MaskLost, NotMasked, SpeechWithheld
from auricle.providers.lineup import SharedByAll
from auricle.providers.masking.guard import MaskingGuard
from auricle.providers.masking.policy import Masking
from auricle.providers.metering import UsageRecord
from auricle.providers.ports import (
    END_OF_SPEECH,
    Capability,
    ChatMessage,
    Identifying,
    LanguageRequest,
    Passage,
    TextDelta,
    ToolCall,
    ToolSpec,
)
from auricle.providers.routing import Router, router_for
from auricle.settings import Provider, Settings
from tests.emulators.openai_chat import OpenAIEmulator, Scripted
from tests.emulators.sarvam import SarvamEmulator
from tests.emulators.server import Emulator, Fault
from tests.providers.conftest import PATIENT, all_of
from tests.providers.contract.vendors import Case, able, running
from tests.providers.speech import RATE_HZ, live, sound

CLINIC, CONSULTATION = UUID(int=1), UUID(int=2)
ASHA = Known(
    names=["Asha Rao", "Asha", "Rao", "Meera Venkatesan", "Meera", "Venkatesan"],
    phones=["+91 98765 43210"],
    emails=["asha.rao@example.com"],
    record_numbers=["LC-1042"],
    addresses=["12 Temple Road, Mylapore"],
    birth_date="1961-03-04",
)
TELLS = (
    "Asha Rao here, born 4 March 1961, of 12 Temple Road, Mylapore; record LC-1042. Call 98765 43210, or write to asha "
    "dot rao at example dot com. My Aadhaar is 2341 2341 2346. My husband Zorblat Quixon drove me to Doctor Venkatesan."
)
SAYS_IN_HINDI = "मेरा नाम आशा राव है और मेरा नंबर नौ आठ सात छह पांच चार तीन दो एक शून्य है। डॉक्टर वेंकटेशन को बताइए।"
IDENTITY = (
    "asha", "rao", "1961", "temple road", "mylapore", "1042", "43210", "example", "2341", "zorblat", "quixon",
    "venkatesan", "आशा", "राव", "नौ आठ", "वेंकटेशन",
)  # fmt: skip


def leaked(emulator: Emulator) -> list[str]:
    """What of the identity stands in anything that an emulator got."""
    told = got_by(emulator).casefold()
    return [word for word in IDENTITY if word in told]


def got_by(emulator: Emulator) -> str:
    """All that an emulator got, but for the numbers of ports, which may be any."""
    got = [{**one, "port": None, "headers": {**one["headers"], "host": ""}} for one in emulator.requests]
    return orjson.dumps([got, emulator.received], default=str).decode()


async def people(call: Call) -> Known:
    return ASHA if CONSULTATION in (call.consultation_id, call.patient_id) else Known()


def masked(router: Router, mode: Any = "text", **given: Any) -> Router:
    """Every organization of this router asks for masking."""
    assert isinstance(router.lineups, SharedByAll)
    router.lineups.installation = replace(router.lineups.installation, masking=Masking(mode, **given))
    return router


def cloud(emulator: Emulator, **given: Any) -> Provider:
    return Provider(**{"url": emulator.url, "key": SecretStr(emulator.key), "trusted": False, **given})


@asynccontextmanager
async def routed(
    folder: Path, providers: dict[str, Provider], guard: MaskingGuard | None = None, records: Any = None
) -> AsyncIterator[Router]:
    record: Callable[[UsageRecord], None] = (lambda _: None) if records is None else records.append
    router = router_for(Settings(data_dir=folder, providers=providers), record, guard or MaskingGuard(people))
    try:
        yield masked(router)
    finally:
        await router.aclose()


def call(*names: str, consultation: UUID | None = CONSULTATION, language: str = "en") -> Call:
    choices = [Choice(name) for name in names or ("cloud",)]
    return Call(CLINIC, choices, language, consultation, retries=0, timeouts=PATIENT)


REQUEST = LanguageRequest(
    [
        ChatMessage("system", f"You are the assistant of a clinic. The patient is Asha Rao.\n{SAYS_IN_HINDI}"),
        ChatMessage("user", TELLS),
        ChatMessage(
            "assistant",
            "Thank you, Asha.",
            tool_calls=(ToolCall("call_1", "find_patient", '{"name": "Asha Rao", "city": "\\u0906\\u0936\\u093e"}'),),
        ),
        ChatMessage(
            "tool",
            '<result tool="find_patient" call="call_1">\n{"Asha Rao":["Asha","Rao"],"name":"Quixon",'
            '"at":"12 Temple Road\\nMylapore","telephone":919876543210,"tags":["ear"]}\n</result>',
            tool_call_id="call_1",
        ),
        ChatMessage("user", "It is Zorblat who hears nothing, I take metformin 500 mg."),
    ],
    tools=[
        ToolSpec(
            "find_patient",
            "Looks up a patient, as Asha Rao.",
            {"type": "object", "properties": {"name": {"type": "string", "enum": ["Asha Rao", "Meera Venkatesan"]}}},
        )
    ],
    passages=[Passage("1", "2", "Asha Rao's file", "Rao")],
    questions=["Is Asha well?"],
)


async def ask_model(router: Router, one: Call) -> None:
    await all_of(router.generate(one, REQUEST))


async def ask_embedder(router: Router, one: Call) -> None:
    await router.embed(one, [TELLS, SAYS_IN_HINDI], task="query")


async def ask_translator(router: Router, one: Call) -> None:
    await router.translate(one, TELLS[:200], source="en", target="hi")


async def ask_reranker(router: Router, one: Call) -> None:
    await router.rerank(one, "When is Doctor Venkatesan in?", [TELLS, "Asha Rao is in."])


TEXTS: dict[Capability, Callable[[Router, Call], Awaitable[None]]] = {
    "llm": ask_model,
    "embedding": ask_embedder,
    "translation": ask_translator,
    "rerank": ask_reranker,
}
SPEECH = {"stt": "transcribe", "tts": "speak"}  # what is heard and spoken can't be masked: mode `all` withholds it
METHODS = {"generate": "llm", "embed": "embedding", "translate": "translation", "rerank": "rerank"}


@pytest.mark.parametrize(("case", "capability"), [pytest.param(c, k, id=f"{c}-{k}") for k in TEXTS for c in able(k)])
async def test_no_vendor_is_told_who_somebody_is(case: Case, capability: Capability, tmp_path: Path) -> None:
    async with running(replace(case, given={**case.given, "trusted": False}), tmp_path) as it:
        masked(it.router)._guard = MaskingGuard(people)
        await TEXTS[capability](it.router, replace(it.call(), consultation_id=CONSULTATION))
        assert it.emulator.requests and leaked(it.emulator) == []


def test_every_capability_is_proven_here_or_withheld() -> None:
    """Fails for a new capability, or a new way to reach a provider, that nobody has put under the guard."""
    assert set(get_args(Capability)) == {*TEXTS, *SPEECH}
    reaching = {
        name
        for name, method in inspect.getmembers(Router, inspect.isfunction)
        if not name.startswith("_") and "call" in inspect.signature(method).parameters
    }
    assert reaching == {*METHODS, *SPEECH.values()}
    assert set(METHODS.values()) == set(TEXTS)


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[OpenAIEmulator]:
    async with OpenAIEmulator() as emulator:
        yield emulator


@pytest.fixture
async def router(server: OpenAIEmulator, tmp_path: Path) -> AsyncIterator[Router]:
    server.forget()
    given = {"llm": "some-model", "embedding": "some-vectors", "stt": "some-ears", "tts": "some-voice"}
    async with routed(tmp_path, {"cloud": cloud(server, **given)}) as made:
        yield made


def seen(server: OpenAIEmulator) -> str:
    return str(orjson.dumps(server.requests[-1]["body"]["messages"]).decode())


async def answer(router: Router, request: LanguageRequest, one: Call | None = None) -> Sequence[Any]:
    return await all_of(router.generate(one or call(), request))


def text_of(events: Sequence[Any]) -> str:
    return "".join(e.text for e in events if isinstance(e, TextDelta))


def says(*said: str) -> LanguageRequest:
    return LanguageRequest([ChatMessage("user", one) for one in said])


async def test_the_patient_hears_their_own_name_and_the_model_never_does(
    router: Router, server: OpenAIEmulator
) -> None:
    server.script = lambda _: Scripted("Good morning [PERSON_1] , I shall ring [PHONE_1] . And [PERSON_9] ?")
    events = await answer(router, says("Asha Rao here, ring me on 98765 43210 please."))
    assert text_of(events) == "Good morning Asha Rao , I shall ring 98765 43210 . And  ? "
    assert "[PERSON_1] here, ring me on [PHONE_1]" in seen(server) and leaked(server) == []


async def test_a_placeholder_may_be_cut_anywhere_and_written_as_models_do(
    router: Router, server: OpenAIEmulator
) -> None:
    whole = "Dear [PERSON_1], [ PERSON_1 ] or PERSON_1 or [Person 1] [1] PERSONAL [x]."
    for size in (1, 2, 3, 5, 8):
        server.words = [whole[at : at + size] for at in range(0, len(whole), size)]
        events = await answer(router, says("It is Asha Rao."))
        told = "Dear Asha Rao, Asha Rao or Asha Rao or Asha Rao [1] PERSONAL [x]."
        assert text_of(events) == told


async def test_a_tool_runs_with_the_real_words(router: Router, server: OpenAIEmulator) -> None:
    server.script = lambda _: Scripted(
        "One moment.", [("find_patient", {"name": "[PERSON_1]", "near": ["[ADDRESS_1]"], "n": 2})]
    )
    request = replace(REQUEST, messages=[ChatMessage("user", "Asha Rao, of 12 Temple Road, Mylapore.")])
    events = await answer(router, request)
    [asked] = [e for e in events if isinstance(e, ToolCall)]
    assert orjson.loads(asked.arguments) == {"name": "Asha Rao", "near": ["12 Temple Road, Mylapore"], "n": 2}


async def test_an_answer_by_a_form_stays_json_whatever_is_put_back(router: Router, server: OpenAIEmulator) -> None:
    server.words = ['{"who": "[PERS', 'ON_1]", "where": "[ADDRESS_1]"}']
    form = {"type": "object", "properties": {"who": {"type": "string"}}}
    request = replace(says("Asha Rao lives at 12 Temple Road\nMylapore."), response_schema=form)
    assert orjson.loads(text_of(await answer(router, request))) == {
        "who": "Asha Rao",
        "where": "12 Temple Road\nMylapore",
    }


async def test_a_name_is_the_same_throughout_a_conversation_and_masked_again_without_its_cue(
    router: Router, server: OpenAIEmulator
) -> None:
    await answer(router, says("Hello.", "My neighbour Zorblat Quixon told me to come."))
    first = seen(server)
    await answer(router, says("zorblat said so, and I am Asha.", "I live in Kimland. Is kimland far? Kimland!"))
    assert leaked(server) == [] and "Kimland" not in seen(server)
    await answer(router, says("My neighbour Zorblat Quixon told me to come."))
    name = first.split("My neighbour ")[1].split(" told")[0]
    assert f"My neighbour {name} told" in seen(server)


async def test_masks_of_a_note_come_back_as_they_were(router: Router, server: OpenAIEmulator) -> None:
    """A note is masked already; its placeholders are not those of this conversation."""
    server.script = lambda body: Scripted(body["messages"][-1]["content"])
    await answer(router, says("Asha Rao said so."))
    told = text_of(await answer(router, says("[PERSON_1] told [PERSON_2] and Asha Rao .")))
    assert told.strip() == "[PERSON_1] told [PERSON_2] and Asha Rao ."


async def test_what_a_policy_lets_pass_passes_unless_it_is_the_patients(router: Router, server: OpenAIEmulator) -> None:
    masked(router, "text", passes=frozenset({"DATE"}))
    await answer(router, says("I, born 4 March 1961, come on 2 December 2026."))
    assert "2 December 2026" in seen(server) and "1961" not in seen(server)


async def test_nothing_is_masked_for_a_server_of_ones_own(router: Router, server: OpenAIEmulator) -> None:
    masked(router, "text", own_servers={"cloud": server.url.removesuffix("/v1")})
    await answer(router, says(TELLS))
    assert "Asha Rao" in seen(server)
    masked(router, "text", own_servers={"cloud": "http://127.0.0.1:9"})  # it has moved since it was trusted
    server.forget()
    await answer(router, says(TELLS))
    assert leaked(server) == []


async def test_who_can_not_be_looked_up_is_not_spoken_of_to_a_cloud(server: OpenAIEmulator, tmp_path: Path) -> None:
    """The guard fails closed; a provider of one's own may still answer, and nobody's breaker opens."""
    server.forget()
    records: list[UsageRecord] = []

    async def away(_: Call) -> Known:
        raise ConnectionError("Asha Rao")

    async with OpenAIEmulator() as own:
        providers = {"cloud": cloud(server, llm="m"), "own": cloud(own, llm="m", trusted=True)}
        async with routed(tmp_path, providers, MaskingGuard(away), records) as router:
            for _ in range(4):
                with pytest.raises(NotMasked) as refused:
                    await answer(router, says(TELLS))
            assert "Asha" not in f"{refused.value!r}{refused.value.context}" and refused.value.__cause__ is None
            assert refused.value.code == "provider.not_masked" and {r.status for r in records} == {"refused"}
            await answer(router, says(TELLS), call("cloud", "own"))
    assert server.requests == [] and "Asha Rao" in seen(own)
    assert all(b.refused_code is None and b.last_error is None for b in router.breakers.seen("cloud"))


async def test_a_finder_that_breaks_sends_nothing(server: OpenAIEmulator, tmp_path: Path) -> None:
    server.forget()

    def broken(text: str) -> Any:
        raise ValueError(text)

    async with routed(tmp_path, {"cloud": cloud(server, llm="m")}, MaskingGuard(people, [broken])) as router:
        with pytest.raises(NotMasked) as refused:
            await answer(router, says(TELLS))
    assert server.requests == [] and refused.value.context["reason"] == "ValueError"


async def test_a_translation_gives_names_back_or_is_not_used(tmp_path: Path) -> None:
    async with SarvamEmulator() as server:
        async with routed(tmp_path, {"cloud": cloud(server, vendor="sarvam")}) as router:
            server.translations.append("नमस्ते [PERSON_1], कल [ PHONE_१ ] पर।")
            told = "Hello Asha Rao, tomorrow on 98765 43210."
            made = await router.translate(call(), told, source="en", target="hi")
            assert made.text == "नमस्ते Asha Rao, कल 98765 43210 पर।"
            server.translations.append("नमस्ते, कल [PHONE_1] पर।")
            with pytest.raises(MaskLost):
                await router.translate(call(), told, source="en", target="hi")
        assert leaked(server) == []


async def test_speech_goes_by_its_own_consent_in_mode_text_but_for_the_patients_names(
    router: Router, server: OpenAIEmulator
) -> None:
    server.transcripts.append("it hurts")
    one = replace(call(), may_name=True)
    audio, terms = live(sound(0.3), END_OF_SPEECH), [Identifying("Asha Rao"), "otitis"]
    await all_of(router.transcribe(one, audio, rate_hz=RATE_HZ, keyterms=terms))
    got = str(server.requests[-1]["body"])
    assert "otitis" in got and "Asha" not in got
    await all_of(router.speak(call(), "Good morning, Asha Rao."))
    assert server.requests[-1]["body"]["input"] == "Good morning, Asha Rao."  # never a placeholder is spoken


async def test_in_mode_all_only_ones_own_hear_and_speak(server: OpenAIEmulator, tmp_path: Path) -> None:
    server.forget()
    async with OpenAIEmulator() as own:
        speech = {"stt": "some-ears", "tts": "some-voice"}
        providers = {"cloud": cloud(server, **speech), "own": cloud(own, **speech, trusted=True)}
        async with routed(tmp_path, providers) as router:
            masked(router, "all")
            own.transcripts.append("it hurts")
            both = call("cloud", "own")
            await all_of(router.transcribe(both, live(sound(0.3), END_OF_SPEECH), rate_hz=RATE_HZ))
            await all_of(router.speak(both, "Good morning, Asha."))
            assert len(own.requests) == 2 and server.requests == []
            for events in (
                router.speak(call("cloud"), "Good morning, Asha."),
                router.transcribe(call("cloud"), live(sound(0.3), END_OF_SPEECH), rate_hz=RATE_HZ),
            ):
                with pytest.raises(SpeechWithheld):
                    await all_of(events)
            router.open_ahead({"tts": call("cloud")})
            assert server.requests == []


async def test_where_the_first_cloud_fails_the_next_is_told_no_more(server: OpenAIEmulator, tmp_path: Path) -> None:
    server.forget()
    async with OpenAIEmulator() as spare:
        providers = {"cloud": cloud(server, llm="m"), "spare": cloud(spare, llm="m")}
        async with routed(tmp_path, providers) as router:
            server.next(Fault("status", 503))
            await answer(router, REQUEST, call("cloud", "spare"))
        assert server.requests and spare.requests and leaked(server) == leaked(spare) == []


async def test_a_tool_that_is_named_after_the_patient_is_not_offered(router: Router, server: OpenAIEmulator) -> None:
    """A name of a tool or an argument can't be replaced: something is done by it."""
    for tool in (
        ToolSpec("visits_of_asha_rao", "Visits.", {"type": "object"}),
        ToolSpec("visits", "Visits.", {"type": "object", "properties": {"askAsha": {"type": "string"}}}),
    ):
        with pytest.raises(NotMasked):
            await answer(router, replace(says("Hello."), tools=[tool]))
    assert server.requests == []
    await answer(router, replace(says("Hello."), tools=[ToolSpec("visits", "Visits.", {"type": "object"})]))
    assert server.requests
