"""Does a configuration fit this installation and organization? Errors keep it from being saved, warnings do not."""

import functools
import importlib.resources
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

import yaml
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.agents.config import AgentConfig, Choice
from auricle.agents.prompts import LANGUAGES
from auricle.agents.tools.toolbox import (
    BUILT_IN,
    MAY_SKIP_CONFIRMATION,
    SEPARATOR,
    organization_tools,
)
from auricle.assembly import Assembly
from auricle.db.session import actor_of
from auricle.errors import Invalid
from auricle.knowledge.models import KnowledgeDocument
from auricle.providers.accounts.judge import Finding, Judge
from auricle.providers.accounts.listings import known
from auricle.providers.call import Choice as Asked
from auricle.providers.catalog import ModelGone
from auricle.providers.lineup import Lineup
from auricle.providers.ports import Capability
from auricle.voice.backchannel import words_of

Speech = Literal["stt", "tts"]


class AgentInvalid(Invalid):
    """The agent's configuration does not fit; `context` names the fields."""

    code = "agent.invalid"


@dataclass(slots=True)
class Findings:
    """What is wrong, and what to know, by field."""

    errors: dict[str, str] = field(default_factory=dict)
    gone: dict[str, str] = field(default_factory=dict)  # newly chosen models that are switched off: errors, too
    warnings: dict[str, str] = field(default_factory=dict)

    @property
    def all(self) -> dict[str, str]:
        return {**self.warnings, **self.gone, **self.errors}

    def require(self) -> dict[str, str]:
        """The warnings. Raises `AgentInvalid` where there are errors, `ModelGone` where nothing else is wrong."""
        if self.errors:
            raise AgentInvalid(**dict(list({**self.errors, **self.gone}.items())[:30]))
        if self.gone:
            raise ModelGone(**dict(list(self.gone.items())[:30]))
        return self.warnings


async def examine(
    db: AsyncSession, assembly: Assembly, config: AgentConfig, before: AgentConfig | None = None
) -> Findings:
    """Look at every part of a configuration. What stood in the one `before` it was not newly chosen."""
    found = Findings()
    _languages(config, found)
    lineup = await assembly.router.lineups.of(actor_of(db).organization_id)
    judge = Judge(lineup, await known(db, lineup), datetime.now(UTC).date())
    _providers(judge, config, before, found)
    await _tools(db, config, found)
    await _knowledge(db, config, found)
    _translation(lineup, config, found)
    return found


def _languages(config: AgentConfig, found: Findings) -> None:
    for index, language in enumerate(config.languages):
        if language not in LANGUAGES:
            found.warnings[f"languages.{index}"] = "Safety, fillers and apologies are not there in this language."
        if language in config.greeting and not says_it_is_ai(config.greeting[language], language):
            found.errors[f"greeting.{language}"] = "The greeting must say that an AI speaks."
        if config.greeting and language not in config.greeting:
            found.warnings[f"greeting.{language}"] = "There is no greeting in this language."
        if config.questions and language not in config.questions:
            found.warnings[f"questions.{language}"] = "There are no questions in this language."
    if not config.greeting:
        found.warnings["greeting"] = "There is no greeting; one should say that an AI speaks."
    for name, table in (("greeting", config.greeting), ("questions", config.questions)):
        for language in set(table) - set(config.languages):
            found.warnings[f"{name}.{language}"] = "The agent does not speak this language."


def says_it_is_ai(greeting: str, language: str) -> bool:
    """Whether a greeting holds one of the words for it, as a word."""
    said = f" {' '.join(words_of(greeting))} "
    known = _ai_words()
    return any(f" {phrase} " in said or (not phrase.isascii() and phrase in said)
               for phrase in (*known.get(language, ()), *known["en"]))  # fmt: skip


@functools.cache
def _ai_words() -> Mapping[str, Sequence[str]]:
    text = (importlib.resources.files("auricle.agents") / "ai_words.yaml").read_text("utf-8")
    return {language: [" ".join(words_of(p)) for p in phrases] for language, phrases in yaml.safe_load(text).items()}


def provider_findings(judge: Judge, config: AgentConfig, before: AgentConfig | None) -> Iterator[tuple[str, Finding]]:
    """What is to be said about the providers that a configuration names, by place."""
    already = [(capability, choice) for _, capability, choice in _choices(before)] if before else []
    for place, capability, choice in _choices(config):
        one = Asked(choice.provider, choice.model, choice.voice)
        if finding := judge.look_at(capability, one, is_new=(capability, choice) not in already):
            yield place, finding


def _providers(judge: Judge, config: AgentConfig, before: AgentConfig | None, found: Findings) -> None:
    providers = judge.lineup.providers
    by_kind = {"error": found.errors, "gone": found.gone, "warning": found.warnings}
    for place, finding in provider_findings(judge, config, before):
        by_kind[finding.kind][place] = finding.text
    speech: tuple[Speech, ...] = ("stt", "tts")
    for capability in speech:
        for language in config.languages:
            chosen = config.providers.chosen(capability, language)
            able = [(providers[c.provider], c.model) for c in chosen if c.provider in providers]
            if chosen and not any(p.vendor.speaks(capability, language, m or p.model(capability)) for p, m in able):
                found.errors[f"providers.{capability}.{language}"] = "No provider of the list knows this language."


def _choices(config: AgentConfig) -> Iterator[tuple[str, Capability, Choice]]:
    for index, choice in enumerate(config.providers.llm):
        yield f"providers.llm.{index}", "llm", choice
    for index, choice in enumerate(config.providers.translation):
        yield f"providers.translation.{index}", "translation", choice
    for capability, table in (("stt", config.providers.stt), ("tts", config.providers.tts)):
        for language, choices in table.items():
            for index, choice in enumerate(choices):
                yield f"providers.{capability}.{language}.{index}", "stt" if capability == "stt" else "tts", choice


async def _tools(db: AsyncSession, config: AgentConfig, found: Findings) -> None:
    if not config.tools:
        return
    rows = {row.name: row for row in await organization_tools(db)}
    seen = set[str]()
    for index, use in enumerate(config.tools):
        place = f"tools.{index}"
        server, _, inner = use.name.partition(SEPARATOR)
        row = rows.get(server)
        if use.name in seen:
            found.errors[place] = "This tool is named twice."
        elif use.name not in BUILT_IN and row is None:
            found.errors[place] = "There is no such tool."
        elif row is not None and inner and inner not in {one["name"] for one in row.listed}:
            found.errors[place] = "The server does not offer this tool, as it was listed last."
        elif row is not None and row.kind == "mcp" and not row.listed:
            found.warnings[place] = "The server's tools were not listed yet."
        if not use.confirm and use.name not in MAY_SKIP_CONFIRMATION:
            found.errors[f"{place}.confirm"] = "Only notes of symptoms and vitals may go without the patient's yes."
        seen.add(use.name)


async def _knowledge(db: AsyncSession, config: AgentConfig, found: Findings) -> None:
    collection = config.retrieval.collection
    if collection is None:
        return
    known = select(KnowledgeDocument.id).where(KnowledgeDocument.collection == collection).limit(1)
    if await db.scalar(known) is None:
        found.errors["retrieval.collection"] = "No document is in this collection."


def _translation(lineup: Lineup, config: AgentConfig, found: Findings) -> None:
    for name in ("knowledge_language", "model_language"):
        one = getattr(config, name)
        if one is None or set(config.languages) == {one}:
            continue
        if not config.providers.translation and not lineup.choices("translation", config.language):
            found.warnings[name] = "No provider can translate; what is said goes on as it is."
