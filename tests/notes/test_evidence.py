"""Evidence that can't be found again, letter by letter, does not count, whoever brings it."""

from uuid import UUID

import pytest

from auricle.ai.port import Evidence, Masked, MaskedSpan, Statement, Utterance
from auricle.db.base import new_id
from auricle.notes.evidence import body_of, quoted, verified

ID = str(new_id())
SOURCE = Masked(
    utterances=[Utterance(id=ID, speaker="patient", text="I am [PERSON_1]. My left ear rings.")],
    spans=[
        MaskedSpan(utterance_id=ID, kind="PERSON", mask="[PERSON_1]", start=5, end=13, masked_start=5, masked_end=15)
    ],
    originals={},
)


def statement(*evidence: Evidence, verdict="supported") -> Statement:
    return Statement(section="subjective", text="Left ear rings.", evidence=evidence, verdict=verdict)


def test_a_verbatim_quote_is_kept_with_its_place_in_the_original():
    quote = Evidence(utterance_id=ID, start=17, end=34, quote="My left ear rings")
    held = verified(statement(quote), SOURCE)
    assert held.verdict == "supported"
    (cited,) = body_of(held, SOURCE).evidence
    assert (cited.start, cited.end, cited.original_start, cited.original_end) == (17, 34, 15, 32)


@pytest.mark.parametrize(
    "forged",
    [
        Evidence(utterance_id=ID, start=17, end=34, quote="My right ear ring"),
        Evidence(utterance_id=ID, start=17, end=99, quote="My left ear rings."),
        Evidence(utterance_id=ID, start=-18, end=-1, quote="My left ear rings"),
        Evidence(utterance_id=ID, start=4, end=4, quote=""),
        Evidence(utterance_id=str(new_id()), start=17, end=34, quote="My left ear rings"),
    ],
)
def test_a_quote_that_is_not_in_the_source_is_dropped_and_the_statement_loses_its_support(forged):
    held = verified(statement(forged), SOURCE)
    assert (held.evidence, held.verdict) == ((), "unsupported")
    assert [c.name for c in held.checks if c.verdict == "conflict"] == ["quote"]


def test_a_contradicted_statement_is_not_softened_by_losing_a_forged_quote():
    forged = Evidence(utterance_id=ID, start=0, end=3, quote="You")
    assert verified(statement(forged, verdict="contradicted"), SOURCE).verdict == "contradicted"


def test_a_span_that_cuts_a_mask_covers_the_whole_identifier():
    cited = quoted(SOURCE, UUID(ID), 8, 34)
    assert cited is not None and (cited.original_start, cited.original_end) == (5, 32)
