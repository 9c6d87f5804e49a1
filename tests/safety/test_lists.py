"""The lists of what patients say, and how much is found of the half that may be looked at (`bench/safety`)."""

import pytest

from auricle.safety import redflags
from bench.safety.recall import GROUPS, LANGUAGES, Item, Share, figures, measured, read_list

SMALLEST_GROUP = 320
POSITIVE_SHARE = (0.5, 0.65)
# Just under what is measured (recall at least, false alarms at most), so that a change which loses some is seen.
FLOOR = {**dict.fromkeys(LANGUAGES, (0.94, 0.06)), "en": (0.97, 0.02), "hi": (0.97, 0.02)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_list_is_of_distinct_sentences_as_a_recognizer_writes_them(language: str) -> None:
    items = read_list(language)
    texts = [item.text for item in items]
    assert len({item.id for item in items}) == len(set(texts)) == len(items)
    assert all(item.id.startswith(f"{language}-") for item in items)
    assert all(text == text.strip().lower() and text for text in texts)
    assert not any(mark in text for text in texts for mark in ".,?!;।॥")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_list_asks_only_for_categories_that_there_are_and_for_each_of_them(language: str) -> None:
    asked = {item.expect for item in read_list(language)} - {None}
    assert asked <= redflags.default_watch().categories
    assert len(asked) >= 15


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_is_large_enough_and_holds_near_misses_as_well_as_red_flags(group: str) -> None:
    items = [item for language in GROUPS[group] for item in read_list(language)]
    assert len(items) >= SMALLEST_GROUP
    low, high = POSITIVE_SHARE
    assert low <= sum(item.expect is not None for item in items) / len(items) <= high


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_halves_are_disjoint_and_each_is_a_fair_part(language: str) -> None:
    items = read_list(language)
    dev, final = ({item.id for item in items if item.half == half} for half in ("dev", "final"))
    assert not dev & final
    assert len(dev) + len(final) == len(items)
    assert min(len(dev), len(final)) >= 0.35 * len(items)


def test_the_half_of_an_item_hangs_on_its_id_alone() -> None:
    assert Item("en-none-01", None, "a").half == Item("en-none-01", "stroke", "b").half
    assert [Item(f"en-none-0{n}", None, "").half for n in range(1, 7)] == ["dev", "final", "dev", "final", "dev", "dev"]


def test_the_interval_is_wilsons() -> None:
    low, high = Share(81, 263).interval
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)  # worked example of Newcombe (1998), table I
    assert Share(0, 0).interval == (0.0, 1.0)
    assert Share(10, 10).interval[1] == pytest.approx(1.0)


@pytest.mark.parametrize("language", LANGUAGES)
def test_red_flags_are_found_and_little_else(language: str) -> None:
    got = figures(measured("dev", [language])[language])
    recall, false_alarms = FLOOR[language]
    assert got.recall.value >= recall
    assert got.false_alarms.value <= false_alarms
