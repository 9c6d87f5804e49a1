"""`/api/v1/soap/templates` and `/api/v1/soap/settings`: the kinds of notes, and how they are written"""

from typing import Annotated

from fastapi import APIRouter, Body, Header, Path, status

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.db.session import actor_of
from auricle.errors import Forbidden, NotFound
from auricle.notes.templates.keep import (
    ShippedTemplate,
    TemplateChanged,
    TemplateTaken,
    TooManyTemplates,
    UnknownTemplate,
    create,
    find_own,
    find_version,
    in_use,
    offered,
    publish,
    remove,
    save,
    versions_of,
)
from auricle.notes.templates.models import NoteSetting
from auricle.notes.templates.schemas import (
    EXAMPLE,
    SettingIn,
    SettingOut,
    TemplateOut,
    TemplateRow,
    TemplateSaved,
    TemplateVersionOut,
    TemplateVersionRow,
    TemplateVersions,
)
from auricle.notes.templates.set import NoSuchWriter, keep_setting
from auricle.notes.templates.shape import Template
from auricle.notes.writing.terms import choices_for, setting_of
from auricle.web.deps import Db, Installed, Requires
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1/soap", tags=["notes"])

Reader = Annotated[Actor, Requires("notes:read")]
Keeper = Annotated[Actor, Requires("notes:templates")]

TemplateKey = Annotated[str, Path(pattern="^[a-z][a-z0-9_]{0,39}$", description="The key of a template.")]
Number = Annotated[int, Path(ge=1, le=1_000_000, description="The number of a version.")]
Wanted = Annotated[Template, Body(examples=[EXAMPLE])]
IfMatch = Annotated[
    str | None,
    Header(max_length=20, pattern=r'^"?[0-9]{1,9}"?$', description="The newest version you have read; another: 409."),
]


@router.get("/templates", operation_id="list_note_templates", summary="The templates that notes can be written by")
async def index(db: Db, actor: Reader) -> list[TemplateRow]:
    return [TemplateRow.of(one) for one in await offered(db)]


@router.post(
    "/templates",
    operation_id="create_note_template",
    summary="Add a template; one with the key of a shipped template takes its place",
    status_code=status.HTTP_201_CREATED,
    responses=problems(Forbidden, TemplateTaken, TooManyTemplates),
)
async def add(body: Wanted, db: Db, actor: Keeper) -> TemplateSaved:
    return TemplateSaved.of(await create(db, body))


@router.get(
    "/templates/{template_key}",
    operation_id="get_note_template",
    summary="A template as new notes are written by it",
    responses=problems(UnknownTemplate),
)
async def get(template_key: TemplateKey, db: Db, actor: Reader) -> TemplateOut:
    return TemplateOut.of(await in_use(db, template_key))


@router.put(
    "/templates/{template_key}",
    operation_id="save_note_template",
    summary="Save the next version; it serves once it is published. The key stays",
    responses=problems(Forbidden, UnknownTemplate, ShippedTemplate, TemplateChanged, TooManyTemplates),
)
async def put(
    template_key: TemplateKey, body: Wanted, db: Db, actor: Keeper, if_match: IfMatch = None
) -> TemplateSaved:
    read = None if if_match is None else int(if_match.strip('"'))
    return TemplateSaved.of(await save(db, template_key, body, based_on=read))


@router.delete(
    "/templates/{template_key}",
    operation_id="remove_note_template",
    summary="Offer a template no more; its notes keep it, and a shipped one of its key is in use again",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(Forbidden, UnknownTemplate, ShippedTemplate),
)
async def delete(template_key: TemplateKey, db: Db, actor: Keeper) -> None:
    await remove(db, template_key)


@router.get(
    "/templates/{template_key}/versions",
    operation_id="list_note_template_versions",
    summary="A template's versions, newest first",
    responses=problems(UnknownTemplate, ShippedTemplate),
)
async def versions(template_key: TemplateKey, db: Db, actor: Reader) -> TemplateVersions:
    own = await find_own(db, template_key)
    rows = await versions_of(db, own.row.id)
    return TemplateVersions(
        published=own.row.published, versions=[TemplateVersionRow.model_validate(row) for row in rows]
    )


@router.get(
    "/templates/{template_key}/versions/{number}",
    operation_id="get_note_template_version",
    summary="A template as it was saved then",
    responses=problems(NotFound, UnknownTemplate, ShippedTemplate),
)
async def one_version(template_key: TemplateKey, number: Number, db: Db, actor: Reader) -> TemplateVersionOut:
    own = await find_own(db, template_key)
    return TemplateVersionOut.of(await find_version(db, own.row.id, number))


@router.post(
    "/templates/{template_key}/publish/{number}",
    operation_id="publish_note_template",
    summary="Let a version serve; an earlier one is a roll-back. Notes that are written keep theirs",
    responses=problems(Forbidden, NotFound, UnknownTemplate, ShippedTemplate),
)
async def publish_one(template_key: TemplateKey, number: Number, db: Db, actor: Keeper) -> TemplateSaved:
    return TemplateSaved.of(await publish(db, template_key, number))


@router.get("/settings", operation_id="get_note_settings", summary="How notes are written and judged")
async def get_settings(assembly: Installed, actor: Reader) -> SettingOut:
    async with assembly.database.transaction(actor) as db:
        setting = await setting_of(db)
    return await told(assembly, actor, setting)


@router.put(
    "/settings",
    operation_id="save_note_settings",
    summary="Change how notes are written and judged",
    description="All of it: what is left out is as it comes. Notes that are written stay as they are.",
    responses=problems(Forbidden, NoSuchWriter),
)
async def put_settings(body: SettingIn, assembly: Installed, actor: Keeper) -> SettingOut:
    if body.provider and not await choices_for(assembly.router, actor.organization_id, body.provider, body.model):
        raise NoSuchWriter
    async with assembly.database.transaction(actor) as db:
        setting = await keep_setting(db, body.model_dump(), by=actor_of(db).member_id)
    return await told(assembly, actor, setting)


async def told(assembly: Assembly, actor: Actor, setting: NoteSetting) -> SettingOut:
    able = await choices_for(assembly.router, actor.organization_id, setting.provider, setting.model)
    return SettingOut.told(setting, ["/".join(filter(None, (one.provider, one.model))) for one in able])
