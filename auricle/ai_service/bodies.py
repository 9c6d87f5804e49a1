"""What people and programs ask the AI service beside the port's own questions: bodies and answers."""

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from auricle.ai.limits import MAX_TOTAL_CHARS, TextTooLarge
from auricle.ai.port import Entity, Judged, Known, Masked, Model, Section, Utterance
from auricle.ai.privacy.find import Finding

EXAMPLE = "I am Asha Rao, 98450 12345. My left ear rings. No fever. I take metformin 500 mg twice a day."
MOST_TEXTS = 256
WHOLE = "text"  # the id of the one utterance that a plain text is


class Source(Model):
    """A plain text, or who said what. Offsets in the answer are into the text, or into the utterance that is named."""

    text: str | None = Field(None, min_length=1, examples=[EXAMPLE])
    utterances: tuple[Utterance, ...] | None = Field(None, min_length=1)

    @model_validator(mode="after")
    def one_of_both(self) -> Self:
        if (self.text is None) == (self.utterances is None):
            raise ValueError("give either text or utterances")
        return self

    @property
    def said(self) -> Sequence[Utterance]:
        if self.utterances is not None:
            return self.utterances
        return [Utterance(id=WHOLE, speaker="document", text=self.text or "")]


class Personal(Source):
    known: Known = Field(Known(), description="Identity that is known beforehand: every mention is found.")


class NoteRequest(Personal):
    template: str = "soap"


class NoteAnswer(Model):
    """A judged draft, and the masked source that its evidence points into."""

    masked: Masked
    entities: Sequence[Entity]
    judged: Judged
    method: str
    model: str | None


class Findings(Model):
    findings: Sequence[Finding]


class Entities(Model):
    entities: Sequence[Entity]


class ContextAnswer(Model):
    """What a note carries as `context_data`, and the same in a few words."""

    masked: Masked
    context_data: Sequence[Entity]
    present: dict[str, list[str]] = Field(description="By kind, what the patient has, takes, or is to have.")
    absent: dict[str, list[str]] = Field(description="By kind, what was said not to be there.")


class OneText(Model):
    text: str = Field(min_length=1, examples=["Ringing in the left ear for two weeks."])


class Texts(Model):
    texts: Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1, max_length=MOST_TEXTS)] = Field(
        examples=[["Ringing in the left ear.", "Takes metformin 500 mg."]]
    )


class NoteStatement(Model):
    section: Section
    text: str = Field(min_length=1, examples=["Takes metformin 500 mg twice a day."])


class NoteContent(Model):
    """A note. It is masked before it is embedded, whether or not it was already."""

    statements: Annotated[list[NoteStatement], Field(min_length=1, max_length=MOST_TEXTS)]
    known: Known = Known()


class Vector(Model):
    model: str
    dimension: int
    vector: list[float] = Field(description="Of length 1.")


class Vectors(Model):
    model: str
    dimension: int
    vectors: list[list[float]]


class NoteVectors(Model):
    """Each section's direction of meaning, and the whole note's; each of length 1."""

    model: str
    dimension: int
    note: list[float]
    sections: dict[Section, list[float]]


class ModelRow(Model):
    name: str
    state: Literal["cold", "ready", "failed", "absent"]
    size: int = Field(description="Entries of a vocabulary, bytes of a network.")
    seconds: float = Field(description="That loading and warming took.")
    memory_bytes: int | None = Field(description="That the process grew by meanwhile; null: not known.")
    runs_on: str
    error: str = Field(description="The kind of what went wrong, where it failed.")


class ModelsStatus(Model):
    ready: bool
    models: list[ModelRow]
    memory_bytes: int | None = Field(description="Of this process.")
    pid: int
    working: int
    waiting: int


def check_total(texts: Sequence[str]) -> None:
    """Raise `TextTooLarge` where several texts are too much together."""
    total = sum(map(len, texts))
    if total > MAX_TOTAL_CHARS:
        raise TextTooLarge(count=len(texts), characters=total, limit=MAX_TOTAL_CHARS)
