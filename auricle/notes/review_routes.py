"""`/api/v1/soap`: the review of notes, from the queue to what is added after the signature."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response, status

from auricle.actor import Actor
from auricle.billing.budgets.require import BudgetExhausted
from auricle.consent.decide import ConsentNeeded
from auricle.db.keyset import BadCursor
from auricle.errors import Forbidden, NotFound
from auricle.notes.addenda import NotSigned, TooManyAddenda, add_addendum
from auricle.notes.approve import ContradictedStatements, NotADraft, StaleVersion
from auricle.notes.asked import IfMatch, VersionNeeded, version_read
from auricle.notes.edit import UnknownSpan
from auricle.notes.generate import UnusableAnswer
from auricle.notes.queue import State, Whose, count_waiting, place_in, place_of, waiting
from auricle.notes.read import read_note
from auricle.notes.regenerate import SectionEdited, regenerate_section
from auricle.notes.review import AssignedElsewhere, NotASigner, assign, see
from auricle.notes.review_schemas import (
    AddendumIn,
    Assignee,
    DifferenceOut,
    QueueCounts,
    Queued,
    RegenerateIn,
    Seen,
    SeenIn,
)
from auricle.notes.schemas import NoteOut, NoteRow, VersionRow
from auricle.notes.templates.shape import Key
from auricle.notes.versions import about, compare_versions
from auricle.notes.writing.again import UnknownPart
from auricle.web.deps import Db, Installed, Requires
from auricle.web.paging import Cursor, Limit, Page
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1/soap", tags=["notes"])

Reader = Annotated[Actor, Requires("notes:read")]
Writer = Annotated[Actor, Requires("notes:write")]
Approver = Annotated[Actor, Requires("notes:approve")]

Name = Literal["draft", "signed", "latest"]
Number = Annotated[int, Path(ge=1, le=1_000_000)]
NamedVersion = Annotated[
    Number | Name, Path(description="A number, `draft` (as the AI wrote it), `signed` or `latest`.", examples=["draft"])
]


@router.get(
    "/queue",
    operation_id="list_queue",
    summary="Notes that wait for a signature: one's own first, the oldest first",
    responses=problems(Forbidden, BadCursor),
)
async def queue(
    db: Db,
    actor: Reader,
    state: State = "draft",
    whose: Annotated[
        Whose | None,
        Query(description="`mine`: given to me, or to nobody and of my own consultation or asked for by me."),
    ] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[Queued]:
    rows = await waiting(db, state=state, whose=whose, after=place_in(cursor), limit=limit + 1)
    shown = list(rows[:limit])
    return Page(items=shown, next=place_of(shown[-1]) if len(rows) > limit else None)


@router.get(
    "/queue/counts",
    operation_id="count_queue",
    summary="How many notes wait, by state and by whose turn they are",
    responses=problems(Forbidden),
)
async def counts(db: Db, actor: Reader) -> QueueCounts:
    return await count_waiting(db)


@router.put(
    "/notes/{note_id}/assignee",
    operation_id="assign_note",
    summary="Say who is to sign a note: oneself, a colleague, or nobody in particular",
    description="It orders the queue; whoever may sign notes may still sign this one.",
    responses=problems(Forbidden, NotFound, NotADraft, NotASigner, AssignedElsewhere),
)
async def assignee(note_id: UUID, body: Assignee, db: Db, actor: Approver) -> NoteRow:
    return NoteRow.model_validate(await assign(db, note_id, body.member_id, take_over=body.take_over))


@router.post(
    "/notes/{note_id}/statements/{statement_id}/seen",
    operation_id="see_statement",
    summary="Mark a statement as looked at",
    description="It counts for one's own signature only, and until the statement is changed.",
    responses=problems(Forbidden, NotFound, NotADraft, StaleVersion, VersionNeeded),
)
async def seen(
    note_id: UUID, statement_id: UUID, body: SeenIn, db: Db, actor: Approver, if_match: IfMatch = None
) -> Seen:
    version = version_read(body.version, if_match)
    return Seen.model_validate(await see(db, note_id, statement_id, version=version))


@router.post(
    "/notes/{note_id}/sections/{section}/regenerate",
    operation_id="regenerate_section",
    summary="Have one section of a draft written anew",
    description="Other sections stay as they are. When all comes out as it was, there is no new version.",
    responses=problems(
        Forbidden,
        BudgetExhausted,
        ConsentNeeded,
        NotFound,
        UnknownPart,
        NotADraft,
        StaleVersion,
        SectionEdited,
        VersionNeeded,
        UnusableAnswer,
    ),
)
async def regenerate(
    note_id: UUID,
    section: Annotated[Key, Path(description="Of the note's template: the key of one of its `parts`.")],
    body: RegenerateIn,
    assembly: Installed,
    actor: Writer,
    response: Response,
    if_match: IfMatch = None,
) -> NoteOut:
    version = version_read(body.version, if_match)
    await regenerate_section(
        assembly, actor, note_id, section, version=version, wish=body.wish, replace_edited=body.replace_edited
    )
    return await whole(assembly, actor, note_id, response)


@router.post(
    "/notes/{note_id}/addenda",
    operation_id="add_addendum",
    summary="Add to a signed note; what was signed stays as it is",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        Forbidden,
        NotFound,
        NotSigned,
        StaleVersion,
        ContradictedStatements,
        TooManyAddenda,
        UnknownSpan,
        UnknownPart,
        VersionNeeded,
        UnusableAnswer,
    ),
)
async def addendum(
    note_id: UUID,
    body: AddendumIn,
    assembly: Installed,
    actor: Approver,
    response: Response,
    if_match: IfMatch = None,
) -> NoteOut:
    version = version_read(body.version, if_match)
    await add_addendum(assembly, actor, note_id, version=version, added=[one.added() for one in body.statements])
    return await whole(assembly, actor, note_id, response)


@router.get(
    "/notes/{note_id}/versions/{was}/diff/{now}",
    operation_id="compare_note_versions",
    summary="What changed between two versions of a note, masked",
    responses=problems(Forbidden, NotFound),
)
async def difference(
    note_id: UUID, was: NamedVersion, now: NamedVersion, db: Db, assembly: Installed, actor: Reader
) -> DifferenceOut:
    earlier, later, found = await compare_versions(db, assembly.keyring, note_id, was, now)
    return DifferenceOut(**dict(found), was=VersionRow(**about(earlier)), now=VersionRow(**about(later)))


async def whole(assembly: Installed, actor: Actor, note_id: UUID, response: Response) -> NoteOut:
    """The note as it is now, with its version as the tag."""
    async with assembly.database.transaction(actor) as db:
        note = await read_note(db, assembly.keyring, note_id)
    response.headers["ETag"] = f'"{note.version}"'
    return note
