"""The clinical AI as the rest of the system sees it: mask, entities, write, judge. No database, no web.

Offsets are Python string offsets into `Utterance.text` of the *masked* source unless a name says otherwise.
`ai/local.py` does the work in this process, `ai/remote.py` asks the AI service with the same types.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from auricle.errors import Unavailable

Section = Literal["subjective", "objective", "assessment", "plan"]
Verdict = Literal["supported", "inferred", "contradicted", "unsupported"]


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Utterance(Model):
    """One turn of a conversation, or one paragraph of a document (speaker `document`)."""

    id: str
    speaker: Literal["patient", "clinician", "assistant", "document"]
    text: str
    start_s: float | None = None
    end_s: float | None = None
    page: int | None = None  # of a document


class Known(Model):
    """Identity the platform already holds; every mention is masked whatever else is found."""

    names: Sequence[str] = ()
    phones: Sequence[str] = ()
    emails: Sequence[str] = ()
    record_numbers: Sequence[str] = ()
    addresses: Sequence[str] = ()
    birth_date: str | None = None  # ISO


class MaskedSpan(Model):
    """Where one identifier stood. `start`/`end` in the original text, `masked_start`/`masked_end` in the masked one."""

    utterance_id: str
    kind: str  # PERSON, PHONE, EMAIL, DATE, AGE, URL, IP, MRN, SSN, AADHAAR, PAN, ABHA, LOCATION, ORGANIZATION, ADDRESS
    mask: str  # e.g. "[PERSON_1]", the same for the same identifier throughout one source
    start: int
    end: int
    masked_start: int
    masked_end: int


class Masked(Model):
    utterances: Sequence[Utterance]  # same ids and order, text masked
    spans: Sequence[MaskedSpan]
    originals: Mapping[str, str]  # mask → original text: sealed by whoever stores it


class Code(Model):
    """A code that fits a finding: suggested, for a person to confirm."""

    system: Literal["icd-10-cm"]
    code: str  # may be billed: never a mere category
    display: str
    score: float = Field(ge=0, le=1)


class Entity(Model):
    """A clinical mention and how it is meant."""

    kind: Literal["problem", "symptom", "drug", "procedure", "anatomy", "lab", "vital", "device", "hearing", "allergy"]
    text: str  # as said
    name: str  # normal form, lower case
    utterance_id: str
    start: int
    end: int
    negated: bool = False
    experiencer: Literal["patient", "family", "other"] = "patient"
    time: Literal["current", "past", "planned"] = "current"
    side: Literal["left", "right", "both"] | None = None
    value: str | None = None  # "500 mg", "130/85 mmHg"
    attributes: Mapping[str, str] = Field(default_factory=dict)  # dose, route, frequency, duration, …
    codes: Sequence[Code] = ()  # best first; none where the finding is denied, somebody else's or over


class Evidence(Model):
    """A verbatim span of the masked source: `quote == utterance.text[start:end]`, verified by code."""

    utterance_id: str
    start: int
    end: int
    quote: str


class Check(Model):
    """One typed comparison of a statement with its evidence."""

    name: Literal[
        "drug", "number", "side", "negation", "experiencer", "time", "exam", "quote", "placeholder", "support", "model",
        "consistency"  # with the note's other statements: the only check that a change elsewhere can change
    ]  # fmt: skip
    verdict: Literal["pass", "conflict", "unsure"]
    detail: str = ""  # clinical text: sealed with the statement


class Statement(Model):
    section: Section
    part: str | None = None  # of the note's template; None where its section is all that is known
    text: str
    kind: Literal["fact", "inferred", "plan"] = "fact"
    evidence: Sequence[Evidence] = ()
    checks: Sequence[Check] = ()
    verdict: Verdict | None = None  # None until judged; the judge keeps a verdict that a statement comes with


class Draft(Model):
    statements: Sequence[Statement]
    method: str = "extractive draft"  # shown wherever the note is shown
    model: str | None = None


class Missing(Model):
    """A salient finding of the source that the note does not carry."""

    kind: str
    text: str
    evidence: Evidence


class Judged(Model):
    statements: Sequence[Statement]  # same order, with checks and verdicts
    missing: Sequence[Missing]
    completeness: float  # share of salient source entities that the note carries, 0..1
    approved: bool  # the judge's own verdict: nothing contradicted or unsupported


class AIUnavailable(Unavailable):
    """The clinical AI can't be asked now; nothing was changed."""

    code = "ai.unavailable"


class Busy(AIUnavailable):
    """Too many notes are being worked on; try again in a minute."""

    code = "ai.busy"


class ClinicalAI(Protocol):
    """Each answers the same however often it is asked, and keeps nothing. May raise `AIUnavailable`, `TextTooLarge`."""

    def state(self) -> str:
        """In one word, for `/ready`: `local`, or how the AI service is reached."""
        ...

    async def mask(self, utterances: Sequence[Utterance], known: Known) -> Masked: ...

    async def entities(self, utterances: Sequence[Utterance]) -> list[Entity]: ...

    async def write(
        self, utterances: Sequence[Utterance], entities: Sequence[Entity], template: str = "soap"
    ) -> Draft: ...

    async def judge(self, draft: Draft, utterances: Sequence[Utterance], entities: Sequence[Entity]) -> Judged: ...
