"""The catalog of models: every named one has a row, and what goes away is warned of."""

from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from auricle.providers.catalog import Model, load, shipped, warnings

NOVEMBER = date(2026, 11, 21)


@pytest.mark.parametrize(
    "name",
    [
        "GPT-4.2",
        "gpt-4o",
        "gpt-4o-mini",
        "Whisper v3",
        "Llama 3.1 8B",
        "Llama 3.3 70B",
        "OpenBioLLM-70B",
        "nova-3",
        "aura",
        "saarika v2.5",
        "text-embedding-3-small",
        "ada-002",
        "d4data/biomedical-ner-all",
    ],
)
def test_every_model_that_older_papers_name_has_a_row(name: str) -> None:
    assert shipped().find(name) is not None


def test_a_model_that_goes_is_warned_of_before_and_after() -> None:
    row = shipped().find("gpt-4o", "openai")
    assert row is not None
    assert row.warning(NOVEMBER) == "gpt-4o will be switched off on 2027-01-14. Use gpt-6-luna instead."
    assert row.warning(date(2027, 1, 14)) == "gpt-4o is switched off. Use gpt-6-luna instead."


def test_only_models_with_something_to_say_are_warned_of() -> None:
    found = warnings(
        {"nova-3": "deepgram", "saarika:v2.5": "sarvam", "never heard of": None, "gpt-4o": "groq"}, NOVEMBER
    )
    assert list(found) == ["saarika:v2.5"]


def test_every_replacement_that_we_name_is_itself_alive() -> None:
    for row in shipped().models:
        if row.replacement is not None:
            successor = shipped().find(row.replacement, row.provider)
            assert successor is None or successor.status == "current", row.name


ROW = {"provider": "p", "name": "m", "capability": "llm", "status": "current", "source": "s", "checked": NOVEMBER}


@pytest.mark.parametrize("change", [{"status": "retired"}, {"shutdown": NOVEMBER}, {"status": "asleep"}, {"extra": 1}])
def test_a_row_that_contradicts_itself_is_refused(change: dict) -> None:
    with pytest.raises(ValidationError):
        Model.model_validate(ROW | change)


def test_a_name_may_be_listed_once(tmp_path: Path) -> None:
    row = "{provider: p, name: m, capability: llm, status: current, source: s, checked: 2026-11-21}"
    (tmp_path / "c.yaml").write_text(f"models: [{row}, {row}]")
    with pytest.raises(ValidationError, match="twice"):
        load(tmp_path / "c.yaml")
