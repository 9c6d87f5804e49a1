"""All checks on things that must not change on the way from the source into a note, in the order they are shown."""

from collections.abc import Iterator

from auricle.ai.port import Check
from auricle.ai.soap.checks.answers import allergies, answers
from auricle.ai.soap.checks.compared import Compared, quoted
from auricle.ai.soap.checks.named import department, drug, exam, finding, placeholder
from auricle.ai.soap.checks.numbers import frequency, number
from auricle.ai.soap.checks.people import experiencer, time
from auricle.ai.soap.checks.polarity import negation, opposites
from auricle.ai.soap.checks.sides import side
from auricle.ai.soap.checks.support import support


def quote(it: Compared) -> Iterator[Check]:
    if not it.statement.evidence:
        yield Check(name="quote", verdict="conflict", detail="No evidence is cited.")
    for evidence in it.statement.evidence:
        if not quoted(evidence, it.sources):
            yield Check(
                name="quote", verdict="conflict", detail="A quote does not stand in the source where it is cited."
            )


def length(it: Compared) -> Iterator[Check]:
    if not it.comparable:
        yield Check(name="support", verdict="conflict", detail="It is, or cites, more than can be compared.")


ALWAYS = (quote, placeholder, length)
WORD_BY_WORD = (drug, number, frequency, side, negation, opposites, answers, allergies, experiencer, time,
       exam, finding, department, support)  # fmt: skip
