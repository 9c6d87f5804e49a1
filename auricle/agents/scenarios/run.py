"""Run a scenario as a text conversation in which nothing is done: tools answer what the scenario says."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any

from auricle.actor import Actor
from auricle.agents.scenarios.judge import judged
from auricle.agents.scenarios.model import Scenario, ScenarioResult, TurnResult
from auricle.agents.tools.ledger import Called, RehearsedCalls
from auricle.agents.tools.tool import Effect, Errand, Tool
from auricle.agents.tools.toolbox import toolbox
from auricle.agents.versions import Serving
from auricle.assembly import Assembly
from auricle.errors import AuricleError
from auricle.providers.ports import ChatMessage, TextDelta
from auricle.safety.claims import guard
from auricle.safety.respond import emergency
from auricle.voice.guarded import Guarded
from auricle.voice.ports import Citation, EndCall, HandOver, ReplyPiece
from auricle.voice.sentences import SentenceCutter
from auricle.voice.trivial import canned_reply

REALLY_CALLED = frozenset({"search_knowledge"})  # reads only what is the organization's own


@dataclass(slots=True)
class Answered:
    """One answer of the agent in a rehearsal."""

    sentences: list[str] = field(default_factory=list)
    calls: list[Called] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    red_flag: str | None = None
    ending: EndCall | HandOver | None = None

    @property
    def text(self) -> str:
        return " ".join(self.sentences)


# Gives the pieces of an answer to what was said, after a history.
Speaks = Callable[[str, tuple[ChatMessage, ...]], AsyncGenerator[ReplyPiece, None]]


async def run_scenario(scenario: Scenario, serving: Serving, speaks: Speaks, ledger: RehearsedCalls) -> ScenarioResult:
    """All turns of a scenario, each judged."""
    history: list[ChatMessage] = []
    turns: list[TurnResult] = []
    for turn in scenario.turns:
        try:
            answered = await _answer(turn.patient, scenario.language, serving, speaks, history, ledger)
        except AuricleError as error:
            return ScenarioResult(name=scenario.name, passed=False, error_code=error.code, turns=turns)
        checks = judged(turn.expect, answered)
        calls = [{"name": c.name, "arguments": c.arguments, "status": c.status} for c in answered.calls]
        turns.append(TurnResult(patient=turn.patient, answer=answered.text, calls=calls, checks=checks))
        history += [ChatMessage("user", turn.patient), ChatMessage("assistant", answered.text)]
        if answered.ending is not None:
            break
    all_ran = len(turns) == len(scenario.turns)
    passed = all_ran and all(check.passed for turn in turns for check in turn.checks)
    return ScenarioResult(name=scenario.name, passed=passed, turns=turns)


async def _answer(
    said: str,
    language: str,
    serving: Serving,
    speaks: Speaks,
    history: list[ChatMessage],
    ledger: RehearsedCalls,
) -> Answered:
    """One turn, with the same safety before and after the model as a patient has."""
    answered = Answered()
    script = emergency(said, language, number=serving.config.emergency_number, helpline=serving.config.helpline)
    if script is not None:
        answered.red_flag, answered.sentences = script.category, [script.text]
        return answered
    after_question = bool(history) and history[-1].content.rstrip().endswith("?")
    if reply := canned_reply(said, language, after_question=after_question):
        answered.sentences = [reply]
        return answered
    before, cutter, guarded = len(ledger.calls), SentenceCutter(), Guarded(guard)
    async with aclosing(speaks(said, tuple(history))) as pieces:
        async for piece in pieces:
            match piece:
                case TextDelta(text):
                    answered.sentences += [guarded.piece(one, language) for one in cutter.feed(text)]
                case Citation():
                    answered.citations.append(piece)
                case EndCall() | HandOver():
                    answered.ending = piece
    answered.sentences += [guarded.piece(one, language) for one in cutter.finish()]
    answered.sentences = [one for one in answered.sentences if one]
    answered.calls = ledger.calls[before:]
    return answered


async def rehearsed_tools(
    assembly: Assembly, actor: Actor, serving: Serving, answers: Mapping[str, Any]
) -> dict[str, Tool]:
    """The agent's tools, as a patient would have them, that do nothing but answer what the scenario says."""
    return {
        name: tool if name in REALLY_CALLED else rehearsed(tool, answers.get(name, {"rehearsal": True}))
        for name, tool in (await toolbox(assembly, actor, serving.config.tools)).items()
    }


def rehearsed(tool: Tool, result: Any) -> Tool:
    async def run(errand: Errand, arguments: Mapping[str, Any]) -> Any:
        return result

    async def ask(errand: Errand, arguments: Mapping[str, Any]) -> str:
        return f"Shall I go ahead with {tool.name.replace('_', ' ')}?"

    asks = tool.question is not None and tool.effect is Effect.WRITE
    return replace(tool, run=run, question=ask if asks else tool.question)
