"""`/api/v1/auth/…`"""

from fastapi import APIRouter, status
from sqlalchemy import select

from auricle.identity.models import Account, Member, Organization
from auricle.identity.passwords import WeakPassword
from auricle.identity.register import register
from auricle.identity.schemas import Login, Me, Refresh, Registration, SignIn, Switch
from auricle.identity.sign_in import (
    RefreshRefused,
    RegistrationRefused,
    Tokens,
    WrongCredentials,
    choose_place,
    log_in,
    refresh_tokens,
    revoke,
    start_session,
)
from auricle.identity.tokens import BadToken
from auricle.web.deps import Caller, Db, Installed, SignedIn
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1/auth", tags=["sign-in"])


def told(tokens: Tokens) -> SignIn:
    return SignIn(
        access_token=tokens.access,
        refresh_token=tokens.refresh,
        expires_in=tokens.expires_in_s,
        organization_id=tokens.claims.organization_id,
        role=tokens.role,
    )


@router.post(
    "/register",
    operation_id="register",
    summary="Register as a patient, or as the platform's first account",
    status_code=status.HTTP_201_CREATED,
    responses=problems(RegistrationRefused, WeakPassword),
)
async def register_account(body: Registration, assembly: Installed, seen: Caller) -> SignIn:
    account, place = await register(assembly.database, assembly.keyring, body, seen)
    return told(
        await start_session(assembly.database, assembly.settings, assembly.keyring.token_secret, account, place, seen)
    )


@router.post(
    "/login", operation_id="login", summary="Sign in by e-mail or username", responses=problems(WrongCredentials)
)
async def login(body: Login, assembly: Installed, seen: Caller) -> SignIn:
    return told(
        await log_in(
            assembly.database,
            assembly.settings,
            assembly.keyring.token_secret,
            login=body.login,
            password=body.password,
            organization=body.organization,
            seen=seen,
        )
    )


@router.post(
    "/refresh",
    operation_id="refresh",
    summary="Exchange a refresh token for new tokens",
    responses=problems(RefreshRefused),
)
async def refresh(body: Refresh, assembly: Installed, seen: Caller) -> SignIn:
    return told(
        await refresh_tokens(
            assembly.database, assembly.settings, assembly.keyring.token_secret, body.refresh_token, seen
        )
    )


@router.post(
    "/logout",
    operation_id="logout",
    summary="End this sign-in",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(BadToken),
)
async def logout(db: Db, actor: SignedIn, assembly: Installed) -> None:
    assert actor.session_id is not None
    await revoke(db, actor.session_id, "signed out")
    assembly.presence.forget(actor.session_id)


@router.post(
    "/switch",
    operation_id="switch",
    summary="Sign in to another organization one belongs to",
    responses=problems(BadToken, WrongCredentials),
)
async def switch(body: Switch, assembly: Installed, actor: SignedIn, seen: Caller) -> SignIn:
    async with assembly.database.transaction(actor) as db:
        account = await db.get_one(Account, actor.account_id)
    place = await choose_place(assembly.database, account, body.organization, seen)
    return told(
        await start_session(assembly.database, assembly.settings, assembly.keyring.token_secret, account, place, seen)
    )


@router.get("/me", operation_id="me", summary="Who is signed in", responses=problems(BadToken))
async def me(db: Db, actor: SignedIn) -> Me:
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
        given_name=member.given_name if member else "",
        family_name=member.family_name if member else "",
        permissions=sorted(actor.permissions),
    )
