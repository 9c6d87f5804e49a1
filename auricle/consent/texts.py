"""The texts patients agree to: those that ship, and an organization's own versions."""

import functools
import hashlib
import importlib.resources
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import yaml
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.consent.models import ConsentText, Kind
from auricle.db.base import new_id
from auricle.db.session import actor_of
from auricle.errors import Conflict

SHIPPED_VERSION = 1
FALLBACK = "en"


class TextPublishedTwice(Conflict):
    """Somebody published this text at the same moment; look at it and publish again."""

    code = "consent.text_published_twice"


@dataclass(frozen=True, slots=True)
class Text:
    """One text as it is shown."""

    kind: Kind
    language: str
    version: int
    title: str
    body: str
    renew: bool = False

    @property
    def hash(self) -> str:
        """What a consent holds on to: the words, and nothing that could change without them."""
        return hashlib.sha256(f"{self.kind}\0{self.language}\0{self.title}\0{self.body}".encode()).hexdigest()


@functools.cache
def shipped() -> Mapping[tuple[Kind, str], Text]:
    source = importlib.resources.files("auricle.consent") / "texts.yaml"
    words = yaml.safe_load(source.read_text("utf-8"))
    return {
        (Kind(kind), language): Text(Kind(kind), language, SHIPPED_VERSION, text["title"], text["body"])
        for kind, languages in words.items()
        for language, text in languages.items()
    }


def as_text(row: ConsentText) -> Text:
    return Text(row.kind, row.language, row.version, row.title, row.body, row.renew)


async def current_texts(db: AsyncSession) -> Sequence[Text]:
    """The newest version of each kind in each language: the organization's own, else the shipped one."""
    newest = (
        select(ConsentText)
        .distinct(ConsentText.kind, ConsentText.language)
        .order_by(ConsentText.kind, ConsentText.language, ConsentText.version.desc())
    )
    own = {(row.kind, row.language): as_text(row) for row in await db.scalars(newest)}
    return sorted({**shipped(), **own}.values(), key=lambda text: (text.kind, text.language))


async def text_for(db: AsyncSession, kind: Kind, language: str) -> ConsentText:
    """The stored text to decide about, in this language or else in English.

    A shipped text becomes the organization's own version 1 when it is first used: a later release can't change what
    was agreed to.
    """
    for wanted in (language, FALLBACK):
        newest = select(ConsentText).where(ConsentText.kind == kind, ConsentText.language == wanted)
        row = await db.scalar(newest.order_by(ConsentText.version.desc()).limit(1))
        if row is None and (text := shipped().get((kind, wanted))):
            await db.execute(
                insert(ConsentText)
                .values(id=new_id(), **columns_of(text))
                .on_conflict_do_nothing(constraint="uq_consent_text_version")
            )
            row = await db.scalar(newest.order_by(ConsentText.version.desc()).limit(1))
        if row is not None:
            return row
    raise AssertionError("an English text of every kind ships")


async def publish_text(
    db: AsyncSession, kind: Kind, language: str, *, title: str, body: str, renew: bool
) -> ConsentText:
    """Publish the next version. With `renew`, patients who agreed before are asked again."""
    highest = select(func.max(ConsentText.version)).where(ConsentText.kind == kind, ConsentText.language == language)
    number = (await db.scalar(highest) or 0) + 1
    if number == SHIPPED_VERSION and (kind, language) in shipped():
        number += 1
    text = Text(kind, language, number, title, body, renew)
    stored = await db.execute(
        insert(ConsentText)
        .values(id=new_id(), published_by=actor_of(db).member_id, **columns_of(text))
        .on_conflict_do_nothing(constraint="uq_consent_text_version")
        .returning(ConsentText.id)
    )
    made = stored.scalar_one_or_none()
    if made is None:
        raise TextPublishedTwice
    return await db.get_one(ConsentText, made)


def columns_of(text: Text) -> dict[str, object]:
    return {
        "kind": text.kind,
        "language": text.language,
        "version": text.version,
        "title": text.title,
        "body": text.body,
        "hash": text.hash,
        "renew": text.renew,
    }
