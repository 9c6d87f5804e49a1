"""Examples for training: of whom agrees, cleaned, in a maker's own form, and nothing that anybody could be known by."""

import io
import zipfile
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from jsonschema import Draft202012Validator
from sqlalchemy import text

from auricle.ai.port import Known
from auricle.consent.decide import Deciding, decide
from auricle.consent.models import Decision, Kind
from auricle.consultations.ratings import TooManyRatings, rate, ratings
from auricle.consultations.transcript import Said
from auricle.db.base import new_id
from auricle.errors import NotFound
from auricle.finetune import export as exports
from auricle.finetune.collect import Wanted
from auricle.finetune.examples import Cleaning, Example, LeftOut, Turn, joined, of_conversation
from auricle.finetune.export import (
    ExportGone,
    ExportRunning,
    NotReady,
    expire_exports,
    find_export,
    is_validation,
    make_export,
    request_export,
    take,
)
from auricle.finetune.formats import line
from auricle.finetune.material import Score, material
from auricle.notes.approve import approve
from auricle.providers.masking.conceal import Finds
from auricle.storage.objects import LocalObjects, ObjectMissing
from tests.builders import make_consultation, make_member, make_patient
from tests.notes.conftest import Clinic

# As the makers describe them: OpenAI's chat examples of supervised fine-tuning, Vertex AI's of supervised tuning.
TEXT, BIT = {"type": "string", "minLength": 1}, {"enum": [0, 1]}
OPENAI = {
    "type": "object",
    "required": ["messages"],
    "additionalProperties": False,
    "properties": {
        "messages": {
            "type": "array",
            "minItems": 2,
            "contains": {"properties": {"role": {"const": "assistant"}}},
            "items": {
                "type": "object",
                "required": ["role", "content"],
                "additionalProperties": False,
                "properties": {
                    "role": {"enum": ["system", "user", "assistant"]},
                    "content": TEXT,
                    "weight": {"enum": [0, 1]},
                },
                "if": {"required": ["weight"]},
                "then": {"properties": {"role": {"const": "assistant"}}},
            },
        }
    },
}
PARTS = {
    "type": "array",
    "minItems": 1,
    "items": {"type": "object", "required": ["text"], "properties": {"text": TEXT}},
}
GEMINI = {
    "type": "object",
    "required": ["contents"],
    "additionalProperties": False,
    "properties": {
        "systemInstruction": {"type": "object", "required": ["parts"], "properties": {"role": TEXT, "parts": PARTS}},
        "contents": {
            "type": "array",
            "minItems": 2,
            "items": {
                "type": "object",
                "required": ["role", "parts"],
                "additionalProperties": False,
                "properties": {"role": {"enum": ["user", "model"]}, "parts": PARTS},
            },
        },
    },
}
SCHEMAS = {"openai": Draft202012Validator(OPENAI), "gemini": Draft202012Validator(GEMINI)}
TALK = (
    ("assistant", "Hello, I am an automated assistant."),
    ("patient", "I am Asha Rao, my number is 98450 12345. My left ear rings, says Zorblat Quixon."),
    ("assistant", "I am sorry, Asha. Since when?"),
    ("patient", "Since two weeks."),
    ("assistant", "Thank you. A clinician will see it."),
    ("patient", "Bye."),
)
IDENTITY = ("asha", "rao", "98450", "12345", "zorblat", "quixon")


@dataclass(frozen=True)
class Assembly:
    database: Any
    keyring: Any
    objects: Any


@pytest.fixture
def assembly(clinic: Clinic, tmp_path: Any) -> Any:
    return Assembly(clinic.means.database, clinic.means.keyring, LocalObjects(tmp_path))


async def says(clinic: Clinic, patient_id: UUID, decision: Decision = Decision.GRANTED) -> None:
    async with clinic.transaction() as db:
        await decide(db, patient_id, Deciding(Kind.TRAINING, decision, how="paper"))


async def signed(clinic: Clinic) -> UUID:
    note_id = await clinic.drafted()
    async with clinic.transaction() as db:
        await approve(db, clinic.means.keyring, note_id, version=1, seen=())
    return note_id


async def rated(clinic: Clinic, score: int, patient: UUID | None = None) -> UUID:
    means = clinic.means
    consultation, _ = await make_consultation(
        means.database, means.keyring, clinic.clinician, patient or clinic.patient_id, TALK
    )
    async with clinic.transaction() as db:
        await rate(db, means.keyring, consultation.id, score=score, comment="Asha Rao was glad")
    return consultation.id


async def made(clinic: Clinic, assembly: Any, **wanted: Any) -> UUID:
    async with clinic.transaction() as db:
        export = await request_export(db, Wanted(**{"form": "openai", "validation_percent": 0, **wanted}))
    await make_export(assembly, clinic.system, export.id)
    return export.id


async def packed(clinic: Clinic, assembly: Any, **wanted: Any) -> tuple[dict[str, list[Any]], dict[str, Any]]:
    """The lines of each file, valid by the maker's form, and the manifest."""
    export_id = await made(clinic, assembly, **wanted)
    data = await take(assembly, clinic.clinician, export_id)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        manifest = orjson.loads(archive.read("manifest.json"))
        files = {name: [orjson.loads(one) for one in archive.read(name).splitlines()] for name in exports.FILES}
    for one in [*files["train.jsonl"], *files["validation.jsonl"]]:
        assert list(SCHEMAS[wanted.get("form", "openai")].iter_errors(one)) == []
    return files, manifest


async def test_a_signed_note_teaches_its_parts_as_a_writer_is_asked_for_them(clinic: Clinic, assembly: Any) -> None:
    await says(clinic, clinic.patient_id)
    await signed(clinic)
    files, manifest = await packed(clinic, assembly, sources=["notes"])
    assert manifest["examples"] == {"note": len(files["train.jsonl"])} and manifest["patients"] == 1
    assert manifest["left_out"] == {} and files["validation.jsonl"] == []
    answers = [orjson.loads(one["messages"][-1]["content"])["statements"] for one in files["train.jsonl"]]
    told = [statement for answer in answers for statement in answer]
    assert any("metformin 500 mg" in one["text"] for one in told)
    for one, answer in zip(files["train.jsonl"], answers, strict=True):
        system, user, _ = one["messages"]
        assert system["role"] == "system" and '"by":"patient"' in user["content"]
        assert all(e["quote"] in user["content"] for statement in answer for e in statement["evidence"])
    everything = orjson.dumps(files).decode().casefold()
    assert [word for word in IDENTITY if word in everything] == [] and "[person_" in everything


async def test_a_well_rated_conversation_is_an_example_without_anybody_in_it(clinic: Clinic, assembly: Any) -> None:
    await says(clinic, clinic.patient_id)
    await rated(clinic, 5)
    for form in ("openai", "gemini"):
        files, manifest = await packed(clinic, assembly, form=form, sources=["conversations"])
        assert manifest["examples"] == {"conversation": 1}
        everything = orjson.dumps(files).decode().casefold()
        assert [word for word in IDENTITY if word in everything] == []
        assert "since two weeks" in everything and "bye" not in everything, "the last word is the assistant's"
    [one] = files["train.jsonl"]
    assert [turn["role"] for turn in one["contents"]] == ["user", "model", "user", "model"]
    name = one["contents"][0]["parts"][0]["text"].split("I am ")[1].split(",")[0]
    assert name.startswith("[PERSON_")


async def test_without_consent_nothing_leaves_and_it_is_counted(clinic: Clinic, assembly: Any) -> None:
    await signed(clinic)
    await rated(clinic, 5)
    files, manifest = await packed(clinic, assembly)
    assert manifest["left_out"] == {"no_consent": 2} and manifest["patients"] == 0
    assert files == {"train.jsonl": [], "validation.jsonl": []}


async def test_a_low_rating_of_anybody_leaves_a_conversation_out(clinic: Clinic, assembly: Any) -> None:
    await says(clinic, clinic.patient_id)
    consultation_id = await rated(clinic, 5)
    colleague = await make_member(clinic.means.database, clinic.clinician.organization_id)
    async with clinic.transaction(colleague) as db:
        await rate(db, clinic.means.keyring, consultation_id, score=2, comment=None)
    _, manifest = await packed(clinic, assembly, sources=["conversations"])
    assert manifest["left_out"] == {"low_rating": 1} and manifest["examples"] == {}


async def test_what_an_export_could_rest_on_counts_who_agrees_and_the_lowest_rating(clinic: Clinic) -> None:
    means = clinic.means
    await signed(clinic)
    consultation_id = await rated(clinic, 5)
    colleague = await make_member(means.database, clinic.clinician.organization_id)
    async with clinic.transaction(colleague) as db:
        await rate(db, means.keyring, consultation_id, score=2, comment=None)
        there = await material(db)
    assert (there.patients, there.notes, there.agreed_notes) == (0, 1, 0)
    assert [one.conversations for one in there.scores] == [0, 1, 0, 0, 0]
    await says(clinic, clinic.patient_id)
    other = await make_patient(means.database, means.keyring, clinic.clinician, given_name="Asha")
    await rated(clinic, 2, patient=other.id)
    async with clinic.transaction() as db:
        there = await material(db)
    assert (there.patients, there.agreed_notes) == (1, 1)
    assert there.scores[1] == Score(2, by_patients=0, by_staff=2, conversations=2, agreed_conversations=1)
    assert there.scores[4] == Score(5, by_patients=0, by_staff=1, conversations=0, agreed_conversations=0)
    await says(clinic, clinic.patient_id, Decision.WITHDRAWN)
    async with clinic.transaction() as db:
        assert (await material(db)).patients == 0


async def test_only_what_was_signed_teaches(clinic: Clinic, assembly: Any) -> None:
    """What nothing supports is no lesson, although a clinician may sign it."""
    await says(clinic, clinic.patient_id)
    note = await clinic.with_unsupported()
    seen = [s.id for s in note.statements if s.verdict == "unsupported"]
    async with clinic.transaction() as db:
        await approve(db, clinic.means.keyring, note.id, version=note.version, seen=seen)
    await clinic.drafted()  # and a draft teaches nothing either
    files, _ = await packed(clinic, assembly, sources=["notes"])
    everything = orjson.dumps(files).decode()
    assert "metformin 500 mg" in everything and "Heart sounds are normal" not in everything


async def test_all_of_a_patient_is_on_one_side(clinic: Clinic, assembly: Any) -> None:
    means, by_patient = clinic.means, dict[UUID, int]()
    for number in range(6):
        patient = await make_patient(means.database, means.keyring, clinic.clinician, given_name=f"Asha{number}")
        await says(clinic, patient.id)
        by_patient[patient.id] = 2
        for _ in range(2):
            await rated(clinic, 4, patient=patient.id)
    wanted = Wanted(form="openai", validation_percent=50)
    files, manifest = await packed(clinic, assembly, validation_percent=50, sources=["conversations"])
    validated = sum(
        count
        for patient_id, count in by_patient.items()
        if is_validation(Example("conversation", patient_id, patient_id, ()), wanted)
    )
    assert len(files["validation.jsonl"]) == validated and len(files["train.jsonl"]) == 12 - validated
    assert manifest["files"]["train.jsonl"]["lines"] == 12 - validated


async def test_taking_it_is_a_disclosure_of_each_patient_and_ends_with_their_consent(
    clinic: Clinic, assembly: Any
) -> None:
    await says(clinic, clinic.patient_id)
    await rated(clinic, 5)
    export_id = await made(clinic, assembly)
    await take(assembly, clinic.clinician, export_id)
    wanted = text("select action, entity_id from audit_entry where action in ('disclose', 'download') order by id")
    async with clinic.transaction() as db:
        assert (await db.execute(wanted)).all() == [("download", export_id), ("disclose", clinic.patient_id)]
    await says(clinic, clinic.patient_id, Decision.WITHDRAWN)
    with pytest.raises(ExportGone):
        await take(assembly, clinic.clinician, export_id)
    async with clinic.transaction() as db:
        assert (await find_export(db, export_id)).status == "expired"
    with pytest.raises(ObjectMissing):
        await assembly.objects.get(clinic.clinician.organization_id, exports.place(export_id))


async def test_an_export_keeps_to_its_days(clinic: Clinic, assembly: Any) -> None:
    await says(clinic, clinic.patient_id)
    await signed(clinic)
    await rated(clinic, 5)
    today = datetime.now(UTC).date()
    for days, is_in in (
        ({"since": today, "until": today}, True),
        ({"until": today - timedelta(days=1)}, False),
        ({"since": today + timedelta(days=1)}, False),
        ({"since": date.min, "until": date.max}, True),
    ):
        _, manifest = await packed(clinic, assembly, **days)
        assert set(manifest["examples"]) == ({"note", "conversation"} if is_in else set())


async def test_an_export_ends_after_its_week(clinic: Clinic, assembly: Any) -> None:
    export_id = await made(clinic, assembly)
    async with clinic.transaction() as db:
        (await find_export(db, export_id)).expires_at = (await find_export(db, export_id)).created_at
    await expire_exports(assembly, clinic.system)
    with pytest.raises(ExportGone):
        await take(assembly, clinic.clinician, export_id)


async def test_one_is_made_at_a_time_and_none_is_taken_before_it_is_ready(clinic: Clinic, assembly: Any) -> None:
    async with clinic.transaction() as db:
        export = await request_export(db, Wanted(form="openai"))
    async with clinic.transaction() as db:
        with pytest.raises(ExportRunning):
            await request_export(db, Wanted(form="gemini"))
    with pytest.raises(NotReady):
        await take(assembly, clinic.clinician, export.id)
    await make_export(assembly, clinic.system, export.id)
    first = await take(assembly, clinic.clinician, export.id)
    await make_export(assembly, clinic.system, export.id)  # the job comes twice
    assert await take(assembly, clinic.clinician, export.id) == first


async def test_what_is_too_large_is_refused_with_a_code(
    clinic: Clinic, assembly: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await says(clinic, clinic.patient_id)
    await rated(clinic, 5)
    monkeypatch.setattr(exports, "MOST_EXAMPLES", 0)
    export_id = await made(clinic, assembly)
    async with clinic.transaction() as db:
        export = await find_export(db, export_id)
        assert (export.status, export.failure_code) == ("failed", "finetune.too_large")


# ── pure ──────────────────────────────────────────────────────────────────────────────────────────────────────────
CLEAN = Cleaning(Finds(), Known(names=["Asha Rao", "Asha", "Rao"]))


def talk(*said: Said) -> Example:
    return of_conversation(CLEAN, new_id(), new_id(), "You are an assistant.", said)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ([Said("patient", "Help"), Said("clinician", "I take over.")], "staff_spoke"),
        ([Said("patient", "Chest pain", red_flag="chest_pain"), Said("assistant", "Call 112.")], "emergency"),
        ([Said("patient", "Hello")], "nothing_said"),
        ([Said("patient", "x" * 60_000), Said("assistant", "y" * 60_000)], "too_long"),
    ],
)
def test_what_teaches_the_wrong_thing_is_left_out_with_its_reason(said: list[Said], reason: str) -> None:
    with pytest.raises(LeftOut) as out:
        talk(*said)
    assert out.value.reason == reason


def test_an_answer_that_rests_on_knowledge_is_shown_but_not_learned() -> None:
    example = talk(
        Said("patient", "When do you open?"),
        Said("assistant", "At nine.", citations=[{"chunk_id": "1"}]),
        Said("patient", "Thanks."),
        Said("assistant", "You are welcome."),
    )
    messages = orjson.loads(line(example, "openai"))["messages"]
    assert [one.get("weight") for one in messages] == [None, None, 0, None, None]
    with pytest.raises(LeftOut) as out:
        line(example, "gemini")  # it knows no weights
    assert out.value.reason == "rests_on_knowledge"


class Halved(Cleaning):
    """Its first pass has the first finds, its second the other."""

    def __init__(self, first: Finds, second: Finds) -> None:
        super().__init__(first, Known())
        self._both = iter((first, second))

    @property
    def _finds(self) -> Finds:  # type: ignore[override]
        return next(self._both)

    @_finds.setter
    def _finds(self, _: Finds) -> None:
        pass


def test_what_the_second_pass_finds_drops_the_example() -> None:
    blind = Finds()
    blind.of = lambda _: ()  # type: ignore[method-assign,assignment]
    told = ["My name is Zorblat Quixon."]
    assert Halved(blind, blind).clean(told) == told
    with pytest.raises(LeftOut) as out:
        Halved(blind, Finds()).clean(told)
    assert out.value.reason == "not_clean"


def test_turns_alternate_from_the_users_first_word_to_the_assistants_last() -> None:
    turns = [Turn("assistant", "Hi"), Turn("user", "a"), Turn("user", "b"), Turn("assistant", "c"), Turn("user", "d")]
    assert joined(turns) == [Turn("user", "a\nb"), Turn("assistant", "c")]
    both = joined([Turn("user", "a"), Turn("assistant", "b", is_learned=False), Turn("assistant", "c")])
    assert both[-1] == Turn("assistant", "b\nc", is_learned=False)


# ── ratings ───────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_patient_rates_their_own_and_reads_no_other(clinic: Clinic, database: Any, keyring: Any) -> None:
    consultation_id = await rated(clinic, 4)
    member = await make_member(database, clinic.clinician.organization_id, "patient")
    person = replace(member, patient_id=clinic.patient_id)
    async with clinic.transaction(person) as db:
        await rate(db, keyring, consultation_id, score=1, comment="Too fast")
        await rate(db, keyring, consultation_id, score=2, comment="A bit fast")
        [(own, comment)] = await ratings(db, keyring, consultation_id)
        assert (own.score, own.by_patient, comment) == (2, True, "A bit fast")
    async with clinic.transaction() as db:
        assert [(row.score, c) for row, c in await ratings(db, keyring, consultation_id)] == [
            (4, "Asha Rao was glad"),
            (2, "A bit fast"),
        ]
        sealed = (await db.execute(text("select comment from consultation_rating"))).scalars().all()
        assert b"Asha" not in b"".join(sealed)
    stranger = replace(member, patient_id=new_id())
    async with clinic.transaction(stranger) as db:
        with pytest.raises(NotFound):
            await rate(db, keyring, consultation_id, score=1, comment=None)


async def test_ratings_are_bounded(clinic: Clinic, keyring: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auricle.consultations.ratings.MOST", 1)
    consultation_id = await rated(clinic, 4)
    colleague = await make_member(clinic.means.database, clinic.clinician.organization_id)
    async with clinic.transaction(colleague) as db:
        with pytest.raises(TooManyRatings):
            await rate(db, keyring, consultation_id, score=1, comment=None)
