"""Judge a note that was changed: by the typed checks, and by a model where the organization has notes judged by one.

Only what was changed is judged, the rest comes with its verdict; but all of it is given, because what is missing
depends on all, and whether one statement contradicts another.
"""

from collections.abc import Sequence
from dataclasses import replace

from auricle.actor import Actor
from auricle.ai.port import Draft, Evidence, Judged, Missing, Statement
from auricle.notes.content import OpenNote
from auricle.notes.generate import Means, UnusableAnswer
from auricle.notes.writing.terms import terms_of
from auricle.notes.writing.verdicts import weighed

SINCE = "; what was changed since: "


async def judge_changes(
    means: Means, actor: Actor, opened: OpenNote, statements: Sequence[Statement]
) -> tuple[Judged, str | None]:
    """The note to be, judged, and by what. No transaction may be open meanwhile. Raises `UnusableAnswer`."""
    draft = Draft(statements=statements, method=opened.note.method or "", model=opened.note.model)
    judged = await means.ai.judge(draft, opened.source.utterances, opened.context.entities)
    if len(judged.statements) != len(statements) or any(s.verdict is None for s in judged.statements):
        raise UnusableAnswer(stage="judge")
    judged = judged.model_copy(update={"missing": [*judged.missing, *still_missing(opened, judged)]})
    changed = [place for place, one in enumerate(statements) if one.verdict is None]
    if not changed:
        return judged, opened.note.judged_by
    return await with_opinions(means, actor, opened, judged, changed)


async def with_opinions(
    means: Means, actor: Actor, opened: OpenNote, judged: Judged, changed: Sequence[int]
) -> tuple[Judged, str]:
    """A model's opinion of the changed statements among their checks, where it is wanted."""
    async with means.database.transaction(actor) as db:
        terms = replace(await terms_of(db, opened.note), looks_for_missing=False)
    fresh = judged.model_copy(update={"statements": [judged.statements[place] for place in changed]})
    fresh, told = await weighed(means.ai, means.router, terms, opened.source, opened.context.entities, fresh)
    statements = list(judged.statements)
    for place, one in zip(changed, fresh.statements, strict=True):
        statements[place] = one
    return judged.model_copy(update={"statements": statements}), by_both(opened.note.judged_by, told)


def by_both(before: str | None, now: str) -> str:
    """By what the draft was judged, and by what its changes were where that is something else."""
    first = (before or now).partition(SINCE)[0]
    return first if now == first else f"{first}{SINCE}{now}"


def still_missing(opened: OpenNote, judged: Judged) -> list[Missing]:
    """What a model had found missing, and no statement cites now. The judge finds only entities, and those anew."""
    typed = {(e.utterance_id, e.start, e.end) for e in opened.context.entities}
    cited = [e for statement in judged.statements for e in statement.evidence]
    return [
        one
        for one in opened.context.missing
        if (one.evidence.utterance_id, one.evidence.start, one.evidence.end) not in typed
        and not any(overlap(one.evidence, e) for e in cited)
    ]


def overlap(one: Evidence, other: Evidence) -> bool:
    return one.utterance_id == other.utterance_id and one.start < other.end and other.start < one.end
