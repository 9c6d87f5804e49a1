"""An example to learn from: what a model is told, and what it should say. Made of notes and conversations; pure.

Nothing leaves that could not be cleaned: an example is masked whole, under one register of placeholders, and then
looked through once more as if nothing had been masked. Whatever is found then drops it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

import orjson

from auricle.ai.port import Known, Utterance
from auricle.consultations.transcript import Said
from auricle.notes.content import FrozenNote, FrozenStatement
from auricle.notes.templates.shape import NotePart, Template
from auricle.notes.writing.part import windows
from auricle.notes.writing.prompts import Style, messages
from auricle.providers.masking.conceal import Conversation, Finds, Text

MOST_CHARACTERS = 100_000  # of one example: some 25,000 tokens
Role = Literal["system", "user", "assistant"]
# Why something is no example; told in the manifest by number.
Reason = Literal[
    "no_consent", "not_clean", "too_long", "without_evidence", "no_source", "nothing_said", "used_tools",
    "rests_on_knowledge", "staff_spoke", "emergency", "low_rating",
]  # fmt: skip


class LeftOut(Exception):  # noqa: N818 - no failure: an example less
    def __init__(self, reason: Reason) -> None:
        self.reason: Reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Turn:
    """`is_learned`: whether a model is to learn to say this; of the assistant's only."""

    role: Role
    text: str
    is_learned: bool = True


@dataclass(frozen=True, slots=True)
class Example:
    kind: Literal["note", "conversation"]
    patient_id: UUID
    source_id: UUID
    turns: Sequence[Turn]

    def checked(self) -> "Example":
        """The same. Raises `LeftOut` where it is longer than one may be."""
        if sum(len(turn.text) for turn in self.turns) > MOST_CHARACTERS:
            raise LeftOut("too_long")
        return self


class Cleaning:
    """Masks the texts of one example. Slow work: not for the event loop."""

    def __init__(self, finds: Finds, known: Known) -> None:
        self._finds, self._known = finds, known

    def clean(self, texts: Sequence[str]) -> list[str]:
        """The texts with placeholders, the same throughout. Raises `LeftOut` where something is found in them still."""
        masked = Conversation(self._finds, self._known).masked([Text(text) for text in texts])
        again = Conversation(self._finds, self._known)
        if any(again.identifies(text) for text in masked):
            raise LeftOut("not_clean")
        return masked


def of_note(
    cleaning: Cleaning,
    patient_id: UUID,
    note_id: UUID,
    signed: FrozenNote,
    source: Sequence[Utterance],
    template: Template,
    style: Style,
) -> list[Example]:
    """One example for each part of a signed note: its source and rules, as a writer is told them, and what was signed.

    Only the version that was approved counts. A part with a statement that nothing supports teaches to invent, and is
    no example. Raises `LeftOut` where the note gives none at all.
    """
    if not source:
        raise LeftOut("no_source")
    pieces = windows(source)
    if len(pieces) > 1:
        raise LeftOut("too_long")
    ids = {utterance.id: key for key, utterance in pieces[0].items()}
    by_part = {part.key: [s for s in signed.statements if part_of(s, template) == part.key] for part in template.parts}
    taught = {key: told for key, told in by_part.items() if all(is_supported(s, ids) for s in told)}
    if not any(taught.values()):
        raise LeftOut("without_evidence")
    fill = _Filled(cleaning, source, signed, style, template)
    shown = {key: fill.utterance(utterance) for key, utterance in pieces[0].items()}
    return [
        Example("note", patient_id, note_id, _turns(part, fill, shown, ids, taught[part.key])).checked()
        for part in fill.template.parts
        if part.key in taught
    ]


def part_of(statement: FrozenStatement, template: Template) -> str | None:
    """The part that a statement stands under, in the version that was signed (an addendum came later)."""
    if statement.addendum_id is not None:
        return None
    if statement.part is not None:
        return statement.part
    return next((part.key for part in template.parts if part.section == statement.section), None)


def is_supported(statement: FrozenStatement, ids: Mapping[str, str]) -> bool:
    evidence = statement.body.evidence
    return (
        statement.verdict not in ("unsupported", "contradicted")
        and bool(evidence)
        and all(str(one.message_id) in ids for one in evidence)
    )


class _Filled:
    """A note's words, cleaned together; whatever is asked for comes from there."""

    def __init__(
        self, cleaning: Cleaning, source: Sequence[Utterance], signed: FrozenNote, style: Style, template: Template
    ) -> None:
        told = [template.instructions, *(part.instructions for part in template.parts), style.wishes, *style.examples]
        said = [s.body.text for s in signed.statements]
        quotes = [one.quote for s in signed.statements for one in s.body.evidence]
        texts = list(dict.fromkeys([*(u.text for u in source), *told, *said, *quotes]))
        self._clean = dict(zip(texts, cleaning.clean(texts), strict=True))
        self.style = Style(self[style.wishes], tuple(self[one] for one in style.examples))
        parts = [part.model_copy(update={"instructions": self[part.instructions]}) for part in template.parts]
        self.template = template.model_copy(update={"instructions": self[template.instructions], "parts": parts})

    def __getitem__(self, text: str) -> str:
        return self._clean[text]

    def utterance(self, one: Utterance) -> Utterance:
        return one.model_copy(update={"text": self[one.text]})


def _turns(
    part: NotePart,
    fill: _Filled,
    shown: Mapping[str, Utterance],
    ids: Mapping[str, str],
    statements: Sequence[FrozenStatement],
) -> list[Turn]:
    answer = []
    for one in statements:
        evidence = [{"id": ids[str(e.message_id)], "quote": fill[e.quote]} for e in one.body.evidence]
        if any(e["quote"] not in shown[e["id"]].text for e in evidence):
            raise LeftOut("without_evidence")  # masked otherwise than where it stands: it would teach a false quote
        answer.append({"text": fill[one.body.text], "kind": one.kind, "evidence": evidence})
    asked = messages(part, fill.template, fill.style, shown)
    said = orjson.dumps({"statements": answer}).decode()
    return [*(Turn("system" if m.role == "system" else "user", m.content) for m in asked), Turn("assistant", said)]


def of_conversation(
    cleaning: Cleaning, patient_id: UUID, consultation_id: UUID, prompt: str, said: Sequence[Said]
) -> Example:
    """A conversation as it was heard, under the agent's own instructions.

    An answer that rests on knowledge is there, but not to be learned: without its passages it would teach to invent.
    Raises `LeftOut` where staff spoke in the agent's place, an emergency was answered by script, or nothing is left.
    """
    if any(one.sender == "clinician" for one in said):
        raise LeftOut("staff_spoke")
    if any(one.red_flag for one in said):
        raise LeftOut("emergency")
    turns = joined(
        [
            Turn(
                "user" if one.sender == "patient" else "assistant",
                one.as_heard.strip(),
                is_learned=not (one.citations or one.interrupted or one.errors),
            )
            for one in said
            if one.as_heard.strip()
        ]
    )
    if not any(turn.role == "assistant" and turn.is_learned for turn in turns):
        raise LeftOut("nothing_said")
    texts = [prompt, *(turn.text for turn in turns)]
    clean = cleaning.clean(texts)
    kept = [Turn("system", clean[0]), *(replace(t, text=c) for t, c in zip(turns, clean[1:], strict=True))]
    return Example("conversation", patient_id, consultation_id, kept).checked()


def joined(turns: Sequence[Turn]) -> list[Turn]:
    """From the first words of the user to the last of the assistant; what one said in a row is one turn."""
    found: list[Turn] = []
    for turn in turns:
        if found and found[-1].role == turn.role:
            both = found[-1].is_learned and turn.is_learned
            found[-1] = Turn(turn.role, f"{found[-1].text}\n{turn.text}", both)
        elif found or turn.role == "user":
            found.append(turn)
    while found and found[-1].role == "user":
        found.pop()
    return found
