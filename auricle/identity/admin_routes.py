"""`/api/v1/admin/hospitals`: organizations and their roles."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, status

from auricle.actor import Actor
from auricle.errors import Forbidden, NotFound
from auricle.identity.admin_schemas import (
    Founded,
    OperationOpened,
    OrganizationChange,
    OrganizationIn,
    OrganizationOut,
    PermissionHeld,
    RoleChange,
    RoleIn,
    RoleList,
    RoleOut,
    RolePreview,
)
from auricle.identity.at_work import DbThere
from auricle.identity.custom_roles import (
    ExceedsOwn,
    ExceedsParent,
    Role,
    RoleBuiltIn,
    RoleCycle,
    RoleInUse,
    RoleNameTaken,
    RoleOfOtherKind,
    RoleTooDeep,
    TooManyRoles,
    UnknownPermission,
    change_role,
    create_role,
    delete_role,
    find_role,
    roles_of,
)
from auricle.identity.invitations import Offer
from auricle.identity.member_routes import offered
from auricle.identity.models import Organization, OrganizationStatus
from auricle.identity.organizations import (
    OrganizationClosed,
    OrganizationTaken,
    change_organization,
    find_organization,
    found,
    list_organizations,
)
from auricle.identity.privileges import operations
from auricle.identity.roles import PERMISSIONS, built_in_id
from auricle.identity.tokens import BadToken
from auricle.web.deps import Db, Installed, Requires
from auricle.web.paging import Cursor, Limit, Page, Sort, ordered, page
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1/admin/hospitals", tags=["administration"])

By = Annotated[Literal["created_at", "-created_at", "name", "-name", "slug", "-slug"], Sort]

REFUSALS = (BadToken, Forbidden, NotFound)


def refusals(*more: Any) -> dict[int | str, dict[str, Any]]:
    return problems(*REFUSALS, *more)


@router.get("", operation_id="list_organizations", summary="Hospitals, clinics and companies", responses=refusals())
async def index(
    actor: Annotated[Actor, Requires("organizations:read")],
    db: Db,
    status: Annotated[OrganizationStatus | None, Query(description="Only those in this state.")] = None,
    sort: By = "-created_at",
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[OrganizationOut]:
    rows = await list_organizations(db, status=status, order=ordered(sort, cursor), limit=limit + 1)
    return page([OrganizationOut.model_validate(row) for row in rows], [row.id for row in rows], limit)


@router.post(
    "",
    operation_id="create_organization",
    summary="Create an organization with an agent, and invite its first administrator",
    status_code=status.HTTP_201_CREATED,
    responses=refusals(OrganizationTaken),
)
async def create(
    body: OrganizationIn, assembly: Installed, actor: Annotated[Actor, Requires("organizations:write")]
) -> Founded:
    organization = Organization(**body.model_dump(exclude={"admin"}), status=OrganizationStatus.ACTIVE)
    offer = Offer(role_id=built_in_id("org_admin"), **body.admin.model_dump())
    invitation = await found(assembly.database, actor, organization, offer)
    return Founded(
        organization=OrganizationOut.model_validate(organization),
        invitation=offered(invitation, role="org_admin", role_id=offer.role_id),
    )


@router.get("/{hospital_id}", operation_id="get_organization", summary="One organization", responses=refusals())
async def get(actor: Annotated[Actor, Requires("organizations:read")], db: DbThere) -> OrganizationOut:
    return OrganizationOut.model_validate(await find_organization(db))


@router.patch(
    "/{hospital_id}",
    operation_id="change_organization",
    summary="Change, suspend, reopen or close an organization",
    responses=refusals(OrganizationTaken, OrganizationClosed),
)
async def change(
    body: OrganizationChange,
    actor: Annotated[Actor, Requires("organizations:write", "organizations:settings")],
    db: DbThere,
) -> OrganizationOut:
    return OrganizationOut.model_validate(await change_organization(db, **body.model_dump()))


def told(role: Role) -> RoleOut:
    return RoleOut(
        id=role.id,
        name=role.name,
        built_in=role.built_in,
        base=role.base,
        parent_id=role.parent_id,
        declared=sorted(role.declared),
        permissions=sorted(role.permissions),
    )


@router.get(
    "/{hospital_id}/roles", operation_id="list_roles", summary="Built-in and custom roles", responses=refusals()
)
async def list_roles(actor: Annotated[Actor, Requires("roles:read")], db: DbThere) -> RoleList:
    return RoleList(items=[told(role) for role in (await roles_of(db)).values()], all_permissions=dict(PERMISSIONS))


@router.post(
    "/{hospital_id}/roles",
    operation_id="create_role",
    summary="Make a role below another",
    status_code=status.HTTP_201_CREATED,
    responses=refusals(RoleNameTaken, RoleTooDeep, TooManyRoles, ExceedsParent, ExceedsOwn, UnknownPermission),
)
async def add_role(body: RoleIn, actor: Annotated[Actor, Requires("roles:write")], db: DbThere) -> RoleOut:
    return told(await create_role(db, body.name, body.parent_id, body.permissions))


@router.patch(
    "/{hospital_id}/roles/{role_id}",
    operation_id="change_role",
    summary="Rename a role, move it, or change what it may do",
    responses=refusals(
        RoleBuiltIn,
        RoleNameTaken,
        RoleCycle,
        RoleTooDeep,
        RoleOfOtherKind,
        ExceedsParent,
        ExceedsOwn,
        UnknownPermission,
    ),
)
async def patch_role(
    role_id: UUID, body: RoleChange, actor: Annotated[Actor, Requires("roles:write")], db: DbThere
) -> RoleOut:
    changed = await change_role(db, role_id, name=body.name, parent_id=body.parent_id, permissions=body.permissions)
    return told(changed)


@router.delete(
    "/{hospital_id}/roles/{role_id}",
    operation_id="delete_role",
    summary="Delete a role that is not in use",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=refusals(RoleBuiltIn, RoleInUse, ExceedsOwn),
)
async def drop_role(role_id: UUID, actor: Annotated[Actor, Requires("roles:write")], db: DbThere) -> None:
    await delete_role(db, role_id)


@router.get(
    "/{hospital_id}/roles/{role_id}/preview",
    operation_id="preview_role",
    summary="What a role can do: its permissions in words, and the operations they open",
    responses=refusals(),
)
async def preview(
    role_id: UUID, request: Request, actor: Annotated[Actor, Requires("roles:read")], db: DbThere
) -> RolePreview:
    role = await find_role(db, role_id)
    return RolePreview(
        id=role.id,
        name=role.name,
        permissions=[PermissionHeld(name=name, meaning=PERMISSIONS[name]) for name in sorted(role.permissions)],
        operations=[
            OperationOpened(method=one.method, path=one.path, summary=one.summary)
            for one in operations(request.app.routes)
            if one.needs and one.open_to(role.permissions)
        ],
    )
