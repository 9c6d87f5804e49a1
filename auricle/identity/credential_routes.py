"""`/api/v1/auth/…`: passwords, second factor, sign-in with Google."""

from fastapi import APIRouter, Depends, status

from auricle.identity.cookies import Cookie
from auricle.identity.google import NotLinked, begin, finish
from auricle.identity.links import BadLink
from auricle.identity.lockout import TooManyAttempts
from auricle.identity.models import Account
from auricle.identity.openid import NotOffered, OutsideRefused, OutsideUnavailable
from auricle.identity.passwords import WeakPassword
from auricle.identity.reset import change_password, forget_password, reset_password
from auricle.identity.schemas import (
    CodeCheck,
    Enrolment,
    Forgotten,
    OutsideBegin,
    OutsideBegun,
    OutsideFinish,
    PasswordAndCode,
    PasswordChange,
    PasswordCheck,
    PasswordReset,
    RecoveryCodes,
    SignIn,
)
from auricle.identity.second_factor import begin_enrolment, confirm_enrolment, remove_factor, renew_recovery_codes
from auricle.identity.sign_in import SecondFactorNeeded, WrongCode, WrongPassword
from auricle.identity.tokens import BadToken
from auricle.identity.totp import AlreadyEnrolled, CodeDoesNotFit, NotEnrolled, shown, uri_for
from auricle.web.deps import Caller, Installed, SignedIn
from auricle.web.idempotency import keep_no_answer
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1/auth", tags=["sign-in"])


@router.post(
    "/password",
    operation_id="change_password",
    summary="Change one's password; one's other sign-ins end",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(BadToken, WrongPassword, WeakPassword, TooManyAttempts),
)
async def password(body: PasswordChange, assembly: Installed, actor: SignedIn) -> None:
    await change_password(assembly, actor, body.present, body.wanted)


@router.post(
    "/password/forgot",
    operation_id="forget_password",
    summary="Ask for a link to set a new password; whether the address is known is not told",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problems(TooManyAttempts),
)
async def forgot(body: Forgotten, assembly: Installed, seen: Caller) -> None:
    await forget_password(assembly, body.email, seen)


@router.post(
    "/password/reset",
    operation_id="reset_password",
    summary="Set a new password through the link; every sign-in ends",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(BadLink, WeakPassword),
)
async def reset(body: PasswordReset, assembly: Installed, seen: Caller) -> None:
    await reset_password(assembly, body.token, body.wanted, seen)


@router.post(
    "/totp",
    operation_id="begin_second_factor",
    summary="Begin to enrol an authenticator app",
    dependencies=[Depends(keep_no_answer)],
    responses=problems(BadToken, WrongPassword, AlreadyEnrolled, TooManyAttempts),
)
async def enrol(body: PasswordCheck, assembly: Installed, actor: SignedIn) -> Enrolment:
    secret = await begin_enrolment(assembly, actor, body.password)
    async with assembly.database.transaction(actor) as db:
        account = await db.get_one(Account, actor.account_id)
    return Enrolment(secret=shown(secret), uri=uri_for(secret, account.email))


@router.post(
    "/totp/confirm",
    operation_id="confirm_second_factor",
    summary="Confirm the authenticator by its first code; from then on it is asked for",
    dependencies=[Depends(keep_no_answer)],
    responses=problems(BadToken, NotEnrolled, AlreadyEnrolled, CodeDoesNotFit),
)
async def confirm(body: CodeCheck, assembly: Installed, actor: SignedIn) -> RecoveryCodes:
    return RecoveryCodes(codes=await confirm_enrolment(assembly, actor, body.code))


@router.post(
    "/totp/recovery-codes",
    operation_id="renew_recovery_codes",
    summary="New recovery codes; the old ones stop working",
    dependencies=[Depends(keep_no_answer)],
    responses=problems(BadToken, WrongPassword, WrongCode, TooManyAttempts),
)
async def recovery_codes(body: PasswordAndCode, assembly: Installed, actor: SignedIn) -> RecoveryCodes:
    return RecoveryCodes(codes=await renew_recovery_codes(assembly, actor, body.password, body.code))


@router.post(
    "/totp/remove",
    operation_id="remove_second_factor",
    summary="Do without a second factor again",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(BadToken, WrongPassword, WrongCode, TooManyAttempts),
)
async def remove(body: PasswordAndCode, assembly: Installed, actor: SignedIn) -> None:
    await remove_factor(assembly, actor, body.password, body.code)


@router.post(
    "/google/begin",
    operation_id="begin_google_sign_in",
    summary="Where to send the browser to sign in with Google",
    responses=problems(NotOffered, OutsideUnavailable),
)
async def google_begin(body: OutsideBegin, assembly: Installed, seen: Caller) -> OutsideBegun:
    begun = await begin(assembly, assembly.openid, body.organization, seen)
    return OutsideBegun(url=begun.url, flow=begun.flow)


@router.post(
    "/google/finish",
    operation_id="finish_google_sign_in",
    summary="Sign in with the code that Google sent the browser back with",
    responses=problems(OutsideRefused, SecondFactorNeeded, NotLinked, NotOffered, OutsideUnavailable),
)
async def google_finish(body: OutsideFinish, assembly: Installed, seen: Caller, cookie: Cookie) -> SignIn:
    return cookie.told(
        await finish(assembly, assembly.openid, flow=body.flow, state=body.state, code=body.code, seen=seen)
    )
