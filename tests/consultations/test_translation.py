"""Agents whose knowledge or model knows one language: translated faithfully, or not at all."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import pytest
from prometheus_client import REGISTRY

from auricle.agents.tools.loop import OwnWords
from auricle.consultations.answer import translation
from auricle.consultations.translated import Translating
from auricle.providers.call import Call, Choice
from auricle.providers.ports import ProviderFailed, TextDelta
from auricle.voice.ports import ReplyPiece
from tests.agents.conftest import Clinic, asks, tomorrow
from tests.emulators.openai_chat import Fault, OpenAIEmulator, Scripted

HINDI = {
    "When do you open?": "आप कब खुलते हैं?",
    "We open at 9.": "हम 9 बजे खुलते हैं।",
    "Come on Monday.": "सोमवार को आइए।",
}
ENGLISH = {hindi: english for english, hindi in HINDI.items()}


def marked(body: dict[str, Any]) -> str | None:
    """The text that is to be translated, where this is asked."""
    if not str(body["messages"][0]["content"]).startswith("Translate"):
        return None
    return str(body["messages"][-1]["content"]).split("\n")[1]


def bilingual(*answers: str) -> Any:
    """Translates by the book; otherwise answers in English."""

    def script(body: dict[str, Any]) -> Scripted:
        text = marked(body)
        return Scripted(" ".join(answers)) if text is None else Scripted({**HINDI, **ENGLISH}.get(text, "???"))

    return script


def outcomes(outcome: str) -> float:
    found = 0.0
    for purpose in ("question", "answer"):
        found += REGISTRY.get_sample_value("auricle_translations_total", {"purpose": purpose, "outcome": outcome}) or 0
    return found


async def test_a_model_of_one_language_serves_a_patient_of_another(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    emulated.script = bilingual("We open at 9.", "Come on Monday.")
    room = await clinic.room(language="hi", languages=["hi", "en"], model_language="en")
    said = await room.says("आप कब खुलते हैं?")
    assert said.text == "हम 9 बजे खुलते हैं। सोमवार को आइए।"
    asked = next(r["body"] for r in reversed(emulated.requests) if marked(r["body"]) is None)
    assert asked["messages"][-1]["content"] == "When do you open?"
    assert "Answer in English" in asked["messages"][0]["content"]
    await room.says("आप कब खुलते हैं?")
    asked = next(r["body"] for r in reversed(emulated.requests) if marked(r["body"]) is None)
    said_before = [m["content"] for m in asked["messages"] if m["role"] in ("user", "assistant")]
    assert said_before[:2] == ["When do you open?", "We open at 9. Come on Monday."], (
        "what was translated is remembered"
    )


async def test_sentences_are_translated_whole(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    emulated.script = bilingual("We are open from Monday on, at 9, as always. Come on Monday.")
    room = await clinic.room(language="hi", languages=["hi", "en"], model_language="en")
    await room.says("आप कब खुलते हैं?")
    asked = [text for r in emulated.requests if (text := marked(r["body"]))]
    assert asked[1:] == ["We are open from Monday on, at 9, as always.", "Come on Monday."]


async def test_a_translation_with_another_number_is_not_used(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    def wrong(body: dict[str, Any]) -> Scripted:
        return Scripted("We open at 9." if marked(body) is None else "हम 10 बजे खुलते हैं।")

    emulated.script = wrong
    before = outcomes("unfaithful")
    room = await clinic.room(language="hi", languages=["hi"], model_language="en")
    assert (await room.says("कब")).text == "We open at 9."
    assert outcomes("unfaithful") > before


async def test_without_anybody_who_can_translate_the_original_goes_on(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    before = outcomes("failed")
    offline = {"llm": [{"provider": "offline"}], "translation": [{"provider": "offline"}]}
    room = await clinic.room(
        language="hi", languages=["hi"], model_language="hi", knowledge_language="en", providers=offline
    )
    assert (await room.says("आप कब खुलते हैं?")).text
    assert outcomes("failed") > before and emulated.requests == []


async def test_the_question_is_searched_for_in_the_language_of_the_knowledge(
    clinic: Clinic, emulated: OpenAIEmulator
) -> None:
    emulated.script = bilingual("हम 9 बजे खुलते हैं।")
    room = await clinic.room(language="hi", languages=["hi"], knowledge_language="en")
    assert (await room.says("आप कब खुलते हैं?")).text == "हम 9 बजे खुलते हैं।"
    translated = [text for r in emulated.requests if (text := marked(r["body"]))]
    assert translated == ["आप कब खुलते हैं?"], "the answer is not translated: the model knows the language"


async def test_the_question_before_a_booking_stays_in_the_patients_own_language(
    clinic: Clinic, emulated: OpenAIEmulator
) -> None:
    wanted = {"professional_id": str(clinic.doctor.member_id), "starts_at": tomorrow()}

    def script(body: dict[str, Any]) -> Scripted:
        text = marked(body)
        return asks("book_appointment", wanted) if text is None else Scripted(f"translated {text}")

    emulated.script = script
    room = await clinic.room("book_appointment", language="hi", languages=["hi"], model_language="en")
    asked = await room.says("समय चाहिए")
    assert "बुक कर दूँ" in asked.text and "translated" not in asked.text


async def test_one_who_fails_is_followed_by_the_next_and_is_metered(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    emulated.script = bilingual()
    router = clinic.assembly.router
    call = Call(clinic.organization_id, [Choice("emulated")], "hi")
    emulated.next(Fault("status", 500))
    made = await router.translate(call, "Come on Monday.", source="en", target="hi")
    assert made.text == "सोमवार को आइए।" and made.usage.output_tokens
    with pytest.raises(ProviderFailed):
        await router.translate(Call(clinic.organization_id, [Choice("offline")], "hi"), "x", source="en", target="hi")
    emulated.always(Fault("empty"))
    with pytest.raises(ProviderFailed):
        await router.translate(call, "Come on Monday.", source="en", target="hi")
    assert [choice.provider for choice in await router.choices("translation", clinic.organization_id)] == ["emulated"]


async def test_sentences_are_translated_and_words_of_the_code_keep_their_place(clinic: Clinic) -> None:
    room = await clinic.room(language="hi")
    talk = replace(room.talk)
    translating: Translating = translation(clinic.assembly, talk, "hi")
    translating._remember("hi", "We open at 9.", "हम 9 बजे खुलते हैं।")
    translating._remember("hi", "Come on Monday.", "सोमवार को आइए।")

    async def pieces() -> AsyncGenerator[ReplyPiece, None]:
        for text in ("We open ", "at 9.", " Come on"):
            yield TextDelta(text)
        yield TextDelta(" Monday.")
        yield OwnWords(" क्या मैं बुक कर दूँ?")

    told = [p.text async for p in translating.spoken(pieces(), source="en", target="hi") if isinstance(p, TextDelta)]
    assert "".join(told).split() == ["हम", "9", "बजे", "खुलते", "हैं।", "सोमवार", "को", "आइए।", "क्या", "मैं", "बुक", "कर", "दूँ?"]
