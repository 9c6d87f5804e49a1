"""What every translator promises, whatever its vendor's protocol."""

import asyncio
from pathlib import Path

import pytest

from auricle.providers.ports import ProviderGarbled, Translated
from tests.emulators.server import Fault
from tests.providers.contract.conftest import (
    assert_a_busy_vendor_says_for_how_long,
    assert_a_wrong_key_is_refused,
    assert_an_outage_is_not_our_fault,
    nothing_left,
)
from tests.providers.contract.vendors import Case, Running, able

SENTENCE = "Please take 1 tablet."

over_the_wire = pytest.mark.parametrize("case", able("translation"), ids=str)


async def translated(it: Running, text: str = SENTENCE, source: str = "en", target: str = "hi") -> Translated:
    return await it.router.translate(it.call(source), text, source=source, target=target)


@over_the_wire
async def test_a_translation_is_the_text_and_nothing_else(it: Running) -> None:
    it.emulator.translations.append(" कृपया 1 गोली लें। ")
    answer = await translated(it)
    assert answer.text == "कृपया 1 गोली लें।"
    assert answer.usage.characters in (len(SENTENCE), None)
    record = it.records[0]
    assert (record.status, record.characters) == ("ok", answer.usage.characters)
    assert record.first_ms is not None


@over_the_wire
async def test_markup_quotes_and_other_scripts_go_and_come_as_they_are(it: Running) -> None:
    text = "\"दो < 3 & 'four'\" &amp; 100%"
    it.emulator.translations.append(text)
    assert (await translated(it, text)).text == text
    sent = it.emulator.requests[-1]["body"].values()
    assert text in sent or [text] in sent


@pytest.mark.parametrize(
    ("case", "pair", "theirs"),
    [
        pytest.param(c, o, t, id=f"{c}-{'-'.join(o)}")
        for c in able("translation")
        for o, t in c.translation.pairs.items()
    ],
)
async def test_languages_are_named_as_the_vendor_names_them(it: Running, pair: tuple[str, str], theirs: object) -> None:
    await translated(it, "x", *pair)
    assert it.case.translation.pair_sent is not None
    assert it.case.translation.pair_sent(it.emulator) == theirs


@pytest.mark.parametrize("case", [c for c in able("translation") if c.translation.most], ids=str)
async def test_a_text_too_long_for_one_request_is_cut_at_ends_of_sentences(it: Running) -> None:
    most = it.case.translation.most
    assert most is not None
    text = " ".join(f"This is sentence {n} of many." for n in range(most // 12))
    answer = await translated(it, text)
    assert len(it.emulator.requests) > 2
    assert answer.text.replace("[", "").replace("]", "") == text
    assert all(part.endswith("of many.") for part in answer.text.strip("[]").split("] ["))
    assert [r.status for r in it.records] == ["ok"]
    assert it.records[0].characters in (len(text), None)


@over_the_wire
@pytest.mark.parametrize("name", ["empty", "malformed", "html", "cut_quietly", "error_chunk"])
async def test_what_is_no_translation_is_garbled(it: Running, name: str) -> None:
    it.emulator.next(Fault(name))  # type: ignore[arg-type]
    with pytest.raises(ProviderGarbled) as caught:
        await translated(it)
    assert "private" not in f"{caught.value!r} {caught.value.context} {caught.value.__cause__!r}"
    assert [r.status for r in it.records] == ["failed"]


@over_the_wire
async def test_a_cancelled_translation_leaves_nothing_and_is_metered_once(it: Running) -> None:
    it.emulator.next(Fault("stall_first"))
    task = asyncio.create_task(translated(it))
    async with asyncio.timeout(10):
        while not it.emulator.requests:
            await asyncio.sleep(0.005)
    async with nothing_left(it):
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert [r.status for r in it.records] == ["cancelled"]


@over_the_wire
async def test_a_refused_key_is_a_configuration_error(case: Case, tmp_path: Path) -> None:
    await assert_a_wrong_key_is_refused(case, tmp_path, translated)


@over_the_wire
async def test_a_busy_vendor_says_for_how_long(it: Running) -> None:
    await assert_a_busy_vendor_says_for_how_long(it, translated)


@over_the_wire
async def test_an_outage_is_told_apart_from_a_refusal(it: Running) -> None:
    await assert_an_outage_is_not_our_fault(it, translated)
