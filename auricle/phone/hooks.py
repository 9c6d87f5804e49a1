"""A carrier's request to one of our webhooks: which line it names, and whether it is the carrier's own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from fastapi import Request
from sqlalchemy import select, text
from starlette.datastructures import UploadFile

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.errors import Forbidden, Invalid, NotFound, TooLarge
from auricle.identity.models import Organization, OrganizationStatus
from auricle.identity.tokens import hash_of
from auricle.phone.callers import doorkeeper
from auricle.phone.carriers import Account
from auricle.phone.lines import Line, opened
from auricle.phone.models import Kind, PhoneCarrier, PhoneLine
from auricle.phone.signatures import Pairs, is_exotels, is_plivos, is_twilios

MAX_BODY_BYTES = 64_000
MAX_FIELDS = 200
MAX_TOKEN_CHARS = 100
WHOSE_LINE = text("select phone_line_organization(:hash)")


class BadSignature(Forbidden):
    """This request is not signed by the carrier of this line."""

    code = "phone.bad_signature"


class BadCallback(Invalid):
    """This is not a carrier's request."""

    code = "phone.bad_callback"


@dataclass(frozen=True, slots=True)
class Hook:
    """One request as it came, not believed yet."""

    kind: Kind
    token: str
    method: str
    url: str
    query: Pairs
    form: Pairs
    signature: str = field(repr=False)
    nonce: str
    authorization: str = field(repr=False)
    address: str

    @property
    def fields(self) -> Mapping[str, str]:
        return {**dict(self.query), **dict(self.form)}

    @property
    def call_id(self) -> UUID | None:
        """Our own id of a call that we had placed: it stands in the addresses that we gave with it."""
        told = dict(self.query).get("call", "")
        try:
            return UUID(told) if told else None
        except ValueError:
            raise BadCallback from None


@dataclass(frozen=True, slots=True)
class Believed:
    """A line whose carrier has asked, and the actor that answers for it."""

    line: Line
    actor: Actor
    is_open: bool  # the organization is at work, and the line is switched on


async def read_hook(request: Request, kind: Kind, token: str, base_url: str) -> Hook:
    """Raises `TooLarge` and `BadCallback`."""
    if int(request.headers.get("content-length") or 0) > MAX_BODY_BYTES:
        raise TooLarge(limit_bytes=MAX_BODY_BYTES)
    raw_query = request.scope["query_string"].decode("latin-1")
    header = "x-twilio-signature" if kind is Kind.TWILIO else "x-plivo-signature-v3"
    return Hook(
        kind=kind,
        token=token,
        method=request.method,
        url=base_url + request.url.path + (f"?{raw_query}" if raw_query else ""),
        query=request.query_params.multi_items(),
        form=await form_of(request) if request.method == "POST" else (),
        signature=request.headers.get(header, ""),
        nonce=request.headers.get("x-plivo-signature-v3-nonce", ""),
        authorization=request.headers.get("authorization", ""),
        address=request.client.host if request.client else "",
    )


async def form_of(request: Request) -> Pairs:
    """The fields of a body: a form's, or those of a flat JSON object as Exotel sends it."""
    if "json" in request.headers.get("content-type", ""):
        try:
            body: Any = orjson.loads(await request.body())
        except orjson.JSONDecodeError:
            raise BadCallback from None
        if not isinstance(body, dict):
            raise BadCallback
        return [(name, str(value)) for name, value in body.items() if isinstance(value, str | int)]
    form = await request.form(max_files=0, max_fields=MAX_FIELDS)
    return [(name, value) for name, value in form.multi_items() if not isinstance(value, UploadFile)]


async def believe(assembly: Assembly, hook: Hook, seen: Actor) -> Believed:
    """Find the line and check the request. Raises `NotFound` and `BadSignature`; nothing is changed before."""
    if len(hook.token) > MAX_TOKEN_CHARS:
        raise NotFound("No such phone line.")
    hashed = hash_of(hook.token)
    async with assembly.database.transaction(seen) as db:
        organization_id = await db.scalar(WHOSE_LINE, {"hash": hashed})
    if organization_id is None:
        raise NotFound("No such phone line.")
    actor = doorkeeper(organization_id, seen)
    statement = (
        select(PhoneLine, PhoneCarrier, Organization.status)
        .join(PhoneCarrier, PhoneCarrier.id == PhoneLine.carrier_id)
        .join(Organization, Organization.id == PhoneLine.organization_id)
        .where(PhoneLine.token_hash == hashed, PhoneCarrier.kind == hook.kind)
    )
    async with assembly.database.transaction(actor) as db:
        row = (await db.execute(statement)).one_or_none()
        if row is None:
            raise NotFound("No such phone line.")
        line = opened(await assembly.keyring.organization(db), row.PhoneLine, row.PhoneCarrier)
    if not is_the_carriers(line.account, hook):
        raise BadSignature
    return Believed(line, actor, row.PhoneLine.active and row.status is OrganizationStatus.ACTIVE)


def is_the_carriers(account: Account, hook: Hook) -> bool:
    secrets = account.secrets
    match hook.kind:
        case Kind.TWILIO:
            return is_twilios(secrets.token, hook.url, hook.form, hook.signature)
        case Kind.PLIVO:
            return is_plivos(secrets.token, hook.method, hook.url, hook.form, hook.nonce, hook.signature)
        case Kind.EXOTEL:
            return is_exotels(
                secrets.webhook_user, secrets.webhook_password, account.networks, hook.authorization, hook.address
            )
