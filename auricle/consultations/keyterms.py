"""What a recognizer is to listen for in a talk: the patient's names, the agent's own terms, what the clinic has taught,
and the words of the specialty. Names are `Identifying`: the router leaves them out where they may not go.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import yaml
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.assembly import Assembly
from auricle.consultations.lifecycle import find_consultation
from auricle.errors import AuricleError
from auricle.knowledge.models import DocumentStatus, KnowledgeDocument
from auricle.log import event
from auricle.patients.create import find_patient, identities_of
from auricle.providers.ports import Identifying, anonymous

if TYPE_CHECKING:
    from auricle.consultations.answer import Talk

log = logging.getLogger(__name__)

MOST = 100
LONGEST = 60  # characters of a term
MOST_TITLES = 20
MOST_TITLE_WORDS = 5  # a longer title is a sentence, which nobody says
LOOK_S = 0.5  # the first words of a talk wait no longer for what is only good to know
ENDING = re.compile(r"\.[a-z]{2,4}$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class KnownTerms:
    """What the database holds that helps to hear a talk."""

    names: tuple[Identifying, ...] = ()
    specialty: str | None = None
    titles: tuple[str, ...] = ()


async def keyterms_of(assembly: Assembly, talk: Talk, language: str) -> Sequence[str]:
    """The terms of a talk in a language, the most telling first, at most `MOST`. Looked up once a talk.

    Where the database does not tell in time they are the agent's own and those of its specialty.
    """
    config = talk.agent.config
    if talk.carried.keyterms is None:
        talk.carried.keyterms = await looked_up(assembly, talk)
    known = talk.carried.keyterms
    terms = bounded(known.names, config.keyterms, known.titles, vocabulary(known.specialty, language))
    return anonymous(terms) if config.patient_keyterms == "none" else terms


async def looked_up(assembly: Assembly, talk: Talk) -> KnownTerms:
    config = talk.agent.config
    try:
        async with asyncio.timeout(LOOK_S), assembly.database.transaction(talk.actor) as db:
            consultation = await find_consultation(db, talk.consultation_id)
            titles = await titles_of(db, config.retrieval.collection)
            patient = await find_patient(db, talk.patient_id)
            identities = await identities_of(db, assembly.keyring, patient)
            names = list(dict.fromkeys(n for one in identities for n in (one.given_name, one.family_name)))
            return KnownTerms(
                names=tuple(map(Identifying, names)),
                specialty=consultation.specialty or config.specialty,
                titles=tuple(Identifying(title) if is_about(title, names) else title for title in titles),
            )
    except (AuricleError, TimeoutError):
        event(log, "a recognizer goes without what the database holds", logging.WARNING)
        return KnownTerms(specialty=config.specialty)


async def titles_of(db: AsyncSession, collection: str | None) -> tuple[str, ...]:
    """Short titles of the newest documents that the agent may search."""
    wanted = select(KnowledgeDocument.title).where(KnowledgeDocument.status == DocumentStatus.LIVE)
    if collection is not None:
        wanted = wanted.where(KnowledgeDocument.collection == collection)
    found = await db.scalars(wanted.order_by(KnowledgeDocument.id.desc()).limit(4 * MOST_TITLES))
    titles = (" ".join(ENDING.sub("", title).replace("_", " ").split()) for title in found)
    return tuple(title for title in titles if 0 < len(title.split()) <= MOST_TITLE_WORDS)[:MOST_TITLES]


def is_about(title: str, names: Iterable[str]) -> bool:
    """Whether a title has a word of the names in it."""
    return not {word for name in names for word in name.casefold().split()}.isdisjoint(title.casefold().split())


def vocabulary(specialty: str | None, language: str) -> list[str]:
    """The words of a specialty as they are said in a language. Several may be named together."""
    named = (specialty or "").casefold()
    found: list[str] = []
    for name, entry in _specialties().items():
        if any(re.search(rf"\b{re.escape(one)}\b", named) for one in (name, *entry["also_called"])):
            found += [*entry.get(language, ()), *entry["terms"]]
    return found


def bounded(*groups: Iterable[str]) -> list[str]:
    """All terms in this order, each once, as many as are allowed.

    A name that is also a word of the agent's or the clinic's own tells nobody who the patient is.
    """
    found: dict[str, str] = {}
    for term in (term for group in groups for term in group):
        word = term.strip()
        if 0 < len(word) <= LONGEST:
            known = found.get(word.casefold())
            if known is None or (isinstance(known, Identifying) and not isinstance(term, Identifying)):
                found[word.casefold()] = Identifying(word) if isinstance(term, Identifying) else word
    return list(found.values())[:MOST]


@cache
def _specialties() -> Mapping[str, Any]:
    text = (resources.files("auricle.consultations") / "specialties.yaml").read_text("utf-8")
    found: Mapping[str, Any] = yaml.safe_load(text)
    return found
