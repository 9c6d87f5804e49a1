"""What a recognizer is told to listen for: names of the patient, terms of the agent, titles, words of the specialty."""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from pydantic import SecretStr

from auricle.agents.config import AgentConfig
from auricle.assemble import assembled
from auricle.assembly import Assembly
from auricle.channels.engine import services_for
from auricle.channels.one_shot import transcribed
from auricle.consultations import keyterms
from auricle.consultations.keyterms import MOST, bounded, keyterms_of, vocabulary
from auricle.db.base import new_id
from auricle.knowledge.models import DocumentStatus, KnowledgeDocument
from auricle.providers.ports import END_OF_SPEECH, EndOfSpeech, Identifying
from auricle.settings import Provider
from tests.agents.conftest import SHORT, Clinic, Room
from tests.conftest import Template
from tests.emulators.deepgram import DeepgramEmulator
from tests.running_service import settings_for

EARS = {"stt": {"default": [{"provider": "ears"}]}}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ears() -> AsyncIterator[DeepgramEmulator]:
    async with DeepgramEmulator() as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def assembly(
    template: Template, tmp_path_factory: pytest.TempPathFactory, ears: DeepgramEmulator
) -> AsyncIterator[Assembly]:
    provider = Provider(vendor="deepgram", url=ears.url, key=SecretStr(ears.key))
    folder = tmp_path_factory.mktemp("keyterms")
    settings = settings_for(template.copy(), folder, providers={"ears": provider}, timeouts=SHORT)
    async with assembled(settings) as whole:
        yield whole


@pytest.fixture(autouse=True)
def a_busy_machine_takes_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyterms, "LOOK_S", 20.0)


async def speech() -> AsyncIterator[bytes | EndOfSpeech]:
    for _ in range(5):
        yield b"\1\0" * 1_600
    yield END_OF_SPEECH


async def heard_by(ears: DeepgramEmulator, room: Room, language: str = "en") -> list[str]:
    """The terms that the recognizer had after the first words of a call."""
    ears.forget()
    async with aclosing(services_for(room.assembly, room.talk).transcribe(speech(), 16_000, language)) as events:
        async for _ in events:
            pass
    told = [frame["keyterms"] for frame in ears.received if isinstance(frame, dict) and frame["type"] == "Configure"]
    return told[0] if told else ears.requests[0]["query"].getlist("keyterm")


async def teach(clinic: Clinic, *titles: str, **given: Any) -> None:
    async with clinic.assembly.database.transaction(clinic.admin) as db:
        for title in titles:
            row = {"status": DocumentStatus.LIVE, "file_name": title, "media_type": "text/plain", "byte_size": 1}
            db.add(KnowledgeDocument(id=new_id(), title=title, content_hash=uuid4().hex * 2, **{**row, **given}))


async def test_a_call_is_heard_with_the_names_terms_titles_and_words_that_belong_to_it(
    clinic: Clinic, ears: DeepgramEmulator
) -> None:
    await teach(clinic, "Audeo_Lumity guide.pdf", "What to do when your hearing aid whistles at night")
    await teach(clinic, "Unread leaflet", status=DocumentStatus.QUEUED)
    room = await clinic.room(providers=EARS, keyterms=["Dr. Venkat"], specialty="Audiology")
    told = await heard_by(ears, room)
    assert told[:4] == ["Asha", "Rao", "Dr. Venkat", "Audeo Lumity guide"]
    assert "tinnitus" in told and "Unread leaflet" not in told
    assert not [term for term in told if "whistles" in term]  # a sentence, which nobody says
    assert len(told) <= MOST


async def test_names_go_into_no_url_and_no_log(
    clinic: Clinic, ears: DeepgramEmulator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    room = await clinic.room(providers=EARS, keyterms=["otitis"])
    assert "Rao" in await heard_by(ears, room)
    assert "Rao" not in str(ears.requests[0]["query"]) and "otitis" in str(ears.requests[0]["query"])
    ours = [vars(record) for record in caplog.records if record.name.startswith("auricle")]
    assert ours and "Rao" not in str(ours)  # libraries are kept from writing frames by `log.configure`


@pytest.mark.parametrize(
    ("is_local", "given", "is_told"),
    [
        (True, {}, True),
        (False, {}, False),  # names leave the machine only where an agent says so
        (False, {"patient_keyterms": "all"}, True),
        (True, {"patient_keyterms": "none"}, False),
    ],
)
async def test_names_go_no_further_than_the_agent_says(
    clinic: Clinic,
    ears: DeepgramEmulator,
    monkeypatch: pytest.MonkeyPatch,
    is_local: bool,
    given: dict[str, str],
    is_told: bool,
) -> None:
    monkeypatch.setattr(clinic.assembly.router.providers["ears"].account, "is_local", is_local)
    await teach(clinic, "Audiogram of asha")
    told = await heard_by(ears, await clinic.room(providers=EARS, keyterms=["otitis"], **given))
    received = str(ears.received) + str([request["query"] for request in ears.requests])
    assert ("Rao" in received, "Asha" in received, "of asha" in received) == (is_told,) * 3
    assert told[2 if is_told else 0] == "otitis"


async def test_another_patients_name_is_never_among_them(clinic: Clinic, ears: DeepgramEmulator) -> None:
    told = await heard_by(ears, await clinic.room(providers=EARS))
    assert "Zebra" not in told and "Fisch" not in told


async def test_a_recording_is_heard_with_the_same_terms(clinic: Clinic, ears: DeepgramEmulator) -> None:
    room = await clinic.room(providers=EARS, keyterms=["otitis"])
    told = await heard_by(ears, room)
    ears.forget()
    ears.transcripts.append("my ear hurts")
    assert await transcribed(room.assembly, room.talk, b"\1\0" * 16_000) == "my ear hurts"
    assert ears.received[0] == {"type": "Configure", "keyterms": told}


async def test_the_database_is_asked_once_a_talk(clinic: Clinic, ears: DeepgramEmulator) -> None:
    room = await clinic.room(providers=EARS)
    before = await heard_by(ears, room)
    await teach(clinic, "Oticon Intent")
    assert await heard_by(ears, room) == before
    fresh = replace(room.talk, carried=type(room.talk.carried)())
    assert "Oticon Intent" in await keyterms_of(room.assembly, fresh, "en")


async def test_only_the_agents_own_collection_counts(clinic: Clinic) -> None:
    await teach(clinic, "Phonak Naida", collection="devices")
    await teach(clinic, "Opening hours", collection="desk")
    room = await clinic.room(providers=EARS, retrieval={"collection": "devices"})
    told = await keyterms_of(room.assembly, room.talk, "en")
    assert "Phonak Naida" in told and "Opening hours" not in told


async def test_a_call_is_heard_although_the_database_does_not_tell(clinic: Clinic, ears: DeepgramEmulator) -> None:
    room = await clinic.room(providers=EARS, keyterms=["otitis"], specialty="hearing care")
    room.talk = replace(room.talk, consultation_id=uuid4())  # not there, as after an erasure
    told = await heard_by(ears, room)
    assert told[0] == "otitis" and "tinnitus" in told and "Rao" not in told


async def test_a_specialty_given_for_the_consultation_goes_before_the_agents(clinic: Clinic) -> None:
    room = await clinic.room(providers=EARS, specialty="cardiology")
    told = await keyterms_of(room.assembly, room.talk, "en")
    assert "troponin" in told and "tinnitus" not in told


@pytest.mark.parametrize("named", ["hearing care", "Audiology", "ENT", "Audiology & ENT", "Department of Otology"])
def test_a_specialty_is_known_by_any_of_its_names(named: str) -> None:
    assert vocabulary(named, "en")[0] == "tinnitus"


@pytest.mark.parametrize("named", [None, "", "dentures only", "veterinary"])
def test_an_unknown_specialty_has_no_words(named: str | None) -> None:
    assert vocabulary(named, "en") == []


def test_the_words_of_the_language_come_first() -> None:
    hindi = vocabulary("hearing care", "hi")
    assert hindi[0] == "कान का मैल" and "tinnitus" in hindi
    assert vocabulary("hearing care", "ta") == vocabulary("hearing care", "en")


def test_terms_are_told_once_and_not_too_many() -> None:
    name = Identifying(" Rao")
    found = bounded([name], [" otitis ", "Otitis", "", "x" * 61], [f"term {n}" for n in range(200)])
    assert found[:2] == ["Rao", "otitis"] and isinstance(found[0], Identifying)
    assert len(found) == MOST


def test_a_name_that_is_a_word_of_the_clinics_own_is_no_secret() -> None:
    found = bounded([Identifying("Apollo"), Identifying("Rao")], ["Apollo"])
    assert [(term, isinstance(term, Identifying)) for term in found] == [("Apollo", False), ("Rao", True)]


def test_the_shipped_agent_belongs_to_a_known_specialty() -> None:
    assert vocabulary(AgentConfig(name="x", specialty="hearing care").specialty, "hi")


def test_every_specialty_keeps_to_what_its_file_promises() -> None:
    from auricle.consultations.keyterms import _specialties

    for name, entry in _specialties().items():
        groups: list[Sequence[str]] = [entry["terms"], *[v for k, v in entry.items() if len(k) == 2]]
        assert entry["also_called"] and all(1 <= len(group) <= 40 for group in groups), name
        assert all(isinstance(term, str) and len(term) <= 50 for group in groups for term in group)
