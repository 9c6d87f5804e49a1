"""What note templates and the writing of notes look like from outside."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from auricle.notes.templates.keep import Kept, Own
from auricle.notes.templates.models import NoteSetting, NoteTemplateVersion
from auricle.notes.templates.shape import TEXT, Template

Style = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000, pattern=TEXT)]
Phrase = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300, pattern=TEXT)]
Provider = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
Model = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[!-~]+$")]

EXAMPLE: dict[str, Any] = {
    "key": "tinnitus_clinic",
    "name": {"en": "Tinnitus clinic", "hi": "टिनिटस क्लिनिक"},
    "specialty": "audiology",
    "instructions": "Name the ear in every statement.",
    "parts": [
        {
            "key": "history",
            "heading": {"en": "History", "hi": "इतिहास"},
            "section": "subjective",
            "required": True,
            "instructions": "Onset, side, pitch, loudness, sleep, mood.",
        },
        {"key": "plan", "heading": {"en": "Plan"}, "section": "plan", "instructions": "Sound therapy, when to return."},
    ],
}


class TemplateRow(BaseModel):
    key: str
    name: dict[str, str]
    specialty: str | None
    version: int
    own: bool = Field(description="The organization's; otherwise it comes with the product.")

    @classmethod
    def of(cls, one: Kept) -> Self:
        return cls(
            key=one.template.key,
            name=dict(one.template.name),
            specialty=one.template.specialty,
            version=one.version,
            own=one.id is not None,
        )


class TemplateOut(BaseModel):
    """A template as new notes are written by it."""

    version: int
    own: bool
    template: Template

    @classmethod
    def of(cls, one: Kept) -> Self:
        return cls(version=one.version, own=one.id is not None, template=one.template)


class TemplateSaved(BaseModel):
    key: str
    number: int = Field(description="The newest version; send it as `If-Match` when you save another.")
    published: int | None = Field(description="The version that new notes are written by.")

    @classmethod
    def of(cls, own: Own) -> Self:
        return cls(key=own.row.key, number=own.newest.number, published=own.row.published)


class TemplateVersionRow(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    number: int
    created_at: datetime
    created_by: UUID | None


class TemplateVersionOut(TemplateVersionRow):
    template: Template

    @classmethod
    def of(cls, version: NoteTemplateVersion) -> Self:
        row = TemplateVersionRow.model_validate(version)
        return cls(**row.model_dump(), template=Template.model_validate(version.body))


class TemplateVersions(BaseModel):
    published: int | None
    versions: list[TemplateVersionRow] = Field(description="Newest first.")


class SettingIn(BaseModel):
    """How the organization's notes are written and judged. What is left out is as it comes."""

    model_config = ConfigDict(extra="forbid")

    writer: Literal["extractive", "model"] = Field(
        "extractive", description="`model`: a language model writes; what it fails at is extracted, and says so."
    )
    provider: Provider | None = Field(None, description="Who writes; none: the language models in their own order.")
    model: Model | None = Field(None, description="One of that provider's; none: the account's own.")
    judges: bool = Field(False, description="A model gives a verdict on each statement, besides the typed checks.")
    looks_for_missing: bool = Field(False, description="A model names what was said and is not in the note.")
    style: Style = Field("", description="Wishes on wording. They change no fact.", examples=["Short sentences."])
    phrases: list[Phrase] = Field(
        default_factory=list, max_length=20, description="Examples of how things are worded; no patient's words."
    )

    @model_validator(mode="after")
    def whose_model(self) -> Self:
        if self.model is not None and self.provider is None:
            raise ValueError("a model is one of a provider: name that too")
        return self


class SettingOut(SettingIn):
    model_config = ConfigDict(extra="ignore", from_attributes=True)

    models: list[str] = Field(description="Who can be asked now, first to last; with none, notes stay extractive.")

    @classmethod
    def told(cls, setting: NoteSetting, models: list[str]) -> Self:
        own = {name: getattr(setting, name) for name in SettingIn.model_fields}
        return cls.model_validate({**own, "models": models})
