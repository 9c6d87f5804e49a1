"""Links that download one document for a short while, without a sign-in in the request: for a browser's own download.

A link says for whose sign-in it was made, and nobody can change what it says. When it is used, that sign-in must still
be good and its person still allowed: signing out, or losing the role, ends every link.
"""

import base64
import hashlib
import hmac
import struct
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.audit.reads import record
from auricle.db.sealed import Key
from auricle.db.session import actor_of
from auricle.documents.content import open_name
from auricle.documents.models import Document
from auricle.documents.read import find_document
from auricle.errors import AuricleError, Forbidden, Unauthenticated
from auricle.identity.tokens import BadToken, Claims

LIFETIME_S = 120
PARTS = struct.Struct(">16s16s16s16s16sQ")  # document, organization, account, sign-in, member; seconds since 1970
LONGEST_LINK = 200


class BadLink(Unauthenticated):
    """This link is not one of ours, or the sign-in it was made for is over."""

    code = "document.bad_link"


class LinkExpired(AuricleError):
    """This link is over; ask for another."""

    status, code, title = 410, "document.link_expired", "Link expired"


@dataclass(frozen=True, slots=True)
class Link:
    text: str
    expires_at: int


async def make_link(db: AsyncSession, secret: bytes, document_id: UUID) -> Link:
    """A link for the person of this transaction, audited. Raises `Forbidden` for a machine."""
    document, actor = await find_document(db, document_id), actor_of(db)
    if actor.kind != "user" or not (actor.account_id and actor.session_id and actor.member_id):
        raise Forbidden("Links are for people who are signed in.")
    expires_at = int(time.time()) + LIFETIME_S
    ids = (document.id, document.organization_id, actor.account_id, actor.session_id, actor.member_id)
    said = PARTS.pack(*(one.bytes for one in ids), expires_at)
    await record(db, "link", "document", document.id, expires_at=expires_at)
    return Link(base64.urlsafe_b64encode(said + signature(secret, said)).decode(), expires_at)


def signature(secret: bytes, said: bytes) -> bytes:
    return hmac.new(secret, said, hashlib.sha256).digest()


def read_link(secret: bytes, document_id: UUID, link: str, now: float) -> Claims:
    """For whose sign-in a link to this document was made. Raises `BadLink` and `LinkExpired`."""
    try:
        whole = base64.b64decode(link, altchars=b"-_", validate=True)
        said, signed = whole[: PARTS.size], whole[PARTS.size :]
        *ids, expires_at = PARTS.unpack(said)
    except (ValueError, struct.error):
        raise BadLink from None
    if not hmac.compare_digest(signature(secret, said), signed):
        raise BadLink
    document, organization, account, session, member = (UUID(bytes=one) for one in ids)
    if document != document_id:
        raise BadLink
    if expires_at <= now:
        raise LinkExpired
    return Claims(account, session, organization, member)


async def follow(assembly: Assembly, seen: Actor, document_id: UUID, link: str) -> "Download":
    """Open the file that a link leads to, for its person, audited before any of it leaves.

    `seen` tells from where it is asked for.

    Raises:
        BadLink, LinkExpired, Forbidden, NotFound, Forgotten, ObjectMissing
    """
    claims = read_link(assembly.keyring.link_secret, document_id, link, time.time())
    try:
        known = await assembly.presence.look_up(claims)
    except BadToken:
        raise BadLink from None
    actor = replace(known, request_id=seen.request_id, address=seen.address, user_agent=seen.user_agent)
    async with assembly.database.transaction(actor) as db:
        document = await find_document(db, document_id)
        key = await assembly.keyring.patient(db, document.patient_id)
        name = open_name(key, document)
        await record(db, "download", "document", document.id)
    sealed = tempfile.TemporaryFile()  # noqa: SIM115 - closed by whoever reads it, or when nobody does
    try:
        await assembly.objects.fetch(document.organization_id, document.object_key, sealed)
    except BaseException:
        sealed.close()
        raise
    return Download(document, name, key, sealed)


@dataclass(frozen=True, slots=True)
class Download:
    """A document's file on its way out."""

    document: Document
    name: str
    key: Key
    sealed: BinaryIO

    def pieces(self) -> Iterator[bytes]:
        """The file in clear; blocking."""
        with self.sealed:
            yield from self.key.open_large(self.sealed, "document", self.document.id)
