"""What a note template is: the parts of a note in their order, and what whoever writes them is told.

Each part belongs to one of the four sections of a SOAP note. Its statements are judged, searched and exported as of
that section, whatever the part is called.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from auricle.ai.port import Section

MOST_PARTS = 20
TEXT = r"^[^\x00]*$"
ANY = "en"  # the language that every heading has

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$"), Field(examples=["history"])]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80, pattern=TEXT)]
Instructions = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1_000, pattern=TEXT)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]
Titles = Annotated[
    Mapping[Language, Words], Field(min_length=1, max_length=20, examples=[{"en": "History", "hi": "इतिहास"}])
]
Kind = Literal["problem", "symptom", "drug", "procedure", "anatomy", "lab", "vital", "device", "hearing", "allergy"]


class Shaped(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NotePart(Shaped):
    """One part of a note: a heading, and what belongs under it."""

    key: Key
    heading: Titles = Field(description="By language; `en` is shown where a language has none.")
    section: Section
    instructions: Instructions = Field("", description="For a model that writes this part.")
    required: bool = Field(False, description="Shown even where there is nothing to say.")
    kinds: Sequence[Kind] = Field((), max_length=10, description="What an extractive draft puts here: findings…")
    words: Sequence[Words] = Field((), max_length=60, description="… and statements with one of these words.")
    also: Sequence[Section] = Field((), max_length=3, description="Sections besides its own that such words may be of.")

    @field_validator("heading")
    @classmethod
    def in_english(cls, heading: Mapping[str, str]) -> Mapping[str, str]:
        return with_any(heading)

    def titled(self, language: str) -> str:
        return titled(self.heading, language)


class Template(Shaped):
    """A kind of note."""

    key: Key
    name: Titles
    specialty: Words | None = None
    instructions: Instructions = ""
    parts: Sequence[NotePart] = Field(min_length=1, max_length=MOST_PARTS)

    @field_validator("name")
    @classmethod
    def in_english(cls, name: Mapping[str, str]) -> Mapping[str, str]:
        return with_any(name)

    @model_validator(mode="after")
    def named_once(self) -> Self:
        if len({part.key for part in self.parts}) != len(self.parts):
            raise ValueError("two parts have the same key")
        return self

    def part(self, key: str) -> NotePart | None:
        return next((part for part in self.parts if part.key == key), None)


class Outlined(Shaped):
    """A part as a note keeps it, so that its headings stay those it was written under."""

    key: Key
    heading: Titles
    section: Section
    required: bool = False
    method: Literal["model", "extractive"] = "extractive"  # by what this part was written

    def titled(self, language: str) -> str:
        return titled(self.heading, language)


class Outline(Shaped):
    """What a note is called, and its parts in order."""

    name: Titles
    parts: Sequence[Outlined]

    def titled(self, language: str) -> str:
        return titled(self.name, language)


def outline(template: Template, by_model: Collection[str] = ()) -> Outline:
    """The outline of a note that is written by a template, these parts of it by a model."""
    return Outline(
        name=template.name,
        parts=[outlined(part, "model" if part.key in by_model else "extractive") for part in template.parts],
    )


def outlined(part: NotePart, method: Literal["model", "extractive"] = "extractive") -> Outlined:
    return Outlined(key=part.key, heading=part.heading, section=part.section, required=part.required, method=method)


def titled(titles: Mapping[str, str], language: str) -> str:
    """The title in a language (`hi-IN` is `hi`), or else in English."""
    return titles.get(language.partition("-")[0].lower()) or titles[ANY]


def with_any(titles: Mapping[str, str]) -> Mapping[str, str]:
    if ANY not in titles:
        raise ValueError("an English one is needed")
    return titles
