"""`/api/v1/auth/…`: coming in, going out, who and where one is."""

from uuid import UUID

from fastapi import APIRouter, Depends, status
from sqlalchemy import select

from auricle.errors import NotFound
from auricle.identity.accounts import RegistrationRefused
from auricle.identity.cookies import Cookie
from auricle.identity.lockout import TooManyAttempts, utc_now
from auricle.identity.models import Account, Member, Organization
from auricle.identity.passwords import WeakPassword
from auricle.identity.register import register
from auricle.identity.schemas import (
    ChallengeAnswer,
    Login,
    Me,
    OwnSession,
    OwnSessions,
    Refresh,
    Registration,
    SignIn,
    Switch,
)
from auricle.identity.sessions import (
    RefreshRefused,
    end_own,
    find_place,
    live_sessions,
    refresh_tokens,
    revoke,
    start_session,
)
from auricle.identity.sign_in import SecondFactorNeeded, WrongCode, WrongCredentials, answer_challenge, log_in
from auricle.identity.tokens import BadToken
from auricle.identity.totp import is_enrolled
from auricle.identity.trail import as_account, note
from auricle.web.deps import Caller, Db, Installed, SignedIn
from auricle.web.idempotency import keep_no_answer
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1/auth", tags=["sign-in"])


@router.post(
    "/register",
    operation_id="register",
    summary="Register as a patient, or as the platform's first account",
    status_code=status.HTTP_201_CREATED,
    responses=problems(RegistrationRefused, WeakPassword),
)
async def register_account(body: Registration, assembly: Installed, seen: Caller, cookie: Cookie) -> SignIn:
    account, place = await register(assembly.database, assembly.keyring, body, seen)
    return cookie.told(await start_session(assembly, account.id, place, seen))


@router.post(
    "/login",
    operation_id="login",
    summary="Sign in by e-mail or username",
    responses=problems(WrongCredentials, SecondFactorNeeded, TooManyAttempts),
)
async def login(body: Login, assembly: Installed, seen: Caller, cookie: Cookie) -> SignIn:
    return cookie.told(
        await log_in(assembly, login=body.login, password=body.password, organization=body.organization, seen=seen)
    )


@router.post(
    "/second-factor",
    operation_id="answer_second_factor",
    summary="Finish signing in with a code of the authenticator",
    responses=problems(WrongCode, WrongCredentials, TooManyAttempts),
)
async def second_factor(body: ChallengeAnswer, assembly: Installed, seen: Caller, cookie: Cookie) -> SignIn:
    return cookie.told(await answer_challenge(assembly, body.challenge, body.code, seen))


@router.post(
    "/refresh",
    operation_id="refresh",
    summary="Exchange a refresh token for new tokens",
    responses=problems(RefreshRefused),
)
async def refresh(body: Refresh, assembly: Installed, seen: Caller, cookie: Cookie) -> SignIn:
    return cookie.told(await refresh_tokens(assembly, cookie.given(body.refresh_token), seen))


@router.post(
    "/logout",
    operation_id="logout",
    summary="End this sign-in",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(BadToken),
)
async def logout(assembly: Installed, actor: SignedIn, cookie: Cookie) -> None:
    assert actor.session_id is not None
    async with assembly.database.transaction(as_account(actor, actor.account_id)) as db:
        await revoke(db, actor.session_id, "signed out")
        await note(db, actor.account_id, "sign_out")
    assembly.presence.forget(actor.session_id)
    cookie.forget()


@router.post(
    "/switch",
    operation_id="switch",
    summary="Sign in to another organization one belongs to",
    dependencies=[Depends(keep_no_answer)],
    responses=problems(BadToken, NotFound),
)
async def switch(body: Switch, assembly: Installed, actor: SignedIn, seen: Caller, cookie: Cookie) -> SignIn:
    async with assembly.database.transaction(actor) as db:
        account = await db.get_one(Account, actor.account_id)
    place = await find_place(assembly.database, account, body.organization, seen)
    if place is None:
        raise NotFound
    return cookie.told(await start_session(assembly, account.id, place, seen))


@router.get("/me", operation_id="me", summary="Who is signed in", responses=problems(BadToken))
async def me(db: Db, actor: SignedIn, assembly: Installed) -> Me:
    account = await db.get_one(Account, actor.account_id)
    member = await db.get(Member, actor.member_id) if actor.member_id else None
    organization = await db.scalar(select(Organization.name).where(Organization.id == actor.organization_id))
    return Me(
        account_id=account.id,
        email=account.email,
        username=account.username,
        platform_admin=account.platform_admin,
        organization_id=actor.organization_id,
        organization=organization,
        member_id=actor.member_id,
        patient_id=actor.patient_id,
        role=actor.role,
        second_factor=await is_enrolled(db, account.id),
        page_idle_s=assembly.settings.page_idle_s,
        given_name=member.given_name if member else "",
        family_name=member.family_name if member else "",
        permissions=sorted(actor.permissions),
    )


@router.get(
    "/sessions", operation_id="list_own_sessions", summary="Where one is signed in", responses=problems(BadToken)
)
async def sessions(db: Db, assembly: Installed, actor: SignedIn) -> OwnSessions:
    assert actor.account_id is not None
    return OwnSessions(
        items=[
            OwnSession(
                id=session.id,
                organization=organization,
                address=session.address,
                user_agent=session.user_agent,
                started_at=session.created_at,
                last_used_at=session.last_used_at,
                ends_at=session.expires_at,
                present=session.id == actor.session_id,
            )
            for session, organization in await live_sessions(db, actor.account_id, assembly.settings, utc_now())
        ]
    )


@router.delete(
    "/sessions/{id}",
    operation_id="end_own_session",
    summary="End one of one's own sign-ins",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(BadToken, NotFound),
)
async def end_session(id: UUID, assembly: Installed, actor: SignedIn) -> None:
    assert actor.account_id is not None
    async with assembly.database.transaction(as_account(actor, actor.account_id)) as db:
        await end_own(db, actor.account_id, id)
        await note(db, actor.account_id, "sign_out", reason="ended from another device")
    assembly.presence.forget(id)
