"""An organization asks for masking: whole consultations, and nobody outside it learns who the patient is."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import replace
from typing import Any
from uuid import uuid4

import orjson
import pytest
import pytest_asyncio
from pydantic import SecretStr
from sqlalchemy import text

from auricle.agents.scenarios.keep import rehearse
from auricle.agents.scenarios.model import Scenario
from auricle.assemble import assembled
from auricle.assembly import Assembly
from auricle.channels.engine import services_for
from auricle.consultations.lifecycle import find_consultation
from auricle.consultations.memory import recall
from auricle.consultations.observations import observations
from auricle.consultations.summary import summarise
from auricle.consultations.transcript import Said, append
from auricle.db.base import new_id
from auricle.knowledge.answer import answer as from_knowledge
from auricle.knowledge.ingest import Work, ingest
from auricle.knowledge.models import EmbedderStatus, KnowledgeEmbedder
from auricle.knowledge.receive import receive
from auricle.knowledge.search import search
from auricle.knowledge.tuning import Tuning, tune
from auricle.providers.call import Call
from auricle.providers.masking.keep import (
    NoOwnSpeech,
    NotOwnServer,
    PolicyChanged,
    UnknownServer,
    origin_of,
    reaches,
    replace_policy,
)
from auricle.providers.masking.policy import Masking
from auricle.providers.ports import ChatMessage, LanguageRequest, TextDelta
from auricle.settings import Provider
from auricle.uploads.receive import held
from auricle.voice.ports import Turn
from tests.agents.conftest import SHORT, Clinic, asks, results_in, told
from tests.conftest import Template
from tests.emulators.anthropic import AnthropicEmulator
from tests.emulators.cohere import CohereEmulator
from tests.emulators.google import GoogleEmulator
from tests.emulators.openai_chat import OpenAIEmulator, Scripted
from tests.emulators.server import Emulator
from tests.running_service import settings_for

# The clinic's patient is Asha Rao, +91 98450 12345. What she says of others stands in no record.
IDENTITY = (
    "asha", "rao", "98450", "12345", "zorblat", "quixon", "2341", "vasudha", "example dot", "मीनाक्षी", "आशा", "राव",
    "नौ आठ",
)  # fmt: skip
ENGLISH = (
    "Hello, this is Asha Rao, my number is 98450 12345.",
    "My Aadhaar is 2341 2341 2346 and my mail is vasudha dot k at example dot com.",
    "My neighbour Zorblat Quixon drove me. My left ear hurts since three days.",
    "zorblat thinks it is wax. Is that so, and will you ring Rao back?",
)
HINDI = (
    "नमस्ते, मेरा नाम आशा राव है।",
    "मेरा नंबर नौ आठ चार पांच शून्य एक दो तीन चार पांच है।",
    "मेरी बेटी का नाम मीनाक्षी है। मेरे बाएं कान में दर्द है।",
)

Clouds = dict[str, Any]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def clouds(emulated: OpenAIEmulator) -> AsyncIterator[Clouds]:
    async with AnthropicEmulator() as claude, GoogleEmulator() as gemini, CohereEmulator() as cohere:
        yield {"emulated": emulated, "claude": claude, "gemini": gemini, "cohere": cohere}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def assembly(
    template: Template, tmp_path_factory: pytest.TempPathFactory, clouds: Clouds
) -> AsyncIterator[Assembly]:
    def at(name: str, **given: Any) -> Provider:
        return Provider(url=clouds[name].url, key=SecretStr(clouds[name].key), trusted=False, **given)

    providers = {
        "emulated": at("emulated", llm="some-model", embedding="some-vectors"),
        "claude": at("claude", vendor="anthropic"),
        "gemini": at("gemini", vendor="google"),
        "cohere": at("cohere", vendor="cohere"),
        "ward": Provider(url="http://ward.hospital.example:8000/v1", llm="own-model"),
    }
    folder = tmp_path_factory.mktemp("masking")
    settings = settings_for(template.copy(), folder, providers=providers, timeouts=SHORT)
    async with assembled(settings) as whole:
        yield whole


async def asking_for(clinic: Clinic, mode: Any = "text", **given: Any) -> dict[str, str]:
    """The policy, in force; what it warns of."""
    assembly, wanted = clinic.assembly, {"passes": [], "own_servers": [], "version": None, **given}
    lineup = await assembly.lineups.of(clinic.organization_id)
    async with assembly.database.transaction(clinic.admin) as db:
        _, warnings = await replace_policy(db, lineup, mode=mode, **wanted)
    async with asyncio.timeout(20):
        while (await assembly.lineups.of(clinic.organization_id)).masking.mode != mode:
            await asyncio.sleep(0.01)
    return warnings


@pytest_asyncio.fixture(loop_scope="session")
async def asked(clinic: Clinic, clouds: Clouds) -> Clinic:
    """A clinic that asks for masking."""
    for cloud in clouds.values():
        cloud.forget()
    await asking_for(clinic)
    return clinic


def leaked(clouds: Clouds) -> Iterator[tuple[str, str]]:
    for name, cloud in clouds.items():
        got = [{**one, "port": None, "headers": {**one["headers"], "host": ""}} for one in cloud.requests]
        told = orjson.dumps([got, cloud.received], default=str, option=orjson.OPT_NON_STR_KEYS).decode().casefold()
        yield from ((name, word) for word in IDENTITY if word in told)


def is_told(cloud: Emulator) -> bool:
    return bool(cloud.requests)


@pytest.mark.parametrize("by", ["emulated", "claude", "gemini"])
async def test_a_patient_talks_with_a_cloud_that_never_learns_who_they_are(
    asked: Clinic, clouds: Clouds, by: str
) -> None:
    clouds[by].words = ["Thank", " you [PER", "SON_1", "], I", " noted it."]
    for language, said in (("en", ENGLISH), ("hi", HINDI)):
        room = await asked.room(providers={"llm": [{"provider": by}]}, languages=["en", "hi"], language=language)
        answers = [(await room.says(one)).text for one in said]
        assert len(clouds[by].requests) >= len(said) and list(leaked(clouds)) == []
        assert all("[" not in answer and answer.startswith("Thank you ") for answer in answers)
        assert any(word in answers[-1] for word in ("Asha", "आशा", "Auricle", "Agent"))


async def test_tools_run_with_real_words_and_their_results_leave_masked(asked: Clinic, clouds: Clouds) -> None:
    emulated, who = clouds["emulated"], ""

    def script(body: dict[str, Any]) -> Scripted:
        nonlocal who
        results = results_in(body)
        if not results and not who:
            return asks("look_up_patient")
        who = who or told(results[0])["name"]
        if len(results) < 2 and "true" not in "".join(results):
            return asks("record_symptom", {"symptom": f"{who} has pain in the left ear"})
        return Scripted(f"Noted, {who} .")

    emulated.script = script
    room = await asked.room("look_up_patient", "record_symptom")
    question = (await room.says("My left ear hurts, please write that down for Asha.")).text
    assert "Asha Rao has pain in the left ear?" in question and who.startswith("[PERSON_")
    assert (await room.says("Yes, please.")).text == "Noted, Asha Rao ."
    async with asked.assembly.database.transaction(asked.doctor) as db:
        consultation = await find_consultation(db, room.talk.consultation_id)
        [kept] = await observations(db, asked.assembly.keyring, consultation)
    assert kept.said["symptom"] == "Asha Rao has pain in the left ear"
    assert list(leaked(clouds)) == []


async def test_what_falls_out_of_the_window_is_summarised_masked_and_kept_in_clear(
    asked: Clinic, clouds: Clouds
) -> None:
    clouds["emulated"].script = lambda body: Scripted(
        body["messages"][-1]["content"].split("patient: ")[1].split("\n")[0]
    )
    room = await asked.room()
    said = [Said("patient", f"{one} So much for {n}.") for n in range(10) for one in ENGLISH]
    async with asked.assembly.database.transaction(room.talk.actor) as db:
        consultation = await find_consultation(db, room.talk.consultation_id)
        await append(db, asked.assembly.keyring, consultation, room.talk.session_id, said)
    await summarise(asked.assembly, asked.system, room.talk.consultation_id)
    async with asked.assembly.database.transaction(asked.doctor) as db:
        kept = await recall(db, asked.assembly.keyring, room.talk.consultation_id)
    assert kept.summary.startswith("Hello, this is Asha Rao, my number is 98450 12345.")
    assert is_told(clouds["emulated"]) and list(leaked(clouds)) == []


async def test_knowledge_is_taken_in_searched_and_answered_from_without_a_name(asked: Clinic, clouds: Clouds) -> None:
    """Embedded by Gemini, put in order by Cohere, answered by a model: three clouds, none of which is told."""
    assembly, system = asked.assembly, asked.system
    async with assembly.database.transaction(system) as db:
        embedder = {"name": "gemini/x", "provider": "gemini", "model": None, "dimension": 768}
        db.add(KnowledgeEmbedder(id=new_id(), status=EmbedderStatus.IN_USE, **embedder))
        await tune(db, system, Tuning(rerank=True), assembly.knowledge.thresholds)
    paper = "# Ears\n\nZorblat Quixon cleans ears on Mondays. Ring him on 98450 12345.\n\n# Fees\n\nCleaning costs 500."
    with held("ears.md", paper.encode()) as incoming:
        received = await receive(assembly.database, assembly.objects, system, incoming)
    await ingest(Work(assembly.knowledge, assembly.objects, system, received.document.id))
    found = await search(assembly.knowledge, asked.person, "Who is it that cleans ears, asks Asha Rao", rerank=True,
                         patient_id=asked.patient.id)  # fmt: skip
    assert not found.degraded and found.hits
    clouds["emulated"].script = lambda _: Scripted("It is done by [PERSON_1] on Mondays [1] .")
    call = Call(asked.organization_id, patient_id=asked.patient.id)
    pieces = from_knowledge(
        assembly.knowledge,
        asked.person,
        "Who cleans ears on Mondays?",
        lambda request: assembly.router.generate(call, request),
    )
    async with aclosing(pieces) as answered:
        words = "".join([one.text async for one in answered if isinstance(one, TextDelta)])
    assert "[PERSON" not in words
    assert all(is_told(clouds[name]) for name in ("gemini", "cohere", "emulated")) and list(leaked(clouds)) == []


async def test_a_patient_of_another_language_is_translated_without_their_name(asked: Clinic, clouds: Clouds) -> None:
    clouds["emulated"].script = lambda body: Scripted("Good morning.")
    room = await asked.room(
        providers={"llm": [{"provider": "emulated"}], "translation": [{"provider": "gemini"}]},
        languages=["hi", "en"],
        language="hi",
        model_language="en",
    )
    for one in HINDI:
        await room.says(one)
    assert is_told(clouds["gemini"]) and list(leaked(clouds)) == []


async def test_test_scenarios_are_masked_too(asked: Clinic, clouds: Clouds) -> None:
    clouds["emulated"].script = lambda _: Scripted("Good morning [PERSON_1] .")
    serving = await asked.agent()
    turn = {"patient": "My name is Zorblat Quixon, ring me on 98450 12345.", "expect": {"says_all": ["good morning"]}}
    result = await rehearse(asked.assembly, asked.system, serving, Scenario(name="Names", turns=[turn]))
    assert result.passed and "[" not in result.turns[0].answer
    assert is_told(clouds["emulated"]) and list(leaked(clouds)) == []


async def test_a_policy_that_was_switched_off_tells_again(asked: Clinic, clouds: Clouds) -> None:
    await asking_for(asked, "off")
    room = await asked.room()
    await room.says("It is Asha Rao.")
    assert ("emulated", "asha") in list(leaked(clouds))


async def test_another_clinic_is_not_masked_and_learns_nothing(asked: Clinic, clouds: Clouds) -> None:
    request = LanguageRequest([ChatMessage("user", "My name is Zorblat Quixon. [PERSON_1]?")])
    clouds["emulated"].script = lambda body: Scripted("[PERSON_1] [PERSON_2] ?")
    room = await asked.room()
    await room.says("My name is Zorblat Quixon.")
    other = replace(Call(new_id()), consultation_id=room.talk.consultation_id)
    async with aclosing(asked.assembly.router.generate(other, request)) as events:
        words = "".join([one.text async for one in events if isinstance(one, TextDelta)])
    assert words.strip() == "[PERSON_1] [PERSON_2] ?"


# ── the policy ────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_policy_is_refused_where_it_names_what_is_not_there_or_not_ones_own(clinic: Clinic) -> None:
    for name, refused in (("nobody", UnknownServer), ("offline", NotOwnServer)):
        with pytest.raises(refused):
            await asking_for(clinic, own_servers=[name])
    await asking_for(clinic, own_servers=["ward"])
    masking = (await clinic.assembly.lineups.of(clinic.organization_id)).masking
    assert masking.own_servers == {"ward": "http://ward.hospital.example:8000"}
    with pytest.raises(PolicyChanged):
        await asking_for(clinic, "off", version=0)
    assert (await clinic.assembly.lineups.of(clinic.organization_id)).masking.mode == "text"


async def test_a_vendor_can_not_be_called_ones_own(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    account = clinic.assembly.router.providers["ward"].account
    monkeypatch.setattr(account, "url", "https://eu.api.openai.com/v1")
    with pytest.raises(NotOwnServer):
        await asking_for(clinic, own_servers=["ward"])


async def test_mode_all_needs_a_recognizer_and_a_voice_of_ones_own(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    await clinic.agent(languages=["en", "hi"])
    warnings = await asking_for(clinic, "all")
    assert list(warnings) == ["stt.hi"], "the offline recognizer hears English alone"
    monkeypatch.setattr(clinic.assembly.router.providers["offline"].account, "is_local", False)
    with pytest.raises(NoOwnSpeech):
        await asking_for(clinic, "all")


async def test_each_change_of_the_policy_is_in_the_audit(clinic: Clinic) -> None:
    await asking_for(clinic, passes=["DATE"])
    await asking_for(clinic, "off")
    wanted = text("select action, new from audit_entry where entity = 'masking_policy' order by id")
    async with clinic.assembly.database.transaction(clinic.admin) as db:
        rows = (await db.execute(wanted)).all()
    assert [action for action, _ in rows] == ["insert", "update"]
    assert "passes" in str(rows[0][1]) and "DATE" in str(rows[0][1])


async def test_a_cloud_voice_says_the_name_that_a_cloud_model_never_had(asked: Clinic, clouds: Clouds) -> None:
    clouds["emulated"].words = ["Good", " morning", " [PERSON", "_1", "]."]
    by = {"llm": [{"provider": "emulated"}], "tts": {"default": [{"provider": "emulated", "model": "some-voice"}]}}
    room = await asked.room(providers=by)
    services = services_for(room.assembly, room.talk)
    final = asyncio.Event()
    final.set()
    turn = Turn(uuid4(), "It is Asha Rao. My ear hurts.", "en", "voice", (), trivial=False, confirmed=final)
    async with aclosing(services.answer(turn)) as pieces:
        said = "".join([one.text async for one in pieces if isinstance(one, TextDelta)])
    assert said.startswith("Good morning ") and "[" not in said and list(leaked(clouds)) == []
    async with aclosing(services.speak("Good morning, Asha Rao.", "en")) as pieces:
        assert [one async for one in pieces]
    assert clouds["emulated"].requests[-1]["body"]["input"] == "Good morning, Asha Rao."


async def test_what_reaches_whom_is_told_by_the_policy_that_the_router_goes_by(clinic: Clinic) -> None:
    lineup = await clinic.assembly.lineups.of(clinic.organization_id)

    def told(policy: Masking) -> dict[str, tuple[bool, bool, str | None, str | None]]:
        return {one.provider: (one.is_own, one.may_be_own, one.texts, one.sound) for one in reaches(lineup, policy)}

    ward = {"ward": origin_of(lineup, "ward")}
    assert told(Masking())["claude"] == (False, True, "clear", None)
    assert told(Masking("text"))["ward"] == (False, True, "masked", "clear")
    assert told(Masking("all"))["ward"] == (False, True, "masked", "withheld")
    assert told(Masking("all", own_servers=ward))["ward"] == (True, True, "clear", "clear")
    assert told(Masking("all"))["offline"] == (True, False, "clear", "clear")


async def test_a_text_is_tried_by_the_guard_itself_and_sent_to_nobody(clinic: Clinic, clouds: dict[str, Any]) -> None:
    router, said = clinic.assembly.router, "I am Zorblat Quixon, call 98450 12345 on Monday the 3rd of March 2026."
    before = [len(one.requests) for one in clouds.values()]
    masked = await router.masked(clinic.organization_id, said, frozenset())
    assert masked.startswith("I am [PERSON_1], call [PHONE_1]") and "2026" not in masked
    assert "2026" in await router.masked(clinic.organization_id, said, frozenset({"DATE"}))
    assert [len(one.requests) for one in clouds.values()] == before
