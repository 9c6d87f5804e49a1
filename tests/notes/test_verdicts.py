"""What a language model's opinion does to a draft: it lowers trust, lends it by the source's own words, and no more."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from auricle.ai.entities.find import find_entities
from auricle.ai.local import LocalAI
from auricle.ai.port import Draft, Evidence, Judged, Masked, Statement, Utterance
from auricle.ai.soap.judge import judge
from auricle.notes.templates.shipped import shipped
from auricle.notes.writing.terms import Terms
from auricle.notes.writing.verdicts import FAILED, NOT_PAID, NOT_SET_UP, TYPED, around, weighed
from tests.emulators.anthropic import AnthropicEmulator
from tests.emulators.drafts import Asked, Playing
from tests.emulators.google import GoogleEmulator
from tests.emulators.openai_chat import OpenAIEmulator
from tests.providers.contract.vendors import CLINIC, Case, Running, running

SOURCE = [
    Utterance(id="m1", speaker="patient", text="My left ear has been ringing for two weeks, mostly when I lie down."),
    Utterance(id="m2", speaker="patient", text="I take metformin 500 mg twice a day."),
    Utterance(id="m3", speaker="patient", text="I can't make out what people say at the dinner table."),
]
RINGING, DOSE, TABLE = ("My left ear has been ringing for two weeks", "I take metformin 500 mg", SOURCE[2].text)
CASES = [
    Case("openai_compatible", OpenAIEmulator, {"llm": "some-model"}),
    Case("anthropic", AnthropicEmulator),
    Case("google", GoogleEmulator),
]


def says(text: str, at: int, quote: str, **more: Any) -> Statement:
    start = SOURCE[at].text.index(quote)
    evidence = Evidence(utterance_id=SOURCE[at].id, start=start, end=start + len(quote), quote=quote)
    return Statement(**{"section": "subjective", "text": text, "evidence": [evidence], **more})


TRUE = says("Ringing in the left ear for two weeks.", 0, RINGING)
WRONG_DOSE = says("Takes metformin 850 mg twice a day.", 1, "I take metformin 500 mg twice a day")


def loose() -> Statement:
    """A statement that the checks are merely unsure of: of its words just too few are cited."""
    text = "People at dinner"
    for word in ("lately", "perhaps", "mainly", "partly", "rather", "indeed", "maybe", "surely"):
        text = f"{text} {word}"
        statement = says(text, 2, TABLE)
        checks = judge(Draft(statements=[statement]), SOURCE, find_entities(SOURCE)).statements[0].checks
        if [c.verdict for c in checks if c.name == "support"] == ["unsure"]:
            return statement
    raise AssertionError("no statement is unsure")


@pytest.fixture
async def it(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(CASES[0], tmp_path) as made:
        yield made


def terms(**more: Any) -> Terms:
    return Terms(shipped()["soap"].template, CLINIC, None, uuid4(), **{"judges": True, **more})


async def judged_with(it: Running | None, statements: list[Statement], **more: Any) -> tuple[Judged, Judged, str]:
    """By the typed checks alone, and with the model; and by what that is said to be."""
    ai, entities = LocalAI(), find_entities(SOURCE)
    masked = Masked(utterances=SOURCE, spans=(), originals={})
    typed = await ai.judge(Draft(statements=statements), SOURCE, entities)
    after, told = await weighed(ai, it.router if it else None, terms(**more), masked, entities, typed)
    return typed, after, told


def opining(*verdicts: tuple[int, str, list[tuple[str, str]]]) -> Playing:
    told = [
        {"claim": n, "verdict": v, "quotes": [{"id": key, "quote": quote} for key, quote in quotes]}
        for n, v, quotes in verdicts
    ]
    return Playing(verdicts=lambda asked: {"verdicts": told})


async def test_the_model_contradicts_what_the_checks_let_pass_if_it_can_quote_the_source(it: Running) -> None:
    it.emulator.script = opining((0, "contradicted", [("u1", "mostly when I lie down")]))
    typed, after, told = await judged_with(it, [TRUE])
    assert (typed.statements[0].verdict, after.statements[0].verdict) == ("supported", "contradicted")
    assert not after.approved and told == "typed checks and a language model (it/some-model)"
    (check,) = [c for c in after.statements[0].checks if c.name == "model"]
    assert check.verdict == "conflict" and "mostly when I lie down" in check.detail


@pytest.mark.parametrize(
    ("opinion", "quotes", "verdict"),
    [
        ("contradicted", [("u1", "nothing like this was said")], "unsupported"),  # no quote, no contradiction
        ("unsupported", [], "unsupported"),
        ("inferred", [("u1", RINGING)], "unsupported"),  # nothing of the patient's telling is inferred
        ("supported", [("u1", RINGING)], "supported"),
        ("supported", [], "supported"),
    ],
)
async def test_an_opinion_lowers_trust(it: Running, opinion: str, quotes: Any, verdict: str) -> None:
    it.emulator.script = opining((0, opinion, quotes))
    _, after, _ = await judged_with(it, [TRUE])
    assert after.statements[0].verdict == verdict


async def test_what_is_inferred_may_stand_in_an_assessment(it: Running) -> None:
    it.emulator.script = opining((0, "inferred", [("u1", RINGING)]))
    _, after, _ = await judged_with(it, [TRUE.model_copy(update={"section": "assessment"})])
    assert (after.statements[0].verdict, after.statements[0].kind) == ("inferred", "inferred")


async def test_a_typed_conflict_wins_whatever_the_model_thinks(it: Running) -> None:
    it.emulator.script = opining((0, "supported", [("u2", DOSE)]))
    typed, after, _ = await judged_with(it, [WRONG_DOSE])
    assert typed.statements[0].verdict == after.statements[0].verdict == "contradicted"


async def test_the_model_lends_support_where_the_checks_were_unsure_by_words_that_are_there(it: Running) -> None:
    it.emulator.script = opining((0, "supported", [("u3", TABLE)]))
    typed, after, _ = await judged_with(it, [loose()])
    assert any(c.name == "support" and c.verdict == "unsure" for c in typed.statements[0].checks)
    assert (typed.statements[0].verdict, after.statements[0].verdict) == ("unsupported", "supported")


async def test_support_by_words_that_are_not_there_is_none(it: Running) -> None:
    it.emulator.script = opining((0, "supported", [("u3", "I hear nobody when we have company")]))
    _, after, _ = await judged_with(it, [loose()])
    assert after.statements[0].verdict == "unsupported"


async def test_a_claim_that_was_not_asked_about_changes_nothing(it: Running) -> None:
    it.emulator.script = opining((7, "contradicted", [("u1", RINGING)]))
    typed, after, _ = await judged_with(it, [TRUE])
    assert after.statements == typed.statements


async def test_a_model_that_fails_leaves_the_typed_checks_and_the_record_says_so(it: Running) -> None:
    it.emulator.script = Playing(verdicts=lambda asked: "I think it is fine.")
    typed, after, told = await judged_with(it, [TRUE, WRONG_DOSE])
    assert after.statements == typed.statements and told == FAILED


async def test_a_failed_batch_leaves_its_statements_as_they_were(it: Running) -> None:
    def half(asked: Asked) -> Any:
        if '"claim":0,' not in asked.text:
            return "no"
        return {"verdicts": [{"claim": 0, "verdict": "unsupported", "quotes": []}]}

    it.emulator.script = Playing(verdicts=half)
    many = [TRUE.model_copy(update={"text": f"Ringing in the left ear for two weeks{' ' * n}."}) for n in range(25)]
    _, after, told = await judged_with(it, many)
    assert told == "typed checks, and a language model in part (it/some-model)"
    assert [s.verdict for s in after.statements[:2]] == ["unsupported", "supported"]


async def test_nobody_is_asked_without_a_wish_a_model_or_money(it: Running) -> None:
    for changed, expected in (({"judges": False}, TYPED), ({"pays": False}, NOT_PAID)):
        assert (await judged_with(it, [TRUE], **changed))[2] == expected
    assert (await judged_with(None, [TRUE]))[2] == NOT_SET_UP
    assert it.records == []


async def test_what_the_model_misses_is_listed_where_the_source_has_it_and_the_note_does_not(it: Running) -> None:
    found = [
        {"kind": "symptom", "text": "worse when lying down", "id": "u1", "quote": "mostly when I lie down"},
        {"kind": "symptom", "text": "ringing", "id": "u1", "quote": "My left ear has been ringing"},  # is in the note
        {"kind": "problem", "text": "stroke", "id": "u1", "quote": "I had a stroke"},  # nobody said so
    ]
    it.emulator.script = Playing(missing=lambda asked: {"missing": found})
    typed, after, told = await judged_with(it, [TRUE], judges=False, looks_for_missing=True)
    added = [m for m in after.missing if m not in typed.missing]
    assert [(m.text, m.evidence.quote) for m in added] == [("worse when lying down", "mostly when I lie down")]
    assert told == TYPED and after.completeness == typed.completeness


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_every_dialect_gives_opinions(case: Case, tmp_path: Path) -> None:
    async with running(case, tmp_path) as made:
        made.emulator.script = opining((0, "unsupported", []))
        _, after, told = await judged_with(made, [TRUE])
    assert after.statements[0].verdict == "unsupported" and told.startswith("typed checks and a language model (it")


def test_of_a_long_source_what_is_near_the_cited_words_is_given() -> None:
    long = [Utterance(id=f"m{n}", speaker="patient", text="word " * 200) for n in range(200)]
    cited = Statement(section="plan", text="x", evidence=[Evidence(utterance_id="m100", start=0, end=4, quote="word")])
    assert list(around([cited], long)) == [f"u{n}" for n in range(95, 108)]
    assert list(around([cited], long[:3])) == ["u1", "u2", "u3"]
