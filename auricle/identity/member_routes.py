"""`/api/v1/admin/hospitals/{hospital_id}/members` and `/invitations`, and the invited person's own side."""

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, status

from auricle.actor import Actor
from auricle.errors import Conflict, Forbidden, NotFound
from auricle.identity import members
from auricle.identity.accept import BadInvitation, PasswordNeeded, accept, look_at
from auricle.identity.admin_schemas import (
    Acceptance,
    InvitationIn,
    InvitationOut,
    InvitationShown,
    InvitationToken,
    MemberChange,
    MemberOut,
)
from auricle.identity.at_work import DbThere
from auricle.identity.custom_roles import ExceedsOwn, UnknownPermission
from auricle.identity.invitations import (
    AlreadyInvited,
    AlreadyMember,
    Offer,
    OrganizationNotActive,
    TooManyInvitations,
    invite,
    list_invitations,
    role_offered,
    send_again,
    take_back,
)
from auricle.identity.members import LastAdmin, Listed, MemberNotActive, Wanted
from auricle.identity.models import Invitation, MemberStatus
from auricle.identity.passwords import WeakPassword
from auricle.identity.tokens import BadToken
from auricle.web.deps import Caller, Installed, Requires
from auricle.web.paging import ByAge, ByName, Cursor, Limit, Page, ordered, page
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1", tags=["members"])

THERE = "/admin/hospitals/{hospital_id}"


def told(listed: Listed) -> MemberOut:
    member = listed.member
    return MemberOut(
        id=member.id,
        account_id=member.account_id,
        email=listed.email,
        given_name=member.given_name,
        family_name=member.family_name,
        language=member.language,
        status=member.status,
        role_id=listed.role.id,
        role=listed.role.name,
        created_at=member.created_at,
    )


def offered(invitation: Invitation, *, role: str, role_id: UUID) -> InvitationOut:
    return InvitationOut(
        id=invitation.id,
        email=invitation.email,
        role_id=role_id,
        role=role,
        given_name=invitation.given_name,
        family_name=invitation.family_name,
        expires_at=invitation.expires_at,
        sent_at=invitation.sent_at,
    )


@router.get(
    THERE + "/members",
    operation_id="list_members",
    summary="Members",
    responses=problems(BadToken, Forbidden, NotFound, UnknownPermission),
)
async def index(
    actor: Annotated[Actor, Requires("members:read")],
    db: DbThere,
    status: Annotated[MemberStatus | None, Query(description="Only these; unset: all but removed.")] = None,
    role_id: Annotated[UUID | None, Query(description="Only those with this role.")] = None,
    name: Annotated[
        str | None, Query(min_length=1, max_length=100, description="What a name or the e-mail begins with.")
    ] = None,
    may: Annotated[
        str | None,
        Query(max_length=60, description="Only those whose role gives this permission.", examples=["notes:approve"]),
    ] = None,
    sort: ByName = "-created_at",
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[MemberOut]:
    wanted = Wanted(status=status, role_id=role_id, name=name, may=may)
    rows = await members.list_members(db, wanted, ordered(sort, cursor), limit=limit + 1)
    return page([told(row) for row in rows], [row.member.id for row in rows], limit)


@router.get(
    THERE + "/members/{member_id}",
    operation_id="get_member",
    summary="One member",
    responses=problems(BadToken, Forbidden, NotFound),
)
async def get(member_id: UUID, actor: Annotated[Actor, Requires("members:read")], db: DbThere) -> MemberOut:
    return told(await members.read_member(db, member_id))


@router.patch(
    THERE + "/members/{member_id}",
    operation_id="change_member",
    summary="Give a member another role or name",
    responses=problems(BadToken, Forbidden, ExceedsOwn, NotFound, LastAdmin, MemberNotActive),
)
async def change(
    member_id: UUID, body: MemberChange, actor: Annotated[Actor, Requires("members:write")], db: DbThere
) -> MemberOut:
    if body.role_id is not None:
        await members.change_role_of(db, member_id, body.role_id)
    if body.given_name or body.family_name:
        await members.rename(db, member_id, given_name=body.given_name, family_name=body.family_name)
    return told(await members.read_member(db, member_id))


@router.post(
    THERE + "/members/{member_id}/suspend",
    operation_id="suspend_member",
    summary="Shut a member out, at once",
    responses=problems(BadToken, Forbidden, ExceedsOwn, NotFound, LastAdmin, MemberNotActive),
)
async def suspend(member_id: UUID, actor: Annotated[Actor, Requires("members:write")], db: DbThere) -> MemberOut:
    await members.suspend(db, member_id)
    return told(await members.read_member(db, member_id))


@router.post(
    THERE + "/members/{member_id}/restore",
    operation_id="restore_member",
    summary="Let a suspended member in again",
    responses=problems(BadToken, Forbidden, ExceedsOwn, NotFound, Conflict),
)
async def restore(member_id: UUID, actor: Annotated[Actor, Requires("members:write")], db: DbThere) -> MemberOut:
    await members.restore(db, member_id)
    return told(await members.read_member(db, member_id))


@router.delete(
    THERE + "/members/{member_id}",
    operation_id="remove_member",
    summary="End a membership",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(BadToken, Forbidden, ExceedsOwn, NotFound, LastAdmin),
)
async def remove(member_id: UUID, actor: Annotated[Actor, Requires("members:write")], db: DbThere) -> None:
    await members.remove(db, member_id)


@router.get(
    THERE + "/invitations",
    operation_id="list_invitations",
    summary="Open invitations",
    responses=problems(BadToken, Forbidden, NotFound),
)
async def invitations(
    actor: Annotated[Actor, Requires("members:read")],
    db: DbThere,
    sort: ByAge = "-created_at",
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[InvitationOut]:
    rows = await list_invitations(db, ordered(sort, cursor), limit=limit + 1)
    items = [offered(one, role=role.name, role_id=role.id) for one, role in rows]
    return page(items, [one.id for one in items], limit)


@router.post(
    THERE + "/invitations",
    operation_id="invite_member",
    summary="Invite somebody by e-mail",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        BadToken,
        Forbidden,
        ExceedsOwn,
        NotFound,
        AlreadyMember,
        AlreadyInvited,
        TooManyInvitations,
        OrganizationNotActive,
    ),
)
async def invite_member(
    body: InvitationIn, actor: Annotated[Actor, Requires("members:write")], db: DbThere
) -> InvitationOut:
    invitation = await invite(db, Offer(**body.model_dump()))
    role = await role_offered(db, invitation)
    return offered(invitation, role=role.name, role_id=role.id)


@router.post(
    THERE + "/invitations/{invitation_id}/resend",
    operation_id="resend_invitation",
    summary="Send an invitation again, with a new link",
    responses=problems(BadToken, Forbidden, ExceedsOwn, NotFound, OrganizationNotActive),
)
async def resend(invitation_id: UUID, actor: Annotated[Actor, Requires("members:write")], db: DbThere) -> InvitationOut:
    invitation = await send_again(db, invitation_id)
    role = await role_offered(db, invitation)
    return offered(invitation, role=role.name, role_id=role.id)


@router.delete(
    THERE + "/invitations/{invitation_id}",
    operation_id="revoke_invitation",
    summary="Take an invitation back",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(BadToken, Forbidden, ExceedsOwn, NotFound),
)
async def revoke(invitation_id: UUID, actor: Annotated[Actor, Requires("members:write")], db: DbThere) -> None:
    await take_back(db, invitation_id)


# Below `/auth`: who holds the link is not signed in, and an answer that mirrors a secret is never compressed there.
@router.post(
    "/auth/invitations/read",
    operation_id="read_invitation",
    summary="What an invitation offers",
    responses=problems(BadInvitation, OrganizationNotActive),
)
async def read(body: InvitationToken, assembly: Installed, seen: Caller) -> InvitationShown:
    return InvitationShown.model_validate(asdict(await look_at(assembly.database, body.token, seen)))


@router.post(
    "/auth/invitations/accept",
    operation_id="accept_invitation",
    summary="Become a member; then sign in",
    status_code=status.HTTP_201_CREATED,
    responses=problems(BadInvitation, AlreadyMember, OrganizationNotActive, PasswordNeeded, WeakPassword),
)
async def take(body: Acceptance, assembly: Installed, seen: Caller) -> InvitationShown:
    shown = await accept(
        assembly.database,
        body.token,
        seen,
        password=body.password,
        given_name=body.given_name or "",
        family_name=body.family_name or "",
    )
    return InvitationShown.model_validate(asdict(shown))
