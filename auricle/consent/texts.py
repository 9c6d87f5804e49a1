"""The texts patients agree to: those that ship, and an organization's own versions."""

import functools
import hashlib
import importlib.resources
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

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
MOST_TEXTS = 1_000


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
    published_at: datetime | None = None  # None: it ships

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
    is_shipped = row.version == SHIPPED_VERSION and (row.kind, row.language) in shipped()
    published_at = None if is_shipped else row.created_at
    return Text(row.kind, row.language, row.version, row.title, row.body, row.renew, published_at)


async def current_texts(db: AsyncSession) -> Sequence[Text]:
    """The newest version of each kind in each language: the organization's own, else the shipped one."""
    newest = (
        select(ConsentText)
        .distinct(ConsentText.kind, ConsentText.language)
        .order_by(ConsentText.kind, ConsentText.language, ConsentText.version.desc())
    )
    own = {(row.kind, row.language): as_text(row) for row in await db.scalars(newest)}
    return sorted({**shipped(), **own}.values(), key=lambda text: (text.kind, text.language))


async def every_text(db: AsyncSession) -> Sequence[Text]:
    """Every version that was ever shown, the newest of each kind and language first."""
    rows = await db.scalars(select(ConsentText).order_by(ConsentText.id.desc()).limit(MOST_TEXTS))
    found = {(one.kind, one.language, one.version): one for one in [*shipped().values(), *map(as_text, rows)]}
    return sorted(found.values(), key=lambda text: (text.kind, text.language, -text.version))


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
