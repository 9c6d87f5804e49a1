"""Whoever comes back is spoken to in the language they spoke last."""

from uuid import uuid4

import pytest

from auricle.agents.config import AgentConfig
from auricle.agents.versions import Serving
from auricle.channels.entering import spoken_last
from auricle.consultations.transcript import Said

ASHA = Serving(uuid4(), uuid4(), 1, AgentConfig(name="Asha", languages=["en", "hi"]))


@pytest.mark.parametrize(
    ("spoken", "kept"),
    [
        ([], None),
        ([("patient", "hi")], "hi"),
        ([("patient", "hi"), ("patient", "en")], "en"),
        ([("patient", "hi"), ("assistant", "en")], "hi"),
        ([("patient", "hi"), ("patient", None)], "hi"),
        ([("patient", "ta")], None),
    ],
)
def test_the_last_language_of_the_patient_is_kept_where_the_agent_speaks_it(
    spoken: list[tuple[str, str | None]], kept: str | None
) -> None:
    assert spoken_last([Said(sender, "words", language=language) for sender, language in spoken], ASHA) == kept
