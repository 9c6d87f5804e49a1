"""`/api/v1/soap`"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response, status
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.ai.limits import TextTooLarge
from auricle.ai.port import AIUnavailable
from auricle.consent.decide import ConsentNeeded
from auricle.documents.read import NotExtracted
from auricle.errors import Forbidden, NotFound
from auricle.notes.approve import (
    ContradictedStatements,
    NotADraft,
    NothingToOverrule,
    StaleVersion,
    UnknownStatements,
    UnseenStatements,
    approve_all,
    overrule,
)
from auricle.notes.asked import Headings, IfMatch, VersionNeeded, version_read
from auricle.notes.edit import UnknownSpan, discard, edit_note
from auricle.notes.export.document import NoteTooLarge, take_out
from auricle.notes.export.fhir.abdm import EncounterNeeded, RevealNeeded
from auricle.notes.export.forms import FORMS, MEDIA_TYPES, ExportsBusy, FormName, desk
from auricle.notes.generate import NothingSaid, UnusableAnswer, request_note, request_note_from
from auricle.notes.models import Note, NoteStatus
from auricle.notes.read import finished, list_notes, read_note
from auricle.notes.schemas import (
    Approval,
    Approved,
    EditIn,
    GenerateIn,
    HistoryOut,
    NoteOut,
    NoteRow,
    Overruled,
    OverruleIn,
    Requested,
    VersionOut,
    VersionRow,
)
from auricle.notes.source import NotSound
from auricle.notes.templates.keep import UnknownTemplate
from auricle.notes.versions import about, history, read_version
from auricle.notes.writing.again import UnknownPart
from auricle.web.deps import Db, Installed, Requires
from auricle.web.paging import ByAge, Cursor, Limit, Page, ordered, page
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1/soap", tags=["notes"])

Reader = Annotated[Actor, Requires("notes:read")]
Writer = Annotated[Actor, Requires("notes:write")]
Approver = Annotated[Actor, Requires("notes:approve")]

Number = Annotated[int, Path(ge=1, le=1_000_000)]
Wait = Annotated[float, Query(ge=0, le=30, description="Seconds to wait for the whole note.")]
Reveal = Annotated[bool, Query(description="Put the masked identifiers back; needs `notes:reveal`, and is audited.")]


@router.post(
    "/generate",
    operation_id="generate_note",
    summary="Write a note from a consultation, a document or sound",
    description="202 with the note's id and where to look; 200 with the whole note when it was ready within `wait`.",
    status_code=status.HTTP_202_ACCEPTED,
    responses={
        200: {"model": Requested},
        **problems(
            Forbidden, ConsentNeeded, NotFound, NothingSaid, NotSound, NotExtracted, TextTooLarge, UnknownTemplate
        ),
    },
)
async def generate(
    body: GenerateIn, assembly: Installed, actor: Writer, response: Response, wait: Wait = 0
) -> Requested:
    # Not the request's own transaction: it must be committed before the wait, for the job to be seen.
    async with assembly.database.transaction(actor) as db:
        note = await asked_for(db, body)
    if wait:
        note = await finished(assembly.database, actor, note.id, wait_s=wait)
    place = f"/api/v1/soap/notes/{note.id}"
    response.headers["Location"] = place
    requested = Requested(id=note.id, status=note.status, failure_code=note.failure_code, status_url=place)
    if wait and note.version > 0 and actor.may("notes:read"):
        async with assembly.database.transaction(actor) as db:
            requested.note = await read_note(db, assembly.keyring, note.id)
        response.status_code = status.HTTP_200_OK
    return requested


async def asked_for(db: AsyncSession, body: GenerateIn) -> Note:
    if body.consultation_id is not None:
        return await request_note(db, body.consultation_id, body.template)
    document_id = body.document_id or body.audio
    assert document_id is not None
    return await request_note_from(db, document_id, body.template, must_be_sound=body.audio is not None)


@router.get("/notes", operation_id="list_notes", summary="Notes", responses=problems(Forbidden))
async def index(
    db: Db,
    actor: Reader,
    status: NoteStatus | None = None,
    consultation_id: UUID | None = None,
    document_id: UUID | None = None,
    patient_id: UUID | None = None,
    sort: ByAge = "-created_at",
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[NoteRow]:
    rows = await list_notes(
        db,
        status=status,
        consultation_id=consultation_id,
        document_id=document_id,
        patient_id=patient_id,
        order=ordered(sort, cursor),
        limit=limit + 1,
    )
    return page(rows, [row.id for row in rows], limit)


@router.get(
    "/notes/{note_id}",
    operation_id="get_note",
    summary="A note with its evidence and the judge's verdicts",
    responses=problems(Forbidden, NotFound),
)
async def get(
    note_id: UUID,
    db: Db,
    assembly: Installed,
    actor: Reader,
    response: Response,
    reveal: Reveal = False,
    language: Headings = "en",
) -> NoteOut:
    note = await read_note(db, assembly.keyring, note_id, reveal=reveal, language=language)
    response.headers["ETag"] = f'"{note.version}"'
    return note


@router.put(
    "/notes/{note_id}",
    operation_id="edit_note",
    summary="Change a draft; what was changed is judged anew",
    responses=problems(
        Forbidden,
        NotFound,
        NotADraft,
        StaleVersion,
        UnknownStatements,
        UnknownSpan,
        UnknownPart,
        VersionNeeded,
        UnusableAnswer,
        AIUnavailable,
    ),
)
async def edit(
    note_id: UUID,
    body: EditIn,
    assembly: Installed,
    actor: Writer,
    response: Response,
    if_match: IfMatch = None,
) -> NoteOut:
    version = version_read(body.version, if_match)
    await edit_note(assembly, actor, note_id, version=version, wanted=[s.wanted() for s in body.statements])
    async with assembly.database.transaction(actor) as db:
        note = await read_note(db, assembly.keyring, note_id)
    response.headers["ETag"] = f'"{note.version}"'
    return note


@router.delete(
    "/notes/{note_id}",
    operation_id="delete_note",
    summary="Discard a note that nobody signed",
    description="It is no longer shown; the record keeps it, with its versions, until the patient's erasure.",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(Forbidden, NotFound, NotADraft),
)
async def delete(note_id: UUID, db: Db, actor: Writer) -> None:
    await discard(db, note_id)


@router.get(
    "/notes/{note_id}/versions",
    operation_id="list_note_versions",
    summary="A note's versions, and whether their chain of hashes holds",
    responses=problems(Forbidden, NotFound),
)
async def versions(note_id: UUID, db: Db, actor: Reader) -> HistoryOut:
    found = await history(db, note_id)
    return HistoryOut(intact=found.intact, versions=[VersionRow(**about(v)) for v in found.versions])


@router.get(
    "/notes/{note_id}/versions/{number}",
    operation_id="get_note_version",
    summary="A version as it once was, masked",
    responses=problems(Forbidden, NotFound),
)
async def one_version(note_id: UUID, number: Number, db: Db, assembly: Installed, actor: Reader) -> VersionOut:
    version, then = await read_version(db, assembly.keyring, note_id, number)
    return VersionOut(
        **about(version),
        statements=list(then.statements),
        approved_by=then.approved_by,
        ai_approved=then.ai_approved,
        completeness=then.completeness,
    )


@router.post(
    "/approve",
    operation_id="approve_notes",
    summary="Sign one draft or several, all or none",
    responses=problems(
        Forbidden, NotFound, NotADraft, StaleVersion, UnseenStatements, ContradictedStatements, UnknownStatements
    ),
)
async def approve(body: Approval, db: Db, assembly: Installed, actor: Approver) -> Approved:
    notes = await approve_all(db, assembly.keyring, body.signatures())
    return Approved(notes=[NoteRow.model_validate(note) for note in notes])


@router.post(
    "/notes/{note_id}/statements/{statement_id}/overrule",
    operation_id="overrule_statement",
    summary="Let a statement stand against the judge, with a reason",
    responses=problems(Forbidden, NotFound, NotADraft, StaleVersion, VersionNeeded, NothingToOverrule),
)
async def overrule_one(
    note_id: UUID,
    statement_id: UUID,
    body: OverruleIn,
    db: Db,
    assembly: Installed,
    actor: Approver,
    if_match: IfMatch = None,
) -> Overruled:
    version = version_read(body.version, if_match)
    statement = await overrule(db, assembly.keyring, note_id, statement_id, body.reason, version=version)
    return Overruled.model_validate(statement, from_attributes=True)


@router.get(
    "/notes/{note_id}/export",
    operation_id="export_note",
    summary="A note as a document",
    description="Recorded as a disclosure. `fhir-abdm` names the patient, so that it needs `reveal`.",
    response_class=Response,
    responses={
        200: {"content": {media_type: {} for media_type in MEDIA_TYPES}},
        **problems(Forbidden, NotFound, NotADraft, RevealNeeded, EncounterNeeded, NoteTooLarge, ExportsBusy),
    },
)
async def export(
    note_id: UUID,
    assembly: Installed,
    actor: Reader,
    format: FormName = FormName.MARKDOWN,
    reveal: Reveal = False,
    language: Headings = "en",
) -> Response:
    if format is FormName.FHIR_ABDM and not reveal:
        raise RevealNeeded
    async with desk.place():
        # Committed before the document is made: it takes a while, and leaves only when its disclosure is on record.
        async with assembly.database.transaction(actor) as db:
            document = await take_out(
                db, assembly.keyring, note_id, form=format.value, reveal=reveal, language=language
            )
            if format is FormName.FHIR_ABDM and document.consultation is None:
                raise EncounterNeeded
        content = await desk.written(document, format)
    form, note = FORMS[format], document.note
    return Response(
        content,
        media_type=form.media_type,
        headers={"Content-Disposition": f'attachment; filename="note-{note.id}-v{note.version}.{form.suffix}"'},
    )
