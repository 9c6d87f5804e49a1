"""Find, save, publish and remove note templates: the shipped ones, and the organization's own in their place."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.db.session import actor_of
from auricle.errors import Conflict, NotFound
from auricle.notes.templates.models import NoteTemplate, NoteTemplateVersion
from auricle.notes.templates.shape import Template
from auricle.notes.templates.shipped import DEFAULT, shipped

MOST_TEMPLATES, MOST_VERSIONS = 50, 200


class UnknownTemplate(NotFound):
    """There is no such note template."""

    code = "note_template.unknown"


class TemplateTaken(Conflict):
    """The organization has a template of this key."""

    code = "note_template.taken"


class TemplateChanged(Conflict):
    """Somebody has changed this template since you read it."""

    code = "note_template.changed"


class TooManyTemplates(Conflict):
    """The organization has as many templates, or this one as many versions, as there may be."""

    code = "note_template.too_many"


class ShippedTemplate(Conflict):
    """This template comes with the product: save one of the same key to have it another way."""

    code = "note_template.shipped"


@dataclass(frozen=True, slots=True)
class Kept:
    """A template as notes are written by it. `id` is None for one that is shipped."""

    template: Template
    version: int
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Own:
    """One of the organization's templates: its newest version, and which one is published."""

    row: NoteTemplate
    newest: NoteTemplateVersion


async def offered(db: AsyncSession) -> list[Kept]:
    """What a note can be written by now, the default first."""
    versions = await db.scalars(
        select(NoteTemplateVersion)
        .join(NoteTemplate, NoteTemplate.id == NoteTemplateVersion.template_id)
        .where(NoteTemplate.deleted_at.is_(None), NoteTemplate.published == NoteTemplateVersion.number)
    )
    own = {one.template.key: one for one in map(kept, versions)}
    found = {key: Kept(one.template, one.version) for key, one in shipped().items()} | own
    return sorted(found.values(), key=lambda one: (one.template.key != DEFAULT, one.template.key))


async def in_use(db: AsyncSession, key: str) -> Kept:
    """The template that new notes of this key are written by: the organization's published one, else the shipped.

    Raises `UnknownTemplate`.
    """
    version = await db.scalar(
        select(NoteTemplateVersion)
        .join(NoteTemplate, NoteTemplate.id == NoteTemplateVersion.template_id)
        .where(
            NoteTemplate.key == key,
            NoteTemplate.deleted_at.is_(None),
            NoteTemplate.published == NoteTemplateVersion.number,
        )
    )
    if version is not None:
        return kept(version)
    if (one := shipped().get(key)) is None:
        raise UnknownTemplate
    return Kept(one.template, one.version)


async def of_note(db: AsyncSession, key: str, template_id: UUID | None, version: int | None) -> Kept:
    """The template that a note was asked for by, as it was then, also where it was removed since."""
    if template_id is None:
        one = shipped().get(key) or shipped()[DEFAULT]
        return Kept(one.template, one.version)
    return kept(await find_version(db, template_id, version or 0))


async def create(db: AsyncSession, wanted: Template) -> Own:
    """Add a template; its first version is published. Raises `TemplateTaken` or `TooManyTemplates`."""
    await db.execute(
        select(func.pg_advisory_xact_lock(func.hashtext(f"note templates {actor_of(db).organization_id}")))
    )
    rows = (await db.scalars(select(NoteTemplate.key).where(NoteTemplate.deleted_at.is_(None)))).all()
    if wanted.key in rows:
        raise TemplateTaken
    if len(rows) >= MOST_TEMPLATES:
        raise TooManyTemplates(limit=MOST_TEMPLATES)
    row = NoteTemplate(key=wanted.key, published=1)
    db.add(row)
    await db.flush()
    return Own(row, await _add(db, row, 1, wanted))


async def save(db: AsyncSession, key: str, wanted: Template, *, based_on: int | None = None) -> Own:
    """Add the next version; it serves once it is published. Raises `TemplateChanged` where another was saved since."""
    own = await find_own(db, key, lock=True)
    if based_on is not None and based_on != own.newest.number:
        raise TemplateChanged(latest=own.newest.number)
    if own.newest.number >= MOST_VERSIONS:
        raise TooManyTemplates(limit=MOST_VERSIONS)
    return Own(own.row, await _add(db, own.row, own.newest.number + 1, wanted))


async def publish(db: AsyncSession, key: str, number: int) -> Own:
    """Let a version serve; an earlier one is the roll-back. Notes that are written keep theirs."""
    own = await find_own(db, key, lock=True)
    await find_version(db, own.row.id, number)
    own.row.published = number
    await db.flush()
    return own


async def remove(db: AsyncSession, key: str) -> None:
    """Offer it no more; its notes keep it. A shipped template of the same key is in use again."""
    own = await find_own(db, key, lock=True)
    own.row.deleted_at = datetime.now(UTC)
    await db.flush()


async def find_own(db: AsyncSession, key: str, *, lock: bool = False) -> Own:
    """Raises `UnknownTemplate`, or `ShippedTemplate` where only a shipped one has this key."""
    statement = select(NoteTemplate).where(NoteTemplate.key == key, NoteTemplate.deleted_at.is_(None))
    row = await db.scalar(statement.with_for_update() if lock else statement)
    if row is None:
        raise ShippedTemplate if key in shipped() else UnknownTemplate
    return Own(row, (await versions_of(db, row.id, limit=1))[0])


async def versions_of(
    db: AsyncSession, template_id: UUID, *, limit: int = MOST_VERSIONS
) -> Sequence[NoteTemplateVersion]:
    """Newest first."""
    statement = select(NoteTemplateVersion).where(NoteTemplateVersion.template_id == template_id)
    return (await db.scalars(statement.order_by(NoteTemplateVersion.number.desc()).limit(limit))).all()


async def find_version(db: AsyncSession, template_id: UUID, number: int) -> NoteTemplateVersion:
    version = await db.scalar(
        select(NoteTemplateVersion).where(
            NoteTemplateVersion.template_id == template_id, NoteTemplateVersion.number == number
        )
    )
    if version is None:
        raise NotFound("No such version of this template.")
    return version


async def _add(db: AsyncSession, row: NoteTemplate, number: int, wanted: Template) -> NoteTemplateVersion:
    version = NoteTemplateVersion(
        template_id=row.id,
        number=number,
        body=wanted.model_copy(update={"key": row.key}).model_dump(mode="json"),
        created_by=actor_of(db).member_id,
    )
    db.add(version)
    await db.flush()
    return version


def kept(version: NoteTemplateVersion) -> Kept:
    return Kept(Template.model_validate(version.body), version.number, version.template_id)
